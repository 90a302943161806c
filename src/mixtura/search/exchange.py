"""Exchanges: out of an optimum with two components where one would do, and one where two are asked for.

EM cannot move a component across a gap. A component is put in at many places, a few passes show where it is
worth most, and one of the others goes: by itself, or as one of two that are merged. What is left is kept if
its likelihood is higher (in the manner of Verbeek, Vlassis and Kröse, Efficient greedy learning of Gaussian
mixture models, 2003, and Ueda, Nakano, Ghahramani and Hinton, SMEM algorithm for mixture models, 2000).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mixtura._typing import Float64Array
from mixtura.em import EMResult, Solution
from mixtura.params import Params
from mixtura.search.arena import Arena

__all__ = ["improved"]

# Places where one is put in, passes to see what it is worth there, and how many of them are looked into.
_PLACES = 16
_PLACE_PASSES = 3
_KEPT_PLACES = 2
# Removals tried for each, the passes that they get, and how far the best goes on.
_REMOVALS = 3
_REMOVAL_PASSES = 10
_MORE_PASSES = 30
_STILL = 1e-3
_ROUNDS = 5
# Exchanges in vain, at other places each time, after which there is no more to be found.
_PATIENCE = 2
# What an exchange must bring, in nats a row: less is not worth the passes.
_LEAST_GAIN = 1e-3
# Sizes of a new component, as shares of the covariance of the one that its row belongs to.
_SIZES = (0.25, 0.04)


class _Parts(NamedTuple):
    """Components: weights (m,), means (m, d), core covariances (m or 1, ...)."""

    weights: Float64Array
    means: Float64Array
    core: Float64Array


def improved(arena: Arena, result: EMResult, rng: np.random.RandomState) -> Solution:
    """Exchange components as long as the likelihood rises by it."""
    in_vain = 0
    for _ in range(_ROUNDS):
        grown = arena.climb(_grown(arena, result.solution, rng), max_iter=_PLACE_PASSES)[:_KEPT_PLACES]
        trials = [trial for more in grown for trial in _shrunk(arena, more.solution)]
        first = arena.climb(trials, max_iter=_REMOVAL_PASSES, accelerate=True)[0]
        best = arena.climb([first.solution], max_iter=_MORE_PASSES, still=_STILL, accelerate=True)[0]
        if best.log_likelihood > result.log_likelihood + _LEAST_GAIN:
            result, in_vain = best, 0
        else:
            in_vain += 1
        if in_vain == _PATIENCE:
            break
    return result.solution


def _grown(arena: Arena, at: Solution, rng: np.random.RandomState) -> list[Solution]:
    """Put one component more at a row of each of some components."""
    p = at.params
    rows = arena.rows[rng.choice(len(arena.rows), min(_PLACES, len(arena.rows)), replace=False)]
    labels = np.asarray(arena.backend_of(rows).score(p, labels=True).labels)
    found = []
    for i, (row, k) in enumerate(zip(rows.astype(np.float64), labels, strict=True)):
        share = 0.5 * p.weights[k]
        weights = p.weights.copy()
        weights[k] = share
        size = 1.0 if at.structure.is_shared else _SIZES[i % len(_SIZES)]
        core = at.core[0 if at.structure.is_shared else k][None] * size
        found.append(
            _joined(at, _Parts(weights, p.means, at.core), _Parts(np.array([share]), row[None], core))
        )
    return found


def _shrunk(arena: Arena, at: Solution) -> list[Solution]:
    """Take one component away, in the ways that cost least; the last one, which is new, is to stay."""
    p, k_all = at.params, at.params.n_components - 1
    scores = arena.backend.score(p, log_prob=True, resp=True)
    resp, log_prob = np.asarray(scores.resp), np.asarray(scores.log_prob)
    weight = np.ones(len(resp)) if arena.weight is None else arena.weight
    ways: list[tuple[float, tuple[int, ...], _Parts | None]] = [
        (float(weight @ np.log(np.maximum(1.0 - resp[:, k], 1e-300))), (k,), None) for k in range(k_all)
    ]
    common = (resp * weight[:, None]).T @ resp
    size = np.maximum(np.diagonal(common), 1e-300)
    first, second = np.triu_indices(k_all, 1)
    closest = np.argsort(
        -(common[first, second] / np.sqrt(size[first]) / np.sqrt(size[second])), kind="stable"
    )
    for i, j in zip(first[closest[:k_all]], second[closest[:k_all]], strict=True):
        one = _merged(at, int(i), int(j))
        alone = _params(at, one._replace(weights=np.ones(1)))
        own = np.asarray(arena.backend.score(alone, log_prob=True).log_prob)
        ratio = one.weights[0] * np.exp(np.minimum(own - log_prob, 700.0))
        left = np.maximum(1.0 - resp[:, i] - resp[:, j], 0.0) + ratio
        ways.append((float(weight @ np.log(np.maximum(left, 1e-300))), (int(i), int(j)), one))
    ways.sort(key=lambda way: -way[0])
    return [_without(at, out, one) for _, out, one in ways[:_REMOVALS]]


def _merged(at: Solution, i: int, j: int) -> _Parts:
    """One component with the moments of two."""
    p = at.params
    w = p.weights[[i, j]]
    share = float(w.sum())
    # Two without any weight have no mean in common.
    w = w / share if share > 0 else np.array([0.5, 0.5])
    mean = w @ p.means[[i, j]]
    t = p.means[[i, j]] - mean
    core = at.core
    if not at.structure.is_shared:
        spread = t[:, :, None] * t[:, None, :] if core.ndim == 3 else t * t
        if core.ndim == 2 and core.shape[1] == 1:
            spread = spread.mean(axis=1, keepdims=True)
        core = np.tensordot(w, core[[i, j]] + spread, axes=1)[None]
    return _Parts(np.array([share]), mean[None], core)


def _without(at: Solution, out: tuple[int, ...], one: _Parts | None) -> Solution:
    kept = np.setdiff1d(np.arange(at.params.n_components), out)
    core = at.core if at.structure.is_shared else at.core[kept]
    rest = _Parts(at.params.weights[kept], at.params.means[kept], core)
    return _joined(at, rest, *([] if one is None else [one]))


def _joined(at: Solution, *parts: _Parts) -> Solution:
    weights = np.concatenate([part.weights for part in parts])
    means = np.concatenate([part.means for part in parts])
    core = at.core if at.structure.is_shared else np.concatenate([part.core for part in parts])
    total = weights.sum()
    weights = weights / total if total > 0 else np.full(len(weights), 1.0 / len(weights))
    params = _params(at, _Parts(weights, means, core))
    return Solution(at.structure, at.structure.public(core), params)


def _params(at: Solution, parts: _Parts) -> Params:
    whitener, log_det = at.structure.whiten(np.ascontiguousarray(parts.core), parts.means.shape[1])
    return Params(parts.weights, np.ascontiguousarray(parts.means), whitener, log_det)
