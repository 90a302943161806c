"""Units so small or so large that squares of the data leave the range of their numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mixtura._typing import Float64Array
from mixtura.em import EMResult, Solution
from mixtura.errors import InputError
from mixtura.params import Params
from mixtura.span import Span

__all__ = ["into_units", "is_wide", "out_of_units", "unit_of", "weight_unit_of"]

# Variances, and numbers, within these exponents of two leave all that is computed from them room enough.
_SAFE = {"float32": 60, "float64": 500}
# A variance keeps its digits if it is at least this many times the smallest normal number.
_ROOM = 1e4
# Standard deviations of the bulk.
_WIDE = 2000.0


def unit_of(variances: Float64Array, span: Span, dtype: np.dtype[Any]) -> int:
    """Return e such that rows times 2^-e have squares with room around them; 0 if they have it as they are.

    Raises
    ------
    InputError
        If the variances of some columns are numbers that the dtype of the rows does not have.
    """
    # Half of each, for the difference of the largest numbers there are is none.
    spread = 0.5 * span.high - 0.5 * span.low
    varies = spread > 0  # a constant is of any size
    # Sums of squares may have lost what they are sums of.
    with np.errstate(divide="ignore", invalid="ignore"):
        exponents = np.log2(np.array([variances, spread * spread]))
    if not (varies & ~(np.abs(exponents) <= _SAFE[str(dtype)]).all(axis=0)).any():
        return 0
    numbers = np.finfo(dtype)
    least = np.sqrt(float(numbers.tiny) * _ROOM)
    bad = varies & ((spread > np.sqrt(float(numbers.max))) | (spread < least))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        msg = (
            f"column {first} of X has values {2.0 * spread[first]:.3g} apart, whose variance {dtype} "
            "cannot hold: give the column in another unit"
        )
        raise InputError(msg)
    return int(np.frexp(spread.max())[1])


def is_wide(variances: Float64Array, span: Span) -> bool:
    """Whether some rows are so far from the bulk that float32 has too few digits for both."""
    spread = 0.5 * span.high - 0.5 * span.low
    return bool((spread > _WIDE * np.sqrt(np.maximum(variances, 0.0)))[spread > 0].any())


def weight_unit_of(weight: Float64Array) -> int:
    """Return e such that weights times 2^-e are of the size of ones; 0 if they are not far from it."""
    exponent = int(np.frexp(weight.max())[1])
    return exponent if abs(exponent) > 60 else 0


def into_units(solution: Solution, exponent: int) -> Solution:
    """Parameters of rows in units of 2^e."""
    structure, params = solution.structure, solution.params
    d = params.n_features
    covariances = np.asarray(np.ldexp(solution.covariances, -2 * exponent))
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
