"""What follows from a mixture, against integrals, draws and formulas that say the same in another way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from mixtura import GaussianMixture, Mixture, datasets
from mixtura.covariance import STRUCTURES
from mixtura.errors import InputError

Array = np.ndarray[Any, Any]
LINE = Mixture([0.3, 0.6, 0.1], [[0.0], [5.0], [-40.0]], [1.0, 4.0, 0.01], "spherical")


def fitted(structure: str) -> Mixture:
    X = np.random.default_rng(0).normal(size=(300, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.7], [0, 0, 2.0]])
    X[::2] += [3.0, 0.0, -2.0]
    return GaussianMixture(3, covariance_type=structure, random_state=0).fit(X).mixture_


@pytest.mark.parametrize("structure", STRUCTURES)
def test_moments_are_those_of_draws(structure) -> None:
    mixture = fitted(structure)
    rows = mixture.sample(400_000, 0)[0]
    np.testing.assert_allclose(rows.mean(axis=0), mixture.mean(), atol=0.02)
    np.testing.assert_allclose(np.cov(rows.T), mixture.covariance(), atol=0.06)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_marginal_density_is_an_integral_over_the_rest(structure) -> None:
    mixture = fitted(structure)
    marginal = mixture.marginal([2, 0])
    assert marginal.covariance_type == structure
    at = np.array([0.3, -0.2])
    total, _ = integrate.quad(lambda y: mixture.pdf([[at[1], y, at[0]]])[0], -30, 30, limit=200)
    assert marginal.pdf(at[None])[0] == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_conditional_density_is_a_ratio(structure) -> None:
    mixture = fitted(structure)
    known = mixture.conditional({1: 0.4})
    at = np.random.default_rng(1).normal(size=(20, 2))
    whole = np.column_stack([at[:, 0], np.full(20, 0.4), at[:, 1]])
    np.testing.assert_allclose(
        known.log_pdf(at), mixture.log_pdf(whole) - mixture.marginal([1]).log_pdf([[0.4]]), rtol=1e-8
    )


def test_features_have_names() -> None:
    X = datasets.load_faithful().data
    mixture = GaussianMixture(2, random_state=0).fit(X).mixture_
    named = Mixture(
        mixture.weights, mixture.means, mixture.covariances, "full", feature_names=["eruptions", "waiting"]
    )
    assert named.marginal(["waiting"]).feature_names == ("waiting",)
    short, long = (named.conditional({"eruptions": value}) for value in (1.8, 4.5))
    assert short.feature_names == ("waiting",)
    assert short.mean()[0] < 60
    assert long.mean()[0] > 75


def test_probabilities_and_quantiles_are_inverse() -> None:
    q = np.array([1e-300, 1e-12, 0.05, 0.1, 0.5, 0.9, 1 - 1e-12])
    x = LINE.quantile(q)
    assert (np.diff(x) > 0).all()
    np.testing.assert_allclose(LINE.cdf(x), q, rtol=1e-9)
    np.testing.assert_allclose(1.0 - LINE.cdf(x[-1]), 1e-12, rtol=1e-3)
    total, _ = integrate.quad(lambda t: LINE.pdf([t])[0], 0.0, 6.0)
    assert LINE.cdf(6.0) - LINE.cdf(0.0) == pytest.approx(total)
    assert Mixture([1.0], [[2.0]], [9.0], "spherical").quantile(0.975) == pytest.approx(
        stats.norm(2, 3).ppf(0.975)
    )
    assert LINE.quantile([[0.2, 0.3]]).shape == (1, 2)


def test_information_of_a_normal_is_known() -> None:
    covariance = np.array([[2.0, 0.6], [0.6, 1.0]])
    p = Mixture([1.0], [[0.0, 0.0]], [covariance], "full")
    q = Mixture([1.0], [[1.0, 0.0]], [np.eye(2)], "full")
    value, error = p.entropy(random_state=0)
    wanted = 0.5 * np.linalg.slogdet(2 * np.pi * np.e * covariance)[1]
    assert abs(value - wanted) < 4 * error < 0.02
    value, error = p.kl_divergence(q, random_state=0)
    wanted = 0.5 * (np.trace(covariance) + 1.0 - 2.0 - np.linalg.slogdet(covariance)[1])
    assert abs(value - wanted) < 4 * error < 0.05
    assert p.kl_divergence(p).value == 0.0


def test_the_region_of_highest_density_holds_its_share() -> None:
    normal = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)], "full")
    # A circle of squared radius −2 log(1 − share).
    assert normal.highest_density_threshold(0.9, random_state=0) == pytest.approx(
        -np.log(2 * np.pi) + np.log(0.1), abs=0.02
    )
    rows = LINE.sample(50_000, 1)[0]
    threshold = LINE.highest_density_threshold(0.7, random_state=0)
    assert np.mean(LINE.log_pdf(rows) >= threshold) == pytest.approx(0.7, abs=0.01)


def test_modes_are_the_tops_of_the_density() -> None:
    modes = LINE.modes()
    assert len(modes) == 3
    density = LINE.pdf(modes)
    assert (np.diff(density) <= 0).all()
    for step in (-1e-3, 1e-3):
        assert (LINE.pdf(modes + step) < density).all()
    close = Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 1.0], "spherical")
    np.testing.assert_allclose(close.modes(), [[0.5]], atol=1e-3)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda m: m.marginal([]), "features must be some of"),
        (lambda m: m.marginal([0, 0]), "each once"),
        (lambda m: m.marginal(["age"]), "features must be some of"),
        (lambda m: m.conditional({}), "features must be some of"),
        (lambda m: m.conditional({0: 1.0, 1: 1.0, 2: 1.0}), "all features are given"),
        (lambda m: m.conditional({0: np.nan}), "finite"),
        (lambda m: m.cdf(0.0), r"has no cdf: take one of them, by marginal\(\[0\]\)"),
        (lambda m: m.marginal([0]).quantile(1.0), "above 0 and below 1"),
        (lambda m: m.highest_density_threshold(1.0), "share must be"),
        (lambda m: m.kl_divergence(LINE), "features"),
    ],
)
def test_what_has_no_answer_says_why(ask, words) -> None:
    with pytest.raises(InputError, match=words):
        ask(fitted("full"))
