"""`find_starts`: where EM has to start to end in the best optimum that can be found."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mixtura._typing import Float64Array, LabelArray
from mixtura.covariance import CovariancePrior, CovarianceStructure, Regularisation
from mixtura.em import Solution, m_step
from mixtura.init import StartData
from mixtura.kmeans import kmeans_labels
from mixtura.search.arena import Arena, arena_of
from mixtura.search.exchange import improved
from mixtura.search.units import Units
from mixtura.stats import SufficientStatistics

__all__ = ["find_starts"]

# Starts, the passes that each gets, how many go on, and how far.
_STARTS = 12
_LLOYD_STEPS = 2
_FIRST_PASSES = 10
_KEPT = 3
_MORE_PASSES = 30
_STILL = 1e-3


def find_starts(
    data: StartData,
    structure: CovarianceStructure,
    reg: Regularisation,
    rng: np.random.RandomState,
    *,
    least_rows: float = 0.0,
) -> list[Solution]:
    """Search the parameters of highest likelihood, roughly.

    On at most some thousand rows, in units of their own: starts from greedy k-means++ with two steps of
    Lloyd's, a few passes of EM from each, more from those that are ahead; then components are exchanged as
    long as that helps.

    Parameters
    ----------
    data : StartData
    structure : CovarianceStructure
    reg : Regularisation
        That of the fit.
    rng : RandomState
    least_rows : float
        Parameters with a component of fewer rows come after all others.

    Returns
    -------
    list of Solution
        From which EM on all rows is to start; several where what was seen were not all rows.

    Raises
    ------
    KeyboardInterrupt
    """
    arena = arena_of(data, structure, reg, rng, least_rows)
    if data.n_components == 1:
        return [_from_labels(arena, np.zeros(len(arena.rows), dtype=np.int32))]
    first = arena.climb(_field(arena, rng), keep=_KEPT, max_iter=_FIRST_PASSES, accelerate=True)
    field = [result.solution for result in first]
    results = arena.climb(field, keep=_KEPT, max_iter=_MORE_PASSES, still=_STILL, accelerate=True)
    best = improved(arena, results[0], rng) if structure.is_plain else results[0].solution
    if arena.is_whole:
        return [best]
    # What is best of some rows need not be of all.
    return list({id(found): found for found in (best, *(result.solution for result in results))}.values())


def _field(arena: Arena, rng: np.random.RandomState) -> Iterator[Solution]:
    """Starts from groups of k-means, first in units of the data, then in units of what is within groups.

    The latter let directions count in which groups are apart, and are as indifferent to the data's own.
    """
    moments = arena.data.moments
    white = Units(moments.mean, moments.covariance, one_radius=arena.structure.is_spherical).of(arena.rows)
    for _ in range(_STARTS):
        within = _within(arena, white, _clustered(arena, white, rng))
        yield _from_labels(arena, _clustered(arena, within.of(white), rng))


def _within(arena: Arena, white: Float64Array, labels: LabelArray) -> Units:
    within = np.zeros(white.shape[1:] * 2)
    for k in range(arena.data.n_components):
        held = labels == k
        if held.any():
            t = white[held] - white[held].mean(axis=0)
            within += t.T @ (t if arena.weight is None else arena.weight[held, None] * t)
    within /= len(labels) if arena.weight is None else arena.weight.sum()
    if not arena.structure.is_dense:
        within = np.diagonal(within)
    return Units(np.zeros(len(within)), within, one_radius=arena.structure.is_spherical)


def _clustered(arena: Arena, rows: Float64Array, rng: np.random.RandomState) -> LabelArray:
    d = rows.shape[1]
    return kmeans_labels(
        rows,
        arena.weight,
        arena.data.n_components,
        rng,
        centre=np.zeros(d),
        variance=np.ones(d),
        n_threads=arena.data.n_threads,
        max_iter=_LLOYD_STEPS,
    )


def _from_labels(arena: Arena, labels: LabelArray) -> Solution:
    """Parameters of groups of rows; small groups look much like the others."""
    stats = group_statistics(arena, labels)
    return m_step(arena.structure, stats, arena.reg.with_prior(_start_prior(arena)))


def group_statistics(arena: Arena, labels: LabelArray) -> SufficientStatistics:
    """Moments of groups; an empty one, of which there are some if rows are equal, has one row at the mean."""
    k_all, structure = arena.data.n_components, arena.structure
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(k_all + 1))
    means = np.tile(arena.data.moments.mean, (k_all, 1))
    s0 = np.ones(k_all)
    d = arena.rows.shape[1]
    s2 = np.zeros((k_all, d, d) if structure.is_dense else (k_all, d))
    for k in np.flatnonzero(np.diff(ends)):
        held = order[ends[k] : ends[k + 1]]
        group = arena.rows[held].astype(np.float64)
        w = np.ones(len(held)) if arena.weight is None else arena.weight[held]
        s0[k] = w.sum()
        # About the mean of all: far from the origin a sum of rows has few digits for the rows.
        means[k] += w @ (group - means[k]) / s0[k]
        t = group - means[k]
        s2[k] = (w[:, None] * t).T @ t if structure.is_dense else w @ (t * t)
    if structure.is_shared:
        s2 = s2.sum(axis=0, keepdims=True)
    return SufficientStatistics(means, s0, np.zeros_like(means), s2, 0.0, float(s0.sum()))


def _start_prior(arena: Arena) -> CovariancePrior:
    """As many pseudo-rows as a covariance needs to have a shape."""
    data = arena.data
    return CovariancePrior.of_data(data.X.shape[1] + 1.0, data.moments.covariance, data.n_components)
