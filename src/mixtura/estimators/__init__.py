"""Estimators with scikit-learn's contract."""

from mixtura.estimators.gaussian_mixture import GaussianMixture

__all__ = ["GaussianMixture"]
