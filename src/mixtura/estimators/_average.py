"""`RunningAverage`: what stepwise EM remembers of the batches before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.covariance import CovariancePrior, Regularisation, RelativeFloor, Ridge
from mixtura.estimators._settings import Settings
from mixtura.estimators._units import weight_unit_of
from mixtura.mixture import Mixture
from mixtura.mixture_statistics import expected_moments, moments_under
from mixtura.moments import DataMoments, moments_of
from mixtura.stats import SufficientStatistics

__all__ = ["RunningAverage", "regularisation_of"]


@dataclass(frozen=True, eq=False)
class RunningAverage:
    """A running average of statistics, s ← (1 − η) s + η s(batch), and how much it has seen.

    Parameters
    ----------
    n_steps : int
        t, batches so far, of which a fit is one.
    weight : float
        Sum of the weights of all their rows.
    effective : float
        How many rows of weight 1, all counted alike, would tell as much as the average does (Kish).
    mixture : Mixture, optional
        The mixture that was made of `moments`.
    moments : SufficientStatistics, optional
        The average, about the means of `mixture`. None after a fit, whose parameters tell it.
    """

    n_steps: int
    weight: float
    effective: float
    mixture: Mixture | None = None
    moments: SufficientStatistics | None = None

    def rate(self, weight: float, decay: float) -> float:
        """η_t = (t + 2)^−α for the next batch; less in proportion, if it is lighter than their mean."""
        share = min(1.0, weight * self.n_steps / self.weight)
        return float((self.n_steps + 2.0) ** -decay) * share

    def with_batch(
        self, mixture: Mixture, rows: FloatArray, weight: Float64Array | None, *, decay: float, n_threads: int
    ) -> tuple[RunningAverage, float]:
        """Take a batch under `mixture` into the average.

        Returns
        -------
        average : RunningAverage
            Its moments, of weight 1, are still about the means of `mixture`.
        log_likelihood : float
            Mean of the batch under `mixture`, in nats a row.
        """
        # Only weights beyond all measure have a unit; sums of theirs are then no numbers.
        unit = 0 if weight is None else weight_unit_of(weight)
        if weight is not None and unit:
            weight = np.ldexp(weight, -unit)
        batch = moments_under(mixture, rows, weight, n_threads)
        total = float(np.ldexp(batch.weight, unit))
        # Parameters set by hand are another mixture than the one that the average is about.
        before = self.moments if self.mixture is mixture else None
        if before is None:
            before = expected_moments(mixture)
        rate = self.rate(total, decay)
        effective = total / ((1.0 - rate) ** 2 * (total / self.effective) + rate**2)
        average = RunningAverage(
            n_steps=self.n_steps + 1,
            weight=self.weight + total,
            effective=effective,
            moments=before.scaled((1.0 - rate) / before.weight) + batch.scaled(rate / batch.weight),
        )
        return average, batch.log_likelihood / batch.weight


def regularisation_of(
    settings: Settings, moments: SufficientStatistics, weight: float
) -> tuple[Regularisation, DataMoments]:
    """Return what keeps covariances from singularity, for data of which only sums are known.

    They are worth rows of `weight`, which those of a prior stand against.
    """
    data = moments_of(moments)
    covariance = data.covariance
    reg: Regularisation = RelativeFloor(covariance) if settings.ridge is None else Ridge(settings.ridge)
    if settings.prior is not None:
        strength = (settings.prior or len(covariance) / 2.0) * (moments.weight / weight)
        reg = reg.with_prior(CovariancePrior.of_data(strength, covariance, settings.n_components))
    return reg, data
