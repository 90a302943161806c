"""Fits side by side by joblib: the same bits, and no more threads than it gives each worker."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.model_selection import GridSearchCV

from mixtura import GaussianMixture
from mixtura.threads import available_cores
from tests.faults.fits import fitted_bits, threads_of_a_worker

linux = pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")


@linux
@pytest.mark.parametrize("inner", [None, 1, 2])
def test_workers_keep_to_the_share_that_joblib_gives_them(inner) -> None:
    with parallel_config(backend="loky", inner_max_num_threads=inner):
        found = Parallel(n_jobs=2, timeout=120)(delayed(threads_of_a_worker)(seed) for seed in range(3))
    for seed, (bits, allowed, made, told) in enumerate(found):
        assert bits == fitted_bits(seed)
        share = inner or max(1, available_cores() // 2)
        assert told == str(share)
        assert allowed == min(share, available_cores())
        # Threads that wait for work stay for the next fit: at most as many as are allowed, with the caller.
        assert 0 <= made <= allowed - 1


def test_threads_of_joblib() -> None:
    want = [fitted_bits(seed) for seed in range(4)]
    found = Parallel(n_jobs=4, backend="threading", timeout=120)(
        delayed(fitted_bits)(seed, None) for seed in range(4)
    )
    assert found == want


def nested(seed: int) -> list[bytes]:
    return Parallel(n_jobs=2, backend="threading", timeout=120)(
        delayed(fitted_bits)(inner, None) for inner in (seed, seed + 1)
    )


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_parallel_fits_within_parallel_fits(backend: str) -> None:
    found = Parallel(n_jobs=2, backend=backend, timeout=120)(delayed(nested)(seed) for seed in (0, 2))
    assert found == [[fitted_bits(0), fitted_bits(1)], [fitted_bits(2), fitted_bits(3)]]


def test_a_grid_search() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2)) + 5.0 * rng.integers(2, size=(300, 1))
    grid = {"n_components": [1, 2], "covariance_type": ["full", "diag"]}
    one, two = (
        GridSearchCV(GaussianMixture(random_state=0), grid, cv=3, n_jobs=n_jobs).fit(X) for n_jobs in (1, 2)
    )
    assert one.best_params_ == two.best_params_
    assert two.best_params_["n_components"] == 2
    np.testing.assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(one.best_estimator_.covariances_, two.best_estimator_.covariances_)
