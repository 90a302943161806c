"""A fit from checked data and settings: moments, starts, and the EM runs from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.backends import NativeBackend
from mixtura.covariance import RelativeFloor, Ridge
from mixtura.em import EMResult, Solution, StoppingReason, run_em
from mixtura.estimators._given_start import GivenStart
from mixtura.estimators._settings import Settings
from mixtura.init import StartData, start_statistics
from mixtura.moments import data_moments

__all__ = ["Fitter"]


class Fitter:
    """Data bound to a backend and a regularisation, ready to run EM."""

    def __init__(
        self, rows: FloatArray, weight: Float64Array | None, settings: Settings, given: GivenStart
    ) -> None:
        n_threads = settings.n_threads
        moments = data_moments(rows, weight, dense=settings.structure.is_dense, n_threads=n_threads)
        self._settings = settings
        self._given = given
        self._data = StartData(rows, weight, moments, settings.n_components, n_threads)
        self._reg = RelativeFloor(moments.covariance) if settings.ridge is None else Ridge(settings.ridge)
        self._backend = NativeBackend(rows, weight, centre=moments.mean, n_threads=n_threads)

    def resume(self, start: Solution, previous: float, init: int = 0) -> EMResult:
        """Run EM from `start`, whose own M-step began at log-likelihood `previous`."""
        settings = self._settings
        return run_em(
            self._backend,
            start,
            self._reg,
            tol=settings.tol,
            max_iter=settings.max_iter,
            previous=previous,
            init=init,
            callback=settings.callback,
        )

    def best_of_starts(self, rng: np.random.RandomState) -> EMResult:
        """Run EM from each start; keep the sound result with the highest likelihood, the first of equals.

        If one is interrupted, the best so far is returned, marked as interrupted.
        """
        # A start that is given leaves nothing to repeat.
        fixed = isinstance(self._settings.start, np.ndarray) or self._given.is_complete
        best = self.resume(self._start(rng), -np.inf)
        for init in range(1, 1 if fixed else self._settings.n_init):
            if best.stopping_reason is StoppingReason.INTERRUPTED:
                break
            try:
                result = self.resume(self._start(rng), -np.inf, init)
            except KeyboardInterrupt:
                return replace(best, stopping_reason=StoppingReason.INTERRUPTED)
            if _rank(result) > _rank(best):
                best = result
            elif result.stopping_reason is StoppingReason.INTERRUPTED:
                best = replace(best, stopping_reason=StoppingReason.INTERRUPTED)
        return best

    def _start(self, rng: np.random.RandomState) -> Solution:
        stats = None
        if not self._given.is_complete:
            stats = start_statistics(self._settings.start, self._data, self._settings.structure, rng)
        return self._given.solution(self._settings.structure, stats, self._reg)


def _rank(result: EMResult) -> tuple[bool, float]:
    """Sound runs first: near a singularity the likelihood has no bound, and means nothing."""
    return result.stopping_reason is not StoppingReason.SINGULAR, result.log_likelihood
