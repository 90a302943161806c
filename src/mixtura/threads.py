"""How many threads a pass may use."""

from __future__ import annotations

import os
from numbers import Integral

from mixtura.errors import InputError

__all__ = ["resolve_n_jobs"]

# The first that is set bounds the default. joblib and Dask set the OpenMP variable in their workers, to the
# share of the machine that each may use; we have no OpenMP, but we keep to what it says.
_LIMITS = ("MIXTURA_NUM_THREADS", "OMP_NUM_THREADS")
_MOST = 1024  # more threads find no work, and the core counts them in 32 bits


def available_cores() -> int:
    """Return the number of cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve_n_jobs(n_jobs: int | None) -> int:
    """Return the number of threads that `n_jobs` stands for.

    Parameters
    ----------
    n_jobs : int or None
        None: all cores of this process, at most MIXTURA_NUM_THREADS or else OMP_NUM_THREADS if set. A
        positive number: that many. A negative one: all cores but −n_jobs − 1, as in joblib.

    Returns
    -------
    int
        At least 1. The number of threads never changes a result.
    """
    if n_jobs is None:
        for name in _LIMITS:
            value = os.environ.get(name, "").split(",")[0].strip()
            if value.isdigit() and int(value) > 0:
                return min(available_cores(), int(value))
        return available_cores()
    if not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool) or n_jobs == 0:
        msg = f"n_jobs must be None, a positive or a negative integer, but got {n_jobs!r}"
        raise InputError(msg)
    return min(int(n_jobs), _MOST) if n_jobs > 0 else max(1, available_cores() + 1 + int(n_jobs))
