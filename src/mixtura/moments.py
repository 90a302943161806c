"""Mean and covariance of the data themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.backends import NativeBackend
from mixtura.params import Params

__all__ = ["DataMoments", "data_moments"]


@dataclass(frozen=True, eq=False)
class DataMoments:
    """Weighted mean (d,) and covariance, (d, d) or its diagonal (d,), of the data (1/N normalisation)."""

    mean: Float64Array
    covariance: Float64Array

    @property
    def variances(self) -> Float64Array:
        """Diagonal of the covariance, of shape (d,)."""
        return np.diagonal(self.covariance) if self.covariance.ndim == 2 else self.covariance


def data_moments(
    X: FloatArray, sample_weight: Float64Array | None, *, dense: bool, n_threads: int
) -> DataMoments:
    """Two passes: the mean about the first row, then second moments about the mean, which cannot cancel."""
    first = np.ascontiguousarray(X[0], dtype=np.float64)
    d = X.shape[1]
    ones = np.ones((1, d))
    backend = NativeBackend(X, sample_weight, centre=first, n_threads=n_threads)
    stats = backend.e_step(Params(np.ones(1), first[None], ones, np.zeros(1)))
    mean = first + stats.s1[0] / stats.weight
    backend = NativeBackend(X, sample_weight, centre=mean, n_threads=n_threads)
    unit = np.eye(d)[None] if dense else ones
    stats = backend.e_step(Params(np.ones(1), mean[None], unit, np.zeros(1)))
    exact = mean + stats.s1[0] / stats.weight
    return DataMoments(exact, stats.recentre(exact[None]).s2[0] / stats.weight)
