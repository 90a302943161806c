"""Type names used throughout."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Float64Array: TypeAlias = NDArray[np.float64]
FloatArray: TypeAlias = NDArray[np.floating[Any]]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
LabelArray: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int32]]
RowNumbers: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
