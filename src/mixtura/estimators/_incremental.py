"""Fits without all rows at hand: from statistics of parts, and batch by batch."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mixtura._typing import FloatArray
from mixtura.covariance import STRUCTURES
from mixtura.data import ChunkSource, as_sample_weight
from mixtura.diagnostics import Diagnostic, diagnose
from mixtura.errors import DegenerateFitWarning, InputError
from mixtura.estimators._average import RunningAverage, regularisation_of
from mixtura.estimators._rows import remember_names
from mixtura.estimators._scoring import MixtureScorer
from mixtura.estimators._settings import Settings, read_settings
from mixtura.mixture import Mixture
from mixtura.mixture_statistics import MixtureStatistics
from mixtura.solution import m_step
from mixtura.stopping import StoppingReason
from mixtura.threads import resolve_n_jobs

__all__ = ["IncrementalMixture"]


class IncrementalMixture(MixtureScorer, ABC):
    """Sufficient statistics in public, and stepwise EM."""

    @abstractmethod
    def _fit(self, X: npt.ArrayLike | ChunkSource, sample_weight: npt.ArrayLike | None) -> FloatArray | None:
        """Fit to all rows."""

    def statistics(self, X: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> MixtureStatistics:
        """Sufficient statistics of rows under the fitted mixture: the E-step of EM.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        sample_weight : array-like of shape (n_samples,), optional
            Case weights.

        Returns
        -------
        mixtura.MixtureStatistics
            To be added to those of other rows, and given to `from_statistics`.
        """
        rows = self._rows(X)
        weight = as_sample_weight(sample_weight, rows.shape[0])
        return MixtureStatistics._of_rows(self._mixture(), rows, weight, resolve_n_jobs(self.n_jobs))

    @classmethod
    def from_statistics(cls, statistics: MixtureStatistics, **settings: Any) -> Self:
        """Return an estimator that is fitted by one M-step: the next one of EM.

        With `statistics` this is EM by hand, over rows that are anywhere. Components keep their order. What
        ``reg_covar="auto"`` and `covariance_prior` need of the data's covariance is in the statistics.

        Parameters
        ----------
        statistics : mixtura.MixtureStatistics
            Of all rows, under the parameters before.
        **settings
            Parameters of the constructor, but for `n_components` and `covariance_type`, which the statistics
            have.

        Returns
        -------
        GaussianMixture
            `lower_bound_` is the mean log-likelihood a row, with its share of the prior, of the parameters
            before, under which the statistics were taken; an M-step does not lower it, unless `reg_covar` is
            a number. `stopping_reason_` is 'one_step', and all numbers are float64.

        Raises
        ------
        InputError
            If they are no statistics, or a setting has no meaning.
        SingularCovarianceError
            If a component collapses, which only a float `reg_covar` lets happen.

        Warns
        -----
        DegenerateFitWarning
            If there are `diagnostics_`.

        Examples
        --------
        >>> from mixtura import GaussianMixture, datasets
        >>> X = datasets.load_faithful().data
        >>> parts = X[:90], X[90:]
        >>> model = GaussianMixture(2, init_params="kmeans", max_iter=0, random_state=0).fit(X)
        >>> for _ in range(30):
        ...     total = sum(model.statistics(part) for part in parts)
        ...     model = GaussianMixture.from_statistics(total)
        >>> round(model.lower_bound_, 4)
        -4.1554
        """
        if not isinstance(statistics, MixtureStatistics):
            msg = (
                f"statistics must be MixtureStatistics, as statistics(X) returns, but got {statistics!r}: a "
                "sum over no part at all is 0"
            )
            raise InputError(msg)
        before = statistics.mixture
        for name in ("n_components", "covariance_type"):
            if name in settings:
                msg = f"{name} is not to be given: the statistics have it"
                raise InputError(msg)
        structure: Any = before.structure
        if STRUCTURES.get(structure.name) == structure:
            structure = structure.name
        model = cls(n_components=before.n_components, covariance_type=structure, **settings)
        checked = read_settings(model)
        moments = statistics.moments
        average = RunningAverage(1, moments.weight, moments.weight, moments=moments)
        names = before.feature_names
        columns = None if names is None else np.asarray(names, dtype=object)
        remember_names(model, before.n_features, columns)
        model._step(before, checked, average, statistics.log_likelihood, np.dtype(np.float64))
        return model

    def partial_fit(
        self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> Self:
        """Go on with one more batch of rows: stepwise, or online, EM.

        The first batch is fitted as by `fit`. Each one after it is one E-step, whose statistics go into a
        running average, s ← (1 − η_t) s + η_t s(batch), and one M-step of that average. The rate is
        η_t = (t + 2)^−α with t the number of batches before, a fit included, and α `learning_decay`; a batch
        that is lighter than the mean of those before counts less in proportion.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            The first batch has at least `n_components` rows, and better some hundred a component; later ones
            have at least one.
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            Case weights.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If data or parameters cannot be used; nothing has changed then.

        Notes
        -----
        After `fit`, or of a loaded model, it goes on from the parameters, which are worth as many rows as
        were seen; `fit` starts anew. `lower_bound_` is the mean log-likelihood a row of the last batch under
        the parameters before it: a score of rows that were not seen.

        References
        ----------
        Cappé and Moulines (2009), On-line expectation-maximization algorithm for latent data models.
        Liang and Klein (2009), Online EM for unsupervised models.

        Examples
        --------
        >>> import numpy as np
        >>> from mixtura import GaussianMixture, Mixture
        >>> source = Mixture([0.4, 0.6], [[0.0, 0.0], [5.0, 1.0]], [1.0, 0.5], "spherical")
        >>> model = GaussianMixture(2, covariance_type="spherical", random_state=0)
        >>> for batch in range(50):
        ...     model = model.partial_fit(source.sample(1000, random_state=batch)[0])
        >>> model.n_steps_, model.n_samples_seen_
        (50, 50000.0)
        >>> bool(np.abs(model.means_ - [[5.0, 1.0], [0.0, 0.0]]).max() < 0.05)
        True
        """
        if "means_" not in self.__dict__:
            self._fit(X, sample_weight)
            return self
        settings = read_settings(self)
        mixture = self._mixture()
        wanted, has = (settings.n_components, settings.structure), (mixture.n_components, mixture.structure)
        if wanted != has:
            msg = (
                f"partial_fit goes on from {has[0]} {has[1].name} components, but {wanted[0]} "
                f"{wanted[1].name} components are asked for: call fit to start anew"
            )
            raise InputError(msg)
        rows = self._rows(X)
        weight = as_sample_weight(sample_weight, rows.shape[0])
        total = float(rows.shape[0] if weight is None else weight.sum())
        # Parameters that were all set by hand count as one batch like this.
        average: RunningAverage = self.__dict__.get("_average", RunningAverage(1, total, total))
        average, log_likelihood = average.with_batch(
            mixture, rows, weight, decay=settings.learning_decay, n_threads=settings.n_threads
        )
        self._step(mixture, settings, average, log_likelihood, np.asarray(self.means_).dtype)
        return self

    def _step(
        self,
        before: Mixture,
        settings: Settings,
        average: RunningAverage,
        log_likelihood: float,
        dtype: np.dtype[Any],
    ) -> None:
        """Become the M-step of the moments of a running average, taken under `before`."""
        moments = average.moments
        assert moments is not None
        reg, data = regularisation_of(settings, moments, average.effective)
        solution = m_step(before.structure, moments, reg)
        known: tuple[Diagnostic, ...] = self.__dict__.get("diagnostics_", ())
        diagnostics = diagnose(solution, reg, data.covariance, average.effective)
        names = before.feature_names
        if names is None and "feature_names_in_" in self.__dict__:  # parameters that were set by hand
            names = tuple(self.feature_names_in_)
        mixture = Mixture._trusted(
            solution.structure,
            solution.params.weights,
            solution.params.means,
            solution.covariances,
            solution.params,
            feature_names=names,
        )
        n_iter = int(self.__dict__.get("n_iter_", 0)) + 1
        bound = log_likelihood + reg.log_prior(before.params) / moments.weight
        with np.errstate(over="ignore"):  # a precision may be too large for the dtype, as in a fit
            self._set_fitted(mixture, dtype)
        self._set_history(np.array([bound]), n_iter=n_iter, stopping_reason=str(StoppingReason.ONE_STEP))
        self.diagnostics_ = diagnostics
        self._set_average(replace(average, mixture=mixture, moments=moments.centred()))
        if {(d.finding, d.components) for d in diagnostics} - {(d.finding, d.components) for d in known}:
            words = "; ".join(found.message for found in diagnostics)
            warnings.warn(f"{words} (see diagnostics_)", DegenerateFitWarning, stacklevel=3)

    def _set_average(self, average: RunningAverage) -> None:
        """Show what was seen."""
        self._average = average
        self.n_steps_ = average.n_steps
        self.n_samples_seen_ = average.weight
