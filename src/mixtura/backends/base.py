"""What a backend is."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from mixtura._typing import Float64Array, IntArray
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

__all__ = ["Backend", "Scores"]


class Scores(NamedTuple):
    """What was asked of `Backend.score`; the rest is None.

    log_prob (N,) is log p(x) in nats; resp (N, K) the responsibilities; labels (N,) the first most probable
    component.
    """

    log_prob: Float64Array | None
    resp: Float64Array | None
    labels: IntArray | None


class Backend(Protocol):
    """Data bound at construction; every method is one pass over them."""

    @property
    def n_samples(self) -> int:
        """N."""
        ...

    @property
    def n_features(self) -> int:
        """d."""
        ...

    def e_step(self, params: Params) -> SufficientStatistics:
        """Sum the sufficient statistics of all rows under `params`."""
        ...

    def score(
        self, params: Params, *, log_prob: bool = False, resp: bool = False, labels: bool = False
    ) -> Scores:
        """Evaluate `params` row by row."""
        ...
