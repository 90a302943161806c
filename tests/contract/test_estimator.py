"""How the estimator behaves around a fit: starts, restarts, warm starts, callbacks, copies."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mixtura import GaussianMixture
from mixtura.covariance import STRUCTURES, Dense, Regularisation
from mixtura.em import Progress
from mixtura.errors import InputError, SingularCovarianceError
from mixtura.stats import SufficientStatistics

X, TRUTH = make_blobs(300, centers=3, cluster_std=1.0, random_state=4)
ATTRIBUTES = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")


def same(a: GaussianMixture, b: GaussianMixture) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ATTRIBUTES)


def test_copies_are_equal_and_independent() -> None:
    model = GaussianMixture(3, random_state=0).fit(X)
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert same(twin, model)
        assert twin.mixture_ == model.mixture_
        np.testing.assert_array_equal(twin.score_samples(X), model.score_samples(X))
    assert not hasattr(clone(model), "means_")
    assert clone(model).get_params() == model.get_params()


def test_random_state_in_its_three_forms() -> None:
    def fitted(random_state: Any) -> GaussianMixture:
        return GaussianMixture(3, random_state=random_state, init_params="random", max_iter=500).fit(X)

    assert same(fitted(5), fitted(np.random.RandomState(5)))
    assert same(fitted(np.random.default_rng(5)), fitted(np.random.default_rng(5)))
    generator = np.random.default_rng(5)
    before = generator.bit_generator.state
    fitted(generator)
    assert generator.bit_generator.state != before


@pytest.mark.parametrize("start", ["kmeans", "k-means++", "random", "random_from_data"])
def test_named_starts_reach_a_fit(start: str) -> None:
    model = GaussianMixture(3, init_params=start, random_state=1, max_iter=1000).fit(X)
    assert model.converged_
    assert np.isfinite(model.lower_bound_)


def test_given_starts_are_one_start() -> None:
    resp = np.eye(3)[TRUTH]
    settings: dict[str, Any] = {"n_components": 3, "max_iter": 200}
    fits = [
        GaussianMixture(init_params=start, **settings).fit(X)
        for start in (TRUTH, TRUTH.tolist(), resp, lambda rows, k, rng: resp, lambda rows, k, rng: TRUTH)
    ]
    assert all(same(fits[0], other) for other in fits[1:])
    # The order of the components is that of the start.
    for k in range(3):
        np.testing.assert_allclose(fits[0].means_[k], X[np.equal(TRUTH, k)].mean(axis=0), atol=0.3)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (TRUTH + 1, r"0…2.*from 1 to 3"),
        (TRUTH[:-1], r"\(300,\)"),
        (TRUTH.astype(float), "integers"),
        (np.eye(3)[TRUTH] * 2, "row 0"),
        (lambda rows, k, rng: "labels", "dtype"),
    ],
)
def test_bad_given_starts(start: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        GaussianMixture(3, init_params=start).fit(X)


def test_tol_zero_does_exactly_the_passes_asked_for() -> None:
    for passes in (1, 2, 7):
        with pytest.warns(ConvergenceWarning, match="did not converge"):
            model = GaussianMixture(3, tol=0, max_iter=passes, random_state=0).fit(X)
        assert model.n_iter_ == passes
        assert len(model.trace_) == passes + 1
        assert model.stopping_reason_ == "max_iter"
        assert model.trace_[-1] == pytest.approx(model.score(X), rel=1e-13)
        assert model.lower_bound_ == model.trace_[-1]


def test_restarts_keep_the_best() -> None:
    data, _ = make_blobs(400, centers=8, cluster_std=0.5, random_state=2)
    settings: dict[str, Any] = {"n_components": 8, "init_params": "random_from_data", "max_iter": 300}
    generator = np.random.RandomState(0)
    single = [GaussianMixture(random_state=generator, **settings).fit(data).lower_bound_ for _ in range(5)]
    assert max(single) > min(single) + 1e-3
    many = GaussianMixture(random_state=0, n_init=5, **settings).fit(data)
    assert many.lower_bound_ == max(single)


@pytest.mark.filterwarnings("ignore::mixtura.errors.DegenerateFitWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_warm_start_goes_on_where_it_was() -> None:
    halves = GaussianMixture(3, tol=0, max_iter=4, warm_start=True, random_state=0).fit(X)
    halves.fit(X)
    whole = GaussianMixture(3, tol=0, max_iter=8, random_state=0).fit(X)
    for name in ATTRIBUTES:
        np.testing.assert_allclose(getattr(halves, name), getattr(whole, name), rtol=1e-12)
    with pytest.raises(InputError, match="warm_start"):
        halves.set_params(n_components=2).fit(X)


def test_callback_sees_each_pass_and_can_end_the_run() -> None:
    seen: list[Progress] = []

    def callback(progress: Progress) -> bool:
        seen.append(progress)
        return progress.iteration == 3

    model = GaussianMixture(3, tol=0, random_state=0, callback=callback).fit(X)
    assert [p.iteration for p in seen] == [1, 2, 3]
    assert [p.log_likelihood for p in seen] == model.trace_[:-1].tolist()
    assert model.stopping_reason_ == "callback"
    assert model.n_iter_ == 3
    assert not model.converged_


def test_an_error_in_a_callback_leaves_the_estimator_as_it_was() -> None:
    model = GaussianMixture(3, random_state=0).fit(X)
    before = dict(vars(model))

    def callback(progress: Progress) -> None:
        raise RuntimeError("mine")

    model.callback = callback
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(X + 1)
    assert {k: v for k, v in vars(model).items() if k != "callback"} == {
        k: v for k, v in before.items() if k != "callback"
    }


def test_ctrl_c_keeps_the_last_sound_parameters_and_says_so() -> None:
    def callback(progress: Progress) -> None:
        if progress.iteration == 3:
            raise KeyboardInterrupt

    model = GaussianMixture(3, init_params="kmeans", tol=0, random_state=0, callback=callback)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert model.stopping_reason_ == "interrupted"
    assert not model.converged_
    assert model.score(X) == pytest.approx(model.trace_[-1], rel=1e-13)


def test_attributes_set_by_hand_are_heard() -> None:
    model = GaussianMixture(3, random_state=0).fit(X)
    moved = copy.deepcopy(model)
    moved.means_ = model.means_ + 1.0
    assert not hasattr(moved, "mixture_")
    np.testing.assert_allclose(moved.score_samples(X + 1.0), model.score_samples(X), rtol=1e-9)
    with pytest.raises(ValueError, match="read-only"):
        model.means_[0] = 0.0


@pytest.mark.filterwarnings("ignore::mixtura.errors.DegenerateFitWarning")
def test_a_collapse_without_floor_is_told() -> None:
    # One row far away that a component of its own will take, with nothing added to its variance.
    rows = np.vstack([X, [[1e3, 1e3]]])
    labels = np.append(np.zeros(150, int), np.ones(151, int))
    settings: dict[str, Any] = {"covariance_type": "full", "init_params": labels, "max_iter": 50}
    model = GaussianMixture(2, reg_covar=0.0, **settings)
    with pytest.warns(ConvergenceWarning, match=r"Component 1 collapsed.*reg_covar='auto'"):
        model.fit(rows)
    assert model.stopping_reason_ == "singular"
    assert np.isfinite(model.score_samples(rows)).all()
    assert GaussianMixture(2, **settings).fit(rows).converged_
    with pytest.raises(SingularCovarianceError, match="component is 1"):
        GaussianMixture(2, reg_covar=0.0, init_params=np.arange(len(rows)) == len(rows) - 1).fit(rows)


@pytest.mark.parametrize("structure", list(STRUCTURES))
def test_criteria_of_every_structure(structure: str) -> None:
    model = GaussianMixture(3, covariance_type=structure, random_state=0).fit(X)
    log_likelihood = model.score_samples(X).sum()
    p = model.mixture_.n_parameters
    assert model.bic(X) == pytest.approx(-2 * log_likelihood + p * np.log(len(X)))
    assert model.aic(X) == pytest.approx(-2 * log_likelihood + 2 * p)
    doubt = np.log(model.predict_proba(X).max(axis=1)).sum()
    assert model.icl(X) == pytest.approx(model.bic(X) - 2 * doubt)
    assert model.covariances_.shape == STRUCTURES[structure].shape(3, 2)


@dataclass(frozen=True)
class _Round(Dense):
    """A user's structure: one round covariance for all, kept as a matrix."""

    name = "round"
    is_shared = True

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_features, n_features)

    def n_parameters(self, n_components: int, n_features: int) -> int:
        return 1

    def estimate(self, stats: SufficientStatistics, reg: Regularisation) -> np.ndarray:
        d = stats.means.shape[1]
        return np.eye(d) * np.trace(stats.s2[0]) / (d * stats.s0.sum())

    def public(self, core: np.ndarray) -> np.ndarray:
        return core[0]


def test_a_structure_of_the_users_own() -> None:
    settings: dict[str, Any] = {"n_components": 3, "init_params": TRUTH, "tol": 1e-8}
    mine = GaussianMixture(covariance_type=_Round(), **settings).fit(X)
    same_family = GaussianMixture(covariance_type="tied_spherical", **settings).fit(X)
    np.testing.assert_allclose(mine.means_, same_family.means_, rtol=1e-9)
    assert mine.bic(X) == pytest.approx(same_family.bic(X))
    clone(mine)


def test_inside_a_pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), GaussianMixture(3, random_state=0))
    labels = pipeline.fit_predict(X)
    assert len(np.unique(labels)) == 3
    np.testing.assert_array_equal(labels, pipeline.predict(X))


def test_verbose_prints_its_passes(capsys: pytest.CaptureFixture[str]) -> None:
    GaussianMixture(
        3, random_state=0, tol=0, verbose=2, verbose_interval=2, callback=lambda p: p.iteration > 3
    ).fit(X)
    out = capsys.readouterr().out
    assert out.startswith("Initialization 0\n  Iteration 2\t time lapse")
