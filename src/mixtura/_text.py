"""Text and numbers, made safe and short to show: in a terminal, a picture or a report."""

from __future__ import annotations

import math

__all__ = ["mean_and_spread", "one_line", "printable", "shortened"]


def printable(text: str) -> str:
    r"""Return text with control characters escaped: a name from a file may not steer the terminal.

    Examples
    --------
    >>> print(printable("a\nb \x1b[31mred"))
    a\nb \x1b[31mred
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def one_line(message: str) -> str:
    """Return a message on one line, without control characters."""
    return printable(" ".join(message.split()))


def shortened(text: str, most: int) -> str:
    """Return text of so many characters at most: names differ at their ends too, so both ends stay.

    Examples
    --------
    >>> shortened("temperature_of_the_sea_in_may", 11)
    'tempe…n_may'
    """
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


def mean_and_spread(mean: float, sd: float) -> str:
    """Return 'mean ± sd', with the digits that the sd makes meaningful: three of its own.

    Examples
    --------
    >>> mean_and_spread(4.47512, 0.27912), mean_and_spread(79.968, 5.871), mean_and_spread(9710.1, 422.51)
    ('4.475 ± 0.279', '79.97 ± 5.87', '9710 ± 423')
    """
    size = max(abs(mean), sd)
    if sd <= 0 or not math.isfinite(size) or size >= 1e7 or sd < 1e-5:
        return f"{mean:.5g} ± {sd:.3g}"
    decimals = max(0, 2 - math.floor(math.log10(sd)))
    return f"{mean:.{decimals}f} ± {sd:.{decimals}f}"
