"""How sources are cut into blocks and read ahead."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mixtura.data import Batches, Parquet, Stream
from mixtura.data.ahead import read_ahead


@pytest.mark.parametrize("size", [1, 100, 256, 257, 512, 3000])
@pytest.mark.parametrize("weighted", [False, True])
def test_blocks_do_not_depend_on_chunks(
    X: Any, weight: Any, size: int, weighted: bool, batches: Callable[..., Batches]
) -> None:
    stream = Stream(batches(X[:1300], weight[:1300] if weighted else None, size=size))
    for _ in range(2):
        blocks = list(stream)
        assert [len(block.rows) for block in blocks] == [256] * 5 + [20]
        np.testing.assert_array_equal(np.concatenate([block.rows for block in blocks]), X[:1300])
        if weighted:
            np.testing.assert_array_equal(np.concatenate([block.weight for block in blocks]), weight[:1300])
        else:
            assert all(block.weight is None for block in blocks)
    assert stream.n_samples == 1300


@pytest.mark.parametrize("group", [100, 256, 1000])
def test_blocks_do_not_depend_on_row_groups(X: Any, group: int, write: Callable[..., Path]) -> None:
    blocks = list(Stream(Parquet(write(X, group=group))))
    assert [len(block.rows) for block in blocks] == [256] * 11 + [184]
    np.testing.assert_array_equal(np.concatenate([block.rows for block in blocks]), X)


def test_a_pass_that_is_left_is_not_counted(X: Any, write: Callable[..., Path]) -> None:
    stream = Stream(Parquet(write(X)))
    for _ in stream:
        break
    with pytest.raises(RuntimeError, match="counted by the first pass"):
        assert stream.n_samples
    list(stream)
    for _ in stream:
        break
    assert stream.n_samples == 3000
    assert not any(thread.name.startswith("mixtura-reader") for thread in threading.enumerate())


def test_one_step_ahead() -> None:
    made, closed = [], []

    def items() -> Generator[int]:
        try:
            for i in range(10):
                made.append((i, threading.current_thread() is threading.main_thread()))
                yield i
        finally:
            closed.append(True)

    ahead = read_ahead(items())
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()
    assert len(made) <= 3
    assert not any(in_main for _, in_main in made)
    assert closed == [True]
    assert list(read_ahead(items())) == list(range(10))
