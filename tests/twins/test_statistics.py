"""Moments of data, moving of centres, and starts against their definitions written out."""

from __future__ import annotations

import numpy as np
import pytest

from mixtura.backends import ReferenceBackend
from mixtura.covariance import STRUCTURES
from mixtura.init import StartData, draw_start, start_statistics
from mixtura.moments import data_moments
from mixtura.params import Params
from mixtura.stats import MismatchedMeansError, SufficientStatistics

with_structures = pytest.mark.parametrize("structure", STRUCTURES)


def about(X, resp, means, *, dense, pooled) -> SufficientStatistics:
    """Statistics of given responsibilities about given means, one row at a time."""
    k, d = means.shape
    s0, s1 = np.zeros(k), np.zeros((k, d))
    s2 = np.zeros((k, d, d) if dense else (k, d))
    for x, r in zip(X, resp, strict=True):
        for c in range(k):
            t = x - means[c]
            s0[c] += r[c]
            s1[c] += r[c] * t
            s2[c] += r[c] * (np.outer(t, t) if dense else t * t)
    if pooled:
        s2 = s2.sum(axis=0, keepdims=True)
    return SufficientStatistics(means, s0, s1, s2, -3.0, float(s0.sum()))


def drawn(n: int = 60, k: int = 4, d: int = 3):
    rng = np.random.default_rng(20)
    return rng.normal(size=(n, d)), rng.dirichlet(np.ones(k), size=n), rng.normal(size=(k, d)), rng


def assert_same(got: SufficientStatistics, wanted: SufficientStatistics, atol: float = 1e-12) -> None:
    for name in ("means", "s0", "s1", "s2"):
        np.testing.assert_allclose(getattr(got, name), getattr(wanted, name), rtol=1e-12, atol=atol)
    assert got.log_likelihood == wanted.log_likelihood
    assert got.weight == wanted.weight


@with_structures
def test_recentre_gives_the_moments_about_the_other_means(structure) -> None:
    X, resp, means, rng = drawn()
    shape = {"dense": STRUCTURES[structure].is_dense, "pooled": STRUCTURES[structure].is_shared}
    other = rng.normal(size=means.shape)
    assert_same(about(X, resp, means, **shape).recentre(other), about(X, resp, other, **shape))


