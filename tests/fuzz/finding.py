"""What a fuzzer looks for."""

from __future__ import annotations

__all__ = ["Finding"]


class Finding(Exception):  # noqa: N818  (found, and no error of the fuzzer)
    """An attack that ended otherwise than it may."""
