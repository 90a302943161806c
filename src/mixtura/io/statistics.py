"""`MixtureStatistics` as bytes: the container of model files, with the sums beside the parameters.

As in a model file, the digest is taken over the same bytes with an empty `sha256`, and bytes are accepted
only if they are what the writer writes for their content. Whoever alters them can also seal them anew, so
types, shapes and numbers are checked afterwards.
"""

from __future__ import annotations

import json
from io import BufferedReader, BytesIO
from reprlib import repr as repr_of
from typing import Any, cast

import numpy as np

import mixtura
from mixtura._typing import Float64Array
from mixtura.covariance import STRUCTURES
from mixtura.errors import InputError, StatisticsError
from mixtura.io.container import (
    ENTRY,
    LENGTH,
    Shapes,
    in_order,
    little_endian,
    nbytes,
    read_arrays,
    sealed_header,
    sha256,
    shapes_in,
)
from mixtura.mixture import Mixture
from mixtura.mixture_statistics import MixtureStatistics
from mixtura.stats import SufficientStatistics

__all__ = ["FORMAT", "read_statistics", "write_statistics"]

FORMAT = 1
_KIND = "statistics"
_ARRAYS = {"weights", "means", "covariances", "s0", "s1", "s2", "totals"}
_ENTRIES = {"format", "kind", "version", "structure", "feature_names", "sha256"}
_TOLERANCE = 1e-6  # of the weights of components, which sum to that of all rows but for rounding


def write_statistics(statistics: MixtureStatistics) -> bytes:
    """Return statistics as bytes.

    Raises
    ------
    InputError
        If the structure is the user's own.
    """
    mixture, moments = statistics.mixture, statistics.moments
    name = mixture.structure.name
    if STRUCTURES.get(name) != mixture.structure:
        msg = f"the covariance structure {name!r} is not one of mixtura's own, so bytes cannot name it"
        raise InputError(msg)
    arrays = {
        "weights": mixture.weights,
        "means": mixture.means,
        "covariances": mixture.covariances,
        "s0": moments.s0,
        "s1": moments.s1,
        "s2": moments.s2,
        "totals": np.array([moments.log_likelihood, moments.weight]),
    }
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    shapes = {name: array.shape for name, array in arrays.items()}
    described = {
        "format": FORMAT,
        "kind": _KIND,
        "version": mixtura.__version__,
        "structure": name,
        "feature_names": None if mixture.feature_names is None else list(mixture.feature_names),
    }
    header = sealed_header(shapes, described, sha256(sealed_header(shapes, described, ""), arrays))
    return b"".join([header, *map(little_endian, in_order(arrays))])


def read_statistics(data: bytes) -> MixtureStatistics:
    """Return statistics from bytes, checked.

    Raises
    ------
    StatisticsError
        If the bytes are something else, damaged, altered or of a newer format.
    """
    try:
        content = bytes(memoryview(data))
    except TypeError:
        msg = f"statistics are read from bytes, but got {repr_of(data)}"
        raise StatisticsError(msg) from None
    header, described, shapes = _parsed(content)
    try:
        canonical = sealed_header(shapes, described, described["sha256"])
        unsealed = sealed_header(shapes, described, "")
    except (ValueError, RecursionError):
        raise _damaged("their description holds what the writer does not write") from None
    if canonical != header or len(header) + nbytes(shapes) != len(content):
        raise _damaged("their content does not match their SHA-256")
    # A reader of bytes in memory has all that one of a file has.
    file = cast("BufferedReader", BytesIO(content[len(header) :]))
    arrays = read_arrays(file, shapes)
    if arrays is None or sha256(unsealed, arrays) != described["sha256"]:
        raise _damaged("their content does not match their SHA-256")
    return _checked(arrays, described)


def _parsed(content: bytes) -> tuple[bytes, dict[str, Any], Shapes]:
    """Return the header, the description in it, and the shapes of the arrays."""
    size = LENGTH + int.from_bytes(content[:LENGTH], "little")
    try:
        if size > len(content):
            raise ValueError
        entries = json.loads(content[LENGTH:size])
        described: Any = json.loads(entries["__metadata__"][ENTRY])
    except (ValueError, KeyError, TypeError, RecursionError):
        msg = "these bytes are not statistics of mixtura, or were cut off: give what to_bytes() returned"
        raise StatisticsError(msg) from None
    if not isinstance(described, dict) or described.get("kind") != _KIND:
        msg = "these bytes are of mixtura, but not statistics: a model file is read by mixtura.load"
        raise StatisticsError(msg)
    if set(described) != _ENTRIES:
        raise _damaged("their description is incomplete")
    number, structure, names = described["format"], described["structure"], described["feature_names"]
    if type(number) is not int or type(structure) is not str or type(described["sha256"]) is not str:
        raise _damaged("their description is incomplete")
    if number != FORMAT or structure not in STRUCTURES:
        msg = (
            f"these statistics have format {repr_of(number)} and structure {repr_of(structure)}, which this "
            "mixtura does not know: use one version of mixtura everywhere"
        )
        raise StatisticsError(msg)
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise _damaged("their feature names are no list of names")
    shapes = shapes_in(entries)
    if shapes is None or set(shapes) != _ARRAYS:
        raise _damaged("they do not hold the arrays of statistics")
    return content[:size], described, shapes


def _checked(arrays: dict[str, Float64Array], described: dict[str, Any]) -> MixtureStatistics:
    """Return statistics of arrays whose shapes and numbers mean something."""
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise _damaged(f"{name} has numbers that are not finite")
    try:
        with np.errstate(all="ignore"):
            mixture = Mixture._adopting(
                arrays["weights"],
                arrays["means"],
                arrays["covariances"],
                described["structure"],
                described["feature_names"],
            )
    except InputError as error:
        raise _damaged(str(error)) from None
    k, d = mixture.means.shape
    m = 1 if mixture.structure.is_shared else k
    dense = mixture.structure.is_dense
    wanted = {"s0": (k,), "s1": (k, d), "s2": (m, d, d) if dense else (m, d), "totals": (2,)}
    for name, shape in wanted.items():
        if arrays[name].shape != shape:
            raise _damaged(f"{name} has shape {arrays[name].shape}, not {shape}")
    s0, s1, s2 = arrays["s0"], arrays["s1"], arrays["s2"]
    log_likelihood, weight = map(float, arrays["totals"])
    if not weight > 0 or (s0 < 0).any() or not abs(float(s0.sum()) - weight) <= _TOLERANCE * weight:
        raise _damaged("the weights of the components are not shares of that of all rows")
    if ((np.diagonal(s2, axis1=1, axis2=2) if dense else s2) < 0).any():
        raise _damaged("some second moments are below 0")
    for array in (s0, s1, s2):
        array.flags.writeable = False
    moments = SufficientStatistics(mixture.means, s0, s1, s2, log_likelihood, weight)
    return MixtureStatistics(mixture, moments)


def _damaged(reason: str) -> StatisticsError:
    return StatisticsError(f"these statistics were damaged or altered: {reason}. Take or send them again")
