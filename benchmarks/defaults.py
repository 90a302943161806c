"""Time to quality with defaults on real data: how high a likelihood is reached, and what that takes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import sklearn
from sklearn import mixture as peer

from benchmarks.measure import ratio
from benchmarks.table import Table
from mixtura import GaussianMixture

__all__ = ["run"]

_DATA = Path(__file__).with_name("data")
_NAMES = ("letter", "magic", "penbased")
_COUNTS = (10, 30)
_SEEDS = 5
_NOTE = (
    "Mean log-likelihood a row, in nats, over {seeds} seeds, and the difference between the best and the "
    "worst; seconds a fit, medians, taken in turns. Standardised features, covariance full, reg_covar=1e-3 "
    f"for both, all else the defaults of mixtura and of scikit-learn {sklearn.__version__}, whose fits start "
    "from k-means once or ten times."
)
_ESTIMATORS: Mapping[str, Any] = {
    "mixtura": GaussianMixture,
    "scikit-learn": peer.GaussianMixture,
    "scikit-learn, n_init=10": partial(peer.GaussianMixture, n_init=10),
}


def _standardised(name: str) -> np.ndarray[Any, Any]:
    with np.load(_DATA / f"{name}.npz") as held:
        X = held["X"].astype(np.float64)
    return (X - X.mean(axis=0)) / X.std(axis=0)


def _quality(heights: Sequence[float]) -> str:
    return f"{np.mean(heights):.3f} ± {np.ptp(heights):.2f}"


def run(*, smoke: bool) -> list[Table]:
    """Fit each set with each seed by each estimator, in turns."""
    rows = []
    warnings.simplefilter("ignore")  # of fits that have not converged, and of degenerate ones
    for k in _COUNTS[: 1 if smoke else None]:
        for name in _NAMES[:1] if smoke else _NAMES:
            X = _standardised(name)[: 1000 if smoke else None]
            heights: dict[str, list[float]] = {which: [] for which in _ESTIMATORS}
            times: dict[str, list[float]] = {which: [] for which in _ESTIMATORS}
            for seed in range(1 if smoke else _SEEDS):
                for which, estimator in _ESTIMATORS.items():
                    begin = perf_counter()
                    model = estimator(k, reg_covar=1e-3, random_state=seed).fit(X)
                    times[which].append(perf_counter() - begin)
                    heights[which].append(float(model.score(X)))
            ours, one, _ = (median(times[which]) for which in _ESTIMATORS)
            cells = [f"{_quality(heights[which])}, {median(times[which]):.3g} s" for which in _ESTIMATORS]
            rows.append([f"{name}, K = {k}", *cells, ratio(one, ours)])
    columns = ["", *_ESTIMATORS, "faster than one start"]
    return [Table("defaults", columns, rows, _NOTE.format(seeds=_SEEDS))]
