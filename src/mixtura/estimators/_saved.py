"""`GaussianMixture` to and from a model file."""

from __future__ import annotations

import sys
from os import PathLike
from reprlib import repr as repr_of
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mixtura import io
from mixtura.diagnostics import Diagnostic, Finding
from mixtura.em import StoppingReason
from mixtura.errors import InputError, ModelFileError
from mixtura.estimators._average import RunningAverage
from mixtura.estimators._settings import read_settings
from mixtura.mixture import Mixture
from mixtura.random_state import as_random_state

if TYPE_CHECKING:
    from mixtura.estimators._incremental import IncrementalMixture

__all__ = ["restore_estimator", "save_estimator"]

_PLAIN = (bool, int, float, str, type(None))
_GIVEN = "given"  # the end of what was not fitted, but set by hand
_MAX = sys.float_info.max
_SHOWN = 300
_FITTED = ("stopping_reason_", "n_iter_", "trace_", "dtype", "diagnostics_", "stream")


def save_estimator(estimator: IncrementalMixture, path: str | PathLike[str]) -> None:
    """Write a fitted estimator.

    Constructor parameters that are numbers, text or None are kept; arrays, callables and random generators
    are not, as they belong to a start and not to the fitted model: the loaded estimator has their defaults.

    Raises
    ------
    InputError
        If a parameter has no meaning: what is written can be loaded.
    """
    mixture = estimator._mixture()
    settings = {
        name: value for name, value in estimator.get_params(deep=False).items() if isinstance(value, _PLAIN)
    }
    _check_settings(type(estimator)(**{**settings, "covariance_type": mixture.structure}))
    settings["covariance_type"] = mixture.structure.name
    fitted = {
        "stopping_reason_": str(getattr(estimator, "stopping_reason_", _GIVEN)),
        "n_iter_": int(getattr(estimator, "n_iter_", 0)),
        "trace_": [float(value) for value in getattr(estimator, "trace_", ())],
        "dtype": str(np.asarray(estimator.means_).dtype),
        "diagnostics_": [
            [str(found.finding), list(found.components), found.message]
            for found in getattr(estimator, "diagnostics_", ())
        ],
        "stream": _described_average(estimator.__dict__.get("_average")),
    }
    described = {"class": type(estimator).__name__, "params": settings, "fitted": fitted}
    io.write_model(path, mixture, {"estimator": described})


def restore_estimator(cls: type[Any], mixture: Mixture, metadata: dict[str, Any]) -> Any:
    """Return an estimator of class `cls` as it was saved.

    Raises
    ------
    ModelFileError
        If the description in the file does not fit the class.
    """
    described = metadata["estimator"]
    estimator = _restored_settings(cls, mixture, described.get("params"))
    fitted = described.get("fitted")
    if not isinstance(fitted, dict) or set(fitted) != set(_FITTED):
        msg = f"the model file does not describe a fitted {cls.__name__}"
        raise ModelFileError(msg)
    dtype = _dtype(fitted["dtype"], mixture)
    trace, n_iter, reason = _history(fitted)
    # A precision may be too large for the dtype, as it may be in a fit.
    with np.errstate(over="ignore"):
        estimator._set_fitted(mixture, dtype)
    estimator.n_features_in_ = mixture.n_features
    if mixture.feature_names is not None:
        estimator.feature_names_in_ = np.asarray(mixture.feature_names, dtype=object)
    estimator._set_history(trace, n_iter=n_iter, stopping_reason=reason)
    estimator.diagnostics_ = _diagnostics(fitted["diagnostics_"], mixture.n_components)
    average = _average_of(fitted["stream"])
    if average is not None:
        estimator._set_average(average)
    return estimator


def _described_average(average: RunningAverage | None) -> list[int | float] | None:
    """Return how much was seen. What the average is, the parameters tell."""
    return None if average is None else [average.n_steps, average.weight, average.effective]


