"""`StreamSample`: a source, and what a fit to it needs, taken by passes over its blocks."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mixtura._typing import Float64Array, FloatArray
from mixtura.backends import Blocks, PartitionedBackend
from mixtura.data import Block, ChunkSource, Stream
from mixtura.errors import InputError
from mixtura.estimators._sample import Basis
from mixtura.estimators._units import is_wide, unit_of, weight_unit_of
from mixtura.moments import ROUNDS, DataMoments, bulk_limit, moments_from
from mixtura.search.arena import spread
from mixtura.span import Span, span_of

__all__ = ["StreamSample", "read_stream"]

# Rows that starts are made from, if a search does not look at more: at most so many, and so many numbers.
_SEEN_ROWS, _SEEN_NUMBERS = 65536, 2**22


class _Counts(NamedTuple):
    """What a first look at rows finds; `first` (d,) is the first row of a weight above 0."""

    n_counted: int
    total_weight: float
    largest_weight: float
    span: Span
    first: Float64Array | None


class _Mapped:
    """Blocks in other units, in another dtype, and without rows that are far away."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.unit = self.weight_unit = 0
        self.double = False
        self.limits: list[tuple[Float64Array, Float64Array]] = []

    @property
    def n_samples(self) -> int:
        return self.blocks.n_samples

    @property
    def n_features(self) -> int:
        return self.blocks.n_features

    def within(self, mean: Float64Array, limit: Float64Array) -> _Mapped:
        """The same with a weight of 0 for rows beyond a limit from a point."""
        mapped = _Mapped(self.blocks)
        mapped.unit, mapped.weight_unit, mapped.double = self.unit, self.weight_unit, self.double
        mapped.limits = [*self.limits, (mean, limit)]
        return mapped

    def __iter__(self) -> Generator[Block]:
        with closing(iter(self.blocks)) as blocks:
            for rows, weight in blocks:
                yield self._mapped(rows, weight)

    def _mapped(self, rows: FloatArray, weight: Float64Array | None) -> Block:
        if self.double:
            rows = rows.astype(np.float64)
        if self.unit:
            rows = np.ldexp(rows, -self.unit)
        if weight is not None and self.weight_unit:
            weight = np.ldexp(weight, -self.weight_unit)
        for mean, limit in self.limits:
            weight = np.ones(len(rows)) if weight is None else weight.copy()
            weight[(np.abs(rows - mean) > limit).any(axis=1)] = 0.0
        return Block(rows, weight)


