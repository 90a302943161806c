"""`Problem`: how one candidate of a selection is fitted."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from mixtura.covariance import CovarianceStructure, resolve
from mixtura.em import Callback
from mixtura.errors import InputError
from mixtura.estimators import GaussianMixture
from mixtura.random_state import as_random_state
from mixtura.selection.collapse import CollapseDetector
from mixtura.selection.results import Candidate

__all__ = ["Problem"]

# k-means finds nearly the same start each time, a good one most often; k-means++ finds other ones.
_START_NAMES = ("kmeans", "k-means++")


@dataclass(frozen=True, eq=False)
class Problem:
    """What is the same for all candidates; `n_rows` is N, the sum of the weights of the `n_samples` rows."""

    X: npt.ArrayLike
    weight: npt.NDArray[np.float64] | None
    n_samples: int
    n_rows: float
    n_features: int
    params: dict[str, Any]
    detector: CollapseDetector | None

    def fitted(self, n_components: int, covariance_type: str | CovarianceStructure) -> Candidate:
        """Return the candidate, fitted or with the reason why it could not be."""
        k, structure = n_components, resolve(covariance_type)
        n_parameters = k - 1 + k * self.n_features + structure.n_parameters(k, self.n_features)
        candidate = Candidate(k, structure.name, n_parameters)
        if k > self.n_samples:
            return replace(candidate, error=f"more components than the {self.n_samples} rows")
        try:
            with warnings.catch_warnings():
                # `converged` tells; of the best one a warning is given.
                warnings.simplefilter("ignore", ConvergenceWarning)
                estimator = self._best_start(k, covariance_type)
            icl = estimator.icl(self.X, sample_weight=self.weight)
        except InputError as error:
            return replace(candidate, error=str(error))
        log_likelihood = estimator.lower_bound_ * self.n_rows
        return replace(
            candidate,
            log_likelihood=log_likelihood,
            bic=-2.0 * log_likelihood + n_parameters * float(np.log(self.n_rows)),
            aic=-2.0 * log_likelihood + 2.0 * n_parameters,
            icl=icl,
            converged=estimator.converged_,
            n_iter=estimator.n_iter_,
            estimator=estimator,
        )

    def _best_start(self, k: int, covariance_type: str | CovarianceStructure) -> GaussianMixture:
        """Fit from each start by itself: one that has collapsed must not win by its unbounded likelihood."""
        seed, n_init = self.params.get("random_state"), self.params["n_init"]
        # One component has one optimum.
        n_starts = n_init if k > 1 else 1
        # As `n_init` would: an integer is a stream that all starts draw from.
        stream = as_random_state(seed) if isinstance(seed, Integral) else seed
        one_start = self.params | {"n_init": 1, "random_state": stream}
        user_callback = one_start.pop("callback", None)
        best: GaussianMixture | None = None
        for init in range(n_starts):
            callback = _numbered(user_callback, init)
            estimator = GaussianMixture(k, covariance_type=covariance_type)
            estimator.set_params(init_params=_START_NAMES[min(init, 1)], callback=callback)
            estimator.set_params(**one_start)
            estimator.fit(self.X, sample_weight=self.weight)
            if self._has_collapsed(estimator):
                continue
            if best is None or estimator.lower_bound_ > best.lower_bound_:
                best = estimator
        if best is None:
            starts = f"each of {n_starts} starts" if n_starts > 1 else "the fit"
            msg = (
                f"{starts} ended with a component without extent, where the likelihood has no bound: "
                "try fewer components, or a tied covariance"
            )
            raise InputError(msg)
        best.set_params(**{"callback": None} | self.params)
        return best

    def _has_collapsed(self, estimator: GaussianMixture) -> bool:
        if self.detector is None:
            return False
        return bool(self.detector.collapsed(estimator.mixture_.expanded_covariances()))


def _numbered(callback: Callback | None, init: int) -> Callback | None:
    """Return a callback that is told which start a pass belongs to."""
    return None if callback is None else lambda progress: callback(replace(progress, init=init))
