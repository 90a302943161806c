"""The side of the peer: fit as often as asked, and leave the parameters in the folder of the problem."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import seconds
from benchmarks.peer_fits.problem import Found, Problem

__all__ = ["answer"]


def answer(problem: Problem, fit: Callable[[int], Any], parameters: Callable[[Any], Found]) -> None:
    """Read numbers of passes until the input ends."""
    for line in sys.stdin:
        models: list[Any] = []
        taken = seconds(lambda passes=int(line), models=models: models.append(fit(passes)))
        found = parameters(models[0])
        arrays = (found.weights_, found.means_, found.covariances_)
        np.concatenate([np.ravel(a).astype(np.float64) for a in arrays]).tofile(problem.folder / "found")
        print(taken, flush=True)
