"""Model files: what is saved comes back bit for bit, and what was altered is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save

import mixtura
from mixtura import GaussianMixture, Mixture, datasets
from mixtura.covariance import STRUCTURES
from mixtura.errors import InputError, ModelFileError

X = datasets.load_faithful().data


@pytest.fixture(scope="module")
def model() -> GaussianMixture:
    frame = pd.DataFrame(X, columns=["eruptions", "waiting"])
    return GaussianMixture(2, random_state=0, tol=1e-6).fit(frame)


@pytest.fixture
def saved(model: GaussianMixture, tmp_path: Path) -> Path:
    path = tmp_path / "model.mixtura"
    model.save(path)
    return path


def test_an_estimator_comes_back_as_it_was(model: GaussianMixture, saved: Path) -> None:
    loaded = mixtura.load(saved)
    assert isinstance(loaded, GaussianMixture)
    fitted = {name: value for name, value in vars(model).items() if name.endswith("_")}
    assert set(fitted) == {name for name in vars(loaded) if name.endswith("_")}
    for name, value in fitted.items():
        np.testing.assert_array_equal(
            np.asarray(getattr(loaded, name), dtype=object), np.asarray(value, dtype=object)
        )
    assert loaded.get_params() == model.get_params()
    frame = pd.DataFrame(X, columns=["eruptions", "waiting"])
    np.testing.assert_array_equal(loaded.score_samples(frame), model.score_samples(frame))


@pytest.mark.parametrize("structure", list(STRUCTURES))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_structure_and_dtype(structure: str, dtype: Any, tmp_path: Path) -> None:
    model = GaussianMixture(2, covariance_type=structure, random_state=0).fit(X.astype(dtype))
    model.save(tmp_path / "m")
    loaded = mixtura.load(tmp_path / "m")
    assert isinstance(loaded, GaussianMixture)
    assert loaded.means_.dtype == dtype
    assert loaded.mixture_ == model.mixture_
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_a_mixture_comes_back_as_it_was(model: GaussianMixture, tmp_path: Path) -> None:
    model.mixture_.save(tmp_path / "m")
    loaded = mixtura.load(tmp_path / "m")
    assert isinstance(loaded, Mixture)
    assert loaded == model.mixture_


def test_the_file_is_safetensors_with_json(saved: Path, model: GaussianMixture) -> None:
    tensors = load_file(saved)
    np.testing.assert_array_equal(tensors["means"], model.means_)
    content = saved.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    described = json.loads(header["__metadata__"]["mixtura"])
    assert described["structure"] == "full"
    assert described["feature_names"] == ["eruptions", "waiting"]
    assert described["estimator"]["fitted"]["trace_"] == model.trace_.tolist()
    assert described["version"] == mixtura.__version__


def test_every_flipped_bit_is_found(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    altered = tmp_path / "altered"
    for position in range(len(content)):
        spoiled = bytearray(content)
        spoiled[position] ^= 1 << (position % 8)
        altered.write_bytes(spoiled)
        with pytest.raises(ModelFileError, match="altered"):
            mixtura.load(altered)


def test_every_truncation_and_any_addition_is_found(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    altered = tmp_path / "altered"
    for length in [*range(0, len(content), 7), len(content) - 1]:
        altered.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match=r"altered"):
            mixtura.load(altered)
    altered.write_bytes(content + b" ")
    with pytest.raises(ModelFileError, match="altered"):
        mixtura.load(altered)


def test_the_layout_is_the_library_s_byte_for_byte(saved: Path) -> None:
    content = saved.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert save(load_file(saved), metadata=header["__metadata__"]) == content


def test_what_no_reader_would_take_is_not_written(model: GaussianMixture, tmp_path: Path) -> None:
    from sklearn.base import clone

    for wrong in ({"tol": -1.0}, {"random_state": -1}, {"max_iter": "many"}):
        other = clone(model).fit(X).set_params(**wrong)
        with pytest.raises(InputError, match=next(iter(wrong))):
            other.save(tmp_path / "m")
    long = mixtura.load(saved_with_trace(model, tmp_path / "long", 90_000))
    assert len(long.trace_) == 90_000
    with pytest.raises(InputError, match="more than a model file has room for: save `mixture_`"):
        saved_with_trace(model, tmp_path / "m", 150_000)
    assert [path.name for path in tmp_path.iterdir()] == ["long"]


def saved_with_trace(model: GaussianMixture, path: Path, length: int) -> Path:
    from copy import copy

    other = copy(model)
    other.trace_ = np.linspace(-5.0, -4.0, length)
    other.save(path)
    return path


def test_other_files_are_no_models(tmp_path: Path) -> None:
    other = tmp_path / "other"
    for content in (
        b"",
        b"text",
        b"\xff" * 100,
        save({"a": np.zeros(3)}),
        datasets.path("faithful").read_bytes(),
    ):
        other.write_bytes(content)
        with pytest.raises(ModelFileError, match="not a mixtura model file"):
            mixtura.load(other)
    with pytest.raises(FileNotFoundError):
        mixtura.load(tmp_path / "none")


def test_an_unfitted_estimator_and_a_private_structure_are_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not fitted"):
        GaussianMixture().save(tmp_path / "m")

    class Mine(type(STRUCTURES["diag"]).__mro__[1]):  # type: ignore[misc]
        name = "mine"
        is_shared = False
        shape = staticmethod(lambda k, d: (k, d))
        n_parameters = staticmethod(lambda k, d: k * d)
        estimate = staticmethod(lambda stats, reg: stats.s2 / stats.safe_s0[:, None])
        public = staticmethod(lambda core: core)

    model = GaussianMixture(2, covariance_type=Mine(), random_state=0).fit(X)
    with pytest.raises(InputError, match="'mine' is not one of mixtura's own"):
        model.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


_FULL_DISK = """
import resource, signal, sys
import mixtura
model = mixtura.load(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    model.save(sys.argv[1])
except OSError:
    sys.exit(0)
sys.exit("saved on a full disk")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_a_full_disk_leaves_the_old_file(saved: Path) -> None:
    before = saved.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(saved)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]
