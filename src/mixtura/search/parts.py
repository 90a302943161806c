"""`Parts`: components by themselves, to be taken from a mixture and put into another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mixtura._typing import Float64Array
from mixtura.covariance import CovarianceStructure
from mixtura.params import Params
from mixtura.search.arena import Arena
from mixtura.solution import Solution

__all__ = ["Parts", "doubled", "joined", "log_densities"]


class Parts(NamedTuple):
    """Components: weights (m,), means (m, d), core covariances (m or, if shared, 1; ...)."""

    weights: Float64Array
    means: Float64Array
    core: Float64Array

    def params(self, structure: CovarianceStructure) -> Params:
        """Return what the E-step reads."""
        whitener, log_det = structure.whiten(np.ascontiguousarray(self.core), self.means.shape[1])
        return Params(self.weights, np.ascontiguousarray(self.means), whitener, log_det)


def joined(structure: CovarianceStructure, *parts: Parts) -> Solution:
    """Return the mixture of all components of some parts, whose weights count relative to each other."""
    weights = np.concatenate([part.weights for part in parts])
    total = weights.sum()
    weights = weights / total if total > 0 else np.full(len(weights), 1.0 / len(weights))
    means = np.concatenate([part.means for part in parts])
    core = parts[0].core if structure.is_shared else np.concatenate([part.core for part in parts])
    return Solution(structure, structure.public(core), Parts(weights, means, core).params(structure))


def doubled(at: Solution) -> Solution:
    """Return the same density with one component more: the heaviest in two halves, the second one last."""
    p, k = at.params, int(np.argmax(at.params.weights))
    weights = p.weights.copy()
    weights[k] *= 0.5
    core = at.core if at.structure.is_shared else at.core[k, None]
    half = Parts(weights[k, None], p.means[k, None], core)
    return joined(at.structure, Parts(weights, p.means, at.core), half)


def log_densities(arena: Arena, block: slice, parts: Parts) -> Float64Array:
    """Return log π_j N(x; μ_j, Σ_j) of each row of a block, of shape (rows, m).

    −∞ where it is less by 700 nats than that of another part.
    """
    scores = arena.part(arena.rows[block]).score(parts.params(arena.structure), log_prob=True, resp=True)
    with np.errstate(divide="ignore"):
        log_resp = np.log(np.asarray(scores.resp))
    densities: Float64Array = log_resp + np.asarray(scores.log_prob)[:, None]
    return densities
