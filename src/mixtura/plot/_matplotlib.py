"""Says what to install where matplotlib is missing; imported before all that needs it."""

from __future__ import annotations

try:
    import matplotlib as mpl
except ImportError as error:
    msg = "pictures need matplotlib: pip install 'mixtura[plot]'"
    raise ImportError(msg) from error

__all__ = ["mpl"]
