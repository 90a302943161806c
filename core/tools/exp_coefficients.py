"""Coefficients of exp.hpp: near-minimax polynomials q with exp(r) = 1 + r + r² q(r) for |r| ≤ (log 2)/2.

Run by `python core/tools/exp_coefficients.py`; needs mpmath. Prints the coefficients of q from the constant
up, and the largest relative error that they leave in exp when they are rounded to their type.
"""

from __future__ import annotations

import numpy as np
from mpmath import chebyfit, exp, factorial, linspace, log, mp, mpf, polyval

mp.dps = 50
EDGE = log(2) / 2


def remainder(r: mpf) -> mpf:
    """(exp(r) − 1 − r)/r², by its series near 0."""
    if abs(r) < mpf("1e-10"):
        return sum(r**i / factorial(i + 2) for i in range(5))
    return (exp(r) - 1 - r) / r**2


def main() -> None:
    """Print the coefficients for both types."""
    for name, dtype, count in (("double", np.float64, 10), ("float", np.float32, 5)):
        # Each is rounded to its type; the error is that of the rounded ones.
        rounded = [dtype(float(c)) for c in reversed(chebyfit(remainder, [-EDGE, EDGE], count))]
        down = [mpf(float(c)) for c in reversed(rounded)]
        error = max(abs((1 + r + r * r * polyval(down, r)) / exp(r) - 1) for r in linspace(-EDGE, EDGE, 2001))
        print(f"{name}: relative error {float(error):.1e}")
        print(",\n".join(f"    {c!s}" if dtype is np.float32 else f"    {float(c)!r}" for c in rounded))


if __name__ == "__main__":
    main()
