"""Seeding and Lloyd's algorithm against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.cluster import kmeans_plusplus as sklearn_plusplus

from mixtura import KMeans as Ours
from mixtura import kmeans
from mixtura.errors import InputError
from mixtura.kmeans import kmeans_labels, kmeans_plusplus

Array = np.ndarray[Any, Any]


def blobs(k: int, d: int, n: int, seed: int, dtype: str = "float64") -> Array:
    """Well separated clusters of different sizes."""
    rng = np.random.default_rng(seed)
    corners = rng.choice([-10.0, 10.0], size=(k, d)) + rng.normal(size=(k, d), scale=3.0)
    chosen = rng.choice(k, size=n, p=rng.dirichlet(np.full(k, 5.0)))
    return np.ascontiguousarray((corners[chosen] + rng.normal(size=(n, d))).astype(dtype))


def weights(kind: str | None, n: int, seed: int) -> Array | None:
    rng = np.random.default_rng(seed)
    if kind is None:
        return None
    return (
        rng.integers(0, 4, size=n).astype(np.float64) if kind == "integers" else rng.uniform(0.1, 3.0, size=n)
    )


@pytest.mark.parametrize("kind", [None, "integers", "fractions"])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("k", "d", "n"), [(1, 3, 50), (2, 1, 300), (5, 4, 1000), (20, 8, 2500)])
def test_the_same_random_state_chooses_the_same_seeds(k, d, n, seed, kind) -> None:
    X = blobs(k, d, n, seed)
    w = weights(kind, n, seed)
    rng = np.random.RandomState(seed)
    got = kmeans_plusplus(X, w, k, rng, centre=X.mean(axis=0), variance=X.var(axis=0), n_threads=2)
    twin = np.random.RandomState(seed)
    _, wanted = sklearn_plusplus(X, k, sample_weight=w, random_state=twin)
    np.testing.assert_array_equal(got, wanted)
    assert rng.uniform() == twin.uniform()  # as many numbers were drawn


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", [None, "fractions"])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("k", "d", "n"), [(1, 2, 40), (2, 1, 300), (5, 4, 1000), (12, 8, 2500)])
def test_the_same_random_state_ends_in_the_same_partition(k, d, n, seed, kind, dtype) -> None:
    X = blobs(k, d, n, seed, dtype)
    w = weights(kind, n, seed)
    twin = KMeans(k, n_init=1, random_state=np.random.RandomState(seed)).fit(X, sample_weight=w)
    exact = X.astype(np.float64)
    got = kmeans_labels(
        X,
        w,
        k,
        np.random.RandomState(seed),
        centre=exact.mean(axis=0),
        variance=exact.var(axis=0),
        n_threads=2,
    )
    np.testing.assert_array_equal(got, twin.labels_)


@pytest.mark.parametrize("kind", [None, "integers"])
def test_seeds_are_different_rows_as_long_as_there_are_such(kind) -> None:
    X = np.repeat(np.arange(6.0), 10)[:, None]
    w = weights(kind, 60, 3)
    rows = kmeans_plusplus(
        X, w, 6, np.random.RandomState(0), centre=np.array([2.5]), variance=np.ones(1), n_threads=1
    )
    assert sorted(X[rows, 0]) == list(range(6))


def test_rows_of_weight_zero_are_not_seeds() -> None:
    X = np.vstack([np.zeros((20, 2)), np.full((20, 2), 50.0), np.full((5, 2), 1e4)])
    w = np.r_[np.ones(40), np.zeros(5)]
    for seed in range(20):
        rows = kmeans_plusplus(
            X, w, 2, np.random.RandomState(seed), centre=np.zeros(2), variance=np.ones(2), n_threads=1
        )
        assert sorted(X[rows, 0]) == [0.0, 50.0]


def test_a_cluster_left_empty_is_refilled() -> None:
    X = np.r_[np.zeros(30), np.full(30, 1.0), np.full(30, 5.0)][:, None]

    class SameSeed(np.random.RandomState):
        """Draws the first row each time, so that two of three seeds coincide."""

        def choice(self, *args: Any, **kwargs: Any) -> int:
            return 0

        def uniform(self, *args: Any, **kwargs: Any) -> Array:
            return np.zeros(kwargs["size"])

    labels = kmeans_labels(
        X, None, 3, SameSeed(0), centre=X.mean(axis=0), variance=X.var(axis=0), n_threads=1
    )
    assert len(np.unique(labels)) == 3
    for group in (labels[:30], labels[30:60], labels[60:]):
        assert len(np.unique(group)) == 1


@pytest.mark.parametrize("kind", [None, "integers", "fractions"])
def test_draws_by_blocks_are_those_of_one_running_sum(kind, monkeypatch) -> None:
    monkeypatch.setattr(kmeans, "_BLOCK_ROWS", 7)
    rng = np.random.default_rng(5)
    for n in (1, 6, 7, 8, 50):
        mass = rng.integers(0, 5, size=n).astype(np.float64)  # whole numbers: sums are exact in any order
        w = weights(kind, n, 5)
        whole = np.cumsum(mass if w is None else mass * w)
        values = rng.uniform(size=200) * whole[-1] * 1.01
        wanted = np.minimum(np.searchsorted(whole, values), n - 1)
        np.testing.assert_array_equal(kmeans._rows_at(values, mass, w), wanted)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", [None, "integers"])
@pytest.mark.parametrize(("k", "d", "n"), [(1, 2, 40), (3, 1, 300), (9, 4, 1000), (16, 8, 2500)])
def test_from_one_start_both_end_at_the_same_inertia(k, d, n, kind, dtype) -> None:
    X = blobs(k, d, n, 0, dtype)
    w = weights(kind, n, 0)
    init = X[np.random.default_rng(1).choice(n, k, replace=False)]
    ours = Ours(k, init=init).fit(X, sample_weight=w)
    twin = KMeans(k, init=init).fit(X, sample_weight=w)
    exact = ((X.astype(np.float64) - twin.cluster_centers_[twin.labels_]) ** 2).sum(axis=1)
    inertia = float(exact.sum() if w is None else exact @ w)
    assert ours.inertia_ == pytest.approx(inertia, rel=1e-9 if dtype == "float64" else 1e-5)
    assert ours.n_iter_ == twin.n_iter_
    np.testing.assert_allclose(ours.cluster_centers_, twin.cluster_centers_, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(ours.predict(X), ours.labels_)


def test_far_from_the_origin_clusters_are_what_they_were() -> None:
    X = blobs(5, 3, 500, 0)
    near, far = Ours(5, random_state=0).fit(X), Ours(5, random_state=0).fit(X + 1e9)
    np.testing.assert_array_equal(near.labels_, far.labels_)
    assert far.inertia_ == pytest.approx(near.inertia_, rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "culprit"),
    [
        ({"n_clusters": 0}, "n_clusters"),
        ({"init": "best"}, "init must be"),
        ({"init": None}, "init must be"),
        ({"init": np.full((2, 3), np.nan)}, "NaN"),
        ({"n_init": "many"}, "n_init"),
        ({"max_iter": 0}, "max_iter"),
        ({"tol": -1.0}, "tol"),
        ({"algorithm": "full"}, "algorithm"),
        ({"copy_x": 3}, "copy_x"),
        ({"verbose": "loud"}, "verbose"),
    ],
)
def test_settings_without_a_meaning_are_named(settings, culprit) -> None:
    model = Ours(2).set_params(**settings)
    with pytest.raises(InputError, match=culprit):
        model.fit(blobs(2, 3, 20, 0))
    assert not hasattr(model, "labels_")
