"""`PartitionedBackend` against `ReferenceBackend`, and against the native backend of all rows."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest

from mixtura.backends import Backend, NativeBackend, PartitionedBackend, ReferenceBackend
from mixtura.covariance import STRUCTURES
from mixtura.params import Params

D = 4


class Slices:
    """Rows in memory, cut into blocks."""

    n_features = D

    def __init__(self, X: Any, weight: Any, size: int) -> None:
        self.X, self.weight, self.size = X, weight, size
        self.n_samples = len(X)
        self.n_passes = 0

    def __iter__(self) -> Generator[tuple[Any, Any]]:
        self.n_passes += 1
        for low in range(0, len(self.X), self.size):
            part = slice(low, low + self.size)
            yield self.X[part], None if self.weight is None else self.weight[part]


def problem(structure: str, k: int) -> tuple[Any, Any, Params]:
    rng = np.random.default_rng(k)
    X = rng.normal(size=(1000, D)) + 50.0 + 5.0 * (np.arange(1000) % 3)[:, None]
    factor = rng.normal(size=(k, D, D))
    covariances = factor @ factor.transpose(0, 2, 1) + 2.0 * np.eye(D)
    public = {
        "full": covariances,
        "tied": covariances[0],
        "diag": covariances[:, 0] ** 2 + 1.0,
        "spherical": np.linspace(1.0, 3.0, k),
        "tied_diag": covariances[0, 0] ** 2 + 1.0,
        "tied_spherical": np.array(2.0),
    }[structure]
    whitener, log_det = STRUCTURES[structure].whiten(STRUCTURES[structure].core(public, k, D), D)
    weights = rng.dirichlet(np.ones(k))
    params = Params(weights, X[rng.integers(0, 1000, k)].copy(), np.ascontiguousarray(whitener), log_det)
    return X, rng.integers(0, 3, 1000).astype(float), params


def assert_same_sums(one: Backend, other: Backend, params: Params, within: float) -> None:
    got, expected = one.e_step(params), other.e_step(params)
    for name in ("s0", "s1", "s2", "log_likelihood", "weight"):
        value = np.asarray(getattr(expected, name))
        np.testing.assert_allclose(
            getattr(got, name), value, rtol=within, atol=within * np.abs(value).max(), err_msg=name
        )


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("k", [1, 2, 7])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("size", [1000, 130, 64])
def test_sums(structure: str, k: int, weighted: bool, size: int) -> None:
    X, weight, params = problem(structure, k)
    w = weight if weighted else None
    if w is not None:
        w[:200] = 0.0  # a block of no weight, the first
    centre = X.mean(axis=0)
    partitioned = PartitionedBackend(Slices(X, w, size), centre=centre, n_threads=2)
    assert (partitioned.n_samples, partitioned.n_features) == (1000, D)
    assert_same_sums(partitioned, ReferenceBackend(X, w), params, 1e-11)
    assert_same_sums(partitioned, NativeBackend(X, w, centre=centre), params, 1e-12)


@pytest.mark.parametrize("structure", ["tied", "tied_diag", "tied_spherical"])
def test_float32_of_one_whitener(structure: str) -> None:
    X, _, params = problem(structure, 3)
    single = X.astype(np.float32)
    partitioned = PartitionedBackend(Slices(single, None, 130), centre=X.mean(axis=0))
    assert_same_sums(partitioned, ReferenceBackend(single), params, 1e-5)


def test_the_scatter_is_taken_once() -> None:
    X, _, params = problem("tied", 3)
    slices = Slices(X, None, 130)
    partitioned = PartitionedBackend(slices, centre=X.mean(axis=0))
    first = partitioned.e_step(params)
    assert slices.n_passes == 2
    again = partitioned.e_step(params)
    assert slices.n_passes == 3
    np.testing.assert_array_equal(first.s2, again.s2)


@pytest.mark.parametrize("size", [1000, 130])
def test_scores(size: int) -> None:
    X, _, params = problem("full", 3)
    partitioned = PartitionedBackend(Slices(X, None, size), centre=X.mean(axis=0))
    got = partitioned.score(params, log_prob=True, resp=True, labels=True)
    expected = ReferenceBackend(X).score(params, log_prob=True, resp=True, labels=True)
    np.testing.assert_allclose(got.log_prob, expected.log_prob, rtol=1e-12)
    np.testing.assert_allclose(got.resp, expected.resp, atol=1e-12)
    np.testing.assert_array_equal(got.labels, expected.labels)
    assert partitioned.score(params, labels=True).resp is None
