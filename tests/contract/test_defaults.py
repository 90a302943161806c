"""A default fit can be trusted: it finds the optimum, whatever the seed, the units and the order of rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_blobs

from mixtura import GaussianMixture
from mixtura.covariance import STRUCTURES


def stretched_blobs() -> np.ndarray:
    X, _ = make_blobs(400, centers=4, cluster_std=0.6, random_state=0)
    return X @ np.random.RandomState(13).randn(2, 2)


def three_normals() -> np.ndarray:
    rng = np.random.RandomState(2)
    parts = [rng.normal(0, 2, 2000), rng.normal(5, 5, 2000), rng.normal(3, 0.5, 600)]
    return np.concatenate(parts)[:, None]


@pytest.mark.parametrize("seed", range(50))
def test_every_seed_finds_the_four_blobs(seed) -> None:
    model = GaussianMixture(4, random_state=seed).fit(stretched_blobs())
    assert model.converged_
    assert model.lower_bound_ == pytest.approx(-1.91847, abs=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_the_bic_asks_for_the_three_normals_that_there_are(seed) -> None:
    X = three_normals()
    bic = [GaussianMixture(k, random_state=seed).fit(X).bic(X) for k in range(1, 10)]
    assert 1 + int(np.argmin(bic)) == 3


def test_a_narrow_axis_beside_a_wide_one() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 300)
    X = np.column_stack([rng.normal(0, 100, 600), rng.normal(y, 0.1)])
    labels = GaussianMixture(2, random_state=0).fit_predict(X)
    assert max((labels == y).mean(), (labels != y).mean()) == 1.0


def test_a_linear_map_of_the_data_maps_the_fit() -> None:
    X = stretched_blobs()
    model = GaussianMixture(4, random_state=0).fit(X)
    rng = np.random.default_rng(1)
    for _ in range(100):
        a = rng.normal(size=(2, 2)) * 10.0 ** rng.uniform(-6, 6, size=2)
        b = rng.normal(size=2) * 10.0 ** rng.uniform(-3, 3)
        moved = GaussianMixture(4, random_state=0).fit(X @ a + b)
        np.testing.assert_array_equal(moved.predict(X @ a + b), model.predict(X))
        shift = np.log(abs(np.linalg.det(a)))
        np.testing.assert_allclose(moved.score_samples(X @ a + b) + shift, model.score_samples(X), atol=1e-6)


@pytest.mark.parametrize("structure", ["diag", "tied_diag", "full", "tied"])
def test_columns_in_other_units_change_nothing(structure) -> None:
    X = stretched_blobs()
    units = np.array([1e-9, 1e7])
    one = GaussianMixture(4, covariance_type=structure, random_state=3).fit(X)
    other = GaussianMixture(4, covariance_type=structure, random_state=3).fit(X * units)
    np.testing.assert_array_equal(one.predict(X), other.predict(X * units))
    np.testing.assert_allclose(other.means_, one.means_ * units, rtol=1e-5)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_components_come_in_order(structure) -> None:
    model = GaussianMixture(4, covariance_type=structure, random_state=0).fit(stretched_blobs())
    assert (np.diff(model.weights_) <= 1e-9).all()


def test_the_order_of_a_given_start_is_kept() -> None:
    X = stretched_blobs()
    labels = np.argsort([2, 0, 3, 1])[GaussianMixture(4, random_state=0).fit_predict(X)]
    model = GaussianMixture(4, init_params=labels).fit(X)
    np.testing.assert_array_equal(model.predict(X), labels)


@pytest.mark.parametrize("tol", ["auto", 1e-3])
def test_what_tol_means(tol) -> None:
    X = three_normals()
    model = GaussianMixture(3, init_params="kmeans", tol=tol, random_state=0).fit(X)
    longer = GaussianMixture(3, init_params="kmeans", tol=1e-12, max_iter=10**5, random_state=0).fit(X)
    left = longer.lower_bound_ - model.lower_bound_
    if tol == "auto":
        assert left < 1e-5
    else:  # scikit-learn's: the last step was small, however far the top
        assert abs(np.diff(model.trace_)[-2]) < 1e-3
        assert left > 1e-3


def test_acceleration_is_for_tol_auto_or_on_demand() -> None:
    X = three_normals()
    settings = {"init_params": "kmeans", "random_state": 0, "tol": 1e-6, "max_iter": 10**4}
    plain = GaussianMixture(3, **settings).fit(X)
    again = GaussianMixture(3, acceleration=None, **settings).fit(X)
    fast = GaussianMixture(3, acceleration="squarem", **settings).fit(X)
    np.testing.assert_array_equal(plain.trace_, again.trace_)
    assert fast.n_iter_ < plain.n_iter_ / 2
    assert (np.diff(fast.trace_) >= 0).all()


def test_units_that_the_numbers_have_no_squares_for() -> None:
    X = stretched_blobs()
    model = GaussianMixture(4, random_state=0).fit(X)
    for unit in (1e-150, 1e150):
        moved = GaussianMixture(4, random_state=0).fit(X * unit)
        np.testing.assert_array_equal(moved.predict(X * unit), model.predict(X))
        np.testing.assert_allclose(moved.means_, model.means_ * unit, rtol=1e-6)
        assert moved.score(X * unit) == pytest.approx(model.score(X) - 2 * np.log(unit), rel=1e-9)
        warm = GaussianMixture(4, random_state=0, warm_start=True).fit(X * unit).fit(X * unit)
        np.testing.assert_allclose(warm.means_, moved.means_, rtol=1e-4)
    with pytest.raises(ValueError, match="apart, whose variance float64 cannot hold"):
        GaussianMixture(4).fit(X * 1e200)


def test_most_seeds_find_the_optimum_of_iris_that_its_rows_settle() -> None:
    # By far the most likely fits have a component of a handful of rows in a plane.
    X = load_iris().data
    models = [GaussianMixture(3, random_state=seed).fit(X) for seed in range(10)]
    assert not any(model.diagnostics_ for model in models)
    found = [model.score(X) * len(X) for model in models]
    assert np.median(found) == pytest.approx(-180.19, abs=0.02)
    assert min(found) > -190.0


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("seed", range(3))
def test_float32_arrives_where_its_rounding_lets_the_likelihood_turn(structure, seed) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20_000, 2)) + 4.0 * rng.normal(size=(2, 2))[rng.integers(2, size=20_000)]
    model = GaussianMixture(2, covariance_type=structure, random_state=0).fit(X.astype(np.float32))
    assert model.stopping_reason_ == "converged"
    assert model.n_iter_ < 50
