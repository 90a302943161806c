"""`Span`: how far the numbers of each feature reach."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mixtura._typing import Float64Array, FloatArray

__all__ = ["Span", "span_of"]

_NARROW = 12


class Span(NamedTuple):
    """The least and the greatest number of each feature (d,)."""

    low: Float64Array
    high: Float64Array


def span_of(X: FloatArray, sample_weight: Float64Array | None) -> Span:
    """Look at all rows of a weight above 0."""
    counted = True if sample_weight is None else sample_weight > 0
    if X.shape[1] <= _NARROW:
        # NumPy reduces short rows one by one, which takes ten times as long.
        low = np.array([x.min(where=counted, initial=np.inf) for x in X.T])
        high = np.array([x.max(where=counted, initial=-np.inf) for x in X.T])
    else:
        rows = counted if sample_weight is None else (sample_weight > 0)[:, None]
        low = X.min(axis=0, where=rows, initial=np.inf)
        high = X.max(axis=0, where=rows, initial=-np.inf)
    return Span(low.astype(np.float64), high.astype(np.float64))
