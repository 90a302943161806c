"""`Params`: the parameters of a mixture in the one form that the E-step reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mixtura._typing import Float64Array

__all__ = ["LOG_2PI", "Params", "log_det_of"]

LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, eq=False, slots=False)
class Params:
    """Weights, means and whiteners of K components in d dimensions.

    The E-step knows three geometries and one refinement, and reads them off the shape of `whitener`:
    (K, d, d) is dense, (K, d) is diagonal, (K, 1) is spherical, and a leading axis of length 1 is shared by
    all components.

    Attributes
    ----------
    weights : ndarray of shape (K,)
        π, the mixing proportions.
    means : ndarray of shape (K, d)
        μ.
    whitener : ndarray of shape (K or 1, d, d) upper triangular, (K or 1, d), or (K or 1, 1)
        U, such that y = (x − μ_k) U_k has unit covariance.
    log_det : ndarray of shape (K or 1,)
        log det U_k.
    """

    weights: Float64Array
    means: Float64Array
    whitener: Float64Array
    log_det: Float64Array

    @property
    def n_components(self) -> int:
        """K."""
        return int(self.means.shape[0])

    @property
    def n_features(self) -> int:
        """d."""
        return int(self.means.shape[1])

    @property
    def is_dense(self) -> bool:
        """Whether the whitener is a matrix per component, not a vector."""
        return self.whitener.ndim == 3

    @property
    def is_shared(self) -> bool:
        """Whether one whitener serves all components."""
        return int(self.whitener.shape[0]) == 1

    @cached_property
    def centre(self) -> Float64Array:
        """The point nearest to the origin in the box of the means that have a weight, of shape (d,).

        No row is farther from it than about the row or a mean is from the origin, so subtracting it costs no
        more than the rounding of these numbers. The mean of the mixture has no such bound: one component far
        away draws it off all rows of the others.
        """
        means = self.means[self.weights != 0]
        centre: Float64Array = np.clip(0.0, means.min(axis=0), means.max(axis=0))
        return centre

    @cached_property
    def offset(self) -> Float64Array:
        """c_k = log π_k + log det U_k − (d/2) log 2π, of shape (K,); −inf for a component of weight 0."""
        with np.errstate(divide="ignore"):
            offset: Float64Array = np.log(self.weights) + self.log_det - 0.5 * self.n_features * LOG_2PI
        return offset


def log_det_of(whitener: Float64Array, n_features: int) -> Float64Array:
    """Log det U of whiteners in any geometry, of shape (K or 1,)."""
    diagonal = np.diagonal(whitener, axis1=1, axis2=2) if whitener.ndim == 3 else whitener
    repeats = n_features // diagonal.shape[1]
    log_det: Float64Array = repeats * np.log(diagonal).sum(axis=1)
    return log_det
