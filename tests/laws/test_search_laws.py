"""The search for a start: indifferent to units, fair to weights, and never worse than where it began."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mixtura import GaussianMixture
from mixtura.covariance import STRUCTURES
from mixtura.estimators._sample import read_sample
from mixtura.estimators._settings import read_settings
from mixtura.search.arena import Arena, arena_of
from mixtura.search.exchange import improved
from mixtura.search.parts import Parts, joined
from mixtura.search.places import _candidates, _passed
from mixtura.search.search import find_starts
from mixtura.search.units import Units

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(0)


def grid(n: int, side: int = 3, seed: int = 0) -> tuple[Array, Array]:
    """Groups of unit variance at the points of a grid, in that order."""
    rng = np.random.default_rng(seed)
    centres = 9.0 * np.stack(np.meshgrid(*[np.arange(side)] * 2), axis=-1).reshape(-1, 2)
    labels = np.repeat(np.arange(len(centres)), n // len(centres))
    return centres[labels] + rng.normal(size=(len(labels), 2)), labels


def arena(X: Array, k: int, structure: str, weight: Array | None = None, seed: int = 0) -> Arena:
    settings = read_settings(GaussianMixture(k, covariance_type=structure))
    fitter = GaussianMixture(k, covariance_type=structure)._fitter(
        settings, read_sample(X, weight, n_threads=1)
    )
    return arena_of(fitter._data, settings.structure, fitter.reg, np.random.RandomState(seed))


@pytest.mark.parametrize("seed", range(5))
def test_distances_in_units_of_the_data_are_the_same_in_all_units(seed) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3))
    a, b = rng.normal(size=(3, 3)), rng.normal(size=3)

    def distances(rows: Array) -> Array:
        white = Units(rows.mean(axis=0), np.cov(rows.T, bias=True), one_radius=False).of(rows)
        np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(3), atol=1e-9)
        return np.linalg.norm(white[:, None] - white[None], axis=2)

    np.testing.assert_allclose(distances(X @ a + b), distances(X), rtol=1e-7, atol=1e-9)


def test_directions_without_variation_are_left_out() -> None:
    X = np.column_stack([RNG.normal(size=20), np.full(20, 3.0)])
    X = np.column_stack([X, X[:, 0]])
    covariance = np.cov(X.T, bias=True)
    assert Units(X.mean(axis=0), covariance, one_radius=False).of(X).shape == (20, 1)
    assert Units(X.mean(axis=0), np.diagonal(covariance), one_radius=False).of(X).shape == (20, 2)
    np.testing.assert_array_equal(
        Units(np.ones(2), np.zeros((2, 2)), one_radius=True).of(np.ones((4, 2))), np.zeros((4, 1))
    )


def test_rows_are_thinned_by_their_weights() -> None:
    X = np.arange(30_000, dtype=np.float64)[:, None]
    weight = np.where(np.arange(30_000) % 3 == 0, 0.0, np.where(np.arange(30_000) < 15_000, 3.0, 1.0))
    thinned = arena(X, 2, "full", weight)
    assert thinned.weight is None
    assert not thinned.is_whole
    assert 4000 < len(thinned.rows) < 15_000
    assert (thinned.rows[:, 0] % 3 != 0).all()
    assert np.mean(thinned.rows < 15_000) == pytest.approx(0.75, abs=0.01)
    few = arena(X[:100], 2, "full", weight[:100])
    assert few.is_whole
    assert len(few.rows) == np.count_nonzero(weight[:100])


@pytest.mark.parametrize("structure", STRUCTURES)
def test_exchanges_lead_out_of_a_poor_optimum_and_never_down(structure) -> None:
    X, labels = grid(450)
    # The first two groups share a component, and the last has two.
    poor = np.where(labels > 0, labels - 1, 0)
    poor[labels == 8] = np.where(X[labels == 8, 0] > 18, 8, 7)
    place = arena(X, 9, structure)
    start = GaussianMixture(9, covariance_type=structure, init_params=poor, max_iter=0)
    fitter = start._fitter(read_settings(start), read_sample(X, None, n_threads=1))
    begin = place.climb([fitter.start(fitter.draw(np.random.RandomState(0)))], max_iter=50)[0]
    end = place.climb([improved(place, begin, np.random.RandomState(0))], max_iter=0)[0]
    assert end.log_likelihood >= begin.log_likelihood
    found = place.backend.score(end.solution.params, labels=True).labels
    assert len({(int(a), int(b)) for a, b in zip(labels, np.asarray(found), strict=True)}) <= 11
    if structure in ("full", "tied"):
        assert end.log_likelihood > begin.log_likelihood + 0.01


def test_many_rows_are_searched_in_part_and_fitted_whole() -> None:
    X, labels = grid(45_000, seed=1)
    model = GaussianMixture(9, random_state=0).fit(X)
    best = GaussianMixture(9, init_params=labels).fit(X)
    assert model.lower_bound_ == pytest.approx(best.lower_bound_, abs=1e-6)
    settings = read_settings(GaussianMixture(9))
    fitter = GaussianMixture(9)._fitter(settings, read_sample(X, None, n_threads=1))
    starts = find_starts(fitter._data, settings.structure, fitter.reg, np.random.RandomState(0))
    assert len(starts) > 1


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_new_component_is_worth_what_the_mixture_with_it_is(structure, weighted) -> None:
    X, labels = grid(450)
    weight = np.where(labels < 4, 2.0, 0.5) if weighted else None
    place = arena(X, 5, structure, weight)
    groups = GaussianMixture(5, covariance_type=structure, init_params=np.minimum(labels, 4), max_iter=0)
    fitter = groups._fitter(read_settings(groups), read_sample(X, weight, n_threads=1))
    at = fitter.start(fitter.draw(np.random.RandomState(0)))
    log_f = np.asarray(place.backend.score(at.params, log_prob=True).log_prob)
    without = place.backend.e_step(at.params).log_likelihood
    new = _candidates(place, at, np.random.RandomState(0))
    before = np.full(len(new.weights), -np.inf)
    for _ in range(3):
        following, worth = _passed(place, at, log_f, new)
        for j, height in enumerate(worth):
            p, core = at.params, at.core if at.structure.is_shared else new.core[j, None]
            one = Parts(new.weights[j, None], new.means[j, None], core)
            whole = joined(at.structure, Parts((1.0 - one.weights) * p.weights, p.means, at.core), one)
            gain = place.backend.e_step(whole.params).log_likelihood - without
            assert gain == pytest.approx(height, abs=1e-6)
        # Rows with next to nothing of a component are left out of its moments, and a prior is in them.
        assert (worth >= before - 0.1).all()
        new, before = following, worth
