"""`MixtureClassifier`: one mixture a class, and Bayes' rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from mixtura._typing import Float64Array
from mixtura.covariance import CovarianceStructure
from mixtura.data import as_matrix, as_sample_weight
from mixtura.errors import InputError
from mixtura.estimators import GaussianMixture
from mixtura.estimators._rows import names_of, remember_names, rows_like_fit
from mixtura.estimators._settings import check_integer
from mixtura.estimators.gaussian_mixture import check_prototype
from mixtura.random_state import as_random_state
from mixtura.selection import MixtureSelector

__all__ = ["MixtureClassifier"]

_LEAST_ROWS = 2
_SUM = 1e-6  # how far from 1 priors may add up


class MixtureClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    r"""Classification by densities: :math:`P(c | x) \propto P(c)\, p(x | c)`, with a mixture for each class.

    With one component and a shared structure of classes apart this is quadratic discriminant analysis; more
    components follow classes of any shape [1]_.

    Parameters
    ----------
    n_components : int, iterable of int, or dict, default=1
        Components of a class. Of an iterable the number with the lowest BIC is chosen for each class; a dict
        gives either for each class by its label.
    covariance_type : str, CovarianceStructure, or several; default='full'
        Of several the one with the lowest BIC is chosen for each class.
    priors : array-like of shape (n_classes,), optional
        P(c), in the order of `classes_`; the shares of the classes in the data if None.
    estimator : GaussianMixture, optional
        Settings of the mixtures. Default: `GaussianMixture(covariance_prior='auto')`, as a class may have few
        rows for each component.
    random_state : None, int or RandomState
    n_jobs : int, optional
        Threads; None is all cores of the process.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    estimators_ : list of GaussianMixture
        One a class, in that order.
    priors_ : ndarray of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)

    References
    ----------
    .. [1] Hastie and Tibshirani, Discriminant analysis by Gaussian mixtures, JRSS B 58, 1996.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from mixtura import MixtureClassifier
    >>> X, y = make_moons(400, noise=0.1, random_state=0)
    >>> model = MixtureClassifier(n_components=range(1, 6), random_state=0).fit(X[:300], y[:300])
    >>> bool(model.score(X[300:], y[300:]) > 0.97)
    True
    >>> model.sample(3, label=1).shape
    (3, 2)
    """

    def __init__(
        self,
        n_components: int | Iterable[int] | Mapping[Any, Any] = 1,
        *,
        covariance_type: str | CovarianceStructure | Iterable[str | CovarianceStructure] = "full",
        priors: npt.ArrayLike | None = None,
        estimator: GaussianMixture | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.priors = priors
        self.estimator = estimator
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Fit a mixture to each class.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Labels, of any type that can be sorted.
        sample_weight : array-like of shape (n_samples,), optional
            Case weights: they count for densities and priors.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If data or parameters cannot be used, or a class has too few rows, which is named; nothing has
            changed then.
        """
        rows = as_matrix(X, min_samples=_LEAST_ROWS, estimator=self)
        names = names_of(X)
        if y is None:
            msg = f"{type(self).__name__} requires y to be passed, but the target y is None"
            raise InputError(msg)
        labels = column_or_1d(y, warn=True)
        if labels.dtype.kind == "f" and not np.isfinite(labels).all():
            msg = "y has NaN or an infinity (inf): drop these rows"
            raise InputError(msg)
        check_classification_targets(labels)
        if len(labels) != len(rows):
            msg = f"y must have one label a row, that is {len(rows)}, but has {len(labels)}"
            raise InputError(msg)
        weight = as_sample_weight(sample_weight, len(rows))
        # A row of weight 0 is no row, and does not make a class.
        classes = np.unique(labels if weight is None else labels[weight > 0])
        codes = np.where(np.isin(labels, classes), np.searchsorted(classes, labels), len(classes))
        shares = np.bincount(codes, weight)[: len(classes)]
        priors = self._checked_priors(shares / shares.sum())
        rng = as_random_state(self.random_state)
        counts = [self._count_of(label) for label in classes.tolist()]
        estimators = []
        for c, (label, count) in enumerate(zip(classes.tolist(), counts, strict=True)):
            held = codes == c
            _require_rows(label, int(held.sum()), count)
            model = self._model(count, int(rng.randint(2**31)))
            own = None if weight is None else weight[held]
            model.fit(np.ascontiguousarray(rows[held]), sample_weight=own)
            estimators.append(model.best_estimator_ if isinstance(model, MixtureSelector) else model)
        self.classes_ = classes
        self.priors_ = priors
        self.estimators_ = estimators
        remember_names(self, rows.shape[1], names)
        return self

    def _count_of(self, label: Any) -> Any:
        """Return the number of components of a class, or those to choose from."""
        count: Any = self.n_components
        if isinstance(count, Mapping):
            if label not in count:
                msg = f"n_components has no entry for class {label!r}: give one for each label in y"
                raise InputError(msg)
            count = count[label]
        if isinstance(count, Iterable) and not isinstance(count, str):
            return count
        return check_integer("n_components", count, 1)

    def _model(self, count: Any, seed: int) -> GaussianMixture | MixtureSelector:
        prototype = check_prototype(self.estimator) or GaussianMixture(covariance_prior="auto")
        kind = self.covariance_type
        if isinstance(count, Integral) and isinstance(kind, (str, CovarianceStructure)):
            model: GaussianMixture = clone(prototype)
            return model.set_params(  # type: ignore[no-any-return]
                n_components=count, covariance_type=kind, random_state=seed, n_jobs=self.n_jobs
            )
        return MixtureSelector(
            prototype, n_components=count, covariance_type=kind, random_state=seed, n_jobs=self.n_jobs
        )

    def _checked_priors(self, shares: Float64Array) -> Float64Array:
        if self.priors is None:
            return shares
        priors = np.asarray(self.priors, dtype=np.float64)
        if priors.shape != shares.shape or not (priors >= 0).all() or abs(priors.sum() - 1.0) > _SUM:
            msg = (
                f"priors must be {len(shares)} numbers of at least 0, one a class, that sum to 1, "
                f"but are {self.priors!r}"
            )
            raise InputError(msg)
        return priors

    def _joint(self, X: Any) -> Float64Array:
        """Log P(c) p(x | c), of shape (n_samples, n_classes)."""
        check_is_fitted(self, "estimators_")
        rows = rows_like_fit(self, X, self.n_features_in_)
        with np.errstate(divide="ignore"):
            log_priors = np.log(self.priors_)
        joint: Float64Array = log_priors + np.column_stack(
            [model.score_samples(rows) for model in self.estimators_]
        ).astype(np.float64, copy=False)
        return joint

    def score_samples(self, X: npt.ArrayLike) -> Float64Array:
        """Log-density of each row whatever its class, log Σ_c P(c) p(x | c), in nats.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return np.asarray(logsumexp(self._joint(X), axis=1))

    def predict_log_proba(self, X: npt.ArrayLike) -> Float64Array:
        """Logarithm of the probability of each class given each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        joint = self._joint(X)
        return np.asarray(joint - logsumexp(joint, axis=1, keepdims=True))

    def predict_proba(self, X: npt.ArrayLike) -> Float64Array:
        """Probability of each class given each row; as `predict_log_proba`."""
        probabilities: Float64Array = np.exp(self.predict_log_proba(X))
        return probabilities

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Most probable class of each row, of shape (n_samples,).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        best = self._joint(X).argmax(axis=1)
        labels: npt.NDArray[Any] = self.classes_[best]
        return labels

    def sample(self, n_samples: int = 1, label: Any = None, random_state: Any = None) -> Any:
        """Draw rows.

        Parameters
        ----------
        n_samples : int
            At least 1.
        label : optional
            A class to draw from; of all classes, in the shares of `priors_`, if None.
        random_state : None, int or RandomState
            That of the classifier if None.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
        y : ndarray of shape (n_samples,)
            Only if `label` is None.
        """
        check_is_fitted(self, "estimators_")
        n_samples = check_integer("n_samples", n_samples, 1)
        rng = as_random_state(self.random_state if random_state is None else random_state)
        if label is not None:
            found = np.flatnonzero(self.classes_ == label)
            if not len(found):
                msg = f"there is no class {label!r}: the classes are {self.classes_.tolist()}"
                raise InputError(msg)
            return self.estimators_[found[0]].mixture_.sample(n_samples, rng)[0]
        counts = rng.multinomial(n_samples, self.priors_)
        drawn = [
            model.mixture_.sample(int(count), rng)[0]
            for model, count in zip(self.estimators_, counts, strict=True)
        ]
        return np.concatenate(drawn), np.repeat(self.classes_, counts)


def _require_rows(label: Any, n_rows: int, count: Any) -> None:
    least = max(_LEAST_ROWS, int(count) if isinstance(count, Integral) else 1)
    if n_rows < least:
        msg = (
            f"class {label!r} has {n_rows} row{'s' * (n_rows != 1)}, but a mixture of {count} needs at least "
            f"{least}: leave the class out, or ask for fewer components by n_components={{{label!r}: ...}}"
        )
        raise InputError(msg)
