"""Rows for a fitted estimator: checked against its fit, by names and by number of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from mixtura._typing import FloatArray
from mixtura.data import as_matrix, is_plain

__all__ = ["names_of", "remember_names", "rows_like_fit"]


def rows_like_fit(estimator: BaseEstimator, X: Any, n_features: int) -> FloatArray:
    """Return rows with the columns of a fit to `n_features`.

    Raises
    ------
    InputError
        If X is no finite matrix with the columns of the fit.
    """
    fitted = estimator.__dict__
    if isinstance(X, (list, tuple)) or getattr(X, "ndim", 2) != 2:
        X = as_matrix(X, estimator=estimator)  # what is no matrix has no columns to compare
    # A matrix without names, of as many columns as the fit, has nothing else to compare.
    named = "feature_names_in_" in fitted or not is_plain(X)
    if named or X.shape[1] != fitted.get("n_features_in_"):
        validate_data(estimator, X, reset=False, skip_check_array=True)
    return as_matrix(X, n_features=n_features, estimator=estimator)


def names_of(X: Any) -> npt.NDArray[np.object_] | None:
    """Return the names of the columns of a data frame."""
    if is_plain(X):
        return None
    seen = BaseEstimator()
    validate_data(seen, X, skip_check_array=True)
    return getattr(seen, "feature_names_in_", None)


def remember_names(estimator: Any, rows: FloatArray, names: npt.NDArray[np.object_] | None) -> None:
    """Set what scikit-learn compares the columns of other data with."""
    estimator.n_features_in_ = rows.shape[1]
    if names is not None:
        estimator.feature_names_in_ = names
    elif hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_
