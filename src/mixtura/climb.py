"""A run of EM with its M-steps in Python: for all backends and structures, and the twin of the core's.

The same turns as `advance` in `core/include/mixtura/em.hpp`, one obvious step after the other.
"""

from __future__ import annotations

from typing import NamedTuple

from mixtura.backends.base import Backend, Course, End, Watch
from mixtura.covariance.regularisation import Regularisation
from mixtura.errors import SingularCovarianceError
from mixtura.leap import Leap
from mixtura.solution import Solution, m_step
from mixtura.stats import SufficientStatistics
from mixtura.stopping import Cycles, Stop

__all__ = ["Stretch", "climb"]


class Stretch(NamedTuple):
    """A part of a run: where it ended, and how. As `mixtura.backends.Leg`."""

    solution: Solution
    trace: list[float]
    n_rejected: int
    end: End
    stats: SufficientStatistics | None


def penalised(backend: Backend, reg: Regularisation, at: Solution) -> tuple[SufficientStatistics, float]:
    """One pass: its sums, and the mean log-likelihood a row with its share of the prior."""
    stats = backend.e_step(at.params)
    return stats, (stats.log_likelihood + reg.log_prior(at.params)) / stats.weight


def climb(
    backend: Backend, start: Solution, reg: Regularisation, course: Course, watch: Watch | None = None
) -> Stretch:
    """Do E- and M-steps from `start`, as `course` says.

    Two in a row, if there is to be acceleration, are followed by a leap from which the next two start, unless
    the likelihood has fallen.
    """
    run = _Climb(backend, start, reg, course, watch)
    try:
        end = run.to_the_end()
    except KeyboardInterrupt:
        end = End.INTERRUPTED
    stats = run.stats if end is End.REFUSED else None
    return Stretch(run.evaluated, run.trace, run.n_rejected, end, stats)


class _Climb:
    def __init__(
        self, backend: Backend, start: Solution, reg: Regularisation, course: Course, watch: Watch | None
    ) -> None:
        self.backend, self.reg, self.course, self.watch = backend, reg, course, watch
        self.evaluated = self.at = start
        self.trace: list[float] = []
        self.n_steps = self.n_rejected = 0
        self.stats: SufficientStatistics | None = None
        self.previous, self.previous_gain = course.previous, course.previous_gain

    def to_the_end(self) -> End:
        stop = Stop(self.course.tol, self.course.still)
        accelerate = self.course.accelerate and self.at.structure.is_plain
        leap, cycles, was_near = Leap(self.reg), Cycles(), False
        # Where a leap started: three states of EM in a row. Empty, if the last was no leap.
        behind: tuple[Solution, ...] = ()
        row: list[Solution] = []
        end = End.EXHAUSTED
        while self.n_steps + self.n_rejected < self.course.passes and end is End.EXHAUSTED:
            stats, log_likelihood = penalised(self.backend, self.reg, self.at)
            if behind and not log_likelihood >= self.previous:
                self.n_rejected += 1
                leap.rejected()
                self.at, behind, row = behind[-1], (), []
                continue
            self._found(stats, log_likelihood)
            try:
                following = m_step(self.at.structure, stats, self.reg)
            except SingularCovarianceError:
                return End.REFUSED
            self.n_steps += 1
            gain = log_likelihood - self.previous
            # Once is chance: on a plateau gains shrink before they grow. The first step after a leap, and the
            # leap itself, say little of those to come.
            near = stop.in_sight(self.previous_gain, gain)
            second = len(row) == 1
            as_before, was_near = was_near, near
            if accelerate:
                as_before = second and cycles.still_to_gain(log_likelihood) < stop.still
            arrived = stop.at_once(gain) or stop.turned(self.previous_gain, gain)
            if not behind and (arrived or (near and as_before)):
                end = End.CONVERGED
            self.previous, self.previous_gain = log_likelihood, gain
            if self.watch is not None and self.watch(log_likelihood, gain):
                end = End.STOPPED
            if behind:
                leap.accepted()
            row = [*row, self.at] if accelerate and not behind else []
            behind = ()
            self.at, last = following, self.at
            if second and end is End.EXHAUSTED:
                far = leap(row[0], last, following)
                if far is not None:
                    self.at, behind = far, (row[0], last, following)
            if second:
                row = []
        if behind:
            self.at = behind[-1]
        self._found(*penalised(self.backend, self.reg, self.at))
        return end

    def _found(self, stats: SufficientStatistics, log_likelihood: float) -> None:
        self.stats = stats
        self.trace.append(log_likelihood)
        self.evaluated = self.at
