"""The reference backend: the executable specification of an E-step, in plain NumPy.

It stores an N × K array and an N × d array a component, and is slow and obvious on purpose. Every fast path
is tested against it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from mixtura._typing import Float64Array, FloatArray
from mixtura.backends.base import Scores
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

__all__ = ["ReferenceBackend"]


class ReferenceBackend:
    """Rows X of shape (N, d) with case weights of shape (N,), evaluated in float64."""

    def __init__(self, X: FloatArray, sample_weight: Float64Array | None = None) -> None:
        self._X: Float64Array = np.asarray(X, dtype=np.float64)
        ones = np.ones(len(self._X))
        self._w: Float64Array = ones if sample_weight is None else np.asarray(sample_weight, np.float64)

    @property
    def n_samples(self) -> int:
        """N."""
        return int(self._X.shape[0])

    @property
    def n_features(self) -> int:
        """d."""
        return int(self._X.shape[1])

    def _logits(self, params: Params) -> Float64Array:
        """log π_k + log N(x_n; μ_k, Σ_k), of shape (N, K)."""
        logits = np.empty((self.n_samples, params.n_components))
        for k in range(params.n_components):
            t = self._X - params.means[k]
            u = params.whitener[0 if params.is_shared else k]
            y = t @ u if params.is_dense else t * u
            logits[:, k] = params.offset[k] - 0.5 * np.sum(y * y, axis=1)
        return logits

    def e_step(self, params: Params) -> SufficientStatistics:
        """Sum the sufficient statistics of all rows under `params`."""
        logits = self._logits(params)
        log_prob = logsumexp(logits, axis=1)
        r = np.exp(logits - log_prob[:, None]) * self._w[:, None]
        s1 = np.empty_like(params.means)
        s2 = []
        for k in range(params.n_components):
            t = self._X - params.means[k]
            s1[k] = r[:, k] @ t
            if params.is_dense:
                s2.append((r[:, k, None] * t).T @ t)
            else:
                # One number for all features is the sum of theirs.
                squares = t * t if params.whitener.shape[1] > 1 else (t * t).sum(axis=1, keepdims=True)
                s2.append(r[:, k] @ squares)
        second = np.stack(s2)
        if params.is_shared:
            second = second.sum(axis=0, keepdims=True)
        return SufficientStatistics(
            means=params.means,
            s0=r.sum(axis=0),
            s1=s1,
            s2=second,
            log_likelihood=float(self._w @ log_prob),
            weight=float(self._w.sum()),
        )

    def score(
        self, params: Params, *, log_prob: bool = False, resp: bool = False, labels: bool = False
    ) -> Scores:
        """Evaluate `params` row by row."""
        logits = self._logits(params)
        log_p: Float64Array = logsumexp(logits, axis=1)
        return Scores(
            log_prob=log_p if log_prob else None,
            resp=np.exp(logits - log_p[:, None]) if resp else None,
            labels=np.argmax(logits, axis=1) if labels else None,
        )
