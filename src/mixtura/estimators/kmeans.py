"""`KMeans`: scikit-learn's estimator over the kernel of nearest centres."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from numbers import Integral
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from mixtura import _native
from mixtura._typing import Float64Array, FloatArray, LabelArray
from mixtura.data import as_matrix, as_sample_weight
from mixtura.errors import InputError
from mixtura.estimators._rows import names_of, remember_names, rows_like_fit
from mixtura.estimators._settings import check_flag, check_integer, check_real, check_verbose
from mixtura.kmeans import Clustering, kmeans_plusplus, lloyd, unit_of
from mixtura.moments import DataMoments, data_moments
from mixtura.random_state import as_random_state
from mixtura.threads import resolve_n_jobs

__all__ = ["KMeans"]

_NAMES = ("k-means++", "random")
_ALGORITHMS = ("lloyd", "elkan")
# Starts for n_init="auto": one by k-means++ or given, ten where they are left to chance.
_MANY = 10


class KMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):  # type: ignore[misc]
    r"""k-means clustering: the centres with the least :math:`\sum_n w_n \min_k |x_n - c_k|^2`.

    Every parameter, method and attribute of scikit-learn's class means the same here, and from the same
    start it ends at the same centres. The result has the same bits at any number of threads, and rows far
    from the origin keep their digits: where squares could not tell two distances apart, differences do.
    Rows which cannot have changed their centre [3]_ are not compared with the others.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters, K.
    init : {'k-means++', 'random'}, callable or array-like of shape (n_clusters, n_features)
        'k-means++' (default): greedy seeding [1]_. 'random': rows, with probability proportional to their
        weights. A callable is called as `init(X, n_clusters, random_state=...)` and returns centres.
    n_init : 'auto' or int, default='auto'
        Starts of which the one with the least inertia is kept. 'auto': 10 for 'random' and callables, else 1.
    max_iter : int, default=300
        Steps of Lloyd's algorithm [2]_ at most.
    tol : float, default=1e-4
        A run ends when the centres move by no more than this share of the mean variance of the features,
        squared and summed, or no row changes its cluster.
    verbose : int, default=0
    random_state : None, int or RandomState
    copy_x : bool, default=True
        Accepted for scikit-learn's sake: X is never changed, and copied only where its type asks for it.
    algorithm : {'lloyd', 'elkan'}, default='lloyd'
        Accepted for scikit-learn's sake: both lead to the same clusters.
    n_jobs : int, optional
        Threads; None is all cores of the process.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
    labels_ : ndarray of shape (n_samples,), int32
        The nearest centre of each row of the fit.
    inertia_ : float
        The weighted sum of squared distances, in squared units of the data.
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)

    References
    ----------
    .. [1] Arthur and Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007.
    .. [2] Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28, 1982.
    .. [3] Hamerly, Making k-means even faster, SDM 2010.

    Examples
    --------
    >>> from mixtura import KMeans
    >>> X = [[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]]
    >>> model = KMeans(2, random_state=0).fit(X)
    >>> sorted(model.cluster_centers_.tolist())
    [[1.0, 2.0], [10.0, 2.0]]
    >>> model.inertia_
    16.0
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: str | npt.ArrayLike | Callable[..., Any] = "k-means++",
        n_init: str | int = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: str = "lloyd",
        n_jobs: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.copy_x = copy_x
        self.algorithm = algorithm
        self.n_jobs = n_jobs

    def fit(self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Find the centres.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            Case weights: weight 2 is the row twice, weight 0 no row.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If data or parameters cannot be used; nothing has changed then.

        Warns
        -----
        ConvergenceWarning
            If there are fewer different rows than clusters.
        """
        self._fit(X, sample_weight)
        return self

    def _fit(self, X: npt.ArrayLike, sample_weight: npt.ArrayLike | None) -> FloatArray:
        n_init, max_iter, n_threads = self._check_settings()
        rows = as_matrix(X, estimator=self)
        weight = as_sample_weight(sample_weight, rows.shape[0])
        if rows.shape[0] < self.n_clusters:
            msg = (
                f"n_samples={rows.shape[0]} should be >= n_clusters={self.n_clusters}: "
                "ask for fewer clusters or give more rows"
            )
            raise InputError(msg)
        names = names_of(X)
        rng = as_random_state(self.random_state)
        moments = data_moments(rows, None, dense=False, n_threads=n_threads)
        tol = float(self.tol) * float(moments.variances.mean())
        best: Clustering | None = None
        for _ in range(n_init):
            start = self._start(rows, weight, moments, rng, n_threads)
            if self.verbose:
                sys.stdout.write("Initialization complete\n")
            found = lloyd(
                rows,
                weight,
                start,
                centre=moments.mean,
                tol=tol,
                n_threads=n_threads,
                max_iter=max_iter,
                report=_told if self.verbose else None,
            )
            if self.verbose:
                _tell_end(found, tol)
            if best is None or (found.inertia < best.inertia and not _is_same(found, best)):
                best = found
        assert best is not None
        self._store(best, rows, weight, moments.mean, n_threads)
        remember_names(self, rows.shape[1], names)
        n_distinct = np.count_nonzero(np.bincount(self.labels_, minlength=self.n_clusters))
        if n_distinct < self.n_clusters:
            msg = (
                f"Number of distinct clusters ({n_distinct}) found smaller than n_clusters "
                f"({self.n_clusters}). Possibly due to duplicate points in X."
            )
            warnings.warn(msg, ConvergenceWarning, stacklevel=3)
        return rows

    def _check_settings(self) -> tuple[int, int, int]:
        """Return starts, steps at most, and threads."""
        check_integer("n_clusters", self.n_clusters, 1)
        max_iter = check_integer("max_iter", self.max_iter, 1)
        check_real("tol", self.tol)
        check_flag("copy_x", self.copy_x)
        check_verbose(self.verbose)
        if not isinstance(self.algorithm, str) or self.algorithm not in _ALGORITHMS:
            msg = f"algorithm must be one of {', '.join(map(repr, _ALGORITHMS))}, but got {self.algorithm!r}"
            raise InputError(msg)
        init: Any = self.init
        given = not isinstance(init, str) and not callable(init)
        if np.ndim(init) != 2 if given else isinstance(init, str) and init not in _NAMES:
            msg = (
                f"init must be one of {', '.join(map(repr, _NAMES))}, an array of centres of shape "
                f"(n_clusters, n_features), or a callable, but got {init!r}"
            )
            raise InputError(msg)
        n_init = 1 if given or init == _NAMES[0] else _MANY
        if not isinstance(self.n_init, str) or self.n_init != "auto":
            if not isinstance(self.n_init, Integral):
                msg = f"n_init must be 'auto' or an integer of at least 1, but got {self.n_init!r}"
                raise InputError(msg)
            n_init = check_integer("n_init", self.n_init, 1)
        if given and n_init != 1:
            msg = (
                "Explicit initial center position passed: performing only one init in KMeans instead of "
                f"n_init={n_init}."
            )
            warnings.warn(msg, RuntimeWarning, stacklevel=4)
            n_init = 1
        return n_init, max_iter, resolve_n_jobs(self.n_jobs)

    def _start(
        self,
        rows: FloatArray,
        weight: Float64Array | None,
        moments: DataMoments,
        rng: np.random.RandomState,
        n_threads: int,
    ) -> Float64Array:
        """Return the first centres."""
        k = int(self.n_clusters)
        if not isinstance(self.init, str):
            init = self.init(rows, k, random_state=rng) if callable(self.init) else self.init
            return _as_centers(init, k, rows.shape[1])
        if self.init == _NAMES[0]:
            seeds = kmeans_plusplus(
                rows, weight, k, rng, centre=moments.mean, variance=moments.variances, n_threads=n_threads
            )
        else:
            if weight is not None and np.count_nonzero(weight) < k:
                msg = f"init='random' needs {k} rows of a weight above 0: ask for fewer clusters"
                raise InputError(msg)
            p = None if weight is None else weight / weight.sum()
            seeds = rng.choice(len(rows), size=k, replace=False, p=p)
        return np.ascontiguousarray(rows[seeds], dtype=np.float64)

    def _store(
        self,
        found: Clustering,
        rows: FloatArray,
        weight: Float64Array | None,
        centre: Float64Array,
        n_threads: int,
    ) -> None:
        labels, inertia = found.labels, found.inertia
        centers = found.centers.astype(rows.dtype)
        if centers.dtype != np.float64:
            # Labels and inertia are those of the centres that are shown.
            shown = centers.astype(np.float64)
            labels, distance = _native.nearest(rows, centre, shown, unit_of(shown - centre), n_threads)
            inertia = float(distance.sum() if weight is None else weight @ distance)
        self.cluster_centers_ = centers
        self.labels_ = labels
        self.inertia_ = float(inertia)
        self.n_iter_ = found.n_iter

    def _rows(self, X: Any) -> FloatArray:
        check_is_fitted(self, "cluster_centers_")
        return rows_like_fit(self, X, self.cluster_centers_.shape[1])

    def _nearest(self, X: Any) -> tuple[LabelArray, Float64Array]:
        rows = self._rows(X)
        centers = np.ascontiguousarray(self.cluster_centers_, dtype=np.float64)
        centre = centers.mean(axis=0)
        unit = unit_of(centers - centre)
        return _native.nearest(rows, centre, centers, unit, resolve_n_jobs(self.n_jobs))

    def predict(self, X: npt.ArrayLike) -> LabelArray:
        """Nearest centre of each row, of shape (n_samples,), int32.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        return self._nearest(X)[0]

    def fit_predict(
        self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> LabelArray:
        """Find the centres, and return the nearest of each row; parameters as `fit`."""
        self._fit(X, sample_weight)
        return self.labels_

    def transform(self, X: npt.ArrayLike) -> FloatArray:
        """Distance of each row from each centre, of shape (n_samples, n_clusters).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        rows = self._rows(X)
        distances: FloatArray = cdist(rows, self.cluster_centers_).astype(rows.dtype, copy=False)
        return distances

    def fit_transform(
        self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> FloatArray:
        """Find the centres, and return the distances from them; parameters as `fit`."""
        return self.transform(self._fit(X, sample_weight))

    def score(self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None) -> float:
        """Minus the weighted sum of squared distances from the nearest centres.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
        """
        _, distance = self._nearest(X)
        weight = as_sample_weight(sample_weight, len(distance))
        return -float(distance.sum() if weight is None else weight @ distance)

    @property
    def _n_features_out(self) -> int:
        """Count of columns that `transform` returns; scikit-learn's name."""
        return int(self.cluster_centers_.shape[0])


def _as_centers(given: Any, k: int, d: int) -> Float64Array:
    centers = np.array(as_matrix(given), dtype=np.float64, order="C")
    for has, what, needed in (
        (centers.shape[0], "number of clusters", k),
        (centers.shape[1], "number of features of the data", d),
    ):
        if has != needed:
            msg = f"The shape of the initial centers {centers.shape} does not match the {what} {needed}."
            raise InputError(msg)
    return centers


def _is_same(one: Clustering, other: Clustering) -> bool:
    """Whether two clusterings differ by the order of their clusters at most."""
    k = len(one.centers)
    pairs = np.unique(one.labels.astype(np.int64) * k + other.labels)
    return len(pairs) == len(np.unique(pairs // k)) == len(np.unique(pairs % k))


def _told(step: int, inertia: float) -> None:
    sys.stdout.write(f"Iteration {step}, inertia {inertia}.\n")


def _tell_end(found: Clustering, tol: float) -> None:
    at = f"Converged at iteration {found.n_iter - 1}:"
    if found.shift is None:
        sys.stdout.write(f"{at} strict convergence.\n")
    elif found.shift <= tol:
        sys.stdout.write(f"{at} center shift {found.shift} within tolerance {tol}.\n")
