"""`ArrowDataset`: a source of whatever Arrow reads as a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, final

from mixtura.data.arrow import arrow
from mixtura.data.source import Chunk, ChunkSource
from mixtura.data.sources.columns import BUFFER_BYTES, columns_of
from mixtura.data.stream import block_rows
from mixtura.errors import FileFormatError, InputError

__all__ = ["ArrowDataset"]

_PLACE = "the dataset"


def _by_pages(dataset: Any) -> dict[str, Any]:
    """Say that Parquet files are not to be read before their pages are needed."""
    module = arrow("pyarrow.dataset")
    if not isinstance(getattr(dataset, "format", None), module.ParquetFileFormat):
        return {}
    options = module.ParquetFragmentScanOptions(
        use_buffered_stream=True, buffer_size=BUFFER_BYTES, pre_buffer=False
    )
    return {"fragment_scan_options": options}


@final
class ArrowDataset(ChunkSource):
    """A dataset of Arrow: CSV, Feather, Parquet in partitions, and what else Arrow reads.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
    columns : sequence of str, optional
        The features. By default all columns but the weight.
    weight : str, optional
        The column of case weights.

    Raises
    ------
    InputError
        If it is no dataset, or a column is not there or holds no numbers.
    FileFormatError
        From a fit, if a file cannot be read.

    See Also
    --------
    Parquet : reads Parquet files in less memory, and names the file and the row group in which something is
        wrong. Arrow holds some row groups of a dataset.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pyarrow.dataset
    >>> from mixtura import GaussianMixture, datasets
    >>> from mixtura.data import ArrowDataset
    >>> csv = pyarrow.dataset.dataset(datasets.path("faithful"), format="csv")
    >>> model = GaussianMixture(2, random_state=0).fit(ArrowDataset(csv))
    >>> model.feature_names_in_
    array(['eruptions', 'waiting'], dtype=object)
    """

    reads_ahead = True

    def __init__(self, dataset: Any, columns: Sequence[str] | None = None, weight: str | None = None) -> None:
        if not isinstance(dataset, arrow("pyarrow.dataset").Dataset):
            msg = (
                f"dataset must be a pyarrow.dataset.Dataset, but is a {type(dataset).__name__}: "
                "pyarrow.dataset.dataset(path, format=...) makes one of files"
            )
            raise InputError(msg)
        self._dataset = dataset
        self._columns = columns_of(dataset.schema, columns, weight, _PLACE)
        self.feature_names = self._columns.features
        self.n_features = len(self._columns.features)
        self.dtype = self._columns.dtype
        self._how = _by_pages(dataset)
        self.n_rows = None
        self.has_weight = weight is not None

    def chunks(self) -> Iterator[Chunk]:
        """Return all rows, fragment by fragment."""
        # Little is read ahead: by default so much that it is most of the memory of a fit.
        batches = self._dataset.to_batches(
            columns=self._columns.all,
            batch_size=block_rows(self.n_features),
            batch_readahead=1,
            fragment_readahead=1,
            **self._how,
        )
        first = 0
        while True:
            try:
                batch = next(batches, None)
            except (arrow().ArrowException, OSError) as error:
                reason = " ".join(str(error).split())
                msg = f"{_PLACE}: cannot be read from row {first} on ({reason})"
                raise FileFormatError(msg) from error
            if batch is None:
                return
            yield self._columns.chunk(batch, _PLACE, first)
            first += batch.num_rows
