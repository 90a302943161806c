"""`read_table`: a data file as a matrix of numbers, with a word on what was left out."""

from __future__ import annotations

import difflib
import errno
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mixtura.data.arrow import arrow, arrow_errors, kind_of
from mixtura.data.files.columns import TextNumbers, numeric_columns
from mixtura.data.files.delimited import read_delimited
from mixtura.data.files.table import Column, Table, as_table
from mixtura.data.names import listed
from mixtura.errors import FileFormatError, InputError

__all__ = ["read_table"]

_TEXT = (".csv", ".tsv", ".txt")
_JSON = (".jsonl", ".ndjson")
_NUMPY = (".npy", ".npz")
_PARQUET = (".parquet", ".pq")
_COMPRESSIONS = (".gz", ".bz2", ".zst", ".xz", ".lz4")
_READABLE = "CSV (.csv, .tsv, .txt), Parquet (.parquet), JSON lines (.jsonl) or NumPy (.npy, .npz)"
_SHOWN_NAMES = 20
# A row of JSON has to fit in one block.
_JSON_BLOCK = 1 << 24


def read_table(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    drop_missing: bool = False,
    header: bool | None = None,
    needed_by: str | None = None,
) -> Table:
    """Read the numbers of a data file.

    Parameters
    ----------
    path : path
        What it holds is told by its ending: .csv, .tsv, .txt (also with .gz, .bz2, .zst), .parquet, .jsonl or
        .ndjson, .npy, .npz (the array X, or the only one).
    columns : sequence of str, optional
        The columns to read, in this order. By default all that hold numbers.
    drop_missing : bool
        Whether to leave out rows with missing values, which are an error else.
    header : bool, optional
        Whether a text file starts with a line of names. None: it must, and numbers there are an error.
    needed_by : str, optional
        What asks for these columns, if it is not the user: for the message when one is not there.

    Returns
    -------
    Table

    Raises
    ------
    OSError
        If the file cannot be opened.
    FileFormatError
        If it is not what its name says.
    InputError
        If it has no such column, no numbers, missing values or infinities: names columns and rows.
    """
    path = Path(path)
    suffix = _suffix(path)
    if columns is not None:
        _refuse_repeated(path, columns)
    notes: list[str] = []
    text_numbers: TextNumbers | None = None
    if suffix in _NUMPY:
        return _numpy_table(path, suffix, columns, drop_missing=drop_missing, needed_by=needed_by)
    if suffix in _PARQUET:
        table, left_out = _read_parquet(path, columns, needed_by)
    else:
        if suffix in _JSON:
            with arrow_errors(path, "JSON lines"):
                options = arrow("pyarrow.json").ReadOptions(block_size=_JSON_BLOCK)
                table = arrow("pyarrow.json").read_json(str(path), read_options=options)
        else:
            text = read_delimited(path, suffix, header=header)
            table, text_numbers, notes = text.table, text.text_numbers, text.notes
        _refuse_repeated(path, table.column_names)
        table, left_out = _chosen(path, table, columns, needed_by), []
    found, not_numbers = numeric_columns(path, table, asked=columns is not None, text_numbers=text_numbers)
    return as_table(
        path, found, has_names=True, left_out=left_out + not_numbers, notes=notes, drop_missing=drop_missing
    )


