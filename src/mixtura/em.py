"""The one EM loop, for every backend and every covariance structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mixtura._typing import Float64Array
from mixtura.backends.base import Backend
from mixtura.covariance.base import CovarianceStructure
from mixtura.covariance.regularisation import Regularisation
from mixtura.errors import SingularCovarianceError
from mixtura.params import Params
from mixtura.stats import SufficientStatistics

__all__ = ["Callback", "EMResult", "Progress", "Solution", "StoppingReason", "m_step", "run_em"]


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
    solution = start
    trace: list[float] = []
    evaluated = start
    reason = StoppingReason.MAX_ITER
    iteration = 0
    try:
        while iteration < max_iter:
            stats = backend.e_step(solution.params)
            log_likelihood = stats.log_likelihood / stats.weight
            trace.append(log_likelihood)
            evaluated = solution
            gain = log_likelihood - previous
            previous = log_likelihood
            solution = m_step(start.structure, stats, reg)
            iteration += 1
            if callback is not None and callback(Progress(init, iteration, log_likelihood, gain)):
                reason = StoppingReason.CALLBACK
                break
            if abs(gain) < tol:
                reason = StoppingReason.CONVERGED
                break
        stats = backend.e_step(solution.params)
        trace.append(stats.log_likelihood / stats.weight)
    except KeyboardInterrupt:
        if not trace:
            raise
        return EMResult(evaluated, np.array(trace), len(trace) - 1, StoppingReason.INTERRUPTED)
    except SingularCovarianceError as error:
        return EMResult(evaluated, np.array(trace), len(trace) - 1, StoppingReason.SINGULAR, error.component)
    return EMResult(solution, np.array(trace), iteration, reason)
