"""Backends: where the data are touched. Each has `e_step(params)` and `score(params, ...)`."""

from mixtura.backends.base import Backend, Course, End, Leg, RunningBackend, Scores, Task, Watch
from mixtura.backends.native import NativeBackend
from mixtura.backends.reference import ReferenceBackend

__all__ = [
    "Backend",
    "Course",
    "End",
    "Leg",
    "NativeBackend",
    "ReferenceBackend",
    "RunningBackend",
    "Scores",
    "Task",
    "Watch",
]
