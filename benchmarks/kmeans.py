"""k-means against scikit-learn's from the same centres: time, and where both end."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
from sklearn import cluster as peer

from benchmarks.measure import interleaved, ratio, seconds
from benchmarks.table import Table
from mixtura import KMeans

__all__ = ["run"]

_ROWS, _REPEATS = 1_000_000, 3
_SHAPES = ((2, 8), (2, 64), (16, 8), (16, 64), (64, 8), (64, 64), (16, 256), (64, 256))
_NOTE = (
    "{rows:,} rows in float64 about K centres; whole fits from the same centres with the default stop, "
    "after the same number of steps where one is given; seconds, medians of interleaved "
    "fits. Inertia: relative difference."
)


def _problem(n: int, d: int, k: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    centres = 2.0 * rng.standard_normal((k, d))
    X = rng.standard_normal((n, d)) + centres[rng.integers(k, size=n)]
    return X, X[:k].copy()


def run(*, smoke: bool) -> list[Table]:
    """Measure both libraries on each shape."""
    n = 5_000 if smoke else _ROWS
    rows = []
    warnings.simplefilter("ignore")  # of fits that have not converged
    for d, k in _SHAPES[: 2 if smoke else None]:
        X, start = _problem(n, d, k)
        settings: dict[str, Any] = {"init": start, "n_init": 1}
        models = {"mixtura": KMeans(k, **settings), "scikit-learn": peer.KMeans(k, **settings)}
        times = interleaved(
            {name: partial(seconds, partial(model.fit, X)) for name, model in models.items()},
            1 if smoke else _REPEATS,
        )
        ours, theirs = (times[name] for name in models)
        gap = abs(models["mixtura"].inertia_ / models["scikit-learn"].inertia_ - 1.0)
        steps = " / ".join(dict.fromkeys(str(model.n_iter_) for model in models.values()))
        cells = [f"d = {d}, K = {k}", steps, f"{theirs:.3g}", f"{ours:.3g}"]
        rows.append([*cells, ratio(theirs, ours), f"{gap:.0e}"])
    columns = ["", "steps", "scikit-learn", "mixtura", "", "inertia"]
    return [Table("kmeans", columns, rows, _NOTE.format(rows=n))]
