"""The share of the machine's multiply-add peak that a pass reaches, over features and structures."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.machine import peak_now
from benchmarks.measure import interleaved, seconds
from benchmarks.table import Table
from benchmarks.threads import bound
from benchmarks.workloads import Workload
from mixtura.threads import available_cores

__all__ = ["run"]

_FEATURES = (2, 4, 8, 16, 32, 64, 128)
_COMPONENTS = 16
_FLOPS = 2e9  # of a pass: long beside the waking of a thread
_EXP = 28  # flops of one exponential
_NOTE = (
    "GFLOP/s of one pass over all cores, K = 16, and the share of the peak of that type, measured in turns "
    "with it; medians of 7. Counted as useful are 2 d (d + 1) flops a row and component for full, 8 d for "
    "diag, 4 d for tied and spherical, and 28 for the exponential; the second number is the share without "
    "the exponential."
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


def run(*, smoke: bool) -> list[Table]:
    """Time a pass of each structure for each number of features."""
    rows = []
    for structure in ("full", "diag", "tied", "spherical"):
        for d in _FEATURES[:2] if smoke else _FEATURES:
            n = 700 if smoke else int(_FLOPS / (_COMPONENTS * (_useful(structure, d) + _EXP)))
            workload = Workload(n, d, _COMPONENTS, structure, 1)
            cells = [_cells(workload, dtype, 1 if smoke else 7) for dtype in (np.float64, np.float32)]
            rows.append([structure, str(d), *cells[0], *cells[1]])
    return [Table("peak-share", ["", "d", "float64", "share", "float32", "share"], rows, _NOTE)]
