"""Which columns of an Arrow table are numbers, and why the others are not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mixtura._typing import Float64Array
from mixtura.data.arrow import arrow, kind_of
from mixtura.data.files.table import Column, data_rows
from mixtura.errors import InputError

__all__ = ["TextNumbers", "numeric_columns"]

# Names that row numbers get when a data frame is written with its index, by R, pandas and Arrow.
_INDEX_NAMES = frozenset({"Unnamed: 0", "rownames", "__index_level_0__"})

# What a person means as a number, with either decimal mark and with thousands separators: wider than what can
# be converted, so that a column of such things is an error and not taken for words.
_LIKE_A_NUMBER = r"^\s*[+-]?(\d+([.,]\d+)?|\d+\.|[.,]\d+|\d{1,3}([.,' ]\d{3})+([.,]\d+)?)([eE][+-]?\d+)?\s*$"


@dataclass(frozen=True)
class TextNumbers:
    """How numbers are written in a text file."""

    decimal: str = "."

    def parse(self, text: str) -> float:
        """Return the number, or NaN if `text` is none."""
        try:
            return float(text.replace(self.decimal, ".")) if "_" not in text else math.nan
        except ValueError:
            return math.nan


def numeric_columns(
    path: Path, table: Any, *, asked: bool, text_numbers: TextNumbers | None
) -> tuple[list[Column], list[tuple[str, str]]]:
    """Split a table into columns of numbers and others, each of these with the reason.

    Parameters
    ----------
    path : Path
        For messages.
    table : pyarrow.Table
        Its columns have different names.
    asked : bool
        Whether the user chose these columns: then all must be numbers.
    text_numbers : TextNumbers, optional
        For a text file, whose columns have no declared type.

    Raises
    ------
    InputError
        If a chosen column does not hold numbers, or a column of a text file holds numbers except in a few
        rows: names those.
    """
    columns: list[Column] = []
    left_out: list[tuple[str, str]] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = kind_of(column.type)
        values: Float64Array | None = None
        if kind == "numbers" or (kind == "empty" and asked):
            # Where nothing but missing values was asked for, the rows that lack them are what is wrong.
            values = _as_float64(column)
        elif kind == "text" and text_numbers is not None:
            values = _parse_text(path, name, column, text_numbers)
        if values is None:
            if asked:
                raise _not_numbers(path, name, column, kind)
            left_out.append((name, kind))
        elif not asked and name in _INDEX_NAMES and _is_row_number(values):
            left_out.append((name, "row numbers"))
        else:
            columns.append((name, values))
    return columns, left_out


def _as_float64(column: Any) -> Float64Array:
    """Numbers with NaN where they are missing."""
    values: Float64Array = column.cast(arrow().float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def _parse_text(path: Path, name: str, column: Any, text_numbers: TextNumbers) -> Float64Array | None:
    """Return the numbers of a column that the reader took for text; None if it is text indeed."""
    pa = arrow()
    if arrow("pyarrow.types").is_binary(column.type):
        # Not UTF-8, so no numbers.
        return None
    n_values = len(column) - column.null_count
    compute = arrow("pyarrow.compute")
    like = compute.match_substring_regex(column.cast(pa.large_string()), _LIKE_A_NUMBER)
    if n_values == 0 or 2 * compute.sum(like).as_py() < n_values:
        return None
    texts = column.to_pylist()
    values = np.array([math.nan if text is None else text_numbers.parse(text) for text in texts])
    bad = np.flatnonzero(np.isnan(values) & np.array([text is not None for text in texts]))
    if len(bad) == 0:
        return values
    shown = ", ".join(repr(texts[row]) for row in bad[:3]) + (", …" if len(bad) > 3 else "")
    remedy = "Correct it" if len(bad) == 1 else "Correct them"
    msg = (
        f"{path}: column {name!r} holds numbers, but not in {data_rows(bad)}: {shown}. "
        f"{remedy}, or choose other columns with --columns"
    )
    raise InputError(msg)


def _not_numbers(path: Path, name: str, column: Any, kind: str) -> InputError:
    example = ""
    for row, value in enumerate(column):
        if value.is_valid:
            example = f" (data row {row + 1} is {str(value.as_py())[:40]!r})"
            break
    remedy = "encode it as 0 and 1" if kind == "true/false" else "encode it as numbers"
    what = f"column {name!r} holds {kind}, not numbers{example}"
    return InputError(f"{path}: {what}: {remedy} or choose other columns with --columns")


def _is_row_number(values: Float64Array) -> bool:
    return any(np.array_equal(values, np.arange(first, first + len(values))) for first in (0, 1))
