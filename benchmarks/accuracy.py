"""Digits that are left when data lie far from the origin, in float64 and in float32."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn import mixture as peer
from sklearn.exceptions import ConvergenceWarning

from benchmarks.table import Table
from benchmarks.workloads import start_at
from mixtura import GaussianMixture

__all__ = ["run"]

_OFFSETS = (0.0, 1e3, 1e6)
_STRUCTURES = ("full", "tied", "diag", "spherical")
_PASSES = 20
_NOTE = (
    "Largest error of the covariances after 20 passes from the same start, as a share of the largest: "
    "against a float64 fit of the same numbers moved to the origin. Three normals in 8 features, 20 000 rows "
    "of standard deviation 1, plus the offset in every feature. In float32 the offset rounds the data "
    "themselves; the reference sees them rounded."
)


def _fit(estimator: type[Any], X: np.ndarray[Any, Any], means: np.ndarray[Any, Any], structure: str) -> Any:
    return estimator(max_iter=_PASSES, reg_covar=0.0, **start_at(means, structure, 1.0)).fit(X)


def run(*, smoke: bool) -> list[Table]:
    """Fit the same rows at several distances from the origin."""
    n, d, k = (600 if smoke else 20_000), 8, 3
    rng = np.random.default_rng(0)
    centres = 2.0 * rng.standard_normal((k, d))
    base = rng.standard_normal((n, d)) + centres[rng.integers(k, size=n)]
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for dtype in (np.float64, np.float32):
            for offset in _OFFSETS:
                X = (base + offset).astype(dtype)
                at_origin = X.astype(np.float64) - offset
                cells = [dtype.__name__, f"{offset:g}"]
                for structure in _STRUCTURES:
                    exact = _fit(GaussianMixture, at_origin, centres, structure).covariances_
                    for estimator in (GaussianMixture, peer.GaussianMixture):
                        try:
                            found = _fit(estimator, X, centres + offset, structure).covariances_
                        except ValueError:
                            cells.append("fails")
                            continue
                        error = np.abs(found.astype(np.float64) - exact).max() / np.abs(exact).max()
                        cells.append(f"{error:.0e}")
                rows.append(cells)
    columns = ["", "offset"]
    for structure in _STRUCTURES:
        columns += [structure, "scikit-learn"]
    return [Table("accuracy", columns, rows, _NOTE)]
