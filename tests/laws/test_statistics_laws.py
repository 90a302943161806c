"""What statistics promise: sums of parts are the statistics of the whole, and bytes are what was written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura import Mixture, MixtureStatistics
from mixtura.covariance import STRUCTURES

Array = np.ndarray[Any, Any]
SUMS = ("s0", "s1", "s2", "log_likelihood", "weight")


def laws(examples: int):
    return settings(max_examples=examples, deadline=None, derandomize=True)


def under(problem: Any, names: list[str] | None = None) -> Mixture:
    """Return the start of a problem. Any positive definite array is a covariance: precisions will do."""
    return Mixture(problem.weights, problem.means, problem.precisions, problem.structure, feature_names=names)


def weights_of(n: int, seed: int) -> Array:
    return np.random.default_rng(seed).integers(1, 5, size=n) * 0.25


@laws(60)
@given(st.data())
def test_merged_halves_are_the_whole(problem, assert_close, data) -> None:
    found = data.draw(problem())
    mixture, X = under(found), found.X
    weight = weights_of(len(X), data.draw(st.integers(0, 10**6))) if data.draw(st.booleans()) else None
    cut = data.draw(st.integers(1, len(X) - 1))
    parts = [
        mixture.statistics(X[c], None if weight is None else weight[c], n_jobs=1)
        for c in (slice(0, cut), slice(cut, None))
    ]
    whole, merged = mixture.statistics(X, weight, n_jobs=1), parts[0] + parts[1]
    for name in SUMS:
        wanted = np.asarray(getattr(whole.moments, name))
        assert_close(getattr(merged.moments, name), wanted, 1e-12)
        np.testing.assert_array_equal(
            getattr((parts[1] + parts[0]).moments, name), getattr(merged.moments, name)
        )
    assert_close(merged.mean, whole.mean, 1e-11)
    assert_close(merged.covariance, whole.covariance, 1e-11)
    assert merged.mixture is mixture


@laws(40)
@given(st.data())
def test_bytes_are_the_statistics_to_the_last_bit(problem, data) -> None:
    found = data.draw(problem())
    d = found.X.shape[1]
    names = data.draw(st.none() | st.lists(st.text(max_size=5), min_size=d, max_size=d))
    statistics = under(found, names).statistics(found.X, n_jobs=1)
    sent = statistics.to_bytes()
    read = MixtureStatistics.from_bytes(sent)
    assert read.mixture == statistics.mixture
    for name in SUMS:
        np.testing.assert_array_equal(getattr(read.moments, name), getattr(statistics.moments, name))
    assert read.to_bytes() == sent
    assert (read + statistics).weight == 2 * statistics.weight


@pytest.mark.parametrize("structure", STRUCTURES)
def test_weight_two_is_the_row_twice(structure) -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 2))
    s = STRUCTURES[structure]
    core = (
        np.ones((1 if s.is_shared else 2, 2))
        if not s.is_dense
        else np.eye(2)[None].repeat(2 - s.is_shared, 0)
    )
    core = core[:, :1] if s.is_spherical else core
    mixture = Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], s.public(core), structure)
    twice = mixture.statistics(X) + mixture.statistics(X)
    weighted = mixture.statistics(X, np.full(40, 2.0))
    for name in SUMS:
        np.testing.assert_allclose(
            getattr(weighted.moments, name), getattr(twice.moments, name), rtol=1e-12, atol=1e-12
        )
