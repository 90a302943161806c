"""The model file: safetensors, JSON metadata, and a SHA-256 over all of it.

Layout (safetensors): the tensors `weights`, `means` and `covariances` in float64, and one metadata entry
`mixtura`, a JSON object in canonical form (sorted keys, no spaces) with `format`, `version`, `structure`,
`feature_names`, what the writer adds, and `sha256`. The digest is taken over the same file with an empty
`sha256`; a file is accepted only if it is, byte for byte, what the writer writes for its content. So no bit
can change unnoticed, and there is no room for anything else in the file.
"""

from __future__ import annotations

import hashlib
import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

import mixtura
from mixtura._typing import Float64Array
from mixtura.covariance import STRUCTURES
from mixtura.errors import InputError, ModelFileError
from mixtura.io.atomic import replacing
from mixtura.mixture import Mixture

__all__ = ["FORMAT", "read_model", "write_model"]

FORMAT = 1
_TENSORS = ("weights", "means", "covariances")
_OWN = {"format", "version", "structure", "feature_names", "sha256"}
_HEADER_LENGTH = 8
_MAX_HEADER = 16 * 1024 * 1024


def write_model(path: str | PathLike[str], mixture: Mixture, metadata: dict[str, Any]) -> None:
    """Write a mixture and JSON-able metadata; an older file stays if that fails.

    Raises
    ------
    InputError
        If the structure is the user's own: another process could not know it.
    OSError
        If the file cannot be written.
    """
    name = mixture.structure.name
    if STRUCTURES.get(name) != mixture.structure:
        msg = f"the covariance structure {name!r} is not one of mixtura's own, so a model file cannot name it"
        raise InputError(msg)
    described = {
        **metadata,
        "format": FORMAT,
        "version": mixtura.__version__,
        "structure": name,
        "feature_names": None if mixture.feature_names is None else list(mixture.feature_names),
    }
    content = _sealed(_tensors_of(mixture), described)
    with replacing(path) as file:
        file.write(content)


def _tensors_of(mixture: Mixture) -> dict[str, Float64Array]:
    return {name: np.asarray(getattr(mixture, name), order="C") for name in _TENSORS}


def _serialised(tensors: dict[str, Float64Array], described: dict[str, Any], digest: str) -> bytes:
    text = json.dumps(
        {**described, "sha256": digest},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
        allow_nan=False,
    )
    content: bytes = save_tensors(tensors, metadata={"mixtura": text})
    return content


def _sealed(tensors: dict[str, Float64Array], described: dict[str, Any]) -> bytes:
    digest = hashlib.sha256(_serialised(tensors, described, "")).hexdigest()
    return _serialised(tensors, described, digest)


def read_model(path: str | PathLike[str]) -> tuple[Mixture, dict[str, Any]]:
    """Read and check a model file.

    Returns
    -------
    mixture : Mixture
    metadata : dict
        What the writer added.

    Raises
    ------
    ModelFileError
        If the file is not a model file, is damaged or altered, or is of a newer format.
    OSError
        If it cannot be read.
    """
    content = Path(path).read_bytes()
    described = _described(path, content)
    if described["format"] != FORMAT:
        msg = f"{path} has model format {described['format']!r}, this mixtura reads {FORMAT}: upgrade mixtura"
        raise ModelFileError(msg)
    try:
        tensors = load_tensors(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise _damaged(path, str(error)) from None
    if set(tensors) != set(_TENSORS) or any(t.dtype != np.float64 for t in tensors.values()):
        raise _damaged(path, "it does not hold the three float64 arrays of a mixture")
    added = {key: value for key, value in described.items() if key not in _OWN}
    sealed = {key: value for key, value in described.items() if key != "sha256"}
    if _sealed(tensors, sealed) != content:
        raise _damaged(path, "its content does not match its SHA-256")
    if described["structure"] not in STRUCTURES:
        msg = f"{path} has a covariance structure {described['structure']!r} unknown here: upgrade mixtura"
        raise ModelFileError(msg)
    try:
        mixture = Mixture(
            tensors["weights"],
            tensors["means"],
            tensors["covariances"],
            described["structure"],
            feature_names=described["feature_names"],
        )
    except InputError as error:
        raise _damaged(path, str(error)) from None
    return mixture, added


def _described(path: str | PathLike[str], content: bytes) -> dict[str, Any]:
    """Return the JSON metadata, before anything else of the file is believed."""
    size = int.from_bytes(content[:_HEADER_LENGTH], "little")
    if len(content) < _HEADER_LENGTH or size > min(_MAX_HEADER, len(content) - _HEADER_LENGTH):
        msg = f"{path} is not a mixtura model file, or was cut off"
        raise ModelFileError(msg)
    try:
        header = json.loads(content[_HEADER_LENGTH : _HEADER_LENGTH + size])
        described: Any = json.loads(header["__metadata__"]["mixtura"])
    except (ValueError, KeyError, TypeError, RecursionError):
        msg = f"{path} is not a mixtura model file"
        raise ModelFileError(msg) from None
    if not isinstance(described, dict) or not set(described) >= _OWN:
        raise _damaged(path, "its description is incomplete")
    return described


def _damaged(path: str | PathLike[str], reason: str) -> ModelFileError:
    return ModelFileError(f"{path} was damaged or altered: {reason}. Restore it from a copy or fit again")
