"""`Units`: coordinates of rows that do not depend on the units of the data."""

from __future__ import annotations

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.covariance.linalg import whitening

__all__ = ["Units"]

# Directions of less than this share of the correlation are rounding: the data do not vary there.
_NO_VARIATION = 1e-12
_BLOCK_ROWS = 1024


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
        if covariance.ndim == 2 and not one_radius:
            self._map = whitening(covariance, _NO_VARIATION)
            return
        variances = np.diagonal(covariance) if covariance.ndim == 2 else covariance
        if one_radius:
            variances = np.full(len(mean), variances.mean())
        varies = variances > 0
        self._map = np.diag(1.0 / np.sqrt(np.where(varies, variances, 1.0)))[:, varies]

    def of(self, rows: FloatArray) -> Float64Array:
        """Rows (n, d) in these units, (n, r); one column of zeros if the data do not vary at all."""
        if not self._map.shape[1]:
            return np.zeros((len(rows), 1))
        found = np.empty((len(rows), self._map.shape[1]))
        for first in range(0, len(rows), _BLOCK_ROWS):
            block = slice(first, first + _BLOCK_ROWS)
            found[block] = (rows[block] - self._mean) @ self._map
        return found
