"""`weights_init`, `means_init` and `precisions_init`: parts of a start that the user gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura._typing import Float64Array
from mixtura.covariance import CovarianceStructure, Regularisation
from mixtura.em import Solution
from mixtura.errors import InputError, SingularCovarianceError
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

__all__ = ["GivenStart", "read_given_start"]


@dataclass(frozen=True, eq=False)
class GivenStart:
    """Checked parts of a start, None where the user gave nothing; `covariances` come with their factors."""

    weights: Float64Array | None
    means: Float64Array | None
    covariances: Float64Array | None
    whitener: Float64Array | None
    log_det: Float64Array | None

    @property
    def is_complete(self) -> bool:
        """Whether the data are not needed for a start."""
        return self.weights is not None and self.means is not None and self.whitener is not None

    @property
    def is_partial(self) -> bool:
        """Whether anything was given."""
        return self.weights is not None or self.means is not None or self.whitener is not None

    def into_units(self, exponent: int, n_features: int) -> GivenStart:
        """Return the same for rows in units of 2^e."""
        if not exponent:
            return self
        return replace(
            self,
            means=None if self.means is None else np.ldexp(self.means, -exponent),
            covariances=None if self.covariances is None else np.ldexp(self.covariances, -2 * exponent),
            whitener=None if self.whitener is None else np.ldexp(self.whitener, exponent),
            log_det=None if self.log_det is None else self.log_det + n_features * exponent * np.log(2.0),
        )

    def solution(
        self, structure: CovarianceStructure, stats: SufficientStatistics | None, reg: Regularisation
    ) -> Solution:
        """Return the start: what was given, and the rest from `stats` (None only if all was given)."""
        weights, means, covariances = self.weights, self.means, self.covariances
        whitener, log_det = self.whitener, self.log_det
        if stats is not None:
            if weights is None:
                weights = stats.s0 / stats.s0.sum()
            centred = stats.centred()
            estimated = centred.means
            if whitener is None or log_det is None or covariances is None:
                seen = centred if reg.prior is None else reg.prior.augment(centred)
                covariances = structure.estimate(seen, reg)
                whitener, log_det = structure.whiten(
                    structure.core(covariances, *estimated.shape), estimated.shape[1]
                )
            if means is None:
                means = estimated
        if weights is None or means is None or covariances is None or whitener is None or log_det is None:
            msg = "a start needs statistics unless weights, means and precisions are all given"
            raise TypeError(msg)
        return Solution(structure, covariances, Params(weights, means, whitener, log_det))


def _as_array(name: str, value: Any, shape: tuple[int, ...]) -> Float64Array:
    # A copy: the fit must not depend on what the user does with the array afterwards.
    array = np.array(value, dtype=np.float64, order="C")
    if array.shape != shape:
        msg = f"The parameter '{name}' should have the shape of {shape}, but got {array.shape}"
        raise InputError(msg)
    if not np.isfinite(array).all():
        msg = f"The parameter '{name}' should hold finite numbers, but holds NaN or inf"
        raise InputError(msg)
    return array


def _read_weights(value: Any, n_components: int) -> Float64Array:
    weights = _as_array("weights", value, (n_components,))
    if (weights < 0).any() or (weights > 1).any():
        # Minimum and maximum stand in the order that scikit-learn prints them in.
        msg = (
            "The parameter 'weights' should be in the range [0, 1], but got "
            f"max value {weights.min():.5f}, min value {weights.max():.5f}"
        )
        raise InputError(msg)
    if abs(1.0 - weights.sum()) > 1e-6:
        msg = f"The parameter 'weights' should be normalized, but got sum(weights) = {weights.sum():.5f}"
        raise InputError(msg)
    return weights


def _read_precisions(
    value: Any, structure: CovarianceStructure, n_components: int, n_features: int
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Return public covariances, core whitener and its log determinant."""
    name = f"{structure.name} precision"
    precisions = _as_array(name, value, structure.shape(n_components, n_features))
    core = structure.core(precisions, n_components, n_features)
    good = "positive"
    if structure.is_dense:
        good = "symmetric, positive-definite"
        lopsided = np.abs(core - core.transpose(0, 2, 1))
        if (lopsided > 1e-8 + 1e-5 * np.abs(core)).any():
            msg = f"'{name}' should be {good}"
            raise InputError(msg)
    try:
        whitener, log_det = structure.whiten_precisions(core, n_features)
    except SingularCovarianceError:
        msg = f"'{name}' should be {good}"
        raise InputError(msg) from None
    covariances, _ = structure.unwhiten(whitener)
    return structure.public(covariances), whitener, log_det


def read_given_start(
    weights: Any,
    means: Any,
    precisions: Any,
    structure: CovarianceStructure,
    n_components: int,
    n_features: int,
) -> GivenStart:
    """Check the three `*_init` parameters.

    Raises
    ------
    InputError
        With scikit-learn's wording, if one has a wrong shape or values that no mixture has.
    """
    covariances = whitener = log_det = None
    checked_weights = None if weights is None else _read_weights(weights, n_components)
    checked_means = None if means is None else _as_array("means", means, (n_components, n_features))
    if precisions is not None:
        covariances, whitener, log_det = _read_precisions(precisions, structure, n_components, n_features)
    return GivenStart(checked_weights, checked_means, covariances, whitener, log_det)
