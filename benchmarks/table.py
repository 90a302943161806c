"""Tables of results: printed in the terminal, and kept in the documents between two marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Table", "write_into"]


@dataclass(frozen=True)
class Table:
    """Rows of text under a heading.

    Attributes
    ----------
    name : str
        What the documents call it: it stands between <!-- table: name --> and <!-- end -->.
    columns : sequence of str
    rows : sequence of sequences of str
    note : str
        A sentence below it.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str

    def markdown(self) -> str:
        """Return the table in Markdown."""
        lines = [self.columns, ["---"] + ["---:"] * (len(self.columns) - 1), *self.rows]
        return "\n".join(["| " + " | ".join(line) + " |" for line in lines] + ["", self.note])


def write_into(document: Path, table: Table) -> bool:
    """Replace the table in a document that has marks for it; return whether it has."""
    mark = re.compile(rf"(<!-- table: {re.escape(table.name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    text, count = mark.subn(
        lambda found: f"{found[1]}\n{table.markdown()}\n\n{found[2]}", document.read_text(encoding="utf-8")
    )
    document.write_text(text, encoding="utf-8")
    return count > 0
