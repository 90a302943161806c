"""What keeps a covariance estimate away from singularity."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from mixtura._typing import Float64Array
from mixtura.covariance.linalg import all_positive_definite, upper_inverse_transpose
from mixtura.covariance.prior import CovariancePrior
from mixtura.params import Params

__all__ = ["Bounds", "Regularisation", "RelativeFloor", "Ridge"]


class Bounds(NamedTuple):
    """A regularisation as numbers: what is added to each variance, and what each covariance stays above.

    `floor` is of shape (d, d), (d,) or (1,), or None; so is `prior`, of which each covariance has seen
    `strength` rows.
    """

    ridge: float
    floor: Float64Array | None
    prior: Float64Array | None = None
    strength: float = 0.0


class Regularisation(ABC):
    """A map from the covariances that the moments ask for to those that the M-step returns.

    `prior`, if not None, is what the moments have seen before the data.
    """

    prior: CovariancePrior | None

    @abstractmethod
    def matrices(self, covariances: Float64Array) -> Float64Array:
        """Regularise matrices of shape (m, d, d)."""

    @abstractmethod
    def variances(self, variances: Float64Array) -> Float64Array:
        """Regularise one variance a feature, of shape (m, d)."""

    @abstractmethod
    def radii(self, variances: Float64Array) -> Float64Array:
        """Regularise one variance a component, of shape (m,)."""

    @abstractmethod
    def limits(self, shape: tuple[int, ...]) -> tuple[float, Float64Array | None]:
        """Return ridge and floor as numbers, for covariances of shape (d, d), (d,) or (1,) in core form."""

    def bounds(self, shape: tuple[int, ...]) -> Bounds:
        """Return the whole as numbers."""
        if self.prior is None:
            return Bounds(*self.limits(shape))
        return Bounds(
            *self.limits(shape), np.ascontiguousarray(self.prior.core(shape)), float(self.prior.strength)
        )

    def with_prior(self, prior: CovariancePrior) -> Regularisation:
        """Return the same with a prior."""
        return replace(self, prior=prior)  # type: ignore[type-var]  # every one is a dataclass

    def log_prior(self, params: Params) -> float:
        """Logarithm of the density that the prior gives the covariances, but for a constant."""
        return 0.0 if self.prior is None else self.prior.log_density(params)


@dataclass(frozen=True)
class Ridge(Regularisation):
    """Σ + εI: scikit-learn's meaning of a float `reg_covar`, in squared units of the data."""

    epsilon: float
    prior: CovariancePrior | None = None

    def matrices(self, covariances: Float64Array) -> Float64Array:
        """Add ε to each diagonal."""
        if self.epsilon:
            d = covariances.shape[-1]
            covariances = covariances.copy()
            covariances.reshape(-1, d * d)[:, :: d + 1] += self.epsilon
        return covariances

    def variances(self, variances: Float64Array) -> Float64Array:
        """Add ε."""
        return variances + self.epsilon

    def radii(self, variances: Float64Array) -> Float64Array:
        """Add ε."""
        return variances + self.epsilon

    def limits(self, shape: tuple[int, ...]) -> tuple[float, Float64Array | None]:
        """Return ε, and no floor."""
        return float(self.epsilon), None


# The smallest share of the data's own variance, in any direction, that a component may shrink to: a
# ten-thousandth of the data's standard deviation. Wide enough to keep every Cholesky factorisation sound in
# float64, narrow enough to leave honest clusters alone.
RELATIVE_FLOOR = 1e-8
# The data's covariance may itself be close to singular. Eigenvalues of its correlation matrix are kept above
# the first number, so that ε times it leaves a factorisation six digits; those below the second belong to
# directions in which the data do not vary at all (collinear or constant columns, fewer rows than columns),
# which say nothing of their scale: they take 1, the mean of the eigenvalues.
_CORRELATION_FLOOR = 1e-2
_NO_VARIATION = 1e-12


