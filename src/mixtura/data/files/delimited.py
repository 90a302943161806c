"""CSV and its relatives: what separates the columns, how decimals are written, where the names are."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixtura.data.arrow import arrow, arrow_errors
from mixtura.data.files.columns import TextNumbers
from mixtura.errors import FileFormatError

__all__ = ["Delimited", "read_delimited"]

_SNIFFED_BYTES = 1 << 16
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "'|'"}
_USUAL = {".tsv": "\t", ".csv": ","}
_MANY_BYTES = 2**20
_QUOTED = re.compile(r'"([^"]*)"')
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")
_WITH_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_WITH_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Delimited:
    """A text file as read: an Arrow table, how its numbers are written, and what is worth saying of it."""

    table: Any
    text_numbers: TextNumbers
    notes: list[str]


def read_delimited(path: Path, suffix: str, *, header: bool | None) -> Delimited:
    """Read a text file with one row a line.

    Parameters
    ----------
    path : Path
    suffix : str
        '.csv', '.tsv' or '.txt', without that of a compression.
    header : bool, optional
        Whether the first line holds names. None: it must, and is refused if all of it are numbers.

    Raises
    ------
    FileFormatError
        If it is empty, not text, or its rows have different lengths.
    """
    first, sample = _sniff(path)
    usual = _USUAL.get(suffix, ",")
    delimiter = max((usual, *_DELIMITERS), key=lambda mark: len(_fields(first, mark)))
    decimal = "." if delimiter == "," else _decimal_mark(sample, delimiter)
    names = _fields(first, delimiter)
    if header is None and all(_NUMBER.fullmatch(name) for name in names):
        msg = (
            f"{path}: the first line holds numbers where column names are expected: {first[:60]!r}. "
            "Use --no-header if it is data, --header if these are names"
        )
        raise FileFormatError(msg)
    if len(sample) == 1 and header is not False:
        msg = f"{path}: there are column names but no rows below them"
        raise FileFormatError(msg)
    notes = []
    if delimiter != usual:
        notes.append(f"separated by {_DELIMITERS[delimiter]}")
    if decimal == ",":
        notes.append("decimal comma")
    if header is False:
        notes.append("no header")
        names = [f"column_{j + 1}" for j in range(len(names))]
    table = _read(path, delimiter, decimal, names if header is False else None)
    return Delimited(table, TextNumbers(decimal), notes)


def _sniff(path: Path) -> tuple[str, list[str]]:
    """Return the first line that is not blank, and the first lines of the file."""
    with arrow_errors(path, "text"), arrow().input_stream(str(path), compression="detect") as stream:
        head = more = stream.read(_SNIFFED_BYTES)
        while more and b"\n" not in head.strip():
            more = stream.read(_SNIFFED_BYTES)
            head += more
        is_cut = bool(stream.read(1))
    if not head.strip():
        msg = f"{path}: the file is empty"
        raise FileFormatError(msg)
    if b"\x00" in head:
        msg = f"{path}: is not a text file in UTF-8 (it holds zero bytes): save it as CSV in UTF-8"
        raise FileFormatError(msg)
    head = head.removeprefix(codecs.BOM_UTF8)
    lines = [line for line in re.split(rb"\r\n|\n|\r", head) if line.strip()]
    try:
        first = lines[0].decode("utf-8")
    except UnicodeDecodeError:
        msg = f"{path}: the column names are not in UTF-8: save the file as CSV in UTF-8"
        raise FileFormatError(msg) from None
    if is_cut:
        # The last line may not be whole; it still counts as one.
        lines[-1] = b""
    return first, [line.decode("utf-8", errors="replace") for line in lines]


def _fields(line: str, delimiter: str) -> list[str]:
    """Split a line; delimiters inside quotes are blotted out."""
    bare = _QUOTED.sub(lambda quoted: quoted[1].replace(delimiter, "_"), line)
    return [field.strip() for field in bare.split(delimiter)]


def _decimal_mark(sample: list[str], delimiter: str) -> str:
    fields = [field.strip() for line in sample for field in line.split(delimiter)]
    comma = any(_WITH_COMMA.fullmatch(field) for field in fields)
    return "," if comma and not any(_WITH_POINT.fullmatch(field) for field in fields) else "."


def _read(path: Path, delimiter: str, decimal: str, names: list[str] | None) -> Any:
    reader = arrow("pyarrow.csv")
    missing = [*reader.ConvertOptions().null_values, "None", "<NA>", "NAN", " "]

    def attempt(*, use_threads: bool, invalid_rows: list[Any]) -> Any:
        def remember(row: Any) -> str:
            invalid_rows.append(row)
            return "error"

        return reader.read_csv(
            str(path),
            read_options=reader.ReadOptions(column_names=names, use_threads=use_threads),
            parse_options=reader.ParseOptions(delimiter=delimiter, invalid_row_handler=remember),
            convert_options=reader.ConvertOptions(
                decimal_point=decimal, null_values=missing, strings_can_be_null=True
            ),
        )

    invalid_rows: list[Any] = []
    with arrow_errors(path, "delimited text"):
        try:
            # A process that ends soon after must not do so while threads are still starting.
            table = attempt(use_threads=path.stat().st_size > _MANY_BYTES, invalid_rows=invalid_rows)
        except arrow().ArrowInvalid:
            if not invalid_rows:
                raise
            # Only the slower reader counts lines.
            invalid_rows.clear()
            table = _numbering_lines(attempt, path, invalid_rows)
    return _with_clean_names(path, table)


def _numbering_lines(attempt: Any, path: Path, invalid_rows: list[Any]) -> Any:
    """Read again to learn on which line the first row of another length stands, and say so."""
    try:
        return attempt(use_threads=False, invalid_rows=invalid_rows)
    except arrow().ArrowInvalid:
        row = invalid_rows[0]
        msg = (
            f"{path}: line {row.number} has {row.actual_columns} fields where the first has "
            f"{row.expected_columns}: {row.text[:60]!r}"
        )
        raise FileFormatError(msg) from None


def _with_clean_names(path: Path, table: Any) -> Any:
    try:
        names = [name.strip() or f"Unnamed: {j}" for j, name in enumerate(table.column_names)]
    except UnicodeDecodeError:
        msg = f"{path}: the column names are not in UTF-8: save the file as CSV in UTF-8"
        raise FileFormatError(msg) from None
    return table.rename_columns(names)
