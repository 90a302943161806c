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
    "em_dense",
    "em_shared",
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
    for prefix in ("e_step_shared", "score", "em"):
        if name.startswith(prefix):
            return getattr(_native, prefix)
    if name == "e_step_spherical":
        return _native.e_step_diagonal
    return getattr(_native, name)


def build(name: str, n: int = 50, d: int = 3, k: int = 4, dtype: str = "float64", seed: int = 0) -> Arguments:
    """Valid arguments of a pass, by name; arrays that it writes are new each time."""
    rng = np.random.default_rng([seed, n, d, k])
    weight = rng.uniform(0.5, 2.0, size=n)
    X = rng.normal(size=(n, d)).astype(dtype)
    args: Arguments = {"X": X, "sample_weight": weight, "centre": rng.normal(size=d), "n_threads": 1}
    means = rng.normal(size=(k, d))
    if name.startswith("em"):
        return args | em_arguments(name, args, means)
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
        if name.startswith("e_step_shared"):
            # A bound of the reach will do.
            args |= {"scatter": np.ones_like(args["whitener"]), "reach": np.full(d, 100.0)}
        if name.startswith("score"):
            del args["sample_weight"]
            args |= {"log_prob": True, "resp": True, "labels": True}
        return args
    if name == "nearest":
        del args["sample_weight"]
    if name in ("nearest", "lloyd_step"):
        args |= {"centers": means, "unit": 0.5}
    if name == "lloyd_step":
        args |= {"before": means + 0.1, "labels": np.full(n, -1, dtype=np.int32)}
        args["lower"] = np.zeros(n, dtype=np.float32)
    if name in ("min_update", "potential"):
        args |= {"closest": rng.uniform(0.0, 2.0 * d, size=n).astype(np.float32), "scale": 1.5}
        args["point" if name == "min_update" else "candidates"] = means[0] if name == "min_update" else means
    return args


def em_arguments(name: str, args: Arguments, means: np.ndarray[Any, Any]) -> Arguments:
    """Three runs of a few passes from these means, for components of a matrix each or of one for all."""
    k, d = means.shape
    X, weight = args["X"].astype(np.float64), args["sample_weight"]
    t = X - args["centre"]
    shared = name == "em_shared"
    eye = np.stack([np.eye(d)] * (1 if shared else k))
    scatter = (weight * t.T) @ t if shared else None
    log_det = np.zeros(len(eye))
    start = (np.full(k, 1.0 / k), means, eye, eye, log_det, scatter)
    bounds = (0.1, None, None, 0.0)
    return {
        "weight": float(weight.sum()),
        "reach": np.abs(t).max(axis=0),
        "tasks": [(start, bounds, (0.0, 0.0, False, passes, True, -np.inf, np.inf)) for passes in (1, 3, 2)],
        "watch": None,
    }


def numbers(result: Any) -> list[np.ndarray[Any, Any]]:
    """Arrays and numbers in nested results, in order."""
    if isinstance(result, (tuple, list)):
        return [part for inner in result for part in numbers(inner)]
    return [] if result is None or isinstance(result, str) else [np.asarray(result)]


def answer(name: str, args: Arguments) -> list[np.ndarray[Any, Any]]:
    """All that a pass returns or writes, as arrays; leaves `args` as they were."""
    written = {
        key: args[key].copy() for key in ("closest", "labels") if isinstance(args.get(key), np.ndarray)
    }
    result = function_of(name)(**(args | written))
    return [*numbers(result), *written.values()]


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