def _average_of(described: Any) -> RunningAverage | None:
    """Return how much was seen, None if the parameters were set by hand."""
    if described is None:
        return None
    counts = type(described) is list and len(described) == 3 and type(described[0]) is int
    if not counts or not all(type(v) in (int, float) and 0 < v <= _MAX for v in described):
        msg = "the model file has a stream that is no count and two weights above 0"
        raise ModelFileError(msg)
    return RunningAverage(described[0], float(described[1]), float(described[2]))


def _restored_settings(cls: type[Any], mixture: Mixture, settings: Any) -> Any:
    """Return an estimator with constructor parameters that mean something."""
    known = set(cls().get_params(deep=False))
    if not isinstance(settings, dict) or not set(settings) <= known:
        msg = f"the model file gives {cls.__name__} parameters that it does not have: upgrade mixtura"
        raise ModelFileError(msg)
    name = mixture.structure.name
    if settings.get("covariance_type") != name or not all(isinstance(v, _PLAIN) for v in settings.values()):
        msg = f"the model file gives {cls.__name__} parameters that no fit of a {name!r} mixture has"
        raise ModelFileError(msg)
    estimator = cls(**settings)
    try:
        _check_settings(estimator)
    except (TypeError, ValueError, OverflowError) as error:
        why = str(error)[:_SHOWN]  # it repeats the value, of any length
        msg = f"the model file gives {cls.__name__} parameters that have no meaning: {why}"
        raise ModelFileError(msg) from None
    return estimator


def _check_settings(estimator: Any) -> None:
    read_settings(estimator)
    if not isinstance(estimator.init_params, str):  # an array would not be kept
        msg = f"init_params must be a name, but got {estimator.init_params!r}"
        raise InputError(msg)
    as_random_state(estimator.random_state)


def _dtype(name: Any, mixture: Mixture) -> np.dtype[Any]:
    """Return the dtype of the attributes, which has to hold the parameters."""
    if name not in ("float32", "float64"):
        msg = f"the model file names an unknown dtype {repr_of(name)}"
        raise ModelFileError(msg)
    largest = np.finfo(name).max
    for array in (mixture.means, mixture.covariances):
        if max(array.max(), -array.min()) > largest:
            msg = f"the model file says {name}, but its numbers are too large for that"
            raise ModelFileError(msg)
    return np.dtype(np.float32 if name == "float32" else np.float64)


def _diagnostics(described: Any, n_components: int) -> tuple[Diagnostic, ...]:
    """Return what the fit had to say of itself."""
    msg = "the model file has diagnostics_ that are no list of findings, components and words"
    if not isinstance(described, list):
        raise ModelFileError(msg)
    diagnostics = []
    for entry in described:
        if not isinstance(entry, list) or len(entry) != 3:
            raise ModelFileError(msg)
        finding, components, words = entry
        ours = type(components) is list and all(type(k) is int and 0 <= k < n_components for k in components)
        if not (ours and type(words) is str and type(finding) is str and finding in tuple(Finding)):
            raise ModelFileError(msg)
        diagnostics.append(Diagnostic(Finding(finding), tuple(components), words))
    return tuple(diagnostics)


def _history(fitted: dict[str, Any]) -> tuple[npt.NDArray[np.float64], int, str]:
    """Return how the fit went: the trace, the number of M-steps, and why it ended."""
    trace, n_iter, reason = fitted["trace_"], fitted["n_iter_"], fitted["stopping_reason_"]
    # Finite also means below the largest float64, which an integer need not be.
    if not isinstance(trace, list) or not all(type(v) in (int, float) and abs(v) <= _MAX for v in trace):
        msg = "the model file has a trace_ that is no list of finite numbers"
        raise ModelFileError(msg)
    if type(n_iter) is not int or not 0 <= n_iter < 2**63:
        msg = f"the model file has an n_iter_ that is no count: {repr_of(n_iter)}"
        raise ModelFileError(msg)
    if not isinstance(reason, str) or reason not in (_GIVEN, *StoppingReason):
        msg = f"the model file has an unknown stopping_reason_ {repr_of(reason)}: upgrade mixtura"
        raise ModelFileError(msg)
    return np.asarray(trace, dtype=np.float64), n_iter, reason
