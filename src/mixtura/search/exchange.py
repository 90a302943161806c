"""Exchanges: out of an optimum with two components where one would do, and one where two are asked for.

EM cannot move a component across a gap. A component is put in where it is worth most, and one of the others
goes: by itself, or as one of two that are merged. What is left is kept if its likelihood is higher (in the
manner of Ueda, Nakano, Ghahramani and Hinton, SMEM algorithm for mixture models, 2000).
"""

from __future__ import annotations

import numpy as np

from mixtura._typing import Float64Array, RowNumbers
from mixtura.em import EMResult
from mixtura.search.arena import Arena
from mixtura.search.parts import Parts, joined, log_densities
from mixtura.search.places import grown
from mixtura.solution import Solution

__all__ = ["improved"]

# Removals tried for each new component, the passes that all get and then the better of them, and how far the
# best goes on.
_REMOVALS = 3
_REMOVAL_PASSES = 4
_KEPT = 2
_KEPT_PASSES = 8
_MORE_PASSES = 30
_STILL = 1e-3
_ROUNDS = 5
# Exchanges in vain, at other places each time, after which there is no more to be found.
_PATIENCE = 2
# What an exchange must bring, in nats a row: less is not worth the passes.
_LEAST_GAIN = 1e-3


def improved(arena: Arena, result: EMResult, rng: np.random.RandomState) -> Solution:
    """Exchange components as long as the likelihood rises by it."""
    in_vain = 0
    for _ in range(_ROUNDS):
        trials = (trial for more in grown(arena, result.solution, rng) for trial in _shrunk(arena, more))
        tried = arena.climb(trials, keep=_KEPT, max_iter=_REMOVAL_PASSES, accelerate=True)
        better = arena.climb([trial.solution for trial in tried], max_iter=_KEPT_PASSES, accelerate=True)
        (best,) = arena.climb([better[0].solution], max_iter=_MORE_PASSES, still=_STILL, accelerate=True)
        if arena.is_higher(best, result, by=_LEAST_GAIN):
            result, in_vain = best, 0
        else:
            in_vain += 1
        if in_vain == _PATIENCE:
            break
    return result.solution


def _shrunk(arena: Arena, at: Solution) -> list[Solution]:
    """Take one component away, in the ways that cost least; the last one, which is new, is to stay."""
    p, k_all = at.params, at.params.n_components - 1
    alone, common = np.zeros(k_all), np.zeros((k_all + 1, k_all + 1))
    for _, weight, part in arena.blocks(k_all):
        resp = np.asarray(part.score(p, resp=True).resp)
        alone += weight @ _log(1.0 - resp[:, :k_all])
        common += (resp * weight[:, None]).T @ resp
    size = np.maximum(np.diagonal(common), 1e-300)
    first, second = np.triu_indices(k_all, 1)
    overlap = common[first, second] / np.sqrt(size[first]) / np.sqrt(size[second])
    pairs = np.argsort(-overlap, kind="stable")[:k_all]
    first, second = first[pairs], second[pairs]
    merged = _merged(at, first, second)
    together = np.zeros(len(pairs))
    for block, weight, part in arena.blocks(k_all):
        scores = part.score(p, log_prob=True, resp=True)
        resp, log_f = np.asarray(scores.resp), np.asarray(scores.log_prob)
        ratio = np.exp(np.minimum(log_densities(arena, block, merged) - log_f[:, None], 700.0))
        together += weight @ _log(1.0 - resp[:, first] - resp[:, second] + ratio)
    ways = np.argsort(-np.concatenate([alone, together]), kind="stable")[:_REMOVALS]
    found = []
    for way in ways:
        if way < k_all:
            found.append(joined(at.structure, _without(at, [way])))
        else:
            i = way - k_all
            core = merged.core if at.structure.is_shared else merged.core[i, None]
            one = Parts(merged.weights[i, None], merged.means[i, None], core)
            found.append(joined(at.structure, _without(at, [first[i], second[i]]), one))
    return found


def _log(left: Float64Array) -> Float64Array:
    logs: Float64Array = np.log(np.maximum(left, 1e-300))
    return logs


def _merged(at: Solution, first: RowNumbers, second: RowNumbers) -> Parts:
    """Components with the moments of two each."""
    p = at.params
    both = np.stack([first, second])
    w = p.weights[both]
    share = w.sum(axis=0)
    # Two without any weight have no mean in common.
    w = np.divide(w, share, out=np.full(w.shape, 0.5), where=share > 0)
    means = (w[:, :, None] * p.means[both]).sum(axis=0)
    if at.structure.is_shared:
        return Parts(share, means, at.core)
    core = np.zeros((len(first), *at.core.shape[1:]))
    for one, part in zip(both, w, strict=True):
        t = p.means[one] - means
        spread = t[:, :, None] * t[:, None, :] if core.ndim == 3 else t * t
        if at.structure.is_spherical:
            spread = spread.mean(axis=1, keepdims=True)
        core += part.reshape(-1, *[1] * (core.ndim - 1)) * (at.core[one] + spread)
    return Parts(share, means, core)


def _without(at: Solution, out: list[int]) -> Parts:
    kept = np.setdiff1d(np.arange(at.params.n_components), out)
    core = at.core if at.structure.is_shared else at.core[kept]
    return Parts(at.params.weights[kept], at.params.means[kept], core)
