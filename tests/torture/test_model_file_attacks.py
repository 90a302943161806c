"""Model files under attack: every one is refused by a typed error, and nothing in it runs."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura
from mixtura import GaussianMixture, Mixture
from mixtura.errors import ModelFileError
from tests.fuzz.sealing import body_of, described_text, opened, sealed, sealed_text

BOMBS = (2**63, 2**63 - 1, 2**64 - 1, 2**40, 2**31, 2**24, 100)


def test_the_way_attacks_are_sealed_is_the_writer_s(content: bytes) -> None:
    tensors, described = opened(content)
    assert sealed(tensors, described) == content
    assert sealed_text(described_text(described), body_of(content)) == content


def test_every_truncation(content: bytes, refuse: Callable[..., None]) -> None:
    for length in range(len(content)):
        refuse(content[:length])


def test_ten_thousand_flipped_bits(content: bytes, tmp_path: Path) -> None:
    rng = random.Random(0)
    path = tmp_path / "flipped.mixtura"
    found = 0
    with path.open("wb", buffering=0) as file:
        for _ in range(10_000):
            altered = bytearray(content)
            for position in rng.sample(range(8 * len(content)), rng.choice((1, 1, 1, 2, 5))):
                altered[position // 8] ^= 1 << position % 8
            file.seek(0)
            file.write(altered)
            try:
                mixtura.load(path)
            except ModelFileError:
                found += 1
    assert found == 10_000


@pytest.mark.parametrize("length", BOMBS)
def test_headers_that_claim_any_length(length: int, content: bytes, refuse: Callable[..., None]) -> None:
    refuse(length.to_bytes(8, "little") + content[8:])
    refuse(length.to_bytes(8, "little"))


def entries(**changed: Any) -> str:
    """The entries of three arrays in a header, some of them changed."""
    plain: dict[str, Any] = {
        "covariances": {"dtype": "F64", "shape": [2, 2, 2], "data_offsets": [0, 64]},
        "means": {"dtype": "F64", "shape": [2, 2], "data_offsets": [64, 96]},
        "weights": {"dtype": "F64", "shape": [2], "data_offsets": [96, 112]},
    }
    for name, change in changed.items():
        plain[name] = {**plain.get(name, {}), **change} if isinstance(change, dict) else change
    kept = {name: entry for name, entry in plain.items() if entry is not None}
    return json.dumps(kept, separators=(",", ":"))[1:-1]


TERA = 2**40
ENTRIES = {
    "tensors of terabytes": entries(
        covariances={"shape": [TERA, TERA], "data_offsets": [0, 8 * TERA * TERA]}
    ),
    "more numbers than there are": entries(
        covariances={"shape": [TERA, 2, 2], "data_offsets": [0, 32 * TERA]}
    ),
    "overlapping": entries(means={"data_offsets": [32, 64]}, weights={"data_offsets": [64, 80]}),
    "all at one place": entries(means={"data_offsets": [0, 32]}, weights={"data_offsets": [0, 16]}),
    "with holes": entries(means={"data_offsets": [72, 104]}, weights={"data_offsets": [104, 120]}),
    "offsets past the end": entries(weights={"data_offsets": [2**62, 2**62 + 16]}),
    "offsets that overflow": entries(weights={"data_offsets": [2**64 - 8, 2**64 + 8]}),
    "offsets below 0": entries(weights={"data_offsets": [-16, 0]}),
    "offsets that end before they begin": entries(weights={"data_offsets": [112, 96]}),
    "offsets that are text": entries(weights={"data_offsets": ["96", "112"]}),
    "no offsets": entries(weights={"data_offsets": None}),
    "a shape below 0": entries(weights={"shape": [-2]}),
    "a shape with nothing in it": entries(weights={"shape": [0]}),
    "a shape that overflows": entries(weights={"shape": [2**61, 8]}),
    "a shape of truths": entries(weights={"shape": [True, 2]}),
    "a shape of fractions": entries(weights={"shape": [2.0]}),
    "a shape of many axes": entries(weights={"shape": [1] * 100_000 + [2]}),
    "a shape of long numbers": entries(weights={"shape": [10**4000] * 100}),
    "a shape that is a number": entries(weights={"shape": 2}),
    "an entry that is a number": entries(weights=3),
    "another dtype": entries(weights={"dtype": "F32", "shape": [4]}),
    "a dtype that is none": entries(weights={"dtype": ["F64"]}),
    "a tensor less": entries(weights=None),
    "a tensor more": entries(zeros={"dtype": "F64", "shape": [1], "data_offsets": [112, 120]}),
    "an entry more": entries(weights={"more": 1}),
    "a tensor twice": entries() + "," + entries(covariances=None, means=None),
    "the order turned round": ",".join(reversed(entries().replace("},", "}|").split("|"))),
    "deep": entries() + ',"deep":' + "[" * 100_000 + "]" * 100_000,
}


@pytest.mark.parametrize("attack", ENTRIES)
def test_sealed_headers(attack: str, content: bytes, refuse: Callable[..., None]) -> None:
    text = described_text(opened(content)[1])
    body = body_of(content)
    assert sealed_text(text, body, entries()) == content
    for bytes_after in (0, 8):
        refuse(sealed_text(text, body + bytes(bytes_after), ENTRIES[attack]))


def test_a_file_that_is_as_large_as_it_claims(content: bytes, tmp_path: Path) -> None:
    # Terabytes cost nothing on a disk that keeps no zeros, but nothing is read before all sizes agree.
    path = tmp_path / "sparse.mixtura"
    text = described_text(opened(content)[1])
    path.write_bytes(sealed_text(text, body_of(content), ENTRIES["more numbers than there are"]))
    try:
        os.truncate(path, 2**40)
    except OSError:
        pytest.skip("this file system has no such files")
    with pytest.raises(ModelFileError, match="altered"):
        mixtura.load(path)


EYE = np.stack([np.eye(2)] * 2)
TENSORS: dict[str, dict[str, np.ndarray[Any, Any]]] = {
    "a weight that is NaN": {"weights": np.array([np.nan, 1.0])},
    "a weight below 0": {"weights": np.array([-0.5, 1.5])},
    "weights of less than 1": {"weights": np.array([0.5, 0.4])},
    "weights of more than 1": {"weights": np.array([1.0, 1.0])},
    "weights that overflow": {"weights": np.array([1.7e308, 1.7e308])},
    "a mean that is NaN": {"means": np.array([[0.0, np.nan], [0.0, 1.0]])},
    "a mean that is inf": {"means": np.array([[0.0, -np.inf], [0.0, 1.0]])},
    "a covariance that is NaN": {"covariances": EYE * [[[1.0]], [[np.nan]]]},
    "a covariance that is inf": {"covariances": np.full((2, 2, 2), np.inf)},
    "a covariance of 0": {"covariances": EYE * 0.0},
    "a covariance below 0": {"covariances": -EYE},
    "an indefinite covariance": {"covariances": np.array([np.eye(2), [[1.0, 2.0], [2.0, 1.0]]])},
    "a singular covariance": {"covariances": np.ones((2, 2, 2))},
    "a lopsided covariance": {"covariances": np.array([np.eye(2), [[1.0, 0.5], [0.0, 1.0]]])},
    "a lopsided covariance at the end of the range": {
        "covariances": np.array([np.eye(2), [[1.0, 1.7e308], [-1.7e308, 1.0]]])
    },
    "covariances of three": {"covariances": np.stack([np.eye(2)] * 3)},
    "covariances of another rank": {"covariances": np.ones((2, 2))},
    "means of another rank": {"means": np.zeros(4)},
    "means of three features": {"means": np.zeros((2, 3))},
    "weights of three": {"weights": np.array([0.5, 0.25, 0.25])},
    "weights of another rank": {"weights": np.array([[0.5, 0.5]])},
    "one number for all": {"weights": np.array(1.0)},
    "no components": {"weights": np.zeros(0), "means": np.zeros((0, 2)), "covariances": np.zeros((0, 2, 2))},
    "no features": {"means": np.zeros((2, 0)), "covariances": np.zeros((2, 0, 0))},
    "float32": {"means": np.zeros((2, 2), dtype=np.float32)},
    "integers": {"means": np.zeros((2, 2), dtype=np.int64)},
    "a tensor more": {"more": np.zeros(2)},
}


@pytest.mark.parametrize("attack", TENSORS)
def test_sealed_numbers_that_are_no_mixture(attack: str, content: bytes, refuse: Callable[..., None]) -> None:
    tensors, described = opened(content)
    refuse(sealed({**tensors, **TENSORS[attack]}, described), "altered")
    del described["estimator"]
    refuse(sealed({**tensors, **TENSORS[attack]}, described), "altered")


def test_numbers_too_large_for_the_dtype_of_the_fit(content: bytes, refuse: Callable[..., None]) -> None:
    tensors, described = opened(content)
    described["estimator"]["fitted"]["dtype"] = "float32"
    for name in ("means", "covariances"):
        refuse(sealed({**tensors, name: tensors[name] * 1e50}, described), "too large")


def test_numbers_at_the_ends_of_their_range_are_taken_or_refused(content: bytes, tmp_path: Path) -> None:
    _, described = opened(content)
    path = tmp_path / "extreme.mixtura"
    for variance in (5e-324, 1e-310, 1e-160, 1e160, 1.7e308):
        for mean in (0.0, 1.7e308):
            tensors = {
                "weights": np.array([1.0, 0.0]),
                "means": np.full((2, 2), mean),
                "covariances": EYE * variance,
            }
            path.write_bytes(sealed(tensors, described))
            loaded = mixtura.load(path)
            assert isinstance(loaded, GaussianMixture)
            assert np.isfinite(loaded.mixture_.params.whitener).all()
            assert np.isfinite(loaded.mixture_.params.log_det).all()


class Marker:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_pickles_and_archives_by_another_name(tmp_path: Path, content: bytes) -> None:
    marker = tmp_path / "marker"
    pickled = pickle.dumps(Marker(marker))
    archive, arrays, objects = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("data.pkl", pickled)
    np.savez(arrays, weights=np.ones(1))
    np.save(objects, np.array([Marker(marker)], dtype=object), allow_pickle=True)
    path = tmp_path / "renamed.mixtura"
    for attack in (
        pickled,
        pickle.dumps(Mixture([1.0], [[0.0]], [[[1.0]]], "full")),
        archive.getvalue(),
        arrays.getvalue(),
        objects.getvalue(),
        len(pickled).to_bytes(8, "little") + pickled,
        content[: -len(body_of(content))] + pickled,
        content + archive.getvalue(),  # a zip may begin with anything
    ):
        path.write_bytes(attack)
        with pytest.raises(ModelFileError):
            mixtura.load(path)
    assert not marker.exists()
    pickle.loads(pickled)  # the trap itself works
    assert marker.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_without_an_end_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for endless in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ModelFileError, match="not a file on a disk"):
            mixtura.load(endless)
