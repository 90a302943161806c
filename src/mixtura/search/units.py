"""`Units`: coordinates of rows that do not depend on the units of the data."""

from __future__ import annotations

import numpy as np

from mixtura._typing import Float64Array, FloatArray

__all__ = ["Units"]

# Directions of less than this share of the correlation are rounding: the data do not vary there.
_NO_VARIATION = 1e-12


class Units:
    """A linear map to coordinates in which the data have unit covariance, as far as they vary.

    Parameters
    ----------
    mean : ndarray of shape (d,)
    covariance : ndarray of shape (d, d), or (d,) for features that are not to be mixed
    one_radius : bool
        Whether all features have to keep one unit.
    """

    def __init__(self, mean: Float64Array, covariance: Float64Array, *, one_radius: bool) -> None:
        self._mean = mean
        variances = np.diagonal(covariance) if covariance.ndim == 2 else covariance
        if one_radius:
            variances = np.full(len(mean), variances.mean())
        inverse_sd = np.divide(1.0, np.sqrt(variances), out=np.zeros(len(mean)), where=variances > 0)
        if one_radius or covariance.ndim == 1:
            self._map = np.diag(inverse_sd)[:, inverse_sd > 0]
            return
        correlation = covariance * inverse_sd * inverse_sd[:, None]
        values, vectors = np.linalg.eigh(correlation)
        varies = values > _NO_VARIATION
        self._map = inverse_sd[:, None] * vectors[:, varies] / np.sqrt(values[varies])

    def of(self, rows: FloatArray) -> Float64Array:
        """Rows (n, d) in these units, (n, r); one column of zeros if the data do not vary at all."""
        if not self._map.shape[1]:
            return np.zeros((len(rows), 1))
        return np.ascontiguousarray((rows - self._mean) @ self._map)
