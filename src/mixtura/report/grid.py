"""`Grid`: a table of a report, before it is HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Cell", "Grid", "cell", "criterion", "number", "share", "transposed", "whole"]

_WIDEST = 1e9


@dataclass(frozen=True)
class Cell:
    """Text in a table, with what marks it.

    Attributes
    ----------
    text : str
    colour : str, optional
        Of the component that it names.
    mark : str
        What it means beyond its text: 'best', 'loose', 'failed' or nothing.
    bar : float, optional
        The share of the cell that is filled, from 0 to 1.
    """

    text: str
    colour: str | None = None
    mark: str = ""
    bar: float | None = None


@dataclass(frozen=True)
class Grid:
    """A table: its first column names the rows.

    Attributes
    ----------
    caption : str
    head : sequence of Cell
    rows : sequence of sequences of Cell
    notes : sequence of str
        Below the table: what its marks mean, and what is left out.
    texts : frozenset of int
        Columns of text, which begin at the left; numbers end at the right.
    """

    caption: str
    head: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    texts: frozenset[int] = frozenset()


def cell(text: object) -> Cell:
    """Return a cell without marks."""
    return Cell(str(text))


def transposed(head: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> tuple[list[Cell], list[list[Cell]]]:
    """Return a table with its columns as rows."""
    new_head, *new_rows = [list(line) for line in zip(head, *rows, strict=True)]
    return new_head, new_rows


def number(value: float, digits: int = 5) -> str:
    """Return a number with so many digits that mean something.

    Examples
    --------
    >>> number(1234.5678), number(0.000123456), number(float("nan"))
    ('1234.6', '0.00012346', '–')
    """
    return "–" if math.isnan(value) else f"{value:.{digits}g}"


def criterion(value: float) -> str:
    """Return a BIC or the like: what is compared are differences, so decimals stay while there is room.

    Examples
    --------
    >>> criterion(2314.296), criterion(-4.14086)
    ('2314.3', '-4.141')
    """
    size = abs(value)
    if not 1 <= size < _WIDEST:
        return number(value)
    return f"{value:.1f}" if size >= 100 else f"{value:.3f}"


def whole(value: int) -> str:
    """Return a count, in groups of three from five digits on.

    Examples
    --------
    >>> whole(1234), whole(1234567)
    ('1234', '1 234 567')
    """
    return str(value) if abs(value) < 10_000 else f"{value:,}".replace(",", " ")


def share(value: float) -> str:
    """Return a share in percent: none is called all, or nothing, that is not.

    Examples
    --------
    >>> share(0.5), share(0.99999), share(1.0), share(1e-6)
    ('50.0 %', '> 99.9 %', '100 %', '< 0.1 %')
    """
    if value in (0.0, 1.0):
        return f"{value:.0%}".replace("%", " %")
    if value < 0.001:
        return "< 0.1 %"
    return "> 99.9 %" if value > 0.999 else f"{100.0 * value:.1f} %"
