"""Says what to install where jinja2 or matplotlib is missing; imported before all that needs them."""

from __future__ import annotations

try:
    import jinja2
    import matplotlib as mpl
except ImportError as error:
    msg = "a report needs jinja2 and matplotlib: pip install 'mixtura[report]'"
    raise ImportError(msg) from error

__all__ = ["jinja2", "mpl"]
