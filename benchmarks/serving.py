"""`predict_proba` against the graph of `to_onnx` in onnxruntime, call by call."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import onnxruntime
from sklearn.exceptions import ConvergenceWarning

from benchmarks.measure import interleaved, seconds
from benchmarks.table import Table
from benchmarks.workloads import Workload
from mixtura import GaussianMixture
from mixtura.errors import DegenerateFitWarning

__all__ = ["run"]

_MODELS = (
    Workload(100_000, 2, 3, "tied", 1),
    Workload(100_000, 8, 16, "diag", 1),
    Workload(100_000, 16, 32, "full", 1),
)
_ROWS_A_CALL = (1, 100, 10_000)
_ROWS_A_MEASUREMENT = 100_000
_MOST_CALLS = 2000
_NOTE = (
    "Thousands of rows a second, medians of 3 interleaved runs in one process, float64, each with the "
    "threads it takes by itself; probabilities agree to 1e-10."
)


def run(*, smoke: bool) -> list[Table]:
    """Time both on three models, by the rows that a call has."""
    rows = []
    for full_size in _MODELS:
        workload = full_size.smaller() if smoke else full_size
        X = workload.data()
        start = workload.start(X) | {"max_iter": 2}
        with warnings.catch_warnings():
            # Two passes end nowhere, and a smoke run has few rows.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", DegenerateFitWarning)
            model = GaussianMixture(**start).fit(X)
        content = model.to_onnx().SerializeToString()
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        ways = {"ours": model.predict_proba, "onnxruntime": partial(_served, session)}
        some = X[: max(_ROWS_A_CALL)]
        np.testing.assert_allclose(ways["onnxruntime"](some), ways["ours"](some), rtol=0, atol=1e-10)
        for number in _ROWS_A_CALL:
            block = np.ascontiguousarray(X[:number])
            calls = 1 if smoke else min(_MOST_CALLS, _ROWS_A_MEASUREMENT // number)
            times = interleaved(
                {name: partial(seconds, partial(_repeat, way, block, calls)) for name, way in ways.items()},
                1 if smoke else 3,
            )
            name = f"{workload.d}, {workload.k}, {workload.structure}"
            speeds = [_spaced(_thousands(calls * len(block) / times[way])) for way in ways]
            rows.append([name, f"{1e-3 * len(content):.3g} kB", _spaced(number), *speeds])
    columns = ["d, K, structure", "ONNX file", "rows a call", "`predict_proba`", "onnxruntime"]
    return [Table("serving", columns, rows, _NOTE)]


def _thousands(number: float) -> float:
    """Return thousands in three digits."""
    return float(f"{1e-3 * number:.3g}")


def _spaced(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ") if number >= 1000 else f"{number:g}"


def _served(session: onnxruntime.InferenceSession, X: np.ndarray) -> np.ndarray:
    return np.asarray(session.run(["probabilities"], {"X": X})[0])


def _repeat(way: Callable[[np.ndarray], np.ndarray], X: np.ndarray, calls: int) -> None:
    for _ in range(calls):
        way(X)
