"""Merged components against a plain loop, closed forms, and what must not change an answer."""

from __future__ import annotations

import pickle
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.cluster import AgglomerativeClustering
from sklearn.datasets import make_moons
from sklearn.metrics import adjusted_rand_score

from mixtura import GaussianMixture, Mixture
from mixtura.covariance import STRUCTURES
from mixtura.errors import InputError

Array = np.ndarray[Any, Any]
# Two far clusters, each of two components that overlap, one of them twice as wide.
PAIRS = Mixture(
    [0.1, 0.4, 0.3, 0.2],
    [[0.0, 0.0], [20.0, 1.0], [21.0, 0.0], [0.5, 1.5]],
    [
        [[1.0, 0.3], [0.3, 1.0]],
        [[1.0, 0.0], [0.0, 4.0]],
        [[2.0, -0.5], [-0.5, 1.0]],
        [[1.5, 0.0], [0.0, 1.0]],
    ],
    "full",
)


def fitted(k: int = 8, structure: str = "full") -> Mixture:
    X = np.random.default_rng(0).normal(size=(600, 3)) ** 3 + np.array([3.0, 0.0, -2.0]) * (
        np.arange(600)[:, None] % 3
    )
    return (
        GaussianMixture(k, covariance_type=structure, covariance_prior="auto", random_state=0).fit(X).mixture_
    )


def apart(mixture: Mixture, clusters: list[list[int]], a: int, b: int) -> float:
    """Return the squared distance of the means of two clusters in the units of their covariances."""
    means, covariances = [], []
    for own in (clusters[a], clusters[b]):
        rows = Mixture(
            mixture.weights[own] / mixture.weights[own].sum(),
            mixture.means[own],
            mixture.expanded_covariances()[own],
            "full",
        )
        means.append(rows.mean())
        covariances.append(rows.covariance())
    t = means[0] - means[1]
    return float(t @ np.linalg.inv(sum(covariances)) @ t)


def plain(mixture: Mixture, n_samples: int, seed: int) -> tuple[list[Any], list[float], list[float]]:
    """Merge with everything computed anew at each step, from the definition, with the same draws."""
    k, d = mixture.n_components, mixture.n_features
    m = -(-n_samples // k)
    white = np.random.RandomState(seed).standard_normal((m, d))
    pi, covariances = mixture.weights, mixture.expanded_covariances()
    draws = [mixture.means[j] + white @ np.linalg.cholesky(covariances[j]).T for j in range(k)]
    tau = [mixture.posterior(rows) for rows in draws]
    clusters = [[j] for j in range(k)]
    merges, overlaps, entropies = [], [], []
    while True:
        entropy, confusion = 0.0, np.zeros((len(clusters), len(clusters)))
        for j in range(k):
            p = np.column_stack([tau[j][:, own].sum(axis=1) for own in clusters])
            entropy -= pi[j] * np.sum(p * np.log(np.where(p > 0, p, 1.0))) / m
            home = next(c for c, own in enumerate(clusters) if j in own)
            for c in range(len(clusters)):
                confusion[home, c] += pi[j] / pi[clusters[home]].sum() * np.mean(p.argmax(axis=1) == c)
        entropies.append(entropy)
        if len(clusters) == 1:
            return merges, overlaps, entropies
        np.fill_diagonal(confusion, 0.0)
        a, b = sorted(np.unravel_index(confusion.argmax(), confusion.shape))
        if confusion.max() == 0:
            a, b = min(
                combinations(range(len(clusters)), 2), key=lambda pair: apart(mixture, clusters, *pair)
            )
        overlaps.append(confusion.max())
        merges.append(frozenset((*clusters[a], *clusters[b])))
        clusters[a] = clusters[a] + clusters[b]
        del clusters[b]


def results(children: Array, k: int) -> list[frozenset[int]]:
    """Return the components within what each merge made."""
    nodes = [frozenset((j,)) for j in range(k)]
    for a, b in children:
        nodes.append(nodes[a] | nodes[b])
    return nodes[k:]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_merges_are_those_of_a_plain_loop(structure) -> None:
    mixture = fitted(7, structure)
    merging = mixture.merge(n_samples=5000, random_state=3)
    merges, overlaps, entropies = plain(mixture, 5000, 3)
    assert results(merging.children, 7) == merges
    np.testing.assert_allclose(merging.overlaps, overlaps, atol=1e-12)
    np.testing.assert_allclose(merging.entropies, entropies, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_merges_of_crowds_of_components_are_those_of_a_plain_loop(seed) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(12, 2.0))
    means = rng.normal(size=(12, 2)) + np.repeat([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]], 4, axis=0)
    mixture = Mixture(weights, means, rng.uniform(0.2, 2.0, size=(12, 2)), "diag")
    merging = mixture.merge(n_samples=6000, random_state=seed)
    merges, overlaps, entropies = plain(mixture, 6000, seed)
    assert results(merging.children, 12) == merges
    np.testing.assert_allclose(merging.overlaps, overlaps, atol=1e-12)
    np.testing.assert_allclose(merging.entropies, entropies, atol=1e-12)