@dataclass(frozen=True, eq=False)
class RelativeFloor(Regularisation):
    """Σ ⪰ εΛ, where Λ is the data's covariance: the meaning of `reg_covar="auto"`.

    The estimate is the exact maximiser of the M-step's objective under that constraint, so the likelihood
    still never falls; a covariance that satisfies it is returned untouched, so there is no bias; and it is
    equivariant: rescaled or (for matrices) linearly mixed columns give the same fit in the new units.

    Parameters
    ----------
    covariance : ndarray of shape (d, d), or (d,) for its diagonal
        Λ.
    epsilon : float
        The floor as a share of Λ.
    prior : CovariancePrior, optional
    """

    covariance: Float64Array
    epsilon: float = RELATIVE_FLOOR
    prior: CovariancePrior | None = None
    _scale: Float64Array = field(init=False, repr=False)
    _lower: Float64Array | None = field(init=False, repr=False)
    _floor: Float64Array | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        dense = self.covariance.ndim == 2
        variances = np.diagonal(self.covariance) if dense else self.covariance
        scale = _positive_scale(variances)
        object.__setattr__(self, "_scale", scale)
        lower = _lower_factor(self.covariance, scale) if dense else None
        object.__setattr__(self, "_lower", lower)
        object.__setattr__(self, "_floor", None if lower is None else self.epsilon * (lower @ lower.T))

    def matrices(self, covariances: Float64Array) -> Float64Array:
        """Raise the eigenvalues of L⁻¹ Σ L⁻ᵀ (Λ = L Lᵀ) that lie below ε to ε."""
        lower, floor = self._matrix_floor()
        if all_positive_definite(covariances - floor):
            return covariances
        # By the inverse: a solver of BLAS starts threads even for the smallest matrices.
        inverse = upper_inverse_transpose(lower[None])[0].T
        relative = inverse @ covariances @ inverse.T
        values, vectors = np.linalg.eigh(0.5 * (relative + relative.transpose(0, 2, 1)))
        raised = covariances.copy()
        for k in np.flatnonzero(values[:, 0] < self.epsilon):
            root = lower @ (vectors[k] * np.sqrt(np.maximum(values[k], self.epsilon)))
            raised[k] = root @ root.T
        return raised

    def _matrix_floor(self) -> tuple[Float64Array, Float64Array]:
        """L, and εΛ."""
        if self._lower is None or self._floor is None:
            msg = "a floor for matrices needs the data's covariance matrix, not its diagonal alone"
            raise TypeError(msg)
        return self._lower, self._floor

    def variances(self, variances: Float64Array) -> Float64Array:
        """Raise σ²_kj to ε Λ_jj."""
        return np.maximum(variances, self.epsilon * self._scale)

    def radii(self, variances: Float64Array) -> Float64Array:
        """Raise σ²_k to ε tr(Λ)/d."""
        return np.maximum(variances, self.epsilon * float(self._scale.mean()))

    def limits(self, shape: tuple[int, ...]) -> tuple[float, Float64Array | None]:
        """Return no ridge, and εΛ, its diagonal, or the mean of that."""
        if len(shape) == 2:
            return 0.0, self._matrix_floor()[1]
        # In one dimension the mean is the number itself.
        scale = self._scale if shape == self._scale.shape else self._scale.mean(keepdims=True)
        return 0.0, self.epsilon * scale


def _positive_scale(variances: Float64Array) -> Float64Array:
    """Variances of shape (d,), with those of constant columns replaced by the mean of the others, or by 1."""
    varies = variances > 0
    fallback = variances[varies].mean() if varies.any() else 1.0
    return np.where(varies, variances, fallback)


def _lower_factor(covariance: Float64Array, scale: Float64Array) -> Float64Array:
    """Cholesky factor of a (d, d) covariance whose correlation matrix is first kept well-conditioned."""
    sd = np.sqrt(scale)
    correlation = covariance / sd / sd[:, None]
    correlation[np.diag_indices_from(correlation)] = 1.0
    values, vectors = np.linalg.eigh(correlation)
    if values[0] < _CORRELATION_FLOOR:
        values = np.where(values < _NO_VARIATION, 1.0, np.maximum(values, _CORRELATION_FLOOR))
        correlation = (vectors * values) @ vectors.T
    return np.asarray(sd[:, None] * np.linalg.cholesky(correlation), dtype=np.float64)
