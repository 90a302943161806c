"""What follows from a mixture as a distribution: moments, parts of it, probabilities, information."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr, ndtri

from mixtura._typing import Float64Array, IntArray
from mixtura.covariance import CovarianceStructure
from mixtura.errors import InputError
from mixtura.merging import Merging, merged

if TYPE_CHECKING:
    from mixtura.mixture import Mixture

__all__ = ["Estimate", "MixtureCalculus"]

_DRAWN = 100_000
_MODE_STEPS = 1000
_MODE_STILL = 1e-12
# Modes closer than this share of the distribution's standard deviations are one.
_SAME_MODE = 1e-4


class Estimate(NamedTuple):
    """A mean over draws, and its standard error."""

    value: float
    error: float


class MixtureCalculus(ABC):
    """The half of `Mixture` that computes with the distribution as a whole."""

    @property
    @abstractmethod
    def weights(self) -> Float64Array:
        """π, of shape (K,)."""

    @property
    @abstractmethod
    def means(self) -> Float64Array:
        """μ, of shape (K, d)."""

    @property
    @abstractmethod
    def covariances(self) -> Float64Array:
        """Σ, in the shape of the structure."""

    @property
    @abstractmethod
    def structure(self) -> CovarianceStructure:
        """The covariance structure."""

    @property
    @abstractmethod
    def feature_names(self) -> tuple[str, ...] | None:
        """Names of the columns, if known."""

    @property
    @abstractmethod
    def n_features(self) -> int:
        """d."""

    @property
    @abstractmethod
    def n_components(self) -> int:
        """K."""

    @abstractmethod
    def expanded_covariances(self) -> Float64Array:
        """One covariance matrix a component, of shape (K, d, d), whatever the structure."""

    @abstractmethod
    def sample(self, n_samples: int = 1, random_state: Any = None) -> tuple[Float64Array, IntArray]:
        """Draw rows."""

    @abstractmethod
    def posterior(self, X: npt.ArrayLike, *, n_jobs: int | None = None) -> Float64Array:
        """Probability of each component given each row."""

    @abstractmethod
    def log_pdf(self, X: npt.ArrayLike, *, n_jobs: int | None = None) -> Float64Array:
        """Log-density of each row."""

    @abstractmethod
    def _like(
        self,
        weights: Float64Array,
        means: Float64Array,
        covariances: Float64Array,
        structure: CovarianceStructure | str,
        names: Sequence[str] | None,
    ) -> Self:
        """Return another mixture."""

    def mean(self) -> Float64Array:
        """E[x] = Σ_k π_k μ_k, of shape (d,)."""
        mean: Float64Array = self.weights @ self.means / self.weights.sum()
        return mean

    def covariance(self) -> Float64Array:
        """Cov[x] = Σ_k π_k (Σ_k + (μ_k − E[x])(μ_k − E[x])ᵀ), of shape (d, d)."""
        t = self.means - self.mean()
        weights = self.weights / self.weights.sum()
        covariance: Float64Array = np.tensordot(
            weights, self.expanded_covariances() + t[:, :, None] * t[:, None, :], axes=1
        )
        return covariance

    def marginal(self, features: Sequence[int | str]) -> Self:
        """Distribution of some features alone.

        Parameters
        ----------
        features : sequence of int or str
            Which, by number or name, in the order that they shall have.

        Returns
        -------
        Mixture
            Of the same structure.

        Raises
        ------
        InputError
            If a feature does not exist, is given twice, or none is given.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> Mixture([1.0], [[1.0, 2.0]], [[4.0, 9.0]], "diag").marginal([1]).covariances
        array([[9.]])
        """
        chosen = self._numbers(features)
        core = self.structure.core(self.covariances, *self.means.shape)
        if self.structure.is_dense:
            core = core[:, chosen][:, :, chosen]
        elif core.shape[1] > 1:
            core = core[:, chosen]
        public = self.structure.public(np.ascontiguousarray(core))
        return self._like(self.weights, self.means[:, chosen], public, self.structure, self._names(chosen))

    def conditional(self, given: Mapping[int | str, float]) -> Self:
        """Distribution of the other features where some are known.

        With a the unknown and b the known features, component k has the mean
        μ_a + Σ_ab Σ_bb⁻¹ (x_b − μ_b), the covariance Σ_aa − Σ_ab Σ_bb⁻¹ Σ_ba and a weight in proportion to
        π_k N(x_b; μ_b, Σ_bb).

        Parameters
        ----------
        given : mapping from int or str to float
            Features, by number or name, and their values.

        Returns
        -------
        Mixture
            With full covariances.

        Raises
        ------
        InputError
            If a feature does not exist, all are given or none, or a value is not finite.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> normal = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.8], [0.8, 1.0]]], "full")
        >>> known = normal.conditional({0: 2.0})
        >>> known.means.round(3), known.covariances.round(3)
        (array([[1.6]]), array([[[0.36]]]))
        """
        b = self._numbers(list(given))
        values = np.array([given[feature] for feature in given], dtype=np.float64)
        if not np.isfinite(values).all():
            msg = f"given must hold finite numbers, but got {dict(given)!r}"
            raise InputError(msg)
        a = np.setdiff1d(np.arange(self.n_features), b)
        if not len(a):
            msg = "all features are given: there is nothing left to have a distribution"
            raise InputError(msg)
        known = self.marginal(list(map(int, b)))
        covariances = self.expanded_covariances()
        means, left = np.empty((self.n_components, len(a))), np.empty((self.n_components, len(a), len(a)))
        for k, whole in enumerate(covariances):
            across = whole[np.ix_(a, b)]
            gain = cho_solve(cho_factor(whole[np.ix_(b, b)]), across.T).T
            means[k] = self.means[k, a] + gain @ (values - self.means[k, b])
            rest = whole[np.ix_(a, a)] - gain @ across.T
            left[k] = 0.5 * (rest + rest.T)
        weights = known.posterior(values[None])[0]
        return self._like(weights / weights.sum(), means, left, "full", self._names(a))

    def cdf(self, x: npt.ArrayLike) -> Float64Array:
        """P(X ≤ x) in one dimension, of the shape of x.

        Raises
        ------
        InputError
            If the mixture has more than one feature.
        """
        mu, sigma = self._line()
        z = (np.asarray(x, dtype=np.float64)[..., None] - mu) / sigma
        probability: Float64Array = ndtr(z) @ self.weights
        return probability

    def quantile(self, q: npt.ArrayLike) -> Float64Array:
        """The x with P(X ≤ x) = q in one dimension, of the shape of q.

        Parameters
        ----------
        q : array-like
            In (0, 1).

        Raises
        ------
        InputError
            If the mixture has more than one feature, or q is no probability between 0 and 1.
        """
        mu, sigma = self._line()
        probabilities = np.asarray(q, dtype=np.float64)
        if not ((probabilities > 0) & (probabilities < 1)).all():
            msg = f"q must be above 0 and below 1, but got {q!r}"
            raise InputError(msg)
        held = self.weights > 0
        found = np.empty(probabilities.size)
        for i, p in enumerate(probabilities.ravel()):
            # Between the least and the greatest quantile of a component.
            own = (mu + sigma * ndtri(p))[held]
            low, high = own.min(), own.max()
            # On the side of the nearer tail: differences from 1 have no digits.
            found[i] = low if low == high else brentq(self._excess, low, high, args=(p,), xtol=1e-300)
        return found.reshape(probabilities.shape)

    def _excess(self, x: float, p: float) -> float:
        mu, sigma = self._line()
        z = (x - mu) / sigma
        if p < 0.5:
            return float(np.exp(log_ndtr(z)) @ self.weights - p)
        return float((1.0 - p) - np.exp(log_ndtr(-z)) @ self.weights)

    def entropy(self, n_samples: int = _DRAWN, random_state: Any = None) -> Estimate:
        """−E[log p(x)] in nats, by draws: `value` and its standard `error`."""
        return _estimated(-self.log_pdf(self.sample(n_samples, random_state)[0]))

    def kl_divergence(self, other: Mixture, n_samples: int = _DRAWN, random_state: Any = None) -> Estimate:
        """E[log p(x) − log q(x)] in nats, q the `other` mixture, by draws from this one.

        Returns
        -------
        Estimate
            `value` and its standard `error`.

        Raises
        ------
        InputError
            If the other has another number of features.
        """
        rows = self.sample(n_samples, random_state)[0]
        return _estimated(self.log_pdf(rows) - other.log_pdf(rows))

    def highest_density_threshold(
        self, share: float, n_samples: int = _DRAWN, random_state: Any = None
    ) -> float:
        """Log-density at the border of the smallest region that holds a share of the probability, by draws.

        Raises
        ------
        InputError
            If the share does not lie between 0 and 1.
        """
        if not 0 < share < 1:
            msg = f"share must be above 0 and below 1, but got {share!r}"
            raise InputError(msg)
        return float(np.quantile(self.log_pdf(self.sample(n_samples, random_state)[0]), 1.0 - share))

    def modes(self) -> Float64Array:
        """Local maxima of the density, the highest first, of shape (m, d).

        From each mean by x ← (Σ_k r_k P_k)⁻¹ Σ_k r_k P_k μ_k, r the responsibilities at x and P the
        precisions, on which the density never falls (Carreira-Perpiñán, Mode-finding for mixtures of Gaussian
        distributions, IEEE PAMI 22, 2000).
        """
        precisions = np.linalg.inv(self.expanded_covariances())
        sd = np.sqrt(np.diagonal(self.covariance()))
        found: list[Float64Array] = []
        for start in self.means[self.weights > 0]:
            x = start
            for _ in range(_MODE_STEPS):
                r = self.posterior(x[None])[0]
                whole = np.tensordot(r, precisions, axes=1)
                pull = np.einsum("k,kij,kj->i", r, precisions, self.means)
                x, before = np.linalg.solve(whole, pull), x
                if (np.abs(x - before) <= _MODE_STILL * sd).all():
                    break
            if not any((np.abs(x - other) <= _SAME_MODE * sd).all() for other in found):
                found.append(x)
        modes = np.array(found)
        order: Float64Array = modes[np.argsort(-self.log_pdf(modes), kind="stable")]
        return order

    def merge(
        self,
        n_clusters: int | None = None,
        *,
        threshold: float = 0.025,
        n_samples: int = _DRAWN,
        random_state: Any = 0,
    ) -> Merging:
        """Put components that overlap together into clusters.

        A mixture has as many components as the shape of its density needs: a cluster that is no ellipse has
        several. Step by step those two clusters merge that are most often taken for each other: their overlap
        is the probability that the other is the most probable cluster for a row of the one, in the direction
        in which that is greater (DEMP in C. Hennig, Methods for merging Gaussian mixture components, Advances
        in Data Analysis and Classification 4, 2010). Once no draw is taken for one of another cluster, those
        merge whose means are nearest in the units of their covariances.

        Parameters
        ----------
        n_clusters : int, optional
            How many clusters; if None, merging ends when no overlap is above the threshold.
        threshold : float
            Used if `n_clusters` is None. At 0.025, two normals of one covariance and weight are one cluster
            where their means are closer than 3.9 standard deviations. Look at `Merging.overlaps` where much
            depends on it: a gap in them is a natural end.
        n_samples : int
            Draws in all, the same number from each component; they take K × n_samples numbers of memory. In
            one feature they are evenly spaced quantiles, and nothing is random.
        random_state : None, int, RandomState or Generator

        Returns
        -------
        Merging
            The cluster of each component, probabilities of clusters for rows, and the tree of merges.

        Raises
        ------
        InputError
            If there are more clusters than components or fewer draws, or the threshold is no probability.

        Examples
        --------
        >>> from sklearn.datasets import make_moons
        >>> from mixtura import GaussianMixture
        >>> X, moon = make_moons(2000, noise=0.1, random_state=0)
        >>> merging = GaussianMixture(16, random_state=0).fit(X).mixture_.merge()
        >>> merging.n_clusters
        2
        >>> bool((merging.predict(X) == moon).mean() in (0.0, 1.0))
        True
        """
        return merged(cast("Mixture", self), n_clusters, threshold, n_samples, random_state)

    def _line(self) -> tuple[Float64Array, Float64Array]:
        """Return means and standard deviations in one dimension."""
        if self.n_features != 1:
            msg = (
                f"a mixture in {self.n_features} features has no cdf: take one of them, by "
                "marginal([0]) for the first"
            )
            raise InputError(msg)
        return self.means[:, 0], np.sqrt(self.expanded_covariances()[:, 0, 0])

    def _numbers(self, features: Sequence[int | str]) -> IntArray:
        names = list(self.feature_names or ())
        numbers = [names.index(f) if isinstance(f, str) and f in names else f for f in features]
        sound = all(isinstance(j, (int, np.integer)) and 0 <= j < self.n_features for j in numbers)
        if not sound or len(set(numbers)) < len(numbers) or not numbers:
            known: list[Any] = list(names or range(self.n_features))
            msg = f"features must be some of {known}, each once, by name or number, but got {list(features)}"
            raise InputError(msg)
        return np.array(numbers, dtype=np.int64)

    def _names(self, chosen: IntArray) -> list[str] | None:
        return None if self.feature_names is None else [self.feature_names[j] for j in chosen]


def _estimated(values: Float64Array) -> Estimate:
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))
