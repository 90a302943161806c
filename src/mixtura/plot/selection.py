"""`SelectionDisplay`: the criterion of every candidate, and a star on the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from mixtura._typing import IntArray
from mixtura.errors import InputError
from mixtura.plot.canvas import Display, axes_or_new, colour_of
from mixtura.plot.fits import require

__all__ = ["SelectionDisplay"]

_KINDS = ("curves", "bars")
_WIDTH = 0.8
_ANY = "criterion (lower is better)"
_LABELS = {
    "bic": "BIC (lower is better)",
    "aic": "AIC (lower is better)",
    "icl": "ICL (lower is better)",
    "cv": "log-likelihood of rows held out (nats a row)",
    "criterion": _ANY,
    "log_likelihood": "log-likelihood (nats)",
}
# What has one scale, and can share an axis.
_TOGETHER = {"bic": "BIC", "aic": "AIC", "icl": "ICL"}


class SelectionDisplay(Display):
    """What a selection compared: a curve a structure over the number of components, or grouped bars.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    @classmethod
    def from_estimator(
        cls,
        selector: Any,
        *,
        column: str | Sequence[str] | None = None,
        kind: str = "curves",
        ax: Axes | None = None,
    ) -> Self:
        """Draw the table of a fitted `MixtureSelector`.

        Candidates whose components the data do not settle are hollow: their likelihood means nothing.

        Parameters
        ----------
        selector : MixtureSelector
        column : {'bic', 'aic', 'icl', 'cv', 'log_likelihood', 'criterion'} or several, optional
            Of `table_`; what was chosen by if None. Several of 'bic', 'aic' and 'icl' are curves of one
            structure, each with a star on the candidate that it would choose.
        kind : {'curves', 'bars'}
        ax : matplotlib Axes, optional

        Returns
        -------
        SelectionDisplay

        Raises
        ------
        NotFittedError
        InputError
        """
        require(selector, "table_", "MixtureSelector")
        table = selector.table_
        if column is None:
            column = selector.criterion if isinstance(selector.criterion, str) else "criterion"
        if kind not in _KINDS:
            msg = f"kind must be 'curves' or 'bars', but got {kind!r}"
            raise InputError(msg)
        structures = list(dict.fromkeys(table["covariance_type"]))
        if not isinstance(column, str):
            _check_several(column, structures, kind)
            ax = axes_or_new(ax)
            for i, name in enumerate(column):
                _curve(ax, table, slice(None), name, colour_of(i), _TOGETHER[name])
                best = _lowest(table, name)
                _star(ax, table["n_components"][best], table[name][best], f"chosen by {_TOGETHER[name]}", i)
            _counts_below(ax, np.unique(table["n_components"]), _ANY)
            return cls(ax)
        if column not in _LABELS:
            msg = f"column must be one of {', '.join(map(repr, _LABELS))}, but got {column!r}"
            raise InputError(msg)
        ax = axes_or_new(ax)
        best = selector.best_index_
        if kind == "curves":
            for s, structure in enumerate(structures):
                own = np.flatnonzero(table["covariance_type"] == structure)
                _curve(ax, table, own, column, colour_of(s), structure)
            _star(ax, table["n_components"][best], table[column][best], "chosen")
            _counts_below(ax, np.unique(table["n_components"]), _LABELS[column])
        else:
            x = _bars(ax, table, structures, column)
            _star(ax, x[best], table[column][best], "chosen")
        return cls(ax)


def _check_several(column: Sequence[str], structures: list[str], kind: str) -> None:
    """Raise an InputError if these criteria cannot share a picture."""
    if not column or not set(column) <= set(_TOGETHER):
        msg = (
            f"several columns must be some of {', '.join(map(repr, _TOGETHER))}, which have one scale, "
            f"but got {list(column)}"
        )
        raise InputError(msg)
    if kind != "curves" or len(structures) > 1:
        msg = (
            f"several columns are curves of one structure, but got kind={kind!r} and a selection over "
            f"{len(structures)}: choose one column"
        )
        raise InputError(msg)


def _lowest(table: dict[str, npt.NDArray[Any]], column: str) -> int:
    """Return the candidate that a criterion would choose: a likelihood that has come loose must not win."""
    values = table[column]
    sound = np.isfinite(values) & (table["findings"] == "")
    if not sound.any():
        sound = np.isfinite(values)
    return int(np.argmin(np.where(sound, values, np.inf)))


def _curve(
    ax: Axes,
    table: dict[str, npt.NDArray[Any]],
    rows: slice | IntArray,
    column: str,
    colour: str,
    label: str,
) -> None:
    counts = table["n_components"][rows]
    order = np.argsort(counts)
    x, y = counts[order].astype(np.float64), table[column][rows][order]
    loose = table["findings"][rows][order] != ""
    ax.plot(x, y, "-", color=colour, linewidth=1.4, label=label)
    for hollow, face in ((loose, "white"), (~loose, colour)):
        ax.plot(x[hollow], y[hollow], "o", color=colour, markerfacecolor=face, markersize=5)


def _bars(
    ax: Axes, table: dict[str, npt.NDArray[Any]], structures: list[str], column: str
) -> npt.NDArray[np.float64]:
    """Draw grouped bars, and return where those of the candidates stand."""
    counts = np.unique(table["n_components"])
    width = _WIDTH / len(structures)
    x = np.searchsorted(counts, table["n_components"]).astype(np.float64)
    for s, structure in enumerate(structures):
        own = table["covariance_type"] == structure
        x[own] += width * (s + 0.5) - 0.5 * _WIDTH
        bars = ax.bar(x[own], table[column][own], width, color=colour_of(s), label=structure)
        for bar, hollow in zip(bars, table["findings"][own] != "", strict=True):
            if hollow:
                bar.set(facecolor="white", edgecolor=colour_of(s))
    # Bars from 0 would all look alike.
    y = table[column][np.isfinite(table[column])]
    margin = 0.08 * (y.max() - y.min() or 1.0)
    ax.set_ylim(y.min() - margin, y.max() + margin)
    ax.set_xticks(range(len(counts)), [str(k) for k in counts])
    ax.set(xlabel="components", ylabel=_LABELS[column])
    return x


def _star(ax: Axes, x: float, y: float, label: str, number: int | None = None) -> None:
    """Mark what was chosen, in black or in the colour of its curve."""
    colour = "black" if number is None else colour_of(number)
    ax.plot(
        x, y, "*", color=colour, markeredgecolor="black", markersize=15, linewidth=0, zorder=5, label=label
    )
    ax.legend(frameon=False)


def _counts_below(ax: Axes, counts: npt.NDArray[Any], label: str) -> None:
    """Name the axes of curves."""
    if len(counts) <= 10:
        ax.set_xticks(counts)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="components", ylabel=label)
