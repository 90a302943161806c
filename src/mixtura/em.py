"""The one EM loop, for every backend and every covariance structure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mixtura._typing import Float64Array
from mixtura.backends.base import Backend, Course, End, Leg, RunningBackend, Task, Watch
from mixtura.climb import Stretch, climb
from mixtura.covariance.regularisation import Regularisation
from mixtura.errors import SingularCovarianceError
from mixtura.solution import Solution, m_step
from mixtura.stopping import Stop, StoppingReason

__all__ = ["Callback", "EMResult", "Progress", "Solution", "StoppingReason", "m_step", "run_em", "run_many"]


@dataclass(frozen=True)
class Progress:
    """What a callback is told after each pass.

    Attributes
    ----------
    init : int
        Which of the `n_init` starts, from 0.
    iteration : int
        Passes done in this start, from 1.
    log_likelihood : float
        Mean log-likelihood a row, in nats, of the parameters that this pass started from.
    gain : float
        What the last M-step gained, in nats a row; infinite at the first pass.
    """

    init: int
    iteration: int
    log_likelihood: float
    gain: float


Callback = Callable[[Progress], object]


@dataclass(frozen=True, eq=False)
class EMResult:
    """Where a run of EM ended.

    `trace[t]` is the mean log-likelihood a row after t M-steps, with its share of the prior if there is one,
    so `trace[-1]` belongs to `solution`.
    `singular_component` is the component that stopped a SINGULAR run.
    """

    solution: Solution
    trace: Float64Array
    n_iter: int
    stopping_reason: StoppingReason
    singular_component: int | None = None

    @property
    def log_likelihood(self) -> float:
        """Mean log-likelihood a row of `solution`."""
        return float(self.trace[-1])


def run_em(
    backend: Backend,
    start: Solution,
    reg: Regularisation,
    *,
    tol: float = 0.0,
    still: float = 0.0,
    accelerate: bool = False,
    max_iter: int,
    previous: float = -np.inf,
    init: int = 0,
    callback: Callback | None = None,
) -> EMResult:
    """Iterate E- and M-steps from `start`.

    Parameters
    ----------
    backend : Backend
        The data.
    start : Solution
        Where to start; its structure is kept.
    reg : Regularisation
        Passed to each M-step.
    tol : float
        The run has converged when an M-step changed the mean log-likelihood a row by less than this.
    still : float
        The run has converged when less than this is still to gain, in nats a row, by Aitken's estimate. If
        both are 0 it never does: `max_iter` passes are done.
    accelerate : bool
        Whether to leap ahead by SQUAREM after each two M-steps, where the structure allows it.
    max_iter : int
        Passes over the data at most, each followed by its M-step. One more pass, without an M-step,
        evaluates the parameters that are returned.
    previous : float
        The log-likelihood before `start`'s own M-step, if this run goes on from another.
    init : int
        Which start this is, for the callback.
    callback : callable, optional
        Called with a `Progress` after each pass; a true answer ends the run.

    Returns
    -------
    EMResult
        On Ctrl-C too, if at least one pass was complete: with `stopping_reason` INTERRUPTED, and the last
        parameters whose likelihood is known. The caller raises KeyboardInterrupt after storing it. SINGULAR
        if an M-step asked for a covariance without an inverse: the parameters are those before it.
    """
    course = _course(tol, still, accelerate, max_iter)._replace(previous=float(previous))
    (result,) = _drive(backend, [_run(start, reg, course, init, callback)])
    if result is None:
        raise KeyboardInterrupt
    return result


def run_many(
    backend: Backend,
    starts: Sequence[tuple[Solution, Regularisation]],
    *,
    tol: float = 0.0,
    still: float = 0.0,
    accelerate: bool = False,
    max_iter: int,
) -> list[EMResult | None]:
    """Iterate from each start as `run_em` does, to the same results, side by side.

    Returns
    -------
    list of EMResult
        None for a run that Ctrl-C ended before its first pass was complete.
    """
    course = _course(tol, still, accelerate, max_iter)
    return _drive(backend, [_run(start, reg, course, 0, None) for start, reg in starts])


_MOST_PASSES = 2**62  # that the core can count, in some thousand years


def _course(tol: float, still: float, accelerate: bool, max_iter: int) -> Course:
    return Course(float(tol), float(still), bool(accelerate), min(int(max_iter), _MOST_PASSES))


class _Ask(NamedTuple):
    start: Solution
    reg: Regularisation
    course: Course
    watch: Watch | None


# What a run asks for, what it is told, and where it ended.
_Run = Generator[_Ask, Stretch, EMResult | None]

_REASONS = {
    End.CONVERGED: StoppingReason.CONVERGED,
    End.EXHAUSTED: StoppingReason.MAX_ITER,
    End.STOPPED: StoppingReason.CALLBACK,
}


def _run(start: Solution, reg: Regularisation, course: Course, init: int, callback: Callback | None) -> _Run:
    """One run of EM. A backend does as much of it as it can; M-steps that it refuses are done here."""
    at = evaluated = start
    known = [course.previous]
    iteration = rejected = 0
    end = End.EXHAUSTED

    def watch(log_likelihood: float, gain: float) -> bool:
        nonlocal iteration
        iteration += 1
        return callback is not None and bool(callback(Progress(init, iteration, log_likelihood, gain)))

    def reached(reason: StoppingReason, singular: int | None = None) -> EMResult:
        trace = np.array(known[1:])
        return EMResult(evaluated, trace, len(trace) - 1, reason, singular)

    try:
        while True:
            n_steps = len(known) - 1
            left = course.passes - n_steps - rejected if end is End.EXHAUSTED else 0
            last = known[-1] - known[-2] if n_steps else np.inf
            part = course._replace(passes=left, previous=known[-1], previous_gain=last)
            leg = yield _Ask(at, reg, part, watch if callback is not None else None)
            known.extend(leg.trace)
            rejected += leg.n_rejected
            if leg.trace:
                evaluated = leg.solution
            if leg.end is End.INTERRUPTED:
                raise KeyboardInterrupt
            if leg.stats is None:
                return reached(_REASONS[leg.end if end is End.EXHAUSTED else end])
            at = m_step(at.structure, leg.stats, reg)
            stop, gains = Stop(course.tol, course.still), np.diff(known[-4:])
            if watch(known[-1], gains[-1]):
                end = End.STOPPED
            elif (
                stop.at_once(gains[-1])
                or (len(gains) > 1 and stop.turned(*gains[-2:]))
                or (len(gains) > 2 and stop.in_sight(*gains[-2:]) and stop.in_sight(*gains[-3:-1]))
            ):
                end = End.CONVERGED
    except KeyboardInterrupt:
        return reached(StoppingReason.INTERRUPTED) if len(known) > 1 else None
    except SingularCovarianceError as error:
        return reached(StoppingReason.SINGULAR, error.component)


def _drive(backend: Backend, runs: Sequence[_Run]) -> list[EMResult | None]:
    """Give runs what they ask for until all have ended."""
    results: list[EMResult | None] = [None] * len(runs)
    # What each that goes on is to be told: at first, to begin.
    legs: dict[int, Stretch | None] = dict.fromkeys(range(len(runs)))
    try:
        while legs:
            asks = {}
            for i, leg in legs.items():
                try:
                    asks[i] = runs[i].send(leg)  # type: ignore[arg-type]  # None begins a generator
                except StopIteration as end:
                    results[i] = end.value
                    _hear(end.value)
            legs = dict(zip(asks, _stretches(backend, list(asks.values())), strict=True))
    except KeyboardInterrupt:
        for i, run in enumerate(runs):
            # A run that had not begun, or was ended by the same Ctrl-C, passes it on.
            try:
                run.throw(KeyboardInterrupt)
            except StopIteration as end:
                results[i] = end.value
            except KeyboardInterrupt:
                continue
    return results


def _hear(result: EMResult | None) -> None:
    """Let a Ctrl-C that came when one run was at work end all of them."""
    if result is None or result.stopping_reason is StoppingReason.INTERRUPTED:
        raise KeyboardInterrupt


def _stretches(backend: Backend, asks: Sequence[_Ask]) -> list[Stretch]:
    """Let the backend do runs of plain structures together if it can, and do all others here."""
    if not isinstance(backend, RunningBackend):
        return [climb(backend, *ask) for ask in asks]
    plain = [ask for ask in asks if ask.start.structure.is_plain]
    watch = plain[0].watch if len(plain) == 1 else None
    legs = iter(backend.advance([_task(ask) for ask in plain], watch) if plain else [])
    return [
        _stretch(ask, next(legs)) if ask.start.structure.is_plain else climb(backend, *ask) for ask in asks
    ]


def _task(ask: _Ask) -> Task:
    params = ask.start.params
    return Task(params, ask.start.core, ask.reg.bounds(params.whitener.shape[1:]), ask.course)


def _stretch(ask: _Ask, leg: Leg) -> Stretch:
    """Return what a backend did, in words of solutions."""
    solution, structure = ask.start, ask.start.structure
    if leg.params is not None and leg.covariances is not None:
        solution = Solution(structure, structure.public(leg.covariances), leg.params)
    return Stretch(solution, list(leg.trace), leg.n_rejected, leg.end, leg.stats)
