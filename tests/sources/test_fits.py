"""Fits to sources against fits to the same rows in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset
import pytest

from mixtura import GaussianMixture, KMeans, MixtureSelector
from mixtura.covariance import STRUCTURES
from mixtura.data import ArrowDataset, Batches, Chunk, ChunkSource, Parquet
from mixtura.errors import DegenerateFitWarning, InputError

Make = Callable[..., Batches]
Write = Callable[..., Path]
FITTED = ("weights_", "means_", "covariances_")


def start_of(X: Any, structure: str) -> dict[str, Any]:
    """A whole start that is not yet the optimum."""
    model = GaussianMixture(3, covariance_type=structure, random_state=0).fit(np.asarray(X, dtype=np.float64))
    return {
        "weights_init": [0.5, 0.3, 0.2],
        "means_init": model.means_ + 0.7 * np.std(X, axis=0),
        "precisions_init": model.precisions_ / 2.0,
        "covariance_type": structure,
    }


def assert_same(one: GaussianMixture, other: GaussianMixture, within: float = 1e-12) -> None:
    for name in FITTED:
        expected = getattr(one.mixture_, name[:-1])
        got = getattr(other.mixture_, name[:-1])
        np.testing.assert_allclose(got, expected, rtol=within, atol=within * np.abs(expected).max())
    assert one.n_iter_ == other.n_iter_
    assert one.stopping_reason_ == other.stopping_reason_
    np.testing.assert_allclose(one.trace_, other.trace_, rtol=0, atol=100 * within)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_same_start_leads_to_the_same_fit(
    X: Any, weight: Any, structure: str, weighted: bool, batches: Make
) -> None:
    w = weight if weighted else None
    start = start_of(X, structure)
    expected = GaussianMixture(3, **start).fit(X, sample_weight=w)
    assert expected.n_iter_ > 3
    assert_same(expected, GaussianMixture(3, **start).fit(batches(X, w)))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_float32(X: Any, structure: str, batches: Make) -> None:
    start = start_of(X, structure) | {"tol": 1e-3, "acceleration": None}
    single = X.astype(np.float32)
    expected = GaussianMixture(3, **start).fit(single)
    model = GaussianMixture(3, **start).fit(batches(single))
    assert model.means_.dtype == np.float32
    for name in FITTED:
        np.testing.assert_allclose(getattr(model, name), getattr(expected, name), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("settings", [{"reg_covar": 0.1}, {"covariance_prior": "auto"}, {"tol": 1e-4}])
def test_settings_mean_the_same(X: Any, weight: Any, settings: dict[str, Any], batches: Make) -> None:
    start = start_of(X, "full") | settings
    expected = GaussianMixture(3, **start).fit(X, sample_weight=weight)
    assert_same(expected, GaussianMixture(3, **start).fit(batches(X, weight)))


@pytest.mark.parametrize("init", ["auto", "kmeans", "k-means++", "random", "random_from_data"])
def test_starts_of_all_rows_are_those_of_an_array(X: Any, weight: Any, init: str, batches: Make) -> None:
    model = GaussianMixture(3, init_params=init, random_state=3, n_init=2)
    expected = GaussianMixture(3, init_params=init, random_state=3, n_init=2)
    assert_same(expected.fit(X, sample_weight=weight), model.fit(batches(X, weight)), within=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_starts_of_some_rows(
    X: Any, weight: Any, weighted: bool, batches: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixtura.estimators._stream_sample._SEEN_ROWS", 400)
    monkeypatch.setattr("mixtura.search.arena._ROWS", 300)
    w = weight if weighted else None
    expected = GaussianMixture(3, random_state=0).fit(X, sample_weight=w)
    seen = []

    def labels(rows: Any, k: int, rng: Any) -> Any:
        seen.append(rows)
        return np.arange(len(rows)) % k

    model = GaussianMixture(3, random_state=0).fit(batches(X, w))
    assert model.lower_bound_ == pytest.approx(expected.lower_bound_, abs=1e-4)
    again = GaussianMixture(3, random_state=0).fit(batches(X, w, size=77))
    np.testing.assert_array_equal(again.means_, model.means_)

    GaussianMixture(3, init_params=labels, random_state=0).fit(batches(X, w))
    (rows,) = seen
    assert len(rows) == 400
    numbers = np.array([int(np.flatnonzero((row == X).all(axis=1))[0]) for row in rows])
    assert (np.diff(numbers) >= 0).all()
    assert numbers[0] < 30
    assert numbers[-1] > 2970
    if weighted:
        assert (weight[numbers] > 0).all()
    else:
        assert len(set(numbers)) == 400


def test_part_of_a_start(X: Any, batches: Make) -> None:
    means = X[:3]
    expected = GaussianMixture(3, means_init=means, random_state=0).fit(X)
    assert_same(expected, GaussianMixture(3, means_init=means, random_state=0).fit(batches(X)), within=1e-9)


def test_blocks_and_threads_change_no_bit(X: Any, weight: Any, batches: Make, write: Write) -> None:
    for structure in STRUCTURES:
        fits = [
            GaussianMixture(3, covariance_type=structure, random_state=0, n_jobs=n_jobs).fit(source)
            for n_jobs, source in [
                (1, batches(X, weight, size=3000)),
                (3, batches(X, weight, size=7)),
                (2, batches(np.asfortranarray(X), weight, size=999)),
                (2, Parquet(write(X, weight=weight, group=123), weight="count")),
            ]
        ]
        for other in fits[1:]:
            for name in FITTED:
                np.testing.assert_array_equal(getattr(other, name), getattr(fits[0], name))


@pytest.mark.parametrize("unit", [1e-150, 1e150])
def test_units_beyond_measure(X: Any, unit: float, batches: Make) -> None:
    expected = GaussianMixture(3, random_state=0).fit(X * unit)
    model = GaussianMixture(3, random_state=0).fit(batches(X * unit))
    np.testing.assert_allclose(model.means_, expected.means_, rtol=1e-9)


def test_weights_beyond_measure(X: Any, weight: Any, batches: Make) -> None:
    expected = GaussianMixture(3, random_state=0).fit(X, sample_weight=weight)
    model = GaussianMixture(3, random_state=0).fit(batches(X, weight * 1e250))
    np.testing.assert_allclose(model.means_, expected.means_, rtol=1e-7)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_wild_rows(X: Any, dtype: Any, batches: Make) -> None:
    """Those that hold nearly all of the variance say nothing of the size of the data."""
    X[700] = 1e9
    wild = X.astype(dtype)
    with pytest.warns(DegenerateFitWarning, match="component 3"):
        expected = GaussianMixture(4, random_state=0).fit(wild)
    with pytest.warns(DegenerateFitWarning, match="component 3"):
        model = GaussianMixture(4, random_state=0).fit(batches(wild))
    np.testing.assert_allclose(model.means_, expected.means_, rtol=1e-6, atol=1e-6)


def test_names_and_scores(X: Any, weight: Any, write: Write) -> None:
    file = Parquet(write(X, weight=weight), weight="count")
    model = GaussianMixture(3, random_state=0).fit(file)
    assert model.feature_names_in_.tolist() == ["length", "width", "depth"]
    assert model.n_features_in_ == 3
    assert model.mixture_.feature_names == ("length", "width", "depth")
    plain = GaussianMixture(3, random_state=0).fit(X, sample_weight=weight)
    plain.weights_, plain.means_ = model.weights_, model.means_
    plain.precisions_cholesky_ = model.precisions_cholesky_
    np.testing.assert_array_equal(model.predict(file), plain.predict(X))
    np.testing.assert_allclose(model.predict_proba(file), plain.predict_proba(X), atol=1e-12)
    np.testing.assert_allclose(model.transform(file), plain.predict_proba(X), atol=1e-12)
    np.testing.assert_allclose(model.score_samples(file), plain.score_samples(X), rtol=1e-12)
    for name in ("score", "bic", "aic", "icl"):
        expected = getattr(plain, name)(X, sample_weight=weight)
        assert getattr(model, name)(file) == pytest.approx(expected, rel=1e-12)


def test_fit_predict(X: Any, batches: Make) -> None:
    model = GaussianMixture(3, random_state=0)
    np.testing.assert_array_equal(model.fit_predict(batches(X)), model.predict(X))


def test_warm_start(X: Any, batches: Make) -> None:
    model = GaussianMixture(3, random_state=0, warm_start=True).fit(batches(X))
    before = model.lower_bound_
    model.fit(batches(X))
    assert model.n_iter_ <= 3
    assert model.lower_bound_ >= before - 1e-9


def test_files_in_order(X: Any, write: Write, tmp_path: Path) -> None:
    whole = Parquet(write(X))
    parts = [write(part, f"part-{i}.parquet") for i, part in enumerate(np.array_split(X, 3))]
    expected = GaussianMixture(3, random_state=0).fit(whole)
    for source in (Parquet(parts), Parquet(str(tmp_path / "part-*.parquet"))):
        assert source.n_rows == 3000
        np.testing.assert_array_equal(GaussianMixture(3, random_state=0).fit(source).means_, expected.means_)
    np.testing.assert_array_equal(
        np.concatenate([chunk.rows for chunk in Parquet(parts[1]).chunks()]), X[1000:2000]
    )


def test_columns_in_the_order_asked_for(X: Any, write: Write) -> None:
    source = Parquet(write(X), columns=["depth", "length"])
    assert source.feature_names == ("depth", "length")
    np.testing.assert_array_equal(np.concatenate([chunk.rows for chunk in source.chunks()]), X[:, [2, 0]])


def test_kinds_of_numbers(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "whole": pa.array(rng.integers(0, 9, 500), pa.int16()),
            "single": pa.array(rng.normal(size=500), pa.float32()),
            "flag": pa.array(rng.random(500) < 0.5),
        }
    )
    pq.write_table(table, tmp_path / "kinds.parquet")
    source = Parquet(tmp_path / "kinds.parquet")
    assert source.dtype == np.float64
    rows = next(iter(source.chunks())).rows
    np.testing.assert_array_equal(
        rows, np.stack([column.to_numpy() for column in table.columns], axis=1)[: len(rows)]
    )
    assert Parquet(tmp_path / "kinds.parquet", columns=["single"]).dtype == np.float32


class Counted(ChunkSource):
    """Counts the passes over another source."""

    n_rows = None

    def __init__(self, source: ChunkSource) -> None:
        self.source, self.n_passes = source, 0
        self.feature_names, self.n_features = source.feature_names, source.n_features
        self.dtype, self.has_weight = source.dtype, source.has_weight

    def chunks(self) -> Iterator[Chunk]:
        self.n_passes += 1
        return self.source.chunks()


@pytest.mark.parametrize(("structure", "before"), [("full", 3), ("diag", 3), ("tied", 4)])
def test_passes(X: Any, structure: str, before: int, batches: Make) -> None:
    """As many as the guide says."""
    plain = {"tol": 1e-5, "acceleration": None}
    source = Counted(batches(X))
    model = GaussianMixture(3, **start_of(X, structure), **plain).fit(source)
    assert source.n_passes == before + model.n_iter_ + 1
    source.n_passes = 0
    model = GaussianMixture(3, covariance_type=structure, random_state=0, **plain).fit(source)
    assert source.n_passes == before + 1 + model.n_iter_ + 1
    source.n_passes = 0
    model.bic(source)
    assert source.n_passes == 1


def test_a_dataset_of_several_files(X: Any, write: Write) -> None:
    paths = [write(part, f"part-{i}.parquet") for i, part in enumerate(np.array_split(X, 3))]
    dataset = pyarrow.dataset.dataset(paths)
    model = GaussianMixture(3, random_state=0).fit(dataset)
    expected = GaussianMixture(3, random_state=0).fit(Parquet(paths))
    np.testing.assert_array_equal(model.means_, expected.means_)


@pytest.mark.parametrize("wrapped", [False, True])
def test_datasets(X: Any, write: Write, wrapped: bool) -> None:
    path = write(X)
    dataset = pyarrow.dataset.dataset(path)
    model = GaussianMixture(3, random_state=0).fit(ArrowDataset(dataset) if wrapped else dataset)
    expected = GaussianMixture(3, random_state=0).fit(Parquet(path))
    np.testing.assert_array_equal(model.means_, expected.means_)
    np.testing.assert_array_equal(model.predict(dataset), expected.predict(Parquet(path)))


def test_csv_by_a_dataset(X: Any, weight: Any, tmp_path: Path) -> None:
    lines = [",".join(map(repr, (*map(float, row), float(w)))) for row, w in zip(X, weight, strict=True)]
    (tmp_path / "rows.csv").write_text("\n".join(["a,b,c,w", *lines]))
    source = ArrowDataset(pyarrow.dataset.dataset(tmp_path / "rows.csv", format="csv"), weight="w")
    model = GaussianMixture(3, random_state=0).fit(source)
    expected = GaussianMixture(3, random_state=0).fit(X, sample_weight=weight)
    np.testing.assert_allclose(model.means_, expected.means_, rtol=1e-8)


def test_batches_of_frames(X: Any) -> None:
    import polars as pl

    frames = [pl.DataFrame(X[low : low + 500], schema=["a", "b", "c"]) for low in range(0, 3000, 500)]
    model = GaussianMixture(3, random_state=0).fit(Batches(frames))
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(model.means_, GaussianMixture(3, random_state=0).fit(X).means_, rtol=1e-9)


def test_batches_of_lists() -> None:
    rows = [[[0.0, 1], [2, 0]], [[1, 1]], [[5, 4], [4, 5]]]
    assert GaussianMixture(1).fit(Batches(rows)).means_.tolist() == [[2.4, 2.2]]


def test_a_memory_map_is_an_array(X: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", X)
    model = GaussianMixture(3, random_state=0).fit(np.load(tmp_path / "rows.npy", mmap_mode="r"))
    np.testing.assert_array_equal(model.means_, GaussianMixture(3, random_state=0).fit(X).means_)


def test_others_say_that_rows_have_to_be_in_memory(X: Any, batches: Make) -> None:
    source = batches(X)
    fitted = GaussianMixture(3, random_state=0).fit(X)
    for use in (KMeans(2).fit, MixtureSelector().fit, KMeans(2).fit(X).predict, fitted.mixture_.pdf):
        with pytest.raises(InputError, match="only GaussianMixture reads sources"):
            use(source)
