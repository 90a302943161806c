"""`ChunkSource`: rows that are read a chunk at a time, as often as they are needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np

from mixtura._typing import FloatArray
from mixtura.errors import InputError

__all__ = ["Chunk", "ChunkSource", "refuse_source"]


class Chunk(NamedTuple):
    """Some rows of a source.

    Attributes
    ----------
    rows : ndarray of shape (n, d), float32 or float64
        May have no rows.
    weight : ndarray of shape (n,), float64, or None
        Case weights.
    place : str
        Where they come from, for messages.
    first : int
        Number of the first of them there, from 0.
    """

    rows: FloatArray
    weight: np.ndarray[Any, np.dtype[np.float64]] | None = None
    place: str = "the source"
    first: int = 0


class ChunkSource(ABC):
    """Rows that need not fit into memory: the same ones in the same order each time they are asked for.

    Give one to `mixtura.GaussianMixture` in place of X. `Parquet`, `ArrowDataset` and `Batches` are such
    sources; a class of your own has to define what is listed here. Chunks may be of any length, and of other
    lengths in the next pass: fits do not depend on it.

    Attributes
    ----------
    feature_names : tuple of str, or None
        Names of the columns.
    n_features : int
        d.
    dtype : numpy.dtype
        float32 or float64.
    n_rows : int or None
        N, if it is known without a pass.
    has_weight : bool
        Whether all chunks have weights, or none.
    reads_ahead : bool
        Whether `chunks` may run in a thread of its own, one block ahead of the work on it.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura import GaussianMixture
    >>> from mixtura.data import Chunk, ChunkSource
    >>> class Drawn(ChunkSource):
    ...     feature_names, n_features, dtype = None, 2, np.dtype(np.float64)
    ...     n_rows, has_weight = 4000, False
    ...
    ...     def chunks(self):
    ...         rng = np.random.default_rng(0)
    ...         for _ in range(4):
    ...             yield Chunk(rng.normal([[0.0, 5.0]], size=(1000, 2)))
    >>> GaussianMixture(1).fit(Drawn()).means_.round(1) + 0.0
    array([[0., 5.]])
    """

    feature_names: tuple[str, ...] | None
    n_features: int
    dtype: np.dtype[Any]
    n_rows: int | None
    has_weight: bool
    reads_ahead: ClassVar[bool] = False

    @abstractmethod
    def chunks(self) -> Iterator[Chunk]:
        """Return all rows in order, from the first, whenever it is called."""


def refuse_source(X: Any) -> None:
    """Refuse a source where all rows have to be in memory.

    Raises
    ------
    InputError
        If X is one.
    """
    if isinstance(X, ChunkSource):
        msg = (
            f"X is a source of chunks ({type(X).__name__}), but here all rows have to be in memory: only "
            "GaussianMixture reads sources. Give an array of the rows, or of some of them"
        )
        raise InputError(msg)
