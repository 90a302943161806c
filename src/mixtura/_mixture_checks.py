"""What makes parameters those of a mixture: shapes, finiteness, symmetry, positive definiteness."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mixtura._typing import Float64Array
from mixtura.covariance import STRUCTURES, CovarianceStructure, resolve
from mixtura.errors import InputError, SingularCovarianceError
from mixtura.params import Params

__all__ = ["factored", "finite_array", "structure_of"]


def finite_array(name: str, value: npt.ArrayLike) -> Float64Array:
    """Return a copy as contiguous float64, or an InputError that names the parameter."""
    try:
        array = np.array(value, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        msg = f"{name} must be an array of numbers, but got {value!r}"
        raise InputError(msg) from None
    if not np.isfinite(array).all():
        msg = f"{name} must hold finite numbers, but holds NaN or inf"
        raise InputError(msg)
    return array


def structure_of(
    shape: tuple[int, ...], k: int, d: int, covariance_type: str | CovarianceStructure | None
) -> CovarianceStructure:
    """Return the structure that was named, or the only one that has this shape."""
    if covariance_type is not None:
        structure = resolve(covariance_type)
        if structure.shape(k, d) != shape:
            msg = (
                f"covariances of structure {structure.name!r} must have shape {structure.shape(k, d)} for "
                f"{k} components in {d} features, but have {shape}"
            )
            raise InputError(msg)
        return structure
    fitting = [structure for structure in STRUCTURES.values() if structure.shape(k, d) == shape]
    if len(fitting) == 1:
        return fitting[0]
    names = " or ".join(repr(structure.name) for structure in fitting)
    msg = (
        f"covariances of shape {shape} may be {names}: say which by covariance_type"
        if fitting
        else f"covariances of shape {shape} fit no structure of {k} components in {d} features: "
        f"'full' has {(k, d, d)}, 'tied' {(d, d)}, 'diag' {(k, d)}, 'spherical' {(k,)}"
    )
    raise InputError(msg)


def factored(
    structure: CovarianceStructure, weights: Float64Array, means: Float64Array, covariances: Float64Array
) -> Params:
    """Return the parameters as the E-step reads them; an error names a covariance without a density."""
    core = structure.core(covariances, *means.shape)
    if structure.is_dense:
        lopsided = np.abs(core - core.transpose(0, 2, 1)) > 1e-8 * np.abs(core).max(
            axis=(1, 2), keepdims=True
        )
        if lopsided.any():
            k = int(np.flatnonzero(lopsided.any(axis=(1, 2)))[0])
            msg = f"covariance {k} is not symmetric"
            raise InputError(msg)
    try:
        return structure.params(weights, means, covariances)
    except SingularCovarianceError as error:
        msg = f"covariance {error.component} is not positive definite, so that it has no density"
        raise SingularCovarianceError(msg, error.component) from None
