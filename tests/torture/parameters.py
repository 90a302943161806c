"""Whether the parameters of a fit are those of a mixture, and of these data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.torture.case import Array, Case

__all__ = ["Model", "not_a_mixture", "not_of_all_rows", "not_of_the_groups", "read_model"]

# Groups that are ten standard deviations apart leave the maximum-likelihood parameters at their moments. A
# stop rule of 1e-3 nats a row leaves less than this, as a share of the variance.
_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class Model:
    """A mixture as its attributes tell it, in float64: covariances and their whiteners as matrices.

    `epsilon` is the spacing of the numbers in the attributes.
    """

    weights: Array
    means: Array
    covariances: Array
    whiteners: Array
    epsilon: float


def read_model(estimator: Any, case: Case) -> Model:
    """Read scikit-learn's attributes, and those of mixtura's further structures.

    Raises
    ------
    ValueError
        If their shapes are not those of the case.
    """
    k, d = case.n_components, case.X.shape[1]
    weights, means = np.asarray(estimator.weights_), np.asarray(estimator.means_)
    if weights.shape != (k,) or means.shape != (k, d):
        msg = f"weights_ have shape {weights.shape}, and means_ {means.shape}"
        raise ValueError(msg)

    def matrices(attribute: Any) -> Array:
        array = np.asarray(attribute, dtype=np.float64)
        if case.covariance_type in ("full", "tied"):
            return np.broadcast_to(array, (k, d, d))
        if case.covariance_type.endswith("spherical"):
            array = array.reshape(-1, 1)
        expanded = np.zeros((k, d, d))
        expanded[:, np.arange(d), np.arange(d)] = array
        return expanded

    return Model(
        weights.astype(np.float64),
        means.astype(np.float64),
        matrices(estimator.covariances_),
        matrices(estimator.precisions_cholesky_),
        float(np.finfo(means.dtype).eps),
    )


def not_a_mixture(model: Model) -> str | None:
    """Return what keeps the parameters from being a mixture's, or None."""
    k, d = model.means.shape
    eps = model.epsilon
    for name in ("weights", "means", "covariances", "whiteners"):
        if not np.isfinite(getattr(model, name)).all():
            return f"{name} are not finite"
    if (model.weights < 0).any() or abs(model.weights.sum() - 1.0) > 10 * k * eps:
        return f"weights are {model.weights}"
    for j, (covariance, whitener) in enumerate(zip(model.covariances, model.whiteners, strict=True)):
        if (np.diagonal(covariance) <= 0).any() or (np.diagonal(whitener) <= 0).any():
            return f"component {j} has a variance of {np.diagonal(covariance).min():.3g}"
        # By the standard deviations, one after the other: their products may leave float64.
        sd = np.sqrt(np.diagonal(covariance))
        correlation = covariance / sd[:, None] / sd
        # What some ways of summing leave is no matter as long as half of the digits agree.
        if np.abs(correlation - correlation.T).max() > np.sqrt(eps):
            return f"the covariance of component {j} is not symmetric"
        least = np.linalg.eigvalsh(correlation)[0]
        # Rounding the entries alone moves an eigenvalue by so much. What is singular has no whitener.
        if least <= -4 * d * eps:
            return f"the correlation matrix of component {j} has an eigenvalue {least:.3g}"
        scaled = sd[:, None] * whitener
        error = np.abs(scaled.T @ correlation @ scaled - np.eye(d))
        # Roundings count as often as the factor is ill-conditioned; half of the digits are granted anyway.
        allowed = 16 * d * eps * (np.abs(scaled).T @ np.abs(correlation) @ np.abs(scaled)).max()
        if error.max() > max(allowed, np.sqrt(eps)):
            return f"precisions_cholesky_ of component {j} is off the covariance's by {error.max():.3g}"
    return None


def not_of_all_rows(model: Model, case: Case) -> str | None:
    """Return how far the mean of the mixture is from that of the rows, or None.

    Every M-step, of whatever structure and from whatever start, makes them equal; a row that was lost on the
    way shows here.
    """
    X = case.X.astype(np.float64)
    unit = _ranges(X)
    mean = np.average(X / unit, axis=0, weights=case.sample_weight)
    off = np.abs(model.weights @ (model.means / unit) - mean)
    if (off > np.sqrt(model.epsilon) + 64 * model.epsilon * np.abs(mean)).any():
        return f"the mean of the mixture is off that of the rows by {off.max():.3g} of their range"
    return None


def _ranges(X: Array) -> Array:
    """Largest less smallest number of each column, and 1 where it is constant."""
    ranges = np.ptp(X, axis=0)
    return np.where(ranges > 0, ranges, 1.0)


def not_of_the_groups(model: Model, case: Case) -> str | None:
    """Return where the parameters are not the moments of the groups that are known, or None."""
    if case.labels is None:
        return None
    X = case.X.astype(np.float64)
    # The squares of distances between the groups stay within float64.
    unit = _ranges(X)
    if case.covariance_type.endswith("spherical"):
        unit[:] = unit.max()
    groups = [X[case.labels == g] for g in np.unique(case.labels)]
    middles = np.array([_mean(rows) for rows in groups])
    spreads = _pooled(
        [(rows - middle) / unit for rows, middle in zip(groups, middles, strict=True)], case.covariance_type
    )
    for middle, spread in zip(middles, spreads, strict=True):
        away = np.abs(model.means / unit - middle / unit)
        j = int(np.argmin((away**2).sum(axis=1)))
        sd = np.sqrt(np.diagonal(spread))
        if (away[j] > _SHARE * sd + 4 * model.epsilon * np.abs(middle / unit) + 1e-6).any():
            off = away[j] / np.where(sd > 0, sd, 1.0)
            return f"mean {j} is up to {off.max():.3g} sd from its group's"
        known = sd > 0
        if not known.any():
            continue
        scale = (sd * unit)[known]
        found = model.covariances[j][np.ix_(known, known)] / scale[:, None] / scale
        wanted = (spread / np.where(known, sd, 1.0)[:, None] / np.where(known, sd, 1.0))[np.ix_(known, known)]
        if np.abs(found - wanted).max() > _SHARE:
            ratio = np.diagonal(found)
            return f"variances of component {j} are {ratio.min():.3g} to {ratio.max():.3g} of its group's"
    return None


def _mean(rows: Array) -> Array:
    return np.asarray(rows[0] + (rows - rows[0]).mean(axis=0))


def _pooled(groups: list[Array], structure: str) -> Array:
    """Within-group covariances that a structure has, of shape (groups, d, d), of rows about their means."""
    d = groups[0].shape[1]
    spreads = np.array([rows.T @ rows / len(rows) for rows in groups])
    if structure.startswith("tied"):
        sizes = np.array([len(g) for g in groups]) / sum(map(len, groups))
        spreads = np.broadcast_to(np.tensordot(sizes, spreads, axes=1), spreads.shape)
    if structure in ("full", "tied"):
        return spreads
    variances = np.diagonal(spreads, axis1=1, axis2=2)
    if structure.endswith("spherical"):
        variances = variances.mean(axis=1, keepdims=True)
    return np.asarray(np.eye(d) * variances[:, :, None])
