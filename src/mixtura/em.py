"""The one EM loop, for every backend and every covariance structure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from mixtura._typing import Float64Array
from mixtura.backends.base import Backend, End, Leg, RunningBackend, Task
from mixtura.covariance.base import CovarianceStructure
from mixtura.covariance.regularisation import Regularisation
from mixtura.errors import SingularCovarianceError
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

__all__ = ["Callback", "EMResult", "Progress", "Solution", "StoppingReason", "m_step", "run_em", "run_many"]


@dataclass(frozen=True, eq=False)
class Solution:
    """Parameters as people read them (`covariances` in public shape) and as the E-step does (`params`)."""

    structure: CovarianceStructure
    covariances: Float64Array
    params: Params


class StoppingReason(StrEnum):
    """Why a fit ended."""

    CONVERGED = "converged"
    MAX_ITER = "max_iter"
    INTERRUPTED = "interrupted"
    CALLBACK = "callback"
    SINGULAR = "singular"


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

    `trace[t]` is the mean log-likelihood a row after t M-steps, so `trace[-1]` belongs to `solution`.
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


def m_step(structure: CovarianceStructure, stats: SufficientStatistics, reg: Regularisation) -> Solution:
    """Parameters that maximise the expected complete log-likelihood of `stats`.

    π_k = S0_k / Σ S0, μ_k ← μ_k + S1_k / S0_k, and Σ from the second moments about the new means (Dempster,
    Laird and Rubin, 1977). A component without any weight keeps its mean.
    """
    centred = stats.centred()
    covariances = structure.estimate(centred, reg)
    weights = stats.s0 / stats.s0.sum()
    return Solution(structure, covariances, structure.params(weights, centred.means, covariances))


def run_em(
    backend: Backend,
    start: Solution,
    reg: Regularisation,
    *,
    tol: float,
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
        The run has converged when an M-step changed the mean log-likelihood a row by less than this. 0 never
        converges: exactly `max_iter` M-steps are done.
    max_iter : int
        Passes over the data, each followed by its M-step. One more pass, without an M-step, evaluates the
        parameters that are returned.
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
    run = _run(start, reg, tol, max_iter, previous, init, callback)
    (result,) = _drive(backend, [run])
    if result is None:
        raise KeyboardInterrupt
    return result


def run_many(
    backend: Backend,
    starts: Sequence[tuple[Solution, Regularisation]],
    *,
    tol: float,
    max_iter: int,
) -> list[EMResult | None]:
    """Iterate from each start as `run_em` does, to the same results, side by side.

    Returns
    -------
    list of EMResult
        None for a run that Ctrl-C ended before its first pass was complete.
    """
    return _drive(backend, [_run(start, reg, tol, max_iter, -np.inf, 0, None) for start, reg in starts])


_MOST_PASSES = 2**62  # that the core can count, in some thousand years


class _Ask(NamedTuple):
    structure: CovarianceStructure
    task: Task


# What a run asks for, what it is told, and where it ended.
_Run = Generator[_Ask, Leg, EMResult | None]


def _run(
    start: Solution,
    reg: Regularisation,
    tol: float,
    max_iter: int,
    previous: float = -np.inf,
    init: int = 0,
    callback: Callback | None = None,
) -> _Run:
    """One run of EM. A backend does as much of it as it can; M-steps that it refuses are done here."""
    structure = start.structure
    tol, previous = float(tol), float(previous)
    max_iter = min(int(max_iter), _MOST_PASSES)
    ridge, floor = reg.bounds(start.params.whitener.shape[1:]) if structure.is_plain else (0.0, None)
    solution = evaluated = start
    trace: list[float] = []
    reason = StoppingReason.MAX_ITER
    iteration = 0

    def ask(passes: int, *, evaluate: bool) -> _Ask:
        last = trace[-1] if trace else previous
        return _Ask(structure, Task(solution.params, ridge, floor, tol, passes, evaluate, last))

    try:
        while reason is StoppingReason.MAX_ITER and iteration < max_iter:
            before = solution
            # A callback has its say after each pass, and before the last parameters are evaluated.
            passes = max_iter - iteration if callback is None else 1
            leg = yield ask(passes, evaluate=callback is None)
            if leg.params is not None and leg.covariances is not None:
                solution = Solution(structure, structure.public(leg.covariances), leg.params)
            trace.extend(leg.trace)
            iteration += leg.n_steps
            if leg.trace:
                evaluated = solution if len(trace) > iteration else before
            if leg.end is End.INTERRUPTED:
                raise KeyboardInterrupt
            if leg.stats is not None:
                solution = m_step(structure, leg.stats, reg)
                iteration += 1
            log_likelihood = trace[iteration - 1]
            gain = log_likelihood - (trace[iteration - 2] if iteration > 1 else previous)
            if callback is not None and callback(Progress(init, iteration, log_likelihood, gain)):
                reason = StoppingReason.CALLBACK
            elif abs(gain) < tol:
                reason = StoppingReason.CONVERGED
        if len(trace) == iteration:
            leg = yield ask(0, evaluate=True)
            trace.extend(leg.trace)
            if leg.end is End.INTERRUPTED:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        if not trace:
            return None
        return EMResult(evaluated, np.array(trace), len(trace) - 1, StoppingReason.INTERRUPTED)
    except SingularCovarianceError as error:
        return EMResult(evaluated, np.array(trace), len(trace) - 1, StoppingReason.SINGULAR, error.component)
    return EMResult(solution, np.array(trace), iteration, reason)


def _drive(backend: Backend, runs: Sequence[_Run]) -> list[EMResult | None]:
    """Give runs what they ask for until all have ended."""
    results: list[EMResult | None] = [None] * len(runs)
    waiting = {i: next(run) for i, run in enumerate(runs)}
    try:
        while waiting:
            for i, leg in zip(list(waiting), _legs(backend, list(waiting.values())), strict=True):
                try:
                    waiting[i] = runs[i].send(leg)
                except StopIteration as end:
                    results[i] = end.value
                    del waiting[i]
    except KeyboardInterrupt:
        for i in waiting:
            try:
                runs[i].throw(KeyboardInterrupt)
            except StopIteration as end:
                results[i] = end.value
    return results


def _legs(backend: Backend, asks: Sequence[_Ask]) -> list[Leg]:
    """Let the backend do runs of plain structures together if it can; ask one pass of it for any other."""
    if not isinstance(backend, RunningBackend):
        return [_one_pass(backend, task) for _, task in asks]
    plain = [task for structure, task in asks if structure.is_plain]
    legs = iter(backend.advance(plain) if plain else [])
    return [next(legs) if structure.is_plain else _one_pass(backend, task) for structure, task in asks]


def _one_pass(backend: Backend, task: Task) -> Leg:
    stats = backend.e_step(task.params)
    trace = [stats.log_likelihood / stats.weight]
    if task.passes == 0:
        return Leg(None, None, trace, 0, End.EXHAUSTED, None)
    return Leg(None, None, trace, 0, End.REFUSED, stats)
