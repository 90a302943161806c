"""`write_table`: columns to a file that is either complete or not there."""

from __future__ import annotations

import csv
import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy.typing as npt

from mixtura.data.arrow import arrow
from mixtura.errors import FileFormatError
from mixtura.io.atomic import replacing

__all__ = ["check_output", "write_csv", "write_table", "writing"]

_WRITABLE = (".csv", ".parquet")


def check_output(path: str | os.PathLike[str], *, endings: tuple[str, ...] = _WRITABLE) -> Path:
    """Refuse, before any work, a file that could not be written in the end.

    Parameters
    ----------
    path : path
    endings : tuple of str
        How the name may end; empty for any.

    Raises
    ------
    FileFormatError
        If it ends otherwise.
    OSError
        If its folder is not there or cannot be written to, or it is a folder itself.
    """
    path = Path(path)
    if endings and path.suffix.lower() not in endings:
        msg = f"{path}: output can be written as {' or '.join(endings)} only"
        raise FileFormatError(msg)
    folder = path.resolve().parent
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {folder} to write to", str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "is not a plain file, so it cannot be replaced", str(path))
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, f"the folder {folder} cannot be written to", str(path))
    return path


def write_table(path: str | os.PathLike[str], columns: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write columns to a .csv or .parquet file, all or nothing.

    A file that was there is replaced only when the new one is complete and on disk.

    Parameters
    ----------
    path : path
    columns : mapping of str to ndarray of shape (N,)

    Raises
    ------
    OSError
        If the disk is full or the like; nothing has changed then.
    """
    path = check_output(path)
    # A link stays one: what it points to is replaced.
    with writing(path), replacing(path.resolve()) as stream:
        if path.suffix.lower() == ".csv":
            write_csv(stream, columns)
        else:
            arrow("pyarrow.parquet").write_table(_arrow_table(columns), stream)


def write_csv(stream: BinaryIO, columns: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write columns of numbers to an open file: names quoted only where they must be."""
    header = _Line()
    csv.writer(header, lineterminator="\n").writerow(columns)
    stream.write(header.text.encode())
    writer = arrow("pyarrow.csv")
    writer.write_csv(_arrow_table(columns), stream, writer.WriteOptions(include_header=False))


class _Line:
    """What `csv.writer` needs of a file."""

    text = ""

    def write(self, text: str) -> None:
        self.text += text


def _arrow_table(columns: Mapping[str, npt.NDArray[Any]]) -> Any:
    pa = arrow()
    return pa.table([pa.array(values) for values in columns.values()], names=list(columns))


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[None]:
    """Let an OSError from the block name the file that was to be written, and not an auxiliary one."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"cannot be written: {error.strerror or error}", str(path)) from error
