"""The number of components and the covariance structure, chosen by a criterion."""

from mixtura.selection.results import Candidate, Comparison, Criterion, Selection
from mixtura.selection.select import SELECTION_DEFAULTS, select
from mixtura.selection.selector import MixtureSelector

__all__ = [
    "SELECTION_DEFAULTS",
    "Candidate",
    "Comparison",
    "Criterion",
    "MixtureSelector",
    "Selection",
    "select",
]