@with_structures
def test_centred_statistics_have_no_first_moment(structure) -> None:
    X, resp, means, _ = drawn()
    resp[:, 1] = 0.0  # without any weight: stays where it is
    shape = {"dense": STRUCTURES[structure].is_dense, "pooled": STRUCTURES[structure].is_shared}
    stats = about(X, resp, means, **shape)
    wanted = means.copy()
    for c in (0, 2, 3):
        wanted[c] = resp[:, c] @ X / resp[:, c].sum()
    centred = stats.centred()
    np.testing.assert_allclose(centred.means, wanted, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(centred.means[1], means[1])
    direct = about(X, resp, wanted, **shape)
    assert np.abs(direct.s1).max() < 1e-12
    assert_same(centred, direct)


@with_structures
def test_sums_of_blocks_are_the_statistics_of_all_rows(structure, make_params) -> None:
    X, _, _, rng = drawn()
    params = make_params(structure, 4, 3, rng)
    parts = [ReferenceBackend(X[rows]).e_step(params) for rows in (slice(0, 7), slice(7, 40), slice(40, 60))]
    whole = ReferenceBackend(X).e_step(params)
    total = parts[0] + parts[1] + parts[2]
    np.testing.assert_allclose(total.s2, whole.s2, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(total.s1, whole.s1, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(total.s0, whole.s0, rtol=1e-12)
    assert total.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)
    assert total.weight == whole.weight == 60.0


def test_statistics_about_other_means_or_of_other_structures_do_not_add() -> None:
    X, resp, means, _ = drawn()
    stats = about(X, resp, means, dense=True, pooled=False)
    elsewhere = about(X, resp, means + 1e-9, dense=True, pooled=False)
    with pytest.raises(MismatchedMeansError, match=r"call recentre\(means\)"):
        stats + elsewhere
    with pytest.raises(MismatchedMeansError, match="different covariance structures"):
        stats + about(X, resp, means, dense=True, pooled=True)
    assert (stats + elsewhere.recentre(means)).weight == pytest.approx(120.0)
    assert (stats + about(X, resp, means.copy(), dense=True, pooled=False)).weight == pytest.approx(120.0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shift", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("kind", ["none", "integers", "fractions"])
def test_data_moments(kind, shift, dtype, make_weights) -> None:
    rng = np.random.default_rng(21)
    X = (rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4)) + shift).astype(dtype)
    weight = make_weights(kind, 500, rng)
    exact = X.astype(np.longdouble)
    w = np.ones(500) if weight is None else weight
    mean = (w @ exact) / w.sum()
    covariance = ((w[:, None] * (exact - mean)).T @ (exact - mean)) / w.sum()
    tol = 1e-12 if dtype == "float64" else 1e-6
    dense = data_moments(X, weight, dense=True, n_threads=2)
    diagonal = data_moments(X, weight, dense=False, n_threads=2)
    scale = np.sqrt(np.outer(np.diagonal(covariance), np.diagonal(covariance)))
    for got in (dense, diagonal):
        # The mean itself is a rounded number of the size of the shift.
        assert np.abs(got.mean - mean).max() <= tol + 1e-15 * shift
        np.testing.assert_allclose(got.variances, np.diagonal(covariance).astype(float), rtol=tol)
    assert (np.abs(dense.covariance - covariance) <= tol * scale).all()
    assert diagonal.covariance.shape == (4,)


@with_structures
@pytest.mark.parametrize("kind", ["none", "integers"])
def test_a_start_from_labels_has_the_moments_of_its_groups(structure, kind, make_weights) -> None:
    X, _, _, rng = drawn()
    weight = make_weights(kind, 60, rng)
    labels = rng.integers(0, 4, size=60)
    s = STRUCTURES[structure]
    moments = data_moments(X, weight, dense=s.is_dense, n_threads=1)
    data = StartData(X, weight, moments, 4, 1)
    w = np.ones(60) if weight is None else weight
    resp = (labels[:, None] == np.arange(4)) * w[:, None]
    means = np.array([resp[:, c] @ X / resp[:, c].sum() for c in range(4)])
    wanted = about(X, resp, means, dense=s.is_dense, pooled=s.is_shared)
    for start in (labels, np.eye(4)[labels], lambda *_: labels):
        got = start_statistics(draw_start(start, data, np.random.RandomState(0)), data, s)
        for name in ("means", "s0", "s1", "s2"):
            np.testing.assert_allclose(getattr(got, name), getattr(wanted, name), rtol=1e-12, atol=1e-12)
        assert got.weight == pytest.approx(w.sum())
        assert got.log_likelihood == 0.0


def test_offset_is_the_logarithm_of_the_constant_factor() -> None:
    params = Params(np.array([0.25, 0.75, 0.0]), np.zeros((3, 2)), np.ones((1, 2)), np.array([0.7]))
    with np.errstate(divide="ignore"):
        wanted = np.log(np.array([0.25, 0.75, 0.0]) * np.exp(0.7) / (2 * np.pi))
    np.testing.assert_allclose(params.offset, wanted, rtol=1e-14)


@pytest.mark.parametrize("dense", [True, False])
def test_data_moments_do_not_depend_on_the_first_row_s_place(dense) -> None:
    rng = np.random.default_rng(22)
    X = rng.normal(size=(400, 3))
    X[0] = 1e9
    weight = np.ones(400)
    weight[0] = 0.0
    got = data_moments(X, weight, dense=dense, n_threads=1)
    assert np.abs(got.mean - X[1:].mean(axis=0)).max() < 1e-13
    np.testing.assert_allclose(got.variances, X[1:].var(axis=0), rtol=1e-12)
