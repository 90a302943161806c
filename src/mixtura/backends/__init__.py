"""Backends: where the data are touched. Each has `e_step(params)` and `score(params, ...)`."""

from mixtura.backends.base import Backend, Scores
from mixtura.backends.native import NativeBackend
from mixtura.backends.reference import ReferenceBackend

__all__ = ["Backend", "NativeBackend", "ReferenceBackend", "Scores"]
