"""`as_sample_weight`: case weights, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mixtura._typing import Float64Array
from mixtura.data.matrix import listed
from mixtura.errors import InputError

__all__ = ["as_sample_weight"]


def as_sample_weight(sample_weight: npt.ArrayLike | None, n_samples: int) -> Float64Array | None:
    """Return weights as a contiguous float64 array of shape (N,), or None for equal weights.

    Raises
    ------
    InputError
        If there is not one finite weight ≥ 0 a row, or if all are 0.
    """
    if sample_weight is None:
        return None
    try:
        weight: np.ndarray[Any, Any] = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        msg = "sample_weight must hold one real number a row"
        raise InputError(msg) from None
    if weight.ndim == 0:
        weight = np.full(n_samples, float(weight))
    if weight.shape != (n_samples,):
        msg = (
            f"sample_weight must have one number a row, that is shape ({n_samples},), "
            f"but has shape {weight.shape}"
        )
        raise InputError(msg)
    for what, bad in (("not finite", ~np.isfinite(weight)), ("negative", weight < 0)):
        rows = np.flatnonzero(bad)
        if len(rows):
            msg = f"sample_weight is {what} in {listed(rows)}: weights must be finite and at least 0"
            raise InputError(msg)
    if not weight.any():
        msg = "sample_weight is zero for every row: give at least one row a weight above 0"
        raise InputError(msg)
    return np.require(weight, requirements=["C", "A"])
