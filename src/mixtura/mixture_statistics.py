"""`MixtureStatistics`: what some rows say to EM, as a value that can be added and sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.backends import NativeBackend
from mixtura.covariance import CovarianceStructure
from mixtura.errors import InputError, StatisticsError
from mixtura.mixture import Mixture
from mixtura.moments import moments_of
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

__all__ = ["MixtureStatistics", "expected_moments", "moments_under"]

_BLOCK_ROWS = 65536
_LEAST = 1e-280  # of variances whose shares of rows keep all digits


@final
@dataclass(frozen=True, eq=False, repr=False)
class MixtureStatistics:
    """Sufficient statistics of some rows under a mixture: all that the next M-step needs to know of them.

    `Mixture.statistics` and `GaussianMixture.statistics` take them, ``+`` and `sum` put those of several
    parts of the data together, and `GaussianMixture.from_statistics` makes the M-step. Their size does not
    depend on the number of rows. A value: the arrays are read-only.

    Attributes
    ----------
    mixture : Mixture
        The parameters that they were taken under, with structure and names of features.
    moments : mixtura.stats.SufficientStatistics
        Sums over rows, per component: S0, S1 and S2 about the means of `mixture`.

    Examples
    --------
    >>> from mixtura import GaussianMixture, Mixture, datasets
    >>> X = datasets.load_faithful().data
    >>> start = Mixture([0.5, 0.5], [[2.0, 50.0], [4.5, 80.0]], [[0.1, 40.0], [0.2, 30.0]], "diag")
    >>> first, second = start.statistics(X[:100]), start.statistics(X[100:])
    >>> first + second
    MixtureStatistics of 2 diag components in 2 features: weight 272, log-likelihood -4.4462 nats a row
    >>> GaussianMixture.from_statistics(first + second).weights_.round(3)
    array([0.357, 0.643])
    """

    mixture: Mixture
    moments: SufficientStatistics

    @property
    def weight(self) -> float:
        """N, the number of rows, or the sum of their weights."""
        return self.moments.weight

    @property
    def log_likelihood(self) -> float:
        """Mean log-likelihood a row under `mixture`, in nats."""
        return self.moments.log_likelihood / self.moments.weight

    @property
    def component_weights(self) -> Float64Array:
        """N_k, the weight of the rows of each component, of shape (K,)."""
        return self.moments.s0

    @property
    def mean(self) -> Float64Array:
        """Mean of all rows, of shape (d,)."""
        return moments_of(self.moments).mean

    @property
    def covariance(self) -> Float64Array:
        """Covariance of all rows, of shape (d, d); of a structure without matrices its diagonal, (d,)."""
        return moments_of(self.moments).covariance

    def __add__(self, other: MixtureStatistics) -> MixtureStatistics:
        """Return the statistics of both sets of rows together.

        Raises
        ------
        StatisticsError
            If they were not taken under the same parameters.
        """
        if not isinstance(other, MixtureStatistics):
            return NotImplemented
        if self.mixture is not other.mixture and self.mixture != other.mixture:
            msg = (
                f"these statistics were taken under different {_difference(self.mixture, other.mixture)}: "
                "take all parts of one pass under the same fitted model"
            )
            raise StatisticsError(msg)
        return MixtureStatistics(self.mixture, _frozen(self.moments + other.moments))

    def __radd__(self, other: int) -> MixtureStatistics:
        """Return the statistics unchanged: `sum` begins with 0."""
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def to_bytes(self) -> bytes:
        """Return them as bytes for `from_bytes`: numbers and JSON with a digest over all, no pickle.

        Raises
        ------
        InputError
            If the structure is the user's own: another process could not know it.
        """
        from mixtura.io.statistics import write_statistics  # noqa: PLC0415  (io builds statistics)

        return write_statistics(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> MixtureStatistics:
        """Return what `to_bytes` wrote.

        Parameters
        ----------
        data : bytes-like

        Raises
        ------
        StatisticsError
            If the bytes are something else, were cut off, damaged or altered, or need a newer mixtura.
        """
        from mixtura.io.statistics import read_statistics  # noqa: PLC0415  (io builds statistics)

        return read_statistics(data)

    def __repr__(self) -> str:
        mixture = self.mixture
        return (
            f"MixtureStatistics of {mixture.n_components} {mixture.covariance_type} components in "
            f"{mixture.n_features} features: weight {self.weight:g}, log-likelihood "
            f"{self.log_likelihood:.4f} nats a row"
        )

    @classmethod
    def _of_rows(
        cls, mixture: Mixture, rows: FloatArray, weight: Float64Array | None, n_threads: int
    ) -> MixtureStatistics:
        """Return those of checked rows."""
        return cls(mixture, _frozen(moments_under(mixture, rows, weight, n_threads)))


def moments_under(
    mixture: Mixture, rows: FloatArray, weight: Float64Array | None, n_threads: int
) -> SufficientStatistics:
    """One E-step, in float64. Second moments are of shape (m, d, d), or (m, d) for all other structures.

    A variance for all features is the sum of theirs, which also tell how the data vary.

    Raises
    ------
    InputError
        If squares of the rows, or sums of them, are no numbers of float64.
    """
    params = mixture.params
    core = mixture.structure.core(mixture.covariances, *params.means.shape)
    variances = np.diagonal(core, axis1=1, axis2=2) if core.ndim == 3 else core
    if variances.min() < _LEAST or variances.max() > 1.0 / _LEAST:
        msg = (
            f"the mixture has variances of {variances.min():.3g} to {variances.max():.3g}, of which float64 "
            "has no sums: give the data in another unit"
        )
        raise InputError(msg)
    if params.whitener.shape[-1] != params.n_features:
        whitener = np.repeat(params.whitener, params.n_features, axis=1)
        params = Params(params.weights, params.means, whitener, params.log_det)
    total: SufficientStatistics | None = None
    for x, w in _blocks(rows, weight):
        part = NativeBackend(x, w, centre=params.centre, n_threads=n_threads).e_step(params)
        total = part if total is None else total + part
    if total is None or not np.isfinite([total.s2.sum(), total.s1.sum(), total.log_likelihood]).all():
        msg = "X has values so far from the mixture that their squares are no numbers: drop or rescale them"
        raise InputError(msg)
    return total


def expected_moments(mixture: Mixture) -> SufficientStatistics:
    """Return the moments of a row of the mixture's own: those of which it is the M-step."""
    structure: CovarianceStructure = mixture.structure
    means = mixture.params.means
    core = structure.core(mixture.covariances, *means.shape)
    if not structure.is_dense:
        core = np.broadcast_to(core, (len(core), means.shape[1]))
    share = np.ones(1) if structure.is_shared else mixture.weights
    s2 = core * share.reshape(-1, *[1] * (core.ndim - 1))
    return SufficientStatistics(means, mixture.weights, np.zeros_like(means), s2, 0.0, 1.0)


def _blocks(
    rows: FloatArray, weight: Float64Array | None
) -> Iterator[tuple[FloatArray, Float64Array | None]]:
    """Rows in float64, by blocks if that takes a copy: parts may differ more than float32 can tell."""
    if rows.dtype == np.float64:
        yield rows, weight
        return
    for low in range(0, len(rows), _BLOCK_ROWS):
        part = slice(low, low + _BLOCK_ROWS)
        yield rows[part].astype(np.float64), None if weight is None else weight[part]


def _frozen(moments: SufficientStatistics) -> SufficientStatistics:
    for array in (moments.s0, moments.s1, moments.s2):
        array.flags.writeable = False
    return moments


def _difference(one: Mixture, other: Mixture) -> str:
    if one.structure != other.structure:
        return f"covariance structures ({one.covariance_type!r} and {other.covariance_type!r})"
    if one.means.shape != other.means.shape:
        return f"numbers of components and features ({one.means.shape} and {other.means.shape})"
    if one.feature_names != other.feature_names:
        return "names of features"
    return "parameters"
