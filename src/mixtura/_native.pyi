"""The compiled passes over data; `backends/native.py` says what they compute."""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

_F64 = NDArray[np.float64]
_F32 = NDArray[np.float32]
_Rows = NDArray[np.float64] | NDArray[np.float32]

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
    n_threads: int,
) -> tuple[_F64, _F64, float]: ...
def e_step_linear(
    X: _Rows,
    sample_weight: _F64 | None,
    centre: _F64,
    slopes: _F64,
    intercepts: _F64,
    n_threads: int,
) -> tuple[_F64, _F64, float]: ...
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
def nearest(X: _Rows, centre: _F64, centers: _F64, n_threads: int) -> tuple[NDArray[np.int32], _F64]: ...
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
    n_threads: int,
    labels: NDArray[np.int32],
) -> tuple[_F64, _F64, float, int]: ...
def whiten(covariances: _F64) -> tuple[_F64, _F64, int]: ...
def first_indefinite(matrices: _F64) -> int: ...
def config() -> _Config: ...
def set_instruction_set(name: str) -> None: ...
