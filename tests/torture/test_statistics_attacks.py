"""Statistics that do not belong together, and bytes that are none: each is refused by a typed error."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mixtura
from mixtura import GaussianMixture, Mixture, MixtureStatistics
from mixtura.covariance import Full
from mixtura.errors import InputError, SingularCovarianceError, StatisticsError
from mixtura.io.container import ENTRY, LENGTH, in_order, little_endian, sealed_header, sha256

Arrays = dict[str, np.ndarray[Any, Any]]
X = np.random.default_rng(0).normal(size=(60, 2))
MIXTURE = Mixture(
    [0.25, 0.75], [[0.0, 0.5], [1.0, -0.5]], [[1.0, 2.0], [0.5, 1.0]], "diag", feature_names=["a", "b"]
)


@pytest.fixture(scope="module")
def content() -> bytes:
    return MIXTURE.statistics(X, n_jobs=1).to_bytes()


def opened(content: bytes) -> tuple[Arrays, dict[str, Any]]:
    size = LENGTH + int.from_bytes(content[:LENGTH], "little")
    entries = json.loads(content[LENGTH:size])
    described = json.loads(entries.pop("__metadata__")[ENTRY])
    arrays = {}
    for name, entry in entries.items():
        low, high = entry["data_offsets"]
        numbers = np.frombuffer(content[size + low : size + high], dtype="<f8")
        arrays[name] = numbers.reshape(entry["shape"]).copy()
    return arrays, described


def sealed(arrays: Arrays, described: dict[str, Any]) -> bytes:
    """Seal anew, as someone who knows the format can."""
    shapes = {name: array.shape for name, array in arrays.items()}
    arrays = {
        name: np.ascontiguousarray(array, dtype=float).reshape(shapes[name]) for name, array in arrays.items()
    }
    rest = {key: value for key, value in described.items() if key != "sha256"}
    header = sealed_header(shapes, rest, sha256(sealed_header(shapes, rest, ""), arrays))
    return b"".join([header, *map(little_endian, in_order(arrays))])


def refuse(content: Any, match: str | None = None) -> None:
    with pytest.raises(StatisticsError, match=match):
        MixtureStatistics.from_bytes(content)


def test_sealing_anew_changes_nothing(content: bytes) -> None:
    assert sealed(*opened(content)) == content
    assert MixtureStatistics.from_bytes(bytearray(content)).to_bytes() == content
    assert MixtureStatistics.from_bytes(memoryview(content)).to_bytes() == content


def test_any_wrong_byte_is_refused(content: bytes) -> None:
    for place in range(len(content)):
        for flip in (1, 0x80):
            damaged = bytearray(content)
            damaged[place] ^= flip
            refuse(bytes(damaged))


def test_bytes_cut_off_or_with_more_are_refused(content: bytes) -> None:
    for size in range(0, len(content), 7):
        refuse(content[:size])
    refuse(content + b"\0")
    refuse(b"")
    refuse(b"\xff" * 100, "not statistics of mixtura")


def test_a_pickle_is_not_opened() -> None:
    refuse(pickle.dumps(MIXTURE), "not statistics of mixtura")


@pytest.mark.parametrize("value", [None, "text", 3.5, [1, 2], io.BytesIO(b"1")])
def test_what_is_no_bytes(value: Any) -> None:
    refuse(value, "read from bytes")


def test_a_model_file_is_no_statistics(tmp_path: Any) -> None:
    MIXTURE.save(tmp_path / "model")
    refuse((tmp_path / "model").read_bytes(), r"mixtura\.load")


DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "newer": {"format": 2},
    "another structure": {"structure": "round"},
    "a structure of another shape": {"structure": "full"},
    "a structure of the same shape": {"structure": "tied"},
    "a format that is true": {"format": True},
    "a structure that is a list": {"structure": ["diag"]},
    "one name": {"feature_names": ["a"]},
    "names that are numbers": {"feature_names": [1, 2]},
    "another kind": {"kind": "model"},
    "more": {"more": 1},
    "a structure that is long": {"structure": "x" * 10**5},
}


@pytest.mark.parametrize("attack", DESCRIPTIONS)
def test_sealed_descriptions(attack: str, content: bytes) -> None:
    arrays, described = opened(content)
    refuse(sealed(arrays, {**described, **DESCRIPTIONS[attack]}))


NUMBERS: dict[str, Callable[[Arrays], Any]] = {
    "a sum that is NaN": lambda a: a["s1"].__setitem__((0, 0), np.nan),
    "a total that is inf": lambda a: a["totals"].__setitem__(0, -np.inf),
    "a weight of 0": lambda a: a["totals"].__setitem__(1, 0.0),
    "another weight": lambda a: a["totals"].__setitem__(1, 61.0),
    "a component below 0": lambda a: a["s0"].__setitem__(slice(None), [-1.0, 61.0]),
    "a square below 0": lambda a: a["s2"].__setitem__((0, 0), -1.0),
    "a covariance of 0": lambda a: a["covariances"].__setitem__((0, 0), 0.0),
    "weights that are none": lambda a: a["weights"].__setitem__(0, 3.0),
    "sums of another shape": lambda a: a.__setitem__("s1", a["s1"].T[:1]),
    "matrices": lambda a: a.__setitem__("s2", np.ones((2, 2, 2))),
    "three totals": lambda a: a.__setitem__("totals", np.ones(3)),
    "no totals": lambda a: a.pop("totals"),
    "one array more": lambda a: a.__setitem__("s3", np.ones(3)),
}


@pytest.mark.parametrize("attack", NUMBERS)
def test_sealed_numbers(attack: str, content: bytes) -> None:
    arrays, described = opened(content)
    NUMBERS[attack](arrays)
    refuse(sealed(arrays, described))


def other(**changes: Any) -> Mixture:
    settings: dict[str, Any] = {
        "weights": MIXTURE.weights,
        "means": MIXTURE.means,
        "covariances": MIXTURE.covariances,
        "covariance_type": "diag",
        "feature_names": ["a", "b"],
    }
    return Mixture(**(settings | changes))


@pytest.mark.parametrize(
    ("mixture", "words"),
    [
        (other(means=MIXTURE.means + 1e-12), "different parameters"),
        (other(weights=[0.5, 0.5]), "different parameters"),
        (other(covariances=2 * MIXTURE.covariances), "different parameters"),
        (other(feature_names=["b", "a"]), "different names of features"),
        (other(feature_names=None), "different names of features"),
        (other(covariance_type="tied", covariances=np.eye(2)), "different covariance structures"),
        (Mixture([1.0], [[0.0, 0.0]], [[1.0, 1.0]], "diag"), "different numbers of components"),
    ],
)
def test_statistics_of_different_mixtures_do_not_add(mixture: Mixture, words: str) -> None:
    with pytest.raises(StatisticsError, match=f"{words}.*take all parts of one pass under the same"):
        MIXTURE.statistics(X) + mixture.statistics(X)


def test_only_statistics_add() -> None:
    statistics = MIXTURE.statistics(X)
    for wrong in (1, 0.5, None, "s", []):
        with pytest.raises(TypeError):
            statistics + wrong  # type: ignore[operator]
        with pytest.raises(TypeError):
            wrong + statistics  # type: ignore[operator]


def test_statistics_cannot_be_changed() -> None:
    statistics = MIXTURE.statistics(X)
    for one in (statistics, statistics + statistics, MixtureStatistics.from_bytes(statistics.to_bytes())):
        with pytest.raises(AttributeError):
            one.mixture = MIXTURE  # type: ignore[misc]
        for array in (one.component_weights, one.moments.s1, one.moments.s2):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1.0


class OwnFull(Full.__mro__[1]):  # type: ignore[misc]
    """A structure of the user's own."""

    name = "own"
    is_shared = False
    shape, n_parameters, estimate, public = Full.shape, Full.n_parameters, Full.estimate, Full.public


