"""The log-density of a model's own parameters in 50 digits, and how far rounding may take it."""

from __future__ import annotations

from typing import Any

from mpmath import mp, mpf

from tests.torture.case import Array
from tests.torture.parameters import Model

__all__ = ["log_density_bounds"]

_DIGITS = 50


def log_density_bounds(model: Model, row: Array, epsilon: float) -> tuple[float, float]:
    """Return what an honest evaluation of log p(x) may give at least and at most.

    The bounds are those of parameters that lie within a few roundings, each of the relative size `epsilon`,
    of the ones that the model shows, and of as many roundings of each term. So a model whose numbers do not
    say more than that is not blamed for it, but one that lets large terms cancel is. Half of the digits
    are granted in any case: less is a matter of care, not of right and wrong.

    Parameters
    ----------
    model : Model
    row : ndarray of shape (d,)
        Numbers of any dtype: they are taken as they are.
    epsilon : float
        The coarsest spacing in the data, the parameters and the answer.
    """
    with mp.workdps(_DIGITS):
        x = [mpf(value) for value in row.tolist()]
        unit = mpf(8 + 2 * len(x)) * mpf(epsilon)
        low: list[Any] = []
        high: list[Any] = []
        for weight, mean, whitener in zip(model.weights, model.means, model.whiteners, strict=True):
            if weight > 0:
                value, error = _component(x, mpf(float(weight)), mean, whitener, unit)
                low.append(mp.exp(value - error))
                high.append(mp.exp(value + error))
        least, most = mp.log(mp.fsum(low)), mp.log(mp.fsum(high))
        middle = (least + most) / 2
        half = mp.sqrt(mpf(epsilon)) * (1 + abs(middle))
        return float(min(least, middle - half)), float(max(most, middle + half))


def _component(x: list[Any], weight: Any, mean: Array, whitener: Array, unit: Any) -> tuple[Any, Any]:
    """log (π N(x; μ, Σ)), and its error to first order in the parameters and to second in the square."""
    d = len(x)
    mu = [mpf(float(value)) for value in mean]
    squares = errors = logs = size = mpf(0)
    for j in range(d):
        # Of a diagonal only the entry itself, which spares most of the work.
        column = [(i, mpf(float(whitener[i, j]))) for i in range(d) if whitener[i, j] != 0]
        y = mp.fsum((x[i] - mu[i]) * u for i, u in column)
        moved = unit * mp.fsum((abs(x[i]) + abs(mu[i])) * abs(u) for i, u in column)
        squares += y * y
        errors += abs(y) * moved + moved * moved / 2
        log = mp.log(mpf(float(whitener[j, j])))
        logs += log
        size += abs(log)
    constant = d * mp.log(2 * mp.pi) / 2
    value = mp.log(weight) - constant + logs - squares / 2
    error = errors + unit * (abs(mp.log(weight)) + constant + size + squares / 2 + 1)
    return value, error
