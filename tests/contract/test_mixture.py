"""`Mixture`: a frozen distribution that needs no fit."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from mixtura import GaussianMixture, Mixture
from mixtura.covariance import STRUCTURES
from mixtura.errors import InputError, SingularCovarianceError

WEIGHTS = [0.3, 0.7]
MEANS = [[0.0, 1.0], [4.0, -2.0]]
COVARIANCES: dict[str, Any] = {
    "full": [[[1.0, 0.3], [0.3, 2.0]], [[0.5, -0.1], [-0.1, 0.25]]],
    "tied": [[1.0, 0.3], [0.3, 2.0]],
    "diag": [[1.0, 2.0], [0.5, 0.25]],
    "spherical": [1.0, 0.25],
    "tied_diag": [1.0, 2.0],
    "tied_spherical": 1.5,
}


def mixture_of(structure: str) -> Mixture:
    return Mixture(WEIGHTS, MEANS, COVARIANCES[structure], structure)


@pytest.mark.parametrize("structure", list(STRUCTURES))
def test_density_is_that_of_scipy(structure: str) -> None:
    mixture = mixture_of(structure)
    X = np.random.default_rng(0).normal(scale=3.0, size=(200, 2))
    sigma = mixture.expanded_covariances()
    joint = np.stack(
        [w * multivariate_normal(m, s).pdf(X) for w, m, s in zip(WEIGHTS, MEANS, sigma, strict=True)], axis=1
    )
    np.testing.assert_allclose(mixture.pdf(X), joint.sum(axis=1), rtol=1e-11)
    np.testing.assert_allclose(mixture.log_pdf(X), np.log(joint.sum(axis=1)), rtol=1e-11)
    np.testing.assert_allclose(mixture.posterior(X), joint / joint.sum(axis=1, keepdims=True), atol=1e-13)
    np.testing.assert_array_equal(mixture.predict(X), joint.argmax(axis=1))


@pytest.mark.parametrize("structure", list(STRUCTURES))
def test_samples_have_the_moments(structure: str) -> None:
    mixture = mixture_of(structure)
    X, labels = mixture.sample(60_000, random_state=3)
    assert (np.diff(labels) >= 0).all()
    for k, sigma in enumerate(mixture.expanded_covariances()):
        np.testing.assert_allclose(X[labels == k].mean(axis=0), MEANS[k], atol=0.05)
        np.testing.assert_allclose(np.cov(X[labels == k].T), sigma, atol=0.08)
    again, _ = mixture.sample(60_000, random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(X, again)
    assert mixture.sample(0)[0].shape == (0, 2)


def test_a_value_cannot_be_changed() -> None:
    mixture = mixture_of("full")
    with pytest.raises(AttributeError, match="weights"):
        mixture.weights = np.array([0.5, 0.5])  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        mixture.means[0, 0] = 3.0
    given = np.array(MEANS)
    independent = Mixture(WEIGHTS, given, COVARIANCES["full"])
    given[0, 0] = 99.0
    assert independent.means[0, 0] == 0.0


def test_equality_hash_and_copies() -> None:
    a, b = mixture_of("full"), mixture_of("full")
    assert a == b
    assert hash(a) == hash(b)
    assert a != mixture_of("tied")
    assert a != Mixture([0.4, 0.6], MEANS, COVARIANCES["full"])
    assert a != Mixture(WEIGHTS, MEANS, COVARIANCES["full"], feature_names=["x", "y"])
    assert a != "mixture"
    for twin in (copy.copy(a), copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
        assert twin == a
        np.testing.assert_array_equal(twin.log_pdf(MEANS), a.log_pdf(MEANS))


def test_the_structure_is_read_off_the_shape_where_it_can_be() -> None:
    three = [[0.0, 1.0], [4.0, -2.0], [1.0, 1.0]]
    shapes = {
        "full": np.stack([np.eye(2)] * 3),
        "tied": np.eye(2),
        "diag": np.ones((3, 2)),
        "spherical": np.ones(3),
    }
    for name, covariances in shapes.items():
        assert Mixture([0.2, 0.3, 0.5], three, covariances).covariance_type == name
    with pytest.raises(InputError, match=r"'tied' or 'diag'.*covariance_type"):
        Mixture(WEIGHTS, MEANS, np.eye(2))


BAD: dict[str, tuple[tuple[Any, ...], str]] = {
    "weights do not sum": (([0.5, 0.6], MEANS, COVARIANCES["full"]), "sum to 1"),
    "negative weight": (([-0.5, 1.5], MEANS, COVARIANCES["full"]), "at least 0"),
    "weights of another K": (([1.0], MEANS, COVARIANCES["full"]), r"\(2,\)"),
    "means of one axis": ((WEIGHTS, [1.0, 2.0], COVARIANCES["full"]), "means must have shape"),
    "NaN": ((WEIGHTS, [[0.0, np.nan], [1.0, 1.0]], COVARIANCES["full"]), "means must hold finite"),
    "text": ((WEIGHTS, [["a", "b"], ["c", "d"]], COVARIANCES["full"]), "means must be an array of numbers"),
    "no structure": ((WEIGHTS, MEANS, np.ones((5, 5))), "fit no structure"),
    "not symmetric": (
        (WEIGHTS, MEANS, [np.eye(2), [[1.0, 0.5], [0.0, 1.0]]]),
        "covariance 1 is not symmetric",
    ),
    "unknown name": ((WEIGHTS, MEANS, np.eye(2), "oval"), "oval"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_parameters_are_named(case: str) -> None:
    arguments, message = BAD[case]
    with pytest.raises(InputError, match=message):
        Mixture(*arguments)


@pytest.mark.parametrize("structure", ["full", "diag", "spherical"])
def test_singular_covariances_are_named(structure: str) -> None:
    covariances = np.array(COVARIANCES[structure])
    covariances[1] = 0.0
    with pytest.raises(SingularCovarianceError, match="covariance 1 is not positive definite") as error:
        Mixture(WEIGHTS, MEANS, covariances, structure)
    assert error.value.component == 1
    assert pickle.loads(pickle.dumps(error.value)).component == 1


def test_it_shows_itself() -> None:
    mixture = Mixture(WEIGHTS, MEANS, COVARIANCES["diag"], "diag", feature_names=["length", "<b>width</b>"])
    text = repr(mixture)
    assert "2 diag components in 2 features" in text
    assert "length" in text
    assert "4 ± 0.707" in text
    html = mixture._repr_html_()
    assert "&lt;b&gt;width&lt;/b&gt;" in html
    assert "<b>width" not in html
    wide = Mixture(np.full(30, 1 / 30), np.zeros((30, 9)), np.ones(30), "spherical")
    assert len(repr(wide).splitlines()) < 20
    assert "…" in repr(wide)


def test_a_fit_and_its_mixture_agree() -> None:
    X, _ = mixture_of("full").sample(500, random_state=0)
    model = GaussianMixture(2, random_state=0).fit(X)
    np.testing.assert_array_equal(model.mixture_.log_pdf(X), model.score_samples(X))
    np.testing.assert_array_equal(model.mixture_.posterior(X), model.predict_proba(X))


def test_one_dimension_takes_plain_rows() -> None:
    mixture = Mixture([1.0], [[2.0]], [4.0], "spherical")
    np.testing.assert_allclose(mixture.pdf([2.0, 4.0]), mixture.pdf([[2.0], [4.0]]))
    grid = np.linspace(-30, 34, 20001)
    assert np.trapezoid(mixture.pdf(grid), grid) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("count", [-1, 2.5, True, "3"])
def test_bad_counts_of_samples(count: Any) -> None:
    with pytest.raises(InputError, match="n_samples"):
        mixture_of("full").sample(count)
