"""Text from files and from the command line, made safe to show."""

from __future__ import annotations

__all__ = ["one_line", "printable"]


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
