"""`Sample`: checked rows, and what every fit to them needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mixtura._typing import Float64Array, FloatArray
from mixtura.backends import NativeBackend, PartitionedBackend
from mixtura.covariance import RelativeFloor
from mixtura.data import as_matrix, as_sample_weight
from mixtura.estimators._rows import names_of
from mixtura.estimators._units import is_wide, unit_of, weight_unit_of
from mixtura.moments import DataMoments, bulk_moments
from mixtura.span import Span, span_of

__all__ = ["Basis", "FitData", "Sample", "read_sample"]


@dataclass(frozen=True, eq=False)
class Basis:
    """Moments of the bulk of a sample, with the whole covariance or its diagonal, and what follows."""

    moments: DataMoments
    backend: NativeBackend | PartitionedBackend

    @cached_property
    def floor(self) -> RelativeFloor:
        """What `reg_covar="auto"` means for these data."""
        return RelativeFloor(self.moments.covariance)


class FitData(Protocol):
    """What a fit needs of data, wherever they are.

    `unit` and `weight_unit` are exponents of two: fits are to rows and weights in units of these.
    """

    unit: int
    weight_unit: int
    n_threads: int
    names: npt.NDArray[np.object_] | None

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the rows as they were given."""
        ...

    @property
    def n_features(self) -> int:
        """d."""
        ...

    @property
    def has_weight(self) -> bool:
        """Whether there are case weights."""
        ...

    @property
    def n_counted(self) -> int:
        """Rows of a weight above 0."""
        ...

    @property
    def total_weight(self) -> float:
        """N, the sum of the weights."""
        ...

    def basis(self, *, dense: bool) -> Basis:
        """Return the basis of fits with matrices, or of those without."""
        ...

    def start_rows(self, n_rows: int) -> tuple[FloatArray, Float64Array | None]:
        """Return rows to make starts from, and their weights: all, or at least `n_rows` of them."""
        ...


class Sample:
    """Checked rows (N, d) with case weights (N,), the names of their columns, and each basis, taken once.

    `rows` and `weight` are as they were given. Fits are to `scaled_rows` and `scaled_weight`: the same,
    unless their size is beyond all measure. Then they are in units of 2^`unit` and 2^`weight_unit`, and in
    float64 if some rows are very far from the others.
    """

    def __init__(
        self,
        rows: FloatArray,
        weight: Float64Array | None,
        names: npt.NDArray[np.object_] | None,
        n_threads: int,
    ) -> None:
        self.rows = rows
        self.weight = weight
        self.names = names
        self.n_threads = n_threads
        self._bases: dict[bool, Basis] = {}
        self.weight_unit = 0 if weight is None else weight_unit_of(weight)
        self.scaled_weight = weight
        if weight is not None and self.weight_unit:
            self.scaled_weight = np.ldexp(weight, -self.weight_unit)
        self.scaled_rows = rows
        self._span = span_of(rows, self.scaled_weight)
        with np.errstate(over="ignore", invalid="ignore"):
            variances = self.basis(dense=False).moments.variances
            self.unit = unit_of(variances, self._span, rows.dtype)
        if rows.dtype != np.float64 and is_wide(variances, self._span):
            self.scaled_rows = rows.astype(np.float64)
            self._bases.clear()
        if self.unit:
            self.scaled_rows = np.ldexp(self.scaled_rows, -self.unit)
            self._span = Span(*np.ldexp(self._span, -self.unit))
            self._bases.clear()

    @property
    def n_features(self) -> int:
        """d."""
        return int(self.rows.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the rows as they were given."""
        return self.rows.dtype

    @property
    def has_weight(self) -> bool:
        """Whether there are case weights."""
        return self.weight is not None

    @property
    def n_counted(self) -> int:
        """Rows of a weight above 0."""
        return int(self.rows.shape[0] if self.weight is None else np.count_nonzero(self.weight))

    @property
    def total_weight(self) -> float:
        """N, the sum of the weights."""
        return float(self.rows.shape[0] if self.weight is None else self.weight.sum())

    def basis(self, *, dense: bool) -> Basis:
        """Return the basis of fits with matrices, or of those without."""
        if dense not in self._bases:
            rows, weight = self.scaled_rows, self.scaled_weight
            moments = bulk_moments(rows, weight, self._span, dense=dense, n_threads=self.n_threads)
            backend = NativeBackend(rows, weight, centre=moments.mean, n_threads=self.n_threads)
            self._bases[dense] = Basis(moments, backend)
        return self._bases[dense]

    def start_rows(self, n_rows: int) -> tuple[FloatArray, Float64Array | None]:
        """Return all rows and weights."""
        return self.scaled_rows, self.scaled_weight


def read_sample(
    X: npt.ArrayLike, sample_weight: npt.ArrayLike | None, *, n_threads: int, estimator: Any = None
) -> Sample:
    """Check data for a fit.

    Raises
    ------
    InputError
        If X is not a finite matrix of at least two rows, or the weights do not fit it.
    """
    rows = as_matrix(X, min_samples=2, estimator=estimator)
    return Sample(rows, as_sample_weight(sample_weight, rows.shape[0]), names_of(X), n_threads)