@pytest.mark.parametrize(("apart", "ratio"), [(1.0, 1.0), (3.0, 1.0), (2.0, 3.0), (3.9, 1.0)])
def test_in_one_feature_overlaps_are_exact(apart, ratio) -> None:
    mixture = Mixture([0.3, 0.7], [[0.0], [apart]], [1.0, ratio**2], "spherical")
    x = np.linspace(-60, 60, 2_000_001)
    second = 0.7 * norm(apart, ratio).pdf(x) > 0.3 * norm(0, 1).pdf(x)
    exact = max(
        np.trapezoid(second * norm(0, 1).pdf(x), x), np.trapezoid(~second * norm(apart, ratio).pdf(x), x)
    )
    merging = mixture.merge(random_state=np.random.RandomState(5))
    assert abs(merging.overlaps[0] - exact) <= merging.errors[0] + 1e-5
    assert merging.errors[0] <= 2e-5
    assert mixture.merge(random_state=1).overlaps == merging.overlaps


def test_errors_are_those_of_many_seeds() -> None:
    # A cluster of two components is mistaken for the third more often than the other way round.
    mixture = Mixture([0.2, 0.1, 0.7], [[0.0, 0.0], [0.5, 0.5], [3.0, 0.0]], [1.0, 1.5, 1.0], "spherical")
    truth = mixture.merge(n_samples=1_000_000).overlaps
    runs = [mixture.merge(n_samples=3000, random_state=seed) for seed in range(200)]
    got = np.array([run.overlaps for run in runs])
    error = np.mean([run.errors for run in runs], axis=0)
    np.testing.assert_allclose(got.std(axis=0), error, rtol=0.2)
    assert (np.abs(got.mean(axis=0) - truth) < 0.3 * error).all()


def test_two_far_clusters_of_two_components_are_found() -> None:
    merging = PAIRS.merge()
    np.testing.assert_array_equal(merging.clusters, [1, 0, 0, 1])
    np.testing.assert_allclose(merging.weights, [0.7, 0.3])
    assert merging.overlaps[0] > merging.overlaps[1] > 0.1
    assert merging.overlaps[2] < 1e-6
    assert merging.entropies[-1] == 0.0
    assert (np.diff(merging.entropies) <= 1e-12).all()
    assert PAIRS.merge(threshold=1.0).n_clusters == 4
    assert PAIRS.merge(threshold=0.0, n_samples=4000).n_clusters == 2


@pytest.mark.parametrize("noise", [0.05, 0.1])
def test_sixteen_components_of_two_moons_are_two_clusters(noise) -> None:
    X, moon = make_moons(2000, noise=noise, random_state=0)
    merging = GaussianMixture(16, random_state=0).fit(X).mixture_.merge()
    assert merging.n_clusters == 2
    assert adjusted_rand_score(moon, merging.predict(X)) > 0.99


def test_the_order_of_components_changes_nothing() -> None:
    mixture = fitted()
    order = np.random.default_rng(1).permutation(8)
    other = Mixture(mixture.weights[order], mixture.means[order], mixture.covariances[order], "full")
    for count in (None, 3, 5):
        a, b = (m.merge(count, n_samples=8000) for m in (mixture, other))
        np.testing.assert_allclose(a.overlaps, b.overlaps, atol=1e-12)
        np.testing.assert_array_equal(a.clusters[order], b.clusters)
        assert results(a.children, 8) == [frozenset(order[list(m)]) for m in results(b.children, 8)]


