"""Model files that say what no fit says, sealed by someone who knows how: a typed error each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mixtura
from mixtura import GaussianMixture
from mixtura.errors import ModelFileError
from tests.fuzz.sealing import body_of, described_text, opened, sealed, sealed_text

TEXTS: dict[str, Callable[[str], str]] = {
    "a key twice": lambda text: text[:-1] + ',"version":"0.1.0"}',
    "keys in another order": lambda text: '{"z":1,' + text[1:],
    "spaces": lambda text: text.replace(":", ": "),
    "a list": lambda text: f"[{text}]",
    "no JSON": lambda text: text[:-1],
    "nothing": lambda text: "",
    "a number": lambda text: "1",
    "characters unescaped": lambda text: text.replace('"feature_names":null', '"feature_names":["é","b"]'),
    "deep": lambda text: text[:-1] + ',"z":' + "[" * 100_000 + "]" * 100_000 + "}",
    "rather deep": lambda text: text[:-1] + ',"z":' + "[" * 900 + "]" * 900 + "}",
    "deep objects": lambda text: text[:-1] + ',"z":' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
    "a deep format": lambda text: text.replace('"format":1', '"format":' + "[" * 900 + "]" * 900),
    "NaN": lambda text: text[:-1] + ',"z":NaN}',
    "infinity": lambda text: text[:-1] + ',"z":1e400}',
    "a long number": lambda text: text.replace('"format":1', '"format":' + "9" * 4000),
    "a longer number": lambda text: text.replace('"format":1', '"format":' + "9" * 100_000),
    "half a surrogate pair": lambda text: text[:-1] + ',"z":"\\udcff"}',
}


@pytest.mark.parametrize("attack", TEXTS)
def test_sealed_descriptions_that_the_writer_would_not_write(
    attack: str, content: bytes, tmp_path: Path, refuse: Callable[..., None]
) -> None:
    text = described_text(opened(content)[1])
    altered = TEXTS[attack](text)
    assert altered != text
    if attack in ("rather deep", "half a surrogate pair"):
        # What more is said than mixtura knows is canonical here, and no harm: it is refused or not looked at.
        path = tmp_path / "attack.mixtura"
        path.write_bytes(sealed_text(altered, body_of(content)))
        with contextlib.suppress(ModelFileError):
            assert isinstance(mixtura.load(path), GaussianMixture)
        return
    refuse(sealed_text(altered, body_of(content)))


DEEP: Any = []
for _ in range(400):
    DEEP = [DEEP]
DESCRIPTIONS = {
    "a future format": ({"format": 2}, "upgrade mixtura"),
    "a format that is text": ({"format": "1"}, "format is no number"),
    "a format that is true": ({"format": True}, "format is no number"),
    "a format that is a fraction": ({"format": 1.0}, "format is no number"),
    "a deep format": ({"format": DEEP}, "format is no number"),
    "an unknown structure": ({"structure": "x" * 10**6}, "upgrade mixtura"),
    "a structure that is a list": ({"structure": ["full"]}, "structure no name"),
    "another structure": ({"structure": "tied"}, "shape"),
    "a version that is a number": ({"version": 1}, "no text"),
    "names that are text": ({"feature_names": "ab"}, "no list of names"),
    "names that are numbers": ({"feature_names": [1, 2]}, "no list of names"),
    "names that are an object": ({"feature_names": {"a": 1, "b": 2}}, "no list of names"),
    "a number for names": ({"feature_names": 2}, "no list of names"),
    "too many names": ({"feature_names": ["a"] * 10_000}, "one name a feature"),
    "an estimator that is text": ({"estimator": "GaussianMixture"}, "upgrade"),
    "an estimator that is nothing": ({"estimator": None}, "upgrade"),
    "more than there is room for": ({"x": [0] * 2 * 10**6}, "not a mixtura model file"),
}


@pytest.mark.parametrize("attack", DESCRIPTIONS)
def test_sealed_descriptions(attack: str, content: bytes, refuse: Callable[..., None]) -> None:
    tensors, described = opened(content)
    changed, words = DESCRIPTIONS[attack]
    refuse(sealed(tensors, {**described, **changed}), words)


@pytest.mark.parametrize("missing", ["format", "structure", "version", "feature_names"])
def test_a_description_that_lacks_something(
    missing: str, content: bytes, refuse: Callable[..., None]
) -> None:
    tensors, described = opened(content)
    del described[missing]
    refuse(sealed(tensors, described), "incomplete")


ESTIMATORS: dict[str, dict[str, Any]] = {
    "an unknown class": {"class": "os.system"},
    "a class with a long name": {"class": "x" * 10**6},
    "a class that is a list": {"class": ["GaussianMixture"]},
    "params that are a list": {"params": ["tol"]},
    "no params": {"params": None},
    "an unknown param": {"params": {"shell": "rm"}},
    "another structure than the mixture's": {"params": {"covariance_type": "tied"}},
    "no structure": {"params": {"tol": 1e-3}},
    "fitted that is nothing": {"fitted": None},
    "fitted that is a list": {"fitted": ["trace_"]},
}
PARAMS: dict[str, list[Any]] = {
    "n_components": ["two", 0, -1, 2.5, None, [2], True],
    "tol": ["small" * 10**5, -1.0, None, [1e-3]],
    "reg_covar": ["none", -1.0, None],
    "max_iter": ["many", -1, 2.5],
    "n_init": [0, "one", 1e3],
    "init_params": ["none", 3, None, [0, 1], {"a": 1}],
    "random_state": [[1, 2], "seed", -1, 2**32, 1.5, True],
    "warm_start": ["yes", 1, None],
    "verbose": ["loud", None, -1, [1]],
    "verbose_interval": [0, "ten"],
    "n_jobs": ["all", 0, 2.5],
    "acceleration": [["leap"], 3.5],
    "callback": ["os.system", 3],
    "means_init": [[[0.0, 0.0], [1.0, 1.0]]],
}
FITTED: dict[str, list[Any]] = {
    "n_iter_": ["3", 3.5, -1, None, True, [3], 10**30],
    "trace_": ["-4", None, 3, ["-4.1"], [None], [True], [[-4.1]], [10**400], {"a": 1}],
    "stopping_reason_": ["because", None, 3, ["converged"], "x" * 10**6],
    "dtype": ["float16", "object", "O", None, ["float64"], {"a": 1}, "x" * 10**6],
    "stream": [
        [],
        3,
        [1],
        ["1", 2, 3],
        [1, 2.0, 0.0],
        [1, -2.0, 1.0],
        [0, 1.0, 1.0],
        [1, 10**400, 1],
        [True, 1, 1],
    ],
    "more": [1],
}


@pytest.mark.parametrize("attack", ESTIMATORS)
def test_sealed_estimators(attack: str, content: bytes, refuse: Callable[..., None]) -> None:
    tensors, described = opened(content)
    described["estimator"].update(ESTIMATORS[attack])
    refuse(sealed(tensors, described))


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        *(("params", name, value) for name, values in PARAMS.items() for value in values),
        *(("fitted", name, value) for name, values in FITTED.items() for value in values),
    ],
    ids=lambda value: str(value)[:20],
)
def test_sealed_settings_and_histories(
    part: str, name: str, value: Any, content: bytes, refuse: Callable[..., None]
) -> None:
    tensors, described = opened(content)
    described["estimator"][part][name] = value
    refuse(sealed(tensors, described))


@pytest.mark.parametrize("value", ["1e400", "-1e400", "NaN", "Infinity", '"1e400"', "1" * 5000])
@pytest.mark.parametrize("name", ["n_iter_", "trace_", "tol", "n_components"])
def test_sealed_numbers_that_are_none(
    name: str, value: str, content: bytes, refuse: Callable[..., None]
) -> None:
    _, described = opened(content)
    place = described["estimator"]["params" if name in ("tol", "n_components") else "fitted"]
    place[name] = ["?"] if name == "trace_" else "?"
    refuse(sealed_text(described_text(described).replace('"?"', value), body_of(content)))


def test_an_object_where_the_digest_is(content: bytes, refuse: Callable[..., None]) -> None:
    text = described_text(opened(content)[1])
    for wrong in ("[]", "null", "1", "{}"):
        refuse(sealed_text(text.replace('"' + "@" * 64 + '"', wrong), body_of(content)))
