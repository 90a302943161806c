"""`MixtureSelector`: all candidates in one table, the best of them, and what it says where some fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, make_blobs, make_moons

from mixtura import GaussianMixture, MixtureSelector, datasets
from mixtura.covariance import STRUCTURES
from mixtura.errors import DegenerateFitWarning, InputError

Array = np.ndarray[Any, Any]
FAITHFUL = datasets.load_faithful().data


def stretched(n: int = 400) -> Array:
    X, _ = make_blobs(n, centers=4, cluster_std=0.6, random_state=0)
    return np.asarray(X @ np.random.RandomState(13).randn(2, 2))


def test_old_faithful_is_three_tied_normals() -> None:
    selector = MixtureSelector(n_components=range(1, 7), random_state=0).fit(FAITHFUL)
    assert selector.best_params_ == {"n_components": 3, "covariance_type": "tied"}
    assert selector.table_["bic"].min() == pytest.approx(2314.3, abs=0.05)
    row = selector.best_index_
    assert selector.table_["criterion"][row] == selector.table_["bic"][row]
    best = selector.best_estimator_
    assert selector.table_["log_likelihood"][row] == pytest.approx(best.score(FAITHFUL) * len(FAITHFUL))
    assert selector.table_["bic"][row] == pytest.approx(best.bic(FAITHFUL))
    np.testing.assert_array_equal(selector.predict(FAITHFUL), best.predict(FAITHFUL))
    np.testing.assert_array_equal(selector.predict_proba(FAITHFUL), best.predict_proba(FAITHFUL))
    np.testing.assert_array_equal(selector.score_samples(FAITHFUL), best.score_samples(FAITHFUL))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("rows", [400, 30_000])
def test_the_likelihood_does_not_fall_as_components_are_added(structure, rows) -> None:
    X = stretched(rows)
    selector = MixtureSelector(n_components=range(1, 7), covariance_type=structure, random_state=0).fit(X)
    gains = np.diff(selector.table_["log_likelihood"]) / rows
    # Less than what a fit may leave to gain.
    assert (gains > -1e-5).all()


@pytest.mark.parametrize("structure", STRUCTURES)
def test_where_fits_come_loose_those_that_do_not_do_not_fall(structure) -> None:
    X = load_iris().data
    selector = MixtureSelector(n_components=range(1, 17), covariance_type=structure, random_state=0).fit(X)
    settled = selector.table_["findings"] == ""
    assert settled.sum() > 5
    assert (np.diff(selector.table_["log_likelihood"][settled]) > -1e-6 * len(X)).all()


def test_gaps_between_counts_and_the_order_of_structures_are_no_matter() -> None:
    selector = MixtureSelector(n_components=(6, 1, 4), covariance_type=("tied", "full"), random_state=0).fit(
        stretched()
    )
    assert list(selector.table_["n_components"]) == [6, 6, 1, 1, 4, 4]
    assert selector.best_params_ == {"n_components": 4, "covariance_type": "tied"}
    alone = GaussianMixture(4, random_state=0).fit(stretched())
    assert selector.table_["log_likelihood"][5] == pytest.approx(400 * alone.lower_bound_, rel=1e-6)


def test_on_many_rows_fewer_components_may_come_after_more() -> None:
    X = stretched(30_000)
    passes: list[int] = []
    prototype = GaussianMixture(callback=lambda progress: passes.append(progress.iteration))
    selector = MixtureSelector(
        prototype, n_components=(4, 1, 2, 5), covariance_type="full", random_state=0
    ).fit(X)
    assert not any(selector.table_["error"])
    assert selector.best_params_["n_components"] == 4
    height = dict(zip(selector.table_["n_components"], selector.table_["log_likelihood"], strict=True))
    assert height[1] < height[2] < height[4] < height[5] + 0.1
    assert len(passes) >= selector.table_["n_iter"].sum()


def test_the_table_is_ready_for_a_data_frame() -> None:
    frame = pd.DataFrame(MixtureSelector(n_components=(1, 2), random_state=0).fit(FAITHFUL).table_)
    assert len(frame) == 2 * len(STRUCTURES)
    assert set(frame["stopping_reason"]) == {"converged"}
    assert (frame["seconds"] > 0).all()
    assert (frame["n_passes"] >= frame["n_iter"]).all()


def test_names_of_columns_are_kept() -> None:
    frame = pd.DataFrame(FAITHFUL, columns=["eruptions", "waiting"])
    selector = MixtureSelector(n_components=(2,), covariance_type="full", random_state=0).fit(frame)
    assert list(selector.feature_names_in_) == ["eruptions", "waiting"]
    assert selector.predict(frame).shape == (len(frame),)
    with pytest.raises(ValueError, match="feature names"):
        selector.predict(frame.rename(columns={"waiting": "wait"}))


def test_rows_held_out_choose_too() -> None:
    X, _ = make_moons(200, noise=0.05, random_state=0)
    selector = MixtureSelector(
        n_components=(1, 2, 8), covariance_type="full", criterion="cv", random_state=0
    ).fit(X)
    assert selector.best_params_["n_components"] == 8
    assert np.argmax(selector.table_["cv"]) == 2
    # A row that has a part in the fit is likelier.
    assert selector.table_["cv"][2] < selector.table_["log_likelihood"][2] / 200


def test_a_criterion_of_ones_own() -> None:
    def doubt(estimator: GaussianMixture, X: Array) -> float:
        return float(1.0 - estimator.predict_proba(X).max(axis=1).mean()) + (estimator.n_components < 2)

    selector = MixtureSelector(
        n_components=(1, 2, 3), covariance_type=("full",), criterion=doubt, random_state=0
    ).fit(FAITHFUL)
    assert selector.best_params_["n_components"] == 2


def test_settings_of_an_estimator_are_those_of_all_candidates() -> None:
    prototype = GaussianMixture(reg_covar=0.5, max_iter=7, tol=1e-3)
    selector = MixtureSelector(prototype, n_components=(2,), random_state=0).fit(FAITHFUL)
    assert {selector.best_estimator_.reg_covar, selector.best_estimator_.max_iter} == {0.5, 7}
    assert prototype.n_components == 1


def test_with_a_prior_the_table_tells_of_the_likelihood_alone() -> None:
    settings = GaussianMixture(covariance_prior="auto")
    selector = MixtureSelector(settings, n_components=3, covariance_type="full", random_state=0).fit(FAITHFUL)
    best = selector.best_estimator_
    assert selector.table_["log_likelihood"][0] == pytest.approx(best.score(FAITHFUL) * len(FAITHFUL))
    for name in ("bic", "aic", "icl"):
        assert selector.table_[name][0] == pytest.approx(getattr(best, name)(FAITHFUL))
    assert best.lower_bound_ * len(FAITHFUL) != pytest.approx(selector.table_["log_likelihood"][0], abs=1.0)


def test_what_cannot_be_fitted_is_in_the_table_and_the_others_are_fitted() -> None:
    X = FAITHFUL[:8]
    selector = MixtureSelector(n_components=(1, 2, 20), covariance_type="spherical", random_state=0).fit(X)
    assert "more components than the 8 rows" in selector.table_["error"][2]
    assert np.isnan(selector.table_["bic"][2])
    assert selector.best_params_["n_components"] in (1, 2)


def test_a_fit_that_the_data_do_not_settle_is_marked_and_not_chosen() -> None:
    X = np.concatenate([FAITHFUL, np.repeat([[30.0, 300.0]], 3, axis=0)])
    selector = MixtureSelector(n_components=(1, 2, 3), covariance_type="full", random_state=0).fit(X)
    assert any(selector.table_["findings"])
    assert not selector.table_["findings"][selector.best_index_]
    with pytest.warns(DegenerateFitWarning, match="all candidates"):
        MixtureSelector(n_components=(3,), covariance_type="full", random_state=0).fit(X)


def test_weights_are_rows() -> None:
    settings: dict[str, Any] = {
        "n_components": (1, 2),
        "covariance_type": ("full", "tied"),
        "random_state": 0,
    }
    weight = np.random.default_rng(0).integers(1, 4, size=len(FAITHFUL))
    weighted = MixtureSelector(**settings).fit(FAITHFUL, sample_weight=weight)
    repeated = MixtureSelector(**settings).fit(np.repeat(FAITHFUL, weight, axis=0))
    np.testing.assert_allclose(weighted.table_["bic"], repeated.table_["bic"], rtol=1e-6)


def test_how_often_the_winner_wins() -> None:
    selector = MixtureSelector(n_components=(1, 4), covariance_type="full", random_state=0).fit(stretched())
    shares = selector.stability(stretched(), n_bootstrap=5, random_state=0)
    assert shares == {(4, "full"): 1.0}


@pytest.mark.parametrize(
    ("settings", "culprit"),
    [
        ({"n_components": ()}, "n_components"),
        ({"n_components": (0, 1)}, "n_components"),
        ({"covariance_type": "oval"}, "covariance_type"),
        ({"covariance_type": ()}, "empty"),
        ({"criterion": "best"}, "criterion must be"),
        ({"criterion": None}, "criterion must be"),
        ({"cv": 1}, "cv must be"),
        ({"estimator": "mixture"}, "estimator must be"),
        ({"estimator": GaussianMixture(tol=-1)}, "tol"),
        ({"criterion": "cv", "cv": 300}, "ask for fewer folds"),
    ],
)
def test_settings_without_a_meaning_are_named(settings, culprit) -> None:
    selector = MixtureSelector(n_components=(1,)).set_params(**settings)
    with pytest.raises(InputError, match=culprit):
        selector.fit(FAITHFUL)
    assert not hasattr(selector, "best_estimator_")
