"""What the user is told when something goes wrong: one line, and an exit status."""

from __future__ import annotations

import errno
import io
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from cyclopts import CycloptsError
from cyclopts.exceptions import UnusedCliTokensError

from mixtura._text import one_line
from mixtura.errors import InputError

__all__ = ["exit_status"]

# What can befall only a file that is written to; where it has no name, it is standard output.
_WRITE_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF})

_MISTAKE = 2
_INTERRUPTED = 130
_PIPE_CLOSED = 141


def exit_status(command: Callable[[], object]) -> int:
    """Run a command; return 0, or tell in one line what went wrong and return another number.

    Only mistakes of the user and faults of the machine are told so: an error in the program itself is raised.
    """
    _prepare_streams()
    with warnings.catch_warnings():
        # Warnings of libraries to programmers are not for the person at the terminal.
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show_warning
        try:
            command()
            sys.stdout.flush()
        except CycloptsError as error:
            return _told(f"{_usage(error)} (see {_help_of(error)})", _MISTAKE)
        except InputError as error:
            return _told(str(error), _MISTAKE)
        except MemoryError as error:
            return _told(f"there is not enough memory for this: {error}", _MISTAKE)
        except BrokenPipeError:
            # Whoever read our output has seen enough, as `head` does.
            _give_up_stdout()
            return _PIPE_CLOSED
        except OSError as error:
            status = _told(_system_message(error), _MISTAKE)
            _give_up_stdout()
            return status
        except KeyboardInterrupt:
            return _told("interrupted: nothing more was written", _INTERRUPTED)
    return 0


def _told(message: str, status: int) -> int:
    _tell(f"error: {one_line(message)}\n")
    return status


def _tell(line: str) -> None:
    # Where nobody can be told, the exit status has to do.
    with suppress(OSError):
        sys.stderr.write(line)
        sys.stderr.flush()


def _prepare_streams() -> None:
    """Let any text go to any stream: a closed one is the null device, and what has no code there is '?'."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _usage(error: CycloptsError) -> str:
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return f"{error.unused_tokens[0]!r} is one argument too many"
    return str(error).rstrip(".")


def _help_of(error: CycloptsError) -> str:
    chain = [word for word in error.command_chain or () if not word.startswith("-")]
    return " ".join(["mixtura", *chain, "--help"])


def _system_message(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"{error.filename}: {reason}"
    return f"standard output: {reason}" if error.errno in _WRITE_FAULTS else reason


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _tell(f"warning: {one_line(str(message))}\n")


def _give_up_stdout() -> None:
    """Drop what standard output cannot take, so that the interpreter does not try again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
