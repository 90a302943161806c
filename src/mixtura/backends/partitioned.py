"""The partitioned backend: rows that come in blocks, each a native backend for as long as it is there."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from functools import reduce
from typing import Protocol

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.backends.base import Scores
from mixtura.backends.native import NativeBackend, Spread
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

__all__ = ["Blocks", "PartitionedBackend"]


class Blocks(Protocol):
    """Blocks of rows (n, d) with case weights (n,) or None; each iteration gives the same ones in order."""

    @property
    def n_samples(self) -> int:
        """N."""
        ...

    @property
    def n_features(self) -> int:
        """d."""
        ...

    def __iter__(self) -> Generator[tuple[FloatArray, Float64Array | None]]:
        """Begin a pass."""
        ...


class PartitionedBackend:
    """Rows in blocks. A pass goes over them once, in order.

    Parameters
    ----------
    blocks : Blocks
    centre : ndarray of shape (d,)
        A point near the data, as for `NativeBackend`.
    n_threads : int
        Threads that work on a block. The sums of blocks are added in an order that depends on their number
        alone, so this changes no bit of the result.
    """

    def __init__(self, blocks: Blocks, *, centre: Float64Array, n_threads: int = 1) -> None:
        self._blocks = blocks
        self._centre = centre
        self._n_threads = n_threads
        self._spreads: dict[int, Spread] = {}

    @property
    def n_samples(self) -> int:
        """N."""
        return self._blocks.n_samples

    @property
    def n_features(self) -> int:
        """d."""
        return self._blocks.n_features

    def is_quick(self, n_components: int, *, dense: bool) -> bool:
        """Whether runs side by side would be quicker: never, as a pass over the source serves one run."""
        return False

    def e_step(self, params: Params) -> SufficientStatistics:
        """Sum the sufficient statistics of all rows under `params`."""
        spread = self._spread_like(params.whitener) if params.is_shared and params.n_components > 1 else None
        # Sums over 1, 2, 4, ... blocks, the longest first: a tree, of which one branch is held.
        held: list[tuple[int, SufficientStatistics]] = []
        for block in self._each(spread):
            size, stats = 1, block.e_step(params)
            while held and held[-1][0] == size:
                before = held.pop()[1]
                size, stats = 2 * size, before + stats
            held.append((size, stats))
        return reduce(lambda later, before: before + later, [stats for _, stats in reversed(held)])

    def score(
        self, params: Params, *, log_prob: bool = False, resp: bool = False, labels: bool = False
    ) -> Scores:
        """Evaluate `params` row by row."""
        found = [block.score(params, log_prob=log_prob, resp=resp, labels=labels) for block in self._each()]
        columns = zip(*found, strict=True)
        return Scores(*(None if parts[0] is None else np.concatenate(parts) for parts in columns))

    def _each(self, spread: Spread | None = None) -> Generator[NativeBackend]:
        """Yield the blocks; the scatter of all of them is counted with the first."""
        with closing(iter(self._blocks)) as blocks:
            for rows, weight in blocks:
                yield NativeBackend(
                    rows, weight, centre=self._centre, n_threads=self._n_threads, spread=spread
                )
                if spread is not None:
                    spread = spread._replace(scatter=np.zeros_like(spread.scatter))

    def _spread_like(self, whitener: Float64Array) -> Spread:
        """The spread of all rows about the centre; taken once, by a pass of its own."""
        if whitener.ndim not in self._spreads:
            self._spreads[whitener.ndim] = reduce(
                Spread.joined, (block.spread_like(whitener) for block in self._each())
            )
        return self._spreads[whitener.ndim]
