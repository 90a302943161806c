"""Covariance structures against formulas written out plainly, NumPy's inverses and SciPy's density."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixtura import Mixture, _native
from mixtura.covariance import STRUCTURES, Ridge
from mixtura.em import m_step
from mixtura.errors import SingularCovarianceError
from mixtura.stats import SufficientStatistics

Array = np.ndarray[Any, Any]
with_structures = pytest.mark.parametrize("structure", STRUCTURES)


def expanded(structure: str, public: Array, k: int, d: int) -> Array:
    """(K, d, d) from each structure's public form, spelled out."""
    one = {
        "full": lambda c: public[c],
        "tied": lambda c: public,
        "diag": lambda c: np.diag(public[c]),
        "spherical": lambda c: public[c] * np.eye(d),
        "tied_diag": lambda c: np.diag(public),
        "tied_spherical": lambda c: float(public) * np.eye(d),
    }[structure]
    return np.stack([one(c) for c in range(k)])


def by_hand(structure: str, X: Array, resp: Array) -> tuple[Array, Array, Array]:
    """Weights, means and covariances of responsibilities, from the textbook."""
    k, d = resp.shape[1], X.shape[1]
    mass = resp.sum(axis=0)
    means = np.array([sum(r * x for r, x in zip(resp[:, c], X, strict=True)) / mass[c] for c in range(k)])
    scatter = np.zeros((k, d, d))
    for c in range(k):
        for r, x in zip(resp[:, c], X, strict=True):
            scatter[c] += r * np.outer(x - means[c], x - means[c])
    pooled = scatter.sum(axis=0) / mass.sum()
    own = np.array([scatter[c] / mass[c] for c in range(k)])
    covariances = {
        "full": own,
        "tied": pooled,
        "diag": np.array([np.diag(s) for s in own]),
        "spherical": np.array([np.trace(s) / d for s in own]),
        "tied_diag": np.diag(pooled),
        "tied_spherical": np.array(np.trace(pooled) / d),
    }[structure]
    return mass / mass.sum(), means, covariances


@with_structures
@pytest.mark.parametrize(("n", "k", "d"), [(30, 3, 4), (50, 1, 2), (40, 5, 1)])
def test_an_m_step_is_the_textbook_s(structure, n, k, d) -> None:
    rng = np.random.default_rng([n, k, d])
    X, resp = rng.normal(size=(n, d)) + 2.0, rng.dirichlet(np.ones(k), size=n)
    s = STRUCTURES[structure]
    means = rng.normal(size=(k, d))
    t = X[:, None, :] - means
    s2 = np.einsum("nk,nki,nkj->kij", resp, t, t) if s.is_dense else np.einsum("nk,nki->ki", resp, t * t)
    s2 = s2.sum(axis=0, keepdims=True) if s.is_shared else s2
    stats = SufficientStatistics(means, resp.sum(0), np.einsum("nk,nki->ki", resp, t), s2, 0.0, float(n))
    solution = m_step(s, stats, Ridge(0.0))
    weights, new_means, covariances = by_hand(structure, X, resp)
    np.testing.assert_allclose(solution.params.weights, weights, rtol=1e-13)
    np.testing.assert_allclose(solution.params.means, new_means, rtol=1e-12)
    np.testing.assert_allclose(solution.covariances, covariances, rtol=1e-11, atol=1e-13)
    assert solution.covariances.shape == s.shape(k, d)