def test_clusters_without_any_overlap_merge_by_distance_in_any_order() -> None:
    # In the units of the wide component the far one is the nearer.
    weights, variances = np.array([0.25, 0.25, 0.5]), np.array([1.0, 1.0, 400.0])
    means = np.array([[0.0, 0.0], [90.0, 0.0], [0.0, 900.0]])
    for order in permutations(range(3)):
        k = list(order)
        merging = Mixture(weights[k], means[k], variances[k], "spherical").merge()
        assert merging.n_clusters == 3
        made = [frozenset(k[j] for j in group) for group in results(merging.children, 3)]
        assert made == [frozenset((0, 2)), frozenset((0, 1, 2))]


def test_units_change_nothing() -> None:
    mixture = fitted()
    scale, shift = np.array([1e6, 1e-3, 40.0]), np.array([5.0, -1e4, 0.0])
    other = Mixture(
        mixture.weights, mixture.means * scale + shift, mixture.covariances * np.outer(scale, scale), "full"
    )
    a, b = mixture.merge(n_samples=8000), other.merge(n_samples=8000)
    np.testing.assert_array_equal(a.children, b.children)
    np.testing.assert_array_equal(a.clusters, b.clusters)
    np.testing.assert_allclose(a.overlaps, b.overlaps, atol=1e-3)


def test_probabilities_and_labels_are_those_of_the_clusters() -> None:
    merging = PAIRS.merge()
    rows = PAIRS.sample(500, 0)[0]
    p = PAIRS.posterior(rows)
    np.testing.assert_allclose(
        merging.posterior(rows), np.column_stack([p[:, [1, 2]].sum(1), p[:, [0, 3]].sum(1)])
    )
    np.testing.assert_array_equal(merging.predict(rows), merging.posterior(rows).argmax(axis=1))
    assert merging.predict(rows).dtype == np.int64


def test_the_tree_can_be_cut_elsewhere_and_is_numbered_as_scikit_learns() -> None:
    mixture = fitted()
    merging = mixture.merge()
    for count in range(1, 9):
        cut = merging.cut(count)
        assert cut.n_clusters == mixture.merge(count).n_clusters == count
        np.testing.assert_array_equal(cut.clusters, mixture.merge(count).clusters)
        assert (np.diff(cut.weights) <= 0).all()
    assert merging.children.shape == AgglomerativeClustering().fit(mixture.means).children_.shape
    assert sorted(merging.children.ravel()) == list(range(2 * 8 - 2))
    again = pickle.loads(pickle.dumps(merging))
    np.testing.assert_array_equal(again.clusters, merging.clusters)
    assert again.mixture == mixture


def test_one_component_and_one_without_weight() -> None:
    one = Mixture([1.0], [[0.0, 0.0]], 1.0, "tied_spherical").merge()
    assert (one.n_clusters, len(one.children), one.entropies.tolist()) == (1, 0, [0.0])
    empty = Mixture([0.5, 0.5, 0.0], [[0.0], [9.0], [0.4]], [1.0, 1.0, 1.0], "spherical").merge()
    np.testing.assert_array_equal(empty.clusters, [0, 1, 0])
    assert empty.overlaps[0] > 0.9999


def test_a_merging_is_a_value_that_shows_itself() -> None:
    merging = PAIRS.merge()
    assert repr(merging).splitlines() == [
        "Merging of 4 components into 2 clusters",
        "0  weight 0.7  components 1, 2",
        "1  weight 0.3  components 0, 3",
    ]
    with pytest.raises(ValueError, match="read-only"):
        merging.clusters[0] = 3
    with pytest.raises(AttributeError):
        merging.clusters = merging.clusters


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_clusters": 5}, "n_clusters must be an integer from 1 to 4, the number of components, but got 5"),
        ({"n_clusters": 0}, "n_clusters"),
        ({"n_clusters": True}, "n_clusters"),
        ({"n_clusters": 2.0}, "n_clusters"),
        ({"threshold": 1.5}, "threshold must be a probability"),
        ({"threshold": float("nan")}, "threshold"),
        ({"threshold": "low"}, "threshold"),
        ({"n_samples": 3}, "n_samples must be an integer of at least 4, one a component"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_what_cannot_be_merged_is_refused(arguments, words) -> None:
    with pytest.raises(InputError, match=words):
        PAIRS.merge(**arguments)
    with pytest.raises(InputError, match="n_clusters must be an integer from 1 to 4"):
        PAIRS.merge().cut(9)
