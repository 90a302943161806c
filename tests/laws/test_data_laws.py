"""What a fit owes to its data: how rows are counted, ordered, cut and measured does not matter."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura import GaussianMixture
from mixtura.backends import NativeBackend
from mixtura.covariance import STRUCTURES

pytestmark = pytest.mark.filterwarnings("ignore::mixtura.errors.DegenerateFitWarning")

FITTED = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_", "trace_")


def laws(examples: int):
    return settings(max_examples=examples, deadline=None, derandomize=True)


@laws(40)
@given(data=st.data())
def test_statistics_of_parts_add_up_to_those_of_the_whole(problem, assert_close, data) -> None:
    p = data.draw(problem())
    params = p.fit(max_iter=1).mixture_.params
    n = len(p.X)
    w = np.random.default_rng(n).uniform(0.0, 2.0, size=n) if data.draw(st.booleans()) else None
    cuts = sorted(data.draw(st.lists(st.integers(1, n - 1), min_size=1, max_size=4, unique=True)))
    centre = p.X.mean(axis=0)

    def sums(rows: slice):
        part = NativeBackend(p.X[rows], None if w is None else w[rows], centre=centre)
        return part.e_step(params)

    whole = sums(slice(None))
    edges = [0, *cuts, n]
    parts = [sums(slice(a, b)) for a, b in pairwise(edges)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    spread = float(np.sqrt((p.X - centre).var(axis=0).max()))
    for name, unit in (("s0", 1.0), ("s1", spread), ("s2", spread**2)):
        got, wanted = getattr(total, name), getattr(whole, name)
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12 * whole.weight * unit)
    assert total.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
    assert total.weight == pytest.approx(whole.weight, rel=1e-14)


@laws(30)
@given(data=st.data())
def test_an_integer_weight_is_so_many_rows(problem, assert_close, data) -> None:
    p = data.draw(problem())
    counts = np.random.default_rng(data.draw(st.integers(0, 10**6))).integers(0, 4, size=len(p.X))
    counts[: 2 * len(p.weights)] += 1
    weighted = p.fit(sample_weight=counts)
    repeated = p.fit(np.repeat(p.X, counts, axis=0))
    for name in FITTED:
        assert_close(getattr(weighted, name), getattr(repeated, name), 1e-9)


@laws(30)
@given(data=st.data())
def test_a_row_of_weight_zero_is_absent(problem, assert_close, data) -> None:
    p = data.draw(problem())
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    weight = rng.uniform(0.5, 2.0, size=len(p.X)) * (rng.uniform(size=len(p.X)) > 0.3)
    weight[:2] = 1.0
    X = p.X.copy()
    X[weight == 0] *= 1e3
    zeros, absent = p.fit(X, weight), p.fit(X[weight > 0], weight[weight > 0])
    for name in FITTED:
        assert_close(getattr(zeros, name), getattr(absent, name), 1e-9)


@laws(20)
@given(data=st.data(), factor=st.sampled_from([1e-6, 0.5, 3.0, 1e6]))
def test_only_the_proportions_of_weights_matter(problem, assert_close, data, factor) -> None:
    p = data.draw(problem())
    weight = np.random.default_rng(0).uniform(0.5, 2.0, size=len(p.X))
    plain, scaled = p.fit(sample_weight=weight), p.fit(sample_weight=factor * weight)
    for name in FITTED:
        assert_close(getattr(scaled, name), getattr(plain, name), 1e-9)


@laws(30)
@given(data=st.data())
def test_the_order_of_rows_does_not_matter(problem, assert_close, data) -> None:
    p = data.draw(problem())
    order = np.random.default_rng(data.draw(st.integers(0, 10**6))).permutation(len(p.X))
    plain, permuted = p.fit(), p.fit(p.X[order])
    for name in FITTED:
        assert_close(getattr(permuted, name), getattr(plain, name), 1e-9)
    rows = plain.predict_proba(p.X)[order]
    np.testing.assert_allclose(permuted.predict_proba(p.X[order]), rows, atol=1e-8)


@laws(20)
@given(data=st.data())
def test_the_order_of_components_does_not_matter(problem, assert_close, data) -> None:
    p = data.draw(problem(max_k=5))
    k = len(p.weights)
    order = np.random.default_rng(data.draw(st.integers(0, 10**6))).permutation(k)
    own = p.precisions[order] if not STRUCTURES[p.structure].is_shared else p.precisions
    plain = p.fit()
    other = p.fit(weights_init=p.weights[order], means_init=p.means[order], precisions_init=own)
    assert_close(other.means_, plain.means_[order], 1e-9)
    assert_close(other.weights_, plain.weights_[order], 1e-9)
    assert_close(other.trace_, plain.trace_, 1e-11)


@laws(30)
@given(data=st.data(), shift=st.sampled_from([1.0, -1e3, 1e6]))
def test_moved_data_move_the_means_and_nothing_else(problem, assert_close, data, shift) -> None:
    p = data.draw(problem())
    direction = np.where(np.arange(p.X.shape[1]) % 2, -1.0, 1.0) * shift
    plain = p.fit()
    moved = p.fit(p.X + direction, means_init=p.means + direction)
    np.testing.assert_array_equal((p.X + direction) - direction, p.X)  # the move itself rounds nothing
    assert_close(moved.weights_, plain.weights_, 1e-9)
    # A mean near 1e6 is a number with 1e-10 behind it, and each pass starts from one.
    np.testing.assert_allclose(
        moved.means_ - direction, plain.means_, atol=1e-9 * (1 + np.abs(plain.means_).max())
    )
    assert_close(moved.covariances_, plain.covariances_, 1e-9)
    assert_close(moved.trace_, plain.trace_, 1e-9)


@laws(40)
@given(data=st.data())
def test_a_fit_in_other_units_is_the_fit_converted(problem, assert_close, data) -> None:
    p = data.draw(problem(structures=("full", "diag", "tied", "tied_diag")))
    d = p.X.shape[1]
    exponents = data.draw(st.lists(st.floats(-6.0, 6.0), min_size=d, max_size=d))
    a = 10.0 ** np.array(exponents)
    b = a * np.array(data.draw(st.lists(st.floats(-50.0, 50.0), min_size=d, max_size=d)))
    units = np.outer(a, a) if STRUCTURES[p.structure].is_dense else a * a
    plain = p.fit()
    other = p.fit(p.X * a + b, means_init=p.means * a + b, precisions_init=p.precisions / units)
    assert_close(other.weights_, plain.weights_, 1e-8)
    np.testing.assert_allclose(
        (other.means_ - b) / a, plain.means_, atol=1e-8 * (1 + np.abs(plain.means_).max())
    )
    assert_close(other.covariances_ / units, plain.covariances_, 1e-8)
    np.testing.assert_allclose(other.trace_ + np.log(a).sum(), plain.trace_, atol=1e-8)


@laws(25)
@given(data=st.data(), factor=st.floats(-6.0, 6.0))
def test_one_factor_for_all_columns_suits_every_structure(problem, assert_close, data, factor) -> None:
    p = data.draw(problem())
    a = 10.0**factor
    plain = p.fit()
    other = p.fit(p.X * a, means_init=p.means * a, precisions_init=p.precisions / a**2)
    assert_close(other.weights_, plain.weights_, 1e-8)
    assert_close(other.means_ / a, plain.means_, 1e-8)
    assert_close(other.covariances_ / a**2, plain.covariances_, 1e-8)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_n_jobs_changes_no_bit_of_a_fit(structure, dtype) -> None:
    rng = np.random.default_rng(50)
    X = (rng.normal(size=(6000, 6)) + 4.0 * rng.integers(0, 3, size=(6000, 1))).astype(dtype)
    fits = [
        GaussianMixture(4, covariance_type=structure, random_state=3, n_jobs=n_jobs, tol=1e-2).fit(X)
        for n_jobs in (1, 2, 5)
    ]
    for name in (*FITTED, "lower_bound_", "n_iter_", "converged_"):
        values = {np.asarray(getattr(fit, name)).tobytes() for fit in fits}
        assert len(values) == 1, name
    for method in ("score_samples", "predict_proba", "predict"):
        assert len({getattr(fit, method)(X).tobytes() for fit in fits}) == 1, method
