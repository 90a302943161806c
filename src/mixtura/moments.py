"""Mean and covariance of the data themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.backends import Backend, NativeBackend
from mixtura.params import Params
from mixtura.span import Span, span_of
from mixtura.stats import SufficientStatistics

__all__ = [
    "ROUNDS",
    "DataMoments",
    "bulk_limit",
    "bulk_moments",
    "data_moments",
    "moments_from",
    "moments_of",
]

# A row that has this share of the variance of a feature is not of the bulk, where there are so many rows.
_SHARE = 0.2
_ROWS = 50
ROUNDS = 8
_BLOCK_ROWS = 65536
# Units in the last place by which sums about means may miss what does not vary.
_ROUNDING = 16.0 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class DataMoments:
    """Weighted mean (d,) and covariance, (d, d) or its diagonal (d,), of the data (1/N normalisation)."""

    mean: Float64Array
    covariance: Float64Array

    @property
    def variances(self) -> Float64Array:
        """Diagonal of the covariance, of shape (d,)."""
        return np.diagonal(self.covariance) if self.covariance.ndim == 2 else self.covariance


def data_moments(
    X: FloatArray, sample_weight: Float64Array | None, *, dense: bool, n_threads: int
) -> DataMoments:
    """Mean and covariance of rows in memory, about the first that counts."""
    row = 0 if sample_weight is None else int(np.argmax(sample_weight > 0))

    def backend_at(centre: Float64Array) -> NativeBackend:
        return NativeBackend(X, sample_weight, centre=centre, n_threads=n_threads)

    return moments_from(backend_at, np.ascontiguousarray(X[row], dtype=np.float64), dense=dense)


def moments_from(
    backend_at: Callable[[Float64Array], Backend], first: Float64Array, *, dense: bool
) -> DataMoments:
    """Two passes: the mean about the first row, then second moments about the mean, which cannot cancel.

    The first that counts: the mean of equal rows is then exact, and they have no variance by rounding.

    Parameters
    ----------
    backend_at : callable
        Returns the backend of the rows, with this centre.
    first : ndarray of shape (d,)
        The first row of a weight above 0.
    dense : bool
        Whether to take the whole covariance.
    """
    ones = np.ones((1, len(first)))
    stats = backend_at(first).e_step(Params(np.ones(1), first[None], ones, np.zeros(1)))
    mean = first + stats.s1[0] / stats.weight
    unit = np.eye(len(first))[None] if dense else ones
    stats = backend_at(mean).e_step(Params(np.ones(1), mean[None], unit, np.zeros(1)))
    exact = mean + stats.s1[0] / stats.weight
    return DataMoments(exact, stats.recentre(exact[None]).s2[0] / stats.weight)


def bulk_limit(moments: DataMoments, span: Span, count: int) -> Float64Array | None:
    """How far from the mean rows of the bulk may be, by feature; None if all `count` rows are of it."""
    # Roots, for squares may be no numbers.
    limit: Float64Array = np.sqrt(_SHARE * count) * np.sqrt(np.maximum(moments.variances, 0.0))
    reach = np.maximum(span.high - moments.mean, moments.mean - span.low)
    return limit if count >= _ROWS and (reach > limit).any() else None


def bulk_moments(
    X: FloatArray, sample_weight: Float64Array | None, span: Span, *, dense: bool, n_threads: int
) -> DataMoments:
    """Moments without the few rows that are so far away that the variances would be theirs alone.

    They say of what size the data are; one wild row must not make all others a point.

    Parameters
    ----------
    span : Span
        That of all rows.
    """
    moments = data_moments(X, sample_weight, dense=dense, n_threads=n_threads)
    weight = sample_weight
    for _ in range(ROUNDS):
        count = X.shape[0] if weight is None else np.count_nonzero(weight)
        limit = bulk_limit(moments, span, int(count))
        if limit is None:
            break
        weight = np.ones(X.shape[0]) if weight is None else weight.copy()
        for first in range(0, X.shape[0], _BLOCK_ROWS):
            rows = slice(first, first + _BLOCK_ROWS)
            weight[rows][(np.abs(X[rows] - moments.mean) > limit).any(axis=1)] = 0.0
        if not weight.any():
            break
        span = span_of(X, weight)
        moments = data_moments(X, weight, dense=dense, n_threads=n_threads)
    return moments


def moments_of(stats: SufficientStatistics) -> DataMoments:
    """Moments of all rows together, from those of components: responsibilities of a row sum to 1.

    By the law of total variance, within components and between their means, sums of squares that cannot
    cancel. Features that vary by rounding only have no variance.

    Parameters
    ----------
    stats : SufficientStatistics
        With second moments of shape (m, d, d), or (m, d) for their diagonal.
    """
    centred = stats.centred()
    share = centred.s0 / centred.s0.sum()
    mean = share @ centred.means
    apart = centred.means - mean
    total = centred.s0.sum()
    dense = stats.s2.ndim == 3
    between = (apart.T * share) @ apart if dense else share @ apart**2
    covariance: Float64Array = centred.s2.sum(axis=0) / total + between
    variances = np.diagonal(covariance) if dense else covariance
    about = (np.diagonal(stats.s2, axis1=1, axis2=2) if dense else stats.s2).sum(axis=0) / total
    size = np.maximum(np.abs(mean), np.abs(stats.means[stats.s0 > 0]).max(axis=0))
    still = variances <= _ROUNDING * about + (_ROUNDING * size) ** 2
    if still.any():
        covariance = covariance.copy()
        covariance[still] = 0.0
        if dense:
            covariance[:, still] = 0.0
    return DataMoments(mean, covariance)
