"""The tables of a report: settings, columns, the model, certainty and the strangest rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura._text import mean_and_spread
from mixtura._typing import Float64Array, FloatArray, IntArray
from mixtura.assignments import Assignments, CertaintyBand
from mixtura.mixture import Mixture
from mixtura.plot.canvas import colour_of
from mixtura.report.columns import ColumnSummary
from mixtura.report.grid import Cell, Grid, cell, number, share, transposed, whole
from mixtura.report.subject import Setting

__all__ = [
    "bands_grid",
    "columns_grid",
    "components_grid",
    "correlations_grid",
    "groups_grid",
    "settings_grid",
    "strangest_grid",
]

_SHOWN_COLUMNS = 40
_SHOWN_COMPONENTS = 40
_SHOWN_PAIRS = 15
# A component a row while the columns fit beside each other on a page.
_WIDE = 5
# Of this many columns, correlations are sought.
_CORRELATED_COLUMNS = 400


def settings_grid(settings: Sequence[Setting], caption: str) -> Grid:
    """Name and value of parameters."""
    rows = [[cell(setting.name), cell(setting.value)] for setting in settings]
    return Grid(caption, [cell("parameter"), cell("value")], rows, texts=frozenset({1}))


def columns_grid(columns: Sequence[ColumnSummary], *, weighted: bool) -> Grid:
    """Range, mean and spread of each column of the data."""
    rows = []
    for column in columns[:_SHOWN_COLUMNS]:
        numbers = (column.least, column.mean, column.sd, column.most)
        rows.append([cell(column.name), *(cell(number(value)) for value in numbers)])
    notes = _more(len(columns), _SHOWN_COLUMNS, "column")
    if weighted:
        notes.append("Mean and standard deviation are weighted; rows of weight 0 are not counted.")
    head = [cell(text) for text in ("column", "least", "mean", "sd", "most")]
    return Grid("Columns of the data", head, rows, notes)


def _more(n: int, shown: int, noun: str) -> list[str]:
    left = n - shown
    return [f"{left} more {noun}{'s' * (left > 1)} not shown."] if left > 0 else []


def _component(k: int) -> Cell:
    return Cell(str(k), colour=colour_of(k))


def components_grid(mixture: Mixture, names: Sequence[str], labels: IntArray) -> Grid:
    """Weight, rows, mean and standard deviation of each component: a component a row, or a column if many."""
    shown = range(min(mixture.n_components, _SHOWN_COMPONENTS))
    sd = np.sqrt(np.diagonal(mixture.expanded_covariances(), axis1=1, axis2=2))
    sizes = np.bincount(labels, minlength=mixture.n_components)
    head = [cell(text) for text in ("component", "weight", "rows", *names[:_SHOWN_COLUMNS])]
    rows = []
    for k in shown:
        values = zip(mixture.means[k, :_SHOWN_COLUMNS], sd[k, :_SHOWN_COLUMNS], strict=True)
        spreads = [cell(mean_and_spread(float(mean), float(spread))) for mean, spread in values]
        weight = float(mixture.weights[k])
        rows.append([_component(k), Cell(share(weight), bar=weight), cell(whole(int(sizes[k]))), *spreads])
    if mixture.n_features > _WIDE:
        head, rows = transposed(head, rows)
    notes = _more(mixture.n_components, _SHOWN_COMPONENTS, "component")
    notes += _more(len(names), _SHOWN_COLUMNS, "column")
    notes.append("Rows are those whose most probable component it is.")
    return Grid("Weight, and mean ± standard deviation of each column", head, rows, notes)


def correlations_grid(mixture: Mixture, names: Sequence[str]) -> Grid | None:
    """The strongest correlations within components: a pair of columns a row. None if there can be none."""
    d = min(mixture.n_features, _CORRELATED_COLUMNS)
    if d < 2 or not mixture.structure.is_dense:
        return None
    is_shared = mixture.structure.is_shared
    n = 1 if is_shared else min(mixture.n_components, _SHOWN_COMPONENTS)
    covariances = mixture.expanded_covariances()[:n, :d, :d]
    sd = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    first, second = np.triu_indices(d, 1)
    rho = covariances[:, first, second] / sd[:, first] / sd[:, second]
    strongest = np.argsort(-np.abs(rho).max(axis=0), kind="stable")[:_SHOWN_PAIRS]
    # Rounded here, and without the sign of a zero.
    shown = np.round(rho, 2) + 0.0
    head = [cell("columns"), *([cell("all components")] if is_shared else map(_component, range(n)))]
    rows = [
        [
            cell(f"{names[first[p]]}, {names[second[p]]}"),
            *(cell(f"{value:+.2f}") for value in shown[:, p]),
        ]
        for p in strongest
    ]
    notes = _more(len(first), _SHOWN_PAIRS, "pair") + _more(mixture.n_features, d, "column")
    return Grid("Correlations within components, the strongest first", head, rows, notes)


def bands_grid(bands: Sequence[CertaintyBand], *, weighted: bool) -> Grid:
    """How many rows are assigned how surely."""
    rows = [
        [cell(band.label), cell(whole(band.n_rows)), Cell(share(band.share), bar=band.share)]
        for band in bands
    ]
    head = [cell(text) for text in ("certainty", "rows", "share of the weight" if weighted else "share")]
    return Grid("Probability of a row's own component", head, rows)


def groups_grid(assigned: Assignments, n_components: int, weight: Float64Array | None) -> Grid:
    """How sure the rows of each component are of it; those of weight 0 are not counted."""
    rows = []
    held = np.ones(len(assigned.labels), dtype=bool) if weight is None else weight > 0
    for k in range(min(n_components, _SHOWN_COMPONENTS)):
        sure = assigned.certainty[held & (assigned.labels == k)]
        if len(sure):
            above = float((sure >= 0.9).mean())
            tail = [cell(f"{sure.mean():.3f}"), cell(f"{sure.min():.3f}"), Cell(share(above), bar=above)]
        else:
            tail = [cell("–")] * 3
        rows.append([_component(k), cell(whole(len(sure))), *tail])
    head = [cell(text) for text in ("component", "rows", "mean", "least", "at least 0.9")]
    notes = _more(n_components, _SHOWN_COMPONENTS, "component")
    return Grid("Certainty of the rows of each component", head, rows, notes)


def strangest_grid(
    strangest: IntArray,
    rows: FloatArray,
    row_labels: Sequence[str],
    log_density: Float64Array,
    rarity: Sequence[str],
    names: Sequence[str],
    *,
    n_outliers: int | None = None,
) -> Grid:
    """The rows of the lowest density: number, log-density, rarity and values.

    Parameters
    ----------
    strangest : ndarray of shape (n,)
        Which rows, the strangest first.
    rows : ndarray of shape (N, d)
    row_labels, rarity : sequence of str
        For each of the n.
    log_density : ndarray of shape (N,)
    names : sequence of str
    n_outliers : int, optional
        How many of them a detector calls outliers.
    """
    head = [cell(text) for text in ("row", "log-density", "as rare", *names[:_SHOWN_COLUMNS])]
    found = []
    for place, (i, label) in enumerate(zip(strangest, row_labels, strict=True)):
        mark = "loose" if n_outliers is not None and place < n_outliers else ""
        values = [cell(number(float(value), 6)) for value in rows[i, :_SHOWN_COLUMNS]]
        density = Cell(f"{log_density[i]:.2f}{' !' if mark else ''}", mark=mark)
        found.append([cell(label), density, cell(rarity[place]), *values])
    notes = ["“As rare” is the share of the model's own rows that have so low a density, or a lower one."]
    if n_outliers is not None:
        notes.append("! an outlier: below the detector's threshold.")
    notes += _more(len(names), _SHOWN_COLUMNS, "column")
    return Grid("The rows of the lowest density", head, found, notes)
