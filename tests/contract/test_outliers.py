"""`MixtureOutlierDetector`: outliers are found and have no part in the model; p-values mean what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from mixtura import GaussianMixture, MixtureOutlierDetector
from mixtura.errors import InputError

Array = np.ndarray[Any, Any]


def with_outliers(n: int = 600, far: int = 40, seed: int = 0) -> tuple[Array, Array]:
    """Two normals of unit variance, and rows far away that lie together."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2)) + 8.0 * (np.arange(n) % 2)[:, None]
    X[:far] = rng.normal(size=(far, 2)) * 5.0 + [40.0, -30.0]
    return X, np.arange(n) < far


@pytest.mark.parametrize("seed", range(5))
def test_outliers_are_found_and_do_not_drag_the_model(seed) -> None:
    X, far = with_outliers(seed=seed)
    model = MixtureOutlierDetector(2, random_state=0).fit(X)
    labels = model.predict(X)
    assert (labels[far] == -1).all()
    assert (labels[~far] == -1).sum() <= 6
    assert not model.support_[far].any()
    assert model.support_[labels == 1].all()
    sound = GaussianMixture(2, random_state=0).fit(X[~far])
    order = np.argsort(model.estimator_.means_[:, 0])
    wanted = np.argsort(sound.means_[:, 0])
    np.testing.assert_allclose(model.estimator_.means_[order], sound.means_[wanted], atol=0.1)
    np.testing.assert_allclose(model.estimator_.covariances_[order], sound.covariances_[wanted], atol=0.2)
    # A plain fit gives them a component.
    plain = MixtureOutlierDetector(2, support_fraction=1.0, random_state=0).fit(X)
    assert (plain.predict(X)[far] == -1).mean() < 0.5


def test_contamination_is_the_share_that_is_called() -> None:
    X, _ = with_outliers()
    model = MixtureOutlierDetector(2, contamination=0.05, random_state=0).fit(X)
    assert (model.fit_predict(X) == -1).sum() == 30
    np.testing.assert_array_equal(model.decision_function(X), model.score_samples(X) - model.offset_)
    np.testing.assert_array_equal(model.predict(X) == -1, model.decision_function(X) < 0)


def test_pvalues_are_those_of_a_normal() -> None:
    X = np.random.default_rng(0).normal(size=(3000, 3))
    model = MixtureOutlierDetector(random_state=0).fit(X)
    at = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [2.0, 2.0, 1.0], [9.0, 9.0, 9.0]])
    p, error = model.pvalues(at)
    mixture = model.estimator_.mixture_
    t = at - mixture.means[0]
    wanted = chi2.sf(np.einsum("ni,ij,nj->n", t, np.linalg.inv(mixture.expanded_covariances()[0]), t), 3)
    assert (np.abs(p - wanted) < 5 * error + 2e-5).all()
    assert p[3] == pytest.approx(1e-5, rel=1e-3)
    q, _ = model.pvalues(X)
    assert np.mean(q < 0.05) == pytest.approx(0.05, abs=0.015)


def test_shifted_rows_of_a_one_dimensional_mixture() -> None:
    """What every notebook on mixtures shows: 20 rows moved by 50 standard normals, seen at −9 nats."""
    rng = np.random.RandomState(2)
    x = np.concatenate([rng.normal(0, 2, 2000), rng.normal(5, 5, 2000), rng.normal(3, 0.5, 600)])
    moved = rng.choice(len(x), 20, replace=False)
    x[moved] += 50 * rng.normal(0, 1, 20)
    scores = GaussianMixture(3, random_state=0).fit(x[:, None]).score_samples(x[:, None])
    found = np.flatnonzero(scores < -9)
    assert len(np.intersect1d(found, moved)) >= 12
    assert len(np.setdiff1d(found, moved)) < 60


def test_weights_are_rows() -> None:
    X, far = with_outliers()
    weight = np.where(far, 1.0, np.random.default_rng(0).integers(0, 3, size=len(X)))
    model = MixtureOutlierDetector(2, random_state=0).fit(X, sample_weight=weight)
    assert (model.predict(X[far]) == -1).all()
    assert not model.support_[weight == 0].any()


@pytest.mark.parametrize(
    ("settings", "culprit"),
    [
        ({"n_components": 0}, "n_components"),
        ({"contamination": 0.0}, "contamination"),
        ({"contamination": 0.6}, "contamination"),
        ({"contamination": "some"}, "contamination"),
        ({"support_fraction": 0.5}, "support_fraction"),
        ({"support_fraction": 1.5}, "support_fraction"),
        ({"estimator": "mixture"}, "estimator"),
    ],
)
def test_settings_without_a_meaning_are_named(settings, culprit) -> None:
    model = MixtureOutlierDetector().set_params(**settings)
    with pytest.raises(InputError, match=culprit):
        model.fit(with_outliers()[0])
    assert not hasattr(model, "offset_")
