"""What makes parameters those of a mixture: shapes, finiteness, symmetry, positive definiteness."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mixtura._typing import Float64Array
from mixtura.covariance import STRUCTURES, CovarianceStructure, resolve
from mixtura.errors import InputError, SingularCovarianceError
from mixtura.params import Params

__all__ = ["factored", "finite_array", "require_finite", "structure_of"]

_BLOCK_NUMBERS = 2**16


def finite_array(name: str, value: npt.ArrayLike) -> Float64Array:
    """Return a copy as contiguous float64, or an InputError that names the parameter."""
    try:
        array = np.array(value, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        msg = f"{name} must be an array of numbers, but got {value!r}"
        raise InputError(msg) from None
    require_finite(name, array)
    return array


def require_finite(name: str, array: Float64Array) -> None:
    """Raise an InputError that names the parameter, if it holds NaN or inf."""
    # A NaN is the smallest and the largest of its array. This takes no memory.
    if array.size and not (np.isfinite(array.min()) and np.isfinite(array.max())):
        msg = f"{name} must hold finite numbers, but holds NaN or inf"
        raise InputError(msg)


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
    if structure.is_dense:
        lopsided = _first_lopsided(structure.core(covariances, *means.shape))
        if lopsided is not None:
            msg = f"covariance {lopsided} is not symmetric"
            raise InputError(msg)
    try:
        return structure.params(weights, means, covariances)
    except SingularCovarianceError as error:
        msg = f"covariance {error.component} is not positive definite, so that it has no density"
        raise SingularCovarianceError(msg, error.component) from None


def _first_lopsided(matrices: Float64Array) -> int | None:
    """Return the first matrix of (m, d, d) that is not symmetric, taking little memory beside them."""
    m, d, _ = matrices.shape
    slack = 1e-8 * np.maximum(matrices.max(axis=(1, 2)), -matrices.min(axis=(1, 2)))
    lopsided = np.zeros(m, dtype=bool)
    step = max(1, _BLOCK_NUMBERS // (m * d))
    for low in range(0, d, step):
        rows = slice(low, low + step)
        apart = np.abs(matrices[:, rows] - matrices[:, :, rows].transpose(0, 2, 1))
        lopsided |= (apart > slack[:, None, None]).any(axis=(1, 2))
    return int(np.flatnonzero(lopsided)[0]) if lopsided.any() else None
