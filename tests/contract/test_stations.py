"""What a notebook on mixtures says is to be seen, is seen: from k-means to densities and selection."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris, load_wine, make_blobs, make_moons
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline

from mixtura import GaussianMixture, KMeans, MixtureSelector, datasets
from mixtura.errors import DegenerateFitWarning, InputError

Array = np.ndarray[Any, Any]


def blobs() -> tuple[Array, Array]:
    X, y = make_blobs(400, centers=4, cluster_std=0.6, random_state=0)
    return X, y


def three_normals() -> Array:
    rng = np.random.RandomState(2)
    parts = (rng.normal(0, 2, 2000), rng.normal(5, 5, 2000), rng.normal(3, 0.5, 600))
    return np.concatenate(parts)[:, None]


def test_circles_suit_round_blobs_and_fail_on_stretched_ones() -> None:
    X, y = blobs()
    stretched = X @ np.random.RandomState(13).randn(2, 2)
    assert adjusted_rand_score(y, KMeans(4, random_state=0).fit_predict(X)) > 0.95
    assert adjusted_rand_score(y, KMeans(4, random_state=0).fit_predict(stretched)) < 0.8
    assert adjusted_rand_score(y, GaussianMixture(4, random_state=0).fit_predict(stretched)) > 0.95


def test_a_mixture_knows_which_labels_are_in_doubt() -> None:
    X, y = blobs()
    model = GaussianMixture(4, random_state=0).fit(X)
    p = model.predict_proba(X)
    assert p.shape == (400, 4)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    sure = p.max(axis=1) > 0.99
    own = np.array([np.bincount(y[model.predict(X) == k]).argmax() for k in range(4)])
    wrong = own[model.predict(X)] != y
    assert wrong[sure].mean() < 0.005
    assert wrong[~sure].mean() > 0.05


@pytest.mark.parametrize(("stretch", "best"), [(False, "tied_spherical"), (True, "tied")])
def test_bic_finds_the_shape_that_four_blobs_have(stretch, best) -> None:
    X, y = blobs()
    if stretch:
        X = X @ np.random.RandomState(13).randn(2, 2)
    selector = MixtureSelector(n_components=4, random_state=0).fit(X)
    assert selector.best_params_["covariance_type"] == best
    assert adjusted_rand_score(y, selector.predict(X)) > 0.95
    for structure in ("full", "tied"):
        model = GaussianMixture(4, covariance_type=structure, random_state=0).fit(X)
        assert adjusted_rand_score(y, model.predict(X)) > 0.95
    circles = GaussianMixture(4, covariance_type="spherical", random_state=0).fit(X)
    assert (adjusted_rand_score(y, circles.predict(X)) > 0.95) != stretch


def test_moons_take_many_components_and_aic_asks_for_more_than_bic() -> None:
    X, _ = make_moons(200, noise=0.05, random_state=0)
    held, _ = make_moons(200, noise=0.05, random_state=1)
    few, many = (GaussianMixture(k, random_state=0).fit(X).score(held) for k in (2, 8))
    assert many > few + 0.5
    chosen = {
        criterion: MixtureSelector(
            n_components=range(1, 21), covariance_type="full", criterion=criterion, random_state=0
        )
        .fit(X)
        .best_params_["n_components"]
        for criterion in ("aic", "bic")
    }
    assert 2 < chosen["bic"] < chosen["aic"]


def test_bic_chooses_two_full_components_of_an_ellipse_and_a_circle() -> None:
    rng = np.random.RandomState(0)
    ellipse = rng.randn(500, 2) @ np.array([[0.0, -0.1], [1.7, 0.4]])
    circle = 0.7 * rng.randn(500, 2) + np.array([-4, 1])
    selector = MixtureSelector(
        n_components=range(1, 7), covariance_type=("spherical", "tied", "diag", "full"), random_state=0
    ).fit(np.concatenate([ellipse, circle]))
    assert selector.best_params_ == {"n_components": 2, "covariance_type": "full"}


def test_bic_chooses_three_of_three_normals_and_three_do_the_work_of_all_kernels() -> None:
    x = three_normals()
    selector = MixtureSelector(n_components=range(1, 10), covariance_type="full", random_state=0).fit(x)
    assert selector.best_params_["n_components"] == 3
    held = np.random.RandomState(3).permutation(x)[:500]
    kernels = KernelDensity(bandwidth=0.15).fit(x)
    assert selector.score(held) == pytest.approx(kernels.score(held) / 500, abs=0.05)
    order = np.argsort(selector.best_estimator_.weights_)
    np.testing.assert_allclose(selector.best_estimator_.weights_[order][0], 600 / 4600, atol=0.03)


def test_new_digits_by_a_mixture_in_a_pipeline() -> None:
    X = np.random.RandomState(0).permutation(load_digits().data)
    pca = PCA(0.99, whiten=True, svd_solver="full")
    model = GaussianMixture(20, covariance_prior="auto", random_state=0)
    pipeline = make_pipeline(pca, model).fit(X[:1200])
    assert pca.n_components_ > 35
    drawn = pca.inverse_transform(model.sample(100)[0])
    assert drawn.shape == (100, 64)
    assert pipeline.score(X[1200:]) > -48
    assert model.diagnostics_ == ()


def whitened_digits() -> tuple[Array, Array]:
    X = np.random.RandomState(0).permutation(load_digits().data)
    pca = PCA(0.99, whiten=True, svd_solver="full").fit(X)
    return pca.transform(X[:1200]), pca.transform(X[1200:])


def test_a_hundred_and_ten_components_of_digits_converge_are_loose_and_say_so() -> None:
    X, held = whitened_digits()
    recipe = GaussianMixture(110, init_params="kmeans", tol=1e-3, reg_covar=1e-6, random_state=0)
    with pytest.warns(DegenerateFitWarning, match="too few for its covariance"):
        model = recipe.fit(X)
    assert model.converged_
    (found,) = model.diagnostics_
    assert len(found.components) > 100
    # Held by the 1e-6 alone: high inside, and far off outside.
    assert model.score(X) > 50
    assert model.score(held) < -1e5


def test_rows_held_out_choose_a_mixture_of_digits_that_holds() -> None:
    X, held = whitened_digits()
    search = GridSearchCV(
        GaussianMixture(covariance_prior="auto", init_params="kmeans", tol=1e-3, random_state=0),
        {"n_components": [1, 5, 10, 20, 40, 80]},
        cv=KFold(3, shuffle=True, random_state=0),
    ).fit(X)
    assert 5 <= search.best_params_["n_components"] <= 40
    assert search.best_estimator_.diagnostics_ == ()
    assert search.score(held) > -48


def test_the_species_of_iris_are_three_components_whose_shape_bic_chooses() -> None:
    flowers = load_iris()
    selector = MixtureSelector(n_components=3, random_state=0).fit(flowers.data)
    assert adjusted_rand_score(flowers.target, selector.predict(flowers.data)) > 0.85


def test_units_do_not_change_the_growers_of_wine_and_a_prior_finds_them() -> None:
    bottles = load_wine(as_frame=True)
    other = bottles.data.assign(
        proline=bottles.data["proline"] / 1e3, magnesium=bottles.data["magnesium"] * 1e3
    )
    before, after = (
        GaussianMixture(3, covariance_prior="auto", random_state=0).fit(frame).predict(frame)
        for frame in (bottles.data, other)
    )
    np.testing.assert_array_equal(before, after)
    assert adjusted_rand_score(bottles.target, before) > 0.85


def test_a_frame_with_a_wrong_column_or_a_hole_is_refused_by_name() -> None:
    geyser = pd.read_csv(datasets.path("faithful"))
    model = GaussianMixture(2, random_state=0).fit(geyser)
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- wait\n"):
        model.predict(geyser.rename(columns={"waiting": "wait"}))
    with pytest.raises(ValueError, match="same order"):
        model.predict(geyser[["waiting", "eruptions"]])
    holes = geyser.copy()
    holes.loc[[3, 17], "waiting"] = np.nan
    with pytest.raises(InputError, match="NaN in column 'waiting', rows 3, 17: drop these rows or impute"):
        GaussianMixture(2).fit(holes)
