"""Warnings in the gallery: readers would not see them, so they are errors."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from typing import Any

__all__ = ["as_errors"]

_filters = ExitStack()


def as_errors(gallery_conf: dict[str, Any], fname: str, when: str) -> None:
    """Let a page fail by a warning that its own lines cause; called before and after each."""
    _filters.close()
    if when == "before":
        _filters.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("error", module="__main__")
