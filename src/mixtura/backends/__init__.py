"""Backends: where the data are touched. Each has `e_step(params)` and `score(params, ...)`."""

from mixtura.backends.base import Backend, Course, End, Leg, RunningBackend, Scores, Task, Watch
from mixtura.backends.native import NativeBackend
from mixtura.backends.partitioned import Blocks, PartitionedBackend
from mixtura.backends.reference import ReferenceBackend

__all__ = [
    "Backend",
    "Blocks",
    "Course",
    "End",
    "Leg",
    "NativeBackend",
    "PartitionedBackend",
    "ReferenceBackend",
    "RunningBackend",
    "Scores",
    "Task",
    "Watch",
]
