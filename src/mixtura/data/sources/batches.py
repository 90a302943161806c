"""`Batches`: a source of arrays that a program makes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import cached_property
from typing import Any, final

import narwhals.stable.v2 as nw
import numpy as np

from mixtura._typing import FloatArray
from mixtura.data.matrix import as_matrix
from mixtura.data.source import Chunk, ChunkSource
from mixtura.errors import InputError

__all__ = ["Batches"]


@final
class Batches(ChunkSource):
    """Arrays or data frames, one after the other.

    Parameters
    ----------
    batches : callable or iterable
        A function without parameters that returns the batches from the first on each time it is called, such
        as a generator function; or an iterable that can be gone through again, such as a list. A batch is an
        array or data frame (n, d), or a tuple ``(rows, weight)`` with case weights (n,). All have the same
        columns; their lengths do not matter, and may be 0.

    Raises
    ------
    InputError
        If it is an iterator, which can be gone through once; where batches are read, if one is no matrix of
        finite numbers with the columns of the first.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura import GaussianMixture
    >>> from mixtura.data import Batches
    >>> def simulated():
    ...     for seed in range(5):
    ...         rng = np.random.default_rng(seed)
    ...         yield np.concatenate([rng.normal(1, 1, (400, 2)), rng.normal(9, 1, (600, 2))])
    >>> model = GaussianMixture(2, random_state=0).fit(Batches(simulated))
    >>> model.means_.round()
    array([[9., 9.],
           [1., 1.]])
    """

    def __init__(self, batches: Callable[[], Iterable[Any]] | Iterable[Any]) -> None:
        if callable(batches):
            self._begin: Callable[[], Iterable[Any]] = batches
        elif isinstance(batches, Iterator):
            msg = (
                f"batches is an iterator ({type(batches).__name__}), which can be gone through once, but EM "
                "goes through the rows many times: give the function that returns it"
            )
            raise InputError(msg)
        elif isinstance(batches, Iterable) and not hasattr(batches, "shape"):
            self._begin = lambda: batches
        else:
            msg = (
                f"batches must be a function or an iterable of arrays, but is a {type(batches).__name__}: "
                "an array is given to fit as it is"
            )
            raise InputError(msg)
        self._last: Iterator[Any] | None = None

    @property
    def n_rows(self) -> int | None:  # type: ignore[override]
        """Not known without a pass."""
        return None

    @property
    def feature_names(self) -> tuple[str, ...] | None:  # type: ignore[override]
        """Names of the columns, if the first batch is a data frame."""
        return self._first[0]

    @property
    def n_features(self) -> int:  # type: ignore[override]
        """Columns of the first batch that has rows."""
        return int(self._first[1].rows.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:  # type: ignore[override]
        """That of the first batch that has rows."""
        return self._first[1].rows.dtype

    @property
    def has_weight(self) -> bool:  # type: ignore[override]
        """Whether batches are tuples of rows and weights."""
        return self._first[1].weight is not None

    @cached_property
    def _first(self) -> tuple[tuple[str, ...] | None, Chunk]:
        found = self._named_chunks()
        try:
            for names, chunk in found:
                return names, chunk
        finally:
            found.close()
        msg = "there are no rows in the batches"
        raise InputError(msg)

    def chunks(self) -> Iterator[Chunk]:
        """Return all batches that have rows, in order."""
        names = self._first[0]
        for others, chunk in self._named_chunks():
            if others != names:
                msg = f"{chunk.place}: has the columns {_shown(others)}, but the first has {_shown(names)}"
                raise InputError(msg)
            yield chunk

    def _named_chunks(self) -> Generator[tuple[tuple[str, ...] | None, Chunk]]:
        batches = iter(self._begin())
        if batches is self._last:
            msg = (
                f"batches() returned the same iterator ({type(batches).__name__}) once more, which is used "
                "up: it has to return a new one each time, such as a generator function does"
            )
            raise InputError(msg)
        self._last = batches
        try:
            for number, batch in enumerate(batches):
                place = f"batch {number}"
                rows, weight = batch if isinstance(batch, tuple) and len(batch) == 2 else (batch, None)
                if not hasattr(rows, "shape"):
                    rows = _matrix(rows, place)
                if rows.shape[0]:
                    names, matrix = _names_of(rows), _matrix(rows, place)
                    yield names, Chunk(matrix, _weights(weight, place), place)
        finally:
            if isinstance(batches, Generator):
                batches.close()


def _names_of(rows: Any) -> tuple[str, ...] | None:
    frame = nw.from_native(rows, pass_through=True, eager_only=True)
    return tuple(map(str, frame.columns)) if isinstance(frame, nw.DataFrame) else None


def _matrix(rows: Any, place: str) -> FloatArray:
    try:
        return as_matrix(rows)
    except (TypeError, ValueError) as error:
        msg = f"{place}: {error}"
        raise InputError(msg) from error


def _weights(weight: Any, place: str) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    if weight is None:
        return None
    try:
        return np.ascontiguousarray(weight, dtype=np.float64)
    except (TypeError, ValueError):
        msg = f"{place}: the weights are no real numbers"
        raise InputError(msg) from None


def _shown(names: tuple[str, ...] | None) -> str:
    return "no names" if names is None else ", ".join(map(repr, names))
