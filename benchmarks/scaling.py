"""Time in proportion to the number of rows, from a thousand to four million."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.measure import interleaved, seconds
from benchmarks.table import Table
from benchmarks.threads import bound
from benchmarks.workloads import Workload
from mixtura.threads import available_cores

__all__ = ["run"]

_ROWS = (1_000, 4_000, 16_000, 64_000, 250_000, 1_000_000, 4_000_000)
_FEATURES, _COMPONENTS = 8, 16
_LASTING = 200_000  # rows that a measurement goes through at least, so that it lasts long beside the clock
_NOTE = (
    f"One pass of EM over all cores, d = {_FEATURES}, K = {_COMPONENTS}, covariance full: milliseconds, and "
    "nanoseconds a row and component, which are the same for all N if the time is in proportion to the rows. "
    "Medians of 5."
)


def _times(n: int, repeats: int) -> list[float]:
    passes = max(1, _LASTING // n)
    measurements = {}
    for dtype in (np.float64, np.float32):
        workload = Workload(n, _FEATURES, _COMPONENTS, "full", passes)
        backend, params = bound(workload, dtype, available_cores())

        def several(step: partial[object], passes: int = passes) -> None:
            for _ in range(passes):
                step()

        measurements[dtype.__name__] = partial(seconds, partial(several, partial(backend.e_step, params)))
    return [taken / passes for taken in interleaved(measurements, repeats).values()]


def run(*, smoke: bool) -> list[Table]:
    """Time a pass for each number of rows."""
    rows = []
    for n in _ROWS[:2] if smoke else _ROWS:
        cells = [f"{n:_}".replace("_", " ")]
        for taken in _times(n, 1 if smoke else 5):
            cells += [f"{1e3 * taken:.3g}", f"{1e9 * taken / (n * _COMPONENTS):.2f}"]
        rows.append(cells)
    return [Table("scaling", ["N", "float64, ms", "ns", "float32, ms", "ns"], rows, _NOTE)]
