"""What a fit says of itself where the data do not settle it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import mixtura
from mixtura import GaussianMixture
from mixtura.covariance import STRUCTURES
from mixtura.errors import DegenerateFitWarning
from mixtura.selection import select

RNG = np.random.default_rng(0)
SOUND = np.concatenate([RNG.normal(m, 1.0, size=(100, 2)) for m in (0.0, 8.0)])


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_sound_fit_has_nothing_to_say(structure) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert GaussianMixture(2, covariance_type=structure, random_state=0).fit(SOUND).diagnostics_ == ()


def test_rows_that_are_one_point_are_named() -> None:
    X = np.concatenate([SOUND, np.full((60, 2), 20.0)])
    with pytest.warns(DegenerateFitWarning, match="component 2 do not vary"):
        model = GaussianMixture(3, random_state=0).fit(X)
    (found,) = model.diagnostics_
    assert (found.finding, found.components) == ("collapsed", (2,))
    np.testing.assert_allclose(model.means_[2], 20.0)


def test_rows_that_happen_to_lie_in_a_plane_are_no_component() -> None:
    X = np.random.default_rng(0).integers(0, 200, size=(60, 3)).astype(np.float64)
    X[30:] += 50
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = GaussianMixture(2, random_state=0).fit(X)
    assert model.diagnostics_ == ()
    assert (model.weights_ > 0.2).all()


def test_too_few_rows_for_a_covariance_are_named() -> None:
    X = np.random.default_rng(1).normal(size=(60, 6))
    start = np.repeat([0, 1], [55, 5])
    X[start == 1] += 30.0
    with pytest.warns(DegenerateFitWarning, match="component 1"):
        model = GaussianMixture(2, init_params=start, reg_covar=1e-6).fit(X)
    (found,) = model.diagnostics_
    assert (found.finding, found.components) == ("loose", (1,))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prior = GaussianMixture(2, init_params=start, covariance_prior="auto").fit(X)
    assert prior.diagnostics_ == ()


def test_a_component_of_no_row_is_named() -> None:
    with pytest.warns(DegenerateFitWarning, match="no row belongs to component 2"):
        model = GaussianMixture(3, init_params=np.repeat([0, 1], 100)).fit(SOUND)
    assert [found.finding for found in model.diagnostics_] == ["empty"]


def test_diagnostics_are_kept_in_a_model_file(tmp_path) -> None:
    with pytest.warns(DegenerateFitWarning):
        model = GaussianMixture(3, init_params=np.repeat([0, 1], 100)).fit(SOUND)
    model.init_params = "auto"
    model.save(tmp_path / "model")
    assert mixtura.load(tmp_path / "model").diagnostics_ == model.diagnostics_


def test_a_selection_marks_such_fits_and_does_not_choose_them() -> None:
    X = np.random.default_rng(2).normal(size=(14, 3))
    selection = select(X, n_components=[1, 4], covariance_types=["full"], random_state=0, criterion="aic")
    rows = {row["n_components"]: row for row in selection.table()}
    assert rows[1]["findings"] == ""
    assert rows[4]["findings"] or rows[4]["error"]
    assert selection.best.n_components == 1


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_prior_is_in_the_units_of_the_data(structure) -> None:
    one = GaussianMixture(2, covariance_type=structure, covariance_prior="auto", random_state=0).fit(SOUND)
    other = GaussianMixture(2, covariance_type=structure, covariance_prior=1.0, random_state=0)
    other.fit(SOUND * 1e-6)
    np.testing.assert_allclose(other.covariances_, np.asarray(one.covariances_) * 1e-12, rtol=1e-6)
    assert (np.diff(one.trace_) >= -1e-12).all()


def test_a_prior_is_its_formula() -> None:
    model = GaussianMixture(1, covariance_prior=10.0).fit(SOUND)
    scatter = np.cov(SOUND.T, bias=True)
    np.testing.assert_allclose(model.covariances_[0], (200 * scatter + 10 * scatter) / 210, rtol=1e-10)
    labels = np.repeat([0, 1], 100)
    model = GaussianMixture(2, covariance_prior=10.0, init_params=labels, max_iter=0).fit(SOUND)
    group = np.cov(SOUND[:100].T, bias=True)
    np.testing.assert_allclose(model.covariances_[0], (100 * group + 10 * scatter / 2) / 110, rtol=1e-10)


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, "none", True])
def test_a_prior_that_is_none(value) -> None:
    with pytest.raises(ValueError, match="covariance_prior must be None, 'auto' or a finite number above 0"):
        GaussianMixture(2, covariance_prior=value).fit(SOUND)


def test_the_digits_in_too_many_components() -> None:
    X = PCA(41, whiten=True, svd_solver="full").fit_transform(load_digits().data)
    order = np.random.RandomState(0).permutation(len(X))
    inside, outside = X[order[:1200]], X[order[1200:]]
    with pytest.warns(DegenerateFitWarning, match="each of components"):
        loose = GaussianMixture(60, init_params="kmeans", max_iter=20, random_state=0).fit(inside)
    assert loose.diagnostics_
    assert loose.score(inside) > 0 > -1e4 > loose.score(outside)
    prior = GaussianMixture(20, covariance_prior="auto", init_params="kmeans", random_state=0).fit(inside)
    assert prior.score(outside) > -48.5
