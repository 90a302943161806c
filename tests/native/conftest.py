"""Arguments for every native function, built from one description, and what they answer as bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mixtura import _native

Arguments = dict[str, Any]

PASSES = (
    "e_step_dense",
    "e_step_diagonal",
    "e_step_shared_dense",
    "e_step_shared_diagonal",
    "e_step_shared_spherical",
    "e_step_spherical",
    "e_step_linear",
    "score_dense",
    "score_diagonal",
    "score_spherical",
    "score_shared",
    "nearest",
    "min_update",
    "potential",
    "lloyd_step",
)


def function_of(name: str) -> Callable[..., Any]:
    """Return the native function behind the name of a pass."""
    for prefix in ("e_step_shared", "score"):
        if name.startswith(prefix):
            return getattr(_native, prefix)
    if name == "e_step_spherical":
        return _native.e_step_diagonal
    return getattr(_native, name)


def build(name: str, n: int = 50, d: int = 3, k: int = 4, dtype: str = "float64", seed: int = 0) -> Arguments:
    """Valid arguments of a pass, by name; arrays that it writes are new each time."""
    rng = np.random.default_rng([seed, n, d, k])
    dtype = "float64" if name == "e_step_linear" else dtype
    weight = rng.uniform(0.5, 2.0, size=n)
    X = rng.normal(size=(n, d)).astype(dtype)
    args: Arguments = {"X": X, "sample_weight": weight, "centre": rng.normal(size=d), "n_threads": 1}
    means = rng.normal(size=(k, d))
    if name == "e_step_linear":
        return args | {"slopes": means, "intercepts": rng.normal(size=k)}
    if name.startswith(("e_step", "score")):
        dense = np.triu(rng.normal(size=(k, d, d)) / d) + np.eye(d)
        diagonal = rng.uniform(0.5, 2.0, size=(k, d))
        args |= {"means": means, "offset": rng.normal(size=k)}
        args["whitener"] = {
            "e_step_dense": dense,
            "e_step_diagonal": diagonal,
            "e_step_shared_dense": dense[0],
            "e_step_shared_diagonal": diagonal[0],
            "e_step_shared_spherical": diagonal[0, :1],
            "e_step_spherical": np.ascontiguousarray(diagonal[:, :1]),
            "score_dense": dense,
            "score_diagonal": diagonal,
            "score_spherical": np.ascontiguousarray(diagonal[:, :1]),
            "score_shared": dense[:1],
        }[name]
        if name.startswith("score"):
            del args["sample_weight"]
            args |= {"log_prob": True, "resp": True, "labels": True}
        return args
    if name == "nearest":
        del args["sample_weight"]
    if name in ("nearest", "lloyd_step"):
        args["centers"] = means
    if name == "lloyd_step":
        args["labels"] = np.full(n, -1, dtype=np.int32)
    if name in ("min_update", "potential"):
        args |= {"closest": rng.uniform(0.0, 2.0 * d, size=n).astype(np.float32), "scale": 1.5}
        args["point" if name == "min_update" else "candidates"] = means[0] if name == "min_update" else means
    return args


def answer(name: str, args: Arguments) -> list[np.ndarray[Any, Any]]:
    """All that a pass returns or writes, as arrays; leaves `args` as they were."""
    written = {
        key: args[key].copy() for key in ("closest", "labels") if isinstance(args.get(key), np.ndarray)
    }
    result = function_of(name)(**(args | written))
    parts = result if isinstance(result, tuple) else (result,)
    return [np.asarray(part) for part in (*parts, *written.values())]


@pytest.fixture
def call() -> Callable[[str], Callable[..., Any]]:
    return function_of


@pytest.fixture
def arguments() -> Callable[..., Arguments]:
    return build


@pytest.fixture
def answers() -> Callable[[str, Arguments], list[np.ndarray[Any, Any]]]:
    return answer


@pytest.fixture
def bits() -> Callable[[str, Arguments], bytes]:
    return lambda name, args: b"".join(part.tobytes() for part in answer(name, args))


@pytest.fixture
def restored_instruction_set() -> Iterator[None]:
    """Put back the instruction set that was in use."""
    before = _native.config()["instruction_set"]
    yield
    _native.set_instruction_set(before)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "each_pass" in metafunc.fixturenames:
        metafunc.parametrize("each_pass", PASSES)
