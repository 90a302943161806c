"""Which component each row belongs to, how sure that is, and how dense the model is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mixtura._typing import Float64Array, FloatArray, IntArray
from mixtura.mixture import Mixture

__all__ = ["Assignments", "CertaintyBand", "assign", "certainty_bands"]

_CERTAINTIES = (0.99, 0.9, 0.5)
# What a block of rows takes for the probabilities of its components, in numbers.
_BLOCK_NUMBERS = 2**22
_MOST_ROWS = 65536


@dataclass(frozen=True, eq=False)
class Assignments:
    """The most probable component of each row, and its probability.

    Attributes
    ----------
    labels : ndarray of shape (N,)
    certainty : ndarray of shape (N,)
    log_density : ndarray of shape (N,)
        In nats.
    probabilities : ndarray of shape (N, K), optional
        Of all components, if they were asked for.
    """

    labels: IntArray
    certainty: Float64Array
    log_density: Float64Array
    probabilities: Float64Array | None

    def columns(self, row_numbers: IntArray) -> dict[str, IntArray | Float64Array]:
        """Return the columns of a labels file; rows of the data file count from 1."""
        columns: dict[str, IntArray | Float64Array] = {
            "row": row_numbers + 1,
            "label": self.labels,
            "certainty": self.certainty,
        }
        if self.probabilities is not None:
            columns |= {f"p{k}": np.ascontiguousarray(p) for k, p in enumerate(self.probabilities.T)}
        return columns


def assign(mixture: Mixture, X: FloatArray, *, proba: bool = False) -> Assignments:
    """Assign rows (N, d) to components, block by block: no N × K array unless it is asked for."""
    labels = np.empty(len(X), dtype=np.int64)
    certainty, log_density = np.empty(len(X)), np.empty(len(X))
    probabilities = np.empty((len(X), mixture.n_components)) if proba else None
    for block in _blocks(len(X), mixture.n_components):
        scores = mixture._score(X[block], None, resp=True, log_prob=True)
        posterior = np.asarray(scores.resp)
        labels[block] = posterior.argmax(axis=1)
        certainty[block] = posterior.max(axis=1)
        log_density[block] = scores.log_prob
        if probabilities is not None:
            probabilities[block] = posterior
    return Assignments(labels, certainty, log_density, probabilities)


def _blocks(n_rows: int, n_components: int) -> Iterator[slice]:
    step = min(_MOST_ROWS, max(1, _BLOCK_NUMBERS // n_components))
    for low in range(0, n_rows, step):
        yield slice(low, low + step)


@dataclass(frozen=True)
class CertaintyBand:
    """How many rows are assigned with a certainty in a range.

    Attributes
    ----------
    label : str
        The range, in words.
    n_rows : int
    share : float
        Of all rows, or of their weight.
    """

    label: str
    n_rows: int
    share: float


def certainty_bands(certainty: Float64Array, weight: Float64Array | None = None) -> list[CertaintyBand]:
    """Return how many rows are assigned how surely, the surest first.

    Parameters
    ----------
    certainty : ndarray of shape (N,)
    weight : ndarray of shape (N,), optional
        Case weights. Rows of weight 0 are not counted.
    """
    if weight is not None:
        certainty, weight = certainty[weight > 0], weight[weight > 0]
    bounds = (np.inf, *_CERTAINTIES, -np.inf)
    labels = [f"at least {_CERTAINTIES[0]}"]
    labels += [f"{low} to {high}" for high, low in pairwise(_CERTAINTIES)]
    labels.append(f"below {_CERTAINTIES[-1]}")
    bands = []
    for label, (high, low) in zip(labels, pairwise(bounds), strict=True):
        held = (certainty >= low) & (certainty < high)
        n = int(held.sum())
        share = n / len(certainty) if weight is None else float(weight[held].sum() / weight.sum())
        bands.append(CertaintyBand(label, n, share))
    return bands
