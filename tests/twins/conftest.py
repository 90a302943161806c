"""Builders that the twins share: parameters, rows in every layout, and the scale that a sum is judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from mixtura.covariance import STRUCTURES, CovarianceStructure
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

Array = np.ndarray[Any, Any]


def covariance_of(structure: CovarianceStructure, k: int, d: int, rng: np.random.Generator) -> Array:
    """Random well-conditioned covariances in the public shape of a structure."""
    m = 1 if structure.is_shared else k
    if structure.is_dense:
        roots = rng.normal(size=(m, d, d)) / np.sqrt(d)
        return structure.public(roots @ roots.transpose(0, 2, 1) + 0.5 * np.eye(d))
    if "spherical" in structure.name:
        return structure.public(rng.uniform(0.5, 2.0, size=(m, 1)))
    return structure.public(rng.uniform(0.5, 2.0, size=(m, d)))


def params_of(name: str, k: int, d: int, rng: np.random.Generator, shift: float = 0.0) -> Params:
    """Random parameters whose components overlap."""
    structure = STRUCTURES[name]
    weights = rng.dirichlet(np.full(k, 5.0))
    means = rng.normal(size=(k, d)) + shift
    return structure.params(weights, means, covariance_of(structure, k, d, rng))


def lay_out(rows: Array, layout: str) -> Array:
    """Return the same numbers in another memory layout."""
    n, d = rows.shape
    if layout == "fortran":
        return np.asfortranarray(rows)
    if layout == "every second row":
        big = np.full((2 * n, d), np.nan, dtype=rows.dtype)
        big[::2] = rows
        return big[::2]
    if layout == "every third column":
        big = np.full((n, 3 * d), np.nan, dtype=rows.dtype)
        big[:, 1::3] = rows
        return big[:, 1::3]
    if layout == "backwards":
        return np.ascontiguousarray(rows[::-1, ::-1])[::-1, ::-1]
    out = np.ascontiguousarray(rows)
    if layout == "read-only":
        out = out.copy()
        out.flags.writeable = False
    return out


def weights_of(kind: str, n: int, rng: np.random.Generator) -> Array | None:
    """Case weights: none, integers with zeros, or fractions. The first is never 0."""
    if kind == "none":
        return None
    if kind == "integers":
        weight = rng.integers(0, 4, size=n).astype(np.float64)
        weight[0] = 2.0
        return weight
    return rng.uniform(0.01, 3.0, size=n)


@dataclass(frozen=True)
class Scale:
    """Σ of absolute terms of each sufficient statistic: what rounding errors are proportional to."""

    s0: Array
    s1: Array
    s2: Array
    log_likelihood: float


def scale_of(X: Array, weight: Array | None, resp: Array, log_prob: Array, params: Params) -> Scale:
    """Sum the absolute values of all terms, by the reference's responsibilities."""
    w = np.ones(len(X)) if weight is None else weight
    r = resp * w[:, None]
    # Where x and μ almost meet, their difference errs by more than its own size.
    t = np.abs(X[:, None, :] - params.means) + 0.05
    s1 = np.einsum("nk,nkd->kd", r, t)
    if params.is_dense:
        s2 = np.stack([(r[:, k, None] * t[:, k]).T @ t[:, k] for k in range(params.n_components)])
    else:
        s2 = np.einsum("nk,nkd->kd", r, t * t)
        if params.whitener.shape[1] == 1:
            s2 = s2.sum(axis=1, keepdims=True)
    if params.is_shared:
        s2 = s2.sum(axis=0, keepdims=True)
    return Scale(r.sum(axis=0), s1, s2, float(w @ np.abs(log_prob)))


def assert_statistics_close(
    got: SufficientStatistics, wanted: SufficientStatistics, scale: Scale, tol: float
) -> None:
    """Each number within `tol` of the scale of its own sum, and of the largest of its kind times 1e-3."""
    for name in ("s0", "s1", "s2"):
        a, b, s = (np.asarray(getattr(o, name)) for o in (got, wanted, scale))
        assert a.shape == b.shape
        np.testing.assert_array_less(np.abs(a - b), tol * (s + 1e-3 * s.max()) + 1e-300, err_msg=name)
    assert abs(got.log_likelihood - wanted.log_likelihood) <= tol * (scale.log_likelihood + wanted.weight)
    assert got.weight == pytest.approx(wanted.weight, rel=1e-14)
    assert got.means is wanted.means


@pytest.fixture
def make_covariance() -> Callable[..., Array]:
    return covariance_of


@pytest.fixture
def make_params() -> Callable[..., Params]:
    return params_of


@pytest.fixture
def in_layout() -> Callable[[Array, str], Array]:
    return lay_out


@pytest.fixture
def make_weights() -> Callable[..., Array | None]:
    return weights_of


@pytest.fixture
def scale() -> Callable[..., Scale]:
    return scale_of


@pytest.fixture
def statistics_agree() -> Callable[..., None]:
    return assert_statistics_close
