"""The one place where the names of covariance structures live."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mixtura.covariance.base import CovarianceStructure
from mixtura.covariance.diag import Diag, TiedDiag
from mixtura.covariance.full import Full, Tied
from mixtura.covariance.spherical import Spherical, TiedSpherical
from mixtura.errors import InputError

__all__ = ["STRUCTURES", "resolve"]

_ALL = (Full(), Tied(), Diag(), Spherical(), TiedDiag(), TiedSpherical())

STRUCTURES: Mapping[str, CovarianceStructure] = MappingProxyType({s.name: s for s in _ALL})


def resolve(covariance_type: str | CovarianceStructure) -> CovarianceStructure:
    """Return the structure of that name; an instance is returned as it is.

    Raises
    ------
    InputError
        If there is no such structure; lists those that there are.
    """
    if isinstance(covariance_type, CovarianceStructure):
        return covariance_type
    if isinstance(covariance_type, str) and covariance_type in STRUCTURES:
        return STRUCTURES[covariance_type]
    names = ", ".join(repr(name) for name in STRUCTURES)
    msg = (
        f"covariance_type must be one of {names} or an instance of a CovarianceStructure, "
        f"but got {covariance_type!r}"
    )
    raise InputError(msg)
