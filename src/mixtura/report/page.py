"""`rendered`: the template filled in. All text that comes from outside is escaped here."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import mixtura
from mixtura._text import printable

__all__ = ["rendered"]


def _shown(value: Any) -> Any:
    """Return text without control characters: no line breaks, no turns of direction."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def rendered(**contents: Any) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("mixtura.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    return environment.get_template("report.html").render(version=mixtura.__version__, **contents)
