"""Sources: files, datasets and batches that need not fit into memory."""

from mixtura.data.sources.batches import Batches
from mixtura.data.sources.dataset import ArrowDataset
from mixtura.data.sources.parquet import Parquet
from mixtura.data.sources.recognise import as_source

__all__ = ["ArrowDataset", "Batches", "Parquet", "as_source"]
