"""The native backend: the same sums as the reference, by the compiled pass."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from mixtura import _native
from mixtura._typing import Float64Array, FloatArray
from mixtura.backends.base import Scores
from mixtura.params import Params
from mixtura.stats import SufficientStatistics, second_moment_shift

__all__ = ["NativeBackend"]

# Logits that are differences of squares up to this err by no more than 1e-8 nats.
_LINEAR_REACH_SQUARED = 1e8


class NativeBackend:
    """Rows of data for the compiled kernels.

    Parameters
    ----------
    X : ndarray of shape (N, d), float32 or float64
        In any layout; never copied.
    sample_weight : ndarray of shape (N,), float64, or None
        Case weights, 1 if None.
    centre : ndarray of shape (d,)
        A point near the data. The kernels subtract it in float64 before anything else, so that float32 data
        far from the origin keep their digits; results depend on it by rounding only.
    n_threads : int
        Threads a pass may use; changes no bit of the result.
    """

    def __init__(
        self,
        X: FloatArray,
        sample_weight: Float64Array | None = None,
        *,
        centre: Float64Array,
        n_threads: int = 1,
    ) -> None:
        self._X = X
        self._w = sample_weight
        self._centre = np.ascontiguousarray(centre, dtype=np.float64)
        self._n_threads = n_threads
        self._weight = float(X.shape[0]) if sample_weight is None else float(sample_weight.sum())
        self._scatter: dict[int, Float64Array] = {}

    @property
    def n_samples(self) -> int:
        """N."""
        return int(self._X.shape[0])

    @property
    def n_features(self) -> int:
        """d."""
        return int(self._X.shape[1])

    def e_step(self, params: Params) -> SufficientStatistics:
        """Sum the sufficient statistics of all rows under `params`."""
        mu, u, offset = params.means, params.whitener, params.offset
        if params.is_shared and params.n_components > 1:
            s0, s1, log_likelihood = self._shared(params)
            # Σ_k S2_k about the means follows from the scatter about the centre, which no pass changes.
            total = self._scatter_like(u)
            s2 = total - second_moment_shift(mu - self._centre, s1, s0, like=total)
        else:
            kernel = _native.e_step_dense if params.is_dense else _native.e_step_diagonal
            s0, s1, s2, log_likelihood = kernel(
                self._X, self._w, self._centre, mu, u, offset, self._n_threads
            )
        return SufficientStatistics(
            means=mu, s0=s0, s1=s1, s2=s2, log_likelihood=log_likelihood, weight=self._weight
        )

    def _shared(self, params: Params) -> tuple[Float64Array, Float64Array, float]:
        """S0, S1 and L of components that share U.

        xᵀPx is the same for all of them, so it cancels in the responsibilities: logits are linear in x, and
        its share of L is −tr(P Σ w x xᵀ)/2. That loses digits where squares are large, so it is for float64
        only, and for data within 1e4 standard deviations of the centre.
        """
        mu, u = params.means - self._centre, params.whitener[0]
        if self._X.dtype != np.float64 or not self._reach_squared(u) < _LINEAR_REACH_SQUARED:
            return _native.e_step_shared(
                self._X, self._w, self._centre, params.means, u, params.offset, self._n_threads
            )
        z = mu @ u if params.is_dense else mu * u
        slopes = z @ u.T if params.is_dense else z * u
        intercepts = params.offset - 0.5 * (z * z).sum(axis=1)
        s0, s1, log_likelihood = _native.e_step_linear(
            self._X, self._w, self._centre, slopes, intercepts, self._n_threads
        )
        scatter = self._scatter_like(params.whitener)[0]
        trace = (u * (scatter @ u)).sum() if params.is_dense else (u * u * scatter).sum()
        return s0, s1 - s0[:, None] * mu, log_likelihood - 0.5 * float(trace)

    def _reach_squared(self, u: Float64Array) -> float:
        """Return a bound of |(x − c) U|² over all rows."""
        with np.errstate(over="ignore"):
            reach = np.abs(u).T @ self._reach if u.ndim == 2 else u * self._reach
            return float((reach * reach).sum())

    @cached_property
    def _reach(self) -> Float64Array:
        """Largest |x − c| of each feature over rows of weight above 0, of shape (d,)."""
        counted = True if self._w is None else (self._w > 0)[:, None]
        low = self._X.min(axis=0, where=counted, initial=np.inf)
        high = self._X.max(axis=0, where=counted, initial=-np.inf)
        reach: Float64Array = np.maximum(high - self._centre, self._centre - low)
        return reach

    def _scatter_like(self, whitener: Float64Array) -> Float64Array:
        """Σ w (x − c)(x − c)ᵀ of shape (1, d, d), its diagonal (1, d), or its trace (1, 1); taken once."""
        d, ndim = self.n_features, whitener.ndim
        if ndim not in self._scatter:
            # One component of unit covariance at the centre: its statistics are the plain moments.
            unit = np.eye(d)[None] if ndim == 3 else np.ones((1, d))
            about_centre = Params(np.ones(1), self._centre[None], unit, np.zeros(1))
            self._scatter[ndim] = self.e_step(about_centre).s2
        scatter = self._scatter[ndim]
        return scatter if whitener.shape[-1] == d else scatter.sum(axis=1, keepdims=True)

    def score(
        self, params: Params, *, log_prob: bool = False, resp: bool = False, labels: bool = False
    ) -> Scores:
        """Evaluate `params` row by row."""
        return Scores(
            *_native.score(
                self._X,
                self._centre,
                params.means,
                params.whitener,
                params.offset,
                self._n_threads,
                log_prob=log_prob,
                resp=resp,
                labels=labels,
            )
        )
