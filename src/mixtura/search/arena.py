"""`Arena`: the rows that a search looks at, and how good a place is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixtura._typing import Float64Array, FloatArray, RowNumbers
from mixtura.backends import NativeBackend
from mixtura.covariance import CovariancePrior, CovarianceStructure, Regularisation
from mixtura.em import EMResult, Solution, StoppingReason, run_many
from mixtura.init import StartData
from mixtura.search.units import Units

__all__ = ["Arena", "arena_of"]

# Rows that a search looks at: enough that each component has some dozens of rows for each of its directions.
_ROWS = 8192
_ROWS_A_DIRECTION = 10
# Pseudo-rows of a component while it is searched for. Next to nothing for components of rows that fill their
# space, but a handful of rows that happen to lie close together are no longer worth a component of their own,
# however close they lie.
_SEARCH_STRENGTH = 1e-3


@dataclass(frozen=True, eq=False)
class Arena:
    """Rows, thinned where there are many.

    Attributes
    ----------
    rows : ndarray of shape (M, d)
    weight : ndarray of shape (M,), or None
    white : ndarray of shape (M, r), float64
        The rows in units of their own: no distance between them depends on the data's units.
    structure : CovarianceStructure
    reg : Regularisation
        That of the fit, with the prior of the search if the fit has none.
    backend : NativeBackend
    is_whole : bool
        Whether no row was left out.
    """

    data: StartData
    white: Float64Array
    structure: CovarianceStructure
    reg: Regularisation
    backend: NativeBackend
    is_whole: bool

    @property
    def rows(self) -> FloatArray:
        """The rows (M, d)."""
        return self.data.X

    @property
    def weight(self) -> Float64Array | None:
        """Their weights (M,)."""
        return self.data.sample_weight

    def backend_of(self, rows: FloatArray) -> NativeBackend:
        """Some of the rows by themselves."""
        data = self.data
        return NativeBackend(np.ascontiguousarray(rows), centre=data.moments.mean, n_threads=data.n_threads)

    def climb(
        self, starts: Sequence[Solution], *, max_iter: int, still: float = 0.0, accelerate: bool = False
    ) -> list[EMResult]:
        """Run EM from each start, the best first.

        Raises
        ------
        KeyboardInterrupt
        """
        results = run_many(
            self.backend,
            [(start, self.reg) for start in starts],
            still=still,
            accelerate=accelerate,
            max_iter=max_iter,
        )
        found = [r for r in results if r is not None and r.stopping_reason is not StoppingReason.INTERRUPTED]
        if len(found) < len(results):
            raise KeyboardInterrupt
        return sorted(found, key=_height, reverse=True)


def _height(result: EMResult) -> float:
    """What is a number first: near a singularity a run may end without one."""
    return result.log_likelihood if np.isfinite(result.log_likelihood) else -np.inf


def arena_of(
    data: StartData, structure: CovarianceStructure, reg: Regularisation, rng: np.random.RandomState
) -> Arena:
    """Choose rows of the data, and the units in which they are compared."""
    n, d = data.X.shape
    n_rows = max(_ROWS, _ROWS_A_DIRECTION * data.n_components * (d if structure.is_dense else 1))
    rows, weight = data.X, data.sample_weight
    if n > n_rows:
        # Rows of weight w are w rows: after the draw all count the same.
        chosen = _spread(n, n_rows, rng) if weight is None else _by_weight(weight, n_rows, rng)
        rows, weight = np.ascontiguousarray(rows[chosen]), None
    elif weight is not None and not (weight > 0).all():
        held = weight > 0
        rows, weight = rows[held], weight[held]
    covariance = data.moments.covariance
    if reg.prior is None:
        prior = CovariancePrior.of_data(_SEARCH_STRENGTH, covariance, data.n_components)
        reg = reg.with_prior(prior)
    return Arena(
        replace(data, X=rows, sample_weight=weight),
        Units(data.moments.mean, covariance, one_radius=structure.is_spherical).of(rows),
        structure,
        reg,
        NativeBackend(rows, weight, centre=data.moments.mean, n_threads=data.n_threads),
        n <= n_rows,
    )


def _spread(n: int, count: int, rng: np.random.RandomState) -> RowNumbers:
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
