"""Gaussian mixtures that find the optimum, tell when they cannot, and run at the speed of the machine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "GaussianMixture",
    "KMeans",
    "Mixture",
    "MixtureClassifier",
    "MixtureOutlierDetector",
    "MixtureSelector",
    "MixtureStatistics",
    "__version__",
    "datasets",
    "load",
    "show_config",
]

if TYPE_CHECKING:
    from mixtura import datasets
    from mixtura.classifier import MixtureClassifier
    from mixtura.config import show_config
    from mixtura.estimators import GaussianMixture, KMeans
    from mixtura.io import load
    from mixtura.mixture import Mixture
    from mixtura.mixture_statistics import MixtureStatistics
    from mixtura.outliers import MixtureOutlierDetector
    from mixtura.selection import MixtureSelector

# Imported on first use, so that `mixtura --help` and `import mixtura` do not pay for what they do not need.
_HOMES = {
    "GaussianMixture": "mixtura.estimators",
    "KMeans": "mixtura.estimators",
    "Mixture": "mixtura.mixture",
    "MixtureClassifier": "mixtura.classifier",
    "MixtureOutlierDetector": "mixtura.outliers",
    "MixtureSelector": "mixtura.selection",
    "MixtureStatistics": "mixtura.mixture_statistics",
    "load": "mixtura.io",
    "show_config": "mixtura.config",
}


def __getattr__(name: str) -> object:
    if name == "datasets":
        return import_module("mixtura.datasets")
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    msg = f"module 'mixtura' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
