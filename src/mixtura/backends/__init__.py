"""Backends: where the data are touched. Each has `e_step(params)` and `score(params, ...)`."""

from mixtura.backends.base import Backend, End, Leg, RunningBackend, Scores, Task
from mixtura.backends.native import NativeBackend
from mixtura.backends.reference import ReferenceBackend

__all__ = [
    "Backend",
    "End",
    "Leg",
    "NativeBackend",
    "ReferenceBackend",
    "RunningBackend",
    "Scores",
    "Task",
]
