"""Rows in groups, in memory and in files; blocks of 256 rows, so that little data make many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mixtura.data import Batches

BLOCK = 256
NAMES = ("length", "width", "depth")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixtura.data.stream._MOST_ROWS", BLOCK)


@pytest.fixture(name="X")
def rows_in_groups() -> np.ndarray[Any, Any]:
    """Three groups in turn, 3000 rows: eleven blocks, and one that is not full."""
    rng = np.random.default_rng(7)
    group = np.arange(3000) % 3
    spread = np.array([[1.0, 0.3, 2.0], [0.5, 1.0, 1.0], [2.0, 0.7, 0.4]])
    return np.array([[0.0, 0, 0], [6, -4, 3], [-3, 5, 9]])[group] + spread[group] * rng.normal(size=(3000, 3))


@pytest.fixture
def weight() -> np.ndarray[Any, Any]:
    return np.random.default_rng(8).integers(0, 4, 3000).astype(float)


@pytest.fixture
def batches() -> Callable[..., Batches]:
    """Make a source of an array, cut into chunks of some length."""

    def make(X: Any, weight: Any = None, size: int = 301) -> Batches:
        def each() -> Iterator[Any]:
            for low in range(0, len(X), size):
                rows = X[low : low + size]
                yield rows if weight is None else (rows, weight[low : low + size])

        return Batches(each)

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a Parquet file, by default of row groups that do not fit to blocks."""

    def to_file(X: Any, name: str = "rows.parquet", weight: Any = None, group: int = 700, **how: Any) -> Path:
        columns = dict(zip(NAMES, np.asarray(X).T, strict=False))
        if weight is not None:
            columns["count"] = weight
        path = tmp_path / name
        pq.write_table(pa.table(columns), path, row_group_size=group, **how)
        return path

    return to_file
