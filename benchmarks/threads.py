"""One and two threads: how much faster, and that no bit differs."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from benchmarks.measure import interleaved, seconds
from benchmarks.table import Table
from benchmarks.workloads import WORKLOADS
from mixtura.backends import NativeBackend
from mixtura.covariance import resolve
from mixtura.params import Params
from mixtura.threads import available_cores

__all__ = ["run"]

_NOTE = (
    "One pass in float64, medians of 9 interleaved runs. The sums of all numbers of threads are the same bit "
    "by bit, or this table would not be."
)


def bound(workload: Any, dtype: type[np.floating[Any]], n_threads: int) -> tuple[NativeBackend, Params]:
    """Return the rows of a workload bound to the native backend, and its start."""
    X = workload.data(dtype)
    start = workload.start(X)
    structure = resolve(workload.structure)
    whitener, log_det = structure.whiten_precisions(
        structure.core(np.array(start["precisions_init"]), workload.k, workload.d), workload.d
    )
    params = Params(start["weights_init"], start["means_init"], whitener, log_det)
    centre = X.mean(axis=0, dtype=np.float64)
    return NativeBackend(X, centre=centre, n_threads=n_threads), params


def run(*, smoke: bool) -> list[Table]:
    """Time a pass with each number of threads up to that of the cores, at most 8."""
    counts = [n for n in (1, 2, 4, 8) if n <= max(2, min(available_cores(), 8))]
    rows = []
    for full_size in WORKLOADS:
        workload = full_size.smaller() if smoke else full_size
        backends = {}
        for n in counts:
            backends[str(n)], params = bound(workload, np.float64, n)
        results = [backend.e_step(params) for backend in backends.values()]
        for other in results[1:]:
            for name in ("s0", "s1", "s2", "log_likelihood"):
                if not np.array_equal(getattr(results[0], name), getattr(other, name)):
                    msg = f"{workload.name}: {name} depends on the number of threads"
                    raise AssertionError(msg)
        times = interleaved(
            {name: lambda b=b, p=params: seconds(lambda: b.e_step(p)) for name, b in backends.items()},
            1 if smoke else 9,
        )
        one = times["1"]
        rows.append(
            [workload.name, f"{1e3 * one:.3g}", *(f"{one / t:.2f}×" for n, t in times.items() if n != "1")]
        )
    columns = ["N, d, K, structure", "1 thread, ms", *(f"{n} threads" for n in counts if n > 1)]
    return [Table("threads", columns, rows, f"{_NOTE} The machine has {os.cpu_count()} cores.")]