def test_a_structure_of_one_s_own_adds_but_has_no_bytes() -> None:
    model = GaussianMixture(2, covariance_type=OwnFull(), random_state=0).fit(X)
    total = sum(model.statistics(part) for part in (X[:30], X[30:]))
    assert isinstance(total, MixtureStatistics)
    after = GaussianMixture.from_statistics(total)
    np.testing.assert_allclose(after.means_, model.means_, atol=0.05)
    assert isinstance(after.covariance_type, OwnFull)
    with pytest.raises(InputError, match="not one of mixtura's own"):
        total.to_bytes()


def test_wrong_rows() -> None:
    frame = pd.DataFrame(X, columns=["a", "b"])
    model = GaussianMixture(2, random_state=0).fit(frame)
    assert model.statistics(frame).mixture.feature_names == ("a", "b")
    with pytest.raises(ValueError, match="feature names"):
        model.statistics(frame[["b", "a"]])
    with pytest.raises(InputError, match="features"):
        MIXTURE.statistics(X[:, :1])
    with pytest.raises(InputError, match="NaN in column 1, row 3"):
        MIXTURE.statistics(np.where(np.arange(120).reshape(60, 2) == 7, np.nan, X))
    with pytest.raises(InputError, match="sample_weight"):
        MIXTURE.statistics(X, [1.0])
    with pytest.raises(InputError, match="squares are no numbers"):
        MIXTURE.statistics([[1e200, 0.0]])
    tiny = Mixture([1.0], [[0.0]], [1e-300], "spherical")
    with pytest.raises(InputError, match="another unit"):
        tiny.statistics([[0.0]])


def test_from_statistics_refuses_what_it_cannot_use() -> None:
    statistics = MIXTURE.statistics(X)
    with pytest.raises(InputError, match="sum over no part"):
        GaussianMixture.from_statistics(sum([]))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="covariance_type is not to be given"):
        GaussianMixture.from_statistics(statistics, covariance_type="full")
    with pytest.raises(InputError, match="n_components is not to be given"):
        GaussianMixture.from_statistics(statistics, n_components=2)
    with pytest.raises(InputError, match="reg_covar must be"):
        GaussianMixture.from_statistics(statistics, reg_covar=-1.0)
    with pytest.raises(TypeError):
        GaussianMixture.from_statistics(statistics, shell="rm")
    with pytest.raises(SingularCovarianceError):
        GaussianMixture.from_statistics(MIXTURE.statistics(X[:1]), reg_covar=0.0)


def test_what_the_data_do_not_settle_is_said() -> None:
    with pytest.warns(UserWarning, match="do not vary in some direction|effective rows"):
        model = GaussianMixture.from_statistics(MIXTURE.statistics(X[:1]))
    assert model.diagnostics_


def test_a_fit_from_statistics_is_saved_and_gone_on_from(tmp_path: Any) -> None:
    model = GaussianMixture.from_statistics(MIXTURE.statistics(X), reg_covar=1e-6, random_state=3)
    assert model.feature_names_in_.tolist() == ["a", "b"]
    model.save(tmp_path / "model")
    loaded = mixtura.load(tmp_path / "model")
    assert loaded.mixture_ == model.mixture_
    assert loaded.stopping_reason_ == "one_step"
    frame = pd.DataFrame(X, columns=["a", "b"])
    warm = model.set_params(warm_start=True).fit(frame)
    assert warm.lower_bound_ >= loaded.lower_bound_
