"""`Solution`: the parameters of a mixture of one structure, and the M-step that makes them."""

from __future__ import annotations

from dataclasses import dataclass

from mixtura._typing import Float64Array
from mixtura.covariance.base import CovarianceStructure
from mixtura.covariance.regularisation import Regularisation
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

__all__ = ["Solution", "m_step"]


@dataclass(frozen=True, eq=False)
class Solution:
    """Parameters as people read them (`covariances` in public shape) and as the E-step does (`params`)."""

    structure: CovarianceStructure
    covariances: Float64Array
    params: Params

    @property
    def core(self) -> Float64Array:
        """Covariances in core form."""
        return self.structure.core(self.covariances, *self.params.means.shape)


def m_step(structure: CovarianceStructure, stats: SufficientStatistics, reg: Regularisation) -> Solution:
    """Parameters that maximise the expected complete log-likelihood of `stats`, and the prior of `reg`.

    π_k = S0_k / Σ S0, μ_k ← μ_k + S1_k / S0_k, and Σ from the second moments about the new means (Dempster,
    Laird and Rubin, 1977). A component without any weight keeps its mean.
    """
    centred = stats.centred()
    seen = centred if reg.prior is None else reg.prior.augment(centred)
    covariances = structure.estimate(seen, reg)
    weights = stats.s0 / stats.s0.sum()
    return Solution(structure, covariances, structure.params(weights, centred.means, covariances))
