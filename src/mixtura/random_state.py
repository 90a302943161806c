"""One meaning of `random_state` everywhere."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from mixtura.errors import InputError

__all__ = ["as_random_state"]


def as_random_state(random_state: Any) -> np.random.RandomState:
    """Return a RandomState for None, an int, a RandomState or a Generator.

    A RandomState or a Generator is drawn from, and so moves on; equal seeds give equal draws whichever of
    the forms an int or a RandomState takes.
    """
    if random_state is None or random_state is np.random:
        return np.random.mtrand._rand
    if isinstance(random_state, np.random.RandomState):
        return random_state
    if isinstance(random_state, np.random.Generator):
        return np.random.RandomState(random_state.bit_generator)
    if (
        isinstance(random_state, Integral)
        and not isinstance(random_state, bool)
        and 0 <= int(random_state) < 2**32
    ):
        return np.random.RandomState(int(random_state))
    msg = (
        "random_state must be None, an integer in [0, 2**32), a numpy RandomState or a numpy Generator, "
        f"but got {random_state!r}"
    )
    raise InputError(msg)
