"""`GaussianMixture` to and from a model file."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura import io
from mixtura.errors import ModelFileError
from mixtura.mixture import Mixture

if TYPE_CHECKING:
    from mixtura.estimators._scoring import MixtureScorer

__all__ = ["restore_estimator", "save_estimator"]

_PLAIN = (bool, int, float, str, type(None))
_FITTED = ("stopping_reason_", "n_iter_", "trace_", "dtype")


def save_estimator(estimator: MixtureScorer, path: str | PathLike[str]) -> None:
    """Write a fitted estimator.

    Constructor parameters that are numbers, text or None are kept; arrays, callables and random generators
    are not, as they belong to a start and not to the fitted model: the loaded estimator has their defaults.
    """
    mixture = estimator._mixture()
    settings = {
        name: value for name, value in estimator.get_params(deep=False).items() if isinstance(value, _PLAIN)
    }
    settings["covariance_type"] = mixture.structure.name
    fitted = {
        "stopping_reason_": str(getattr(estimator, "stopping_reason_", "given")),
        "n_iter_": int(getattr(estimator, "n_iter_", 0)),
        "trace_": [float(value) for value in getattr(estimator, "trace_", ())],
        "dtype": str(np.asarray(estimator.means_).dtype),
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
    settings, fitted = described.get("params"), described.get("fitted")
    known = set(cls().get_params(deep=False))
    if not isinstance(settings, dict) or not set(settings) <= known:
        msg = f"the model file gives {cls.__name__} parameters that it does not have: upgrade mixtura"
        raise ModelFileError(msg)
    if not isinstance(fitted, dict) or set(fitted) != set(_FITTED):
        msg = f"the model file does not describe a fitted {cls.__name__}"
        raise ModelFileError(msg)
    if fitted["dtype"] not in ("float32", "float64"):
        msg = f"the model file names an unknown dtype {fitted['dtype']!r}"
        raise ModelFileError(msg)
    estimator = cls(**settings)
    estimator._set_fitted(mixture, np.dtype(fitted["dtype"]))
    estimator.n_features_in_ = mixture.n_features
    if mixture.feature_names is not None:
        estimator.feature_names_in_ = np.asarray(mixture.feature_names, dtype=object)
    trace = np.asarray(fitted["trace_"], dtype=np.float64)
    estimator._set_history(
        trace, n_iter=int(fitted["n_iter_"]), stopping_reason=str(fitted["stopping_reason_"])
    )
    return estimator
