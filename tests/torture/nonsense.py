"""Input that has no answer: each has to be refused by an error that says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.torture.case import Array
from tests.torture.faults import generator_of

__all__ = ["NONSENSE", "WEIGHT_NONSENSE", "Nonsense"]


@dataclass(frozen=True, eq=False)
class Nonsense:
    """What an estimator is given; `settings` may replace n_components and covariance_type."""

    X: Any
    settings: dict[str, Any] = field(default_factory=dict)
    sample_weight: Array | None = None


Variants = Iterator[tuple[str, Nonsense]]


def _rows(dtype: str) -> Array:
    return generator_of(0).standard_normal((40, 3)).astype(dtype)


def _not_finite(dtype: str) -> Variants:
    for value in (np.nan, np.inf, -np.inf):
        X = _rows(dtype)
        X[7, 1] = value
        yield f"{value}", Nonsense(X)
    yield "all nan", Nonsense(np.full((40, 3), np.nan, dtype=dtype))


def _not_real(dtype: str) -> Variants:
    X = _rows(dtype)
    words, objects = X.astype("U16"), X.astype(object)
    words[3, 2], objects[3, 2] = "seven", {}
    yield "words", Nonsense(words)
    yield "objects", Nonsense(objects)
    yield "complex", Nonsense(X + X.dtype.type(1) * 1j)


def _not_a_matrix(dtype: str) -> Variants:
    X = _rows(dtype)
    yield "a vector", Nonsense(X[:, 0])
    yield "a cube", Nonsense(X[:, :, None])
    yield "a number", Nonsense(X[0, 0])
    yield "no rows", Nonsense(X[:0])
    yield "no columns", Nonsense(X[:, :0])
    yield "ragged", Nonsense([*X[:3].tolist(), X[3, :2].tolist()])
    yield "fewer rows than components", Nonsense(X[:4], {"n_components": 5})


def _settings(dtype: str) -> Variants:
    X = _rows(dtype)
    for name, values in {
        "n_components": (0, -1, 1.5, "two"),
        "covariance_type": ("ellipsoid",),
        "reg_covar": (-1.0, np.nan),
        "tol": (-1.0,),
        "max_iter": (-1,),
        "n_init": (0,),
        "init_params": ("guess",),
    }.items():
        for value in values:
            yield f"{name}={value!r}", Nonsense(X, {name: value})


def _weights(dtype: str) -> Variants:
    X = _rows(dtype)
    for name, bad in (("nan", np.nan), ("inf", np.inf), ("negative", -1.0)):
        weight = np.ones(len(X))
        weight[5] = bad
        yield name, Nonsense(X, sample_weight=weight)
    yield "all zero", Nonsense(X, sample_weight=np.zeros(len(X)))
    yield "too few", Nonsense(X, sample_weight=np.ones(len(X) - 1))


NONSENSE: dict[str, Callable[[str], Variants]] = {
    "NaN and infinities": _not_finite,
    "no real numbers": _not_real,
    "no matrix, or too few rows": _not_a_matrix,
    "impossible settings": _settings,
}
WEIGHT_NONSENSE: dict[str, Callable[[str], Variants]] = {"impossible weights": _weights}
