"""Column names in a message: a comma in a name is no comma between names."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["counted", "listed"]


def listed(names: Sequence[str], most: int = 12) -> str:
    """Return names with commas between them, as `--columns` takes them, and how many are not shown.

    Examples
    --------
    >>> listed(["a", "b, c", "d"], most=2)
    'a, "b, c", … (3 in all)'
    """
    shown = [_quoted(name) for name in names[:most]]
    if len(names) > most:
        shown.append(f"… ({len(names)} in all)")
    return ", ".join(shown)


def _quoted(name: str) -> str:
    if "," not in name and not name.startswith('"') and name == name.strip() != "":
        return name
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
