"""`SufficientStatistics`: all that an M-step needs to know of the data, as a value with `+`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura._typing import Float64Array
from mixtura.errors import MixturaError

__all__ = ["MismatchedMeansError", "SufficientStatistics"]

_LEAST = float(np.finfo(np.float64).smallest_subnormal)


class MismatchedMeansError(MixturaError, ValueError):
    """Two statistics were taken about different means: `recentre` one of them before adding."""


@dataclass(frozen=True, eq=False)
class SufficientStatistics:
    """Moments of one block of data under the responsibilities of one set of parameters.

    Attributes
    ----------
    means : ndarray of shape (K, d)
        μ, the means that the moments are taken about: those of the E-step, shared by all blocks of a pass.
    s0 : ndarray of shape (K,)
        Σ_n w r.
    s1 : ndarray of shape (K, d)
        Σ_n w r (x − μ_k).
    s2 : ndarray of shape (K, d, d), (K, d), (K, 1), or pooled over components: (1, d, d), (1, d), (1, 1)
        Σ_n w r (x − μ_k)(x − μ_k)ᵀ, its diagonal, or its trace.
    log_likelihood : float
        L = Σ_n w log p(x), in nats.
    weight : float
        W = Σ_n w.

    Notes
    -----
    Moments about the current means do not cancel when data lie far from the origin, as raw Σ r x xᵀ does.
    """

    means: Float64Array
    s0: Float64Array
    s1: Float64Array
    s2: Float64Array
    log_likelihood: float
    weight: float

    @property
    def safe_s0(self) -> Float64Array:
        """S0 to divide by: components without any weight, whose moments are all 0, have the least number."""
        safe: Float64Array = np.maximum(self.s0, _LEAST)
        return safe

    def __add__(self, other: SufficientStatistics) -> SufficientStatistics:
        """Return the statistics of both blocks together; refuses moments about other means."""
        if self.means is not other.means and not np.array_equal(self.means, other.means):
            raise MismatchedMeansError(
                "these statistics were taken about different means: call recentre(means) on one of them first"
            )
        if self.s2.shape != other.s2.shape:
            raise MismatchedMeansError(
                f"these statistics have second moments of shapes {self.s2.shape} and {other.s2.shape}: "
                "they belong to different covariance structures"
            )
        return SufficientStatistics(
            means=self.means,
            s0=self.s0 + other.s0,
            s1=self.s1 + other.s1,
            s2=self.s2 + other.s2,
            log_likelihood=self.log_likelihood + other.log_likelihood,
            weight=self.weight + other.weight,
        )

    def scaled(self, factor: float) -> SufficientStatistics:
        """Return the statistics of the same rows with weights times `factor`."""
        return SufficientStatistics(
            means=self.means,
            s0=self.s0 * factor,
            s1=self.s1 * factor,
            s2=self.s2 * factor,
            log_likelihood=self.log_likelihood * factor,
            weight=self.weight * factor,
        )

    def centred(self) -> SufficientStatistics:
        """Return the same moments about the means that they ask for, μ' = μ + S1 / S0, where S1' = 0.

        S2' = S2 − S1 S1ᵀ / S0: what `recentre` gives, for less. A component without any weight stays.
        """
        root = np.sqrt(self.safe_s0)[:, None]
        half = self.s1 / root
        shift = half[:, :, None] * half[:, None, :] if self.s2.ndim == 3 else half * half
        shift = _pooled(shift, self.s2)
        return SufficientStatistics(
            means=self.means + half / root,
            s0=self.s0,
            s1=np.zeros_like(half),
            s2=self.s2 - shift,
            log_likelihood=self.log_likelihood,
            weight=self.weight,
        )

    def recentre(self, means: Float64Array) -> SufficientStatistics:
        """Return the same moments about other means, exactly.

        With δ = μ − μ': S1' = S1 + S0 δ and S2' = S2 + S1 δᵀ + δ S1ᵀ + S0 δ δᵀ.
        """
        delta = self.means - means
        s1 = self.s1 + self.s0[:, None] * delta
        shift = second_moment_shift(delta, self.s1, self.s0, like=self.s2)
        return SufficientStatistics(
            means=means,
            s0=self.s0,
            s1=s1,
            s2=self.s2 + shift,
            log_likelihood=self.log_likelihood,
            weight=self.weight,
        )


def second_moment_shift(
    delta: Float64Array, s1: Float64Array, s0: Float64Array, *, like: Float64Array
) -> Float64Array:
    """S1 δᵀ + δ S1ᵀ + S0 δ δᵀ per component, in the geometry of `like` and pooled if that is pooled.

    Parameters
    ----------
    delta : ndarray of shape (K, d)
        Old centres minus new.
    s1 : ndarray of shape (K, d)
        First moments about the old centres.
    s0 : ndarray of shape (K,)
    like : ndarray of shape (K or 1, d, d), (K or 1, d) or (K or 1, 1)
    """
    if like.ndim == 3:
        half = s1 + 0.5 * s0[:, None] * delta
        shift = half[:, :, None] * delta[:, None, :]
        shift = shift + shift.transpose(0, 2, 1)
    else:
        shift = (2.0 * s1 + s0[:, None] * delta) * delta
    return _pooled(shift, like)


def _pooled(moments: Float64Array, like: Float64Array) -> Float64Array:
    """Sum over components and features where `like` does."""
    if like.shape[-1] != moments.shape[-1]:
        moments = moments.sum(axis=-1, keepdims=True)
    if like.shape[0] != moments.shape[0]:
        moments = moments.sum(axis=0, keepdims=True)
    return moments
