"""`MixtureClassifier`: Bayes' rule over one mixture a class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits, make_moons
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from mixtura import GaussianMixture, MixtureClassifier
from mixtura.errors import InputError

Array = np.ndarray[Any, Any]


def moons() -> tuple[Array, Array]:
    X, y = make_moons(300, noise=0.1, random_state=0)
    return X, np.array(["lower", "upper"])[y]


def test_it_is_bayes_rule() -> None:
    X, y = moons()
    model = MixtureClassifier(estimator=GaussianMixture(), random_state=0).fit(X, y)
    assert list(model.classes_) == ["lower", "upper"]
    joint = np.empty((len(X), 2))
    for c, label in enumerate(model.classes_):
        own = X[y == label]
        normal = multivariate_normal(own.mean(axis=0), np.cov(own.T, bias=True))
        joint[:, c] = np.mean(y == label) * normal.pdf(X)
    np.testing.assert_allclose(model.predict_proba(X), joint / joint.sum(axis=1, keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(model.score_samples(X), np.log(joint.sum(axis=1)), rtol=1e-6)
    np.testing.assert_array_equal(model.predict(X), model.classes_[joint.argmax(axis=1)])
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)).sum(axis=1), 1.0)


def test_priors_shift_the_border() -> None:
    X, y = moons()
    few = MixtureClassifier(priors=[0.01, 0.99], random_state=0).fit(X, y)
    even = MixtureClassifier(priors=[0.5, 0.5], random_state=0).fit(X, y)
    assert (few.predict(X) == "lower").sum() < (even.predict(X) == "lower").sum()


@pytest.mark.parametrize("counts", [3, range(1, 5), {"lower": 3, "upper": (1, 3)}])
def test_components_by_number_by_choice_or_by_class(counts) -> None:
    X, y = moons()
    model = MixtureClassifier(counts, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.98
    assert all(found.n_components > 1 for found in model.estimators_)


def test_held_out_digits() -> None:
    X, y = load_digits(return_X_y=True)
    seen, held, labels, wanted = train_test_split(X, y, random_state=0, test_size=1 / 3)
    pca = PCA(0.9, svd_solver="full").fit(seen)
    model = MixtureClassifier(2, random_state=0).fit(pca.transform(seen), labels)
    assert model.score(pca.transform(held), wanted) > 0.97
    drawn = pca.inverse_transform(model.sample(50, label=3, random_state=0))
    assert np.mean(model.predict(pca.transform(drawn)) == 3) > 0.9


def test_draws_have_the_shares_of_the_priors() -> None:
    X, y = moons()
    model = MixtureClassifier(3, priors=[0.2, 0.8], random_state=0).fit(X, y)
    drawn, labels = model.sample(2000, random_state=0)
    assert drawn.shape == (2000, 2)
    assert np.mean(labels == "upper") == pytest.approx(0.8, abs=0.03)
    assert model.score(drawn, labels) > 0.95
    with pytest.raises(InputError, match="there is no class 'middle'"):
        model.sample(1, label="middle")


def test_weights_count_for_densities_and_priors() -> None:
    X, y = moons()
    weight = np.random.default_rng(0).integers(0, 3, size=len(X))
    weighted = MixtureClassifier(random_state=0).fit(X, y, sample_weight=weight)
    repeated = MixtureClassifier(random_state=0).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-8)


def test_names_of_columns_are_kept() -> None:
    X, y = moons()
    frame = pd.DataFrame(X, columns=["east", "north"])
    model = MixtureClassifier(random_state=0).fit(frame, y)
    assert list(model.feature_names_in_) == ["east", "north"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"east": "west"}))


@pytest.mark.parametrize(
    ("settings", "culprit"),
    [
        ({"n_components": 0}, "n_components"),
        ({"n_components": "many"}, "n_components"),
        ({"n_components": {"lower": 1}}, "no entry for class 'upper'"),
        ({"n_components": {"lower": 1, "upper": 200}}, "class 'upper' has 150 rows, but a mixture of 200"),
        ({"priors": [1.0]}, "priors must be 2 numbers"),
        ({"priors": [0.5, 0.6]}, "sum to 1"),
        ({"estimator": 3}, "estimator must be"),
        ({"covariance_type": "oval"}, "covariance_type"),
    ],
)
def test_settings_without_a_meaning_are_named(settings, culprit) -> None:
    model = MixtureClassifier().set_params(**settings)
    with pytest.raises(InputError, match=culprit):
        model.fit(*moons())
    assert not hasattr(model, "classes_")


def test_a_class_of_one_row_is_named() -> None:
    X, y = moons()
    y = y.astype(object)
    y[0] = "alone"
    with pytest.raises(InputError, match="class 'alone' has 1 row"):
        MixtureClassifier().fit(X, y)
    with pytest.raises(ValueError, match="one label a row"):
        MixtureClassifier().fit(X, y[:-1])
