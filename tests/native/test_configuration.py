"""`config` and `set_instruction_set`: every build for every machine gives the same answers."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from mixtura import _native

SHAPES = [(1, 1, 1), (50, 3, 4), (257, 5, 2), (1000, 8, 5), (300, 17, 3), (700, 33, 9)]


def test_config_says_what_is_in_use() -> None:
    config = _native.config()
    assert set(config) == {"instruction_set", "available", "lanes_float64", "lanes_float32", "compiler"}
    assert config["instruction_set"] in config["available"]
    assert "baseline" in config["available"]
    assert len(set(config["available"])) == len(config["available"])
    assert config["lanes_float32"] == 2 * config["lanes_float64"]
    assert config["compiler"].strip()


@pytest.mark.usefixtures("restored_instruction_set")
def test_a_set_that_is_chosen_is_used() -> None:
    lanes = {}
    for name in _native.config()["available"]:
        _native.set_instruction_set(name)
        assert _native.config()["instruction_set"] == name
        lanes[name] = _native.config()["lanes_float64"]
    assert lanes["baseline"] == min(lanes.values())


@pytest.mark.usefixtures("restored_instruction_set")
@pytest.mark.parametrize("name", ["", "AVX2", "avx2 ", "sse9", "no such set"])
def test_unknown_sets_are_refused_and_change_nothing(name) -> None:
    before = _native.config()
    with pytest.raises(ValueError, match=f"no instruction set '{name}': it has .*baseline"):
        _native.set_instruction_set(name)
    assert _native.config() == before


@pytest.mark.usefixtures("restored_instruction_set")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_all_sets_agree(each_pass, shape, dtype, arguments, answers) -> None:
    n, d, k = shape
    args = arguments(each_pass, n=n, d=d, k=k, dtype=dtype)
    _native.set_instruction_set("baseline")
    wanted = answers(each_pass, args)
    for name in _native.config()["available"]:
        _native.set_instruction_set(name)
        for got, baseline in zip(answers(each_pass, args), wanted, strict=True):
            tol = 1e-12 if dtype == "float64" else 1e-5
            scale = np.abs(baseline).max(initial=1.0)
            np.testing.assert_allclose(got, baseline, rtol=0.0, atol=tol * scale, err_msg=name)


@pytest.mark.usefixtures("restored_instruction_set")
@pytest.mark.parametrize("d", [1, 2, 5, 8, 17, 64])
def test_all_sets_agree_on_factors(d) -> None:
    rng = np.random.default_rng(d)
    roots = rng.normal(size=(4, d, d))
    matrices = roots @ roots.transpose(0, 2, 1) / d + 0.1 * np.eye(d)
    spoiled = matrices.copy()
    spoiled[2, -1, -1] = -1.0
    _native.set_instruction_set("baseline")
    upper, log_det, _ = _native.whiten(matrices)
    for name in _native.config()["available"]:
        _native.set_instruction_set(name)
        got = _native.whiten(matrices)
        np.testing.assert_allclose(got[0], upper, rtol=0.0, atol=1e-12 * np.abs(upper).max())
        np.testing.assert_allclose(got[1], log_det, rtol=1e-12, atol=1e-12)
        assert _native.whiten(spoiled)[2] == _native.first_indefinite(spoiled) == 2


def imported(instruction_set: str) -> subprocess.CompletedProcess[str]:
    code = "from mixtura import _native; print(_native.config()['instruction_set'])"
    environment = os.environ | {"MIXTURA_INSTRUCTION_SET": instruction_set}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_environment_chooses_the_set_at_import() -> None:
    chosen = imported("baseline")
    assert chosen.stdout.strip() == "baseline", chosen.stderr


def test_an_unknown_set_in_the_environment_is_an_import_error() -> None:
    refused = imported("sse9")
    assert refused.returncode == 1
    assert "ImportError: MIXTURA_INSTRUCTION_SET is 'sse9', but this machine or build has" in refused.stderr
