"""`spherical` and `tied_spherical`: one variance a component, or one for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from mixtura._typing import Float64Array
from mixtura.covariance.base import Diagonal
from mixtura.covariance.regularisation import Regularisation
from mixtura.stats import SufficientStatistics

__all__ = ["Spherical", "TiedSpherical"]


@final
@dataclass(frozen=True)
class Spherical(Diagonal):
    """Each component has one variance for all features (mclust: VII). Public shape (K,)."""

    name = "spherical"
    is_shared = False
    is_plain = True
    is_spherical = True

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """(K,)."""
        return (n_components,)

    def n_parameters(self, n_components: int, n_features: int) -> int:
        """One a component: K."""
        return n_components

    def estimate(self, stats: SufficientStatistics, reg: Regularisation) -> Float64Array:
        """σ²_k = Σ_j S2_kj / (d S0_k)."""
        return reg.radii(stats.s2.sum(axis=1) / (stats.means.shape[1] * stats.safe_s0))

    def core(self, public: Float64Array, n_components: int, n_features: int) -> Float64Array:
        """(K, 1)."""
        return public[:, None]

    def public(self, core: Float64Array) -> Float64Array:
        """(K,)."""
        return core[:, 0]


@final
@dataclass(frozen=True)
class TiedSpherical(Diagonal):
    """All components share one variance for all features (mclust: EII). Public shape ()."""

    name = "tied_spherical"
    is_shared = True
    is_plain = True
    is_spherical = True

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """A single number."""
        return ()

    def n_parameters(self, n_components: int, n_features: int) -> int:
        """1."""
        return 1

    def estimate(self, stats: SufficientStatistics, reg: Regularisation) -> Float64Array:
        """σ² = Σ_kj S2_kj / (d W)."""
        return reg.radii(stats.s2.sum(axis=1) / (stats.means.shape[1] * stats.s0.sum())).reshape(())

    def core(self, public: Float64Array, n_components: int, n_features: int) -> Float64Array:
        """(1, 1)."""
        return public.reshape(1, 1)

    def public(self, core: Float64Array) -> Float64Array:
        """A single number."""
        return np.asarray(core[0, 0])
