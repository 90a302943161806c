"""`Problem`: how the candidates of a selection are fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral
from time import perf_counter
from typing import Any

import numpy as np

from mixtura.backends import Backend
from mixtura.collapse import CollapseDetector
from mixtura.covariance import CovarianceStructure, resolve
from mixtura.em import EMResult, Solution, StoppingReason
from mixtura.errors import InputError
from mixtura.estimators import GaussianMixture
from mixtura.estimators._fitting import Fitter
from mixtura.estimators._sample import Sample
from mixtura.estimators._settings import read_settings
from mixtura.init import Drawn
from mixtura.random_state import as_random_state
from mixtura.search.parts import doubled
from mixtura.selection.results import Candidate

__all__ = ["Problem"]

# k-means finds nearly the same start each time, a good one most often; k-means++ finds other ones.
_START_NAMES = ("kmeans", "k-means++")
_SEARCH = "auto"
# Starts beside one that is grown, where passes are short.
_FEW = 2

# Starts that were drawn from the same rows with the same moments, for the same number of components.
_Draws = dict[Backend, list[Drawn | None]]
_Fit = tuple[Fitter, EMResult]


@dataclass(frozen=True, eq=False)
class _Trial:
    """A candidate that is to be fitted, by one fitter a start; or one that cannot be, and says why."""

    candidate: Candidate
    estimator: GaussianMixture
    fitters: Sequence[Fitter] = ()
    more: Fitter | None = None  # for a start that is grown from a smaller fit

    @property
    def all_fitters(self) -> list[Fitter]:
        """Those of all starts."""
        return [*self.fitters, *([] if self.more is None else [self.more])]

    def failed(self, error: object) -> _Trial:
        """Return the same without fits."""
        return _Trial(replace(self.candidate, error=str(error)), self.estimator)


@dataclass(frozen=True, eq=False)
class Problem:
    """What is the same for all candidates.

    With `grow` each structure has one start more, from its best fit with fewer components: where one more is
    worth most. Where passes are long it is the only one, unless it leaves a component that the data do not
    settle, and the first K is searched for. Where all fits that
    are more likely than one with fewer components are loose, that one is taken with some of its components in
    halves: likelihoods that mean something do not fall.
    """

    sample: Sample
    params: dict[str, Any]
    detector: CollapseDetector | None
    grow: bool = False
    _before: dict[str, EMResult] = field(default_factory=dict)
    _settled: dict[str, EMResult] = field(default_factory=dict)

    def fitted(
        self, n_components: int, covariance_types: Sequence[str | CovarianceStructure]
    ) -> Iterator[Candidate]:
        """Yield the candidates in order, each fitted or with the reason why it could not be."""
        trials = [self._trial(n_components, structure) for structure in covariance_types]
        drawn: _Draws = {}
        if all(fitter.is_quick for trial in trials for fitter in trial.all_fitters):
            begin = perf_counter()
            trials, results = self._together(trials, drawn)
            candidates = list(map(self._completed, trials, results))
            seconds = perf_counter() - begin
            # They ran side by side: each has its share by its passes.
            passes = sum(candidate.n_passes for candidate in candidates) or 1
            for candidate in candidates:
                yield replace(candidate, seconds=seconds * candidate.n_passes / passes)
            return
        for trial in trials:
            begin = perf_counter()
            candidate = self._alone(trial, drawn)
            yield replace(candidate, seconds=perf_counter() - begin)

    def _trial(self, k: int, covariance_type: str | CovarianceStructure) -> _Trial:
        structure = resolve(covariance_type)
        n_samples, d = self.sample.rows.shape
        n_parameters = k - 1 + k * d + structure.n_parameters(k, d)
        estimator = GaussianMixture(k, covariance_type=covariance_type, init_params=_START_NAMES[0])
        estimator.set_params(**self.params)
        trial = _Trial(Candidate(k, structure.name, n_parameters), estimator)
        if k > n_samples:
            return trial.failed(f"more components than the {n_samples} rows")
        try:
            settings = read_settings(estimator)
            first = other = estimator._fitter(settings, self.sample)
        except InputError as error:
            return trial.failed(error)
        if "init_params" not in self.params:
            other = estimator._fitter(replace(settings, start=_START_NAMES[1]), self.sample)
        if self.grow and "n_init" not in self.params and not first.is_quick:
            searched = estimator._fitter(replace(settings, start=_SEARCH), self.sample)
            before = self._before.get(structure.name)
            grows = before is not None and before.solution.params.n_components <= k
            return replace(trial, fitters=[] if grows else [searched], more=searched)
        # One component has one optimum.
        n_others = self.params.get("n_init", _FEW) - 1 if k > 1 else 0
        return replace(trial, fitters=[first, *[other] * n_others], more=first if self.grow else None)

    def _starts(self, trial: _Trial, drawn: _Draws) -> Iterator[tuple[Fitter, Solution]]:
        """Yield a start for each fit of a trial; each is drawn when its turn has come."""
        seed = self.params.get("random_state")
        rng = None
        kept: list[Drawn | None] = []
        # An integer is a stream that each candidate draws from anew: from the same data, the same starts.
        if isinstance(seed, Integral) and not callable(self.params.get("init_params")) and trial.fitters:
            kept = drawn.setdefault(trial.fitters[0].backend, kept)
        for init, fitter in enumerate(trial.fitters):
            if init == len(kept):
                rng = rng or as_random_state(seed)
                kept.append(fitter.draw(rng))
            yield fitter, fitter.start(kept[init])
        smaller = self._before.get(trial.candidate.covariance_type)
        if trial.more is not None and smaller is not None:
            before = smaller.solution
            for _ in range(trial.candidate.n_components - before.params.n_components):
                before = trial.more.grown(before)
            if before.params.n_components == trial.candidate.n_components:
                yield trial.more, before

    def _alone(self, trial: _Trial, drawn: _Draws) -> Candidate:
        """Fit from one start after the other, each with all threads."""
        results: list[_Fit] = []
        try:
            for fitter, start in self._starts(trial, drawn):
                results.append((fitter, _complete(fitter.resume(start, init=len(results)))))
            if trial.more is not None and not trial.fitters and trial.more.unsettled(results[0][1]):
                start = trial.more.start(trial.more.draw(as_random_state(self.params.get("random_state"))))
                results.append((trial.more, _complete(trial.more.resume(start, init=1))))
        except InputError as error:
            return trial.failed(error).candidate
        return self._completed(trial, results)

    def _together(self, trials: Sequence[_Trial], drawn: _Draws) -> tuple[list[_Trial], list[list[_Fit]]]:
        """Fit from all starts of all trials side by side: short passes alone leave threads idle."""
        sound: list[_Trial] = []
        runs: dict[Backend, list[tuple[int, Fitter, Solution]]] = {}
        for i, trial in enumerate(trials):
            try:
                starts = list(self._starts(trial, drawn))
            except InputError as error:
                sound.append(trial.failed(error))
                continue
            sound.append(trial)
            for fitter, start in starts:
                runs.setdefault(fitter.backend, []).append((i, fitter, start))
        results: list[list[_Fit]] = [[] for _ in trials]
        for own in runs.values():
            jobs = [(start, fitter.reg) for _, fitter, start in own]
            found = own[0][1].resume_all(jobs)
            for (i, fitter, _), result in zip(own, found, strict=True):
                results[i].append((fitter, _complete(result)))
        return sound, results

    def _completed(self, trial: _Trial, fits: Sequence[_Fit]) -> Candidate:
        """Return the candidate with its best fit that has not collapsed."""
        candidate = trial.candidate
        if candidate.error is not None:
            return candidate
        results = [result for _, result in fits]
        # One that has collapsed must not win by its unbounded likelihood.
        sound = set(range(len(results))) - self._collapsed(results)
        if not sound:
            starts = f"each of {len(results)} starts" if len(results) > 1 else "the fit"
            return replace(
                candidate,
                error=f"{starts} ended with a component without extent, where the likelihood has no bound: "
                "try fewer components, or a tied covariance",
            )
        best = max(sorted(sound), key=lambda init: self._rank(*fits[init]))
        fitter, result = self._not_below(*fits[best])
        estimator = trial.estimator
        if "init_params" not in self.params:
            drawn = best < len(trial.fitters) and fitter.settings.start != _SEARCH
            estimator.init_params = _START_NAMES[min(best, 1)] if drawn else _SEARCH
        self._before[candidate.covariance_type] = result
        estimator._store(fitter.in_order(result), self.sample, fitter.reg)
        n = self.sample.total_weight
        # With a prior the bound has its share of that.
        mean = estimator.lower_bound_
        if fitter.reg.prior is not None:
            mean = estimator.score(self.sample.rows, sample_weight=self.sample.weight)
        log_likelihood = mean * n
        return replace(
            candidate,
            log_likelihood=log_likelihood,
            bic=-2.0 * log_likelihood + candidate.n_parameters * float(np.log(n)),
            aic=-2.0 * log_likelihood + 2.0 * candidate.n_parameters,
            icl=estimator._icl([(self.sample.rows, self.sample.weight)]),
            converged=estimator.converged_,
            n_iter=estimator.n_iter_,
            n_passes=sum(len(result.trace) for result in results),
            estimator=estimator,
        )

    def _not_below(self, fitter: Fitter, result: EMResult) -> _Fit:
        """Return a fit, or one no less likely than the best of the same structure with fewer components."""
        if not self.grow or fitter.reg.prior is not None or fitter.unsettled(result):
            return fitter, result
        name, k = result.solution.structure.name, result.solution.params.n_components
        smaller = self._settled.get(name)
        if smaller is not None and smaller.log_likelihood > result.log_likelihood:
            at = smaller.solution
            while at.params.n_components < k:
                at = doubled(at)
            again = _complete(fitter.resume(at)) if at.params.n_components == k else result
            if again.log_likelihood > result.log_likelihood and not fitter.unsettled(again):
                result = again
        self._settled[name] = result
        return fitter, result

    def _rank(self, fitter: Fitter, result: EMResult) -> tuple[int, float]:
        """What the data settle comes first: a likelihood that has come loose means nothing."""
        return (-fitter.unsettled(result) if self.grow else 0), result.log_likelihood

    def _collapsed(self, results: Sequence[EMResult]) -> set[int]:
        """Return which results have a collapsed component."""
        if self.detector is None:
            return set()
        k, d = results[0].solution.params.means.shape
        solutions = [result.solution for result in results]
        expanded = [solution.structure.expand(solution.covariances, k, d) for solution in solutions]
        return {component // k for component in self.detector.collapsed(np.concatenate(expanded))}


def _complete(result: EMResult | None) -> EMResult:
    """Return a result that was not interrupted: half a selection is of no use."""
    if result is None or result.stopping_reason is StoppingReason.INTERRUPTED:
        raise KeyboardInterrupt
    return result
