"""`NativeBackend.e_step` against `ReferenceBackend.e_step`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from mixtura.backends import NativeBackend, ReferenceBackend
from mixtura.covariance import STRUCTURES
from mixtura.params import Params

FEATURES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33, 64)
COMPONENTS = (1, 2, 5, 33)
SAMPLES = (1, 7, 64, 257, 3000)
WEIGHTS = ("none", "integers", "fractions")
LAYOUTS = ("c", "fortran", "every second row", "every third column", "backwards", "read-only")
DTYPES = ("float64", "float32")


def tolerance(dtype: str, d: int) -> float:
    """Relative to the scale of a sum. A float32 logit of d terms errs by d roundings and a few more."""
    return 2e-12 if dtype == "float64" else 6e-6 + 8e-7 * d


@dataclass(frozen=True)
class Case:
    structure: str
    dtype: str
    d: int
    k: int
    n: int
    weights: str
    layout: str

    def __str__(self) -> str:
        return f"{self.structure}-{self.dtype}-d{self.d}-K{self.k}-n{self.n}-{self.weights}-{self.layout}"


def covering_set() -> list[Case]:
    """Every structure, dtype and d together; the rest in cycles of different lengths, so that pairs meet."""
    cases = []
    for s, structure in enumerate(STRUCTURES):
        for t, dtype in enumerate(DTYPES):
            for i, d in enumerate(FEATURES):
                c = i + 5 * s + 11 * t
                cases.append(
                    Case(
                        structure,
                        dtype,
                        d,
                        COMPONENTS[(i + s + 2 * t) % 4],
                        SAMPLES[(2 * i + s + 3 * t) % 5],
                        WEIGHTS[(c + s) % 3],
                        LAYOUTS[(c + i // 6) % 6],
                    )
                )
    return cases


def test_the_covering_set_covers_what_it_says() -> None:
    cases = covering_set()
    for name, values in (("k", COMPONENTS), ("n", SAMPLES), ("weights", WEIGHTS), ("layout", LAYOUTS)):
        for structure in STRUCTURES:
            met = {getattr(c, name) for c in cases if c.structure == structure}
            assert met == set(values), (structure, name)
    assert {(c.layout, c.dtype) for c in cases} == {(x, y) for x in LAYOUTS for y in DTYPES}
    assert {(c.k, c.n) for c in cases} == {(k, n) for k in COMPONENTS for n in SAMPLES}


@pytest.mark.parametrize("case", covering_set(), ids=str)
def test_native_sums_are_the_reference_sums(
    case, make_params, make_weights, in_layout, scale, statistics_agree
) -> None:
    rng = np.random.default_rng([case.d, case.k, case.n])
    params = make_params(case.structure, case.k, case.d, rng)
    rows = in_layout(rng.normal(size=(case.n, case.d), scale=1.5).astype(case.dtype), case.layout)
    weight = make_weights(case.weights, case.n, rng)
    centre = rng.normal(size=case.d)

    reference = ReferenceBackend(rows, weight)
    wanted = reference.e_step(params)
    scores = reference.score(params, log_prob=True, resp=True)
    got = NativeBackend(rows, weight, centre=centre, n_threads=2).e_step(params)

    bound = scale(rows.astype(np.float64), weight, scores.resp, scores.log_prob, params)
    statistics_agree(got, wanted, bound, tolerance(case.dtype, case.d))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_what_is_left_out_where_components_are_apart_does_not_show(
    structure, dtype, layout, make_params, make_weights, in_layout, scale, statistics_agree
) -> None:
    # Few rows a component are summed by themselves, and most components are given up early.
    k, d, n = 7, 21, 1500
    rng = np.random.default_rng(8)
    params = make_params(structure, k, d, rng)
    params = Params(params.weights, 6.0 * params.means, params.whitener, params.log_det)
    near = params.means[rng.integers(k, size=n)] + 0.3 * rng.normal(size=(n, d))
    rows = in_layout(near.astype(dtype), layout)
    weight = make_weights("integers", n, rng)
    reference = ReferenceBackend(rows, weight)
    wanted = reference.e_step(params)
    scores = reference.score(params, log_prob=True, resp=True)
    assert np.mean(scores.resp > 1e-30) < 0.5
    native = NativeBackend(rows, weight, centre=rng.normal(size=d), n_threads=2)
    bound = scale(rows.astype(np.float64), weight, scores.resp, scores.log_prob, params)
    # Moments pooled over components are a difference of sums: their rounding grows with the distance between.
    slack = 4 if params.is_shared else 1
    statistics_agree(native.e_step(params), wanted, bound, slack * tolerance(dtype, d))
    found = native.score(params, log_prob=True, labels=True)
    np.testing.assert_allclose(found.log_prob, scores.log_prob, rtol=20 * tolerance(dtype, d))
    np.testing.assert_array_equal(found.labels, scores.resp.argmax(axis=1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_data_far_from_the_origin_keep_their_digits_with_a_centre(
    structure, dtype, make_params, scale, statistics_agree
) -> None:
    rng = np.random.default_rng(3)
    far = 1e6 if dtype == "float64" else 1e4
    params = make_params(structure, 5, 6, rng, shift=far)
    rows = (rng.normal(size=(700, 6)) + far).astype(dtype)
    wanted = ReferenceBackend(rows).e_step(params)
    scores = ReferenceBackend(rows).score(params, log_prob=True, resp=True)
    got = NativeBackend(rows, centre=np.full(6, far) + 0.123456789).e_step(params)
    bound = scale(rows.astype(np.float64), None, scores.resp, scores.log_prob, params)
    # x, μ and c are rounded to 1e-10 near 1e6 in float64; float32 rows are given, and differences exact.
    statistics_agree(got, wanted, bound, 1e-9 if dtype == "float64" else tolerance(dtype, 6))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_component_of_weight_zero_takes_nothing(
    structure, dtype, make_params, scale, statistics_agree
) -> None:
    rng = np.random.default_rng(4)
    params = make_params(structure, 4, 3, rng)
    weights = np.array([0.5, 0.0, 0.3, 0.2])
    params = Params(weights, params.means, params.whitener, params.log_det)
    assert params.offset[1] == -np.inf
    rows = rng.normal(size=(300, 3)).astype(dtype)
    wanted = ReferenceBackend(rows).e_step(params)
    scores = ReferenceBackend(rows).score(params, log_prob=True, resp=True)
    got = NativeBackend(rows, centre=np.zeros(3)).e_step(params)
    bound = scale(rows.astype(np.float64), None, scores.resp, scores.log_prob, params)
    statistics_agree(got, wanted, bound, tolerance(dtype, 3))
    assert got.s0[1] == 0.0
    np.testing.assert_array_equal(got.s1[1], 0.0)
    if not params.is_shared:
        np.testing.assert_array_equal(got.s2[1], 0.0)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_one_row_seen_many_times_without_memory_for_it(structure, make_params) -> None:
    rng = np.random.default_rng(5)
    params = make_params(structure, 3, 5, rng)
    row = rng.normal(size=(1, 5))
    many = NativeBackend(np.broadcast_to(row, (1000, 5)), centre=np.zeros(5)).e_step(params)
    one = ReferenceBackend(row).e_step(params)
    np.testing.assert_allclose(many.s0, 1000 * one.s0, rtol=1e-11)
    np.testing.assert_allclose(many.s1, 1000 * one.s1, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(many.s2, 1000 * one.s2, rtol=1e-10, atol=1e-9)
    assert many.log_likelihood == pytest.approx(1000 * one.log_likelihood, rel=1e-11)


@pytest.mark.parametrize("structure", ["full", "diag", "spherical"])
@pytest.mark.parametrize("far", [1e20, 1e150])
def test_a_far_outlier_does_not_disturb_the_likelihood_of_the_others(structure, far, make_params) -> None:
    rng = np.random.default_rng(6)
    params = make_params(structure, 3, 4, rng)
    rows = rng.normal(size=(200, 4))
    rows[77] = far * np.array([1.0, -1.0, 1.0, 1.0])
    got = NativeBackend(rows, centre=np.zeros(4)).e_step(params)
    wanted = ReferenceBackend(rows).e_step(params)
    np.testing.assert_allclose(got.s0, wanted.s0, rtol=1e-11)
    np.testing.assert_allclose(got.s1, wanted.s1, rtol=1e-11, atol=1e-9)
    np.testing.assert_allclose(got.s2, wanted.s2, rtol=1e-11, atol=1e-9)
    assert got.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-11)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_weight_of_zero_silences_a_row_at_infinite_distance(structure, make_params) -> None:
    rng = np.random.default_rng(7)
    params = make_params(structure, 3, 4, rng)
    rows = rng.normal(size=(100, 4))
    weight = np.ones(100)
    weight[13] = 0.0
    wanted = NativeBackend(rows, weight, centre=np.zeros(4)).e_step(params)
    rows[13] = 1e160
    got = NativeBackend(rows, weight, centre=np.zeros(4)).e_step(params)
    np.testing.assert_array_equal(got.s0, wanted.s0)
    np.testing.assert_array_equal(got.s1, wanted.s1)
    assert got.log_likelihood == wanted.log_likelihood
    assert np.isfinite(got.log_likelihood)