class StreamSample:
    """What `Sample` is for rows in memory, for a fit with matrices or without.

    Parameters
    ----------
    source : ChunkSource
    names : ndarray of str, or None
    dense : bool
        Whether the fit is one with matrices.
    n_threads : int
    rng : RandomState
        For the rows that starts are made from; is drawn from only if they are not all.

    Raises
    ------
    InputError
        If there are fewer than two rows, one is not finite, or no weight is above 0.
    """

    def __init__(
        self,
        source: ChunkSource,
        names: npt.NDArray[np.object_] | None,
        *,
        dense: bool,
        n_threads: int,
        rng: np.random.RandomState,
    ) -> None:
        stream = Stream(source)
        self.names = names
        self.n_features, self.dtype = stream.n_features, stream.dtype
        self.has_weight = source.has_weight
        self.n_threads = n_threads
        self._dense, self._rng = dense, rng
        counts = _look(stream)
        self._n_samples = stream.n_samples
        if self._n_samples < 2:
            msg = f"Found a source with {self._n_samples} sample(s) while a minimum of 2 is required"
            raise InputError(msg)
        if counts.first is None:
            msg = "the weight is zero for every row of the source: give at least one row a weight above 0"
            raise InputError(msg)
        self.n_counted, self.total_weight = counts.n_counted, counts.total_weight
        self._rows = _Mapped(stream)
        if self.has_weight:
            self.weight_unit = weight_unit_of(np.array([counts.largest_weight]))
            self._rows.weight_unit = self.weight_unit
        else:
            self.weight_unit = 0
        with np.errstate(over="ignore", invalid="ignore"):
            moments = self._moments(counts)
            self.unit = unit_of(moments.variances, counts.span, self.dtype)
        double = self.dtype != np.float64 and is_wide(moments.variances, counts.span)
        if double or self.unit:
            self._rows.double, self._rows.unit = double, self.unit
            moments = self._moments(_look(self._rows))
        backend = PartitionedBackend(self._rows, centre=moments.mean, n_threads=n_threads)
        self._basis = Basis(moments, backend)

    def basis(self, *, dense: bool) -> Basis:
        """Return the basis of the fit that this is for."""
        if dense != self._dense:
            msg = "a StreamSample is for fits with matrices or for fits without"
            raise RuntimeError(msg)
        return self._basis

    def start_rows(self, n_rows: int) -> tuple[FloatArray, Float64Array | None]:
        """Return rows to make starts from: all, or at least `n_rows` drawn along the whole, in order."""
        size = max(n_rows, min(_SEEN_ROWS, _SEEN_NUMBERS // self.n_features))
        if self._n_samples <= size:
            blocks = list(self._rows)
            rows = np.concatenate([block.rows for block in blocks])
            weights = [block.weight for block in blocks if block.weight is not None]
            return np.ascontiguousarray(rows), np.concatenate(weights) if weights else None
        rng = np.random.RandomState(int(self._rng.randint(2**31)))
        if self.has_weight:
            return self._drawn_by_weight(size, rng), None
        chosen, before, found = spread(self._n_samples, size, rng), 0, []
        for rows, _ in self._rows:
            held = chosen[(chosen >= before) & (chosen < before + len(rows))] - before
            found.append(rows[held])
            before += len(rows)
        return np.ascontiguousarray(np.concatenate(found)), None

    def _drawn_by_weight(self, size: int, rng: np.random.RandomState) -> FloatArray:
        """Rows at even steps along the sum of weights: afterwards all count the same."""
        total = float(np.ldexp(self.total_weight, -self.weight_unit))
        steps = (np.arange(size) + rng.random_sample()) * (total / size)
        before, found = 0.0, []
        for rows, weight in self._rows:
            if weight is not None:
                ends = before + np.cumsum(weight)
                here = steps[(steps >= before) & (steps < ends[-1])]
                found.append(rows[np.searchsorted(ends, here, side="right")])
                before = float(ends[-1])
        return np.ascontiguousarray(np.concatenate(found))

    def _moments(self, counts: _Counts) -> DataMoments:
        """Moments of the bulk, as `mixtura.moments.bulk_moments` takes them of an array."""
        rows, moments = self._rows, self._moments_of(self._rows, counts)
        for _ in range(ROUNDS):
            limit = bulk_limit(moments, counts.span, counts.n_counted)
            if limit is None:
                break
            rows = rows.within(moments.mean, limit)
            counts = _look(rows)
            if counts.first is None:
                break
            moments = self._moments_of(rows, counts)
        return moments

    def _moments_of(self, rows: Blocks, counts: _Counts) -> DataMoments:
        def backend_at(centre: Float64Array) -> PartitionedBackend:
            return PartitionedBackend(rows, centre=centre, n_threads=self.n_threads)

        return moments_from(backend_at, np.asarray(counts.first), dense=self._dense)


def _look(blocks: Blocks) -> _Counts:
    n_counted, total, largest = 0, 0.0, 0.0
    low, high = np.full(blocks.n_features, np.inf), np.full(blocks.n_features, -np.inf)
    first = None
    with closing(iter(blocks)) as each:
        for rows, weight in each:
            span = span_of(rows, weight)
            low, high = np.minimum(low, span.low), np.maximum(high, span.high)
            count = len(rows) if weight is None else int(np.count_nonzero(weight))
            if first is None and count:
                row = 0 if weight is None else int(np.argmax(weight > 0))
                first = np.ascontiguousarray(rows[row], dtype=np.float64)
            n_counted += count
            total += len(rows) if weight is None else float(weight.sum())
            largest = max(largest, 1.0 if weight is None else float(weight.max()))
    return _Counts(n_counted, total, largest, Span(low, high), first)


def read_stream(
    source: ChunkSource, sample_weight: Any, *, dense: bool, n_threads: int, rng: np.random.RandomState
) -> StreamSample:
    """Take from a source what a fit needs.

    Raises
    ------
    InputError
        If there are weights beside the source, or its rows cannot be fitted.
    """
    refuse_weights_beside(sample_weight)
    names = source.feature_names
    array = None if names is None else np.array(names, dtype=object)
    return StreamSample(source, array, dense=dense, n_threads=n_threads, rng=rng)


def refuse_weights_beside(sample_weight: Any) -> None:
    """Refuse weights that are not the source's own.

    Raises
    ------
    InputError
        If there are any.
    """
    if sample_weight is not None:
        msg = (
            "sample_weight is for rows in memory: a source brings its weights along, as Parquet(weight=) "
            "and batches (rows, weight) do"
        )
        raise InputError(msg)
