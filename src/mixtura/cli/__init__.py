"""The command line: `mixtura fit`, `predict`, `score`, `sample`, `plot`, `report` and `info`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

__all__ = ["main"]

_EXTRA = frozenset({"cyclopts", "rich"})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after `mixtura`; those of the process by default.

    Returns
    -------
    int
        0; 2 after a mistake of the user, told in one line on standard error; 130 after Ctrl-C.
    """
    try:
        app = import_module("mixtura.cli.app")
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        return 130
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write(f"error: the command line needs {error.name}: pip install 'mixtura[cli]'\n")
        return 2
    return int(app.run(sys.argv[1:] if argv is None else list(argv)))
