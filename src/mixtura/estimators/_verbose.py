"""`verbose=`: scikit-learn's progress lines, as a callback."""

from __future__ import annotations

import sys
from time import perf_counter

from mixtura.em import Callback, Progress

__all__ = ["with_verbose"]


def with_verbose(callback: Callback | None, verbose: int, interval: int) -> Callback | None:
    """Return a callback that prints every `interval` passes and then calls `callback`."""
    if not verbose:
        return callback
    last = perf_counter()

    def report(progress: Progress) -> object:
        nonlocal last
        if progress.iteration == 1:
            sys.stdout.write(f"Initialization {progress.init}\n")
        if progress.iteration % interval == 0:
            line = f"  Iteration {progress.iteration}"
            if verbose > 1:
                now = perf_counter()
                line += f"\t time lapse {now - last:.5f}s\t ll change {progress.gain:.5f}"
                last = now
            sys.stdout.write(line + "\n")
        return callback(progress) if callback is not None else None

    return report
