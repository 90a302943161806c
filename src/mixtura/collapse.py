"""Collapsed components: those that have shrunk to the floor of `reg_covar="auto"`.

Where some rows agree in a column, or lie on a line, a component of these rows alone has an unbounded
likelihood. The floor keeps it finite, but then its height tells of the floor and not of the data, and no
criterion may count it (McLachlan and Peel, Finite Mixture Models, 2000, section 3.10).
"""

from __future__ import annotations

import numpy as np

from mixtura._typing import Float64Array
from mixtura.covariance.linalg import whitening
from mixtura.covariance.regularisation import RELATIVE_FLOOR

__all__ = ["CollapseDetector"]

# Directions in which the data themselves do not vary, as a share of their correlation, tell nothing.
_LEAST_CORRELATION = 1e-6
_AT_THE_FLOOR = 2.0 * RELATIVE_FLOOR


class CollapseDetector:
    """Finds components without extent in a direction in which the data vary.

    Parameters
    ----------
    covariance : ndarray of shape (d, d)
        Λ, of the data.
    """

    def __init__(self, covariance: Float64Array) -> None:
        self._whitener = whitening(covariance, _LEAST_CORRELATION)

    def collapsed(self, covariances: Float64Array) -> list[int]:
        """Return which of the matrices, of shape (K, d, d), have an eigenvalue at the floor relative to Λ."""
        if self._whitener.shape[1] == 0:
            return []
        relative = self._whitener.T @ covariances @ self._whitener
        smallest = np.linalg.eigvalsh(relative)[:, 0]
        return [int(k) for k in np.flatnonzero(smallest <= _AT_THE_FLOOR)]
