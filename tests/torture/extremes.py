"""Numbers at the ends of the dtype's range: in the data, and in the case weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.torture.faults import Data, Variants, blobs, with_far_row

__all__ = ["EXTREMES", "WEIGHT_EXTREMES"]


def _beyond_variances(dtype: str) -> Variants:
    X, labels = blobs(30)
    units = {"float64": (1e-200, 1e-160, 1e160, 1e200, 1e300), "float32": (1e-30, 1e-20, 1e20, 1e25, 1e35)}
    for unit in units[dtype]:
        yield f"{unit:g}", Data((X * unit).astype(dtype), 3, labels, may_refuse=True)
    distances = {"float64": (1e160, 1e200, 1e300), "float32": (1e20, 1e25, 1e35)}
    for name, rows, _ in with_far_row(distances[dtype], 31, dtype):
        yield f"a row at {name}", Data(rows, 2, may_refuse=True)


def _weights(dtype: str) -> Variants:
    X, labels = blobs(32)
    rows = X.astype(dtype)
    for size in (1e-300, 1e-100, 1e-20, 1e20, 1e100, 1e300):
        weight = np.full(len(rows), size)
        yield f"all {size:g}", Data(rows, 3, labels, sample_weight=weight)
    one = np.where(np.arange(len(rows)) == 0, 1.0, 1e-12)
    yield "one against the others", Data(rows, 3, sample_weight=one)


EXTREMES: dict[str, Callable[[str], Variants]] = {"units beyond the variances": _beyond_variances}
WEIGHT_EXTREMES: dict[str, Callable[[str], Variants]] = {"case weights of any size": _weights}
