"""`select`: every candidate is the fit that one would do by hand, in order, whatever is done side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mixtura import GaussianMixture
from mixtura.covariance import STRUCTURES
from mixtura.em import Progress
from mixtura.errors import InputError
from mixtura.selection import Candidate, Selection, select

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(5)
X = np.concatenate([RNG.normal(m, 1.0, size=(50, 2)) for m in (0.0, 6.0)])


def chosen(data: Array = X, **params: Any) -> Selection:
    settings: dict[str, Any] = {"n_components": [1, 2, 3], "n_init": 3, "random_state": 0}
    return select(data, **(settings | params))


def summary(selection: Selection) -> list[tuple[object, ...]]:
    return [
        (c.n_components, c.covariance_type, c.bic, c.icl, c.n_iter, c.error) for c in selection.candidates
    ]


def by_hand(k: int, structure: str, data: Array = X, weight: Array | None = None) -> GaussianMixture:
    """Fit from the first three starts of a seed, one after the other."""
    rng = np.random.RandomState(0)
    fits = [
        GaussianMixture(
            k,
            covariance_type=structure,
            init_params="kmeans" if init == 0 else "k-means++",
            tol=1e-6,
            max_iter=1000,
            random_state=rng,
        ).fit(data, sample_weight=weight)
        for init in range(3)
    ]
    return max(fits, key=lambda fit: fit.lower_bound_)


@pytest.mark.parametrize("weighted", [False, True])
def test_each_candidate_is_the_best_of_its_fits(weighted) -> None:
    weight = RNG.uniform(0.5, 2.0, size=len(X)) if weighted else None
    for candidate in chosen(sample_weight=weight).candidates:
        k = candidate.n_components
        alone = by_hand(k, candidate.covariance_type, weight=weight)
        assert candidate.estimator is not None
        assert candidate.estimator.mixture_ == alone.mixture_
        np.testing.assert_array_equal(candidate.estimator.trace_, alone.trace_)
        assert candidate.bic == pytest.approx(alone.bic(X, sample_weight=weight), rel=1e-10)
        assert candidate.icl == pytest.approx(alone.icl(X, sample_weight=weight), rel=1e-12)
        assert candidate.estimator.n_init == 3
        assert candidate.estimator.init_params in ("kmeans", "k-means++")


@pytest.mark.parametrize("n_jobs", [2, 5])
def test_the_number_of_threads_changes_nothing(n_jobs) -> None:
    assert summary(chosen(n_jobs=n_jobs)) == summary(chosen(n_jobs=1))


def test_a_callback_changes_nothing_and_knows_its_start() -> None:
    seen: list[Progress] = []
    watched = chosen(n_components=[2], callback=seen.append)
    assert summary(watched) == summary(chosen(n_components=[2]))
    assert {progress.init for progress in seen} == {0, 1, 2}
    assert watched.estimator.callback == seen.append


def test_large_data_go_one_fit_after_the_other_to_the_same_results() -> None:
    rng = np.random.default_rng(6)
    large = rng.normal(size=(150_000, 2)) + 8.0 * rng.integers(0, 2, size=(150_000, 1))
    selection = chosen(large, n_components=[2], covariance_types=["tied", "full"])
    for candidate in selection.candidates:
        assert candidate.estimator is not None
        alone = by_hand(2, candidate.covariance_type, large)
        assert candidate.estimator.mixture_ == alone.mixture_


def test_a_stream_of_random_numbers_is_drawn_from_in_the_order_of_the_candidates() -> None:
    structures = ["full", "diag"]
    together = chosen(random_state=np.random.RandomState(3), covariance_types=structures, n_components=[2, 3])
    stream = np.random.RandomState(3)
    for candidate in together.candidates:
        alone = chosen(
            random_state=stream,
            covariance_types=[candidate.covariance_type],
            n_components=[candidate.n_components],
        )
        assert summary(alone)[0] == summary(together)[together.candidates.index(candidate)]


def test_candidates_are_told_in_order() -> None:
    told: list[Candidate] = []
    selection = chosen(on_candidate=told.append)
    assert tuple(told) == selection.candidates
    assert [(c.n_components, c.covariance_type) for c in told] == [
        (k, name) for k in (1, 2, 3) for name in STRUCTURES
    ]


def test_what_cannot_be_fitted_says_why_and_the_others_are() -> None:
    few = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [5.0, 5.0], [5.5, 5.0]])
    selection = chosen(few, n_components=[1, 4, 6], covariance_types=["full", "tied_spherical"])
    errors = [candidate.error for candidate in selection.candidates]
    assert errors[0] is errors[1] is None
    assert errors[2] is not None
    assert "each of 3 starts ended with a component without extent" in errors[2]
    assert errors[4] == errors[5] == "more components than the 5 rows"
    assert selection.best.error is None


def test_a_start_that_cannot_be_used_is_the_reason() -> None:
    def start(data: Array, k: int, rng: np.random.RandomState) -> Array:
        if k == 2:
            return np.zeros(3)
        return np.arange(len(data)) % k

    selection = chosen(n_components=[2, 3], covariance_types=["tied", "diag"], init_params=start)
    assert ["init_params must be one of" in (c.error or "") for c in selection.candidates] == [
        True,
        True,
        False,
        False,
    ]
    assert selection.estimator.init_params is start
    with pytest.raises(InputError, match="no candidate could be fitted; 2 tied: init_params"):
        chosen(n_components=[2], covariance_types=["tied", "diag"], init_params=start)


@pytest.mark.filterwarnings("ignore::mixtura.errors.DegenerateFitWarning")
def test_many_starts_of_an_estimator_are_those_of_one_after_the_other() -> None:
    for structure in STRUCTURES:
        settings: dict[str, Any] = {"covariance_type": structure, "n_init": 5, "random_state": 0}
        together = GaussianMixture(4, **settings).fit(X)
        watched = GaussianMixture(4, **settings, callback=lambda _: None).fit(X)
        assert together.mixture_ == watched.mixture_
        np.testing.assert_array_equal(together.trace_, watched.trace_)
