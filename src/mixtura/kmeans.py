"""Seeding and Lloyd's algorithm, as starts for EM. Distances are in the data's own units."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mixtura import _native
from mixtura._typing import Float64Array, FloatArray, LabelArray, RowNumbers

__all__ = ["Clustering", "kmeans_labels", "kmeans_plusplus", "lloyd"]

# scikit-learn's KMeans: the same stop, so that the same seeds end in the same partition.
_MAX_ITER = 300
_RELATIVE_TOL = 1e-4
_BLOCK_ROWS = 16384
# 2 to the power of minus this, squared, is a number too.
_SMALLEST_EXPONENT = -500


def kmeans_plusplus(
    X: FloatArray,
    sample_weight: Float64Array | None,
    n_clusters: int,
    rng: np.random.RandomState,
    *,
    centre: Float64Array,
    variance: Float64Array,
    n_threads: int,
) -> RowNumbers:
    """Choose rows as seeds by greedy k-means++ (Arthur and Vassilvitskii, 2007).

    Each new seed is the best of 2 + ⌊log K⌋ candidates drawn with probability proportional to the weighted
    squared distance from the seeds so far. Draws are made in scikit-learn's order.

    Parameters
    ----------
    variance : ndarray of shape (d,)
        The data's variances: distances are kept in float32, in units of their mean.

    Returns
    -------
    ndarray of shape (n_clusters,)
        Row numbers, all different as long as the data have so many different rows.
    """
    n_samples = X.shape[0]
    n_trials = 2 + int(np.log(n_clusters))
    closest = np.full(n_samples, np.inf, dtype=np.float32)
    scale = _inverse(float(variance.mean()))
    chosen = np.empty(n_clusters, dtype=np.int64)

    first = rng.random_sample()
    if sample_weight is None:
        chosen[0] = int(first * n_samples)
    else:
        chosen[0] = _rows_at(first * sample_weight.sum(keepdims=True), sample_weight)[0]
    potential = 0.0
    for c in range(n_clusters):
        if c > 0:
            draws = rng.uniform(size=n_trials) * potential
            candidates = _rows_at(draws, closest, sample_weight)
            points = np.ascontiguousarray(X[candidates], dtype=np.float64)
            gains = _native.potential(X, sample_weight, centre, points, scale, closest, n_threads)
            chosen[c] = candidates[int(np.argmin(gains))]
        point = np.ascontiguousarray(X[chosen[c]], dtype=np.float64)
        potential = _native.min_update(X, sample_weight, centre, point, scale, closest, n_threads)
    return chosen


def _inverse(variance: float) -> float:
    """Return 1/variance; 1 for data that do not vary, or so little that there is no such number."""
    inverse = 1.0 / variance if variance > 0 else 1.0
    return inverse if np.isfinite(inverse) else 1.0


def _rows_at(values: Float64Array, mass: FloatArray, sample_weight: Float64Array | None = None) -> RowNumbers:
    """First rows at which the running sum of mass × weight reaches each value.

    Sums are taken a block at a time: a running sum of all rows would need as much memory again.
    """
    blocks = range(0, len(mass), _BLOCK_ROWS)

    def block(low: int) -> Float64Array:
        rows = slice(low, low + _BLOCK_ROWS)
        exact = mass[rows].astype(np.float64)
        return exact if sample_weight is None else exact * sample_weight[rows]

    if len(blocks) == 1:
        rows = np.searchsorted(np.cumsum(block(0)), values)
        return np.minimum(rows, len(mass) - 1)
    ends = np.cumsum([block(low).sum() for low in blocks])
    found = np.empty(len(values), dtype=np.int64)
    for i, value in enumerate(values):
        b = min(int(np.searchsorted(ends, value)), len(ends) - 1)
        inside = np.cumsum(block(blocks[b]))
        row = np.searchsorted(inside, value - (ends[b - 1] if b else 0.0))
        found[i] = blocks[b] + min(int(row), len(inside) - 1)
    return found


def kmeans_labels(
    X: FloatArray,
    sample_weight: Float64Array | None,
    n_clusters: int,
    rng: np.random.RandomState,
    *,
    centre: Float64Array,
    variance: Float64Array,
    n_threads: int,
    max_iter: int = _MAX_ITER,
) -> LabelArray:
    """Cluster once by k-means from k-means++ seeds (Lloyd, 1982).

    Parameters
    ----------
    variance : ndarray of shape (d,)
        The data's variances: the run stops when the centres move by less than 1e-4 of their mean, squared
        and summed.
    max_iter : int
        Steps at most.

    Returns
    -------
    ndarray of shape (N,), int32
    """
    seeds = kmeans_plusplus(
        X, sample_weight, n_clusters, rng, centre=centre, variance=variance, n_threads=n_threads
    )
    centers = np.ascontiguousarray(X[seeds], dtype=np.float64)
    tol = _RELATIVE_TOL * float(variance.mean())
    return lloyd(
        X, sample_weight, centers, centre=centre, tol=tol, n_threads=n_threads, max_iter=max_iter
    ).labels


class Clustering(NamedTuple):
    """Where Lloyd's algorithm ended.

    `labels` (N,) are the nearest of `centers` (K, d), float64, and `inertia` is the weighted sum of squared
    distances to them, after `n_iter` steps. `shift` is what the last step moved the centres by, squared and
    summed; None if it changed no label.
    """

    labels: LabelArray
    centers: Float64Array
    inertia: float
    n_iter: int
    shift: float | None


def lloyd(
    X: FloatArray,
    sample_weight: Float64Array | None,
    centers: Float64Array,
    *,
    centre: Float64Array,
    tol: float,
    n_threads: int,
    max_iter: int,
    report: Callable[[int, float], object] | None = None,
) -> Clustering:
    """Assign rows to the nearest centre and move centres to the means of their rows, in turns (Lloyd, 1982).

    Parameters
    ----------
    centers : ndarray of shape (K, d), float64
        Where to start.
    centre : ndarray of shape (d,)
        A point near the data.
    tol : float
        The run ends when a step changes no label, or moves the centres by no more than this, squared and
        summed.
    max_iter : int
        Steps at most, at least 1.
    report : callable, optional
        Is told of each step, from 0, and the inertia before it.
    """
    labels = np.full(X.shape[0], -1, dtype=np.int32)
    # No other centre than its own is nearer to a row than this.
    lower = np.zeros(X.shape[0], dtype=np.float32)
    unit = unit_of(centers - centre)
    before = None
    shift = np.inf
    for step in range(max_iter):
        s0, s1, inertia, n_changed = _native.lloyd_step(
            X, sample_weight, centre, centers, before, unit, n_threads, labels, lower
        )
        if report is not None:
            report(step, inertia)
        if n_changed == 0:
            return Clustering(labels, centers, inertia, step + 1, None)
        _refill_empty(X, sample_weight, centre, centers, s0, s1, n_threads)
        moved = centers + s1 / np.where(s0 > 0, s0, 1.0)[:, None]
        shift = float(((moved - centers) ** 2).sum())
        before, centers = centers, moved
        if shift <= tol:
            break
    _, _, inertia, _ = _native.lloyd_step(
        X, sample_weight, centre, centers, before, unit, n_threads, labels, lower
    )
    return Clustering(labels, centers, inertia, step + 1, shift)


def unit_of(points: Float64Array) -> float:
    """Return a power of two near the inverse of the largest number: float32 can hold all in this unit."""
    largest = float(np.abs(points).max())
    if not 0 < largest < np.inf:
        return 1.0
    return float(np.ldexp(1.0, -max(int(np.frexp(largest)[1]), _SMALLEST_EXPONENT)))


def _refill_empty(
    X: FloatArray,
    sample_weight: Float64Array | None,
    centre: Float64Array,
    centers: Float64Array,
    s0: Float64Array,
    s1: Float64Array,
    n_threads: int,
) -> None:
    """Give each empty cluster a row far from its own centre, the farthest first, which its own then lacks.

    `s0` (K,) and `s1` (K, d), sums of weights and of weighted distances from the centres, are changed.
    """
    empty = np.flatnonzero(s0 == 0)
    if not len(empty):
        return
    labels, distance = _native.nearest(X, centre, centers, unit_of(centers - centre), n_threads)
    if sample_weight is not None:
        distance = np.where(sample_weight > 0, distance, -1.0)
    far = np.argpartition(distance, -len(empty))[-len(empty) :]
    far = far[np.argsort(-distance[far], kind="stable")]
    for cluster, row in zip(empty, far, strict=True):
        if distance[row] <= 0:
            return  # all rows that are left lie on a centre
        weight = 1.0 if sample_weight is None else float(sample_weight[row])
        own = labels[row]
        s0[own] -= weight
        s1[own] -= weight * (X[row] - centers[own])
        s0[cluster] = weight
        s1[cluster] = weight * (X[row] - centers[cluster])
