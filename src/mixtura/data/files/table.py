"""`Table`: what a data file gives to a fit, and what was left behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura._typing import Float64Array, IntArray
from mixtura.data.arrow import arrow
from mixtura.errors import InputError

__all__ = ["Column", "Table", "as_table", "data_rows"]

_SHOWN = 5
# Squares, and these in ratio to a small variance, must not overflow.
_LARGEST = 1e100

Column = tuple[str, Float64Array]


@dataclass(frozen=True, eq=False)
class Table:
    """The numbers of a data file.

    Attributes
    ----------
    X : ndarray of shape (N, d)
        Finite numbers, C-contiguous.
    feature_names : tuple of str
        The names of the d columns.
    has_names : bool
        Whether the names are the file's own; a NumPy file has none.
    left_out : tuple of (str, str)
        Columns that are not used, each with the reason.
    row_numbers : ndarray of shape (N,)
        Which row of the file each row of X was, from 0.
    n_rows_file : int
        Rows of the file.
    notes : tuple of str
        How the file was read, where that is not evident.
    """

    X: Float64Array
    feature_names: tuple[str, ...]
    has_names: bool
    left_out: tuple[tuple[str, str], ...]
    row_numbers: IntArray
    n_rows_file: int
    notes: tuple[str, ...] = ()

    @property
    def n_dropped(self) -> int:
        """Rows with missing values that were dropped."""
        return self.n_rows_file - len(self.row_numbers)

    def named(self) -> Any:
        """Return X, as an Arrow table if the file has names for its columns: what an estimator remembers."""
        if not self.has_names:
            return self.X
        return arrow().table(list(self.X.T), names=list(self.feature_names))


def as_table(
    path: object,
    columns: list[Column],
    *,
    has_names: bool,
    left_out: list[tuple[str, str]],
    notes: list[str],
    drop_missing: bool,
) -> Table:
    """Put columns side by side, and refuse or drop the rows where one is missing.

    Parameters
    ----------
    path : path
        For messages.
    columns : list of (str, ndarray of shape (N,))
        Numbers; NaN is a missing value.
    has_names, left_out, notes
        As in `Table`.
    drop_missing : bool
        Whether to drop rows with missing values.

    Raises
    ------
    InputError
        If there is no column or row, a missing value that may not be dropped, or one too large to compute.
    """
    if not columns:
        found = ", ".join(f"{name!r} ({reason})" for name, reason in left_out)
        msg = f"{path}: there is no column of numbers to fit; it has {found or 'no columns at all'}"
        raise InputError(msg)
    n_rows = len(columns[0][1])
    if n_rows == 0:
        msg = f"{path}: there are no rows in it"
        raise InputError(msg)
    X = np.empty((n_rows, len(columns)))
    for j, (_, values) in enumerate(columns):
        X[:, j] = values
    kept = np.ones(n_rows, dtype=bool)
    incomplete = [(name, np.flatnonzero(np.isnan(values))) for name, values in columns]
    incomplete = [(name, rows) for name, rows in incomplete if len(rows)]
    if incomplete and not drop_missing:
        where = "; ".join(f"column {name!r} in {data_rows(rows)}" for name, rows in incomplete[:_SHOWN])
        more = f"; and {len(incomplete) - _SHOWN} more columns" if len(incomplete) > _SHOWN else ""
        msg = (
            f"{path}: values are missing: {where}{more}. "
            "Leave these rows out with --drop-missing (drop_missing=True), or fill them in"
        )
        raise InputError(msg)
    for _, rows in incomplete:
        kept[rows] = False
    if not kept.any():
        name, rows = max(incomplete, key=lambda item: len(item[1]))
        msg = (
            f"{path}: every row has a missing value, {len(rows)} of {n_rows} in column {name!r} alone: "
            "leave such columns out with --columns"
        )
        raise InputError(msg)
    _refuse_too_large(path, columns)
    return Table(
        X=X if kept.all() else np.ascontiguousarray(X[kept]),
        feature_names=tuple(name for name, _ in columns),
        has_names=has_names,
        left_out=tuple(left_out),
        row_numbers=np.flatnonzero(kept).astype(np.int64),
        n_rows_file=n_rows,
        notes=tuple(notes),
    )


def _refuse_too_large(path: object, columns: list[Column]) -> None:
    for name, values in columns:
        if not np.abs(values, where=~np.isnan(values), out=np.zeros(len(values))).max() > _LARGEST:
            continue
        rows = np.flatnonzero(np.isinf(values))
        if len(rows):
            msg = (
                f"{path}: column {name!r} holds an infinity, or a number too large for a float64, in "
                f"{data_rows(rows)}: correct or delete it, or leave the column out with --columns"
            )
        else:
            rows = np.flatnonzero(np.abs(values) > _LARGEST)
            msg = (
                f"{path}: column {name!r} holds numbers beyond {_LARGEST:g}, too large to be squared, in "
                f"{data_rows(rows)}: give the column in a larger unit, or leave it out with --columns"
            )
        raise InputError(msg)


def data_rows(rows: IntArray) -> str:
    """Say which rows of a file, from 1 and without its header: the first few, and how many there are."""
    shown = ", ".join(str(row + 1) for row in rows[:_SHOWN])
    if len(rows) == 1:
        return f"data row {shown}"
    return f"data rows {shown}" + (f", … ({len(rows)} in all)" if len(rows) > _SHOWN else "")
