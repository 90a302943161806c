"""`MixtureSelector`: the number of components and the covariance structure, chosen by an estimator."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from numbers import Integral
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from mixtura._typing import Float64Array, FloatArray, IntArray
from mixtura.covariance import STRUCTURES, CovarianceStructure
from mixtura.errors import DegenerateFitWarning, InputError
from mixtura.estimators import GaussianMixture
from mixtura.estimators._rows import remember_names
from mixtura.estimators._sample import read_sample
from mixtura.estimators._settings import check_integer, read_settings
from mixtura.estimators.gaussian_mixture import check_prototype
from mixtura.random_state import as_random_state
from mixtura.selection.held_out import held_out
from mixtura.selection.results import Candidate, Comparison, Criterion, table_of
from mixtura.selection.select import (
    checked_counts,
    checked_structures,
    fitted_candidates,
    lowest,
    problem_of,
)
from mixtura.threads import resolve_n_jobs

__all__ = ["MixtureSelector"]

_CHOSEN = ("n_components", "covariance_type")
_CV = "cv"


class MixtureSelector(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """Mixtures of every number of components with every covariance structure, and the best of them.

    Each structure has one start more for each K: its best fit with fewer components, and one component more
    where it is worth most [1]_; where passes are long that is the only start. So the likelihood of fits that
    the data settle does not fall with K.

    Parameters
    ----------
    estimator : GaussianMixture, optional
        Settings for all candidates; its own `n_components` and `covariance_type` are not read.
    n_components : int or iterable of int, default=1 … 9
        The K to try. More than there are rows are left out, with the reason in `table_`.
    covariance_type : str, CovarianceStructure, or several; optional
        The structures to try; all six by default.
    criterion : {'bic', 'aic', 'icl', 'cv'} or callable, default='bic'
        'bic': −2L + p log N [2]_, 'aic': −2L + 2p, 'icl': the BIC plus twice the doubt in the assignments,
        'cv': the mean log-likelihood a row of rows held out, in `cv` folds. A callable is called as
        `criterion(fitted GaussianMixture, X)` and returns a number, the lower the better.
    cv : int, splitter or iterable, default=5
        For 'cv': a number of random folds, or what scikit-learn's `check_cv` takes.
    random_state : None, int or RandomState
        For starts and folds.
    n_jobs : int, optional
        Threads; None is all cores of the process.
    callback : callable, optional
        Called with each `mixtura.selection.Candidate` when it is done.

    Attributes
    ----------
    best_estimator_ : GaussianMixture
    best_params_ : dict
        'n_components' and 'covariance_type'.
    best_index_ : int
        Its row in `table_`.
    table_ : dict of ndarray
        A column a key, a row a candidate; ready for a data frame. 'n_components', 'covariance_type',
        'n_parameters', 'log_likelihood' (nats, of all rows), 'bic', 'aic', 'icl', 'cv' (nats a row), 'n_iter'
        (passes of the best start), 'n_passes' (of all), 'seconds', 'stopping_reason', 'findings' (what
        `diagnostics_` says), 'error' and 'criterion', the value that was compared.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)

    Notes
    -----
    Fits with components that the data do not settle are marked in 'findings' and are not chosen while there
    is another: their likelihood has no bound. Of candidates whose criterion is the same but for rounding, the
    one with the fewest parameters is the best.

    References
    ----------
    .. [1] Verbeek, Vlassis and Kröse, Efficient greedy learning of Gaussian mixture models, 2003.
    .. [2] Fraley and Raftery, Model-based clustering, discriminant analysis, and density estimation, 2002.

    Examples
    --------
    >>> from mixtura import MixtureSelector, datasets
    >>> X = datasets.load_faithful().data
    >>> selector = MixtureSelector(n_components=range(1, 6), random_state=0).fit(X)
    >>> selector.best_params_
    {'n_components': 3, 'covariance_type': 'tied'}
    >>> selector.predict(X[:3]).shape
    (3,)
    """

    def __init__(
        self,
        estimator: GaussianMixture | None = None,
        *,
        n_components: int | Iterable[int] = tuple(range(1, 10)),
        covariance_type: str | CovarianceStructure | Iterable[str | CovarianceStructure] = tuple(STRUCTURES),
        criterion: str | Callable[[GaussianMixture, FloatArray], float] = "bic",
        cv: Any = 5,
        random_state: Any = None,
        n_jobs: int | None = None,
        callback: Callable[[Candidate], object] | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.criterion = criterion
        self.cv = cv
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.callback = callback

    def fit(self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Fit all candidates, and choose.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            Case weights; N is then their sum.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If data or parameters cannot be used, or no candidate could be fitted; nothing has changed then.

        Warns
        -----
        ConvergenceWarning
            If the best candidate has not converged.
        DegenerateFitWarning
            If all candidates have components that the data do not settle.
        """
        counts, structures = checked_counts(self.n_components), checked_structures(self.covariance_type)
        value_of = self._value_of()
        params = self._params()
        sample = read_sample(X, sample_weight, n_threads=resolve_n_jobs(self.n_jobs), estimator=self)
        candidates = list(
            fitted_candidates(problem_of(sample, params, grow=True), counts, structures, self.callback)
        )
        if self.criterion == _CV:
            candidates = held_out(sample, candidates, params, counts, structures, self.cv)
        values = [np.nan if c.error else value_of(c, sample.rows) for c in candidates]
        by_value = dict(zip(map(id, candidates), values, strict=True))
        best = lowest(candidates, lambda candidate: by_value[id(candidate)])
        assert best.estimator is not None
        self.best_estimator_ = best.estimator
        self.best_params_ = {name: getattr(best, name) for name in _CHOSEN}
        self.best_index_ = next(i for i, candidate in enumerate(candidates) if candidate is best)
        self.table_ = table_of(candidates, values)
        remember_names(self, sample.n_features, sample.names)
        if best.findings:
            words = "; ".join(found.message for found in best.estimator.diagnostics_)
            msg = f"all candidates have components that the data do not settle. Of the best, {words}"
            warnings.warn(msg, DegenerateFitWarning, stacklevel=2)
        if not best.converged:
            which = f"{best.n_components} {best.covariance_type}"
            msg = f"the best candidate, {which}, did not converge: increase max_iter"
            warnings.warn(msg, ConvergenceWarning, stacklevel=2)
        return self

    def _params(self) -> dict[str, Any]:
        """Return what all candidates share."""
        params: dict[str, Any] = {}
        prototype = check_prototype(self.estimator)
        if prototype is not None:
            read_settings(prototype)
            defaults = GaussianMixture().get_params(deep=False)
            params = {
                name: value
                for name, value in prototype.get_params(deep=False).items()
                if name not in _CHOSEN and value is not defaults[name]
            }
        if self.random_state is not None:
            params["random_state"] = self.random_state
        params["n_jobs"] = self.n_jobs
        return params

    def _value_of(self) -> Callable[[Candidate, FloatArray], float]:
        """Return what is to be minimised."""
        if isinstance(self.cv, Integral):
            check_integer("cv", self.cv, 2)
        criterion = self.criterion
        if callable(criterion):
            own: Callable[[Any, FloatArray], float] = criterion
            return lambda candidate, rows: float(own(candidate.estimator, rows))
        if criterion == _CV:
            return lambda candidate, rows: -candidate.cv
        if criterion in set(Criterion):
            return lambda candidate, rows: candidate.value(criterion)
        names = ", ".join(repr(str(name)) for name in (*Criterion, _CV))
        msg = f"criterion must be one of {names}, or a callable, but got {criterion!r}"
        raise InputError(msg)

    def stability(
        self,
        X: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        n_bootstrap: int = 20,
        random_state: Any = None,
    ) -> dict[tuple[int, str], float]:
        """How often each candidate wins if rows are drawn anew, with replacement.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        sample_weight : array-like of shape (n_samples,), optional
        n_bootstrap : int
            Draws.
        random_state : None, int or RandomState

        Returns
        -------
        dict
            From (n_components, covariance_type) to the share of draws that it won, the most frequent first.
        """
        n_bootstrap = check_integer("n_bootstrap", n_bootstrap, 1)
        rng = as_random_state(random_state)
        sample = read_sample(X, sample_weight, n_threads=resolve_n_jobs(self.n_jobs), estimator=self)
        wins: Counter[tuple[int, str]] = Counter()
        for _ in range(n_bootstrap):
            drawn = rng.choice(len(sample.rows), len(sample.rows))
            again = type(self)(**self.get_params(deep=False)).set_params(callback=None)
            again.fit(sample.rows[drawn], None if sample.weight is None else sample.weight[drawn])
            wins[again.best_params_["n_components"], again.best_params_["covariance_type"]] += 1
        return {candidate: count / n_bootstrap for candidate, count in wins.most_common()}

    @property
    def comparison_(self) -> Comparison:
        """What was compared, as `Selection.comparison` gives it."""
        check_is_fitted(self, "table_")
        criterion = self.criterion if isinstance(self.criterion, str) else "criterion"
        return Comparison(self.table_, self.best_index_, criterion)

    def _best(self) -> GaussianMixture:
        check_is_fitted(self, "best_estimator_")
        best: GaussianMixture = self.best_estimator_
        return best

    def predict(self, X: npt.ArrayLike) -> IntArray:
        """Most probable component of each row under the best candidate."""
        return self._best().predict(X)

    def fit_predict(
        self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> IntArray:
        """Choose, and return the most probable component of each row."""
        return self.fit(X, sample_weight=sample_weight).predict(X)

    def predict_proba(self, X: npt.ArrayLike) -> FloatArray:
        """Probability of each component given each row under the best candidate."""
        return self._best().predict_proba(X)

    def score_samples(self, X: npt.ArrayLike) -> FloatArray:
        """Log-density of each row under the best candidate, in nats."""
        return self._best().score_samples(X)

    def score(self, X: npt.ArrayLike, y: object = None) -> float:
        """Mean log-density a row under the best candidate, in nats."""
        return float(self._best().score(X))

    def sample(self, n_samples: int = 1) -> tuple[Float64Array, IntArray]:
        """Draw rows from the best candidate."""
        return self._best().sample(n_samples)
