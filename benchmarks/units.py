"""Units do not matter: a fit of data that are mapped linearly, against the fit of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn import mixture as peer
from sklearn.datasets import make_blobs
from sklearn.metrics.cluster import contingency_matrix

from benchmarks.table import Table
from mixtura import GaussianMixture

__all__ = ["run"]

_MAPS = 1000
_SPREADS = {"a few": 1.0, "six decades": 3.0}
_LIMIT = 1e-8
_NOTE = (
    "Four blobs (400 rows, stretched by a random matrix) under {maps} random maps x A + b: A of standard "
    "normals, its columns times powers of ten drawn from within the decades that are named. Labels that "
    "change, of all rows of all maps, however the groups are numbered; the difference between the "
    "log-density of a mapped row and that of the row, less log |det A|: the largest over rows, as median and "
    "maximum over maps, and how many maps have one above 1e-8."
)


def _changed(labels: np.ndarray[Any, Any], others: np.ndarray[Any, Any]) -> int:
    """Return how many rows are not in the group that corresponds to theirs."""
    common = contingency_matrix(labels, others)
    return int(len(labels) - common[linear_sum_assignment(-common)].sum())


def _of_maps(estimator: Any, X: np.ndarray[Any, Any], decades: float, maps: int) -> list[str]:
    model = estimator(4, random_state=0).fit(X)
    labels, log_density = model.predict(X), model.score_samples(X)
    rng = np.random.default_rng(0)
    changed, errors = 0, []
    for _ in range(maps):
        a = rng.normal(size=(2, 2)) * 10.0 ** rng.uniform(-decades, decades, size=2)
        mapped = X @ a + rng.normal(size=2) * 10.0 ** rng.uniform(-decades, decades)
        again = estimator(4, random_state=0).fit(mapped)
        changed += _changed(labels, again.predict(mapped))
        gaps = again.score_samples(mapped) + np.linalg.slogdet(a)[1] - log_density
        errors.append(float(np.abs(gaps).max()))
    above = sum(error > _LIMIT for error in errors)
    return [str(changed), f"{np.median(errors):.1e}", f"{max(errors):.1e}", str(above)]


def run(*, smoke: bool) -> list[Table]:
    """Map the data in many ways, and fit each by both libraries."""
    maps = 5 if smoke else _MAPS
    X, _ = make_blobs(400, centers=4, cluster_std=0.6, random_state=0)
    X = X @ np.random.RandomState(13).randn(2, 2)
    rows = []
    for name, decades in _SPREADS.items():
        for library, estimator in (("mixtura", GaussianMixture), ("scikit-learn", peer.GaussianMixture)):
            rows.append([f"{name}, {library}", *_of_maps(estimator, X, decades, maps)])
    columns = ["decades", "labels changed", "median", "largest", "above 1e-8"]
    return [Table("units", columns, rows, _NOTE.format(maps=maps))]
