"""`Problem`: how the candidates of a selection are fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np

from mixtura.backends import NativeBackend
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
from mixtura.selection.results import Candidate

__all__ = ["Problem"]

# k-means finds nearly the same start each time, a good one most often; k-means++ finds other ones.
_START_NAMES = ("kmeans", "k-means++")

# Starts that were drawn from the same rows with the same moments, for the same number of components.
_Draws = dict[NativeBackend, list[Drawn | None]]


@dataclass(frozen=True, eq=False)
class _Trial:
    """A candidate that is to be fitted, by one fitter a start; or one that cannot be, and says why."""

    candidate: Candidate
    estimator: GaussianMixture
    fitters: Sequence[Fitter] = ()

    def failed(self, error: object) -> _Trial:
        """Return the same without fits."""
        return _Trial(replace(self.candidate, error=str(error)), self.estimator)


@dataclass(frozen=True, eq=False)
class Problem:
    """What is the same for all candidates."""

    sample: Sample
    params: dict[str, Any]
    detector: CollapseDetector | None

    def fitted(
        self, n_components: int, covariance_types: Sequence[str | CovarianceStructure]
    ) -> Iterator[Candidate]:
        """Yield the candidates in order, each fitted or with the reason why it could not be."""
        trials = [self._trial(n_components, structure) for structure in covariance_types]
        drawn: _Draws = {}
        if all(fitter.is_quick for trial in trials for fitter in trial.fitters):
            trials, results = self._together(trials, drawn)
            yield from map(self._completed, trials, results)
            return
        for trial in trials:
            yield self._alone(trial, drawn)

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
        # One component has one optimum.
        n_others = self.params["n_init"] - 1 if k > 1 else 0
        return replace(trial, fitters=[first, *[other] * n_others])

    def _starts(self, trial: _Trial, drawn: _Draws) -> Iterator[Solution]:
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
            yield fitter.start(kept[init])

    def _alone(self, trial: _Trial, drawn: _Draws) -> Candidate:
        """Fit from one start after the other, each with all threads."""
        results = []
        try:
            for init, start in enumerate(self._starts(trial, drawn)):
                results.append(_complete(trial.fitters[init].resume(start, init=init)))
        except InputError as error:
            return trial.failed(error).candidate
        return self._completed(trial, results)

    def _together(self, trials: Sequence[_Trial], drawn: _Draws) -> tuple[list[_Trial], list[list[EMResult]]]:
        """Fit from all starts of all trials side by side: short passes alone leave threads idle."""
        sound: list[_Trial] = []
        runs: dict[NativeBackend, list[tuple[int, Fitter, Solution]]] = {}
        for i, trial in enumerate(trials):
            try:
                starts = list(self._starts(trial, drawn))
            except InputError as error:
                sound.append(trial.failed(error))
                continue
            sound.append(trial)
            for fitter, start in zip(trial.fitters, starts, strict=True):
                runs.setdefault(fitter.backend, []).append((i, fitter, start))
        results: list[list[EMResult]] = [[] for _ in trials]
        for own in runs.values():
            jobs = [(start, fitter.reg) for _, fitter, start in own]
            found = own[0][1].resume_all(jobs)
            for (i, _, _), result in zip(own, found, strict=True):
                results[i].append(_complete(result))
        return sound, results

    def _completed(self, trial: _Trial, results: Sequence[EMResult]) -> Candidate:
        """Return the candidate with its best fit that has not collapsed."""
        candidate = trial.candidate
        if candidate.error is not None:
            return candidate
        # One that has collapsed must not win by its unbounded likelihood.
        sound = set(range(len(results))) - self._collapsed(results)
        if not sound:
            starts = f"each of {len(results)} starts" if len(results) > 1 else "the fit"
            return replace(
                candidate,
                error=f"{starts} ended with a component without extent, where the likelihood has no bound: "
                "try fewer components, or a tied covariance",
            )
        best = max(sorted(sound), key=lambda init: results[init].log_likelihood)
        fitter = trial.fitters[best]
        estimator = trial.estimator
        if "init_params" not in self.params:
            estimator.init_params = _START_NAMES[min(best, 1)]
        estimator._store(fitter.in_order(results[best]), self.sample, fitter.reg)
        n = self.sample.total_weight
        log_likelihood = estimator.lower_bound_ * n
        return replace(
            candidate,
            log_likelihood=log_likelihood,
            bic=-2.0 * log_likelihood + candidate.n_parameters * float(np.log(n)),
            aic=-2.0 * log_likelihood + 2.0 * candidate.n_parameters,
            icl=estimator._icl(self.sample.rows, self.sample.weight, n),
            converged=estimator.converged_,
            n_iter=estimator.n_iter_,
            estimator=estimator,
        )

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
