"""What this installation runs on."""

from __future__ import annotations

import platform
import sys

import numpy as np
import scipy
import sklearn

import mixtura
from mixtura import _native
from mixtura.threads import available_cores, resolve_n_jobs

__all__ = ["config", "show_config"]


def config() -> dict[str, str]:
    """Return versions, instruction set and threads as text."""
    native = _native.config()
    return {
        "mixtura": mixtura.__version__,
        "instruction set": str(native["instruction_set"]),
        "instruction sets available": ", ".join(str(name) for name in native["available"]),
        "compiler": str(native["compiler"]),
        "threads": f"{resolve_n_jobs(None)} of {available_cores()} cores",
        "python": platform.python_version(),
        "platform": platform.platform(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }


def show_config() -> None:
    """Print the versions, the instruction set that was chosen at import, and the number of threads.

    The instruction set is the best that the machine has, unless the environment variable
    MIXTURA_INSTRUCTION_SET names another one.

    Examples
    --------
    >>> import mixtura
    >>> mixtura.show_config()  # doctest: +ELLIPSIS
    mixtura ...
    """
    for name, value in config().items():
        sys.stdout.write(f"{name:<27} {value}\n")
