"""When a run of EM has arrived: by its last step, or by what is still to gain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

__all__ = ["Cycles", "Stop", "StoppingReason", "still_to_gain"]


class StoppingReason(StrEnum):
    """Why a fit ended."""

    CONVERGED = "converged"
    MAX_ITER = "max_iter"
    INTERRUPTED = "interrupted"
    CALLBACK = "callback"
    SINGULAR = "singular"
    ONE_STEP = "one_step"


def still_to_gain(before: float, last: float) -> float:
    """What is to gain after gains of `before` and `last`, were they to go on as a geometric series.

    Aitken's estimate, last² / (before − last); infinite if gains do not shrink (McLachlan and Peel, Finite
    Mixture Models, 2000, section 2.11). A ridge may make them losses.
    """
    before, last = abs(before), abs(last)
    if last == 0:
        return 0.0
    if not last < before or not np.isfinite(before):
        return np.inf
    return last * last / (before - last)


@dataclass(frozen=True)
class Stop:
    """The least change of a step, and the least that must be to gain, in nats a row; none if 0."""

    tol: float
    still: float

    def at_once(self, last: float) -> bool:
        """Whether the gain of one step says that the run has arrived."""
        return abs(last) < max(self.tol, 1e-6 * self.still)

    def turned(self, before: float, last: float) -> bool:
        """Whether a gain and then a loss, less than must be to gain, are rounding: EM has no losses."""
        return last <= 0.0 < before < self.still and -last < self.still

    def in_sight(self, before: float, last: float) -> bool:
        """Whether the gains of two steps do."""
        return still_to_gain(before, last) < self.still


class Cycles:
    """Gains of whole cycles of acceleration: those of single steps look better after a leap than they are."""

    def __init__(self) -> None:
        self._last = -np.inf
        self._gain = np.inf

    def still_to_gain(self, log_likelihood: float) -> float:
        """Return what is still to gain at the end of one more cycle."""
        gain = log_likelihood - self._last
        still = still_to_gain(self._gain, gain)
        self._last, self._gain = log_likelihood, gain
        return still
