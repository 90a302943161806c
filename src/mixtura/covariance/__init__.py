"""Covariance structures: each is a constraint on the M-step, and nothing else."""

from mixtura.covariance.base import CovarianceStructure, Dense, Diagonal
from mixtura.covariance.diag import Diag, TiedDiag
from mixtura.covariance.full import Full, Tied
from mixtura.covariance.prior import CovariancePrior
from mixtura.covariance.registry import STRUCTURES, resolve
from mixtura.covariance.regularisation import Regularisation, RelativeFloor, Ridge
from mixtura.covariance.spherical import Spherical, TiedSpherical

__all__ = [
    "STRUCTURES",
    "CovariancePrior",
    "CovarianceStructure",
    "Dense",
    "Diag",
    "Diagonal",
    "Full",
    "Regularisation",
    "RelativeFloor",
    "Ridge",
    "Spherical",
    "Tied",
    "TiedDiag",
    "TiedSpherical",
    "resolve",
]
