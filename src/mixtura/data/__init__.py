"""Rows that need not fit into memory: what a `mixtura.GaussianMixture` takes in place of an array."""

from mixtura.data.matrix import as_matrix, is_plain
from mixtura.data.source import Chunk, ChunkSource
from mixtura.data.sources import ArrowDataset, Batches, Parquet, as_source
from mixtura.data.stream import Block, Stream
from mixtura.data.weights import as_sample_weight

__all__ = [
    "ArrowDataset",
    "Batches",
    "Block",
    "Chunk",
    "ChunkSource",
    "Parquet",
    "Stream",
    "as_matrix",
    "as_sample_weight",
    "as_source",
    "is_plain",
]
