"""The layout of safetensors, for float64 arrays and one metadata entry, read and written without a copy.

The library of that name returns a file as one string of bytes and its arrays as copies of parts of it: three
times the file in memory, before anything is known to be wrong with it. The layout is simple enough to be
written here; a test holds it to the library's, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from io import BufferedReader
from typing import Any

import numpy as np

from mixtura._typing import Float64Array

__all__ = [
    "ENTRY",
    "LENGTH",
    "Shapes",
    "header_of",
    "in_order",
    "little_endian",
    "nbytes",
    "read_arrays",
    "sealed_header",
    "sha256",
    "shapes_in",
]

ENTRY = "mixtura"  # of the metadata
LENGTH = 8  # bytes at the start that say how long the header is
_NUMBER = 8  # bytes of a float64
_MOST_AXES, _MOST_NUMBERS = 3, 2**60  # or a product of sizes could take as long as it likes
_LITTLE_ENDIAN = np.dtype("<f8")

Shapes = Mapping[str, tuple[int, ...]]


def header_of(shapes: Shapes, text: str) -> bytes:
    """Return all that stands before the arrays: the header, its length first, padded to whole numbers."""
    header: dict[str, object] = {"__metadata__": {ENTRY: text}}
    end = 0
    for name in sorted(shapes):
        begin, end = end, end + _NUMBER * math.prod(shapes[name])
        header[name] = {"dtype": "F64", "shape": shapes[name], "data_offsets": (begin, end)}
    content = json.dumps(header, separators=(",", ":")).encode("ascii")
    content += b" " * (-len(content) % _NUMBER)
    return len(content).to_bytes(LENGTH, "little") + content


def sealed_header(shapes: Shapes, described: Mapping[str, Any], digest: str) -> bytes:
    """Return the header whose metadata are `described` and a digest, as JSON in canonical form.

    Raises
    ------
    ValueError
        If the description has what JSON has not.
    """
    text = json.dumps(
        {**described, "sha256": digest},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
        allow_nan=False,
    )
    return header_of(shapes, text)


def shapes_in(header: dict[str, object]) -> dict[str, tuple[int, ...]] | None:
    """Return the shapes that a header gives; None if any is not that of a float64 array with numbers in it.

    Offsets are not looked at: there is but one header for these shapes.
    """
    shapes = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if not isinstance(entry, dict) or entry.get("dtype") != "F64":
            return None
        shape = entry.get("shape")
        if not isinstance(shape, list) or len(shape) > _MOST_AXES:
            return None
        if not all(type(size) is int and 0 < size < _MOST_NUMBERS for size in shape):
            return None
        shapes[name] = tuple(shape)
    return shapes


def in_order(arrays: Mapping[str, Float64Array]) -> list[Float64Array]:
    """Return arrays as they stand in a file, one after the other without holes."""
    return [arrays[name] for name in sorted(arrays)]


def nbytes(shapes: Shapes) -> int:
    """Return the size of the arrays."""
    return _NUMBER * sum(math.prod(shape) for shape in shapes.values())


def read_arrays(file: BufferedReader, shapes: Shapes) -> dict[str, Float64Array] | None:
    """Read the arrays that follow a header straight to where they stay; None if the file ends before them."""
    arrays = {}
    for name in sorted(shapes):
        array = np.empty(math.prod(shapes[name]), dtype=_LITTLE_ENDIAN)
        if file.readinto(array.view(np.uint8).data) != array.nbytes:
            return None
        arrays[name] = array.reshape(shapes[name]).astype(np.float64, copy=False)
    return arrays


def sha256(header: bytes, arrays: Mapping[str, Float64Array]) -> str:
    """Return the digest of a file of this header and these contiguous arrays."""
    digest = hashlib.sha256(header)
    for array in in_order(arrays):
        digest.update(little_endian(array))
    return digest.hexdigest()


def little_endian(array: Float64Array) -> memoryview:
    """Return the bytes of a contiguous array as they stand in a file."""
    return array.astype(_LITTLE_ENDIAN, copy=False).reshape(-1).view(np.uint8).data
