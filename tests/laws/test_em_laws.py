"""What EM promises: the likelihood never falls, also where data are degenerate."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from mixtura import GaussianMixture
from mixtura.covariance import STRUCTURES

pytestmark = pytest.mark.filterwarnings("ignore::mixtura.errors.DegenerateFitWarning")
Array = np.ndarray[Any, Any]
with_structures = pytest.mark.parametrize("structure", STRUCTURES)
# A covariance at the floor has a condition of up to 1e10, so that its determinant is known to 1e-7 or so.
AT_THE_FLOOR = 1e-7


def laws(examples: int):
    return settings(max_examples=examples, deadline=None, derandomize=True)


def fitted(
    X: Array, k: int, structure: str, start: str, seed: int, weight: Array | None = None
) -> GaussianMixture:
    model = GaussianMixture(
        k,
        covariance_type=structure,
        init_params=start,
        random_state=seed,
        tol=0.0,
        max_iter=25,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # tol=0 never converges
        return model.fit(X, sample_weight=weight)


def assert_sound(model: GaussianMixture, X: Array, tol: float = 1e-9) -> None:
    """The trace never falls, and the result is a distribution."""
    trace = model.trace_
    assert np.isfinite(trace).all()
    assert np.diff(trace).min() >= -tol * (1.0 + np.abs(trace).max())
    assert model.weights_.sum() == pytest.approx(1.0, abs=1e-12)
    assert (model.weights_ >= 0).all()
    variances = np.diagonal(model.mixture_.expanded_covariances(), axis1=1, axis2=2)
    assert (variances > 0).all()
    assert np.isfinite(model.mixture_.params.log_det).all()
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0, rtol=1e-12)
    assert model.score(X) == pytest.approx(trace[-1], rel=1e-9, abs=1e-9)


starts = st.sampled_from(["kmeans", "k-means++", "random", "random_from_data"])
seeds = st.integers(0, 10**6)


@with_structures
@laws(12)
@given(start=starts, seed=seeds, k=st.integers(1, 5), d=st.integers(1, 6))
def test_the_trace_never_falls(structure, start, seed, k, d) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40 + 20 * k, d)) @ rng.normal(size=(d, d)) + rng.integers(
        0, 3, size=(40 + 20 * k, 1)
    )
    assert_sound(fitted(X, k, structure, start, seed), X)


@with_structures
@laws(12)
@given(start=st.sampled_from(["kmeans", "random"]), seed=seeds, k=st.integers(1, 4), d=st.integers(1, 4))
def test_duplicated_rows(structure, start, seed, k, d) -> None:
    rng = np.random.default_rng(seed)
    few = rng.normal(size=(rng.integers(max(2, k), 9), d))
    X = few[rng.integers(len(few), size=60)]
    assert_sound(fitted(X, k, structure, start, seed), X, AT_THE_FLOOR)


@with_structures
@laws(10)
@given(start=st.sampled_from(["kmeans", "random"]), seed=seeds, k=st.integers(1, 3), extra=st.integers(0, 8))
def test_more_features_than_rows(structure, start, seed, k, extra) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(max(3, k), 9))
    X = rng.normal(size=(n, n + extra))
    assert_sound(fitted(X, k, structure, start, seed), X, AT_THE_FLOOR)


@with_structures
@laws(10)
@given(start=st.sampled_from(["kmeans", "random"]), seed=seeds, k=st.integers(1, 3))
def test_collinear_columns(structure, start, seed, k) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 2))
    X = np.column_stack([X, X @ [1.0, 2.0], 1e3 * X[:, 0]])
    assert_sound(fitted(X, k, structure, start, seed), X, AT_THE_FLOOR)


@with_structures
@laws(10)
@given(
    start=st.sampled_from(["kmeans", "random"]), seed=seeds, k=st.integers(1, 3), value=st.floats(-1e3, 1e3)
)
def test_constant_columns(structure, start, seed, k, value) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(50, 3))
    X[:, seed % 3] = value
    assert_sound(fitted(X, k, structure, start, seed), X, AT_THE_FLOOR)


@with_structures
def test_data_that_are_one_point(structure) -> None:
    X = np.full((20, 3), 7.5)
    for k in (1, 3):
        assert_sound(fitted(X, k, structure, "kmeans", 0), X, AT_THE_FLOOR)


@with_structures
@laws(10)
@given(seed=seeds, k=st.integers(1, 4))
def test_weighted_rows(structure, seed, k) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 3)) + 3.0 * rng.integers(0, 2, size=(80, 1))
    weight = rng.exponential(size=80) * (rng.uniform(size=80) > 0.2)
    model = fitted(X, k, structure, "kmeans", seed, weight)
    assert np.diff(model.trace_).min() >= -1e-9
    log_likelihood = weight @ model.score_samples(X) / weight.sum()
    assert model.trace_[-1] == pytest.approx(log_likelihood, rel=1e-11)


@with_structures
def test_a_fixed_point_stays(structure) -> None:
    rng = np.random.default_rng(51)
    X = rng.normal(size=(300, 3)) + 6.0 * rng.integers(0, 2, size=(300, 1))
    # Below 1e-14 is the rounding of the likelihood itself, in which a fit may go round for ever.
    model = GaussianMixture(2, covariance_type=structure, tol=1e-13, max_iter=5000, random_state=0).fit(X)
    again = GaussianMixture(
        2,
        covariance_type=structure,
        weights_init=model.weights_,
        means_init=model.means_,
        precisions_init=model.precisions_,
        tol=1e-6,
    ).fit(X)
    assert again.n_iter_ <= 2
    np.testing.assert_allclose(again.means_, model.means_, atol=1e-6)
    assert again.lower_bound_ == pytest.approx(model.lower_bound_, abs=1e-12)


@laws(30)
@given(data=st.data())
def test_labels_are_the_most_probable_components(problem, data) -> None:
    p = data.draw(problem())
    model = p.fit()
    resp, labels = model.predict_proba(p.X), model.predict(p.X)
    np.testing.assert_allclose(resp.sum(axis=1), 1.0, rtol=1e-13)
    assert (resp >= 0).all()
    np.testing.assert_array_equal(resp[np.arange(len(labels)), labels], resp.max(axis=1))
    ties = (resp == resp.max(axis=1, keepdims=True)).sum(axis=1) > 1
    np.testing.assert_array_equal(labels[~ties], resp.argmax(axis=1)[~ties])


@laws(30)
@given(data=st.data())
def test_what_an_estimator_says_is_what_its_mixture_says(problem, data) -> None:
    p = data.draw(problem())
    model = p.fit()
    mixture = model.mixture_
    assert model.weights_.sum() == pytest.approx(1.0, abs=1e-13)
    np.testing.assert_array_equal(model.score_samples(p.X), mixture.log_pdf(p.X))
    np.testing.assert_array_equal(model.predict_proba(p.X), mixture.posterior(p.X))
    np.testing.assert_array_equal(model.predict(p.X), mixture.predict(p.X))
    assert model.score(p.X) == pytest.approx(model.trace_[-1], rel=1e-12)
    full = mixture.expanded_covariances()
    # EM keeps the first moment of the data; full covariances keep the second too.
    np.testing.assert_allclose(model.weights_ @ model.means_, p.X.mean(axis=0), atol=1e-10)
    if p.structure in ("full", "tied"):
        t = model.means_ - p.X.mean(axis=0)
        total = np.einsum("k,kij->ij", model.weights_, full + t[:, :, None] * t[:, None, :])
        np.testing.assert_allclose(total, np.cov(p.X.T, bias=True).reshape(total.shape), atol=1e-9)
