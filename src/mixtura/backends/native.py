"""The native backend: the same sums as the reference, by the compiled pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mixtura import _native
from mixtura._typing import Float64Array, FloatArray
from mixtura.backends.base import End, Leg, Scores, Task, Watch
from mixtura.params import Params
from mixtura.span import span_of
from mixtura.stats import SufficientStatistics

__all__ = ["NativeBackend", "Spread"]

_COPIED_ROWS = 8192


class Spread(NamedTuple):
    """How rows lie about the centre, which passes of components with one whitener need to know.

    `scatter` is Σ w (x − c)(x − c)ᵀ of shape (1, d, d), or its diagonal (1, d); `reach` (d,) the largest
    |x − c| of each feature over rows of weight above 0. What a pass sums has scatter as a term: blocks of a
    larger whole may be given any shares of its scatter that add up to it, each with its reach.
    """

    scatter: Float64Array
    reach: Float64Array

    def joined(self, other: Spread) -> Spread:
        """Return that of both together."""
        return Spread(self.scatter + other.scatter, np.maximum(self.reach, other.reach))


class NativeBackend:
    """Rows of data for the compiled kernels.

    Parameters
    ----------
    X : ndarray of shape (N, d), float32 or float64
        In any layout; never copied.
    sample_weight : ndarray of shape (N,), float64, or None
        Case weights, 1 if None.
    centre : ndarray of shape (d,)
        A point near the data. The kernels subtract it in float64 before anything else, so that float32 data
        far from the origin keep their digits; results depend on it by rounding only.
    n_threads : int
        Threads a pass may use; changes no bit of the result.
    spread : Spread, optional
        What takes the place of the rows' own, if they are a block of a larger whole.
    """

    def __init__(
        self,
        X: FloatArray,
        sample_weight: Float64Array | None = None,
        *,
        centre: Float64Array,
        n_threads: int = 1,
        spread: Spread | None = None,
    ) -> None:
        self._X = X
        self._w = sample_weight
        self._centre = np.ascontiguousarray(centre, dtype=np.float64)
        self._n_threads = n_threads
        self._weight = float(X.shape[0]) if sample_weight is None else float(sample_weight.sum())
        self._scatter: dict[int, Float64Array] = {}
        self._given_reach: Float64Array | None = None
        if spread is not None:
            self._scatter[spread.scatter.ndim] = spread.scatter
            self._given_reach = spread.reach

    @property
    def n_samples(self) -> int:
        """N."""
        return int(self._X.shape[0])

    @property
    def n_features(self) -> int:
        """d."""
        return int(self._X.shape[1])

    def e_step(self, params: Params) -> SufficientStatistics:
        """Sum the sufficient statistics of all rows under `params`."""
        mu, u, offset = params.means, params.whitener, params.offset
        if params.is_shared and params.n_components > 1:
            scatter = self._scatter_like(u)
            s0, s1, s2, log_likelihood = _native.e_step_shared(
                self._X, self._w, self._centre, mu, u[0], offset, scatter[0], self._reach, self._n_threads
            )
        else:
            kernel = _native.e_step_dense if params.is_dense else _native.e_step_diagonal
            s0, s1, s2, log_likelihood = kernel(
                self._X, self._w, self._centre, mu, u, offset, self._n_threads
            )
        return SufficientStatistics(mu, s0, s1, s2, log_likelihood, self._weight)

    def advance(self, tasks: Sequence[Task], watch: Watch | None = None) -> list[Leg]:
        """Do tasks, all of plain structures; each result is the same whatever is done beside it.

        `watch` is for a task alone.
        """
        rows = []
        any_shared = False
        for params, covariances, bounds, course in tasks:
            shared = params.is_shared and params.n_components > 1
            any_shared = any_shared or shared
            scatter = self._scatter_like(params.whitener)[0] if shared else None
            start = (
                params.weights,
                params.means,
                np.ascontiguousarray(covariances),
                params.whitener,
                params.log_det,
                scatter,
            )
            tol, still, accelerate, passes, previous, previous_gain = course
            rows.append((start, bounds, (tol, still, accelerate, passes, True, previous, previous_gain)))
        found = _native.em(
            self._X,
            self._w,
            self._centre,
            self._weight,
            self._reach if any_shared else None,
            rows,
            watch,
            self._n_threads,
        )
        return [self._leg(task.params, *one) for task, one in zip(tasks, found, strict=True)]

    def _leg(
        self,
        start: Params,
        state: tuple[Float64Array, Float64Array, Float64Array, Float64Array, Float64Array] | None,
        trace: list[float],
        n_steps: int,
        n_rejected: int,
        end: str,
        moments: tuple[Float64Array, Float64Array, Float64Array, float] | None,
    ) -> Leg:
        params = covariances = stats = None
        if state is not None:
            weights, means, covariances, whitener, log_det = state
            params = Params(weights, means, whitener, log_det)
        if moments is not None:
            means = start.means if params is None else params.means
            stats = SufficientStatistics(means, *moments, self._weight)
        return Leg(params, covariances, trace, n_steps, n_rejected, End(end), stats)

    def is_quick(self, n_components: int, *, dense: bool) -> bool:
        """Whether passes are so short that only many runs at once keep all threads busy.

        `dense` is for components that have a matrix each.
        """
        return _native.is_short_pass(self.n_samples, self.n_features, n_components, dense)

    @cached_property
    def _reach(self) -> Float64Array:
        """Largest |x − c| of each feature over rows of weight above 0, of shape (d,)."""
        if self._given_reach is not None:
            return self._given_reach
        span = span_of(self._X, self._w)
        reach: Float64Array = np.maximum(span.high - self._centre, self._centre - span.low)
        return reach

    def spread_like(self, whitener: Float64Array) -> Spread:
        """Return the spread for passes with whiteners of this geometry."""
        self._scatter_like(whitener)
        return Spread(self._scatter[whitener.ndim], self._reach)

    def _scatter_like(self, whitener: Float64Array) -> Float64Array:
        """Σ w (x − c)(x − c)ᵀ of shape (1, d, d), its diagonal (1, d), or its trace (1, 1); taken once."""
        d, ndim = self.n_features, whitener.ndim
        if ndim not in self._scatter:
            # One component of unit covariance at the centre: its statistics are the plain moments.
            unit = np.eye(d)[None] if ndim == 3 else np.ones((1, d))
            about_centre = Params(np.ones(1), self._centre[None], unit, np.zeros(1))
            total = np.zeros_like(unit)
            for backend in self._in_float64():
                total += backend.e_step(about_centre).s2
            self._scatter[ndim] = total
        scatter = self._scatter[ndim]
        return scatter if whitener.shape[-1] == d else scatter.sum(axis=1, keepdims=True)

    def _in_float64(self) -> Iterator[NativeBackend]:
        """Yield all rows in float64, by blocks if that takes a copy.

        What components far apart have within them is a small difference of large sums: those of float32 would
        leave it few digits.
        """
        if self._X.dtype == np.float64:
            yield self
            return
        for first in range(0, self.n_samples, _COPIED_ROWS):
            rows = slice(first, first + _COPIED_ROWS)
            weight = None if self._w is None else self._w[rows]
            block = self._X[rows].astype(np.float64)
            yield NativeBackend(block, weight, centre=self._centre, n_threads=self._n_threads)

    def score(
        self, params: Params, *, log_prob: bool = False, resp: bool = False, labels: bool = False
    ) -> Scores:
        """Evaluate `params` row by row."""
        return Scores(
            *_native.score(
                self._X,
                self._centre,
                params.means,
                params.whitener,
                params.offset,
                self._n_threads,
                log_prob=log_prob,
                resp=resp,
                labels=labels,
            )
        )
