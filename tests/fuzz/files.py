"""Model files, altered blindly or by someone who knows: a load returns a mixture or a ModelFileError."""

from __future__ import annotations

import json
import random
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import numpy as np

import mixtura
from mixtura import GaussianMixture, Mixture, datasets
from mixtura.covariance import STRUCTURES
from mixtura.errors import ModelFileError
from tests.fuzz.finding import Finding
from tests.fuzz.sealing import body_of, described_text, opened, sealed, sealed_text

TOKENS = (
    *(b"[", b"]", b"{", b"}", b'"', b"\\", b",", b":", b"null", b"true", b"NaN", b"-1", b"1e400", b"0" * 50),
    *(b"F64", b"F32", b"shape", b"mixtura", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\x80\x04cos\nsystem\n."),
)
VALUES = (
    *(None, True, False, 0, -1, 1, 2, 3.5, 1e308, -1e308, 2**31, 2**63, 10**30, "", "full", "diag", "auto"),
    *(
        "GaussianMixture",
        "float32",
        "float16",
        "é\udcff",
        [],
        {},
        [[]],
        [1, 2],
        ["a", "b"],
        {"a": 1},
        "x" * 5000,
    ),
)
NUMBERS = (0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1.7e308, -1.7e308, 5e-324, 1e-160, 1e160, 0.5)


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzz-"))


@cache
def _corpus() -> tuple[bytes, ...]:
    """Sound files of every structure, estimators and mixtures, with and without names."""
    X = datasets.load_faithful().data
    found = []
    for i, structure in enumerate(STRUCTURES):
        model = GaussianMixture(1 + i % 3, covariance_type=structure, random_state=0, max_iter=500)
        model.fit(X.astype(np.float32 if i % 2 else np.float64))
        model.save(_folder() / "sound")
        found.append((_folder() / "sound").read_bytes())
        plain = model.mixture_
        names = ["eruptions", 'wait"ing é'] if i % 2 else None
        Mixture(plain.weights, plain.means, plain.covariances, structure, feature_names=names).save(
            _folder() / "sound"
        )
        found.append((_folder() / "sound").read_bytes())
    return tuple(found)


def _blind(rng: random.Random, content: bytes) -> bytes:
    """A few changes that know nothing of the format."""
    altered = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(altered) + 1)
        match rng.randrange(6):
            case 0:
                if at < len(altered):
                    altered[at] ^= 1 << rng.randrange(8)
            case 1:
                del altered[at:]
            case 2:
                del altered[at : at + rng.choice((1, 2, 8, 64))]
            case 3:
                altered[at:at] = rng.choice(TOKENS)
            case 4:
                other = rng.choice(_corpus())
                low = rng.randrange(len(other))
                altered[at : at + rng.choice((0, 8, 100))] = other[low : low + rng.choice((8, 64, 1000))]
            case _:
                altered[at : at + 8] = rng.getrandbits(64).to_bytes(8, "little")
    return bytes(altered)


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Every container in a JSON value, with each of its keys."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    return [place for key in keys for place in ((node, key), *_places(node[key]))]


def _edited(rng: random.Random, content: bytes) -> bytes:
    """JSON and numbers edited, and sealed anew."""
    tensors, described = opened(content)
    tensors = {name: array.copy() for name, array in tensors.items()}
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        node, key = rng.choice(_places(described) or [(described, "format")])
        match rng.randrange(4):
            case 0 if isinstance(node, dict):
                del node[key]
            case 1 if isinstance(node, dict):
                node[rng.choice(("a", "sha", "class", "params", key.upper()))] = rng.choice(VALUES)
            case _:
                node[key] = rng.choice(VALUES)
        described = json.loads(json.dumps(described))  # what was put in twice is two now
    for _ in range(rng.choice((0, 1, 1, 4))):
        name = rng.choice(sorted(tensors))
        array = tensors[name]
        match rng.randrange(5):
            case 0:
                tensors[name] = array.reshape(rng.choice([(-1,), (1, *array.shape), (*array.shape, 1)]))
            case 1:
                tensors[name] = np.concatenate([np.atleast_1d(array)] * rng.choice((0, 2)) or [np.zeros(0)])
            case 2:
                tensors[name] = array.astype(rng.choice(["f4", "i8", "u1"]), casting="unsafe")
            case _:
                if array.size:
                    array.reshape(-1)[rng.randrange(array.size)] = np.array(rng.choice(NUMBERS)).astype(
                        array.dtype
                    )
    return sealed(tensors, described)


def _respelled(rng: random.Random, content: bytes) -> bytes:
    """The text of the description altered, and sealed anew as it stands."""
    text = described_text(opened(content)[1])
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice(TOKENS).decode("latin-1") + text[at + rng.choice((0, 1, 5)) :]
    return sealed_text(text, body_of(content), _entries(content))


def _entries(content: bytes) -> str:
    header = content[8 : len(content) - len(body_of(content))].decode().rstrip()
    return header[header.index('},"covariances"') + 2 : -1]


def once(seed: int, log: TextIO | None) -> str:
    """Make one attack; return how it ended."""
    rng = random.Random(seed)
    content = rng.choice(_corpus())
    altered = rng.choice((_blind, _edited, _respelled))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # casts of numbers that do not fit, which are the point
        attack = altered(rng, content)
    path = _folder() / "attack"
    path.write_bytes(attack)
    if log:
        log.write(f"{seed}\n")
        log.flush()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = mixtura.load(path)
    except ModelFileError as error:
        if len(str(error)) > 2000:
            raise Finding(f"a message of {len(str(error))} characters") from error
        return "refused"
    mixture = model.mixture_ if isinstance(model, GaussianMixture) else model
    if altered is _blind and attack != content:
        raise Finding("altered and not refused")
    if not all(np.isfinite(part).all() for part in (mixture.params.whitener, mixture.params.log_det)):
        raise Finding("a mixture whose factors are not finite")
    model.save(path)
    mixtura.load(path)  # what was loaded can be saved and loaded
    return "accepted"
