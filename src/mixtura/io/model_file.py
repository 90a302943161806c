"""The model file: safetensors, JSON metadata, and a SHA-256 over all of it.

Layout (safetensors): the tensors `weights`, `means` and `covariances` in float64, and one metadata entry
`mixtura`, a JSON object in canonical form (sorted keys, no spaces) with `format`, `version`, `structure`,
`feature_names`, what the writer adds, and `sha256`. The digest is taken over the same file with an empty
`sha256`; a file is accepted only if it is, byte for byte, what the writer writes for its content. So no bit
can change unnoticed, and there is no room for anything else in the file.

Whoever alters a file can also seal it anew. So nothing that it says is believed because of the digest: sizes
are compared with the file's before memory is asked for, and types and numbers are checked afterwards.
"""

from __future__ import annotations

import json
import os
import stat
from io import BufferedReader
from os import PathLike
from pathlib import Path
from reprlib import repr as repr_of
from typing import Any

import numpy as np

import mixtura
from mixtura.covariance import STRUCTURES
from mixtura.errors import InputError, ModelFileError
from mixtura.io.atomic import replacing
from mixtura.io.container import (
    ENTRY,
    LENGTH,
    in_order,
    little_endian,
    nbytes,
    read_arrays,
    sealed_header,
    sha256,
    shapes_in,
)
from mixtura.mixture import Mixture

__all__ = ["FORMAT", "read_model", "write_model"]

FORMAT = 1
_TENSORS = ("weights", "means", "covariances")
_OWN = {"format", "version", "structure", "feature_names", "sha256"}
# JSON may take some twenty times its length in memory. So that a file never takes much more than its own, a
# header may be this long and a sixteenth of the arrays: enough for 100 000 names, or passes of a trace.
_MAX_HEADER = 2 * 1024 * 1024
_ARRAYS_A_HEADER = 16
_MISMATCH = "its content does not match its SHA-256"


def write_model(path: str | PathLike[str], mixture: Mixture, metadata: dict[str, Any]) -> None:
    """Write a mixture and JSON-able metadata; an older file stays if that fails.

    Raises
    ------
    InputError
        If the structure is the user's own: another process could not know it. If names and metadata are so
        long that no reader would take them.
    OSError
        If the file cannot be written.
    """
    name = mixture.structure.name
    if STRUCTURES.get(name) != mixture.structure:
        msg = f"the covariance structure {name!r} is not one of mixtura's own, so a model file cannot name it"
        raise InputError(msg)
    arrays = {name: np.asarray(getattr(mixture, name), order="C") for name in _TENSORS}
    shapes = {name: array.shape for name, array in arrays.items()}
    described = {
        **metadata,
        "format": FORMAT,
        "version": mixtura.__version__,
        "structure": mixture.structure.name,
        "feature_names": None if mixture.feature_names is None else list(mixture.feature_names),
    }
    header = sealed_header(shapes, described, sha256(sealed_header(shapes, described, ""), arrays))
    if len(header) > _most_header(nbytes(shapes)):
        msg = (
            f"the names of the columns and the record of the fit take {len(header)} bytes, more than a model "
            "file has room for: save `mixture_`, which has no record, or fit without names"
        )
        raise InputError(msg)
    with replacing(path) as file:
        file.write(header)
        for array in in_order(arrays):
            file.write(little_endian(array))


def _most_header(size: int) -> int:
    return _MAX_HEADER + size // _ARRAYS_A_HEADER


def read_model(path: str | PathLike[str]) -> tuple[Mixture, dict[str, Any]]:
    """Read and check a model file, in no more memory than twice its size and a constant.

    Returns
    -------
    mixture : Mixture
    metadata : dict
        What the writer added, unchecked.

    Raises
    ------
    ModelFileError
        If the file is not a model file, is damaged or altered, or is of a newer format.
    OSError
        If it cannot be read.
    """
    if not (stat.S_ISREG(mode := Path(path).stat().st_mode) or stat.S_ISDIR(mode)):
        # The size of a pipe is not known before its end, which may never come.
        msg = f"{path} is not a file on a disk, which a model file has to be: copy it to one"
        raise ModelFileError(msg)
    with Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        header = _read_header(path, file, size)
        described, shapes = _parsed(path, header)
        _check_description(path, described)
        try:
            canonical = sealed_header(shapes, described, described["sha256"])
            unsealed = sealed_header(shapes, described, "")
        except (ValueError, RecursionError):
            raise _damaged(path, "its description holds what the writer does not write") from None
        if canonical != header or len(header) + nbytes(shapes) != size:
            raise _damaged(path, _MISMATCH)
        arrays = read_arrays(file, shapes)
    if arrays is None or sha256(unsealed, arrays) != described["sha256"]:
        raise _damaged(path, _MISMATCH)
    try:
        # Numbers at the ends of their range are no reason to warn: they are refused, or taken as they are.
        with np.errstate(all="ignore"):
            mixture = Mixture._adopting(
                arrays["weights"],
                arrays["means"],
                arrays["covariances"],
                described["structure"],
                described["feature_names"],
            )
    except InputError as error:
        raise _damaged(path, str(error)) from None
    return mixture, {key: value for key, value in described.items() if key not in _OWN}


def _read_header(path: str | PathLike[str], file: BufferedReader, size: int) -> bytes:
    """Return the header with its length, which is believed only as far as the file goes."""
    start = file.read(LENGTH)
    length = int.from_bytes(start, "little")
    if len(start) < LENGTH or length > min(_most_header(size), size - LENGTH):
        msg = f"{path} is not a mixtura model file, or was cut off"
        raise ModelFileError(msg)
    return start + file.read(length)


def _parsed(path: str | PathLike[str], header: bytes) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    """Return the JSON metadata and the shapes of the arrays."""
    try:
        entries = json.loads(header[LENGTH:])
        described: Any = json.loads(entries["__metadata__"][ENTRY])
    except (ValueError, KeyError, TypeError, RecursionError):
        msg = f"{path} is not a mixtura model file"
        raise ModelFileError(msg) from None
    if not isinstance(described, dict) or not set(described) >= _OWN:
        raise _damaged(path, "its description is incomplete")
    shapes = shapes_in(entries)
    if shapes is None or set(shapes) != set(_TENSORS):
        raise _damaged(path, "it does not hold the three float64 arrays of a mixture")
    return described, shapes


def _check_description(path: str | PathLike[str], described: dict[str, Any]) -> None:
    """Refuse what this version cannot know, and what no version wrote."""
    number, structure, names = described["format"], described["structure"], described["feature_names"]
    if type(number) is not int or not isinstance(structure, str):
        raise _damaged(path, "its format is no number, or its structure no name")
    if number != FORMAT:
        msg = f"{path} has model format {repr_of(number)}, this mixtura reads {FORMAT}: upgrade mixtura"
        raise ModelFileError(msg)
    if structure not in STRUCTURES:
        msg = f"{path} has a covariance structure {repr_of(structure)} unknown here: upgrade mixtura"
        raise ModelFileError(msg)
    if not isinstance(described["sha256"], str) or not isinstance(described["version"], str):
        raise _damaged(path, "its version or its SHA-256 is no text")
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise _damaged(path, "its feature names are no list of names")


def _damaged(path: str | PathLike[str], reason: str) -> ModelFileError:
    return ModelFileError(f"{path} was damaged or altered: {reason}. Restore it from a copy or fit again")
