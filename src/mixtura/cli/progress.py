"""A bar on standard error for long fits; nothing for short ones or where there is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from mixtura.cli.render import console
from mixtura.em import Progress
from mixtura.selection import Candidate

__all__ = ["FitProgress"]

_SECONDS_BEFORE = 1.0


class FitProgress:
    """Shows how far a selection is, once it has taken a second.

    Parameters
    ----------
    plan : sequence of (int, str)
        The candidates to come, in order.
    wanted : bool
        Whether to show anything.
    """

    def __init__(self, plan: Sequence[tuple[int, str]], *, wanted: bool) -> None:
        self._plan = plan
        self._done = 0
        self._begin = time.monotonic()
        self._bar: Bar | None = None
        self._wanted = wanted and sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def on_pass(self, progress: Progress) -> None:
        """Show the pass that is done; for `GaussianMixture(callback=...)`."""
        self._show(f"start {progress.init + 1}, pass {progress.iteration}")

    def on_candidate(self, candidate: Candidate) -> None:
        """Count a candidate; for `select(on_candidate=...)`."""
        self._done += 1
        self._show("")

    def _show(self, detail: str) -> None:
        if not self._wanted or time.monotonic() - self._begin < _SECONDS_BEFORE:
            return
        k, structure = self._plan[min(self._done, len(self._plan) - 1)]
        description = f"{k} {'component' if k == 1 else 'components'}, {structure}"
        if self._bar is None:
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TextColumn("{task.fields[detail]}"),
                console=console(sys.stderr),
                transient=True,
            )
            self._bar.add_task(description, total=len(self._plan), detail="")
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=self._done, description=description, detail=detail)
