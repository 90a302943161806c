"""`as_matrix`: arrays, lists and data frames as a checked float matrix, copied only where it must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from sklearn.utils.validation import check_array

from mixtura._typing import Float64Array, FloatArray
from mixtura.data.source import refuse_source
from mixtura.errors import InputError

__all__ = ["as_matrix", "is_plain", "listed", "named_column", "require_finite"]

_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
_BLOCK_ROWS = 65536
_SHOWN = 5


def is_plain(X: Any) -> bool:
    """Whether X is a float matrix of NumPy's own: it has no names, and nothing to convert."""
    return type(X) is np.ndarray and X.ndim == 2 and X.dtype in _FLOATS


def as_matrix(
    X: Any,
    *,
    n_features: int | None = None,
    min_samples: int = 1,
    estimator: Any = None,
) -> FloatArray:
    """Return X as a finite float32 or float64 array of shape (N, d).

    float32 and float64 arrays in native byte order are returned as they are, in any layout, without a copy.
    Everything else (integers, booleans, float16, other byte orders, lists, data frames) becomes float64, so
    that it means the same numbers everywhere.

    Parameters
    ----------
    X : array-like or data frame of shape (N, d)
        NumPy array, nested list, or a pandas, polars or pyarrow table.
    n_features : int, optional
        d, if it is known.
    min_samples : int
        The least N.
    estimator : estimator, optional
        For its name in messages.

    Raises
    ------
    InputError
        If X is not a matrix of finite real numbers: names the row, the column and the remedy.
    TypeError
        If X is sparse.
    """
    if is_plain(X) and X.shape[0] >= min_samples and X.shape[1] > 0:
        # Where a general check takes longer than to score some hundred rows.
        return _checked(X, n_features, None)
    refuse_source(X)
    names: Sequence[str] | None = None
    frame = nw.from_native(X, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        msg = "X is a lazy frame: call collect() on it first"
        raise InputError(msg)
    if isinstance(frame, nw.DataFrame):
        names = [str(name) for name in frame.columns]
        X = _frame_values(frame)
    elif np.ma.isMaskedArray(X):
        X = _unmasked(X)
    elif isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 2:
        X = _object_values(X)
    matrix: FloatArray = check_array(
        X,
        dtype=_FLOATS,
        ensure_all_finite=False,
        ensure_min_samples=min_samples,
        estimator=estimator,
        input_name="X",
    )
    return _checked(matrix, n_features, names)


def _checked(matrix: FloatArray, n_features: int | None, names: Sequence[str] | None) -> FloatArray:
    if n_features is not None and matrix.shape[1] != n_features:
        msg = f"X has {matrix.shape[1]} features, but {n_features} are expected: give the columns of the fit"
        raise InputError(msg)
    if not matrix.flags.aligned:
        matrix = matrix.copy()
    require_finite(matrix, names)
    return matrix


def require_finite(
    matrix: FloatArray, names: Sequence[str] | None = None, *, place: str = "", first: int = 0
) -> None:
    """Raise an InputError that names the first columns and rows with NaN or an infinity.

    `place` is where they come from, if X is in parts, and `first` the number of the first row there.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(matrix.sum()):
            return
    for what, test in (("NaN", np.isnan), ("an infinity (inf)", np.isinf)):
        rows, columns = _positions(matrix, test)
        if len(rows):
            column = columns[0]
            in_column = rows[columns == column]
            others = len(np.unique(columns)) - 1
            also = f", and {others} other column{'s' * (others > 1)} too" if others else ""
            remedy = (
                "drop these rows or impute them" if what == "NaN" else "drop, clip or transform these rows"
            )
            where = f"{named_column(column, names)}, {listed(in_column + first)}{also}"
            msg = f"{place + ': ' if place else ''}X has {what} in {where}: {remedy}"
            raise InputError(msg)


def _positions(matrix: FloatArray, test: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    found = []
    for low in range(0, matrix.shape[0], _BLOCK_ROWS):
        rows, columns = np.nonzero(test(matrix[low : low + _BLOCK_ROWS]))
        found.append((rows + low, columns))
    return np.concatenate([r for r, _ in found]), np.concatenate([c for _, c in found])


def named_column(column: int, names: Sequence[str] | None) -> str:
    """Return how a message calls a column: by its name if it has one."""
    return f"column {column}" if names is None else f"column {names[column]!r}"


def listed(rows: np.ndarray[Any, Any]) -> str:
    """Return the first few row numbers (from 0, as in the array) and how many there are in all."""
    shown = ", ".join(str(row) for row in rows[:_SHOWN])
    if len(rows) == 1:
        return f"row {shown}"
    return f"rows {shown}" + (f", … ({len(rows)} in all)" if len(rows) > _SHOWN else "")


def _frame_values(frame: nw.DataFrame[Any]) -> FloatArray:
    """Values of a data frame, float32 if every column is, float64 otherwise; missing entries become NaN."""
    schema = frame.schema
    if not schema:
        msg = "X is a data frame with 0 feature(s) (no columns) while a minimum of 1 is required"
        raise InputError(msg)
    dtype = np.float32 if all(t == nw.Float32 for t in schema.values()) else np.float64
    values: FloatArray = np.empty(frame.shape, dtype=dtype)
    for j, (name, kind) in enumerate(zip(frame.columns, schema.values(), strict=True)):
        column = frame.get_column(name)
        if not (kind.is_numeric() or kind in (nw.Boolean, nw.Object)):
            msg = (
                f"column {name!r} holds {kind}, not numbers: could not convert it. "
                "Leave it out or encode it as numbers"
            )
            raise InputError(msg)
        values[:, j] = _numbers(column.to_numpy(), f"column {name!r}", missing=column.null_count() > 0)
    return values


def _object_values(X: np.ndarray[Any, Any]) -> Float64Array:
    """Values of an array of Python objects, column by column so that an error can name the place."""
    values = np.empty(X.shape)
    for j in range(X.shape[1]):
        values[:, j] = _numbers(X[:, j], f"column {j}", missing=False)
    return values


def _numbers(column: np.ndarray[Any, Any], name: str, *, missing: bool) -> np.ndarray[Any, Any]:
    if column.dtype.kind in "fiub":
        return column
    if missing:
        column = np.array([np.nan if value is None else value for value in column], dtype=object)
    try:
        return column.astype(np.float64)
    except (TypeError, ValueError) as error:
        for row, value in enumerate(column):
            try:
                float(value)
            except (TypeError, ValueError):
                kind = TypeError if isinstance(error, TypeError) else InputError
                msg = (
                    f"X holds {value!r} in {name}, row {row}, which is no number (argument must be a "
                    "string or a real number): convert or drop it"
                )
                raise kind(msg) from None
        raise


def _unmasked(X: np.ma.MaskedArray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the data of a masked array in which nothing is masked."""
    mask = np.ma.getmaskarray(X)
    if mask.any():
        rows = np.flatnonzero(mask.reshape(len(mask), -1).any(axis=1))
        msg = (
            f"X is a masked array with masked (missing) entries in {listed(rows)}: drop these rows or impute"
        )
        raise InputError(msg)
    return np.asarray(X.data)
