"""`NativeBackend.score` against `ReferenceBackend.score`."""

from __future__ import annotations

import numpy as np
import pytest

from mixtura.backends import NativeBackend, ReferenceBackend
from mixtura.covariance import STRUCTURES
from mixtura.params import Params

CASES = [
    (d, k, n, layout)
    for i, (d, layout) in enumerate(
        zip(
            (1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33, 64),
            ("c", "fortran", "every second row", "every third column", "backwards", "read-only") * 3,
            strict=False,
        )
    )
    for k, n in [((1, 2, 5, 33)[i % 4], (1, 7, 64, 257, 3000)[i % 5])]
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize(("d", "k", "n", "layout"), CASES)
def test_scores_are_the_reference_scores(structure, dtype, d, k, n, layout, make_params, in_layout) -> None:
    rng = np.random.default_rng([d, k, n, 1])
    params = make_params(structure, k, d, rng)
    rows = in_layout(rng.normal(size=(n, d), scale=1.5).astype(dtype), layout)
    wanted = ReferenceBackend(rows).score(params, log_prob=True, resp=True, labels=True)
    backend = NativeBackend(rows, centre=rng.normal(size=d), n_threads=2)
    got = backend.score(params, log_prob=True, resp=True, labels=True)

    # A logit errs by a few roundings of its own size.
    eps = 1e-13 if dtype == "float64" else 5e-7
    size = 10.0 + np.abs(wanted.log_prob)
    assert (np.abs(got.log_prob - wanted.log_prob) <= eps * size).all()
    assert (np.abs(got.resp - wanted.resp) <= 2 * eps * size[:, None]).all()
    np.testing.assert_allclose(got.resp.sum(axis=1), 1.0, rtol=1e-14 if dtype == "float64" else 5e-6)
    top_two = np.sort(wanted.resp, axis=1)[:, -2:]
    clear = top_two[:, -1] - top_two[:, 0] > 1e-3 if k > 1 else np.full(n, True)
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(got.labels[clear], wanted.labels[clear])
    assert [a.dtype for a in got] == [np.float64, np.float64, np.int64]
    assert got.resp.shape == (n, k)


@pytest.mark.parametrize("wanted", ["log_prob", "resp", "labels"])
@pytest.mark.parametrize("structure", ["full", "tied", "diag", "tied_diag"])
def test_what_is_asked_for_does_not_change_what_is_answered(structure, wanted, make_params) -> None:
    rng = np.random.default_rng(11)
    params = make_params(structure, 5, 4, rng)
    backend = NativeBackend(rng.normal(size=(100, 4)), centre=np.zeros(4))
    everything = backend.score(params, log_prob=True, resp=True, labels=True)
    alone = backend.score(params, **{wanted: True})
    np.testing.assert_array_equal(getattr(alone, wanted), getattr(everything, wanted))
    for name in {"log_prob", "resp", "labels"} - {wanted}:
        assert getattr(alone, name) is None


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_component_of_weight_zero_is_never_chosen(structure, dtype, make_params) -> None:
    rng = np.random.default_rng(12)
    params = make_params(structure, 3, 2, rng)
    params = Params(np.array([0.0, 0.4, 0.6]), params.means, params.whitener, params.log_det)
    rows = np.vstack([params.means[:1], rng.normal(size=(50, 2))]).astype(dtype)
    got = NativeBackend(rows, centre=np.zeros(2)).score(params, log_prob=True, resp=True, labels=True)
    wanted = ReferenceBackend(rows).score(params, log_prob=True, resp=True, labels=True)
    np.testing.assert_array_equal(got.resp[:, 0], 0.0)
    assert (got.labels > 0).all()
    np.testing.assert_allclose(got.log_prob, wanted.log_prob, rtol=1e-12 if dtype == "float64" else 1e-5)


@pytest.mark.parametrize("far", [1e8, 1e20, 1e100, 1e150])
@pytest.mark.parametrize("structure", ["full", "diag", "spherical"])
def test_far_outliers(structure, far, make_params) -> None:
    rng = np.random.default_rng(13)
    params = make_params(structure, 4, 3, rng)
    rows = far * rng.normal(size=(40, 3))
    got = NativeBackend(rows, centre=np.zeros(3)).score(params, log_prob=True, resp=True, labels=True)
    wanted = ReferenceBackend(rows).score(params, log_prob=True, resp=True, labels=True)
    np.testing.assert_allclose(got.log_prob, wanted.log_prob, rtol=1e-13)
    np.testing.assert_array_equal(got.labels, wanted.labels)
    np.testing.assert_array_equal(got.resp, wanted.resp)
    assert set(np.unique(got.resp)) <= {0.0, 1.0}


@pytest.mark.parametrize("far", [1e160, 1e300, -1e308])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_rows_infinitely_far_have_density_zero_and_no_preference(structure, far, make_params) -> None:
    rng = np.random.default_rng(14)
    params = make_params(structure, 4, 3, rng)
    rows = rng.normal(size=(20, 3))
    calm = NativeBackend(rows, centre=np.zeros(3)).score(params, log_prob=True, resp=True, labels=True)
    rows[5] = far
    got = NativeBackend(rows, centre=np.zeros(3)).score(params, log_prob=True, resp=True, labels=True)
    assert got.log_prob[5] == -np.inf
    np.testing.assert_array_equal(got.resp[5], 0.25)
    assert got.labels[5] == 0
    others = np.arange(20) != 5
    for a, b in zip(got, calm, strict=True):
        np.testing.assert_array_equal(a[others], b[others])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_centre_keeps_the_digits_of_data_far_from_the_origin(structure, dtype, make_params) -> None:
    rng = np.random.default_rng(15)
    far = 1e6 if dtype == "float64" else 2e4
    params = make_params(structure, 3, 5, rng, shift=far)
    rows = (rng.normal(size=(200, 5)) + far).astype(dtype)
    wanted = ReferenceBackend(rows).score(params, log_prob=True, resp=True)
    got = NativeBackend(rows, centre=np.full(5, far)).score(params, log_prob=True, resp=True)
    tol = 1e-8 if dtype == "float64" else 3e-5
    np.testing.assert_allclose(got.log_prob, wanted.log_prob, rtol=tol)
    np.testing.assert_allclose(got.resp, wanted.resp, atol=tol)
