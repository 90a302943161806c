"""Model files sealed by someone who knows how: with the library, or from any text and bytes.

Nothing here is mixtura's own, so that a mistake of its writer is not repeated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import load, save

Tensors = dict[str, np.ndarray[Any, Any]]
_PLACE = "@" * 64


def body_of(content: bytes) -> bytes:
    """Return what follows the header."""
    return content[8 + int.from_bytes(content[:8], "little") :]


def opened(content: bytes) -> tuple[Tensors, dict[str, Any]]:
    """Return the tensors of a model file, and its description without the digest."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    described = json.loads(header["__metadata__"]["mixtura"])
    del described["sha256"]
    return load(content), described


def sealed(tensors: Mapping[str, np.ndarray[Any, Any]], described: Mapping[str, Any]) -> bytes:
    """Return what the writer would write for this content, if its checks were gone."""

    def serialised(digest: str) -> bytes:
        text = json.dumps({**described, "sha256": digest}, sort_keys=True, separators=(",", ":"))
        content: bytes = save(dict(tensors), metadata={"mixtura": text})
        return content

    return serialised(hashlib.sha256(serialised("")).hexdigest())


def described_text(described: Mapping[str, Any]) -> str:
    """Return a description as text with a place for the digest."""
    return json.dumps({**described, "sha256": _PLACE}, sort_keys=True, separators=(",", ":"))


def sealed_text(text: str, body: bytes, entries: str | None = None) -> bytes:
    """Seal a file of any description and any entries for arrays, as raw JSON.

    `text` has the place of `described_text`. Without `entries` the body holds the arrays of a mixture of two
    full components in two features.
    """
    if entries is None:
        entries = ",".join(
            f'"{name}":{{"dtype":"F64","shape":{shape},"data_offsets":[{begin},{end}]}}'
            for name, shape, begin, end in (
                ("covariances", "[2,2,2]", 0, 64),
                ("means", "[2,2]", 64, 96),
                ("weights", "[2]", 96, 112),
            )
        )

    def serialised(digest: str) -> bytes:
        inside = json.dumps(text.replace(_PLACE, digest))
        header = f'{{"__metadata__":{{"mixtura":{inside}}},{entries}}}'.encode()
        header += b" " * (-len(header) % 8)
        return len(header).to_bytes(8, "little") + header + body

    return serialised(hashlib.sha256(serialised("")).hexdigest())
