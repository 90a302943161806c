"""`as_source`: what an estimator was given, if it is read chunk by chunk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from mixtura.data.source import ChunkSource
from mixtura.data.sources.dataset import ArrowDataset
from mixtura.errors import InputError

__all__ = ["as_source"]


def as_source(X: Any) -> ChunkSource | None:
    """Return X as a source, or None if it is to be taken as an array.

    Raises
    ------
    InputError
        If X can be read once only.
    """
    if isinstance(X, ChunkSource):
        return X
    # Whoever has a dataset has imported its module.
    dataset = sys.modules.get("pyarrow.dataset")
    if dataset is not None and isinstance(X, dataset.Dataset):
        return ArrowDataset(X)
    reader = getattr(sys.modules.get("pyarrow"), "RecordBatchReader", None)
    if isinstance(X, Iterator) or (reader is not None and isinstance(X, reader)):
        msg = (
            f"X is a {type(X).__name__}, which can be read once, but EM goes over the rows many times: give "
            "mixtura.data.Batches a function that returns it, mixtura.data.Parquet, or a pyarrow.dataset"
        )
        raise InputError(msg)
    return None
