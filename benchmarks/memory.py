"""Memory beyond the data in fit and scoring: the peak of a fresh process, as a share of the bytes of X."""

from __future__ import annotations

import json
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import mixture as peer

from benchmarks.measure import in_fresh_process
from benchmarks.table import Table
from mixtura import GaussianMixture

__all__ = ["run"]

_WORK = ("fit", "predict", "score_samples", "predict_proba")
_SHAPES = ((2_000_000, 2, 8), (200_000, 16, 20), (100_000, 64, 16), (50_000, 16, 100))
_NOTE = (
    "Peak memory above that of the process with the data in it, as a share of the bytes of X in float64, "
    "covariance full. `fit` includes its start. `predict` returns 8 bytes a row, `score_samples` 8, "
    "`predict_proba` 8 K: these are counted."
)


def _peak_bytes() -> int:
    """Return the most that this process ever had; getrusage counts its parent's at the fork too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def _extra(library: str, work: str, n: int, d: int, k: int) -> float:
    """In a fresh process: the share of X by which the peak rises."""
    estimator = GaussianMixture if library == "mixtura" else peer.GaussianMixture
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    X = np.empty((n, d))
    rng.standard_normal(out=X)
    X[: n // 2] += 3.0
    model: Any = estimator(k, max_iter=2, random_state=0)
    # What a library loads on its first use is not its need for these data. Only two components: the copies of
    # K covariances that a start holds are.
    estimator(2, max_iter=2, random_state=0).fit(X[:1000])
    if work != "fit":
        model.fit(X[: 20 * k])
        getattr(model, work)(X[:1000])
    before = _peak_bytes()
    getattr(model, work)(X)
    return (_peak_bytes() - before) / X.nbytes


def run(*, smoke: bool) -> list[Table]:
    """Measure each call of both libraries in a process of its own."""
    shapes = [(20_000, 4, 3)] if smoke else _SHAPES
    rows = []
    for n, d, k in shapes:
        for library in ("mixtura", "scikit-learn"):
            shares = [
                in_fresh_process("benchmarks.memory", [library, work, str(n), str(d), str(k)])
                for work in _WORK
            ]
            rows.append([f"{n:_}, {d}, {k}".replace("_", " "), library, *(f"{s:.2f}" for s in shares)])
    return [Table("memory", ["N, d, K", "", *(f"`{work}`" for work in _WORK)], rows, _NOTE)]


if __name__ == "__main__":
    library, work, *numbers = sys.argv[1:]
    sys.stdout.write(json.dumps(_extra(library, work, *map(int, numbers))))
