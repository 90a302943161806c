"""A mixture in tables: its components in the names of the data, and how sure its assignments are."""

from __future__ import annotations

import numpy as np
from rich.console import Console

from mixtura._text import mean_and_spread
from mixtura.assignments import Assignments, certainty_bands
from mixtura.cli.render import fits, grid, heading, say
from mixtura.data.files import Table, counted, listed
from mixtura.mixture import Mixture

__all__ = ["feature_names", "print_certainty", "print_components", "print_if_positive", "remarks_on"]

_SHOWN_FEATURES = 30


def feature_names(mixture: Mixture) -> tuple[str, ...]:
    """Return the names of the columns, or column_1, column_2, ... if it has none."""
    if mixture.feature_names is not None:
        return tuple(mixture.feature_names)
    return tuple(f"column_{j + 1}" for j in range(mixture.n_features))


def remarks_on(table: Table) -> list[str]:
    """Return what was left out of a data file, in sentences."""
    remarks = []
    if table.left_out:
        reasons: dict[str, list[str]] = {}
        for name, reason in table.left_out:
            reasons.setdefault(reason, []).append(name)
        remarks.append(f"left out: {'; '.join(f'{listed(names)} ({why})' for why, names in reasons.items())}")
    if table.n_dropped:
        remarks.append(
            f"left out: {table.n_dropped} of {counted(table.n_rows_file, 'row')}, with missing values"
        )
    return remarks


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
    heading(to, "How sure the assignments are: probability of a row's own component")
    bands = certainty_bands(assignments.certainty)
    rows = [[band.label, str(band.n_rows), f"{band.share:.1%}"] for band in bands]
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
