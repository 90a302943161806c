"""How a `Mixture` shows itself: a small table as text and as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mixtura.mixture import Mixture

__all__ = ["html_table", "text_table"]

_MAX_COMPONENTS = 12
_MAX_FEATURES = 6


def _cells(mixture: Mixture) -> tuple[str, list[str], list[list[str]]]:
    """Title, header and rows: component, weight, and mean ± sd a feature; what is left out shows as …."""
    k, d = mixture.n_components, mixture.n_features
    title = (
        f"Mixture of {k} {mixture.covariance_type} component{'s' * (k != 1)} in {d} feature{'s' * (d != 1)}"
    )
    names = mixture.feature_names or tuple(f"x{j}" for j in range(d))
    sd = np.sqrt(np.diagonal(mixture.expanded_covariances()[:_MAX_COMPONENTS], axis1=1, axis2=2))
    more = ["…"] if d > _MAX_FEATURES else []
    header = ["", "weight", *names[:_MAX_FEATURES], *more]
    rows = [
        [
            str(i),
            f"{mixture.weights[i]:.4g}",
            *(f"{mixture.means[i, j]:.5g} ± {sd[i, j]:.3g}" for j in range(min(d, _MAX_FEATURES))),
            *more,
        ]
        for i in range(min(k, _MAX_COMPONENTS))
    ]
    if k > _MAX_COMPONENTS:
        rows.append(["…"] + [""] * (len(header) - 1))
    return title, header, rows


def text_table(mixture: Mixture) -> str:
    """Return lines of aligned columns."""
    title, header, rows = _cells(mixture)
    widths = [max(len(row[c]) for row in [header, *rows]) for c in range(len(header))]
    lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in [header, *rows]]
    return "\n".join([title, *lines])


def html_table(mixture: Mixture) -> str:
    """Return a table for notebooks; names are escaped."""
    title, header, rows = _cells(mixture)
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f"<table><caption>{escape(title)} (mean ± standard deviation)</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
