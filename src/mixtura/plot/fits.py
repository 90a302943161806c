"""What a display reads from a fit: its mixture, the names of its features, the choice of some, and rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from mixtura._typing import FloatArray
from mixtura.data import as_matrix
from mixtura.data.names import listed
from mixtura.errors import InputError
from mixtura.estimators._rows import names_of, rows_like_fit
from mixtura.mixture import Mixture

__all__ = [
    "as_rows",
    "feature_names",
    "feature_numbers",
    "fitted_mixture",
    "inner",
    "one_or_two_features",
    "require",
    "rows_of",
    "two_features",
]

_COUNTS = ("none", "one", "two", "three", "four", "five", "six")
# What draws an estimator, by what a fit of it has.
_DISPLAYS = {
    "estimators_": "ClassifierDisplay",
    "cluster_centers_": "KMeansDisplay",
    "mixture_": "MixtureDisplay or DensityDisplay",
    "best_estimator_": "MixtureDisplay or SelectionDisplay",
}


def require(estimator: Any, attribute: str, what: str) -> None:
    """Check that an estimator is fitted and has what a display draws.

    Raises
    ------
    NotFittedError
    InputError
        If it is another kind of estimator, or none.
    """
    if not isinstance(estimator, BaseEstimator):
        msg = f"a fitted {what} is needed, but got {type(estimator).__name__}"
        raise InputError(msg)
    check_is_fitted(estimator)
    if not hasattr(estimator, attribute):
        others = [display for name, display in _DISPLAYS.items() if hasattr(estimator, name)]
        remedy = f": {others[0]} draws it" if others else ""
        msg = f"a fitted {what} is needed, but got {type(estimator).__name__}{remedy}"
        raise InputError(msg)


def inner(estimator: Any, attribute: str = "mixture_") -> Any:
    """Return the fitted mixture estimator within a selector or detector, or the estimator itself.

    Raises
    ------
    NotFittedError
    InputError
        If it has not that attribute.
    """
    inside = estimator
    for name in ("best_estimator_", "estimator_"):
        inside = getattr(estimator, name, inside)
    require(inside, attribute, "mixture, selector or detector of mixtura")
    return inside


def fitted_mixture(estimator: Any) -> Mixture:
    """Return the `Mixture` of a fit; a `Mixture` is one itself."""
    if isinstance(estimator, Mixture):
        return estimator
    mixture: Mixture = inner(estimator).mixture_
    return mixture


def feature_names(estimator: Any, d: int) -> list[str]:
    """Return the names of the columns of the fit, or x0, x1 and so on."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        names = getattr(estimator, "feature_names", None)
    return [f"x{j}" for j in range(d)] if names is None else [str(name) for name in names]


def feature_numbers(
    features: Any, names: Sequence[str], least: int, most: int, parameter: str = "features"
) -> list[int]:
    """Return the numbers of the features that a parameter chooses; a name or number alone is one feature.

    Raises
    ------
    InputError
        If one does not exist or comes twice, or there are too few or too many.
    """
    given = list(features) if isinstance(features, Iterable) and not isinstance(features, str) else [features]
    chosen: list[Any] = [names.index(f) if isinstance(f, str) and f in names else f for f in given]
    sound = all(_is_number(f) and 0 <= f < len(names) for f in chosen)
    if not sound or not least <= len(chosen) <= most or len(set(chosen)) < len(chosen):
        count = _COUNTS[most] if least == most else f"{_COUNTS[least]} to {_COUNTS[most]}"
        once = ", each once" if most > 1 else ""
        msg = f"{parameter} must be {count} of {listed(names)}{once}, by name or number, but got {given}"
        raise InputError(msg)
    return [int(f) for f in chosen]


def _is_number(feature: Any) -> bool:
    return isinstance(feature, (int, np.integer)) and not isinstance(feature, bool)


def two_features(features: Any, names: Sequence[str]) -> list[int]:
    """Return the numbers of the two features to draw.

    Raises
    ------
    InputError
        If there are not two and none was chosen, or the choice is not two that exist.
    """
    if features is not None:
        return feature_numbers(features, names, 2, 2)
    if len(names) != 2:
        what = "one feature" if len(names) == 1 else f"{len(names)} features: choose two by features=(0, 1)"
        msg = f"a picture has two axes, but the fit has {what}"
        raise InputError(msg)
    return [0, 1]


def one_or_two_features(features: Any, names: Sequence[str], what: str) -> list[int]:
    """Return the numbers of the features to draw, one or two.

    Raises
    ------
    InputError
        If there are more and none was chosen (calls the picture `what`), or the choice is not one or two.
    """
    if features is not None:
        return feature_numbers(features, names, 1, 2)
    if len(names) > 2:
        msg = f"{what} over {len(names)} features has no picture: choose one or two by features=(0, 1)"
        raise InputError(msg)
    return list(range(len(names)))


def as_rows(X: Any, d: int | None = None) -> FloatArray:
    """Return rows of d numbers, at least one.

    Raises
    ------
    InputError
        If X is empty or not finite, or has other columns.
    """
    shape = getattr(X, "shape", None)
    if (len(X) if isinstance(X, (list, tuple)) else shape[0] if shape else 1) == 0:
        msg = "X has no rows, of which a picture needs one: leave it out or give some"
        raise InputError(msg)
    try:
        return as_matrix(X, n_features=d)
    except ValueError as error:
        raise InputError(str(error)) from None


def rows_of(estimator: Any, X: npt.ArrayLike, names: Sequence[str]) -> FloatArray:
    """Return rows with the columns of a fit, whose names have to agree where both have some.

    Raises
    ------
    InputError
        If X is empty or not finite, or has other columns.
    """
    d = len(names)
    if d == 1 and isinstance(X, (np.ndarray, list, tuple)) and np.ndim(X) == 1:
        X = np.asarray(X).reshape(-1, 1)
    rows = as_rows(X, d)
    if isinstance(estimator, BaseEstimator):
        try:
            return rows_like_fit(estimator, X, d)
        except ValueError as error:
            raise InputError(str(error)) from None
    own = names_of(X)
    if own is not None and estimator.feature_names is not None and list(own) != list(names):
        msg = f"X has columns {listed(list(own))}, but the mixture has {listed(names)}: give these, in order"
        raise InputError(msg)
    return rows
