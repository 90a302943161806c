"""What a backend is."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol, runtime_checkable

from mixtura._typing import Float64Array, IntArray
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

__all__ = ["Backend", "End", "Leg", "RunningBackend", "Scores", "Task"]


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


class Task(NamedTuple):
    """A piece of a run of EM: at most `passes` E- and M-steps, and one E-step more if `evaluate`.

    It ends early when an M-step changes the mean log-likelihood a row, at first `previous`, by less than
    `tol`. `ridge` is added to each variance of a covariance; the covariances then stay above `floor`, of the
    shape of one whitener, if that is not None.
    """

    params: Params
    ridge: float
    floor: Float64Array | None
    tol: float
    passes: int
    evaluate: bool
    previous: float


class End(StrEnum):
    """Why a leg ended.

    CONVERGED and EXHAUSTED: all is done. INTERRUPTED: by Ctrl-C; the parameters are the last whose likelihood
    is known. REFUSED: the E-step of the parameters is done, and its M-step is left to the caller.
    """

    CONVERGED = "converged"
    EXHAUSTED = "exhausted"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"


class Leg(NamedTuple):
    """What a backend did of a task.

    `params` and `covariances`, in core form, are where it ended, None if it did no M-step. `trace` has the
    mean log-likelihood a row of each E-step. `stats` are those of the last E-step if the leg was refused.
    """

    params: Params | None
    covariances: Float64Array | None
    trace: Sequence[float]
    n_steps: int
    end: End
    stats: SufficientStatistics | None


@runtime_checkable
class RunningBackend(Protocol):
    """A backend that can do the M-steps of the plain structures too."""

    def advance(self, tasks: Sequence[Task]) -> list[Leg]:
        """Do tasks, all of plain structures; each result is the same whatever is done beside it."""
        ...
