"""`MixtureOutlierDetector`: rows where a mixture, fitted without them, has next to no density."""

from __future__ import annotations

import warnings
from functools import partial
from numbers import Real
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils.validation import check_is_fitted

from mixtura._typing import Float64Array, FloatArray, IntArray
from mixtura.covariance import CovarianceStructure
from mixtura.data import as_matrix, as_sample_weight
from mixtura.errors import InputError
from mixtura.estimators import GaussianMixture
from mixtura.estimators._rows import names_of, remember_names, rows_like_fit
from mixtura.estimators._settings import check_integer
from mixtura.estimators.gaussian_mixture import check_prototype
from mixtura.random_state import as_random_state

__all__ = ["MixtureOutlierDetector"]

# contamination="auto": outliers are rows of a density that one in so many of the model's own has, or less.
_RARE = 1e-3
# Rows as rare still have a part in the model: without its tails it would be too narrow.
_PART = 1e-4
# Rows drawn from the model to know how its log-density is distributed.
_DRAWN = 100_000
_ROUNDS = 10


class MixtureOutlierDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Outliers by the density of a mixture that they have no part in.

    The mixture is fitted to the densest rows first (trimmed likelihood [1]_): fit, keep the share
    `support_fraction` of rows with the highest density, and again, until they are the same rows. Then all
    rows count that are no stranger than one in ten thousand of the model's own, so that sound rows are not
    lost to it.

    Parameters
    ----------
    n_components : int, default=1
    covariance_type : str or CovarianceStructure, default='full'
    contamination : 'auto' or float, default='auto'
        'auto': outliers are rows whose density is as low as one row in a thousand of the model's own has. A
        number in (0, 0.5]: the share of the rows of the fit that are called outliers.
    support_fraction : float, default=0.9
        The share of rows that the first fits are made of, in (0.5, 1]; 1 is a plain fit to all rows.
    estimator : GaussianMixture, optional
        Other settings of the mixture.
    random_state : None, int or RandomState
    n_jobs : int, optional
        Threads; None is all cores of the process.

    Attributes
    ----------
    estimator_ : GaussianMixture
    offset_ : float
        The log-density, in nats, below which a row is an outlier.
    support_ : ndarray of shape (n_samples,), bool
        Rows that have a part in the model.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)

    References
    ----------
    .. [1] N. Neykov, P. Filzmoser, R. Dimova and P. Neytchev, Robust fitting of mixtures using the trimmed
       likelihood estimator, Computational Statistics and Data Analysis 52, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura import MixtureOutlierDetector
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> X[:5] += 20
    >>> model = MixtureOutlierDetector(random_state=0).fit(X)
    >>> bool((model.predict(X[:5]) == -1).all()), int((model.predict(X[5:]) == -1).sum()) < 5
    (True, True)
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str | CovarianceStructure = "full",
        contamination: str | float = "auto",
        support_fraction: float = 0.9,
        estimator: GaussianMixture | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.contamination = contamination
        self.support_fraction = support_fraction
        self.estimator = estimator
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Fit the model, and set the threshold.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self

        Raises
        ------
        InputError
            If data or parameters cannot be used; nothing has changed then.
        """
        self._check_settings()
        rows = as_matrix(X, min_samples=2, estimator=self)
        names = names_of(X)
        weight = as_sample_weight(sample_weight, len(rows))
        rng = as_random_state(self.random_state)
        seed = int(rng.randint(2**31))
        weight = np.ones(len(rows)) if weight is None else weight
        model, support = self._robust(rows, weight, seed)
        if self.contamination == "auto":
            offset = _rare(model, seed)
        else:
            scores = model.score_samples(rows)[weight > 0]
            offset = float(np.quantile(scores, float(self.contamination)))
        self.estimator_ = model
        self.support_ = support
        self.offset_ = offset
        remember_names(self, rows.shape[1], names)
        return self

    def _check_settings(self) -> None:
        check_integer("n_components", self.n_components, 1)
        contamination = self.contamination
        number = isinstance(contamination, Real) and not isinstance(contamination, bool)
        if contamination != "auto" and not (number and 0 < float(contamination) <= 0.5):
            msg = (
                f"contamination must be 'auto' or a number above 0 and at most 0.5, but got {contamination!r}"
            )
            raise InputError(msg)
        share = self.support_fraction
        if not isinstance(share, Real) or isinstance(share, bool) or not 0.5 < float(share) <= 1:
            msg = f"support_fraction must be a number above 0.5 and at most 1, but got {share!r}"
            raise InputError(msg)
        check_prototype(self.estimator)

    def _fitted(self, rows: FloatArray, weight: Float64Array, seed: int) -> GaussianMixture:
        model: GaussianMixture = clone(GaussianMixture() if self.estimator is None else self.estimator)
        model.set_params(
            n_components=self.n_components,
            covariance_type=self.covariance_type,
            random_state=seed,
            n_jobs=self.n_jobs,
        )
        return model.fit(rows, sample_weight=None if (weight == 1).all() else weight)

    def _robust(
        self, rows: FloatArray, weight: Float64Array, seed: int
    ) -> tuple[GaussianMixture, npt.NDArray[np.bool_]]:
        """Return the model, and the rows that it is made of."""
        support = weight > 0
        with warnings.catch_warnings():
            # Fits on the way may be poor, as outliers can take a component: the last one tells.
            warnings.simplefilter("ignore")
            model = self._fitted(rows, weight, seed)
            for chosen in (self._densest, partial(_not_rare, seed)) if self.support_fraction < 1 else ():
                for _ in range(_ROUNDS):
                    kept = chosen(model, rows, weight)
                    if (kept == support).all() or kept.sum() < max(2, self.n_components):
                        break
                    support = kept
                    model = self._fitted(rows, np.where(support, weight, 0.0), seed)
        # Once more, for what it has to say.
        return self._fitted(rows, np.where(support, weight, 0.0), seed), support

    def _densest(
        self, model: GaussianMixture, rows: FloatArray, weight: Float64Array
    ) -> npt.NDArray[np.bool_]:
        """Return which rows are the densest, `support_fraction` of the weight."""
        order = np.argsort(-model.score_samples(rows), kind="stable")
        below = np.cumsum(weight[order]) <= float(self.support_fraction) * weight.sum()
        kept = np.zeros(len(rows), dtype=bool)
        kept[order[below]] = True
        return kept & (weight > 0)

    def score_samples(self, X: npt.ArrayLike) -> FloatArray:
        """Log-density of each row, in nats: the lower, the stranger.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "estimator_")
        rows = rows_like_fit(self, X, self.n_features_in_)
        return self.estimator_.score_samples(rows)

    def decision_function(self, X: npt.ArrayLike) -> FloatArray:
        """Log-density of each row less `offset_`: below 0 is an outlier; as `score_samples`."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return −1 for outliers and 1 for all others, of shape (n_samples,); as `score_samples`."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def pvalues(
        self, X: npt.ArrayLike, *, n_samples: int = _DRAWN, random_state: Any = 0
    ) -> tuple[Float64Array, Float64Array]:
        r"""Probability under the model of a density as low as that of each row, :math:`P(p(X') \le p(x))`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        n_samples : int
            Rows drawn from the model: no p-value is below 1 / (n_samples + 1).
        random_state : None, int or RandomState

        Returns
        -------
        pvalues : ndarray of shape (n_samples,)
        error : ndarray of shape (n_samples,)
            Standard error of each, as it is estimated from draws.
        """
        scores = self.score_samples(X)
        own = np.sort(_own_scores(self.estimator_, check_integer("n_samples", n_samples, 1), random_state))
        below: IntArray = np.searchsorted(own, scores, side="right")
        p = np.asarray((below + 1.0) / (len(own) + 1.0), dtype=np.float64)
        error: Float64Array = np.sqrt(p * (1.0 - p) / len(own))
        return p, error


def _own_scores(model: GaussianMixture, n_samples: int, random_state: Any) -> FloatArray:
    """Log-densities of rows that the model draws."""
    mixture = model.mixture_
    return mixture.log_pdf(mixture.sample(n_samples, random_state)[0])


def _rare(model: GaussianMixture, seed: int, share: float = _RARE) -> float:
    return float(np.quantile(_own_scores(model, _DRAWN, seed), share))


def _not_rare(
    seed: int, model: GaussianMixture, rows: FloatArray, weight: Float64Array
) -> npt.NDArray[np.bool_]:
    """Return which rows the model is not surprised by."""
    return np.asarray((model.score_samples(rows) >= _rare(model, seed, _PART)) & (weight > 0))
