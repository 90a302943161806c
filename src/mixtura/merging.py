"""`Merging`: components that overlap, put together into clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import entr, ndtri

from mixtura._typing import Float64Array, IntArray
from mixtura.errors import InputError
from mixtura.random_state import as_random_state

if TYPE_CHECKING:
    from mixtura.mixture import Mixture

__all__ = ["Merging", "merged"]


@dataclass(frozen=True, eq=False, repr=False)
class Merging:
    """Clusters made of the components of a mixture, and the tree of merges that led to them.

    `Mixture.merge` makes it. With K components there are K − 1 merges, numbered from 0; the tree is the same
    whatever the number of clusters, and `cut` gives another number from it.

    Attributes
    ----------
    mixture : Mixture
        The mixture, of K components.
    clusters : ndarray of shape (K,), int64
        The cluster of each component, from 0, the heaviest first.
    children : ndarray of shape (K − 1, 2), int64
        What each merge put together, as scikit-learn's `AgglomerativeClustering` numbers it: below K a
        component, K + s the result of merge s.
    overlaps : ndarray of shape (K − 1,)
        The overlap of those two before the merge: the probability that a row of the one is given to the
        other, whichever way round it is greater.
    errors : ndarray of shape (K − 1,)
        Standard errors of the overlaps; in one feature, bounds of their errors.
    entropies : ndarray of shape (K,)
        Mean entropy of the assignment of a row to the clusters, in nats, before any merge and after each.
    """

    mixture: Mixture
    clusters: IntArray
    children: IntArray
    overlaps: Float64Array
    errors: Float64Array
    entropies: Float64Array

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return int(self.clusters.max()) + 1

    @property
    def weights(self) -> Float64Array:
        """Sum of the weights of the components of each cluster, of shape (n_clusters,)."""
        weights: Float64Array = np.bincount(self.clusters, self.mixture.weights).astype(
            np.float64, copy=False
        )
        return weights

    def posterior(self, X: npt.ArrayLike, *, n_jobs: int | None = None) -> Float64Array:
        """Probability of each cluster given each row, (n_samples, n_clusters); as `Mixture.posterior`."""
        members = self.clusters[:, None] == np.arange(self.n_clusters)
        probabilities: Float64Array = self.mixture.posterior(X, n_jobs=n_jobs) @ members
        return probabilities

    def predict(self, X: npt.ArrayLike, *, n_jobs: int | None = None) -> IntArray:
        """Most probable cluster of each row, of shape (n_samples,); as `Mixture.predict`.

        That need not be the cluster of the most probable component: others may be more probable together.
        """
        return np.asarray(self.posterior(X, n_jobs=n_jobs).argmax(axis=1), dtype=np.int64)

    def cut(self, n_clusters: int) -> Merging:
        """Return the same tree with another number of clusters.

        Raises
        ------
        InputError
            If there are fewer components.
        """
        count = _count_of_clusters(n_clusters, len(self.clusters))
        return replace(self, clusters=_clusters(self.children, self.mixture.weights, count))

    def __repr__(self) -> str:
        count = self.n_clusters
        lines = [f"Merging of {len(self.clusters)} components into {count} cluster{'s' * (count != 1)}"]
        for c, weight in enumerate(self.weights):
            components = ", ".join(map(str, np.flatnonzero(self.clusters == c)))
            lines.append(f"{c}  weight {weight:.4g}  components {components}")
        return "\n".join(lines)


def merged(
    mixture: Mixture, n_clusters: int | None, threshold: float, n_samples: int, random_state: Any
) -> Merging:
    """Do what `Mixture.merge` is asked to."""
    k = mixture.n_components
    if not isinstance(threshold, Real) or isinstance(threshold, bool) or not 0 <= threshold <= 1:
        msg = f"threshold must be a probability, from 0 to 1, but got {threshold!r}"
        raise InputError(msg)
    if not _is_whole(n_samples) or n_samples < k:
        msg = f"n_samples must be an integer of at least {k}, one a component, but got {n_samples!r}"
        raise InputError(msg)
    count = None if n_clusters is None else _count_of_clusters(n_clusters, k)
    tree = _Tree(mixture, -(-int(n_samples) // k), random_state)
    steps = [tree.merge() for _ in range(k - 1)]
    children = np.array([pair for pair, _, _, _ in steps], dtype=np.int64).reshape(-1, 2)
    overlaps = np.array([overlap for _, overlap, _, _ in steps])
    if count is None:
        # The first pair that is apart ends it, even if a later one is not.
        apart = np.flatnonzero(overlaps <= threshold)
        count = k - int(apart[0]) if len(apart) else 1
    errors = np.array([error for _, _, error, _ in steps])
    entropies = np.array([tree.first_entropy, *(entropy for _, _, _, entropy in steps)])
    for array in (children, overlaps, errors, entropies):
        array.flags.writeable = False
    return Merging(
        mixture, _clusters(children, mixture.weights, count), children, overlaps, errors, entropies
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _count_of_clusters(value: Any, k: int) -> int:
    if not _is_whole(value) or not 1 <= value <= k:
        msg = f"n_clusters must be an integer from 1 to {k}, the number of components, but got {value!r}"
        raise InputError(msg)
    return int(value)


class _Tree:
    """The clusters so far, and what draws from each component say of them.

    All components have the same draws in white coordinates, so that their order and the units of the data
    change nothing, and a rare component has as many as the others. In one feature the draws are quantiles.
    """

    def __init__(self, mixture: Mixture, m: int, random_state: Any) -> None:
        k, d = mixture.n_components, mixture.n_features
        self._mixture = mixture
        self._covariances = mixture.expanded_covariances()
        self._line = d == 1
        if self._line:
            white = ndtri((np.arange(m) + 0.5) / m)[:, None]
        else:
            white = as_random_state(random_state).standard_normal((m, d))
        rows = np.concatenate(
            [mixture.means[j] + mixture.structure.colour(mixture.params.whitener, j, white) for j in range(k)]
        )
        # Probabilities of clusters, by component that a draw comes from, draw, and cluster.
        posterior = mixture.posterior(rows).reshape(k, m, k)
        self._p = [np.ascontiguousarray(posterior[:, :, j]) for j in range(k)]
        self._best, self._labels = posterior.max(axis=2), posterior.argmax(axis=2)
        self._weights = mixture.weights / mixture.weights.sum()
        self._members = [[j] for j in range(k)]
        self._nodes = list(range(k))
        self._n_nodes = k
        self._parts = np.array([self._mean_entropy(p) for p in self._p])
        self.first_entropy = float(self._parts.sum())

    def _mean_entropy(self, p: Float64Array) -> float:
        """Return the mean of −p log p over draws from the mixture."""
        return float(self._weights @ entr(p).mean(axis=1))

    def _shares(self, c: int) -> Float64Array:
        """Return the weights of the components within a cluster."""
        own = self._weights[self._members[c]]
        return own / own.sum() if own.sum() > 0 else np.full(len(own), 1.0 / len(own))

    def merge(self) -> tuple[tuple[int, int], float, float, float]:
        """Merge the two clusters that overlap most: which, their overlap, its error, and the entropy left."""
        n, m = len(self._members), self._labels.shape[1]
        given = np.stack([np.bincount(row, minlength=n) for row in self._labels]) / m
        overlap = np.stack([self._shares(c) @ given[self._members[c]] for c in range(n)])
        np.fill_diagonal(overlap, 0.0)
        of, to = divmod(int(overlap.argmax()), n) if overlap.any() else self._nearest()
        value, error = float(overlap[of, to]), self._error(of, to)
        a, b = min(of, to), max(of, to)
        nodes = (self._nodes[a], self._nodes[b])
        self._join(a, b)
        return nodes, value, error, float(max(self._parts.sum(), 0.0))

    def _nearest(self) -> tuple[int, int]:
        """Return the two clusters whose means are nearest, in the units of their covariances."""
        parts = [
            self._mixture._like(self._shares(c), self._mixture.means[k], self._covariances[k], "full", None)
            for c, k in enumerate(self._members)
        ]
        means = np.array([part.mean() for part in parts])
        covariances = np.array([part.covariance() for part in parts])
        a, b = np.triu_indices(len(parts), 1)
        t = means[a] - means[b]
        white = np.linalg.solve(covariances[a] + covariances[b], t[:, :, None])[:, :, 0]
        nearest = int(np.einsum("pi,pi->p", t, white).argmin())
        return int(a[nearest]), int(b[nearest])

    def _error(self, of: int, to: int) -> float:
        hits = self._labels[self._members[of]] == to
        m = int(hits.shape[1])
        if self._line:
            # Where the assignment changes, at most half a step between quantiles is on the wrong side.
            changes = (hits[:, 1:] != hits[:, :-1]).sum(axis=1)
            return 0.5 * float(self._shares(of) @ changes) / m
        return float(np.std(self._shares(of) @ hits)) / float(np.sqrt(m))

    def _join(self, a: int, b: int) -> None:
        p = self._p[a] + self._p.pop(b)
        self._p[a] = p
        self._members[a] += self._members.pop(b)
        self._nodes[a], self._n_nodes = self._n_nodes, self._n_nodes + 1
        self._nodes.pop(b)
        self._parts = np.delete(self._parts, b)
        self._parts[a] = self._mean_entropy(p) if len(self._members) > 1 else 0.0
        # Clusters after b move up; the new one takes the draws that it is now the most probable for.
        taken = (self._labels == b) | (p > self._best)
        self._labels = np.where(taken, a, self._labels - (self._labels > b))
        self._best = np.maximum(self._best, p)


def _clusters(children: IntArray, weights: Float64Array, n_clusters: int) -> IntArray:
    """Return the cluster of each component after as many merges as leave so many, the heaviest first."""
    k = len(weights)
    members = {j: [j] for j in range(k)}
    for s, (a, b) in enumerate(children[: k - n_clusters].tolist()):
        members[k + s] = members.pop(a) + members.pop(b)
    order = sorted(members.values(), key=lambda own: (-weights[own].sum(), min(own)))
    clusters = np.empty(k, dtype=np.int64)
    for c, own in enumerate(order):
        clusters[own] = c
    clusters.flags.writeable = False
    return clusters
