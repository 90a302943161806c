"""pyarrow, imported on first use, its types and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from mixtura.errors import FileFormatError, InputError

__all__ = ["arrow", "arrow_errors", "kind_of"]


def arrow(module: str = "pyarrow") -> Any:
    """Return pyarrow or one of its modules.

    Raises
    ------
    InputError
        If pyarrow is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        msg = "reading and writing data files needs pyarrow: pip install 'mixtura[arrow]'"
        raise InputError(msg) from error


@contextmanager
def arrow_errors(path: Path, kind: str) -> Iterator[None]:
    """Turn what pyarrow raises while it reads `path` into a FileFormatError of one line."""
    try:
        yield
    except arrow().ArrowException as error:
        raise _damaged(path, kind, error) from error
    except OSError as error:
        # An operating system error has a number; without one the bytes themselves are at fault.
        if error.errno is not None:
            raise
        raise _damaged(path, kind, error) from error


def _damaged(path: Path, kind: str, error: BaseException) -> FileFormatError:
    reason = " ".join(str(error).split())
    return FileFormatError(f"{path}: cannot be read as {kind}, it is damaged or something else ({reason})")


def kind_of(dtype: Any) -> str:
    """Return what a column of this Arrow type holds, in one word: 'numbers' if they can be fitted."""
    types = arrow("pyarrow.types")
    if types.is_integer(dtype) or types.is_floating(dtype) or types.is_decimal(dtype):
        return "numbers"
    if types.is_boolean(dtype):
        return "true/false"
    if types.is_temporal(dtype):
        return "dates or times"
    if types.is_null(dtype):
        return "empty"
    if types.is_dictionary(dtype):
        return "categories"
    return "nested values" if types.is_nested(dtype) else "text"
