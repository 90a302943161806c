"""The order of components: one that does not depend on how a fit came to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixtura.em import EMResult, Solution
from mixtura.params import Params

__all__ = ["in_order"]

# Weights that differ by less are equal: which is larger then says nothing of the data.
_SAME_WEIGHT = 1e-9


def in_order(result: EMResult) -> EMResult:
    """Put the heaviest component first, and so on; equal ones by their means, feature by feature.

    Weights are the same in all units of the data, and whatever the order of its rows.
    """
    solution, params = result.solution, result.solution.params
    # Neighbours in weight that are no further apart than rounding have one rank.
    by_weight = np.argsort(-params.weights, kind="stable")
    drops = -np.diff(params.weights[by_weight]) > _SAME_WEIGHT
    rank = np.empty(len(by_weight), dtype=np.int64)
    rank[by_weight] = np.concatenate([[0], np.cumsum(drops)])
    order = np.lexsort((*params.means.T[::-1], rank))
    if (order == np.arange(len(order))).all():
        return result
    where = None if result.singular_component is None else int(np.argsort(order)[result.singular_component])
    return replace(result, solution=_reordered(solution, order), singular_component=where)


def _reordered(solution: Solution, order: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Solution:
    params, structure = solution.params, solution.structure
    covariances, whitener, log_det = solution.covariances, params.whitener, params.log_det
    if not structure.is_shared:
        covariances = structure.public(np.ascontiguousarray(solution.core[order]))
        whitener, log_det = np.ascontiguousarray(whitener[order]), log_det[order]
    means = np.ascontiguousarray(params.means[order])
    return Solution(structure, covariances, Params(params.weights[order], means, whitener, log_det))
