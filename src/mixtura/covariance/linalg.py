"""Batched factorisations of small symmetric matrices, with an error that names the component."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from mixtura import _native
from mixtura._typing import Float64Array
from mixtura.errors import SingularCovarianceError

__all__ = [
    "all_positive_definite",
    "cholesky_of_inverse",
    "inverse_from_whitener",
    "positive_variances",
    "solve_whitener",
    "upper_inverse_transpose",
    "whitener_of",
    "whitening",
]

# The first two sentences are those that scikit-learn's users know, and that their code may match.
_ILL_DEFINED = (
    "Fitting the mixture model failed because some components have ill-defined empirical covariance (for "
    "instance caused by singleton or collapsed samples). Try to decrease the number of components, increase "
    "reg_covar, or scale the input data. The first such component is {k}; reg_covar='auto' keeps every "
    "covariance positive definite."
)


def singular(component: int) -> SingularCovarianceError:
    """Return the error for a component whose covariance has no inverse."""
    return SingularCovarianceError(_ILL_DEFINED.format(k=component), component)


def whitener_of(covariances: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Upper U = L⁻ᵀ with Σ = L Lᵀ, and log det U, of matrices of shape (m, d, d)."""
    upper, log_det, bad = _native.whiten(np.ascontiguousarray(covariances))
    if bad >= 0:
        raise singular(bad)
    return upper, log_det


def all_positive_definite(matrices: Float64Array) -> bool:
    """Whether every one of the symmetric matrices of shape (m, d, d) has a Cholesky factor."""
    return _native.first_indefinite(np.ascontiguousarray(matrices)) < 0


def upper_inverse_transpose(lower: Float64Array) -> Float64Array:
    """L⁻ᵀ for lower triangular matrices of shape (m, d, d)."""
    upper = np.empty_like(lower)
    for k, matrix in enumerate(lower):
        inverse, _ = lapack.dtrtri(matrix, lower=1)
        upper[k] = inverse.T
    return upper


def cholesky_of_inverse(precisions: Float64Array) -> Float64Array:
    """Upper U with P = U Uᵀ for matrices of shape (m, d, d)."""
    bad = _native.first_indefinite(np.ascontiguousarray(precisions))
    if bad >= 0:
        raise singular(bad)
    flipped = np.linalg.cholesky(precisions[:, ::-1, ::-1])
    return np.ascontiguousarray(flipped[:, ::-1, ::-1])


def inverse_from_whitener(upper: Float64Array) -> Float64Array:
    """Σ = U⁻ᵀ U⁻¹ for upper triangular matrices of shape (m, d, d)."""
    lower = np.ascontiguousarray(upper_inverse_transpose(np.ascontiguousarray(upper.transpose(0, 2, 1))))
    inverse = lower.transpose(0, 2, 1)
    return inverse @ lower


def whitening(covariance: Float64Array, least: float) -> Float64Array:
    """W of shape (d, r) with Wᵀ Λ W = I, of the directions with more than `least` of the correlation."""
    sd = np.sqrt(np.diagonal(covariance))
    inverse_sd = np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 0)
    values, vectors = np.linalg.eigh(covariance * inverse_sd * inverse_sd[:, None])
    varies = values > least
    return np.asarray(inverse_sd[:, None] * vectors[:, varies] / np.sqrt(values[varies]))


def solve_whitener(upper: Float64Array, white: Float64Array) -> Float64Array:
    """Rows t of shape (n, d) with t U = y, for one upper triangular U and rows y of shape (n, d)."""
    solution, _ = lapack.dtrtrs(upper.T, white.T, lower=1)
    return np.asarray(solution.T, dtype=np.float64)


def positive_variances(variances: Float64Array) -> Float64Array:
    """Return variances of shape (m, d) unchanged if all are positive and finite."""
    good = (variances > 0) & np.isfinite(variances)
    if not good.all():
        raise singular(int(np.flatnonzero(~good.all(axis=1))[0]))
    return variances
