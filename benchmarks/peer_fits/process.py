"""A peer in a process of its own: asked for so many passes, it answers with the seconds that they took."""

from __future__ import annotations

import select
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

__all__ = ["PASS_LIMIT", "PeerFailedError", "PeerProcess", "TooSlowError"]

PASS_LIMIT = 60  # seconds of a pass beyond which a peer is stopped


class TooSlowError(Exception):
    """A pass takes longer than PASS_LIMIT; the process has been stopped."""


class PeerFailedError(Exception):
    """The process ended without an answer; the message is its last words."""


class PeerProcess:
    """Words that start a process which reads numbers of passes, a line each, and answers in seconds."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._stopped = False

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._complaints = stack.enter_context(tempfile.TemporaryFile("w+"))
            self._process = subprocess.Popen(
                self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints, text=True
            )
            self._files = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # One that is still busy will not read that its input has ended.
        self._process.kill()
        self._process.communicate()
        self._files.close()

    def seconds(self, passes: int) -> float:
        """Return how long a fit of so many passes took, by the clock of the peer itself."""
        if self._stopped:
            raise TooSlowError
        if self._process.poll() is None:
            self._process.stdin.write(f"{passes}\n")
            self._process.stdin.flush()
        # The first answer also waits for libraries to load and compile: one pass more of patience.
        ready, _, _ = select.select([self._process.stdout], [], [], PASS_LIMIT * (passes + 1))
        if not ready:
            self._process.kill()  # or it would answer the next question with this one's answer
            self._stopped = True
            raise TooSlowError
        answer = self._process.stdout.readline()
        if not answer:
            self._complaints.seek(0)
            raise PeerFailedError(self._complaints.read()[-2000:])
        return float(answer)
