"""Runs of EM in the core against passes with M-steps in Python, and all routes to a result together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura.backends import Backend, NativeBackend, ReferenceBackend, Scores
from mixtura.covariance import STRUCTURES, CovariancePrior, Regularisation, RelativeFloor, Ridge
from mixtura.em import EMResult, Progress, Solution, StoppingReason, m_step, run_em, run_many
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

Array = np.ndarray[Any, Any]
with_structures = pytest.mark.parametrize("structure", STRUCTURES)


class PassByPass:
    """A backend that can do passes only, so that M-steps are left to `em.m_step`."""

    def __init__(self, inner: Backend) -> None:
        self._inner = inner
        self.n_samples, self.n_features = inner.n_samples, inner.n_features

    def e_step(self, params: Params) -> SufficientStatistics:
        return self._inner.e_step(params)

    def score(self, params: Params, **wanted: bool) -> Scores:
        return self._inner.score(params, **wanted)


def problem(
    structure: str, seed: int, k: int, d: int, *, weighted: bool, dtype: str, floor: bool, n: int = 60
) -> tuple[NativeBackend, Solution, Regularisation]:
    """Rows in two heaps, and a start of responsibilities; a component may be far from all rows."""
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, d)) + 5.0 * rng.integers(0, 2, size=(n, 1)) + 20.0).astype(dtype)
    weight = rng.exponential(size=n) * (rng.uniform(size=n) > 0.2) + 1e-3 if weighted else None
    covariance = np.cov(X.T, bias=True).reshape(d, d)
    s = STRUCTURES[structure]
    reg = RelativeFloor(covariance if s.is_dense else np.diagonal(covariance)) if floor else Ridge(1e-3)
    means = X[rng.choice(n, size=k, replace=False)].astype(np.float64)
    if k > 1 and seed % 3 == 0:
        means[-1] += 1e4  # no row belongs to it
    shape = (1 if s.is_shared else k, d, d) if s.is_dense else (1 if s.is_shared else k, d)
    stats = SufficientStatistics(means, np.ones(k), np.zeros((k, d)), np.zeros(shape), 0.0, float(k))
    backend = NativeBackend(X, weight, centre=X.mean(axis=0, dtype=np.float64), n_threads=2)
    return backend, m_step(s, stats, Ridge(1.0)), reg


def assert_same_bits(a: EMResult | None, b: EMResult | None) -> None:
    assert a is not None
    assert b is not None
    assert (a.n_iter, a.stopping_reason, a.singular_component) == (
        b.n_iter,
        b.stopping_reason,
        b.singular_component,
    )
    np.testing.assert_array_equal(a.trace, b.trace)
    np.testing.assert_array_equal(a.solution.covariances, b.solution.covariances)
    for name in ("weights", "means", "whitener", "log_det"):
        np.testing.assert_array_equal(getattr(a.solution.params, name), getattr(b.solution.params, name))


cases = given(
    seed=st.integers(0, 10**6),
    k=st.integers(1, 5),
    d=st.integers(1, 6),
    weighted=st.booleans(),
    dtype=st.sampled_from(["float64", "float32"]),
    floor=st.booleans(),
)
laws = settings(max_examples=40, deadline=None, derandomize=True)


@with_structures
@laws
@cases
def test_the_m_step_is_its_twin_s(structure, seed, k, d, weighted, dtype, floor) -> None:
    backend, start, reg = problem(structure, seed, k, d, weighted=weighted, dtype=dtype, floor=floor)
    native = run_em(backend, start, reg, tol=0.0, max_iter=1)
    plain = run_em(PassByPass(backend), start, reg, tol=0.0, max_iter=1)
    assert native.stopping_reason is plain.stopping_reason is StoppingReason.MAX_ITER
    got, wanted = native.solution, plain.solution
    np.testing.assert_allclose(got.params.weights, wanted.params.weights, rtol=1e-12)
    np.testing.assert_allclose(got.params.means, wanted.params.means, rtol=1e-12)
    # Second moments are differences: what is lost is relative to the largest of them.
    scale = np.abs(wanted.covariances).max()
    np.testing.assert_allclose(got.covariances, wanted.covariances, rtol=1e-12, atol=1e-12 * scale)
    assert got.covariances.shape == wanted.covariances.shape
    condition = 1e3 * scale / np.abs(wanted.params.whitener).max() ** -2.0
    for name in ("whitener", "log_det"):
        a, b = getattr(got.params, name), getattr(wanted.params, name)
        np.testing.assert_allclose(a, b, rtol=1e-12 * condition, atol=1e-12 * condition)
    np.testing.assert_allclose(native.trace, plain.trace, rtol=1e-10)


@pytest.mark.parametrize("structure", ["full", "tied"])
@pytest.mark.parametrize("d", [1, 2, 5, 24, 25])
def test_what_collapses_is_raised_to_its_floor_as_by_its_twin(structure, d) -> None:
    rng = np.random.default_rng(d)
    # Two groups without extent in all directions but one, and one that is none.
    X = np.repeat(rng.normal(size=(3, d)) * 10.0, 40, axis=0)
    X[:80, 0] += rng.normal(size=80)
    X[:40, -1] += rng.normal(size=40) * 1e-3
    covariance = np.cov(X.T, bias=True).reshape(d, d) + np.eye(d)
    reg = RelativeFloor(covariance, epsilon=1e-3)
    s = STRUCTURES[structure]
    means = X[[0, 40, 80]] + 0.1
    eye = np.tile(np.eye(d), (1 if s.is_shared else 3, 1, 1)) * 3.0
    stats = SufficientStatistics(means, np.ones(3), np.zeros((3, d)), eye, 0.0, 3.0)
    backend = NativeBackend(X, None, centre=X.mean(axis=0), n_threads=1)
    start = m_step(s, stats, Ridge(0.0))
    native = run_em(backend, start, reg, max_iter=6)
    plain = run_em(PassByPass(backend), start, reg, max_iter=6)
    assert native.n_iter == plain.n_iter == 6
    np.testing.assert_allclose(native.trace, plain.trace, rtol=1e-10)
    whole = s.expand(native.solution.covariances, 3, d)
    np.testing.assert_allclose(whole, s.expand(plain.solution.covariances, 3, d), atol=1e-9)
    least = min(np.linalg.eigvalsh(_relative(one, covariance)).min() for one in whole)
    assert least > 1e-3 * (1 - 1e-6)
    assert d == 1 or structure == "tied" or least < 1e-3 * (1 + 1e-6)


def _relative(matrix: Array, to: Array) -> Array:
    inverse = np.linalg.inv(np.linalg.cholesky(to))
    return np.asarray(inverse @ matrix @ inverse.T)


@with_structures
@pytest.mark.parametrize("floor", [True, False])
def test_a_run_is_its_twin_s(structure, floor) -> None:
    backend, start, reg = problem(structure, 1, 3, 2, weighted=True, dtype="float64", floor=floor, n=300)
    native = run_em(backend, start, reg, tol=1e-7, max_iter=500)
    plain = run_em(PassByPass(backend), start, reg, tol=1e-7, max_iter=500)
    assert native.stopping_reason is plain.stopping_reason is StoppingReason.CONVERGED
    assert native.n_iter == plain.n_iter
    np.testing.assert_allclose(native.trace, plain.trace, rtol=1e-10)
    np.testing.assert_allclose(native.solution.params.means, plain.solution.params.means, rtol=1e-8)


@with_structures
@pytest.mark.parametrize("strength", [0.0, 3.0])
@pytest.mark.parametrize("floor", [True, False])
def test_an_accelerated_run_is_its_twin_s(structure, floor, strength) -> None:
    backend, start, reg = problem(structure, 1, 3, 2, weighted=True, dtype="float64", floor=floor, n=300)
    prior = CovariancePrior(strength, np.array([[1.0, 0.2], [0.2, 2.0]])) if strength else None
    reg = reg if prior is None else reg.with_prior(prior)
    native = run_em(backend, start, reg, still=1e-8, accelerate=True, max_iter=500)
    slow = run_em(PassByPass(backend), start, reg, still=1e-8, accelerate=True, max_iter=500)
    assert native.stopping_reason is slow.stopping_reason is StoppingReason.CONVERGED
    assert native.n_iter == slow.n_iter
    np.testing.assert_allclose(native.trace, slow.trace, rtol=1e-9)
    np.testing.assert_allclose(native.solution.params.means, slow.solution.params.means, rtol=1e-5)
    unhurried = run_em(backend, start, reg, still=1e-8, max_iter=5000)
    assert native.n_iter < unhurried.n_iter
    if floor:  # with a ridge EM itself may go down
        assert (np.diff(native.trace) >= 0).all()


@with_structures
def test_the_prior_is_its_rows_and_its_share_of_the_trace_never_falls(structure) -> None:
    backend, start, reg = problem(structure, 2, 3, 2, weighted=True, dtype="float64", floor=True, n=80)
    prior = CovariancePrior(7.0, np.array([[1.0, 0.2], [0.2, 2.0]]))
    result = run_em(backend, start, reg.with_prior(prior), max_iter=30)
    assert (np.diff(result.trace) >= -1e-13).all()
    end, s = result.solution, STRUCTURES[structure]
    stats = backend.e_step(end.params)
    whole = s.expand(end.covariances, 3, 2)
    log_prior = sum(
        -3.5
        * (
            np.linalg.slogdet(sigma)[1]
            + np.trace(np.linalg.solve(sigma, prior.core((2, 2)) if s.is_dense else np.diag([1.0, 2.0])))
        )
        for sigma in (whole[:1] if s.is_shared else whole)
    )
    wanted = (stats.log_likelihood + log_prior) / stats.weight
    assert result.trace[-1] == pytest.approx(wanted, rel=1e-10)


@with_structures
@laws
@cases
def test_a_callback_changes_no_bit(structure, seed, k, d, weighted, dtype, floor) -> None:
    backend, start, reg = problem(structure, seed, k, d, weighted=weighted, dtype=dtype, floor=floor)
    alone = run_em(backend, start, reg, tol=1e-4, max_iter=12)
    seen: list[Progress] = []
    watched = run_em(backend, start, reg, tol=1e-4, max_iter=12, callback=seen.append)
    assert_same_bits(watched, alone)
    assert [p.log_likelihood for p in seen] == list(alone.trace[:-1])
    assert [p.iteration for p in seen] == list(range(1, alone.n_iter + 1))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_runs_side_by_side_change_no_bit(dtype, n_threads) -> None:
    rng = np.random.default_rng(7)
    X = (rng.normal(size=(150, 2)) + 4.0 * rng.integers(0, 3, size=(150, 1))).astype(dtype)
    centre = X.mean(axis=0, dtype=np.float64)
    starts = []
    for name, s in STRUCTURES.items():
        covariance = np.cov(X.T, bias=True)
        reg = RelativeFloor(covariance if s.is_dense else np.diagonal(covariance))
        for k in (1, 2, 6):
            _, start, _ = problem(name, k, k, 2, weighted=False, dtype=dtype, floor=True, n=150)
            params = start.params
            moved = Params(params.weights, X[:k].astype(np.float64), params.whitener, params.log_det)
            starts.append((Solution(s, start.covariances, moved), reg))
    one = NativeBackend(X, centre=centre, n_threads=1)
    alone = [run_em(one, start, reg, tol=1e-5, max_iter=40) for start, reg in starts]
    backend = NativeBackend(X, centre=centre, n_threads=n_threads)
    for result, wanted in zip(run_many(backend, starts, tol=1e-5, max_iter=40), alone, strict=True):
        assert_same_bits(result, wanted)


@with_structures
def test_the_reference_goes_the_same_way(structure) -> None:
    rng = np.random.default_rng(8)
    X = rng.normal(size=(200, 3)) + 4.0 * rng.integers(0, 2, size=(200, 1))
    _, start, _ = problem(structure, 1, 2, 3, weighted=False, dtype="float64", floor=False)
    start = Solution(
        start.structure,
        start.covariances,
        Params(start.params.weights, X[:2].copy(), start.params.whitener, start.params.log_det),
    )
    backend = NativeBackend(X, centre=X.mean(axis=0))
    native = run_em(backend, start, Ridge(0.0), tol=0.0, max_iter=20)
    plain = run_em(ReferenceBackend(X), start, Ridge(0.0), tol=0.0, max_iter=20)
    np.testing.assert_allclose(native.trace, plain.trace, rtol=1e-10)
    np.testing.assert_allclose(native.solution.covariances, plain.solution.covariances, rtol=1e-7)


def test_a_covariance_at_its_floor_is_mended_in_python_and_the_run_goes_on() -> None:
    rng = np.random.default_rng(9)
    X = rng.normal(size=(60, 2))
    X[:20] = X[0]  # twenty equal rows: a component of theirs shrinks to the floor
    covariance = np.cov(X.T, bias=True)
    reg = RelativeFloor(covariance)
    s = STRUCTURES["full"]
    means = np.array([X[0], [0.0, 0.0]])
    start = Solution(
        s, np.stack([np.eye(2)] * 2), s.params(np.full(2, 0.5), means, np.stack([np.eye(2)] * 2))
    )
    backend = NativeBackend(X, centre=X.mean(axis=0))
    native = run_em(backend, start, reg, tol=1e-9, max_iter=200)
    plain = run_em(PassByPass(backend), start, reg, tol=1e-9, max_iter=200)
    assert native.stopping_reason is StoppingReason.CONVERGED
    smallest = np.linalg.eigvalsh(native.solution.covariances[0])[0]
    assert smallest < 1e-7
    np.testing.assert_allclose(native.trace, plain.trace, rtol=1e-7)
    assert_same_bits(run_many(backend, [(start, reg)] * 2, tol=1e-9, max_iter=200)[1], native)
    watched = run_em(backend, start, reg, tol=1e-9, max_iter=200, callback=lambda _: None)
    assert_same_bits(watched, native)


@with_structures
def test_a_singular_covariance_names_its_component(structure) -> None:
    X = np.repeat([[0.0, 0.0], [1.0, 0.0]], 20, axis=0)
    s = STRUCTURES[structure]
    X = X * np.array([0.0, 0.0]) if s.is_shared else X
    _, start, _ = problem(structure, 1, 2, 2, weighted=False, dtype="float64", floor=False)
    params = Params(
        start.params.weights, np.array([[0.0, 0.0], [1.0, 0.0]]), start.params.whitener, start.params.log_det
    )
    start = Solution(s, start.covariances, params)
    backend = NativeBackend(X, centre=X.mean(axis=0))
    native = run_em(backend, start, Ridge(0.0), tol=0.0, max_iter=5000)
    plain = run_em(PassByPass(backend), start, Ridge(0.0), tol=0.0, max_iter=5000)
    assert native.stopping_reason is plain.stopping_reason is StoppingReason.SINGULAR
    assert native.singular_component == plain.singular_component
    assert len(native.trace) == native.n_iter + 1


def test_any_number_of_passes_may_be_asked_for() -> None:
    backend, start, reg = problem("tied", 1, 2, 2, weighted=False, dtype="float64", floor=True)
    few = run_em(backend, start, reg, tol=1e-3, max_iter=1000)
    assert few.stopping_reason is StoppingReason.CONVERGED
    assert_same_bits(run_em(backend, start, reg, tol=1e-3, max_iter=10**30), few)
    assert_same_bits(run_em(backend, start, reg, tol=1e-3, max_iter=np.int64(1000)), few)  # type: ignore[arg-type]


@pytest.mark.parametrize("after", [0, 1, 2])
def test_ctrl_c_between_passes_ends_all_runs(after) -> None:
    """Not while a backend is at work, but while what it did is looked at."""
    _, start, reg = problem("full", 1, 2, 2, weighted=False, dtype="float64", floor=True)
    steps = iter(range(100))

    class Pressed(RelativeFloor):
        def bounds(self, shape: tuple[int, ...]) -> Any:
            if next(steps) == after:
                raise KeyboardInterrupt
            return super().bounds(shape)

    assert isinstance(reg, RelativeFloor)
    backend, *_ = problem("full", 1, 2, 2, weighted=False, dtype="float64", floor=True)
    results = run_many(backend, [(start, Pressed(reg.covariance))] * 3, max_iter=10)
    assert results == [None, None, None]


def test_ctrl_c_in_a_callback_keeps_what_is_known() -> None:
    backend, start, reg = problem("full", 1, 2, 2, weighted=False, dtype="float64", floor=True)

    def press(progress: Progress) -> None:
        if progress.iteration == 3:
            raise KeyboardInterrupt

    for accelerate in (False, True):
        result = run_em(backend, start, reg, accelerate=accelerate, max_iter=10, callback=press)
        assert result.stopping_reason is StoppingReason.INTERRUPTED
        assert len(result.trace) == 3
        stats = backend.e_step(result.solution.params)
        assert result.log_likelihood == pytest.approx(stats.log_likelihood / stats.weight, rel=1e-13)
