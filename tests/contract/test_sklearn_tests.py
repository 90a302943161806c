"""scikit-learn's own tests of `GaussianMixture`, with our class in its place."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from types import ModuleType
from unittest.mock import patch

import pytest

from mixtura import GaussianMixture

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::mixtura.errors.DegenerateFitWarning"),
]


def _copy_with_our_class(name: str, ours: Callable[..., GaussianMixture]) -> ModuleType:
    """A second copy of a test module, so that scikit-learn's own stays as it is."""
    spec = importlib.util.find_spec(f"sklearn.mixture.tests.{name}")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with (
        patch("sklearn.mixture.GaussianMixture", ours),
        patch("sklearn.mixture._gaussian_mixture.GaussianMixture", ours),
    ):
        spec.loader.exec_module(module)
    return module


# These never touch the class, need what is private to scikit-learn's, or need another array library.
_LEFT_OUT = {
    "test_suffstat_sk_full": "scikit-learn's private functions only",
    "test_suffstat_sk_tied": "scikit-learn's private functions only",
    "test_suffstat_sk_diag": "scikit-learn's private functions only",
    "test_gaussian_suffstat_sk_spherical": "scikit-learn's private functions only",
    "test_compute_log_det_cholesky": "scikit-learn's private functions only",
    "test_gaussian_mixture_log_probabilities": "scikit-learn's private functions only",
    "test_gaussian_mixture_precisions_init": "calls _initialize",
    "test_gaussian_mixture_all_init_does_not_estimate_gaussian_parameters": "patches a private function",
    "test_gaussian_mixture_array_api_compliance": "torch or CuPy arrays",
    "test_gaussian_mixture_raises_where_array_api_not_implemented": "torch or CuPy arrays",
}


# These count on a start that is not yet at the optimum, or on the last digit of where it leads.
_FROM_THEIR_START = {
    "test_warm_start",
    "test_regularisation",
    "test_gaussian_mixture_setting_best_params",
    "test_gaussian_mixture_precisions_init_diag",
    "test_fitted_precision_covariance_concistency",
}


def _found(ours: Callable[..., GaussianMixture]) -> dict[str, Callable[..., None]]:
    return {
        name: test
        for module in ("test_gaussian_mixture", "test_mixture")
        for name, test in vars(_copy_with_our_class(module, ours)).items()
        if name.startswith("test_")
    }


def _tests() -> dict[str, Callable[..., None]]:
    found = _found(GaussianMixture)
    assert set(_LEFT_OUT) | _FROM_THEIR_START <= set(found)
    as_theirs = _found(partial(GaussianMixture, init_params="kmeans", tol=1e-3, max_iter=100))
    found |= {name: as_theirs[name] for name in _FROM_THEIR_START}
    return {name: test for name, test in found.items() if name not in _LEFT_OUT}


globals().update(_tests())
