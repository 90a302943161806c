"""The native backend: the same sums as the reference, by the compiled pass."""

from __future__ import annotations

import numpy as np

from mixtura import _native
from mixtura._typing import Float64Array, FloatArray
from mixtura.backends.base import Scores
from mixtura.params import Params
from mixtura.stats import SufficientStatistics, second_moment_shift

__all__ = ["NativeBackend"]


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
            s0, s1, log_likelihood = _native.e_step_shared(
                self._X, self._w, self._centre, mu, u[0], offset, self._n_threads
            )
            # Σ_k S2_k about the means follows from the scatter about the centre, which no pass changes.
            total = self._scatter_about_centre(u.ndim)
            s2 = total - second_moment_shift(mu - self._centre, s1, s0, like=total)
        else:
            kernel = _native.e_step_dense if params.is_dense else _native.e_step_diagonal
            s0, s1, s2, log_likelihood = kernel(
                self._X, self._w, self._centre, mu, u, offset, self._n_threads
            )
        return SufficientStatistics(
            means=mu, s0=s0, s1=s1, s2=s2, log_likelihood=log_likelihood, weight=self._weight
        )

    def _scatter_about_centre(self, ndim: int) -> Float64Array:
        """Σ w (x − c)(x − c)ᵀ of shape (1, d, d), or its diagonal of shape (1, d); taken once."""
        if ndim not in self._scatter:
            # One component of unit covariance at the centre: its statistics are the plain moments.
            d = self.n_features
            unit = np.eye(d)[None] if ndim == 3 else np.ones((1, d))
            about_centre = Params(np.ones(1), self._centre[None], unit, np.zeros(1))
            self._scatter[ndim] = self.e_step(about_centre).s2
        return self._scatter[ndim]

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
