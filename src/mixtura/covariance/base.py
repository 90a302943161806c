"""What a covariance structure is.

A structure keeps covariances in two forms. The *public* form has scikit-learn's shape, with nothing in it
twice: (K, d, d), (d, d), (K, d), (K,), ... The *core* form is what the E-step reads: (m, d, d) in the dense
geometry, (m, d) in the diagonal and (m, 1) in the spherical one, where m is K, or 1 if all components share
it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from mixtura._typing import Float64Array
from mixtura.covariance.linalg import (
    cholesky_of_inverse,
    inverse_from_whitener,
    positive_variances,
    solve_whitener,
    whitener_of,
)
from mixtura.covariance.regularisation import Regularisation
from mixtura.params import Params, log_det_of
from mixtura.stats import SufficientStatistics

__all__ = ["CovarianceStructure", "Dense", "Diagonal"]


class CovarianceStructure(ABC):
    """A family of covariances: its M-step, its shapes and its count of parameters.

    Subclass `mixtura.covariance.Dense` or `mixtura.covariance.Diagonal` to add one, and pass an instance as
    `covariance_type`.

    Attributes
    ----------
    name : str
        What tables and errors call it.
    is_dense : bool
        Whether components need a matrix each, or share one.
    is_shared : bool
        Whether all components have one covariance; second moments are then pooled over them.
    is_plain : bool
        Whether `estimate` does no more than the shape of the core form says: average the moments, over all
        components if it is shared, and regularise. A backend may then do it by itself.
    is_spherical : bool
        Whether a component has one variance for all features, which then have to keep one unit.
    """

    name: ClassVar[str]
    is_dense: ClassVar[bool]
    is_shared: ClassVar[bool]
    is_plain: ClassVar[bool] = False
    is_spherical: ClassVar[bool] = False

    @abstractmethod
    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """Shape of the public form."""

    @abstractmethod
    def n_parameters(self, n_components: int, n_features: int) -> int:
        """Count of free parameters in the covariances."""

    @abstractmethod
    def estimate(self, stats: SufficientStatistics, reg: Regularisation) -> Float64Array:
        """M-step: the public covariances that maximise Σ r log N(x; μ_k, Σ_k) within the family.

        Parameters
        ----------
        stats : SufficientStatistics
            Moments about the *updated* means, as `SufficientStatistics.centred` gives them.
        reg : Regularisation
            What keeps the estimate away from singularity.
        """

    @abstractmethod
    def core(self, public: Float64Array, n_components: int, n_features: int) -> Float64Array:
        """Return the core form of a public array."""

    @abstractmethod
    def public(self, core: Float64Array) -> Float64Array:
        """Return the public form of a core array."""

    @abstractmethod
    def expand(self, public: Float64Array, n_components: int, n_features: int) -> Float64Array:
        """Return one full covariance matrix a component, of shape (K, d, d)."""

    @abstractmethod
    def whiten(self, core: Float64Array, n_features: int) -> tuple[Float64Array, Float64Array]:
        """Factor core covariances: U of the same shape with (x − μ) U white, and log det U of shape (m,).

        Raises
        ------
        SingularCovarianceError
            If a covariance is not positive definite; names the first such component.
        """

    @abstractmethod
    def whiten_precisions(self, core: Float64Array, n_features: int) -> tuple[Float64Array, Float64Array]:
        """Factor core precisions: U with U Uᵀ = P, and log det U."""

    @abstractmethod
    def colour(self, whitener: Float64Array, component: int, white: Float64Array) -> Float64Array:
        """Turn white rows (n, d) into rows with the covariance of one component of a core whitener."""

    @abstractmethod
    def unwhiten(self, whitener: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Covariances and precisions, in core form, of a whitener."""

    def params(self, weights: Float64Array, means: Float64Array, covariances: Float64Array) -> Params:
        """Return what the E-step reads: `covariances` in public form, factored once."""
        whitener, log_det = self.whiten(self.core(covariances, *means.shape), means.shape[1])
        return Params(weights, means, whitener, log_det)


class Dense(CovarianceStructure):
    """Structures whose components need a matrix each, or share one."""

    is_dense = True

    def core(self, public: Float64Array, n_components: int, n_features: int) -> Float64Array:
        """Return (m, d, d)."""
        return public.reshape(-1, n_features, n_features)

    def expand(self, public: Float64Array, n_components: int, n_features: int) -> Float64Array:
        """Return (K, d, d)."""
        core = self.core(public, n_components, n_features)
        return np.array(np.broadcast_to(core, (n_components, n_features, n_features)))

    def whiten(self, core: Float64Array, n_features: int) -> tuple[Float64Array, Float64Array]:
        """Σ = L Lᵀ, U = L⁻ᵀ."""
        return whitener_of(core)

    def whiten_precisions(self, core: Float64Array, n_features: int) -> tuple[Float64Array, Float64Array]:
        """P = U Uᵀ with U upper triangular: a Cholesky factorisation taken from the last row up."""
        upper = cholesky_of_inverse(core)
        return upper, log_det_of(upper, n_features)

    def colour(self, whitener: Float64Array, component: int, white: Float64Array) -> Float64Array:
        """t = y U⁻¹."""
        return solve_whitener(whitener[0 if self.is_shared else component], white)

    def unwhiten(self, whitener: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Σ = U⁻ᵀ U⁻¹, P = U Uᵀ."""
        return inverse_from_whitener(whitener), whitener @ whitener.transpose(0, 2, 1)


class Diagonal(CovarianceStructure):
    """Structures whose features are independent within a component."""

    is_dense = False

    def core(self, public: Float64Array, n_components: int, n_features: int) -> Float64Array:
        """Return (m, d)."""
        return public.reshape(-1, n_features)

    def expand(self, public: Float64Array, n_components: int, n_features: int) -> Float64Array:
        """Return (K, d, d)."""
        core = np.broadcast_to(self.core(public, n_components, n_features), (n_components, n_features))
        full = np.zeros((n_components, n_features, n_features))
        index = np.arange(n_features)
        full[:, index, index] = core
        return full

    def whiten(self, core: Float64Array, n_features: int) -> tuple[Float64Array, Float64Array]:
        """u = 1/σ."""
        whitener = 1.0 / np.sqrt(positive_variances(core))
        return whitener, log_det_of(whitener, n_features)

    def whiten_precisions(self, core: Float64Array, n_features: int) -> tuple[Float64Array, Float64Array]:
        """u = √p."""
        whitener = np.sqrt(positive_variances(core))
        return whitener, log_det_of(whitener, n_features)

    def colour(self, whitener: Float64Array, component: int, white: Float64Array) -> Float64Array:
        """t = y / u."""
        return np.asarray(white / whitener[0 if self.is_shared else component], dtype=np.float64)

    def unwhiten(self, whitener: Float64Array) -> tuple[Float64Array, Float64Array]:
        """σ² = 1/u², p = u²."""
        precisions = whitener * whitener
        return 1.0 / precisions, precisions
