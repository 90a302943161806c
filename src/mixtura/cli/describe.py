"""A mixture in tables: its components in the names of the data, and how sure its assignments are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rich.console import Console

from mixtura._typing import Float64Array, IntArray
from mixtura.cli.render import fits, grid, heading, mean_and_spread, say
from mixtura.data.files import counted
from mixtura.mixture import Mixture

__all__ = [
    "Assignments",
    "assign",
    "feature_names",
    "print_certainty",
    "print_components",
    "print_if_positive",
]

_BLOCK_ROWS = 65536
_SHOWN_FEATURES = 30
_CERTAINTIES = (0.99, 0.9, 0.5)


@dataclass(frozen=True, eq=False)
class Assignments:
    """The most probable component of each row, and its probability.

    Attributes
    ----------
    labels : ndarray of shape (N,)
    certainty : ndarray of shape (N,)
    probabilities : ndarray of shape (N, K), optional
        Of all components, if they were asked for.
    """

    labels: IntArray
    certainty: Float64Array
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


def assign(mixture: Mixture, X: Float64Array, *, proba: bool) -> Assignments:
    """Assign rows to components, block by block: no N × K array unless it is asked for."""
    labels = np.empty(len(X), dtype=np.int64)
    certainty = np.empty(len(X))
    probabilities = np.empty((len(X), mixture.n_components)) if proba else None
    for block in _blocks(len(X)):
        posterior = mixture.posterior(X[block])
        labels[block] = posterior.argmax(axis=1)
        certainty[block] = posterior.max(axis=1)
        if probabilities is not None:
            probabilities[block] = posterior
    return Assignments(labels, certainty, probabilities)


def _blocks(n_rows: int) -> Iterator[slice]:
    for low in range(0, n_rows, _BLOCK_ROWS):
        yield slice(low, low + _BLOCK_ROWS)


def feature_names(mixture: Mixture) -> tuple[str, ...]:
    """Return the names of the columns, or column_1, column_2, ... if it has none."""
    if mixture.feature_names is not None:
        return tuple(mixture.feature_names)
    return tuple(f"column_{j + 1}" for j in range(mixture.n_features))


def print_components(to: Console, mixture: Mixture, assignments: Assignments | None = None) -> None:
    """Print weight, mean and standard deviation of each component, and the rows assigned to it.

    A component a line if that fits, else a column a line.
    """
    names = feature_names(mixture)
    sd = np.sqrt(np.diagonal(mixture.expanded_covariances(), axis1=1, axis2=2))
    components = range(mixture.n_components)
    columns = ["component", "weight"]
    rows = [[str(k), f"{mixture.weights[k]:.3f}"] for k in components]
    if assignments is not None:
        columns.append("rows")
        sizes = np.bincount(assignments.labels, minlength=mixture.n_components)
        for row, size in zip(rows, sizes, strict=True):
            row.append(str(size))
    columns += names[:_SHOWN_FEATURES]
    for row, mean, spread in zip(rows, mixture.means, sd, strict=True):
        row.extend([mean_and_spread(m, s) for m, s in zip(mean, spread, strict=True)][:_SHOWN_FEATURES])
    heading(to, "Components: weight, and mean ± standard deviation of each column")
    if not fits(to, columns, rows):
        columns, *rows = [list(line) for line in zip(columns, *rows, strict=True)]
    grid(to, columns, rows)
    if len(names) > _SHOWN_FEATURES:
        say(to, f"  … and {counted(len(names) - _SHOWN_FEATURES, 'more column')}")


def print_certainty(to: Console, assignments: Assignments) -> None:
    """Print how many rows are assigned how surely."""
    certainty = assignments.certainty
    bounds = (np.inf, *_CERTAINTIES, -np.inf)
    labels = [f"at least {_CERTAINTIES[0]}"]
    labels += [f"{low} to {high}" for high, low in pairwise(_CERTAINTIES)]
    labels.append(f"below {_CERTAINTIES[-1]}")
    counts = [int(((certainty >= low) & (certainty < high)).sum()) for high, low in pairwise(bounds)]
    heading(to, "How sure the assignments are: probability of a row's own component")
    rows = [[label, str(n), f"{n / len(certainty):.1%}"] for label, n in zip(labels, counts, strict=True)]
    grid(to, ["certainty", "rows", "share"], rows)


def print_if_positive(to: Console, log_likelihood: float, n_features: int) -> None:
    """Say why a mean log-likelihood a row above 0 is no error."""
    if log_likelihood > 0:
        unit = "the unit of the column" if n_features == 1 else "the product of the columns' units"
        say(
            to,
            f"It is positive, and may be: a density is a probability per unit of volume ({unit}), "
            "above 1 where the data lie close together in their units.",
        )
