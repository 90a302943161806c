"""Reference values of exp and log for the tests of exp.hpp, from 60 digits: core/tests/exp_reference.inc.

Run by `python core/tools/exp_reference.py`; needs mpmath. A value is kept as the number of its type that is
nearest, and what is left to the exact one in units in the last place: so the tests need no type wider than
the one they test, which not every machine has. The points are the same at each run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mpmath import exp, log, mp, mpf

mp.dps = 60
TARGET = Path(__file__).resolve().parent.parent / "tests" / "exp_reference.inc"
STEP = (5**0.5 - 1) / 2  # multiples of it, modulo 1, leave no gap and repeat nothing

# (type, name in C++, least x whose exp is normal and kept, number of points by multiples of STEP)
TYPES = (
    (np.float64, "double", -708.0, 340),
    (np.float32, "float", -87.0, 340),
)


def spread(count: int) -> Iterator[float]:
    return (STEP * i % 1 for i in range(1, count + 1))


def with_neighbours(values: list[Any]) -> list[Any]:
    below = [np.nextafter(v, type(v)(-np.inf)) for v in values]
    above = [np.nextafter(v, type(v)(np.inf)) for v in values]
    return below + values + above


def exp_points(T: type[np.floating[Any]], lowest: float, count: int) -> list[Any]:
    """Return the whole domain, thinly; and densely where the reduction to |r| ≤ (log 2)/2 changes."""
    info = np.finfo(T)
    whole = [T(lowest * u) for u in spread(count)] + [T(u) for u in spread(40)]
    small = [T(sign * 2.0**-e) for e in range(1, 70, 2) for sign in (1, -1)]
    denormal = [T(s) * v for s in (1, -1) for v in (info.tiny, info.smallest_subnormal, info.tiny / T(2))]
    halves = -int(-2 * lowest / 0.6931471805599453)
    steps = sorted({*range(-24, 3), *np.linspace(halves, -24, 48, dtype=int).tolist()})
    reductions = with_neighbours([T(float(k * log(mpf(2)) / 2)) for k in steps])
    edge = with_neighbours([T(lowest)]) + [T(lowest + 2.0**-e) for e in range(8)]
    # Normal, but not kept; then below the smallest normal; then below all.
    beyond = [T(lowest - u) for u in (0.1, 0.3, 1, 5, 30, 50, 300)] + [T(-1e30), info.min, T(-np.inf)]
    return [*whole, *small, *denormal, T(0), T(-0.0), *reductions, *edge, *beyond]


def log_points(T: type[np.floating[Any]], lowest: float, count: int) -> list[Any]:
    """Return numbers from 1 to the largest; densely next to 1, and where the exponent changes."""
    info = np.finfo(T)
    by_exponent = [T(2 ** (-lowest / 0.6931471805599453 * u)) for u in spread(count)]
    sums = [T(1 + 300 * u) for u in spread(count // 2)]  # of K exponentials whose largest is 1
    near_one = [T(1) + T(2.0**-e) for e in range(1, info.nmant + 1)]
    root = float(mpf(2) ** 0.5)
    powers = [*range(1, 12), *range(12, info.maxexp, info.maxexp // 10)]
    turns = with_neighbours([T(2.0**e) for e in powers] + [T(root * 2.0 ** (e - 1)) for e in powers])
    return [T(1), *by_exponent, *sums, *near_one, *turns, info.max]


def literal(x: Any) -> str:
    return re.sub(r"\.?0*p", "p", float(x).hex()) if np.isfinite(x) else "-INFINITY"


def entry(T: type[np.floating[Any]], x: Any, function: Callable[[mpf], mpf]) -> str:
    """Return x, the nearest number to function(x), and the rest in units in its last place."""
    exact = function(mpf(float(x))) if np.isfinite(x) else mpf(0)
    near = T(0) if exact < mpf(float(np.finfo(T).smallest_subnormal)) / 2 else T(float(exact))
    rest = (exact - mpf(float(near))) / mpf(float(np.spacing(near)))
    return f"{{{literal(x)}, {literal(near)}, {float(rest):.3g}}}"


def main() -> None:
    lines = ["// Written by core/tools/exp_reference.py: {x, nearest to f(x), f(x) less that in ulp}."]
    for T, name, lowest, count in TYPES:
        for function, points in ((exp, exp_points), (log, log_points)):
            found = sorted(set(points(T, lowest, count)))
            lines.append(f"inline constexpr Reference<{name}> {function.__name__}_{name}[] = {{")
            lines += [f"{entry(T, x, function)}," for x in found]
            lines.append("};")
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
