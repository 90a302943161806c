"""The native passes of k-means against plain NumPy."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from mixtura import _native
from mixtura.kmeans import unit_of

Array = np.ndarray[Any, Any]

CASES = [
    # d, K, n, weights, layout
    (1, 1, 1, "none", "c"),
    (1, 5, 257, "integers", "fortran"),
    (2, 2, 64, "fractions", "every second row"),
    (3, 33, 3000, "none", "every third column"),
    (4, 5, 7, "integers", "backwards"),
    (5, 2, 3000, "fractions", "read-only"),
    (7, 33, 257, "none", "c"),
    (8, 5, 3000, "integers", "every second row"),
    (9, 1, 64, "fractions", "backwards"),
    (16, 33, 7, "none", "fortran"),
    (17, 2, 257, "integers", "every third column"),
    (33, 5, 64, "fractions", "c"),
    (64, 33, 3000, "none", "backwards"),
]
with_cases = pytest.mark.parametrize(("d", "k", "n", "weights", "layout"), CASES)
with_dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])


def distances(X: Array, points: Array) -> Array:
    """Squared distances of shape (n, K), in float64."""
    return ((X.astype(np.float64)[:, None, :] - points) ** 2).sum(axis=2)


def tolerance(dtype: str) -> float:
    return 1e-13 if dtype == "float64" else 2e-6


def drawn(d: int, k: int, n: int, dtype: str) -> tuple[Array, Array, Array]:
    """Rows, points among them and a centre near them, all some way from the origin."""
    rng = np.random.default_rng([d, k, n, 2])
    rows = (3.0 + rng.normal(size=(n, d))).astype(dtype)
    return rows, 3.0 + rng.normal(size=(k, d)), 3.0 + 0.1 * rng.normal(size=d)


@with_dtypes
@with_cases
def test_nearest(d, k, n, weights, layout, dtype, in_layout) -> None:
    rows, centers, centre = drawn(d, k, n, dtype)
    all_distances = distances(rows, centers)
    labels, distance = _native.nearest(in_layout(rows, layout), centre, centers, 0.5, 2)
    tol = tolerance(dtype)
    np.testing.assert_allclose(distance, all_distances.min(axis=1), rtol=10 * tol, atol=tol)
    chosen = all_distances[np.arange(n), labels]
    np.testing.assert_allclose(chosen, all_distances.min(axis=1), rtol=10 * tol, atol=tol)
    assert labels.dtype == np.int32


def test_nearest_takes_the_first_of_equals() -> None:
    rows = np.zeros((50, 3))
    centers = np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    labels, distance = _native.nearest(rows, np.zeros(3), centers, 0.5, 1)
    np.testing.assert_array_equal(labels, 1)
    np.testing.assert_array_equal(distance, 1.0)


@with_dtypes
@with_cases
def test_min_update(d, k, n, weights, layout, dtype, in_layout, make_weights) -> None:
    rows, centers, centre = drawn(d, k, n, dtype)
    weight = make_weights(weights, n, np.random.default_rng(0))
    placed = in_layout(rows, layout)
    closest = np.full(n, np.inf, dtype=np.float32)
    for i, point in enumerate(centers):
        total = _native.min_update(placed, weight, centre, point, 0.25, closest, 2)
        wanted = 0.25 * distances(rows, centers[: i + 1]).min(axis=1)
        # They are kept in float32, whatever the rows are.
        tol = tolerance(dtype) + 1e-7
        np.testing.assert_allclose(closest, wanted, rtol=10 * tol, atol=tol)
        kept = closest.astype(np.float64)
        assert total == pytest.approx(float(np.sum(kept if weight is None else weight * kept)), rel=1e-13)


def test_distances_beyond_float32_are_its_largest_number() -> None:
    rows = np.array([[0.0], [1e30]])
    closest = np.full(2, np.inf, dtype=np.float32)
    total = _native.min_update(rows, None, np.zeros(1), np.zeros(1), 1.0, closest, 1)
    np.testing.assert_array_equal(closest, [0.0, np.finfo(np.float32).max])
    assert total == np.finfo(np.float32).max
    _native.min_update(rows, None, np.zeros(1), np.zeros(1), 1e-60, closest, 1)
    np.testing.assert_allclose(closest, [0.0, 1.0], rtol=1e-7)


@with_dtypes
@with_cases
def test_potential(d, k, n, weights, layout, dtype, in_layout, make_weights) -> None:
    rows, candidates, centre = drawn(d, k, n, dtype)
    rng = np.random.default_rng(1)
    weight = make_weights(weights, n, rng)
    closest = rng.uniform(0.0, d, size=n).astype(np.float32)
    before = closest.copy()
    got = _native.potential(in_layout(rows, layout), weight, centre, candidates, 0.5, closest, 2)
    smaller = np.minimum(closest.astype(np.float64)[:, None], 0.5 * distances(rows, candidates))
    wanted = (np.ones(n) if weight is None else weight) @ smaller
    np.testing.assert_allclose(got, wanted, rtol=10 * tolerance(dtype) + 1e-7)
    np.testing.assert_array_equal(closest, before)


@with_dtypes
@with_cases
def test_lloyd_step(d, k, n, weights, layout, dtype, in_layout, make_weights) -> None:
    rows, centers, centre = drawn(d, k, n, dtype)
    rng = np.random.default_rng(2)
    weight = make_weights(weights, n, rng)
    w = np.ones(n) if weight is None else weight
    labels = rng.integers(-1, k, size=n).astype(np.int32)
    before = labels.copy()
    lower = np.zeros(n, dtype=np.float32)
    s0, s1, inertia, n_changed = _native.lloyd_step(
        in_layout(rows, layout), weight, centre, centers, None, 0.5, 2, labels, lower
    )
    nearest, distance = _native.nearest(rows, centre, centers, 0.5, 1)
    np.testing.assert_array_equal(labels, nearest)
    assert n_changed == np.count_nonzero(before != labels)
    assert inertia == pytest.approx(float(w @ distance), rel=1e-12)
    exact = rows.astype(np.float64)
    for c in range(k):
        mine = labels == c
        assert s0[c] == pytest.approx(w[mine].sum(), rel=1e-13)
        # The centre that a float32 kernel uses is rounded about `centre`.
        size = w[mine] @ np.abs(exact[mine] - centers[c]) + 1.0
        wanted = w[mine] @ (exact[mine] - centers[c])
        assert (
            np.abs(s1[c] - wanted) <= (1e-13 if dtype == "float64" else 2e-7 * (1 + w[mine].sum())) * size
        ).all()


def test_lloyd_step_says_when_nothing_changed() -> None:
    rows, centers, centre = drawn(4, 5, 200, "float64")
    labels, lower = np.full(200, -1, dtype=np.int32), np.zeros(200, dtype=np.float32)
    step = partial(_native.lloyd_step, rows, None, centre, centers)
    assert step(None, 0.5, 1, labels, lower)[3] == 200
    assert step(centers, 0.5, 1, labels, lower)[3] == 0


@with_dtypes
@pytest.mark.parametrize("offset", [0.0, 1e3])
@pytest.mark.parametrize(("d", "k"), [(1, 3), (2, 8), (3, 40), (8, 5), (17, 12), (64, 30)])
def test_steps_with_bounds_are_those_without(d, k, offset, dtype) -> None:
    rng = np.random.default_rng([d, k])
    rows = (
        offset + rng.normal(size=(3000, d)) + 4 * rng.normal(size=(k, d))[rng.integers(k, size=3000)]
    ).astype(dtype)
    centre = rows.mean(axis=0, dtype=np.float64)
    centers = rows[:k].astype(np.float64)
    labels, lower = np.full(3000, -1, dtype=np.int32), np.zeros(3000, dtype=np.float32)
    plain, scratch = labels.copy(), lower.copy()
    before = None
    for _ in range(15):
        got = _native.lloyd_step(rows, None, centre, centers, before, 0.125, 2, labels, lower)
        wanted = _native.lloyd_step(rows, None, centre, centers, None, 0.125, 1, plain, scratch)
        np.testing.assert_array_equal(labels, plain)
        for one, other in zip(got, wanted, strict=True):
            np.testing.assert_array_equal(one, other)
        others = np.where(np.arange(k) == labels[:, None], np.inf, distances(rows, centers))
        assert (lower.astype(np.float64) <= 0.125 * np.sqrt(others.min(axis=1)) * (1 + 1e-6)).all()
        before, centers = centers, centers + got[1] / np.maximum(got[0], 1.0)[:, None]


@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e30, 1e150])
def test_any_scale_has_its_unit(scale) -> None:
    rows, centers, centre = drawn(5, 7, 500, "float64")
    unit = unit_of(scale * (centers - centre))
    labels, distance = _native.nearest(scale * rows, scale * centre, scale * centers, unit, 1)
    np.testing.assert_array_equal(labels, distances(rows, centers).argmin(axis=1))
    np.testing.assert_allclose(distance, scale**2 * distances(rows, centers).min(axis=1), rtol=1e-10)


def test_a_unit_that_does_not_fit_costs_time_and_no_label() -> None:
    rows, centers, centre = drawn(5, 7, 500, "float64")
    wanted = distances(rows, centers).argmin(axis=1)
    for unit in (1e-60, 1e60, np.inf, np.nan, 0.0):
        np.testing.assert_array_equal(_native.nearest(rows, centre, centers, unit, 1)[0], wanted)
