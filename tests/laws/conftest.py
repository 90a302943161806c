"""Strategies and starts that the laws share."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from mixtura import GaussianMixture, Mixture
from mixtura.covariance import STRUCTURES

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Problem:
    """Data with a complete start for EM."""

    structure: str
    X: Array
    weights: Array
    means: Array
    precisions: Array

    def fit(
        self, X: Array | None = None, sample_weight: Array | None = None, **changes: Any
    ) -> GaussianMixture:
        """Do a few passes from the start; 4 unless said otherwise."""
        settings: dict[str, Any] = {
            "covariance_type": self.structure,
            "weights_init": self.weights,
            "means_init": self.means,
            "precisions_init": self.precisions,
            "tol": 0.0,
            "max_iter": 4,
            "n_jobs": 1,
        }
        model = GaussianMixture(len(self.weights), **(settings | changes))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # tol=0 never converges
            return model.fit(self.X if X is None else X, sample_weight=sample_weight)


def precisions_of(structure: str, k: int, d: int, rng: np.random.Generator) -> Array:
    """Random precisions in the public shape of a structure."""
    s = STRUCTURES[structure]
    m = 1 if s.is_shared else k
    if s.is_dense:
        roots = rng.normal(size=(m, d, d)) / np.sqrt(d)
        return s.public(0.3 * roots @ roots.transpose(0, 2, 1) + 0.5 * np.eye(d))
    if "spherical" in structure:
        return s.public(np.repeat(rng.uniform(0.5, 2.0, size=(m, 1)), d, axis=1))
    return s.public(rng.uniform(0.5, 2.0, size=(m, d)))


@st.composite
def problems(draw: st.DrawFn, structures: tuple[str, ...] = tuple(STRUCTURES), max_k: int = 4) -> Problem:
    """Honest data: overlapping clusters of dyadic numbers, and a start near them."""
    structure = draw(st.sampled_from(structures))
    k, d = draw(st.integers(1, max_k)), draw(st.integers(1, 5))
    n = draw(st.integers(30 * k, 200))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    centres = rng.normal(size=(k, d), scale=3.0)
    X = centres[rng.integers(k, size=n)] + rng.normal(size=(n, d)) @ (
        np.eye(d) + 0.3 * rng.normal(size=(d, d))
    )
    # Multiples of 2⁻¹⁶, so that adding an integer is exact.
    X = np.round(X * 2.0**16) / 2.0**16
    means = np.round((centres + 0.3 * rng.normal(size=(k, d))) * 2.0**16) / 2.0**16
    return Problem(structure, X, rng.dirichlet(np.full(k, 20.0)), means, precisions_of(structure, k, d, rng))


@st.composite
def mixtures(draw: st.DrawFn, max_d: int = 5) -> Mixture:
    """Mixtures of every structure."""
    structure = draw(st.sampled_from(tuple(STRUCTURES)))
    k, d = draw(st.integers(1, 6)), draw(st.integers(1, max_d))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    # Any positive definite array will do; precisions are such.
    covariances = precisions_of(structure, k, d, rng)
    return Mixture(rng.dirichlet(np.full(k, 3.0)), rng.normal(size=(k, d), scale=2.0), covariances, structure)


def close(got: Array, wanted: Array, tol: float) -> None:
    """Equal within `tol` of the largest number of the array."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=0.0, atol=tol * np.abs(wanted).max())


@pytest.fixture(scope="session")
def problem() -> Callable[..., st.SearchStrategy[Problem]]:
    """Return the strategy of problems, to draw from: test modules cannot import one another."""
    return problems


@pytest.fixture(scope="session")
def mixture() -> Callable[..., st.SearchStrategy[Mixture]]:
    return mixtures


@pytest.fixture(scope="session")
def assert_close() -> Callable[[Array, Array, float], None]:
    return close
