"""What a backend is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np

from mixtura._typing import Float64Array, IntArray
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

if TYPE_CHECKING:
    from mixtura.covariance.regularisation import Bounds

__all__ = ["Backend", "Course", "End", "Leg", "RunningBackend", "Scores", "Task", "Watch"]


class Scores(NamedTuple):
    """What was asked of `Backend.score`; the rest is None.

    log_prob (N,) is log p(x) in nats; resp (N, K) the responsibilities; labels (N,) the first most probable
    component.
    """

    log_prob: Float64Array | None
    resp: Float64Array | None
    labels: IntArray | None


class Backend(Protocol):
    """Data bound at construction; every method is one pass over them."""

    @property
    def n_samples(self) -> int:
        """N."""
        ...

    @property
    def n_features(self) -> int:
        """d."""
        ...

    def e_step(self, params: Params) -> SufficientStatistics:
        """Sum the sufficient statistics of all rows under `params`."""
        ...

    def score(
        self, params: Params, *, log_prob: bool = False, resp: bool = False, labels: bool = False
    ) -> Scores:
        """Evaluate `params` row by row."""
        ...


class Course(NamedTuple):
    """How a run of EM goes on.

    At most `passes` E- and M-steps; it ends early when a step changes the mean log-likelihood a row by less
    than `tol`, or when less than `still` is to gain by Aitken's estimate. `accelerate` is for SQUAREM.
    `previous` is the log-likelihood before that of the first parameters, and `previous_gain` the gain that
    it was.
    """

    tol: float
    still: float
    accelerate: bool
    passes: int
    previous: float = -np.inf
    previous_gain: float = np.inf


# Is told of each pass: the mean log-likelihood a row, and what it gained. A true answer ends the run.
Watch = Callable[[float, float], bool]


class Task(NamedTuple):
    """A run of EM from `params`, whose covariances are given in core form too, or a part of it.

    When it has ended the last parameters are evaluated, by an E-step of their own.
    """

    params: Params
    covariances: Float64Array
    bounds: Bounds
    course: Course


class End(StrEnum):
    """Why a leg ended.

    CONVERGED, EXHAUSTED and STOPPED, by its watch: all is done. INTERRUPTED: by Ctrl-C; the parameters are
    the last whose likelihood is known. REFUSED: the E-step of the parameters is done, and its M-step is left
    to the caller.
    """

    CONVERGED = "converged"
    EXHAUSTED = "exhausted"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"


class Leg(NamedTuple):
    """What a backend did of a task.

    `params` and `covariances`, in core form, are where it ended, None if it did no M-step. `trace` has the
    mean log-likelihood a row of each E-step, with its share of the prior, but not those of the `n_rejected`
    leaps that went too far. `stats` are those of the last E-step if the leg was refused.
    """

    params: Params | None
    covariances: Float64Array | None
    trace: Sequence[float]
    n_steps: int
    n_rejected: int
    end: End
    stats: SufficientStatistics | None


@runtime_checkable
class RunningBackend(Protocol):
    """A backend that can do the M-steps of the plain structures too."""

    def advance(self, tasks: Sequence[Task], watch: Watch | None = None) -> list[Leg]:
        """Do tasks, all of plain structures; each result is the same whatever is done beside it.

        `watch` is for a task alone.
        """
        ...
