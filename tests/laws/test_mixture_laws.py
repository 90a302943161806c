"""What a `Mixture` owes to being a distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura import Mixture


def laws(examples: int):
    return settings(max_examples=examples, deadline=None, derandomize=True)


@laws(40)
@given(data=st.data())
def test_the_density_integrates_to_one(mixture, data) -> None:
    m = data.draw(mixture(max_d=1))
    sd = np.sqrt(m.expanded_covariances()[:, 0, 0])
    low, high = (m.means[:, 0] - 12 * sd).min(), (m.means[:, 0] + 12 * sd).max()
    grid = np.linspace(low, high, 20_001)
    density = m.pdf(grid)
    assert (density >= 0).all()
    # The trapezoidal rule is exact to rounding for a smooth function that vanishes at both ends.
    assert np.trapezoid(density, grid) == pytest.approx(1.0, abs=1e-10)
    mean = float(m.weights @ m.means[:, 0])
    assert np.trapezoid(density * grid, grid) == pytest.approx(mean, abs=1e-9)
    # Each component's share of the density integrates to its weight.
    shares = np.trapezoid(density[:, None] * m.posterior(grid), grid, axis=0)
    np.testing.assert_allclose(shares, m.weights, atol=1e-10)


@laws(25)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_samples_have_the_moments_of_the_mixture(mixture, data, seed) -> None:
    m = data.draw(mixture())
    n = 40_000
    rows, labels = m.sample(n, random_state=seed)
    assert rows.shape == (n, m.n_features)
    t = m.means - m.weights @ m.means
    covariance = np.einsum("k,kij->ij", m.weights, m.expanded_covariances() + t[:, :, None] * t[:, None, :])
    sd = np.sqrt(np.diagonal(covariance))
    # Six standard errors; those of second moments are below twice the product of deviations for such tails.
    np.testing.assert_array_less(np.abs(rows.mean(axis=0) - m.weights @ m.means), 6 * sd / np.sqrt(n))
    got = np.cov(rows.T, bias=True).reshape(covariance.shape)
    np.testing.assert_array_less(np.abs(got - covariance), 12 * np.outer(sd, sd) / np.sqrt(n))
    shares = np.bincount(labels, minlength=m.n_components) / n
    np.testing.assert_array_less(np.abs(shares - m.weights), 6 * np.sqrt(m.weights / n) + 1e-9)
    # Rows of one component, whitened by it, are standard normal.
    k = int(np.argmax(m.weights))
    own = rows[labels == k] - m.means[k]
    precision = np.linalg.inv(m.expanded_covariances()[k])
    distance = np.einsum("ni,ij,nj->n", own, precision, own)
    d = m.n_features
    assert abs(distance.mean() - d) < 6 * np.sqrt(2 * d / len(own))


@laws(40)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_relabelling_components_changes_no_density(mixture, data, seed) -> None:
    m = data.draw(mixture())
    rng = np.random.default_rng(seed)
    order = rng.permutation(m.n_components)
    own = m.covariances if m.structure.is_shared else m.covariances[order]
    other = Mixture(m.weights[order], m.means[order], own, m.structure)
    rows = rng.normal(size=(50, m.n_features), scale=4.0)
    log_pdf = m.log_pdf(rows)
    np.testing.assert_allclose(other.log_pdf(rows), log_pdf, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(other.posterior(rows), m.posterior(rows)[:, order], atol=1e-11)


@laws(40)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_responsibilities_are_shares_of_the_density(mixture, data, seed) -> None:
    m = data.draw(mixture())
    rows = np.random.default_rng(seed).normal(size=(40, m.n_features), scale=3.0)
    resp = m.posterior(rows)
    np.testing.assert_allclose(resp.sum(axis=1), 1.0, rtol=1e-13)
    full = m.expanded_covariances()
    for k in range(m.n_components):
        alone = Mixture([1.0], m.means[k : k + 1], full[k : k + 1], "full")
        share = np.log(m.weights[k]) + alone.log_pdf(rows) - m.log_pdf(rows)
        np.testing.assert_allclose(resp[:, k], np.exp(share), atol=1e-10)
    np.testing.assert_array_equal(resp[np.arange(40), m.predict(rows)], resp.max(axis=1))


@laws(25)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_a_component_split_in_two_is_the_same_distribution(mixture, data, seed) -> None:
    m = data.draw(mixture())
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.1, 0.9)
    weights = np.r_[m.weights[:-1], share * m.weights[-1], (1 - share) * m.weights[-1]]
    means = np.vstack([m.means, m.means[-1:]])
    own = m.covariances if m.structure.is_shared else np.concatenate([m.covariances, m.covariances[-1:]])
    rows = rng.normal(size=(40, m.n_features), scale=3.0)
    split = Mixture(weights, means, own, m.structure)
    np.testing.assert_allclose(split.log_pdf(rows), m.log_pdf(rows), rtol=1e-12, atol=1e-12)


@laws(25)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_a_moved_mixture_has_the_moved_density(mixture, data, seed) -> None:
    m = data.draw(mixture())
    rng = np.random.default_rng(seed)
    shift = np.round(rng.normal(size=m.n_features) * 1000.0)
    rows = rng.normal(size=(40, m.n_features), scale=3.0)
    moved = Mixture(m.weights, m.means + shift, m.covariances, m.structure)
    np.testing.assert_allclose(moved.log_pdf(rows + shift), m.log_pdf(rows), rtol=1e-9, atol=1e-9)


@laws(25)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_equal_seeds_draw_equal_rows(mixture, data, seed) -> None:
    m = data.draw(mixture())
    rows, labels = m.sample(30, random_state=seed)
    again, labels_again = m.sample(30, random_state=seed)
    np.testing.assert_array_equal(rows, again)
    np.testing.assert_array_equal(labels, labels_again)
    assert (np.diff(labels) >= 0).all()
    other, _ = m.sample(30, random_state=seed + 1)
    assert not np.array_equal(rows, other)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("far", [1e8, 1e17, -1e17])
@pytest.mark.parametrize("near", [0.0, 1e3])
def test_a_component_far_away_leaves_the_density_of_the_others(near: float, far: float, dtype: type) -> None:
    rows = (near + np.array([[0.5], [3.0], [-6.0]])).astype(dtype)
    one = Mixture([1.0], [[near]], [1.0], "spherical").log_pdf(rows)
    two = Mixture([0.5, 0.5], [[near], [far]], [1.0, 1.0], "spherical").log_pdf(rows)
    # What a rounding of the rows does to the density, as the sum of their squares; nothing next to 14 nats.
    tolerance = 8 * (6.0 + near) * 6.0 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(two, one + np.log(0.5), rtol=0, atol=tolerance)
