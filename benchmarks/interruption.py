"""From Ctrl-C to KeyboardInterrupt during a fit of two million rows, at any moment of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any

import numpy as np

from benchmarks.table import Table
from mixtura import GaussianMixture

__all__ = ["run"]

_ROWS, _COMPONENTS, _TRIALS = 2_000_000, 8, 50
_FEATURES = (2, 4, 8)
_NOTE = (
    "Milliseconds from the signal to the KeyboardInterrupt in the program, over {trials} fits with the "
    "defaults of {rows:,} rows in {k} components. The signal comes from another process, at a moment drawn "
    "from the whole time that a fit takes, its start and the check of the data included. Slowest: where "
    "Python stood when it heard the signal that took longest."
)
# Another process presses, as a thread of this one would wait for the interpreter like the signal itself.
_PRESS = """
import os, signal, sys, time
for line in sys.stdin:
    time.sleep(float(line))
    now = time.perf_counter()
    os.kill(os.getppid(), signal.SIGINT)
    print(now, flush=True)
"""


class _Heard:
    """A handler of Ctrl-C like Python's own, that says where it was called."""

    place = ""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        while frame and "mixtura" not in Path(frame.f_code.co_filename).parts:
            frame = frame.f_back
        self.place = (
            f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}:{frame.f_lineno}"
            if frame
            else "outside"
        )
        raise KeyboardInterrupt


class _Trials:
    """Fits of the same rows, interrupted one after the other."""

    def __init__(self, presser: subprocess.Popen[str], heard: _Heard) -> None:
        assert presser.stdin is not None
        assert presser.stdout is not None
        self._orders: IO[str] = presser.stdin
        self._times: IO[str] = presser.stdout
        self._heard = heard

    def latency(self, X: np.ndarray[Any, Any], delay: float) -> tuple[float, str] | None:
        """Return how long a fit goes on, and where it heard; None if it was over before the signal."""
        over = False
        try:
            self._orders.write(f"{delay}\n")
            self._orders.flush()
            GaussianMixture(_COMPONENTS, random_state=0).fit(X)
            over = True
            time.sleep(60)
        except KeyboardInterrupt:
            ended = time.perf_counter()
        pressed = float(self._times.readline())
        return None if over else (ended - pressed, self._heard.place)


@contextmanager
def _trials() -> Iterator[_Trials]:
    heard = _Heard()
    before = signal.signal(signal.SIGINT, heard)
    words = [sys.executable, "-c", _PRESS]
    try:
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as presser:
            yield _Trials(presser, heard)
    finally:
        signal.signal(signal.SIGINT, before)


def run(*, smoke: bool) -> list[Table]:
    """Interrupt fits at random moments."""
    n, trials = (20_000, 3) if smoke else (_ROWS, _TRIALS)
    rng = np.random.default_rng(0)
    rows = []
    with _trials() as interrupted, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fits that have not converged
        for d in _FEATURES:
            centres = 1.5 * rng.standard_normal((_COMPONENTS, d))
            X = rng.standard_normal((n, d)) + centres[rng.integers(_COMPONENTS, size=n)]
            begin = time.perf_counter()
            GaussianMixture(_COMPONENTS, random_state=0).fit(X)
            whole = time.perf_counter() - begin
            found: list[tuple[float, str]] = []
            while len(found) < trials:
                latency = interrupted.latency(X, whole * rng.random())
                found += [latency] if latency else []
            rows.append([f"d = {d}", f"{whole:.1f} s", *_row(found)])
    note = _NOTE.format(trials=trials, rows=n, k=_COMPONENTS)
    return [Table("interruption", ["", "fit", "p50", "p99", "max", "slowest"], rows, note)]


def _row(found: list[tuple[float, str]]) -> list[str]:
    latencies = np.array([latency for latency, _ in found])
    places: defaultdict[str, list[float]] = defaultdict(list)
    for latency, place in found:
        places[place].append(1e3 * latency)
    for place, times in sorted(places.items(), key=lambda item: -max(item[1])):
        sys.stderr.write(f"  {place:<45} {len(times):>3} times, at most {max(times):6.1f} ms\n")
    p50, p99 = np.percentile(latencies, [50, 99])
    return [f"{1e3 * value:.1f}" for value in (p50, p99, latencies.max())] + [f"`{max(found)[1]}`"]
