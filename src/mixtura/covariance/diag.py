"""`diag` and `tied_diag`: one variance a feature, a component each or one set for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from mixtura._typing import Float64Array
from mixtura.covariance.base import Diagonal
from mixtura.covariance.regularisation import Regularisation
from mixtura.stats import SufficientStatistics

__all__ = ["Diag", "TiedDiag"]


@final
@dataclass(frozen=True)
class Diag(Diagonal):
    """Each component has its own variance a feature (mclust: VVI). Public shape (K, d)."""

    name = "diag"
    is_shared = False
    is_plain = True

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """(K, d)."""
        return (n_components, n_features)

    def n_parameters(self, n_components: int, n_features: int) -> int:
        """K d."""
        return n_components * n_features

    def estimate(self, stats: SufficientStatistics, reg: Regularisation) -> Float64Array:
        """σ²_kj = S2_kj / S0_k."""
        return reg.variances(stats.s2 / stats.safe_s0[:, None])

    def public(self, core: Float64Array) -> Float64Array:
        """(K, d)."""
        return core


@final
@dataclass(frozen=True)
class TiedDiag(Diagonal):
    """All components share one variance a feature (mclust: EEI). Public shape (d,)."""

    name = "tied_diag"
    is_shared = True
    is_plain = True

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """(d,)."""
        return (n_features,)

    def n_parameters(self, n_components: int, n_features: int) -> int:
        """One a feature: d."""
        return n_features

    def estimate(self, stats: SufficientStatistics, reg: Regularisation) -> Float64Array:
        """σ²_j = Σ_k S2_kj / W."""
        return self.public(reg.variances(stats.s2 / stats.s0.sum()))

    def public(self, core: Float64Array) -> Float64Array:
        """(d,)."""
        shared: Float64Array = core[0]
        return shared