@with_structures
@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 8, 9, 16, 17, 33])
def test_params_hold_the_inverse_and_its_determinant(structure, d, make_covariance) -> None:
    rng = np.random.default_rng(d)
    s = STRUCTURES[structure]
    public = make_covariance(s, 3, d, rng)
    assert public.shape == s.shape(3, d)
    params = s.params(np.full(3, 1 / 3), np.zeros((3, d)), public)
    full = expanded(structure, public, 3, d)
    np.testing.assert_array_equal(s.expand(public, 3, d), full)
    precisions = np.linalg.inv(full)
    for c in range(3):
        u = params.whitener[0 if params.is_shared else c]
        if params.is_dense:
            np.testing.assert_array_equal(np.tril(u, -1), 0.0)
            assert (np.diagonal(u) > 0).all()
        u = u if params.is_dense else np.diag(np.broadcast_to(u, d))
        np.testing.assert_allclose(u @ u.T, precisions[c], rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(u.T @ full[c] @ u, np.eye(d), atol=1e-12)
        log_det = params.log_det[0 if params.is_shared else c]
        assert log_det == pytest.approx(-0.5 * np.linalg.slogdet(full[c])[1], abs=1e-11)


@with_structures
@pytest.mark.parametrize("d", [1, 4, 9])
def test_precisions_factor_to_the_same_whitener(structure, d, make_covariance) -> None:
    rng = np.random.default_rng(d)
    s = STRUCTURES[structure]
    core = s.core(make_covariance(s, 3, d, rng), 3, d)
    whitener, log_det = s.whiten(core, d)
    covariances, precisions = s.unwhiten(whitener)
    np.testing.assert_allclose(covariances, core, rtol=1e-11, atol=1e-13)
    inverse = np.linalg.inv(core) if s.is_dense else 1.0 / core
    np.testing.assert_allclose(precisions, inverse, rtol=1e-10, atol=1e-12)
    again, log_det_again = s.whiten_precisions(precisions, d)
    np.testing.assert_allclose(again, whitener, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(log_det_again, log_det, atol=1e-11)
    np.testing.assert_array_equal(s.core(s.public(core), 3, d), core)


@with_structures
def test_colour_undoes_whitening(structure, make_params) -> None:
    rng = np.random.default_rng(40)
    s = STRUCTURES[structure]
    params = make_params(structure, 3, 4, rng)
    t = rng.normal(size=(20, 4))
    for c in range(3):
        u = params.whitener[0 if s.is_shared else c]
        white = t @ u if s.is_dense else t * u
        np.testing.assert_allclose(s.colour(params.whitener, c, white), t, rtol=1e-11, atol=1e-12)


@with_structures
@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 17])
def test_density_is_scipy_s(structure, d, make_covariance) -> None:
    rng = np.random.default_rng([d, 41])
    s = STRUCTURES[structure]
    weights, means = np.array([0.2, 0.5, 0.3]), rng.normal(size=(3, d))
    public = make_covariance(s, 3, d, rng)
    mixture = Mixture(weights, means, public, structure)
    rows = rng.normal(size=(60, d), scale=2.0)
    logits = np.stack(
        [
            np.log(weights[c]) + multivariate_normal(means[c], cov).logpdf(rows)
            for c, cov in enumerate(expanded(structure, public, 3, d))
        ],
        axis=1,
    )
    np.testing.assert_allclose(mixture.log_pdf(rows), logsumexp(logits, axis=1), rtol=1e-11, atol=1e-11)
    posterior = np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
    np.testing.assert_allclose(mixture.posterior(rows), posterior, atol=1e-11)
    np.testing.assert_array_equal(mixture.predict(rows), logits.argmax(axis=1))


@with_structures
@pytest.mark.parametrize(("k", "d"), [(1, 1), (3, 2), (4, 7)])
def test_counts_of_parameters_are_degrees_of_freedom(structure, k, d) -> None:
    s = STRUCTURES[structure]
    m = 1 if s.is_shared else k
    each = 1 if "spherical" in structure else len(np.triu_indices(d)[0]) if s.is_dense else d
    assert s.n_parameters(k, d) == m * each


@pytest.mark.parametrize("m", [1, 2, 5])
@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 64])
def test_native_whiten_is_the_inverse_transposed_cholesky_factor(d, m) -> None:
    rng = np.random.default_rng([d, m])
    roots = rng.normal(size=(m, d, d))
    covariances = roots @ roots.transpose(0, 2, 1) / d + 0.1 * np.eye(d)
    upper, log_det, bad = _native.whiten(covariances)
    assert bad == -1
    lower = np.linalg.cholesky(covariances)
    np.testing.assert_allclose(upper, np.linalg.inv(lower).transpose(0, 2, 1), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(log_det, -0.5 * np.linalg.slogdet(covariances)[1], rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(np.tril(upper, -1), 0.0)
    assert _native.first_indefinite(covariances) == -1


@pytest.mark.parametrize("d", [1, 2, 3, 8, 9, 17])
@pytest.mark.parametrize("spoiled", [0, 2, 4])
@pytest.mark.parametrize("how", ["zero", "negative", "nan", "inf"])
def test_the_first_matrix_without_a_factor_is_named(d, spoiled, how) -> None:
    matrices = np.stack([np.eye(d) * (1.0 + c) for c in range(6)])
    value = {"zero": 0.0, "negative": -1.0, "nan": np.nan, "inf": np.inf}[how]
    matrices[spoiled, -1, -1] = matrices[5, 0, 0] = value
    assert _native.first_indefinite(matrices) == spoiled
    assert _native.whiten(matrices)[2] == spoiled
    with pytest.raises(SingularCovarianceError, match=f"first such component is {spoiled}") as raised:
        STRUCTURES["full"].whiten(matrices, matrices.shape[1])
    assert raised.value.component == spoiled
    variances = np.ascontiguousarray(np.diagonal(matrices, axis1=1, axis2=2))
    with pytest.raises(SingularCovarianceError, match=f"first such component is {spoiled}"):
        STRUCTURES["diag"].whiten(variances, variances.shape[1])
