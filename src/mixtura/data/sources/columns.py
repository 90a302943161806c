"""Which columns of Arrow data a source reads, and their numbers as a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mixtura._typing import FloatArray
from mixtura.data.arrow import arrow, kind_of
from mixtura.data.names import listed
from mixtura.data.source import Chunk
from mixtura.errors import InputError

__all__ = ["BUFFER_BYTES", "Columns", "columns_of"]

# What is read of a column of Parquet at once: without it, all of a row group.
BUFFER_BYTES = 2**18

_SHOWN = 20
_NUMBERS = ("numbers", "true/false")


class Columns(NamedTuple):
    """The features, in order, and the weight if there is one; float32 if all features are."""

    features: tuple[str, ...]
    weight: str | None
    dtype: np.dtype[Any]

    @property
    def all(self) -> list[str]:
        """What has to be read."""
        return list(self.features) if self.weight is None else [*self.features, self.weight]

    def chunk(self, batch: Any, place: str, first: int) -> Chunk:
        """Numbers of a record batch; what is missing is NaN."""
        rows: FloatArray = np.empty((batch.num_rows, len(self.features)), dtype=self.dtype)
        for j, name in enumerate(self.features):
            rows[:, j] = _numbers(batch, name, self.dtype)
        weight = None if self.weight is None else _numbers(batch, self.weight, np.dtype(np.float64))
        return Chunk(rows, weight, place, first)


def _numbers(batch: Any, name: str, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    pa = arrow()
    column = batch.column(batch.schema.get_field_index(name))
    wanted = pa.float32() if dtype == np.float32 else pa.float64()
    values: np.ndarray[Any, Any] = column.cast(wanted, safe=False).to_numpy(zero_copy_only=False)
    return values


def columns_of(schema: Any, columns: Sequence[str] | None, weight: str | None, place: str) -> Columns:
    """Choose columns of an Arrow schema.

    Parameters
    ----------
    schema : pyarrow.Schema
    columns : sequence of str, optional
        The features; by default all columns but the weight.
    weight : str, optional
    place : str
        For messages.

    Raises
    ------
    InputError
        If there is no such column, one is there twice, or one holds no numbers.
    """
    asked = [name for name in schema.names if name != weight] if columns is None else list(columns)
    if isinstance(columns, str) or not all(isinstance(name, str) for name in asked):
        msg = f"columns must be a list of names, but got {columns!r}"
        raise InputError(msg)
    if not asked:
        msg = f"{place}: there is no column of numbers to fit"
        raise InputError(msg)
    for name in asked if weight is None else [*asked, weight]:
        count = schema.names.count(name)
        if count != 1:
            has = f"the columns are {listed(schema.names, _SHOWN)}" if not count else "give each its own name"
            what = f"there is no column {name!r}" if not count else f"column {name!r} is there {count} times"
            msg = f"{place}: {what}; {has}"
            raise InputError(msg)
        kind = kind_of(schema.field(name).type)
        if kind not in _NUMBERS:
            msg = f"{place}: column {name!r} holds {kind}, not numbers: choose others with columns="
            raise InputError(msg)
    if len(set(asked)) < len(asked) or weight in asked:
        msg = f"columns must be different ones, and the weight none of them, but got {asked!r}"
        raise InputError(msg)
    single = all(schema.field(name).type == arrow().float32() for name in asked)
    return Columns(tuple(asked), weight, np.dtype(np.float32 if single else np.float64))
