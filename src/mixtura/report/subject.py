"""`Subject`: what a report is about, whichever estimator holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from reprlib import repr as repr_of
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from mixtura._typing import Float64Array, FloatArray
from mixtura.covariance import CovarianceStructure
from mixtura.data.names import listed
from mixtura.errors import InputError
from mixtura.estimators import GaussianMixture
from mixtura.estimators._rows import names_of
from mixtura.mixture import Mixture
from mixtura.outliers import MixtureOutlierDetector
from mixtura.selection import Comparison, MixtureSelector, Selection

__all__ = ["Setting", "Subject", "subject_of"]


@dataclass(frozen=True)
class Setting:
    """A parameter of the fit in words, and whether it is another than by default."""

    name: str
    value: str
    is_changed: bool


@dataclass(frozen=True, eq=False)
class Subject:
    """What a report is about.

    Attributes
    ----------
    kind : str
        The class of what was given.
    mixture : Mixture
        With the names that its columns are shown by.
    fit : GaussianMixture, optional
        What fitted it; None for a `Mixture`.
    comparison : Comparison, optional
        What it was chosen from.
    detector : MixtureOutlierDetector, optional
    settings : tuple of Setting
    saved_from : str
        The attribute that has `save`, as it is written after the estimator's name.
    """

    kind: str
    mixture: Mixture
    fit: GaussianMixture | None = None
    comparison: Comparison | None = None
    detector: MixtureOutlierDetector | None = None
    settings: tuple[Setting, ...] = ()
    saved_from: str = ""

    @property
    def names(self) -> list[str]:
        """Names of the columns: x0, x1 and so on, if nobody gave any."""
        own = self.mixture.feature_names
        return [f"x{j}" for j in range(self.mixture.n_features)] if own is None else list(own)

    @property
    def trace(self) -> Float64Array:
        """Log-likelihood a row after each pass; empty without a record of a fit."""
        return np.asarray(getattr(self.fit, "trace_", ()), dtype=np.float64)

    @property
    def stopping_reason(self) -> str:
        """Why the fit ended; '' without a record of it."""
        return self.fit.stopping_reason_ if self.fit is not None and len(self.trace) else ""

    def with_rows(self, X: npt.ArrayLike) -> tuple[Subject, FloatArray]:
        """Return the rows, checked against the model, and the subject with names from them if it has none.

        Raises
        ------
        InputError
            If X has not the columns of the fit.
        """
        rows = self.mixture._rows(X)
        found = names_of(X) if getattr(X, "ndim", 2) == 2 and not isinstance(X, (list, tuple)) else None
        if found is None:
            return self, rows
        given = [str(name) for name in found]
        own = self.mixture.feature_names
        if own is None:
            return replace(self, mixture=_named(self.mixture, given)), rows
        if given != list(own):
            raise InputError(_mismatch(own, given))
        return self, rows


def _mismatch(own: tuple[str, ...], given: list[str]) -> str:
    missing = [name for name in own if name not in given]
    if missing:
        return (
            f"X has no column {listed(missing)}, which the model was fitted on; it has {listed(given)}: give "
            "the columns of the fit"
        )
    return f"X has the columns of the fit in another order: give them as {listed(own)}"


def _named(mixture: Mixture, names: list[str]) -> Mixture:
    return Mixture._trusted(
        mixture.structure,
        mixture.weights,
        mixture.means,
        mixture.covariances,
        mixture.params,
        feature_names=tuple(names),
    )


def subject_of(estimator: Any) -> Subject:
    """Return what a report on a fitted estimator is about.

    Raises
    ------
    NotFittedError
    InputError
        If it is none that a report can be made of.
    """
    for kind, read in _READERS.items():
        if isinstance(estimator, kind):
            subject = read(estimator)
            names = getattr(estimator, "feature_names_in_", None)
            if names is None or subject.mixture.feature_names is not None:
                return subject
            return replace(subject, mixture=_named(subject.mixture, [str(name) for name in names]))
    kinds = ", ".join(kind.__name__ for kind in _READERS)
    msg = f"a report is made of a fitted {kinds}, but got {repr_of(estimator)}"
    raise InputError(msg)


def _of_mixture(mixture: Mixture) -> Subject:
    return Subject("Mixture", mixture)


def _of_fit(fit: GaussianMixture) -> Subject:
    check_is_fitted(fit, "means_")
    return Subject("GaussianMixture", fit._mixture(), fit, settings=_settings(fit))


def _of_selector(selector: MixtureSelector) -> Subject:
    inside = _of_fit(selector._best())
    return replace(
        inside,
        kind="MixtureSelector",
        comparison=selector.comparison_,
        settings=_settings(selector),
        saved_from=".best_estimator_",
    )


def _of_selection(selection: Selection) -> Subject:
    inside = _of_fit(selection.estimator)
    compared = selection.comparison
    asked = (
        Setting("n_components", _in_words(np.unique(compared.table["n_components"]).tolist()), True),
        Setting("covariance_type", _in_words(list(dict.fromkeys(compared.table["covariance_type"]))), True),
        Setting("criterion", _in_words(compared.criterion), True),
    )
    shared = tuple(setting for setting in inside.settings if setting.name not in {a.name for a in asked})
    return replace(
        inside,
        kind="mixtura.selection.select",
        comparison=compared,
        settings=asked + shared,
        saved_from=".estimator",
    )


def _of_detector(detector: MixtureOutlierDetector) -> Subject:
    check_is_fitted(detector, "estimator_")
    inside = _of_fit(detector.estimator_)
    return replace(
        inside,
        kind="MixtureOutlierDetector",
        detector=detector,
        settings=_settings(detector),
        saved_from=".estimator_",
    )


_READERS: dict[type, Callable[[Any], Subject]] = {
    GaussianMixture: _of_fit,
    MixtureSelector: _of_selector,
    MixtureOutlierDetector: _of_detector,
    Selection: _of_selection,
    Mixture: _of_mixture,
}


def _settings(estimator: BaseEstimator) -> tuple[Setting, ...]:
    by_default = type(estimator)().get_params(deep=False)
    return tuple(
        Setting(name, _in_words(value), not _is_same(value, by_default[name]))
        for name, value in estimator.get_params(deep=False).items()
    )


def _is_same(value: Any, other: Any) -> bool:
    plain = isinstance(value, (bool, int, float, str, tuple, range)) and type(value) is type(other)
    return value is other or (plain and value == other)


def _in_words(value: Any) -> str:
    """Return a parameter as text that is the same in every process: no address of an object is in it."""
    if value is None or isinstance(value, (bool, int, float, str, np.generic)):
        return repr(value.item() if isinstance(value, np.generic) else value)
    if isinstance(value, CovarianceStructure):
        return repr(value.name)
    if isinstance(value, range):
        return repr(value)
    if isinstance(value, (list, tuple)) and all(
        isinstance(part, (bool, int, str, CovarianceStructure, np.integer)) for part in value
    ):
        return ", ".join(_in_words(part) for part in value)
    if isinstance(value, (np.ndarray, list, tuple)):
        return f"an array of shape {np.shape(value)}"
    if isinstance(value, BaseEstimator):
        changed = [f"{s.name}={s.value}" for s in _settings(value) if s.is_changed]
        return f"{type(value).__name__}({', '.join(changed)})"
    if callable(value):
        return f"the function {getattr(value, '__qualname__', type(value).__qualname__)}"
    return f"a {type(value).__name__}"
