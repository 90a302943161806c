"""ONNX files: what stands in them, that they are written whole, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import mixtura
from mixtura import GaussianMixture, Mixture, datasets
from mixtura.errors import InputError
from mixtura.io.onnx import INPUT, OUTPUTS, mixture_sha256

X = datasets.load_faithful().data


@pytest.fixture(scope="module")
def model() -> GaussianMixture:
    frame = pd.DataFrame(X, columns=["eruptions", "waiting"])
    return GaussianMixture(2, random_state=0).fit(frame)


def test_a_file_can_be_served(model: GaussianMixture, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    returned = model.to_onnx(path)
    assert onnx.load(path) == returned
    session = onnxruntime.InferenceSession(path)
    assert [(x.name, x.type, x.shape) for x in session.get_inputs()] == [(INPUT, "tensor(double)", ["N", 2])]
    assert [(x.name, x.type, x.shape) for x in session.get_outputs()] == [
        ("label", "tensor(int64)", ["N"]),
        ("probabilities", "tensor(double)", ["N", 2]),
        ("log_density", "tensor(double)", ["N"]),
    ]
    assert tuple(x.name for x in session.get_outputs()) == OUTPUTS
    np.testing.assert_array_equal(session.run(["label"], {INPUT: X})[0], model.mixture_.predict(X))


def test_the_metadata_say_what_it_is(model: GaussianMixture) -> None:
    graph = model.to_onnx()
    assert (graph.producer_name, graph.producer_version) == ("mixtura", mixtura.__version__)
    assert [(opset.domain, opset.version) for opset in graph.opset_import] == [("", 17)]
    metadata = {entry.key: entry.value for entry in graph.metadata_props}
    assert json.loads(metadata.pop("feature_names")) == ["eruptions", "waiting"]
    assert metadata == {
        "mixtura_version": mixtura.__version__,
        "mixture_sha256": mixture_sha256(model.mixture_),
        "covariance_type": "full",
        "n_components": "2",
        "n_features": "2",
    }
    nameless = GaussianMixture(2, random_state=0).fit(X).to_onnx()
    assert json.loads({e.key: e.value for e in nameless.metadata_props}["feature_names"]) is None


def test_the_same_model_gives_the_same_bytes(model: GaussianMixture, tmp_path: Path) -> None:
    for name in ("first", "second"):
        model.to_onnx(tmp_path / name)
    content = (tmp_path / "first").read_bytes()
    assert content == (tmp_path / "second").read_bytes()
    assert content == model.mixture_.to_onnx().SerializeToString(deterministic=True)
    code = (
        "import sys, mixtura\n"
        "model = mixtura.load(sys.argv[1])\n"
        "sys.stdout.buffer.write(model.to_onnx().SerializeToString(deterministic=True))"
    )
    model.save(tmp_path / "model.mixtura")
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "model.mixtura"], check=True, stdout=subprocess.PIPE
    )
    assert done.stdout == content


def test_the_digest_is_that_of_equal_mixtures(model: GaussianMixture, tmp_path: Path) -> None:
    mixture = model.mixture_
    model.save(tmp_path / "m")
    assert mixture_sha256(mixtura.load(tmp_path / "m").mixture_) == mixture_sha256(mixture)
    negative = Mixture([1.0], [[-0.0]], [1.0], "spherical")
    positive = Mixture([1.0], [[0.0]], [1.0], "spherical")
    assert mixture_sha256(negative) == mixture_sha256(positive)
    others = [
        positive,
        Mixture([1.0], [[0.0]], [1.0], "tied_diag"),
        Mixture([1.0], [[0.0]], [1.0], "spherical", feature_names=["x"]),
        Mixture([1.0], [[0.0]], [np.nextafter(1.0, 2.0)], "spherical"),
    ]
    assert len({mixture_sha256(other) for other in others}) == len(others)


def test_a_model_without_a_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        GaussianMixture().to_onnx(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_older_file(model: GaussianMixture, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mixtura.io.atomic.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        model.to_onnx(path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"model.onnx": b"old"}
    with pytest.raises(FileNotFoundError):
        model.to_onnx(tmp_path / "nowhere" / "model.onnx")


def test_what_a_file_cannot_hold_is_refused(model: GaussianMixture, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("mixtura.io.onnx._MOST_BYTES", 100)
    with pytest.raises(InputError, match=r"2 full components in 2 features take 112 bytes.*2 GiB"):
        model.to_onnx(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_without_onnx_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "import mixtura\n"
        "mixtura.Mixture([1.0], [[0.0]], [1.0], 'spherical').to_onnx()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (
        done.stderr.splitlines()[-1] == "ImportError: an ONNX graph needs onnx: pip install 'mixtura[onnx]'"
    )


def test_importing_mixtura_does_not_import_onnx() -> None:
    code = "import sys, mixtura.estimators, mixtura.io, mixtura.cli.app; sys.exit('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
