"""`Parquet`: a source of files, read a row group at a time."""

from __future__ import annotations

import glob
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np

from mixtura.data.arrow import arrow, arrow_errors
from mixtura.data.source import Chunk, ChunkSource
from mixtura.data.sources.columns import BUFFER_BYTES, Columns, columns_of
from mixtura.data.stream import block_rows
from mixtura.errors import FileFormatError, InputError, SourceChangedError

__all__ = ["Parquet"]

_PATTERN = frozenset("*?[")


class _File(NamedTuple):
    """A file as it was when the source was made."""

    path: Path
    n_rows: int
    size: int
    modified: int


@final
class Parquet(ChunkSource):
    """Parquet files that need not fit into memory.

    Parameters
    ----------
    path : path, pattern, or sequence of paths
        One file; a pattern such as ``"trips/*.parquet"``, whose files are taken in the order of their names;
        or files in the order given. All have the same columns.
    columns : sequence of str, optional
        The features. By default all columns but the weight; nothing else is read.
    weight : str, optional
        The column of case weights.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or none of the pattern.
    FileFormatError
        If one is no Parquet file, or is damaged; from a fit too, which names the row group.
    InputError
        If a column is not there, holds no numbers, or is not in all files; if pyarrow is not installed.

    Notes
    -----
    Files are not to be changed while they are used. Size and time of change of each are looked at before and
    after it is read: a fit to a file that was changed or removed ends with a `SourceChangedError`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> import pyarrow as pa
    >>> import pyarrow.parquet as pq
    >>> from mixtura import GaussianMixture
    >>> from mixtura.data import Parquet
    >>> rng = np.random.default_rng(0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for month in range(3):
    ...         table = pa.table({"x": rng.normal(size=1000), "y": rng.normal(5.0, size=1000)})
    ...         pq.write_table(table, pathlib.Path(folder) / f"{month}.parquet")
    ...     trips = Parquet(f"{folder}/*.parquet", columns=["x", "y"])
    ...     print(trips.n_rows, GaussianMixture(1).fit(trips).feature_names_in_)
    3000 ['x' 'y']
    """

    reads_ahead = True

    def __init__(
        self,
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        columns: Sequence[str] | None = None,
        weight: str | None = None,
    ) -> None:
        self._passes = 0
        files: list[_File] = []
        of_each: list[Columns] = []
        for one in _paths_of(path):
            with arrow_errors(one, "Parquet"), arrow("pyarrow.parquet").ParquetFile(one) as opened:
                status = one.stat()
                files.append(_File(one, opened.metadata.num_rows, status.st_size, status.st_mtime_ns))
                of_each.append(columns_of(opened.schema_arrow, columns, weight, str(one)))
        for file, found in zip(files, of_each, strict=True):
            _refuse_other_columns(file.path, found, files[0].path, of_each[0])
        double = any(found.dtype == np.float64 for found in of_each)
        self._files = files
        self._columns = of_each[0]._replace(dtype=np.dtype(np.float64 if double else np.float32))
        self.feature_names = self._columns.features
        self.n_features = len(self._columns.features)
        self.dtype = self._columns.dtype
        self.n_rows = sum(file.n_rows for file in files)
        self.has_weight = weight is not None

    def chunks(self) -> Iterator[Chunk]:
        """Return all rows, file by file.

        Raises
        ------
        SourceChangedError
            If a file is not what it was.
        FileFormatError
            If one cannot be read.
        """
        self._passes += 1
        for file in self._files:
            yield from self._chunks_of(file, self._passes)

    def _chunks_of(self, file: _File, number: int) -> Generator[Chunk]:
        self._refuse_changed(file, number)
        first = 0
        with self._reading(file, number, ""):
            opened = arrow("pyarrow.parquet").ParquetFile(
                file.path, buffer_size=BUFFER_BYTES, pre_buffer=False
            )
        with opened:
            for group in range(opened.num_row_groups):
                batches = opened.iter_batches(
                    block_rows(self.n_features), row_groups=[group], columns=self._columns.all
                )
                while True:
                    with self._reading(file, number, f", row group {group}"):
                        batch = next(batches, None)
                        if batch is None:
                            break
                        chunk = self._columns.chunk(batch, str(file.path), first)
                    first += batch.num_rows
                    yield chunk
        self._refuse_changed(file, number)
        if first != file.n_rows:
            msg = f"{file.path}: has {file.n_rows} rows by its footer, but {first} were read: it is damaged"
            raise FileFormatError(msg)

    @contextmanager
    def _reading(self, file: _File, number: int, where: str) -> Iterator[None]:
        """Turn what goes wrong into an error of ours: a file that was changed is not called damaged."""
        try:
            with arrow_errors(file.path, "Parquet" + where):
                yield
        except (FileFormatError, OSError):
            self._refuse_changed(file, number)
            raise

    def _refuse_changed(self, file: _File, number: int) -> None:
        try:
            status = file.path.stat()
        except FileNotFoundError:
            what = "was removed"
        else:
            if (status.st_size, status.st_mtime_ns) == (file.size, file.modified):
                return
            what = f"was changed ({file.size} bytes then, {status.st_size} now)"
        msg = f"{file.path}: {what} since this source was made, seen in pass {number} over it: fit anew"
        raise SourceChangedError(msg)


def _paths_of(path: Any) -> list[Path]:
    if isinstance(path, (str, os.PathLike)):
        text = os.fspath(path)
        if not _PATTERN & set(text) or Path(text).exists():
            given = [text]
        else:
            given = sorted(glob.glob(text, recursive=True))  # noqa: PTH207  # patterns may be absolute
            if not given:
                msg = f"no file is called {text}"
                raise FileNotFoundError(msg)
    elif isinstance(path, Sequence) and path:
        given = [os.fspath(one) for one in path]
    else:
        msg = f"path must be a path, a pattern or a list of paths, but got {path!r}"
        raise InputError(msg)
    paths = [Path(one) for one in given]
    for one in paths:
        if one.is_dir():
            msg = f"{one}: is a directory: give the files in it, as in {str(one / '*.parquet')!r}"
            raise InputError(msg)
        if not one.exists():
            msg = f"{one}: there is no such file"
            raise FileNotFoundError(msg)
    return paths


def _refuse_other_columns(path: Path, found: Columns, first: Path, expected: Columns) -> None:
    if set(found.features) != set(expected.features):
        other = sorted(set(found.features) ^ set(expected.features))[0]
        has, lacks = (path, first) if other in found.features else (first, path)
        msg = (
            f"{lacks}: there is no column {other!r}, which {has} has: all files have the same columns; "
            "choose those that are in all with columns="
        )
        raise InputError(msg)
