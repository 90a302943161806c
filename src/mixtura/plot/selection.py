"""`SelectionDisplay`: the criterion of every candidate, and a star on the best."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes

from mixtura.errors import InputError
from mixtura.plot.canvas import Display, axes_or_new, colour_of
from mixtura.plot.fits import require

__all__ = ["SelectionDisplay"]

_KINDS = ("curves", "bars")
_WIDTH = 0.8
_LABELS = {
    "bic": "BIC (lower is better)",
    "aic": "AIC (lower is better)",
    "icl": "ICL (lower is better)",
    "cv": "log-likelihood of rows held out (nats a row)",
    "criterion": "criterion (lower is better)",
    "log_likelihood": "log-likelihood (nats)",
}


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
        column: str | None = None,
        kind: str = "curves",
        ax: Axes | None = None,
    ) -> Self:
        """Draw the table of a fitted `MixtureSelector`.

        Candidates whose components the data do not settle are hollow: their likelihood means nothing.

        Parameters
        ----------
        selector : MixtureSelector
        column : {'bic', 'aic', 'icl', 'cv', 'log_likelihood', 'criterion'}, optional
            Of `table_`; what was chosen by if None.
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
        if column not in _LABELS:
            msg = f"column must be one of {', '.join(map(repr, _LABELS))}, but got {column!r}"
            raise InputError(msg)
        if kind not in _KINDS:
            msg = f"kind must be 'curves' or 'bars', but got {kind!r}"
            raise InputError(msg)
        ax = axes_or_new(ax)
        structures = list(dict.fromkeys(table["covariance_type"]))
        counts = np.unique(table["n_components"])
        best = selector.best_index_
        at: dict[int, float] = {}
        for s, structure in enumerate(structures):
            rows = np.flatnonzero(table["covariance_type"] == structure)
            rows = rows[np.argsort(table["n_components"][rows])]
            x = table["n_components"][rows].astype(np.float64)
            if kind == "bars":
                x = np.searchsorted(counts, x) + _WIDTH * ((s + 0.5) / len(structures) - 0.5)
            y = table[column][rows]
            loose = table["findings"][rows] != ""
            if kind == "curves":
                ax.plot(x, y, "-", color=colour_of(s), linewidth=1.4, label=structure)
                for hollow, face in ((loose, "white"), (~loose, colour_of(s))):
                    ax.plot(x[hollow], y[hollow], "o", color=colour_of(s), markerfacecolor=face, markersize=5)
            else:
                bars = ax.bar(x, y, _WIDTH / len(structures), color=colour_of(s), label=structure)
                for bar, hollow in zip(bars, loose, strict=True):
                    if hollow:
                        bar.set(facecolor="white", edgecolor=colour_of(s))
            at.update(zip(map(int, rows), x, strict=True))
        ax.plot(at[best], table[column][best], "*", color="black", markersize=15, zorder=5, label="chosen")
        if kind == "bars":
            # Bars from 0 would all look alike.
            y = table[column][np.isfinite(table[column])]
            margin = 0.08 * (y.max() - y.min() or 1.0)
            ax.set_ylim(y.min() - margin, y.max() + margin)
            ax.set_xticks(range(len(counts)), [str(k) for k in counts])
        elif len(counts) <= 20:
            ax.set_xticks(counts)
        ax.set(xlabel="components", ylabel=_LABELS[column])
        ax.legend(frameon=False)
        return cls(ax)
