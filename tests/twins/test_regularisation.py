"""`RelativeFloor` against other ways to the same maximiser, and against its definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

from mixtura.covariance import RelativeFloor, Ridge

Array = np.ndarray[Any, Any]


def spd(rng: np.random.Generator, d: int, values: Array) -> Array:
    q = scipy.linalg.qr(rng.normal(size=(d, d)))[0]
    return (q * values) @ q.T


def floored(sigma: Array, lam: Array, epsilon: float) -> Array:
    """Σ by the generalised eigenproblem S v = ρ Λ v, with ρ < ε raised to ε."""
    rho, v = scipy.linalg.eigh(sigma, lam)
    half = lam @ v * np.sqrt(np.maximum(rho, epsilon))
    return half @ half.T


def objective(cov: Array, moments: Array) -> float:
    """What an M-step maximises over Σ, up to constants: −log det Σ − tr(Σ⁻¹ S)."""
    return float(-np.linalg.slogdet(cov)[1] - np.trace(np.linalg.solve(cov, moments)))


@pytest.mark.parametrize("d", [1, 2, 3, 5, 17])
@pytest.mark.parametrize("epsilon", [1e-3, 0.1])
def test_matrices_are_those_of_the_generalised_eigenproblem(d, epsilon) -> None:
    rng = np.random.default_rng(d)
    lam = spd(rng, d, np.geomspace(0.3, 3.0, d))
    sigmas = np.stack([spd(rng, d, np.geomspace(low, 1.0, d)) for low in (1e-9, 1e-5, 1e-2, 0.5)])
    got = RelativeFloor(lam, epsilon).matrices(sigmas)
    for matrix, sigma in zip(got, sigmas, strict=True):
        np.testing.assert_allclose(matrix, floored(sigma, lam, epsilon), rtol=1e-9, atol=1e-12)
        rho = scipy.linalg.eigh(matrix, lam, eigvals_only=True)
        assert rho[0] >= epsilon * (1 - 1e-9)


def test_no_other_matrix_above_the_floor_is_likelier() -> None:
    rng = np.random.default_rng(30)
    d, epsilon = 4, 0.05
    lam = spd(rng, d, np.array([0.5, 1.0, 2.0, 4.0]))
    sigma = spd(rng, d, np.array([1e-6, 1e-2, 0.5, 2.0]))
    best = RelativeFloor(lam, epsilon).matrices(sigma[None])[0]
    assert not np.allclose(best, sigma)
    top = objective(best, sigma)
    lower = np.linalg.cholesky(lam)
    tried = 0
    for size in (1e-4, 1e-2, 0.3, 1.0):
        for _ in range(100):
            noise = rng.normal(size=(d, d)) * size
            # Feasible by construction: εΛ plus something positive.
            root = scipy.linalg.sqrtm(best - epsilon * lam + 1e-13 * np.eye(d)).real + lower @ noise
            other = epsilon * lam + root @ root.T
            assert objective(other, sigma) <= top + 1e-9
            tried += 1
    assert tried == 400


@pytest.mark.parametrize("d", [1, 3, 8])
def test_sound_covariances_are_returned_bit_by_bit(d) -> None:
    rng = np.random.default_rng(31)
    lam = spd(rng, d, np.geomspace(1.0, 10.0, d))
    sigmas = np.stack([spd(rng, d, np.geomspace(1e-6, 1.0, d)) for _ in range(3)])
    np.testing.assert_array_equal(RelativeFloor(lam).matrices(sigmas), sigmas)


def test_only_the_component_that_needs_it_is_raised() -> None:
    rng = np.random.default_rng(32)
    lam = np.eye(3)
    sound, flat = spd(rng, 3, np.array([0.5, 1.0, 2.0])), np.diag([1.0, 1.0, 0.0])
    got = RelativeFloor(lam).matrices(np.stack([sound, flat, sound]))
    np.testing.assert_array_equal(got[0], sound)
    np.testing.assert_array_equal(got[2], sound)
    np.testing.assert_allclose(got[1], np.diag([1.0, 1.0, 1e-8]), rtol=1e-7)


@pytest.mark.parametrize("scales", [[1.0, 1.0, 1.0], [1e-6, 1.0, 1e6], [1e6, 1e3, 1e-6]])
def test_a_floor_in_other_units_is_the_floor_converted(scales) -> None:
    rng = np.random.default_rng(33)
    a = np.array(scales)
    lam = spd(rng, 3, np.array([0.5, 1.0, 2.0]))
    sigma = spd(rng, 3, np.array([1e-12, 1e-4, 1.0]))
    plain = RelativeFloor(lam).matrices(sigma[None])[0]
    scaled = RelativeFloor(lam * np.outer(a, a)).matrices((sigma * np.outer(a, a))[None])[0]
    sd = np.sqrt(np.diagonal(plain))
    np.testing.assert_allclose(
        scaled / np.outer(a, a) / np.outer(sd, sd), plain / np.outer(sd, sd), atol=1e-9
    )


def test_variances_and_radii() -> None:
    lam = np.array([1.0, 4.0, 10.0])
    variances = np.array([[1e-9, 1.0, 1e-3], [2.0, 0.0, 5.0]])
    wanted = np.array([[1e-8, 1.0, 1e-3], [2.0, 4e-8, 5.0]])
    for covariance in (lam, np.diag(lam)):
        reg = RelativeFloor(covariance)
        np.testing.assert_allclose(reg.variances(variances), wanted, rtol=1e-15)
        np.testing.assert_allclose(reg.radii(np.array([0.0, 1e-8, 3.0])), [5e-8, 5e-8, 3.0], rtol=1e-14)


def test_constant_columns_get_the_mean_scale_of_the_others() -> None:
    reg = RelativeFloor(np.array([2.0, 0.0, 6.0]))
    np.testing.assert_allclose(reg.variances(np.zeros((1, 3))), [[2e-8, 4e-8, 6e-8]])
    np.testing.assert_allclose(RelativeFloor(np.zeros(2)).variances(np.zeros((1, 2))), [[1e-8, 1e-8]])


def test_constant_columns_in_a_floor_for_matrices() -> None:
    flat = RelativeFloor(np.diag([2.0, 0.0, 6.0])).matrices(np.zeros((2, 3, 3)))
    np.testing.assert_allclose(flat, np.stack([np.diag([2e-8, 4e-8, 6e-8])] * 2), rtol=1e-9, atol=1e-20)


@pytest.mark.parametrize(("rho", "smaller"), [(0.9, 0.1), (0.999, 1e-2), (1 - 1e-9, 1e-2), (1.0, 1.0)])
def test_a_correlation_is_kept_from_singularity(rho, smaller) -> None:
    # Two columns in units a thousand apart: eigenvalues of their correlation are 1 + rho and 1 - rho.
    sd = np.array([1.0, 1e3])
    lam = np.outer(sd, sd) * np.array([[1.0, rho], [rho, 1.0]])
    got = RelativeFloor(lam).matrices(np.zeros((1, 2, 2)))[0] / np.outer(sd, sd)
    v = np.array([1.0, 1.0]) / np.sqrt(2)
    u = np.array([1.0, -1.0]) / np.sqrt(2)
    np.testing.assert_allclose(got, 1e-8 * ((1 + rho) * np.outer(v, v) + smaller * np.outer(u, u)), rtol=1e-8)


def test_a_floor_for_matrices_needs_a_matrix() -> None:
    with pytest.raises(TypeError, match="needs the data's covariance matrix"):
        RelativeFloor(np.ones(3)).matrices(np.eye(3)[None])


@pytest.mark.parametrize("epsilon", [0.0, 1e-6, 2.5])
def test_ridge_adds_to_the_diagonal_and_leaves_its_argument(epsilon) -> None:
    rng = np.random.default_rng(34)
    sigmas = np.stack([spd(rng, 3, np.array([0.5, 1.0, 2.0])) for _ in range(2)])
    before = sigmas.copy()
    ridge = Ridge(epsilon)
    np.testing.assert_array_equal(ridge.matrices(sigmas), before + epsilon * np.eye(3))
    np.testing.assert_array_equal(sigmas, before)
    np.testing.assert_array_equal(ridge.variances(sigmas[0]), before[0] + epsilon)
    np.testing.assert_array_equal(ridge.radii(sigmas[0, 0]), before[0, 0] + epsilon)
