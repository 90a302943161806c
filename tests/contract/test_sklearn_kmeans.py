"""scikit-learn's own tests of `KMeans`, with our class in its place."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from mixtura import KMeans

# These never touch the class, need what is private to scikit-learn's, or are about another estimator.
_LEFT_OUT = {
    "test_relocate_empty_clusters": "scikit-learn's private functions only",
    "test_minibatch_update_consistency": "MiniBatchKMeans",
    "test_minibatch_kmeans_partial_fit_init": "MiniBatchKMeans",
    "test_minibatch_kmeans_verbose": "MiniBatchKMeans",
    "test_minibatch_kmeans_warning_init_size": "MiniBatchKMeans",
    "test_minibatch_sensible_reassign": "MiniBatchKMeans",
    "test_minibatch_reassign": "MiniBatchKMeans",
    "test_minibatch_with_many_reassignments": "MiniBatchKMeans",
    "test_minibatch_kmeans_init_size": "MiniBatchKMeans",
    "test_minibatch_declared_convergence": "MiniBatchKMeans",
    "test_minibatch_iter_steps": "MiniBatchKMeans",
    "test_dense_sparse": "sparse matrices",
    "test_predict_dense_sparse": "sparse matrices",
    "test_k_means_function": "the function k_means",
    "test_n_init_auto": "reads a private attribute",
    "test_kmeans_init_auto_with_initial_centroids": "reads a private attribute",
    "test_warning_elkan_1_cluster": "'elkan' is no other algorithm here",
    "test_euclidean_distance": "scikit-learn's private functions only",
    "test_inertia": "scikit-learn's private functions only",
    "test_sample_weight_init": "calls _init_centroids",
    "test_sample_weight_zero": "calls _init_centroids",
    "test_kmeans_plusplus_wrong_params": "the function kmeans_plusplus",
    "test_kmeans_plusplus_output": "the function kmeans_plusplus",
    "test_kmeans_plusplus_norms": "the function kmeans_plusplus",
    "test_kmeans_plusplus_dataorder": "the function kmeans_plusplus",
    "test_is_same_clustering": "scikit-learn's private functions only",
}
_NO_CASES = ("sparse", "csr", "MiniBatchKMeans")


def _found() -> dict[str, Callable[..., None]]:
    spec = importlib.util.find_spec("sklearn.cluster.tests.test_k_means")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with patch("sklearn.cluster.KMeans", KMeans):
        spec.loader.exec_module(module)
    found = {name: test for name, test in vars(module).items() if name.startswith("test_")}
    assert set(_LEFT_OUT) <= set(found)
    return {name: _without_others(test) for name, test in found.items() if name not in _LEFT_OUT}


def _without_others(test: Callable[..., None]) -> Callable[..., None]:
    """Leave out the cases of other classes, and those of sparse matrices, which mixtures do not take."""
    marks = []
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize":
            names, values = mark.args
            kept = [value for value in values if not _is_other(value)]
            marks.append(pytest.mark.parametrize(names, kept).mark)
        else:
            marks.append(mark)
    test.pytestmark = marks  # type: ignore[attr-defined]
    return test


def _is_other(value: Any) -> bool:
    parts = value if isinstance(value, tuple) else (value,)
    return any(
        any(word in f"{getattr(part, '__name__', '')}{type(part).__name__}" for word in _NO_CASES)
        for part in parts
    )


@pytest.fixture
def global_random_seed() -> int:
    """The seed that scikit-learn's tests ask for."""
    return 42


globals().update(_found())


def test_the_class_is_ours() -> None:
    assert globals()["test_transform"].__globals__["KMeans"] is KMeans
    assert KMeans(2).fit(np.eye(3)).cluster_centers_.shape == (2, 3)
