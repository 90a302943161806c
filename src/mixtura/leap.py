"""SQUAREM: from three states of EM in a row to one further along their path.

The slow and obvious twin of `core/include/mixtura/leap.hpp`, for backends and structures whose M-steps are
done in Python.
"""

from __future__ import annotations

import numpy as np

from mixtura._typing import BoolArray, Float64Array
from mixtura.covariance.linalg import all_positive_definite
from mixtura.covariance.regularisation import Regularisation
from mixtura.errors import SingularCovarianceError
from mixtura.params import Params
from mixtura.solution import Solution

__all__ = ["Leap"]

_GROWTH = 4.0
_LEAST = 1.1
_LEAST_WEIGHT = 1e-290

_Coefficients = tuple[float, float, float]
_States = tuple[Solution, Solution, Solution]


class Leap:
    """Steps of length α = |r| / |v|, r the first difference and v the second (Varadhan and Roland, 2008).

    Weights go by their logarithms, means and matrices as they are, variances by their logarithms, and lengths
    are those of the Fisher information of the complete data: Σ_k π_k (|U_kᵀ Δμ_k|² + (Δ log π_k)² +
    ½ |U_kᵀ ΔΣ_k U_k|²). So the step is the same in all units of the data, and for matrices in all linear
    mixtures of the features; a matrix that it takes too far is a shorter step.
    """

    def __init__(self, reg: Regularisation) -> None:
        self._reg = reg
        self._limit = _GROWTH
        self._at_limit = False

    def __call__(self, s0: Solution, s1: Solution, s2: Solution) -> Solution | None:
        """Return the state that is α steps along; None if none is further than `s2`."""
        states = (s0, s1, s2)
        r, v = _squared_length((-1.0, 1.0, 0.0), states), _squared_length((1.0, -2.0, 1.0), states)
        alpha = np.sqrt(r / v) if v > 0 else np.inf if r > 0 else 0.0
        if alpha <= _LEAST:
            return None
        self._at_limit = bool(alpha >= self._limit)
        alpha = min(float(alpha), self._limit)
        while alpha > _LEAST:
            found = _extrapolated(alpha, states, self._reg)
            if found is not None:
                return found
            alpha = 0.5 * (alpha + 1.0)
        return None

    def accepted(self) -> None:
        """Allow longer steps, if this one was as long as it may be."""
        if self._at_limit:
            self._limit *= _GROWTH

    def rejected(self) -> None:
        """Allow shorter steps only."""
        self._limit = max(_GROWTH, self._limit / _GROWTH)


def _combined(c: _Coefficients, arrays: list[Float64Array]) -> Float64Array:
    return c[0] * arrays[0] + c[1] * arrays[1] + c[2] * arrays[2]


def _weights(states: _States) -> tuple[list[Float64Array], BoolArray]:
    weights = [s.params.weights for s in states]
    return weights, np.minimum.reduce(weights) > _LEAST_WEIGHT


def _squared_length(c: _Coefficients, states: _States) -> float:
    weights, held = _weights(states)
    logs = _combined(c, [np.log(np.where(held, w, 1.0)) for w in weights])
    mu = _combined(c, [s.params.means for s in states])
    middle = states[1].params
    u, d = middle.whitener, middle.n_features
    white = np.einsum("ki,kij->kj", mu, np.broadcast_to(u, (len(mu), d, d))) if u.ndim == 3 else mu * u
    total = float((weights[1] * (logs**2 + (white**2).sum(axis=1)))[held].sum())
    cores = [s.core for s in states]
    if u.ndim == 3:
        change = u.transpose(0, 2, 1) @ _combined(c, cores) @ u
        squares = (change**2).sum(axis=(1, 2))
    else:
        squares = d // u.shape[1] * (_combined(c, [np.log(core) for core in cores]) ** 2).sum(axis=1)
    mass = np.ones(1) if middle.is_shared else weights[1]
    some = mass > _LEAST_WEIGHT
    return total + 0.5 * float((mass * squares)[some].sum())


def _extrapolated(alpha: float, states: _States, reg: Regularisation) -> Solution | None:
    c = ((1.0 - alpha) ** 2, 2.0 * alpha * (1.0 - alpha), alpha**2)
    old, held = _weights(states)
    structure = states[0].structure
    with np.errstate(over="ignore", invalid="ignore"):
        logs = _combined(c, [np.log(np.where(held, w, 1.0)) for w in old])
        weights = np.where(held, np.exp(logs), old[2])
        means = _combined(c, [s.params.means for s in states])
        cores = [s.core for s in states]
        core = (
            _combined(c, cores)
            if structure.is_dense
            else np.exp(_combined(c, [np.log(core) for core in cores]))
        )
        total = weights.sum()
    if not (total > 0 and np.isfinite(total) and np.isfinite(means).all()):
        return None
    floor = reg.bounds(core.shape[1:]).floor
    if floor is not None:
        if not structure.is_dense:
            core = np.maximum(core, floor)
        elif not all_positive_definite(core - floor):
            return None
    try:
        whitener, log_det = structure.whiten(core, means.shape[1])
    except SingularCovarianceError:
        return None
    return Solution(structure, structure.public(core), Params(weights / total, means, whitener, log_det))
