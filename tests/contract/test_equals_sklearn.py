"""The same start and passes give scikit-learn's parameters, scores, criteria and labels."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as Theirs

from mixtura import GaussianMixture

STRUCTURES = ("full", "tied", "diag", "spherical")
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::mixtura.errors.DegenerateFitWarning"),
]


def clusters(d: int, k: int, n: int = 400) -> np.ndarray:
    rng = np.random.default_rng(d)
    centres = rng.normal(scale=3.0, size=(k, d))
    mixing = rng.normal(size=(k, d, d)) / np.sqrt(d)
    labels = rng.integers(0, k, size=n)
    return centres[labels] + np.einsum("nd,nde->ne", rng.normal(size=(n, d)), mixing[labels])


def compare(ours: Any, theirs: Any, X: np.ndarray, tolerance: float = 1e-8) -> None:
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.converged_ == theirs.converged_
    for name in (
        "weights_",
        "means_",
        "covariances_",
        "precisions_",
        "precisions_cholesky_",
        "lower_bounds_",
    ):
        want = np.asarray(getattr(theirs, name))
        got = np.asarray(getattr(ours, name))
        assert got.shape == want.shape
        np.testing.assert_allclose(
            got, want, rtol=tolerance, atol=tolerance * np.abs(want).max(), err_msg=name
        )
    for name in ("score_samples", "predict_proba", "score", "bic", "aic"):
        want = np.asarray(getattr(theirs, name)(X))
        np.testing.assert_allclose(getattr(ours, name)(X), want, rtol=tolerance, atol=tolerance, err_msg=name)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def in_our_order(theirs: Theirs, structure: str) -> Theirs:
    """The heaviest component first."""
    order = np.argsort(-theirs.weights_)
    names = ("covariances_", "precisions_", "precisions_cholesky_")
    for name in ("weights_", "means_", *(names if structure != "tied" else ())):
        setattr(theirs, name, getattr(theirs, name)[order])
    return theirs


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", range(1, 34))
def test_same_start_and_passes(structure: str, d: int) -> None:
    k = 3
    X = clusters(d, k)
    start = np.random.default_rng(1).choice(len(X), k, replace=False)
    settings = {
        "covariance_type": structure,
        "reg_covar": 1e-6,
        "weights_init": [0.2, 0.3, 0.5],
        "means_init": X[start],
        "precisions_init": {
            "full": np.broadcast_to(np.eye(d), (k, d, d)),
            "tied": np.eye(d),
            "diag": np.ones((k, d)),
            "spherical": np.ones(k),
        }[structure],
        "tol": 0.0,
        "max_iter": 12,
    }
    compare(GaussianMixture(k, **settings).fit(X), Theirs(k, **settings).fit(X), X)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("seed", range(5))
def test_same_kmeans_start_and_stop(structure: str, seed: int) -> None:
    X = clusters(4, 3)
    settings = {"covariance_type": structure, "reg_covar": 1e-6, "random_state": seed}
    ours = settings | {"init_params": "kmeans", "tol": 1e-3}
    theirs = in_our_order(Theirs(3, **settings).fit(X), structure)
    compare(GaussianMixture(3, **ours).fit(X), theirs, X, tolerance=1e-7)


def test_same_samples_in_law() -> None:
    X = clusters(2, 2)
    model = GaussianMixture(2, random_state=0).fit(X)
    rows, labels = model.sample(40_000)
    np.testing.assert_allclose(np.bincount(labels) / len(labels), model.weights_, atol=0.01)
    for k in range(2):
        np.testing.assert_allclose(rows[labels == k].mean(axis=0), model.means_[k], atol=0.1)
        np.testing.assert_allclose(np.cov(rows[labels == k].T), model.covariances_[k], atol=0.2)


def test_every_parameter_of_theirs_in_its_place() -> None:
    theirs = list(signature(Theirs).parameters.values())
    ours = list(signature(GaussianMixture).parameters.values())
    assert [(p.name, p.kind) for p in ours[: len(theirs)]] == [(p.name, p.kind) for p in theirs]
    own = {"n_jobs", "acceleration", "covariance_prior", "callback", "learning_decay"}
    assert {p.name for p in ours[len(theirs) :]} == own
    changed = {p.name for p, q in zip(theirs, ours, strict=False) if p.default != q.default}
    assert changed == {"init_params", "max_iter", "reg_covar", "tol"}
