"""Tables and text for people: with rules and bold in a terminal, plain in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from mixtura._text import printable

__all__ = ["console", "fits", "grid", "heading", "say"]

_PLAIN_WIDTH = 100
# Blanks between columns; in a terminal there is one more, in which the rule runs.
_GAP = 2
# The first column of a table is never cut below this.
_NARROW = 16


class _Console(Console):
    """Leaves it to the caller what a reader that has gone means; rich would end the program."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(stream: TextIO | None = None) -> Console:
    """Return a console on standard output, or another stream: of fixed width where it is not a terminal."""
    stream = sys.stdout if stream is None else stream
    return _Console(
        file=stream,
        width=None if stream.isatty() else _PLAIN_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )


def say(to: Console, text: str) -> None:
    """Print a paragraph, in a pipe on one line: what looks for a sentence there should find it whole.

    In a terminal all its lines begin with the blanks that the first one does.
    """
    bare = text.lstrip(" ")
    if to.is_terminal:
        to.print(Padding(Text(printable(bare)), (0, 0, 0, len(text) - len(bare)), expand=False))
    else:
        to.file.write(f"{printable(text)}\n")


def heading(to: Console, text: str) -> None:
    """Print a heading, with a blank line above."""
    to.print()
    to.print(Text(printable(text), style="bold"))


def grid(
    to: Console, columns: Sequence[str], rows: Sequence[Sequence[str]], *, emphasis: Sequence[bool] = ()
) -> None:
    """Print a table: the first column to the left, the others to the right.

    A table that is wider than the console is printed in parts below each other, each with the first column.

    Parameters
    ----------
    to : Console
    columns : sequence of str
        Their headings.
    rows : sequence of sequences of str
    emphasis : sequence of bool
        Which rows are bold in a terminal.
    """
    columns = [printable(column) for column in columns]
    widest = _widest_first(to)
    rows = [[_shortened(printable(row[0]), widest), *map(printable, row[1:])] for row in rows]
    for number, part in enumerate(_parts(to, columns, rows)):
        if number:
            to.print()
        table = RichTable(
            box=box.SIMPLE_HEAD if to.is_terminal else None,
            show_edge=False,
            padding=(0, 1) if to.is_terminal else (0, _GAP, 0, 0),
            header_style="bold",
        )
        for j in part:
            table.add_column(
                Text(columns[j]),
                justify="right" if j else "left",
                no_wrap=True,
            )
        for i, row in enumerate(rows):
            style = "bold green" if i < len(emphasis) and emphasis[i] else None
            table.add_row(*(Text(row[j]) for j in part), style=style)
        _print_table(to, table)


def fits(to: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether `grid` would print the table in one part."""
    return len(_parts(to, columns, rows)) == 1


def _parts(to: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[int]]:
    """Return which columns go together, the first with each."""
    gap = _GAP + to.is_terminal
    widths = [
        gap + max(cell_len(cell) for cell in (column, *(row[j] for row in rows)))
        for j, column in enumerate(columns)
    ]
    first = min(widths[0], _widest_first(to) + gap)
    parts, used = [[0]], first
    for j in range(1, len(columns)):
        if used + widths[j] > to.width and len(parts[-1]) > 1:
            parts.append([0])
            used = first
        parts[-1].append(j)
        used += widths[j]
    return parts


def _widest_first(to: Console) -> int:
    return max(_NARROW, to.width // 3)


def _shortened(text: str, width: int) -> str:
    """Return text of this width at most: names that are cut often differ at their ends, so both ends stay."""
    if cell_len(text) <= width:
        return text
    room = max(width - 1, 2)
    tail = text
    while cell_len(tail) > room // 2:
        tail = tail[1:]
    return f"{set_cell_size(text, room - room // 2).rstrip()}…{tail}"


def _print_table(to: Console, table: RichTable) -> None:
    """Print; in a pipe, without the blanks that fill lines up to the width."""
    if to.is_terminal:
        to.print(table)
        return
    with to.capture() as captured:
        to.print(table)
    to.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
