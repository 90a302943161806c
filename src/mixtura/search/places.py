"""Places for one component more: EM of the new one alone, all others as they are.

With f the density of the mixture, (1 − a) f + a φ is that with a new component φ. To find a, and the mean and
covariance of φ, a pass has to look at one component instead of all (partial EM: Verbeek, Vlassis and Kröse,
Efficient greedy learning of Gaussian mixture models, 2003).
"""

from __future__ import annotations

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.search.arena import Arena
from mixtura.search.parts import Parts, joined, log_densities
from mixtura.solution import Solution, m_step
from mixtura.stats import SufficientStatistics

__all__ = ["grown"]

# Places that are tried, passes to see what one is worth, and how many are looked into.
_PLACES = 16
_PASSES = 4
_KEPT = 2
# Sizes of a new component, as shares of the covariance of the one that its row belongs to.
_SIZES = (0.25, 0.04)
# Rows with less of a component than this do not move it.
_NEXT_TO_NOTHING = 1e-3
# Numbers of an array of rows × features × components that is made at once.
_AT_ONCE = 2**15


def grown(arena: Arena, at: Solution, rng: np.random.RandomState) -> list[Solution]:
    """Put one component more where it is worth most; the new one comes last."""
    new = _candidates(arena, at, rng)
    log_f = np.concatenate(
        [np.asarray(part.score(at.params, log_prob=True).log_prob) for _, _, part in arena.blocks(1)]
    )
    for _ in range(_PASSES):
        new, worth = _passed(arena, at, log_f, new)
    p = at.params
    found = []
    for j in np.argsort(-worth, kind="stable")[:_KEPT]:
        core = at.core if at.structure.is_shared else new.core[j, None]
        one = Parts(new.weights[j, None], new.means[j, None], core)
        found.append(joined(at.structure, Parts((1.0 - one.weights) * p.weights, p.means, at.core), one))
    return found


def _candidates(arena: Arena, at: Solution, rng: np.random.RandomState) -> Parts:
    """Small components, each at a row, with half the weight of the component that the row belongs to."""
    rows = arena.rows[rng.choice(len(arena.rows), min(_PLACES, len(arena.rows)), replace=False)]
    labels = np.asarray(arena.part(rows).score(at.params, labels=True).labels)
    core = at.core
    if not at.structure.is_shared:
        sizes = np.resize(_SIZES, len(rows))
        core = core[labels] * sizes.reshape(-1, *[1] * (core.ndim - 1))
    return Parts(0.5 * at.params.weights[labels], rows.astype(np.float64), core)


def _passed(arena: Arena, at: Solution, log_f: Float64Array, new: Parts) -> tuple[Parts, Float64Array]:
    """One pass of EM of each new component beside all that are there, and what each was worth before it."""
    m, d = new.means.shape
    structure = at.structure
    worth, s0, s1 = np.zeros(m), np.zeros(m), np.zeros((m, d))
    s2 = np.zeros((0,) if structure.is_shared else new.core.shape)
    total = 0.0
    for block, weight, _ in arena.blocks(m):
        ratio = log_densities(arena, block, new) - log_f[block, None]
        both = np.logaddexp(np.log1p(-new.weights), ratio)
        worth += weight @ both
        resp = np.exp(ratio - both) * weight[:, None]
        total += weight.sum()
        s0 += resp.sum(axis=0)
        rows = arena.rows[block]
        moved, spread = (_moments if rows.size * m <= _AT_ONCE else _sparse_moments)(
            rows, new.means, resp, s2
        )
        s1 += moved
        s2 += spread
    share = np.clip(s0 / total, 1e-300, 0.5)
    if structure.is_shared:
        moved = new.means + s1 / np.maximum(s0, 1e-300)[:, None]
        return Parts(share, moved, new.core), worth
    stats = SufficientStatistics(new.means, s0, s1, s2, 0.0, total)
    found = m_step(structure, stats, arena.reg)
    return Parts(share, found.params.means, found.core), worth


def _moments(
    rows: FloatArray, means: Float64Array, resp: Float64Array, like: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Sums of r t and of r t tᵀ about each mean: these as `like` has them, none if that is empty."""
    t = rows - means[:, None]
    weighted = resp.T[..., None] * t
    first = weighted.sum(axis=1)
    if like.ndim == 3:
        return first, weighted.transpose(0, 2, 1) @ t
    squares = np.einsum("mnd,mnd->md", weighted, t)
    return first, _in_form(squares, like)


def _sparse_moments(
    rows: FloatArray, means: Float64Array, resp: Float64Array, like: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the same, of the rows that move a component: where rows are many, these are few."""
    found = []
    for j, mean in enumerate(means):
        held = np.flatnonzero(resp[:, j] > _NEXT_TO_NOTHING)
        found.append(_moments(rows[held], mean[None], resp[held, j, None], like[:1]))
    first, second = (np.concatenate(part) for part in zip(*found, strict=True))
    return first, second


def _in_form(squares: Float64Array, like: Float64Array) -> Float64Array:
    """Sums of squares (m, d) by feature as they are kept: so, or (m, 1) of all features, or none."""
    if like.ndim == 1:
        return squares[:0, 0]
    return squares if squares.shape[1] == like.shape[1] else squares.sum(axis=1, keepdims=True)
