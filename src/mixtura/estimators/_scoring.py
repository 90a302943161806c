"""What a fitted mixture estimator can say about rows: the half of `GaussianMixture` that does not fit."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, DensityMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from mixtura._typing import FloatArray, IntArray
from mixtura.backends import NativeBackend, Scores
from mixtura.covariance import CovarianceStructure, resolve
from mixtura.data import ChunkSource, as_sample_weight, as_source
from mixtura.errors import InputError
from mixtura.estimators._rows import rows_like_fit, stream_like_fit
from mixtura.estimators._stream_sample import refuse_weights_beside
from mixtura.mixture import Mixture
from mixtura.params import Params, log_det_of
from mixtura.random_state import as_random_state
from mixtura.threads import resolve_n_jobs

__all__ = ["MixtureScorer"]

_Array = TypeVar("_Array", bound=npt.NDArray[Any])

_BLOCK_ROWS = 65536
# What the scores are made of. Code that sets these by hand, as scikit-learn allows, is heard.
_PARAMETERS = frozenset({"weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"})


class MixtureScorer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, DensityMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """Scores, labels, criteria and samples of a fitted mixture."""

    def __setattr__(self, name: str, value: Any) -> None:
        # Parameters set by hand replace the fit's: `mixture_` would contradict them.
        if name in _PARAMETERS:
            self.__dict__.pop("mixture_", None)
        super().__setattr__(name, value)

    def _set_fitted(self, mixture: Mixture, dtype: np.dtype[Any]) -> None:
        """Show a distribution as scikit-learn's attributes, in the dtype of the data."""
        structure = mixture.structure
        _, precisions = structure.unwhiten(mixture.params.whitener)

        def shown(array: npt.NDArray[np.float64]) -> FloatArray:
            # Read-only, as scores come from `mixture_`: a change in place would not be heard.
            public: FloatArray = np.array(array, dtype=dtype)
            public.flags.writeable = False
            return public

        self.weights_ = shown(mixture.weights)
        self.means_ = shown(mixture.means)
        self.covariances_ = shown(mixture.covariances)
        self.precisions_ = shown(structure.public(precisions))
        self.precisions_cholesky_ = shown(structure.public(mixture.params.whitener))
        self.mixture_ = mixture

    def _set_history(self, trace: npt.NDArray[np.float64], *, n_iter: int, stopping_reason: str) -> None:
        """Show how a fit went."""
        self.converged_ = stopping_reason == "converged"
        self.stopping_reason_ = stopping_reason
        self.n_iter_ = n_iter
        self.trace_ = trace
        self.lower_bound_ = float(trace[-1]) if len(trace) else -np.inf
        self.lower_bounds_ = [float(value) for value in trace[:-1]]

    @property
    def _structure(self) -> CovarianceStructure:
        structure: CovarianceStructure = resolve(self.covariance_type)
        return structure

    def _params(self) -> Params:
        """Return the parameters of the fit, or those that were set by hand."""
        if "mixture_" in self.__dict__:
            params: Params = self.mixture_.params
            return params
        means = np.ascontiguousarray(self.means_, dtype=np.float64)
        weights = np.ascontiguousarray(self.weights_, dtype=np.float64)
        whitener = self._structure.core(
            np.ascontiguousarray(self.precisions_cholesky_, dtype=np.float64), *means.shape
        )
        return Params(weights, means, whitener, log_det_of(whitener, means.shape[1]))

    def _mixture(self) -> Mixture:
        """Return the distribution, built from attributes if those were set by hand."""
        if "mixture_" in self.__dict__:
            mixture: Mixture = self.mixture_
            return mixture
        params = self._params()
        covariances, _ = self._structure.unwhiten(params.whitener)
        return Mixture(params.weights, params.means, self._structure.public(covariances), self._structure)

    def _rows(self, X: Any) -> FloatArray:
        """Check rows against the fit."""
        if "means_" not in self.__dict__:
            check_is_fitted(self, "means_")
        return rows_like_fit(self, X, self.means_.shape[1])

    def _parts(
        self, X: Any, sample_weight: npt.ArrayLike | None = None
    ) -> Iterator[tuple[FloatArray, npt.NDArray[np.float64] | None]]:
        """Yield rows, checked against the fit, with weights: all of an array, or a source block by block."""
        source = as_source(X)
        if source is None:
            rows = self._rows(X)
            yield rows, as_sample_weight(sample_weight, rows.shape[0])
            return
        check_is_fitted(self, "means_")
        refuse_weights_beside(sample_weight)
        with closing(iter(stream_like_fit(self, source, self.means_.shape[1]))) as blocks:
            yield from blocks

    def _score(self, rows: FloatArray, **wanted: bool) -> Scores:
        params = self._params()
        backend = NativeBackend(rows, centre=params.centre, n_threads=resolve_n_jobs(self.n_jobs))
        return backend.score(params, **wanted)

    def score_samples(self, X: npt.ArrayLike | ChunkSource) -> FloatArray:
        """Log-density of each row, log p(x) = log Σ_k π_k N(x; μ_k, Σ_k).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or mixtura.data.ChunkSource

        Returns
        -------
        ndarray of shape (n_samples,)
            In nats, per unit of volume of the data: it may be positive.
        """
        parts = self._parts(X)
        return _joined([np.asarray(self._score(x, log_prob=True).log_prob, x.dtype) for x, _ in parts])

    def score(
        self, X: npt.ArrayLike | ChunkSource, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> float:
        """Mean log-density a row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or mixtura.data.ChunkSource
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            Case weights.

        Returns
        -------
        float
            In nats. Without weights the mean of `score_samples(X)`, in its dtype.
        """
        if sample_weight is None and as_source(X) is None:
            return float(self.score_samples(X).mean())
        log_likelihood, n = self._log_likelihood(X, sample_weight)
        return log_likelihood / n

    def _log_likelihood(self, X: Any, sample_weight: npt.ArrayLike | None) -> tuple[float, float]:
        """Return L of all rows, and N."""
        total = n = 0.0
        for rows, weight in self._parts(X, sample_weight):
            log_prob = np.asarray(self._score(rows, log_prob=True).log_prob)
            if weight is None:
                total += float(log_prob.sum())
                n += len(rows)
            else:
                total += float(weight[weight > 0] @ log_prob[weight > 0])
                n += float(weight.sum())
        _require_weight(n)
        return total, n

    def predict(self, X: npt.ArrayLike | ChunkSource) -> IntArray:
        """Most probable component of each row; the first, if several are.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or mixtura.data.ChunkSource

        Returns
        -------
        ndarray of shape (n_samples,), int64
        """
        return _joined([np.asarray(self._score(x, labels=True).labels) for x, _ in self._parts(X)])

    def predict_proba(self, X: npt.ArrayLike | ChunkSource) -> FloatArray:
        """Responsibilities r_nk = π_k N(x_n; μ_k, Σ_k) / p(x_n).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or mixtura.data.ChunkSource

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            Rows sum to one.
        """
        parts = self._parts(X)
        return _joined([np.asarray(self._score(x, resp=True).resp, x.dtype) for x, _ in parts])

    def transform(self, X: npt.ArrayLike | ChunkSource) -> FloatArray:
        """Responsibilities as features, for pipelines; the same as `predict_proba`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or mixtura.data.ChunkSource

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            A data frame if `set_output` asked for one.
        """
        return self.predict_proba(X)

    @property
    def _n_features_out(self) -> int:
        """Count of columns that `transform` returns; scikit-learn's name."""
        return int(self.means_.shape[0])

    def sample(self, n_samples: int = 1) -> tuple[npt.NDArray[np.float64], IntArray]:
        """Draw rows from the fitted mixture.

        Parameters
        ----------
        n_samples : int
            How many, at least 1.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Ordered by component.
        labels : ndarray of shape (n_samples,), int64
            The component that each row came from.
        """
        check_is_fitted(self, "means_")
        if n_samples < 1:
            msg = f"Invalid value for 'n_samples': {n_samples}. Sampling needs at least one sample."
            raise InputError(msg)
        rows, labels = self._mixture().sample(n_samples, random_state=as_random_state(self.random_state))
        return rows, labels

    def _n_parameters(self) -> int:
        """Count of free parameters; scikit-learn's name, which code in the wild calls."""
        k, d = (int(size) for size in self.means_.shape)
        return k - 1 + k * d + self._structure.n_parameters(k, d)

    def bic(self, X: npt.ArrayLike | ChunkSource, sample_weight: npt.ArrayLike | None = None) -> float:
        """Bayesian information criterion, −2L + p log N (Schwarz, 1978): the lower the better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or mixtura.data.ChunkSource
        sample_weight : array-like of shape (n_samples,), optional
            Case weights; N is then their sum.

        Returns
        -------
        float
        """
        log_likelihood, n = self._log_likelihood(X, sample_weight)
        return -2.0 * log_likelihood + self._n_parameters() * float(np.log(n))

    def aic(self, X: npt.ArrayLike | ChunkSource, sample_weight: npt.ArrayLike | None = None) -> float:
        """Akaike information criterion, −2L + 2p (Akaike, 1974): the lower the better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or mixtura.data.ChunkSource
        sample_weight : array-like of shape (n_samples,), optional
            Case weights.

        Returns
        -------
        float
        """
        log_likelihood, _ = self._log_likelihood(X, sample_weight)
        return -2.0 * log_likelihood + 2.0 * self._n_parameters()

    def icl(self, X: npt.ArrayLike | ChunkSource, sample_weight: npt.ArrayLike | None = None) -> float:
        """Integrated completed likelihood, BIC − 2 Σ_n log max_k r_nk: the lower the better.

        A BIC that also asks for well-separated components (Biernacki, Celeux and Govaert, 2000).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or mixtura.data.ChunkSource
        sample_weight : array-like of shape (n_samples,), optional
            Case weights; N is then their sum.

        Returns
        -------
        float
        """
        return self._icl(self._parts(X, sample_weight))

    def _icl(self, parts: Iterable[tuple[FloatArray, npt.NDArray[np.float64] | None]]) -> float:
        log_likelihood = doubt = n = 0.0
        for rows, weight in parts:
            n += len(rows) if weight is None else float(weight.sum())
            for low in range(0, rows.shape[0], _BLOCK_ROWS):
                block = slice(low, low + _BLOCK_ROWS)
                scores = self._score(rows[block], log_prob=True, resp=True)
                certainty = np.asarray(scores.resp).max(axis=1)
                held = slice(None) if weight is None else weight[block] > 0
                w = np.ones(len(certainty)) if weight is None else weight[block]
                log_likelihood += float(w[held] @ np.asarray(scores.log_prob)[held])
                doubt += float(w[held] @ np.log(certainty[held]))
        _require_weight(n)
        return -2.0 * log_likelihood + self._n_parameters() * float(np.log(n)) - 2.0 * doubt


def _joined(parts: list[_Array]) -> _Array:
    if len(parts) == 1:
        return parts[0]
    joined: _Array = np.concatenate(parts)  # type: ignore[assignment]  # of the same dtype
    return joined


def _require_weight(n: float) -> None:
    """Refuse blocks of which none has a weight above 0; weights of an array were checked as they came."""
    if not n:
        msg = "the weight is zero for every row of the source: give at least one row a weight above 0"
        raise InputError(msg)
