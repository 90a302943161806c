"""The share of the multiply-add peak that a pass reaches, over features, structures and components."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.machine import peak_now
from benchmarks.measure import interleaved, seconds
from benchmarks.table import Table
from benchmarks.threads import bound
from benchmarks.workloads import OVERLAPPING, Workload
from mixtura.threads import available_cores

__all__ = ["run"]

_FEATURES = (2, 4, 8, 16, 32, 64, 128, 256)
_COMPONENTS = (2, 4, 8, 16, 32, 64, 128, 256)
_FLOPS = 2e9  # of a pass: long beside the waking of a thread
_LEAST_ROWS = 4096  # enough tiles for all cores
_EXP = 28  # flops of one exponential
_NOTE = (
    "GFLOP/s of one pass over all cores, and the share of the peak of that type, measured in turns with it; "
    "medians of 5. Counted as useful are 2 d (d + 1) flops a row and component for full, 8 d for diag, 4 d "
    "for tied and spherical, and 28 for the exponential; the second number is the share without the "
    "exponential. The components overlap, so that nearly all of it is needed (in float32 at d = 256, seven "
    "eighths)."
)


def _useful(structure: str, d: int) -> int:
    return {"full": 2 * d * (d + 1), "diag": 8 * d, "tied": 4 * d, "spherical": 4 * d}[structure]


def _cells(workload: Workload, dtype: type[np.floating[Any]], repeats: int) -> list[str]:
    backend, params = bound(workload, dtype, available_cores())
    # The scatter that components with one whitener need is taken once a fit.
    backend.e_step(params)
    found = interleaved(
        {
            "pass": partial(seconds, partial(backend.e_step, params)),
            "peak": lambda: peak_now()[dtype.__name__],
        },
        repeats,
    )
    rate, peak = workload.n * workload.k * 1e-9 / found["pass"], found["peak"]
    useful = _useful(workload.structure, workload.d)
    return [
        f"{rate * (useful + _EXP):.0f}",
        f"{rate * (useful + _EXP) / peak:.0%}, {rate * useful / peak:.0%}",
    ]


def _row(structure: str, d: int, k: int, *, smoke: bool) -> list[str]:
    n = max(_LEAST_ROWS, int(_FLOPS / (k * (_useful(structure, d) + _EXP))))
    workload = Workload(700 if smoke else n, d, k, structure, 1, OVERLAPPING)
    return [cell for dtype in (np.float64, np.float32) for cell in _cells(workload, dtype, 1 if smoke else 5)]


def run(*, smoke: bool) -> list[Table]:
    """Time a pass of each structure for each number of features, and of full for each of components."""
    features = _FEATURES[:1] if smoke else _FEATURES
    components = _COMPONENTS[:2] if smoke else _COMPONENTS
    by_features = [
        [structure, str(d), *_row(structure, d, 16, smoke=smoke)]
        for structure in ("full", "diag", "tied", "spherical")
        for d in features
    ]
    by_components = [[str(k), *_row("full", 16, k, smoke=smoke)] for k in components]
    columns = ["float64", "share", "float32", "share"]
    return [
        Table("peak-share", ["", "d", *columns], by_features, f"K = 16. {_NOTE}"),
        Table("peak-share-components", ["K", *columns], by_components, f"Covariance full, d = 16. {_NOTE}"),
    ]
