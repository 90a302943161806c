"""Starts for EM: from a name, labels, responsibilities or a callable to the first parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.covariance.base import CovarianceStructure
from mixtura.errors import InputError
from mixtura.kmeans import kmeans_labels, kmeans_plusplus
from mixtura.moments import DataMoments
from mixtura.stats import SufficientStatistics

__all__ = ["START_NAMES", "Drawn", "Search", "Start", "StartData", "draw_start", "start_statistics"]

StartCallable = Callable[..., Any]
# A name, labels (N,), responsibilities (N, K), or a callable that returns either.
Start = str | np.ndarray[Any, Any] | StartCallable

_BLOCK_NUMBERS = 2**15  # of responsibilities at once: 256 KiB


@dataclass(frozen=True, eq=False)
class StartData:
    """What a start may look at."""

    X: FloatArray
    sample_weight: Float64Array | None
    moments: DataMoments
    n_components: int
    n_threads: int


def _row_blocks(n_samples: int, n_components: int) -> Iterator[slice]:
    step = max(256, _BLOCK_NUMBERS // n_components)
    for low in range(0, n_samples, step):
        yield slice(low, min(low + step, n_samples))


class _Responsibilities(ABC):
    """Responsibilities that exist only a block of rows at a time."""

    @abstractmethod
    def blocks(self, n_samples: int) -> Any:
        """Yield (slice, resp of shape (rows, K)) in order; may be called again."""


@dataclass(frozen=True, eq=False)
class _Labels(_Responsibilities):
    labels: np.ndarray[Any, Any]
    n_components: int

    def blocks(self, n_samples: int) -> Any:
        for rows in _row_blocks(n_samples, self.n_components):
            yield rows, (self.labels[rows, None] == np.arange(self.n_components)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class _Given(_Responsibilities):
    resp: np.ndarray[Any, Any]

    def blocks(self, n_samples: int) -> Any:
        for rows in _row_blocks(n_samples, self.resp.shape[1]):
            yield rows, np.asarray(self.resp[rows], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Uniform(_Responsibilities):
    """Independent uniform numbers, normalised; `rng` is copied, so that every call gives the same."""

    rng: np.random.RandomState
    n_components: int

    def blocks(self, n_samples: int) -> Any:
        rng = deepcopy(self.rng)
        for rows in _row_blocks(n_samples, self.n_components):
            resp = rng.uniform(size=(rows.stop - rows.start, self.n_components))
            yield rows, resp / resp.sum(axis=1, keepdims=True)


def _kmeans(data: StartData, rng: np.random.RandomState) -> _Responsibilities:
    labels = kmeans_labels(
        data.X,
        data.sample_weight,
        data.n_components,
        rng,
        centre=data.moments.mean,
        variance=data.moments.variances,
        n_threads=data.n_threads,
    )
    return _Labels(labels, data.n_components)


def _random(data: StartData, rng: np.random.RandomState) -> _Responsibilities:
    fixed = deepcopy(rng)
    # Leave the caller's generator where drawing the whole array would have left it.
    for rows in _row_blocks(data.X.shape[0], data.n_components):
        rng.uniform(size=(rows.stop - rows.start, data.n_components))
    return _Uniform(fixed, data.n_components)


def _plusplus_seeds(data: StartData, rng: np.random.RandomState) -> np.ndarray[Any, Any]:
    return kmeans_plusplus(
        data.X,
        data.sample_weight,
        data.n_components,
        rng,
        centre=data.moments.mean,
        variance=data.moments.variances,
        n_threads=data.n_threads,
    )


def _random_seeds(data: StartData, rng: np.random.RandomState) -> np.ndarray[Any, Any]:
    n_samples = data.X.shape[0]
    rows = n_samples if data.sample_weight is None else np.flatnonzero(data.sample_weight)
    return rng.choice(rows, size=data.n_components, replace=False)


_SOFT: dict[str, Callable[[StartData, np.random.RandomState], _Responsibilities]] = {
    "kmeans": _kmeans,
    "random": _random,
}
_SEEDED: dict[str, Callable[[StartData, np.random.RandomState], np.ndarray[Any, Any]]] = {
    "k-means++": _plusplus_seeds,
    "random_from_data": _random_seeds,
}
START_NAMES = ("auto", *_SOFT, *_SEEDED)


@dataclass(frozen=True)
class Search:
    """The start "auto", which `mixtura.search.find_start` carries out: it depends on the structure."""

    seed: int


# Rows that are the first means, responsibilities, or what is still to be searched for.
Drawn = np.ndarray[Any, Any] | _Responsibilities | Search


def draw_start(start: Start, data: StartData, rng: np.random.RandomState) -> Drawn:
    """Do the part of a start that is the same for all covariance structures.

    Parameters
    ----------
    start : str, ndarray or callable
        "auto": a search of its own. "kmeans": hard labels of one k-means run. "random": uniform
        responsibilities. "k-means++" and "random_from_data": one row a component, with no spread but what the
        regularisation gives. An array:
        labels (N,) in 0…K−1 or responsibilities (N, K). A callable: called as
        `start(X, n_components, random_state)`, returns such an array.
    data : StartData
    rng : RandomState

    Raises
    ------
    InputError
        If the array is neither labels nor responsibilities for these data.
    """
    if isinstance(start, str):
        if start == START_NAMES[0]:
            return Search(int(rng.randint(2**31)))
        return _SEEDED[start](data, rng) if start in _SEEDED else _SOFT[start](data, rng)
    return _checked(start(data.X, data.n_components, rng) if callable(start) else start, data)


def start_statistics(
    drawn: np.ndarray[Any, Any] | _Responsibilities, data: StartData, structure: CovarianceStructure
) -> SufficientStatistics:
    """Return the statistics from which an M-step makes the first parameters.

    The structure decides which second moments are taken. The log-likelihood is 0: nothing has been evaluated.
    """
    if isinstance(drawn, np.ndarray):
        return _from_seeds(drawn, data, structure)
    return _from_responsibilities(drawn, data, structure)


def _checked(given: Any, data: StartData) -> _Responsibilities:
    """Labels or responsibilities from a user, told apart by their dimension."""
    array = np.asarray(given)
    n_samples, n_components = data.X.shape[0], data.n_components
    if array.shape == (n_samples,):
        if array.dtype.kind not in "iub":
            msg = f"init_params as labels must be integers, but its dtype is {array.dtype}"
            raise InputError(msg)
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >= n_components:
            msg = (
                f"init_params as labels must lie in 0…{n_components - 1} (n_components={n_components}), "
                f"but they reach from {low} to {high}"
            )
            raise InputError(msg)
        return _Labels(array, n_components)
    if array.shape == (n_samples, n_components) and array.dtype.kind in "fiub":
        sums = array.sum(axis=1)
        bad = np.flatnonzero(~((array >= 0).all(axis=1) & (np.abs(sums - 1.0) < 1e-6)))
        if len(bad):
            msg = (
                "init_params as responsibilities must be at least 0 and sum to 1 in each row, but row "
                f"{bad[0]} is {array[bad[0]].tolist()}: divide each row by its sum"
            )
            raise InputError(msg)
        return _Given(array)
    names = ", ".join(map(repr, START_NAMES))
    msg = (
        f"init_params must be one of {names}, integer labels of shape ({n_samples},), or "
        f"responsibilities of shape ({n_samples}, {n_components}), but is an array of shape {array.shape} "
        f"and dtype {array.dtype}"
    )
    raise InputError(msg)


def _empty_second_moments(data: StartData, structure: CovarianceStructure) -> Float64Array:
    m = 1 if structure.is_shared else data.n_components
    d = data.X.shape[1]
    return np.zeros((m, d, d) if structure.is_dense else (m, d))


def _from_seeds(
    rows: np.ndarray[Any, Any], data: StartData, structure: CovarianceStructure
) -> SufficientStatistics:
    means = np.ascontiguousarray(data.X[rows], dtype=np.float64)
    return SufficientStatistics(
        means=means,
        s0=np.ones(len(rows)),
        s1=np.zeros_like(means),
        s2=_empty_second_moments(data, structure),
        log_likelihood=0.0,
        weight=float(len(rows)),
    )


def _from_responsibilities(
    resp: _Responsibilities, data: StartData, structure: CovarianceStructure
) -> SufficientStatistics:
    """Two sweeps: the means about the data's mean, then second moments about those means."""
    n_samples, d = data.X.shape
    k_all = data.n_components
    s0, s1 = np.zeros(k_all), np.zeros((k_all, d))
    for rows, r in resp.blocks(n_samples):
        r_w = r if data.sample_weight is None else r * data.sample_weight[rows, None]
        s0 += r_w.sum(axis=0)
        s1 += r_w.T @ (data.X[rows] - data.moments.mean)
    means = data.moments.mean + s1 / np.where(s0 > 0, s0, 1.0)[:, None]
    s1 = np.zeros((k_all, d))
    s2 = _empty_second_moments(data, structure)
    for rows, r in resp.blocks(n_samples):
        r_w = r if data.sample_weight is None else r * data.sample_weight[rows, None]
        for k in range(k_all):
            held = np.flatnonzero(r_w[:, k])
            t = data.X[rows][held] - means[k]
            weighted = r_w[held, k, None] * t
            s1[k] += weighted.sum(axis=0)
            s2[0 if structure.is_shared else k] += (
                weighted.T @ t if structure.is_dense else (weighted * t).sum(axis=0)
            )
    return SufficientStatistics(means=means, s0=s0, s1=s1, s2=s2, log_likelihood=0.0, weight=float(s0.sum()))
