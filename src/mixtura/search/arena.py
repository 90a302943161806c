"""`Arena`: the rows that a search looks at, and how good a place is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from mixtura._typing import Float64Array, FloatArray, RowNumbers
from mixtura.backends import NativeBackend
from mixtura.covariance import CovariancePrior, CovarianceStructure, Regularisation
from mixtura.em import EMResult, Solution, StoppingReason, run_many
from mixtura.init import StartData

__all__ = ["Arena", "arena_of", "arena_rows", "spread"]

# Rows that a search looks at: enough that each component has some dozens of rows for each of its directions.
_ROWS = 4096
_ROWS_A_DIRECTION = 10
# Pseudo-rows of a component while it is searched for. Next to nothing for components of rows that fill their
# space, but a handful of rows that happen to lie close together are no longer worth a component of their own,
# however close they lie.
_SEARCH_STRENGTH = 1e-3
# Numbers of an array of rows × components that is made a block of rows at a time.
_BLOCK_NUMBERS = 2**16
_FEWEST_ROWS = 256


@dataclass(frozen=True, eq=False)
class Arena:
    """Rows, thinned where there are many.

    Attributes
    ----------
    rows : ndarray of shape (M, d)
    weight : ndarray of shape (M,), or None
    structure : CovarianceStructure
    reg : Regularisation
        That of the fit, with the prior of the search if the fit has none.
    backend : NativeBackend
    is_whole : bool
        Whether no row was left out.
    least_rows : float
        What has a component of fewer rows comes after all that has not.
    """

    data: StartData
    structure: CovarianceStructure
    reg: Regularisation
    backend: NativeBackend
    is_whole: bool
    least_rows: float

    @property
    def rows(self) -> FloatArray:
        """The rows (M, d)."""
        return self.data.X

    @property
    def weight(self) -> Float64Array | None:
        """Their weights (M,)."""
        return self.data.sample_weight

    def part(self, rows: FloatArray) -> NativeBackend:
        """Some of the rows by themselves, without weights."""
        data = self.data
        return NativeBackend(np.ascontiguousarray(rows), centre=data.moments.mean, n_threads=data.n_threads)

    def blocks(self, n_columns: int) -> Iterator[tuple[slice, Float64Array, NativeBackend]]:
        """Yield all rows in turn, with weights, so many that arrays of `n_columns` columns stay small."""
        n = len(self.rows)
        step = max(_FEWEST_ROWS, _BLOCK_NUMBERS // n_columns)
        for first in range(0, n, step):
            block = slice(first, min(first + step, n))
            weight = np.ones(block.stop - first) if self.weight is None else self.weight[block]
            yield block, weight, self.part(self.rows[block])

    def climb(
        self,
        starts: Iterable[Solution],
        *,
        keep: int = 1,
        max_iter: int,
        still: float = 0.0,
        accelerate: bool = False,
    ) -> list[EMResult]:
        """Run EM from each start, and return so many, the best first.

        Few are held at once: starts are asked for when they are needed.

        Raises
        ------
        KeyboardInterrupt
        """
        best: list[EMResult] = []
        starts = iter(starts)
        while some := [(start, self.reg) for start in islice(starts, 2 * self.data.n_threads)]:
            for result in run_many(self.backend, some, still=still, accelerate=accelerate, max_iter=max_iter):
                if result is None or result.stopping_reason is StoppingReason.INTERRUPTED:
                    raise KeyboardInterrupt
                best.append(result)
            best = sorted(best, key=self._height, reverse=True)[:keep]
        return best

    def is_higher(self, one: EMResult, other: EMResult, *, by: float) -> bool:
        """Whether one place is better than another, by so many nats a row if both are sound."""
        (sound, height), (other_sound, other_height) = self._height(one), self._height(other)
        return sound > other_sound or (sound == other_sound and height > other_height + by)

    def _height(self, result: EMResult) -> tuple[bool, float]:
        """What is a number first: near a singularity a run may end without one."""
        sound = bool((result.solution.params.weights * len(self.rows) >= self.least_rows).all())
        return sound, result.log_likelihood if np.isfinite(result.log_likelihood) else -np.inf


def arena_rows(n_components: int, n_directions: int) -> int:
    """Rows that a search looks at, if there are so many."""
    return max(_ROWS, _ROWS_A_DIRECTION * n_components * n_directions)


def arena_of(
    data: StartData,
    structure: CovarianceStructure,
    reg: Regularisation,
    rng: np.random.RandomState,
    least_rows: float = 0.0,
) -> Arena:
    """Choose rows of the data."""
    n, d = data.X.shape
    n_rows = arena_rows(data.n_components, d if structure.is_dense else 1)
    rows, weight = data.X, data.sample_weight
    if n > n_rows:
        # Rows of weight w are w rows: after the draw all count the same.
        chosen = spread(n, n_rows, rng) if weight is None else _by_weight(weight, n_rows, rng)
        rows, weight = np.ascontiguousarray(rows[chosen]), None
    elif weight is not None and not (weight > 0).all():
        held = weight > 0
        rows, weight = rows[held], weight[held]
    if reg.prior is None:
        prior = CovariancePrior.of_data(_SEARCH_STRENGTH, data.moments.covariance, data.n_components)
        reg = reg.with_prior(prior)
    return Arena(
        replace(data, X=rows, sample_weight=weight),
        structure,
        reg,
        NativeBackend(rows, weight, centre=data.moments.mean, n_threads=data.n_threads),
        n <= n_rows,
        least_rows,
    )


def spread(n: int, count: int, rng: np.random.RandomState) -> RowNumbers:
    """One row of each of so many equal stretches: no permutation of all rows is made for a few."""
    edges = np.linspace(0, n, count + 1).astype(np.int64)
    rows: RowNumbers = edges[:-1] + (rng.random_sample(count) * np.diff(edges)).astype(np.int64)
    return rows


def _by_weight(weight: Float64Array, count: int, rng: np.random.RandomState) -> RowNumbers:
    """Rows at even steps along the sum of weights, from a random first one."""
    ends = np.cumsum(weight)
    steps = (np.arange(count) + rng.random_sample()) * (ends[-1] / count)
    rows: RowNumbers = np.minimum(np.searchsorted(ends, steps, side="right"), np.flatnonzero(weight)[-1])
    return rows
