"""Sizes at which numbers of bytes or of components no longer fit where they are kept."""

from __future__ import annotations

import numpy as np
import pytest

from mixtura import GaussianMixture, Mixture, _native
from mixtura.threads import resolve_n_jobs

NONE = np.zeros(0)


def test_no_features() -> None:
    X, means, eye = np.zeros((3, 0)), np.zeros((1, 0)), np.zeros((1, 0, 0))
    calls = {
        _native.e_step_dense: (X, None, NONE, means, eye, np.zeros(1), 1),
        _native.e_step_diagonal: (X, None, NONE, means, means, np.zeros(1), 1),
        _native.score: (X, NONE, means, eye, np.zeros(1), 1, True, True, True),
        _native.nearest: (X, NONE, means, 1.0, 1),
        _native.potential: (X, None, NONE, means, 1.0, np.zeros(3, dtype=np.float32), 1),
    }
    for function, arguments in calls.items():
        with pytest.raises(ValueError, match="X must have at least one feature"):
            function(*arguments)


@pytest.mark.parametrize("rows", [2**58, 2**59, 2**60])
def test_results_for_more_rows_than_there_is_memory(rows: int) -> None:
    # One row, seen so often: 8 bytes a row are up to 2^63, and 32 components a row more than a size can be.
    X = np.broadcast_to(np.zeros((1, 1), dtype=np.float32), (rows, 1))
    k = 32
    score = (X, np.zeros(1), np.zeros((k, 1)), np.ones((k, 1)), np.zeros(k), 1)
    for wanted in ((True, False, False), (False, True, False), (False, False, True)):
        with pytest.raises(MemoryError):
            _native.score(*score, *wanted)
    with pytest.raises(MemoryError):
        _native.nearest(X, np.zeros(1), np.zeros((k, 1)), 1.0, 1)


def test_more_components_than_can_be_told_apart() -> None:
    many = np.zeros((2**24 + 1, 1))
    with pytest.raises(ValueError, match=r"at most 2\*\*24 components"):
        _native.nearest(np.zeros((1, 1)), np.zeros(1), many, 1.0, 1)


def test_numbers_that_are_not_aligned() -> None:
    memory = np.zeros(8 * 6 + 1, dtype=np.uint8)
    X = memory[1:].view(np.float64).reshape(3, 2)
    assert not X.flags.aligned
    with pytest.raises(ValueError, match="arrays must be aligned"):
        _native.nearest(X, np.zeros(2), np.zeros((1, 2)), 1.0, 1)
    with pytest.raises(ValueError, match="arrays must be aligned"):
        _native.nearest(np.zeros((1, 2)), np.zeros(2), X, 1.0, 1)
    X[:] = [[0.0, 1.0], [2.0, 3.0], [5.0, 4.0]]
    mixture = Mixture([1.0], [[0.0, 0.0]], [[1.0, 2.0]], "diag")
    np.testing.assert_array_equal(mixture.log_pdf(X), mixture.log_pdf(X.copy()))


def test_any_number_of_jobs() -> None:
    X = np.random.default_rng(0).normal(size=(5000, 2))
    one = GaussianMixture(3, random_state=0, n_jobs=1, tol=1e-2).fit(X)
    for n_jobs in (10**4, 2**31, 10**30):
        assert resolve_n_jobs(n_jobs) <= 2**31 - 1
        many = GaussianMixture(3, random_state=0, n_jobs=n_jobs, tol=1e-2).fit(X)
        np.testing.assert_array_equal(many.covariances_, one.covariances_)
