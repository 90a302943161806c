"""`CovariancePrior`: pseudo-rows that keep a covariance from running away with a handful of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtura._typing import Float64Array
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

__all__ = ["CovariancePrior"]


@dataclass(frozen=True, eq=False)
class CovariancePrior:
    """Each covariance has seen s rows of covariance Λ before it sees the data.

    The conjugate (inverse Wishart) prior of density ∝ ∏ det(Σ)^(−s/2) exp(−(s/2) tr(Σ⁻¹Λ)), whose M-step is
    Σ_k = (W_k + sΛ) / (N_k + s), with W_k the second moments of the N_k rows of component k; for variances
    the same of the diagonal, for one variance of the trace. A shared covariance has s such rows in all.

    Parameters
    ----------
    strength : float
        s, above 0, in rows.
    covariance : ndarray of shape (d, d), or (d,) for its diagonal
        Λ.

    References
    ----------
    Fraley and Raftery (2007), Bayesian regularization for normal mixture estimation and model-based
    clustering.
    """

    strength: float
    covariance: Float64Array

    @classmethod
    def of_data(cls, strength: float, covariance: Float64Array, n_components: int) -> CovariancePrior:
        """Λ is the data's covariance as far as it is shared among K components: over K^(2/d)."""
        return cls(strength, covariance / n_components ** (2.0 / len(covariance)))

    def core(self, shape: tuple[int, ...]) -> Float64Array:
        """Λ for covariances of shape (d, d), (d,), or as its trace (1,)."""
        if len(shape) == self.covariance.ndim and shape[-1] == self.covariance.shape[-1]:
            return self.covariance
        variances = np.diagonal(self.covariance) if self.covariance.ndim == 2 else self.covariance
        return np.array(variances) if shape == variances.shape else variances.sum(keepdims=True)

    def augment(self, stats: SufficientStatistics) -> SufficientStatistics:
        """Add the pseudo-rows to centred moments, for an estimate of covariances alone."""
        m, *shape = stats.s2.shape
        mass = self.strength if m == len(stats.s0) else self.strength / len(stats.s0)
        return replace(stats, s0=stats.s0 + mass, s2=stats.s2 + self.strength * self.core(tuple(shape)))

    def log_density(self, params: Params) -> float:
        """Logarithm of the density that it gives the covariances, but for a constant."""
        u = params.whitener
        prior = self.core(u.shape[1:])
        if u.ndim == 3:
            traces = np.einsum("kij,il,klj->k", u, prior, u, optimize=True)
        else:
            traces = (u * u * prior).sum(axis=1)
        return float(-0.5 * self.strength * (traces - 2.0 * params.log_det).sum())
