"""`full` and `tied`: a covariance matrix a component, or one for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from mixtura._typing import Float64Array
from mixtura.covariance.base import Dense
from mixtura.covariance.regularisation import Regularisation
from mixtura.stats import SufficientStatistics

__all__ = ["Full", "Tied"]


@final
@dataclass(frozen=True)
class Full(Dense):
    """Each component has its own covariance matrix (mclust: VVV). Public shape (K, d, d)."""

    name = "full"
    is_shared = False
    is_plain = True

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """(K, d, d)."""
        return (n_components, n_features, n_features)

    def n_parameters(self, n_components: int, n_features: int) -> int:
        """K d(d+1)/2."""
        return n_components * n_features * (n_features + 1) // 2

    def estimate(self, stats: SufficientStatistics, reg: Regularisation) -> Float64Array:
        """Σ_k = S2_k / S0_k."""
        return reg.matrices(stats.s2 / stats.safe_s0[:, None, None])

    def public(self, core: Float64Array) -> Float64Array:
        """(K, d, d)."""
        return core


@final
@dataclass(frozen=True)
class Tied(Dense):
    """All components share one covariance matrix (mclust: EEE). Public shape (d, d)."""

    name = "tied"
    is_shared = True
    is_plain = True

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """(d, d)."""
        return (n_features, n_features)

    def n_parameters(self, n_components: int, n_features: int) -> int:
        """d(d+1)/2."""
        return n_features * (n_features + 1) // 2

    def estimate(self, stats: SufficientStatistics, reg: Regularisation) -> Float64Array:
        """Σ = Σ_k S2_k / W."""
        return self.public(reg.matrices(stats.s2 / stats.s0.sum()))

    def public(self, core: Float64Array) -> Float64Array:
        """(d, d)."""
        shared: Float64Array = core[0]
        return shared
