"""A fit that keeps several threads busy, and its bits: for processes that have no fixtures."""

from __future__ import annotations

import os
import threading
import warnings
from typing import Any

import numpy as np

from mixtura import GaussianMixture
from mixtura.threads import resolve_n_jobs


def problem(seed: int = 0) -> np.ndarray[Any, Any]:
    """Three groups of rows, enough of them for a pass to be shared among threads."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(30_000, 4)) + 3.0 * rng.integers(3, size=(30_000, 1))


def fitted_bits(seed: int = 0, n_jobs: int | None = 3) -> bytes:
    """The bits of a fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fits that have not converged
        model = GaussianMixture(3, random_state=0, max_iter=15, n_jobs=n_jobs).fit(problem(seed))
    parts = (model.weights_, model.means_, model.covariances_, model.trace_, model.predict(problem(seed)))
    return b"".join(np.ascontiguousarray(part).tobytes() for part in parts)


def native_threads() -> int:
    """Threads of this process that Python did not start."""
    return len(os.listdir("/proc/self/task")) - threading.active_count()  # noqa: PTH208


def threads_of_a_worker(seed: int) -> tuple[bytes, int, int, str | None]:
    """Bits of a fit; threads that a fit may use here, those that it made, and what joblib says of it."""
    before = native_threads()
    found = fitted_bits(seed, None)
    return found, resolve_n_jobs(None), native_threads() - before, os.environ.get("OMP_NUM_THREADS")
