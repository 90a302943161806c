"""The columns of the data: their ranges, and the two that tell the components apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mixtura._typing import Float64Array, FloatArray
from mixtura.mixture import Mixture

__all__ = ["ColumnSummary", "overlap", "summaries", "telling_pair"]

# Pairs are sought among so many columns, those that tell components apart by themselves.
_MOST_COLUMNS = 24
_MOST_COMPONENTS = 40


@dataclass(frozen=True)
class ColumnSummary:
    """A column: its name and, of the rows of a weight above 0, range, mean and standard deviation."""

    name: str
    least: float
    mean: float
    sd: float
    most: float


def summaries(
    rows: FloatArray, weight: Float64Array | None, names: Sequence[str]
) -> tuple[ColumnSummary, ...]:
    """Describe each column of rows (N, d), one at a time: in the memory of a column."""
    held = slice(None) if weight is None or weight.all() else weight > 0
    share = None if weight is None else weight[held] / weight.max()
    found = []
    for j, name in enumerate(names):
        column = rows[held, j].astype(np.float64)
        least, most = float(column.min()), float(column.max())
        # In units of their size, so that squares stay in range.
        unit = max(abs(least), abs(most)) or 1.0
        column /= unit
        mean = float(np.average(column, weights=share))
        column -= mean
        column *= column
        sd = float(np.sqrt(np.average(column, weights=share)))
        found.append(ColumnSummary(name, least, mean * unit, sd * unit if most > least else 0.0, most))
    return tuple(found)


def overlap(weights: Float64Array, means: Float64Array, covariances: Float64Array) -> float:
    """How far components (K, d) with covariances (K, d, d) lie one on the other: 0 if they are apart.

    Notes
    -----
    The Bhattacharyya bound on the error of telling each two components apart, summed: Σ √(π_k π_l) e^−B, with
    B = ⅛ δᵀ Σ⁻¹ δ + ½ log |Σ| / √(|Σ_k| |Σ_l|), δ the difference of the means and Σ the mean of Σ_k and Σ_l.
    """
    # In units of each column, which cancel.
    unit = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2).max(axis=0))
    means, covariances = means / unit, covariances / unit / unit[:, None]
    first, second = np.triu_indices(len(means), 1)
    delta = means[first] - means[second]
    middle = 0.5 * (covariances[first] + covariances[second])
    _, log_det = np.linalg.slogdet(covariances)
    _, log_middle = np.linalg.slogdet(middle)
    squares = np.einsum("pi,pi->p", delta, np.linalg.solve(middle, delta[..., None])[..., 0])
    distance = squares / 8.0 + 0.5 * (log_middle - 0.5 * (log_det[first] + log_det[second]))
    return float((np.sqrt(weights[first] * weights[second]) * np.exp(-distance)).sum())


def telling_pair(mixture: Mixture) -> tuple[int, int]:
    """Return the two of at least two columns in which the heaviest components overlap the least."""
    heaviest = np.argsort(-mixture.weights, kind="stable")[:_MOST_COMPONENTS]
    weights, means = mixture.weights[heaviest], mixture.means[heaviest]
    covariances = mixture.expanded_covariances()[heaviest]

    def left(*columns: int) -> float:
        at = list(columns)
        return overlap(weights, means[:, at], covariances[:, at][:, :, at])

    alone = [left(j) for j in range(mixture.n_features)]
    sought = sorted(np.argsort(alone, kind="stable")[:_MOST_COLUMNS].tolist())
    return min(combinations(sought, 2), key=lambda pair: left(*pair))
