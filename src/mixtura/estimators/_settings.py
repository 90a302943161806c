"""Constructor parameters of `GaussianMixture`, checked and turned from strings into objects."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.covariance import CovarianceStructure, resolve
from mixtura.em import Callback
from mixtura.errors import InputError
from mixtura.estimators._verbose import with_verbose
from mixtura.init import START_NAMES, Start
from mixtura.threads import resolve_n_jobs

if TYPE_CHECKING:
    from mixtura.estimators.gaussian_mixture import GaussianMixture

__all__ = [
    "STILL_TO_GAIN",
    "Settings",
    "check_flag",
    "check_integer",
    "check_real",
    "check_verbose",
    "read_settings",
]

# What `tol="auto"` leaves to gain, in nats a row: a thousandth of what a parameter more costs in the BIC of
# some thousand rows.
STILL_TO_GAIN = 1e-6


@dataclass(frozen=True, eq=False)
class Settings:
    """What the constructor's parameters mean.

    `ridge` is None for `reg_covar="auto"`. Of `tol` and `still` one is 0. `prior` is None without one, and 0
    for "auto".
    """

    structure: CovarianceStructure
    n_components: int
    tol: float
    still: float
    accelerate: bool
    ridge: float | None
    prior: float | None
    max_iter: int
    n_init: int
    start: Start
    n_threads: int
    callback: Callback | None
    learning_decay: float


def check_integer(name: str, value: Any, least: int) -> int:
    """Return an integer parameter ≥ `least`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        msg = f"{name} must be an integer of at least {least}, but got {value!r}"
        raise InputError(msg)
    return int(value)


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def check_real(name: str, value: Any, alternative: str = "", *, above: bool = False) -> float:
    """Return a real parameter of at least 0, or above it."""
    least = "above" if above else "of at least"
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not 0 <= float(value) < np.inf or (above and not float(value)):
        msg = f"{name} must be {alternative}a finite number {least} 0, but got {value!r}"
        raise InputError(msg)
    return float(value)


def check_flag(name: str, value: Any) -> bool:
    """Return a parameter that is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        msg = f"{name} must be True or False, but got {value!r}"
        raise InputError(msg)
    return bool(value)


def check_verbose(value: Any) -> int:
    """Return how much is to be told."""
    return check_integer("verbose", int(value) if isinstance(value, (bool, np.bool_)) else value, 0)


def _check_acceleration(value: Any, by_default: bool) -> bool:
    """Return whether to accelerate: by default not where `tol` is a number, so that it means what it did."""
    if value is None:
        return False
    if isinstance(value, str) and value in ("auto", "squarem"):
        return value == "squarem" or by_default
    msg = f"acceleration must be 'auto', 'squarem' or None (plain EM), but got {value!r}"
    raise InputError(msg)


def read_settings(estimator: GaussianMixture) -> Settings:
    """Check every constructor parameter that does not depend on the data.

    Raises
    ------
    InputError
        At the first parameter that has no meaning: names it, what it may be and what it is.
    """
    if estimator.callback is not None and not callable(estimator.callback):
        msg = f"callback must be None or callable, but got {estimator.callback!r}"
        raise InputError(msg)
    check_flag("warm_start", estimator.warm_start)
    verbose = check_verbose(estimator.verbose)
    interval = check_integer("verbose_interval", estimator.verbose_interval, 1)
    ridge = prior = None
    if not _is_auto(estimator.reg_covar):
        ridge = check_real("reg_covar", estimator.reg_covar, "'auto' or ")
    if estimator.covariance_prior is not None:
        prior = 0.0
        if not _is_auto(estimator.covariance_prior):
            prior = check_real("covariance_prior", estimator.covariance_prior, "None, 'auto' or ", above=True)
    tol, still = 0.0, STILL_TO_GAIN
    if not _is_auto(estimator.tol):
        tol, still = check_real("tol", estimator.tol, "'auto' or "), 0.0
    return Settings(
        structure=resolve(estimator.covariance_type),
        n_components=check_integer("n_components", estimator.n_components, 1),
        tol=tol,
        still=still,
        accelerate=_check_acceleration(estimator.acceleration, still > 0),
        ridge=ridge,
        prior=prior,
        max_iter=check_integer("max_iter", estimator.max_iter, 0),
        n_init=check_integer("n_init", estimator.n_init, 1),
        start=_check_start(estimator.init_params),
        n_threads=resolve_n_jobs(estimator.n_jobs),
        callback=with_verbose(estimator.callback, verbose, interval),
        learning_decay=_check_decay(estimator.learning_decay),
    )


def _check_decay(value: Any) -> float:
    decay = check_real("learning_decay", value, above=True)
    if decay > 1:
        msg = f"learning_decay must be at most 1, but got {value!r}: rates would shrink too fast to arrive"
        raise InputError(msg)
    return decay


def _check_start(init_params: Any) -> Start:
    if callable(init_params):
        return init_params  # type: ignore[no-any-return]
    is_name = isinstance(init_params, str)
    given = np.asarray(init_params)
    if init_params in START_NAMES if is_name else given.ndim:
        return init_params if is_name else given
    names = ", ".join(map(repr, START_NAMES))
    msg = (
        f"init_params must be one of {names}, an array of labels or of responsibilities, or a "
        f"callable, but got {init_params!r}"
    )
    raise InputError(msg)
