"""The compiled passes over data; `backends/native.py` says what they compute."""

from collections.abc import Callable, Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

_F64 = NDArray[np.float64]
_F32 = NDArray[np.float32]
_Rows = NDArray[np.float64] | NDArray[np.float32]

# weights, means, covariances, whitener, log_det, scatter
_Start = tuple[_F64, _F64, _F64, _F64, _F64, _F64 | None]
# ridge, floor, prior, strength
_Bounds = tuple[float, _F64 | None, _F64 | None, float]
# tol, still, accelerate, passes, evaluate, previous, previous_gain
_Course = tuple[float, float, bool, int, bool, float, float]
_Task = tuple[_Start, _Bounds, _Course]
# (weights, means, covariances, whitener, log_det), trace, steps, rejected, why it ended, (S0, S1, S2, L)
_Result = tuple[
    tuple[_F64, _F64, _F64, _F64, _F64] | None,
    list[float],
    int,
    int,
    str,
    tuple[_F64, _F64, _F64, float] | None,
]

class _Config(TypedDict):
    instruction_set: str
    available: list[str]
    lanes_float64: int
    lanes_float32: int
    compiler: str

def e_step_dense(
    X: _Rows,
    sample_weight: _F64 | None,
    centre: _F64,
    means: _F64,
    whitener: _F64,
    offset: _F64,
    n_threads: int,
) -> tuple[_F64, _F64, _F64, float]: ...
def e_step_diagonal(
    X: _Rows,
    sample_weight: _F64 | None,
    centre: _F64,
    means: _F64,
    whitener: _F64,
    offset: _F64,
    n_threads: int,
) -> tuple[_F64, _F64, _F64, float]: ...
def e_step_shared(
    X: _Rows,
    sample_weight: _F64 | None,
    centre: _F64,
    means: _F64,
    whitener: _F64,
    offset: _F64,
    scatter: _F64,
    reach: _F64,
    n_threads: int,
) -> tuple[_F64, _F64, _F64, float]: ...
def score(
    X: _Rows,
    centre: _F64,
    means: _F64,
    whitener: _F64,
    offset: _F64,
    n_threads: int,
    log_prob: bool = False,
    resp: bool = False,
    labels: bool = False,
) -> tuple[_F64 | None, _F64 | None, NDArray[np.int64] | None]: ...
def nearest(
    X: _Rows, centre: _F64, centers: _F64, unit: float, n_threads: int
) -> tuple[NDArray[np.int32], _F64]: ...
def min_update(
    X: _Rows,
    sample_weight: _F64 | None,
    centre: _F64,
    point: _F64,
    scale: float,
    closest: _F32,
    n_threads: int,
) -> float: ...
def potential(
    X: _Rows,
    sample_weight: _F64 | None,
    centre: _F64,
    candidates: _F64,
    scale: float,
    closest: _F32,
    n_threads: int,
) -> _F64: ...
def lloyd_step(
    X: _Rows,
    sample_weight: _F64 | None,
    centre: _F64,
    centers: _F64,
    before: _F64 | None,
    unit: float,
    n_threads: int,
    labels: NDArray[np.int32],
    lower: _F32,
) -> tuple[_F64, _F64, float, int]: ...
def em(
    X: _Rows,
    sample_weight: _F64 | None,
    centre: _F64,
    weight: float,
    reach: _F64 | None,
    tasks: Sequence[_Task],
    watch: Callable[[float, float], bool] | None,
    n_threads: int,
) -> list[_Result]: ...
def is_short_pass(n_samples: int, n_features: int, n_components: int, dense: bool) -> bool: ...
def whiten(covariances: _F64) -> tuple[_F64, _F64, int]: ...
def first_indefinite(matrices: _F64) -> int: ...
def config() -> _Config: ...
def set_instruction_set(name: str) -> None: ...
