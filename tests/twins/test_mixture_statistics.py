"""EM by hand over parts of the data against our own fit to all of them."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from mixtura import GaussianMixture, Mixture, MixtureStatistics
from mixtura.covariance import STRUCTURES, Ridge
from mixtura.mixture_statistics import expected_moments
from mixtura.moments import data_moments
from mixtura.solution import m_step

Array = np.ndarray[Any, Any]
with_structures = pytest.mark.parametrize("structure", STRUCTURES)
PASSES = 12


def rows_of(n: int = 600, d: int = 3, seed: int = 30, shift: float = 0.0) -> tuple[Array, Array]:
    """Three clusters in mixed units, and weights of which some are 0."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, d), scale=3.0)
    X = (centres[rng.integers(3, size=n)] + rng.normal(size=(n, d))) * [1.0, 20.0, 0.3][:d] + shift
    return X, rng.integers(0, 4, size=n) * 0.5


def parts_of(X: Array, weight: Array | None) -> list[tuple[Array, Array | None]]:
    """Unequal parts, one of them a single row of a weight above 0."""
    one = 0 if weight is None else int(np.flatnonzero(weight)[0])
    cuts = [slice(one, one + 1), slice(0, one), slice(one + 1, 250), slice(250, None)]
    return [(X[c], None if weight is None else weight[c]) for c in cuts if len(X[c])]


def fit(X: Array, weight: Array | None, max_iter: int, **settings: Any) -> GaussianMixture:
    # Labels are a start whose order of components is kept.
    scaled = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)
    labels = ((scaled[:, None] - scaled[[1, 2, 3]]) ** 2).sum(axis=2).argmin(axis=1)
    model = GaussianMixture(3, init_params=labels, acceleration=None, tol=0.0, max_iter=max_iter, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # tol=0 never converges
        return model.fit(X, sample_weight=weight)


def by_hand(
    start: GaussianMixture, parts: list[tuple[Array, Array | None]], **settings: Any
) -> GaussianMixture:
    model = start
    for _ in range(PASSES):
        sent = [model.statistics(x, w).to_bytes() for x, w in parts]
        total = sum(MixtureStatistics.from_bytes(data) for data in sent)
        assert isinstance(total, MixtureStatistics)
        model = GaussianMixture.from_statistics(total, **settings)
    return model


@with_structures
@pytest.mark.parametrize("weighted", [False, True], ids=["rows", "weighted"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"reg_covar": 0.05}, {"covariance_prior": "auto"}, {"covariance_prior": 30.0, "reg_covar": 1e-3}],
    ids=["auto", "ridge", "prior", "prior and ridge"],
)
def test_em_over_parts_is_our_fit(structure: str, weighted: bool, settings: dict[str, Any]) -> None:
    X, weight = rows_of()
    w = weight if weighted else None
    settings = {**settings, "covariance_type": structure}
    start, whole = fit(X, w, 0, **settings), fit(X, w, PASSES, **settings)
    del settings["covariance_type"]
    model = by_hand(start, parts_of(X, w), **settings)
    for name in ("weights", "means", "covariances"):
        got, wanted = getattr(model.mixture_, name), getattr(whole.mixture_, name)
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12 * np.abs(wanted).max())
    # The likelihood is that of the parameters before the last M-step.
    assert model.lower_bound_ == pytest.approx(whole.trace_[-2], rel=1e-12)
    assert (model.n_iter_, model.converged_, model.stopping_reason_) == (1, False, "one_step")
    assert model.covariance_type == structure
    assert model.n_components == 3


def test_far_from_the_origin_no_digits_are_lost() -> None:
    X, weight = rows_of(shift=1e6)
    start, whole = fit(X, weight, 0), fit(X, weight, PASSES)
    model = by_hand(start, parts_of(X, weight))
    sd = X.std(axis=0)
    assert (np.abs(model.means_ - whole.means_) / sd).max() < 1e-8
    assert (np.abs(model.covariances_ - whole.covariances_) / np.outer(sd, sd)).max() < 1e-8


def test_float32_parts_are_summed_in_float64() -> None:
    X, _ = rows_of()
    start = fit(X, None, 0)
    small = X.astype(np.float32)
    one, other = start.statistics(small), start.statistics(small.astype(np.float64))
    assert one.moments.log_likelihood == pytest.approx(other.moments.log_likelihood, rel=1e-14)
    np.testing.assert_allclose(one.moments.s2, other.moments.s2, rtol=1e-12)


@with_structures
@pytest.mark.parametrize("shift", [0.0, 1e5])
def test_moments_of_all_rows_need_no_sums_of_their_own(structure: str, shift: float) -> None:
    X, weight = rows_of(shift=shift)
    statistics = fit(X, None, 0, covariance_type=structure).statistics(X, weight)
    dense = STRUCTURES[structure].is_dense
    wanted = data_moments(X, weight, dense=dense, n_threads=1)
    np.testing.assert_allclose(statistics.mean, wanted.mean, rtol=1e-13)
    scale = np.sqrt(np.outer(wanted.variances, wanted.variances) if dense else wanted.variances**2)
    assert (np.abs(statistics.covariance - wanted.covariance) <= 1e-11 * (1 + shift * 1e-3) * scale).all()
    assert statistics.weight == weight.sum()
    np.testing.assert_allclose(statistics.component_weights.sum(), weight.sum(), rtol=1e-13)


@with_structures
def test_a_constant_column_does_not_vary_by_rounding(structure: str) -> None:
    X, _ = rows_of()
    X[:, 1] = 0.1
    start = fit(X, None, 1, covariance_type=structure)
    statistics = start.statistics(X[:300]) + start.statistics(X[300:])
    variances = (
        np.diagonal(statistics.covariance) if STRUCTURES[structure].is_dense else statistics.covariance
    )
    assert variances[1] == 0.0
    assert (variances[[0, 2]] > 0).all()
    model = by_hand(start, [(X[:300], None), (X[300:], None)])
    assert np.isfinite(model.score(X))


@with_structures
def test_expected_moments_are_those_that_the_parameters_are_made_of(structure: str) -> None:
    X, _ = rows_of()
    mixture = fit(X, None, 3, covariance_type=structure).mixture_
    found = m_step(mixture.structure, expected_moments(mixture).scaled(600.0), Ridge(0.0))
    np.testing.assert_allclose(found.params.weights, mixture.weights, rtol=1e-14)
    np.testing.assert_array_equal(found.params.means, mixture.means)
    np.testing.assert_allclose(found.covariances, mixture.covariances, rtol=1e-13)


def test_threads_change_nothing() -> None:
    X, weight = rows_of()
    model = fit(X, None, 2)
    with ThreadPoolExecutor(2) as pool:
        found = list(
            pool.map(lambda n: model.set_params(n_jobs=n).statistics(X, weight).to_bytes(), [1, 2, 2])
        )
    assert len(set(found)) == 1


def test_a_mixture_is_a_start_without_data() -> None:
    X, _ = rows_of()
    mixture = Mixture([0.5, 0.5], [[0.0, 0.0, 0.0], [1.0, 20.0, 0.3]], [9.0, 400.0, 1.0], "tied_diag")
    statistics = mixture.statistics(X, n_jobs=1)
    assert statistics.mixture is mixture
    assert statistics.log_likelihood == pytest.approx(mixture.log_pdf(X).mean(), rel=1e-13)
    model = GaussianMixture.from_statistics(statistics)
    assert model.score(X) > statistics.log_likelihood
    assert model.lower_bound_ == statistics.log_likelihood
