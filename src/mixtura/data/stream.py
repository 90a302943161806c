"""`Stream`: a source cut into blocks, and watched: each pass has to give what the first gave."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import NamedTuple

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.data.ahead import read_ahead
from mixtura.data.matrix import listed, require_finite
from mixtura.data.source import Chunk, ChunkSource
from mixtura.errors import InputError, SourceChangedError

__all__ = ["Block", "Stream", "block_rows"]

# Numbers of a block. Some are held at once: one is worked on, one is read, and one waits.
_BLOCK_NUMBERS = 2**20
_FEWEST_ROWS, _MOST_ROWS = 1024, 65536
_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def block_rows(n_features: int) -> int:
    """Return how many rows a block has: it depends on their length alone."""
    return min(_MOST_ROWS, max(_FEWEST_ROWS, _BLOCK_NUMBERS // n_features))


class Block(NamedTuple):
    """Rows (n, d) with case weights (n,)."""

    rows: FloatArray
    weight: Float64Array | None


class Stream:
    """The blocks of a source; each iteration is a pass over all of them.

    They have equal numbers of rows but for the last, however the source cuts its chunks. The first complete
    pass looks for what is no number; each later one has to give the same blocks, told by their sums.

    Parameters
    ----------
    source : ChunkSource
    """

    def __init__(self, source: ChunkSource) -> None:
        self.source = source
        self.n_features = int(source.n_features)
        self.dtype = np.dtype(source.dtype)
        if self.n_features < 1 or self.dtype not in _FLOATS:
            msg = (
                f"{type(source).__name__} says that it has {self.n_features} columns of {self.dtype}: a "
                "source has at least one, of float32 or float64"
            )
            raise InputError(msg)
        self._n_samples: int | None = None
        self._sums: list[bytes] = []
        self._passes = 0

    @property
    def n_samples(self) -> int:
        """N, which is known after a pass."""
        if self._n_samples is None:
            msg = "the rows of a source are counted by the first pass over them"
            raise RuntimeError(msg)
        return self._n_samples

    def __iter__(self) -> Generator[Block]:
        """Return the blocks in order.

        Raises
        ------
        InputError
            If a chunk has other columns than the source, or holds what is no number: names the place.
        SourceChangedError
            If this pass gives other rows than the first.
        """
        blocks = self._checked_blocks()
        return read_ahead(blocks) if self.source.reads_ahead else blocks

    def _checked_blocks(self) -> Generator[Block]:
        self._passes += 1
        number = count = 0
        sums: list[bytes] = []
        with closing(self._blocks()) as blocks:
            for block in blocks:
                seen = _sum_of(block)
                if self._n_samples is None:
                    sums.append(seen)
                elif number >= len(self._sums) or seen != self._sums[number]:
                    raise self._changed(f"gave other rows from row {count} on")
                number += 1
                count += len(block.rows)
                yield block
        if self._n_samples is None:
            if not count:
                msg = f"there are no rows in the source ({type(self.source).__name__})"
                raise InputError(msg)
            self._n_samples, self._sums = count, sums
        elif count != self._n_samples:
            raise self._changed(f"ended after {count} of {self._n_samples} rows")

    def _changed(self, what: str) -> SourceChangedError:
        return SourceChangedError(
            f"pass {self._passes} over the source ({type(self.source).__name__}) {what}: a source has to "
            "give the same rows in the same order each time"
        )

    def _blocks(self) -> Generator[Block]:
        """Cut chunks into blocks, row after row, which is what passes are quickest with.

        Those that lie within one chunk are not copied.
        """
        size, d = block_rows(self.n_features), self.n_features
        weighted = self.source.has_weight
        rows: FloatArray = np.empty((0, d), dtype=self.dtype)
        weight = np.empty(0)
        filled = 0  # of a block of parts of several chunks
        with closing(self._chunks()) as chunks:
            for chunk in chunks:
                low, n = 0, len(chunk.rows)
                while low < n:
                    if not filled and n - low >= size:
                        whole = slice(low, low + size)
                        held = np.ascontiguousarray(chunk.rows[whole])
                        yield Block(held, None if chunk.weight is None else chunk.weight[whole])
                        low += size
                        continue
                    if not filled:
                        rows = np.empty((size, d), dtype=self.dtype)
                        weight = np.empty(size if weighted else 0)
                    taken = min(size - filled, n - low)
                    rows[filled : filled + taken] = chunk.rows[low : low + taken]
                    if chunk.weight is not None:
                        weight[filled : filled + taken] = chunk.weight[low : low + taken]
                    filled, low = filled + taken, low + taken
                    if filled == size:
                        yield Block(rows, weight if weighted else None)
                        filled = 0
        if filled:
            yield Block(rows[:filled], weight[:filled] if weighted else None)

    def _chunks(self) -> Generator[Chunk]:
        chunks = self.source.chunks()
        try:
            for chunk in chunks:
                if len(chunk.rows):
                    yield self._checked(chunk)
        finally:
            if isinstance(chunks, Generator):
                chunks.close()

    def _checked(self, chunk: Chunk) -> Chunk:
        rows, weight, place, first = chunk
        if rows.ndim != 2 or rows.shape[1] != self.n_features or rows.dtype not in _FLOATS:
            msg = (
                f"{place}: has rows of shape {rows.shape} and {rows.dtype}, but (n, {self.n_features}) of "
                "float32 or float64 is expected"
            )
            raise InputError(msg)
        if rows.dtype != self.dtype:
            if self.dtype == np.float32:
                msg = f"{place}: has float64 rows, but the source is of float32: give all of them one dtype"
                raise InputError(msg)
            rows = rows.astype(np.float64)
        if (weight is not None) != self.source.has_weight or (
            weight is not None and weight.shape != (len(rows),)
        ):
            has = "no weights" if weight is None else f"weights of shape {weight.shape}"
            wanted = f"({len(rows)},)" if self.source.has_weight else "none"
            msg = f"{place}: has {has}, but {wanted} are expected: one weight a row, in all chunks or in none"
            raise InputError(msg)
        if self._n_samples is None:
            require_finite(rows, self.source.feature_names, place=place, first=first)
            if weight is not None:
                _require_weights(weight, place, first)
        return Chunk(rows, weight, place, first)


def _require_weights(weight: Float64Array, place: str, first: int) -> None:
    for what, bad in (("missing or not finite", ~np.isfinite(weight)), ("negative", weight < 0)):
        where = np.flatnonzero(bad)
        if len(where):
            msg = (
                f"{place}: the weight is {what} in {listed(where + first)}: weights must be finite and at "
                "least 0"
            )
            raise InputError(msg)


def _sum_of(block: Block) -> bytes:
    """Numbers that other rows do not have, or hardly ever."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = 0.0 if block.weight is None else block.weight.sum()
        return np.array([block.rows.sum(dtype=np.float64), total]).tobytes()
