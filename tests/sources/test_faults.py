"""Sources that are wrong, break, or change: a typed error that names the place, and no half a fit."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from mixtura import GaussianMixture
from mixtura.data import ArrowDataset, Batches, Chunk, ChunkSource, Parquet
from mixtura.em import Progress
from mixtura.errors import FileFormatError, InputError, SourceChangedError

Make = Callable[..., Batches]
Write = Callable[..., Path]


class Given(ChunkSource):
    """Chunks that a function returns, read ahead by a thread."""

    feature_names, n_features, dtype = None, 3, np.dtype(np.float64)
    n_rows, has_weight, reads_ahead = None, False, True

    def __init__(self, chunks: Callable[[int], Iterator[Chunk]]) -> None:
        self._chunks = chunks
        self.n_passes = 0

    def chunks(self) -> Iterator[Chunk]:
        self.n_passes += 1
        return self._chunks(self.n_passes)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("mixtura-reader")] == []


def assert_refused(source: Any, match: str, error: type[Exception] = InputError, **settings: Any) -> None:
    model = GaussianMixture(**{"n_components": 3, "random_state": 0} | settings)
    with pytest.raises(error, match=match):
        model.fit(source)
    assert not hasattr(model, "means_")


def at_pass(number: int, do: Callable[[], object]) -> Callable[[Progress], None]:
    """Do something after a pass of EM, once."""

    def callback(progress: Progress) -> None:
        if progress.iteration == number:
            do()

    return callback


def test_nan_in_a_batch(X: Any, batches: Make) -> None:
    X[2873, 1] = np.nan
    assert_refused(batches(X, size=50), r"batch 57: X has NaN in column 1, row 23: drop")


def test_nan_in_a_file(X: Any, write: Write) -> None:
    X[[1500, 1501, 2000], 2] = np.nan
    path = write(X)
    assert_refused(Parquet(path), r"rows\.parquet: X has NaN in column 'depth', rows 1500, 1501")


def test_missing_values_in_a_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2, None, 4], "b": [0.0, 1, 2, 3]}), tmp_path / "t.parquet")
    assert_refused(Parquet(tmp_path / "t.parquet"), r"t\.parquet: X has NaN in column 'a', row 2")


def test_nan_is_found_by_scores_too(X: Any, write: Write) -> None:
    model = GaussianMixture(3, random_state=0).fit(Parquet(write(X)))
    X[1234, 0] = np.inf
    file = Parquet(write(X))
    for use in (model.score, model.bic, model.predict):
        with pytest.raises(InputError, match=r"an infinity .* row 1234"):
            use(file)


@pytest.mark.parametrize("after", [1, 4])
def test_a_file_is_truncated(X: Any, write: Write, after: int) -> None:
    path = write(X)
    callback = at_pass(after, lambda: os.truncate(path, 4000))
    match = r"rows\.parquet: was changed \(\d+ bytes then, 4000 now\).* pass \d+"
    assert_refused(Parquet(path), match, SourceChangedError, callback=callback, tol=0.0, max_iter=20)


def test_a_file_is_removed(X: Any, write: Write) -> None:
    first, second = write(X[:1500], "a.parquet"), write(X[1500:], "b.parquet")
    source = Parquet([first, second])
    match = r"b\.parquet: was removed.* seen in pass"
    assert_refused(source, match, SourceChangedError, callback=at_pass(2, second.unlink))


def test_a_file_is_written_anew(X: Any, write: Write) -> None:
    path = write(X)
    callback = at_pass(2, lambda: write(X[:2900]))
    assert_refused(Parquet(path), r"rows\.parquet: was changed", SourceChangedError, callback=callback)


def test_a_file_is_changed_behind_its_dates(X: Any, write: Write) -> None:
    """Same size, same time of change, other numbers: the sums of blocks tell."""
    how = {"use_dictionary": False, "compression": "none", "write_statistics": False}
    path = write(X, **how)
    before = path.stat()
    other = write(X + 0.5, "other.parquet", **how)
    assert other.stat().st_size == before.st_size

    def swap() -> None:
        shutil.copyfile(other, path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    match = r"pass \d+ over the source \(Parquet\) gave other rows from row 0 on"
    assert_refused(Parquet(path), match, SourceChangedError, callback=at_pass(2, swap))


def test_a_fit_that_fails_leaves_the_last_one(X: Any, write: Write) -> None:
    path = write(X)
    model = GaussianMixture(3, random_state=0).fit(Parquet(path))
    means, source = model.means_, Parquet(path)
    path.unlink()
    with pytest.raises(SourceChangedError, match="was removed"):
        model.fit(source)
    assert model.means_ is means


def test_a_bad_row_group(X: Any, write: Write) -> None:
    path = write(X, compression="gzip", use_dictionary=False)
    column = pq.ParquetFile(path).metadata.row_group(2).column(1)
    with path.open("r+b") as file:
        file.seek(column.data_page_offset)
        file.write(b"\xff" * column.total_compressed_size)
    assert_refused(Parquet(path), r"rows\.parquet: cannot be read as Parquet, row group 2", FileFormatError)
    match = "the dataset: cannot be read from row"
    assert_refused(ArrowDataset(pyarrow.dataset.dataset(path)), match, FileFormatError)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"a,b\n1,2\n" * 50])
def test_no_parquet(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"a\.parquet: cannot be read as Parquet"):
        Parquet(tmp_path / "a.parquet")


def test_files_of_other_columns(X: Any, write: Write, tmp_path: Path) -> None:
    first, second = write(X, "a.parquet"), write(X[:, :2], "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: there is no column 'depth', which .*a\.parquet has"):
        Parquet([first, second])
    with pytest.raises(InputError, match=r"b\.parquet: there is no column 'depth'"):
        Parquet([second, first])
    with pytest.raises(InputError, match=r"b\.parquet: there is no column 'depth'; the columns are"):
        Parquet([first, second], columns=["length", "depth"])
    assert Parquet([first, second], columns=["width", "length"]).n_rows == 6000
    text = pa.table({name: ["a"] for name in ("length", "width", "depth")})
    pq.write_table(text, tmp_path / "c.parquet")
    with pytest.raises(InputError, match=r"c\.parquet: column 'length' holds text, not numbers"):
        Parquet([first, tmp_path / "c.parquet"])


def test_float32_and_float64_files(X: Any, write: Write) -> None:
    source = Parquet([write(X[:1000].astype(np.float32), "a.parquet"), write(X[1000:], "b.parquet")])
    assert source.dtype == np.float64
    assert GaussianMixture(3, random_state=0).fit(source).means_.dtype == np.float64


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"columns": ["length", "lenght"]}, "there is no column 'lenght'; the columns are length, width"),
        ({"columns": ["length", "length"]}, "columns must be different"),
        ({"columns": "length"}, "columns must be a list of names"),
        ({"columns": []}, "no column of numbers"),
        ({"weight": "n"}, "there is no column 'n'"),
        ({"weight": "width", "columns": ["length", "width"]}, "the weight none of them"),
    ],
)
def test_columns_that_cannot_be(X: Any, write: Write, arguments: dict[str, Any], match: str) -> None:
    path = write(X)
    with pytest.raises(InputError, match=match):
        Parquet(path, **arguments)
    with pytest.raises(InputError, match=match):
        ArrowDataset(pyarrow.dataset.dataset(path), **arguments)


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.parquet"):
        Parquet(tmp_path / "nothing.parquet")
    with pytest.raises(FileNotFoundError, match="no file is called"):
        Parquet(str(tmp_path / "*.parquet"))
    with pytest.raises(InputError, match=r"is a directory: give the files in it, as in .*\*\.parquet"):
        Parquet(tmp_path)
    for path in ([], 3, None):
        with pytest.raises(InputError, match="path must be"):
            Parquet(path)  # type: ignore[arg-type]


def test_without_pyarrow(X: Any, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(X)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(InputError, match=r"pip install 'mixtura\[arrow\]'"):
        Parquet(path)


def test_iterators_can_be_read_once(X: Any) -> None:
    with pytest.raises(InputError, match=r"iterator \(generator\), which can be gone through once"):
        Batches(part for part in np.array_split(X, 3))
    once = iter(np.array_split(X, 3))
    assert_refused(Batches(lambda: once), "same iterator .* used up")
    assert_refused((part for part in np.array_split(X, 3)), r"X is a generator, which can be read once")
    reader = pa.table({"a": [1.0, 2.0]}).to_reader()
    assert_refused(reader, "X is a RecordBatchReader, which can be read once")
    for wrong in (X, 3):
        with pytest.raises(InputError, match="batches must be"):
            Batches(wrong)


def test_a_source_that_ends_early(X: Any) -> None:
    def chunks(number: int) -> Iterator[Chunk]:
        for part in np.array_split(X, 10)[: 10 if number < 7 else 9]:
            yield Chunk(part)

    # What it gives is seen to end: sums of fewer rows are never taken for those of all.
    match = (
        r"pass 7 over the source \(Given\) (gave other rows from row 2560 on|ended after 2700 of 3000 rows)"
    )
    assert_refused(Given(chunks), match, SourceChangedError)


def test_a_source_that_ends_between_blocks(X: Any) -> None:
    def chunks(number: int) -> Iterator[Chunk]:
        yield Chunk(X[: 3000 if number < 7 else 2560])

    assert_refused(Given(chunks), "pass 7 .* ended after 2560 of 3000 rows", SourceChangedError)


def test_a_source_that_goes_on(X: Any) -> None:
    def chunks(number: int) -> Iterator[Chunk]:
        yield Chunk(X[:2560])
        if number == 3:
            yield Chunk(X[2560:])

    assert_refused(Given(chunks), "pass 3 .* gave other rows from row 2560 on", SourceChangedError)


def test_other_numbers_each_time() -> None:
    rng = np.random.default_rng(0)
    source = Batches(lambda: (rng.normal(size=(500, 3)) for _ in range(4)))
    assert_refused(
        source, "gave other rows from row 0 on: .* the same rows in the same order", SourceChangedError
    )


def test_weights_that_change(X: Any, weight: Any) -> None:
    n = iter(range(100))
    source = Batches(lambda: [(X, weight + (next(n) > 3))])
    assert_refused(source, "gave other rows", SourceChangedError)


@pytest.mark.parametrize("number", [1, 5])
def test_an_error_in_the_thread(X: Any, number: int) -> None:
    def chunks(current: int) -> Iterator[Chunk]:
        yield Chunk(X)
        if current == number:
            raise ConnectionResetError("the store has hung up")

    assert_refused(Given(chunks), "the store has hung up", ConnectionResetError)


def test_empty_chunks_are_no_rows(X: Any) -> None:
    parts = [X[:0], X[:1000], X[:0], X[1000:], X[:0]]
    model = GaussianMixture(3, random_state=0).fit(Batches(parts))
    whole = GaussianMixture(3, random_state=0).fit(Batches([X]))
    np.testing.assert_array_equal(model.means_, whole.means_)


def test_no_rows(X: Any, write: Write) -> None:
    assert_refused(Batches([]), "there are no rows in the batches")
    assert_refused(Batches([X[:0]]), "there are no rows in the batches")
    assert_refused(Parquet(write(X[:0])), r"there are no rows in the source \(Parquet\)")
    assert_refused(Batches([X[:1]]), "1 sample.* minimum of 2", n_components=1)
    assert_refused(Batches([X[:2]]), "Expected n_samples >= n_components")


def test_weights_that_cannot_be(X: Any, weight: Any, write: Write, batches: Make) -> None:
    for value, match in [(-1.0, "negative"), (np.nan, "missing or not finite"), (np.inf, "not finite")]:
        wrong = weight.copy()
        wrong[[800, 900]] = value
        file = Parquet(write(X, weight=wrong), weight="count")
        assert_refused(file, rf"rows\.parquet: the weight is .*{match}.* in rows 800, 900")
    assert_refused(batches(X, 0.0 * weight), "the weight is zero for every row")
    assert_refused(Batches([(X, weight[:-1])]), r"batch 0: has weights of shape \(2999,\), but \(3000,\)")
    assert_refused(Batches([(X, weight), X]), "batch 1: has no weights")
    assert_refused(Batches([X, (X, weight)]), "batch 1: has weights .* but none are expected")
    assert_refused(Batches([(X, ["a"] * 3000)]), "batch 0: the weights are no real numbers")
    only = np.zeros(3000)
    only[:2] = 1.0
    assert_refused(batches(X, only), "n_samples = 2 with a weight above 0")
    model = GaussianMixture(3, random_state=0).fit(X)
    with pytest.raises(InputError, match="the weight is zero for every row"):
        model.score(batches(X, 0.0 * weight))
    for use in (model.fit, model.score, model.bic):
        with pytest.raises(InputError, match="a source brings its weights along"):
            use(batches(X), sample_weight=weight)


def test_batches_that_do_not_fit_together(X: Any) -> None:
    import polars as pl

    assert_refused(Batches([X, X[:, :2]]), r"batch 1: has rows of shape \(3000, 2\)")
    assert_refused(
        Batches([X.astype(np.float32), X]), "batch 1: has float64 rows, but the source is of float32"
    )
    assert_refused(Batches([X, [["a", "b", "c"]]]), "batch 1: could not convert string to float")
    frames = [pl.DataFrame(X, schema=["a", "b", "c"]), pl.DataFrame(X, schema=["a", "b", "d"])]
    assert_refused(Batches(frames), "batch 1: has the columns 'a', 'b', 'd', but the first has 'a', 'b', 'c'")


def test_sources_that_say_nonsense(X: Any) -> None:
    source = Given(lambda _: iter([Chunk(X)]))
    source.n_features = 2
    assert_refused(source, r"the source: has rows of shape \(3000, 3\)")
    source.dtype = np.dtype(np.int64)  # type: ignore[assignment]
    assert_refused(source, "columns of int64: a source has at least one, of float32 or float64")


def test_starts_that_need_all_rows(X: Any, batches: Make) -> None:
    for start in (np.arange(3000) % 3, np.full((3000, 3), 1 / 3)):
        assert_refused(batches(X), "init_params as an array .* X is a source", init_params=start)


def test_scores_of_other_columns(X: Any, write: Write, batches: Make) -> None:
    model = GaussianMixture(3, random_state=0).fit(Parquet(write(X)))
    with pytest.raises(InputError, match=r"feature names should match .* has 'width', 'length', 'depth'"):
        model.predict(Parquet(write(X), columns=["width", "length", "depth"]))
    with pytest.raises(InputError, match="the source has 2 features, but GaussianMixture is expecting 3"):
        model.predict(batches(X[:, :2]))
    with pytest.warns(UserWarning, match="X does not have valid feature names, but GaussianMixture"):
        model.predict(batches(X))
    model.fit(batches(X))
    with pytest.warns(UserWarning, match="X has feature names, but GaussianMixture was fitted without"):
        model.predict(Parquet(write(X)))


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[], None]]:
    """Something that presses Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.main_thread().ident
    assert main is not None
    yield lambda: signal.pthread_kill(main, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(
    not hasattr(signal, "pthread_kill"), reason="this system cannot send a signal to one thread"
)
@pytest.mark.parametrize("number", [1, 9])
def test_ctrl_c_while_a_thread_reads(X: Any, number: int, ctrl_c: Callable[[], None]) -> None:
    """At the first pass nothing is known; after some passes of EM the last parameters are kept."""

    def chunks(current: int) -> Iterator[Chunk]:
        for i, part in enumerate(np.array_split(X, 10)):
            if current == number and i == 5:
                ctrl_c()
                time.sleep(0.2)
            yield Chunk(part)

    source = Given(chunks)
    model = GaussianMixture(3, random_state=0, tol=0.0, max_iter=50)
    with pytest.raises(KeyboardInterrupt):
        model.fit(source)
    assert source.n_passes == number
    if number == 1:
        assert not hasattr(model, "means_")
    else:
        assert model.stopping_reason_ == "interrupted"
        assert len(model.trace_) >= 1
        assert model.score(Batches([X])) == pytest.approx(model.lower_bound_, abs=1e-9)
