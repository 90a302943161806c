"""Units so small or so large that squares of the data leave the range of their numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.em import EMResult, Solution
from mixtura.errors import InputError
from mixtura.params import Params

__all__ = ["into_units", "out_of_units", "unit_of", "weight_unit_of"]

# Variances, and numbers, within these exponents of two leave all that is computed from them room enough.
_SAFE = {"float32": 60, "float64": 500}
# A variance keeps its digits if it is at least this many times the smallest normal number.
_ROOM = 1e4


def unit_of(rows: FloatArray, variances: Float64Array) -> int:
    """Return e such that rows times 2^-e have variances with room around them; 0 if they have it as they are.

    Raises
    ------
    InputError
        If the variances of some columns are numbers that the dtype of the rows does not have.
    """
    safe = _SAFE[str(rows.dtype)]
    with np.errstate(divide="ignore"):
        exponents = np.log2(variances)
    odd = ~np.isfinite(variances) | (np.abs(exponents) > safe)
    if not odd.any():
        return 0
    low, high = rows.min(axis=0).astype(np.float64), rows.max(axis=0).astype(np.float64)
    # Half of each, for the difference of the largest numbers there are is none.
    spread = 0.5 * high - 0.5 * low
    if not spread.any():
        return 0
    numbers = np.finfo(rows.dtype)
    least = np.sqrt(float(numbers.tiny) * _ROOM)
    bad = (spread > np.sqrt(float(numbers.max))) | ((spread > 0) & (spread < least))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        msg = (
            f"column {first} of X has values {2.0 * spread[first]:.3g} apart, whose variance {rows.dtype} "
            "cannot hold: give the column in another unit"
        )
        raise InputError(msg)
    return int(np.frexp(spread.max())[1])


def weight_unit_of(weight: Float64Array) -> int:
    """Return e such that weights times 2^-e are of the size of ones; 0 if they are not far from it."""
    exponent = int(np.frexp(weight.max())[1])
    return exponent if abs(exponent) > 60 else 0


def into_units(solution: Solution, exponent: int) -> Solution:
    """Parameters of rows in units of 2^e."""
    structure, params = solution.structure, solution.params
    d = params.n_features
    covariances: Any = np.ldexp(solution.covariances, -2 * exponent)
    scaled = Params(
        params.weights,
        np.ldexp(params.means, -exponent),
        np.ldexp(params.whitener, exponent),
        params.log_det + d * exponent * np.log(2.0),
    )
    return Solution(structure, covariances, scaled)


def out_of_units(result: EMResult, exponent: int) -> EMResult:
    """Result of rows that were in units of 2^e."""
    if not exponent:
        return result
    d = result.solution.params.n_features
    trace = result.trace - d * exponent * np.log(2.0)
    return replace(result, solution=into_units(result.solution, -exponent), trace=trace)
