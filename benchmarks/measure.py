"""Times on a machine that other work shares: medians of interleaved runs; and work in fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import Any

__all__ = ["in_fresh_process", "interleaved", "per_pass", "ratio", "seconds", "timed"]


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begin = perf_counter()
    work()
    return perf_counter() - begin


def timed(work: Callable[[int], object]) -> Callable[[int], float]:
    """Return a function that says how long `work` takes for a number."""
    return lambda number: seconds(lambda: work(number))


def per_pass(fit_seconds: Callable[[int], float], passes: int) -> float:
    """Return what a pass costs: what is no pass drops out of the difference of two fits."""
    short = fit_seconds(1)
    return (fit_seconds(1 + passes) - short) / passes


def interleaved(measurements: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Return the median of each measurement, taken in turns, so that noise of the machine meets all alike.

    Each is done once before, for what a first time costs.
    """
    for measure in measurements.values():
        measure()
    taken: dict[str, list[float]] = {name: [] for name in measurements}
    for _ in range(repeats):
        for name, measure in measurements.items():
            taken[name].append(measure())
    return {name: median(values) for name, values in taken.items()}


def ratio(slow: float, fast: float) -> str:
    """Return how many times faster, in two or three digits."""
    times = slow / fast
    return f"{times:.0f}×" if times >= 20 else f"{times:.1f}×"


def in_fresh_process(module: str, arguments: Sequence[str]) -> Any:
    """Run `python -m module arguments`; return the JSON that it prints."""
    words = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)
