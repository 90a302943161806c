"""Rows for a fitted estimator: checked against its fit, by names and by number of columns."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from mixtura._typing import FloatArray
from mixtura.data import ChunkSource, Stream, as_matrix, is_plain
from mixtura.data.source import refuse_source
from mixtura.errors import InputError

__all__ = ["names_of", "remember_names", "rows_like_fit", "stream_like_fit"]


def rows_like_fit(estimator: BaseEstimator, X: Any, n_features: int) -> FloatArray:
    """Return rows with the columns of a fit to `n_features`.

    Raises
    ------
    InputError
        If X is no finite matrix with the columns of the fit.
    """
    refuse_source(X)
    fitted = estimator.__dict__
    if isinstance(X, (list, tuple)) or getattr(X, "ndim", 2) != 2:
        X = as_matrix(X, estimator=estimator)  # what is no matrix has no columns to compare
    # A matrix without names, of as many columns as the fit, has nothing else to compare.
    named = "feature_names_in_" in fitted or not is_plain(X)
    if named or X.shape[1] != fitted.get("n_features_in_"):
        validate_data(estimator, X, reset=False, skip_check_array=True)
    return as_matrix(X, n_features=n_features, estimator=estimator)


def stream_like_fit(estimator: BaseEstimator, source: ChunkSource, n_features: int) -> Stream:
    """Return the blocks of a source with the columns of a fit to `n_features`.

    Raises
    ------
    InputError
        If the source has other columns than the fit had.

    Warns
    -----
    UserWarning
        If one has names and the other has none, in scikit-learn's words.
    """
    stream = Stream(source)
    if stream.n_features != n_features:
        msg = (
            f"the source has {stream.n_features} features, but {type(estimator).__name__} is expecting "
            f"{n_features} features as input: give the columns of the fit"
        )
        raise InputError(msg)
    fitted, given = getattr(estimator, "feature_names_in_", None), source.feature_names
    if fitted is not None and given is not None and list(fitted) != list(given):
        msg = (
            "The feature names should match those that were passed during fit: these are "
            f"{', '.join(map(repr, fitted))}, in this order, but the source has {', '.join(map(repr, given))}"
        )
        raise InputError(msg)
    if (fitted is None) != (given is None):
        name = type(estimator).__name__
        what = (
            f"X does not have valid feature names, but {name} was fitted with feature names"
            if given is None
            else f"X has feature names, but {name} was fitted without feature names"
        )
        warnings.warn(what, UserWarning, stacklevel=3)
    return stream


def names_of(X: Any) -> npt.NDArray[np.object_] | None:
    """Return the names of the columns of a data frame."""
    if is_plain(X):
        return None
    refuse_source(X)
    seen = BaseEstimator()
    validate_data(seen, X, skip_check_array=True)
    return getattr(seen, "feature_names_in_", None)


def remember_names(estimator: Any, n_features: int, names: npt.NDArray[np.object_] | None) -> None:
    """Set what scikit-learn compares the columns of other data with."""
    estimator.n_features_in_ = n_features
    if names is not None:
        estimator.feature_names_in_ = names
    elif hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_