def _suffix(path: Path) -> str:
    """Return the ending that tells the format, for a file that is there."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a directory, not a data file", str(path))
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise FileNotFoundError(
            errno.ENOENT, "there is no such file" + _meant(path.name, siblings), str(path)
        )
    endings = [ending.lower() for ending in path.suffixes]
    compressed = bool(endings) and endings[-1] in _COMPRESSIONS
    suffix = "".join(endings[-2:-1] if compressed else endings[-1:])
    if suffix not in _TEXT + _JSON + _NUMPY + _PARQUET or (compressed and suffix not in _TEXT + _JSON):
        msg = f"{path}: files ending in {path.suffix!r} are not read; give {_READABLE}"
        raise FileFormatError(msg)
    return suffix


def _meant(wrong: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(wrong, names, n=1)
    return f", perhaps '{listed(close)}' is meant" if close else ""


def _refuse_repeated(path: Path, names: Sequence[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        times = names.count(repeated[0])
        msg = f"{path}: column {repeated[0]!r} is named {times} times: give each column its own name"
        raise InputError(msg)


def _require(path: Path, names: Sequence[str], asked: Sequence[str], needed_by: str | None) -> None:
    lacking = [name for name in asked if name not in names]
    if not lacking:
        return
    has = listed(names, _SHOWN_NAMES)
    if needed_by is not None:
        lacks = listed(lacking, _SHOWN_NAMES)
        msg = f"{needed_by} columns {listed(asked, _SHOWN_NAMES)}; {path} lacks {lacks}: it has {has}"
    else:
        no_column = "there is no column" if len(lacking) == 1 else "there are no columns"
        wrong = ", ".join(repr(name) for name in lacking)
        # Names with commas in them fall apart where they are not quoted.
        meant = _meant(lacking[0], names) or _meant(", ".join(lacking), names)
        msg = f"{path}: {no_column} {wrong}{meant}; the file has {has}"
    raise InputError(msg)


def _chosen(path: Path, table: Any, columns: Sequence[str] | None, needed_by: str | None) -> Any:
    if columns is None:
        return table
    _require(path, table.column_names, columns, needed_by)
    return table.select(list(columns))


def _read_parquet(
    path: Path, columns: Sequence[str] | None, needed_by: str | None
) -> tuple[Any, list[tuple[str, str]]]:
    """Read only what is needed: the columns asked for, or all of numbers."""
    with arrow_errors(path, "Parquet"), arrow("pyarrow.parquet").ParquetFile(path) as file:
        schema = file.schema_arrow
        _refuse_repeated(path, schema.names)
        left_out: list[tuple[str, str]] = []
        if columns is None:
            kinds = {field.name: kind_of(field.type) for field in schema}
            left_out = [(name, kind) for name, kind in kinds.items() if kind != "numbers"]
            columns = [name for name, kind in kinds.items() if kind == "numbers"]
        else:
            _require(path, schema.names, columns, needed_by)
        return file.read(columns=list(columns)).select(list(columns)), left_out


def _numpy_table(
    path: Path, suffix: str, columns: Sequence[str] | None, *, drop_missing: bool, needed_by: str | None
) -> Table:
    try:
        loaded = np.load(path, allow_pickle=False)
        others: list[tuple[str, str]] = []
        if suffix == ".npz":
            with loaded:
                names = list(loaded)
                name = "X" if "X" in names else names[0] if len(names) == 1 else None
                if name is None:
                    msg = f"{path}: holds the arrays {listed(names) or '(none)'}; call the data X"
                    raise FileFormatError(msg)
                array, others = loaded[name], [(n, "another array") for n in names if n != name]
        else:
            array = loaded
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, InputError):
            raise
        msg = f"{path}: cannot be read as a NumPy file ({' '.join(str(error).split())})"
        raise FileFormatError(msg) from error
    found = _array_columns(path, array)
    # A model asks for columns by names that an array does not have: it gets them by position.
    if columns is not None and needed_by is None:
        by_name = dict(found)
        _require(path, list(by_name), columns, None)
        found = [(name, by_name[name]) for name in columns]
    return as_table(path, found, has_names=False, left_out=others, notes=[], drop_missing=drop_missing)


def _array_columns(path: Path, array: npt.NDArray[Any]) -> list[Column]:
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.dtype.kind not in "iuf":
        msg = (
            f"{path}: holds an array of shape {array.shape} and type {array.dtype}; "
            "a table of real numbers is needed, one row a sample"
        )
        raise FileFormatError(msg)
    return [(f"column_{j + 1}", np.asarray(array[:, j], dtype=np.float64)) for j in range(array.shape[1])]
