"""A fit from checked data and settings: starts, and the EM runs from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from mixtura.backends import NativeBackend, PartitionedBackend
from mixtura.covariance import CovariancePrior, Regularisation, Ridge
from mixtura.diagnostics import diagnose
from mixtura.em import EMResult, Solution, StoppingReason, run_em, run_many
from mixtura.errors import InputError
from mixtura.estimators._given_start import GivenStart
from mixtura.estimators._order import in_order
from mixtura.estimators._sample import FitData
from mixtura.estimators._settings import Settings
from mixtura.init import Drawn, Search, StartData, draw_start, start_statistics
from mixtura.search import find_starts
from mixtura.search.arena import arena_of, arena_rows
from mixtura.search.places import grown

__all__ = ["Fitter", "best_of"]


_QUALIFYING_PASSES = 4
_FEW_PSEUDO_ROWS = 0.5


class Fitter:
    """A sample bound to settings, ready to run EM.

    Raises
    ------
    InputError
        If the sample has fewer rows than there are to be components.
    """

    def __init__(self, sample: FitData, settings: Settings, given: GivenStart) -> None:
        if sample.n_counted < settings.n_components:
            msg = (
                "Expected n_samples >= n_components but got "
                f"n_components = {settings.n_components}, n_samples = {sample.n_counted}"
                + (" with a weight above 0" if sample.has_weight else "")
            )
            raise InputError(msg)
        basis = sample.basis(dense=settings.structure.is_dense)
        self.settings = settings
        self.backend: NativeBackend | PartitionedBackend = basis.backend
        # A ridge is in squared units of the data as they were given.
        self.reg: Regularisation = (
            basis.floor
            if settings.ridge is None
            else Ridge(float(np.ldexp(settings.ridge, -2 * sample.unit)))
        )
        if settings.prior is not None:
            covariance = basis.moments.covariance
            strength = np.ldexp(settings.prior or len(covariance) / 2.0, -sample.weight_unit)
            prior = CovariancePrior.of_data(float(strength), covariance, settings.n_components)
            self.reg = self.reg.with_prior(prior)
        self._given = given
        self._sample = sample
        self._moments = basis.moments

    @cached_property
    def _data(self) -> StartData:
        """What starts are made from, which for rows that are not in memory takes a pass."""
        structure, k = self.settings.structure, self.settings.n_components
        directions = self._sample.n_features if structure.is_dense else 1
        rows, weight = self._sample.start_rows(arena_rows(k, directions))
        return StartData(rows, weight, self._moments, k, self._sample.n_threads)

    @cached_property
    def _seen(self) -> NativeBackend:
        """The rows that starts are compared on: all of them, if they are in memory."""
        if isinstance(self.backend, NativeBackend):
            return self.backend
        data = self._data
        return NativeBackend(data.X, data.sample_weight, centre=data.moments.mean, n_threads=data.n_threads)

    def resume(self, start: Solution, previous: float = -np.inf, init: int = 0) -> EMResult:
        """Run EM from `start`, whose own M-step began at log-likelihood `previous`."""
        settings = self.settings
        return run_em(
            self.backend,
            start,
            self.reg,
            tol=settings.tol,
            still=settings.still,
            accelerate=settings.accelerate,
            max_iter=settings.max_iter,
            previous=previous,
            init=init,
            callback=settings.callback,
        )

    def best_of_starts(self, rng: np.random.RandomState) -> EMResult:
        """Run EM from each start; keep the result with the highest likelihood, the first of equals.

        One that the data settle comes before all that they do not. The components are in order, unless the
        start, and with it their order, was given. If one is interrupted, the best so far is returned, marked
        as interrupted.
        """
        # A start that is given leaves nothing to repeat.
        fixed = isinstance(self.settings.start, np.ndarray) or self._given.is_complete
        count = 1 if fixed else self.settings.n_init
        if count > 1 and self.is_quick:
            starts = [self.start(self.draw(rng)) for _ in range(count)]
            results = self.resume_all([(start, self.reg) for start in starts])
            return self.in_order(self._settled(best_of(results, self.unsettled), rng))
        results = []
        for init in range(count):
            try:
                result = self.resume(self.start(self.draw(rng)), init=init)
            except KeyboardInterrupt:
                results.append(None)
                break
            results.append(result)
            if result.stopping_reason is StoppingReason.INTERRUPTED:
                break
        return self.in_order(self._settled(best_of(results, self.unsettled), rng))

    def _settled(self, result: EMResult, rng: np.random.RandomState) -> EMResult:
        """Search once more, with caution, if the data do not settle some components.

        A handful of rows may happen to lie in a plane, and the likelihood of a component of theirs has no
        bound. Pseudo-rows keep a search from them; where they are a group, as equal rows are, it ends there
        all the same.
        """
        searched = isinstance(self.settings.start, str) and self.settings.start == "auto"
        interrupted = result.stopping_reason is StoppingReason.INTERRUPTED
        if not searched or self._given.is_partial or interrupted or self.reg.prior is not None:
            return result
        unsettled = self.unsettled(result)
        if not unsettled:
            return result
        found: list[EMResult] = []
        for start in self._cautious_starts(rng):
            found.append(self.resume(start, init=self.settings.n_init))
            if found[-1].stopping_reason is StoppingReason.INTERRUPTED:
                break
        again = best_of(found, self.unsettled)
        if again.stopping_reason is StoppingReason.INTERRUPTED:
            return replace(result, stopping_reason=StoppingReason.INTERRUPTED)
        return again if self.unsettled(again) < unsettled else result

    def _cautious_starts(self, rng: np.random.RandomState) -> Iterator[Solution]:
        """Yield where searches with pseudo-rows end, and a start from k-means.

        Many pseudo-rows leave no loose component, but they are so much of a small one that another place may
        seem the best; few leave the order of places as it is.
        """
        structure, k = self.settings.structure, self.settings.n_components
        covariance = self._moments.covariance
        whole = len(covariance) + 1.0
        rng = np.random.RandomState(int(rng.randint(2**31)))
        # Twice as many rows as a covariance needs: EM without pseudo-rows may take some of them away.
        for strength, least in ((whole, 2.0 * whole), (_FEW_PSEUDO_ROWS, 0.0)):
            cautious = self.reg.with_prior(CovariancePrior.of_data(strength, covariance, k))
            yield self._first_of(find_starts(self._data, structure, cautious, rng, least_rows=least))
        yield self.start(draw_start("kmeans", self._data, rng))

    def unsettled(self, result: EMResult) -> int:
        """Count components that the data do not settle."""
        covariance = self._moments.covariance
        found = diagnose(result.solution, self.reg, covariance, self._sample.total_weight)
        return sum(len(diagnostic.components) for diagnostic in found)

    def resume_all(self, starts: Sequence[tuple[Solution, Regularisation]]) -> list[EMResult | None]:
        """Run EM from all starts side by side, as `resume` does from each."""
        settings = self.settings
        return run_many(
            self.backend,
            starts,
            tol=settings.tol,
            still=settings.still,
            accelerate=settings.accelerate,
            max_iter=settings.max_iter,
        )

    def in_order(self, result: EMResult) -> EMResult:
        """Put the components of a result in order, unless their order was given with the start."""
        own = isinstance(self.settings.start, str) and not self._given.is_partial
        return in_order(result) if own else result

    @property
    def is_quick(self) -> bool:
        """Whether runs of EM are best done side by side: nobody watches them, and passes are short."""
        k = self.settings.n_components
        structure = self.settings.structure
        dense = structure.is_dense and not structure.is_shared
        return self.settings.callback is None and self.backend.is_quick(k, dense=dense)

    def draw(self, rng: np.random.RandomState) -> Drawn | None:
        """Draw a start; None if all of it was given."""
        if self._given.is_complete:
            return None
        start = self.settings.start
        # To search for what is partly given would lead away from it.
        if self._given.is_partial and isinstance(start, str) and start == "auto":
            start = "kmeans"
        return draw_start(start, self._data, rng)

    def start(self, drawn: Drawn | None) -> Solution:
        """Return the first parameters."""
        structure = self.settings.structure
        if isinstance(drawn, Search):
            found = find_starts(self._data, structure, self.reg, np.random.RandomState(drawn.seed))
            return self._first_of(found)
        stats = None if drawn is None else start_statistics(drawn, self._data, structure)
        return self._given.solution(structure, stats, self.reg)

    def grown(self, at: Solution) -> Solution:
        """Put one component more where it is worth most to a fit of the same data."""
        data = replace(self._data, n_components=at.params.n_components + 1)
        rng = np.random.RandomState(0)
        return grown(arena_of(data, at.structure, self.reg, rng), at, rng)[0]

    def _first_of(self, starts: Sequence[Solution]) -> Solution:
        """Return the start that is ahead after a few passes over all rows that are in memory."""
        if len(starts) == 1:
            return starts[0]
        jobs = [(start, self.reg) for start in starts]
        best = best_of(run_many(self._seen, jobs, max_iter=_QUALIFYING_PASSES))
        if best.stopping_reason is StoppingReason.INTERRUPTED:
            raise KeyboardInterrupt
        return best.solution


def best_of(
    results: Sequence[EMResult | None], unsettled: Callable[[EMResult], int] = lambda _: 0
) -> EMResult:
    """Return the sound result with the highest likelihood, the first of equals.

    None is a run that was interrupted before its first pass was complete. If any was interrupted, the best is
    marked as interrupted.

    Raises
    ------
    KeyboardInterrupt
        If there is no result.
    """
    found = [result for result in results if result is not None]
    if not found:
        raise KeyboardInterrupt
    best = found[0] if len(found) == 1 else max(found, key=lambda result: _rank(result, unsettled(result)))
    interrupted = any(result.stopping_reason is StoppingReason.INTERRUPTED for result in found)
    if interrupted or len(found) < len(results):
        return replace(best, stopping_reason=StoppingReason.INTERRUPTED)
    return best


def _rank(result: EMResult, unsettled: int) -> tuple[bool, int, float]:
    """Sound runs first: near a singularity the likelihood has no bound, and means nothing."""
    return result.stopping_reason is not StoppingReason.SINGULAR, -unsettled, result.log_likelihood
