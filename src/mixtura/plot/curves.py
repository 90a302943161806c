"""A density over one feature: its parts as filled curves, and the histogram below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from mixtura._typing import Float64Array, FloatArray, IntArray
from mixtura.plot.canvas import colour_of

__all__ = ["filled_curves", "histogram", "histogram_of_groups", "limits", "reach"]

_SIGMAS = 3.5
_MOST_BINS = 200


def limits(mixture: Any, rows: FloatArray | None) -> tuple[Float64Array, Float64Array]:
    """Return where a picture ends: at the rows, or where the components do if there are none."""
    low, high = reach(mixture, _SIGMAS)
    if rows is None:
        return low, high
    first, last = rows.min(axis=0), rows.max(axis=0)
    margin = 0.05 * (last - first)
    varies = last > first
    return np.where(varies, first - margin, low), np.where(varies, last + margin, high)


def reach(mixture: Any, sigma: float) -> tuple[Float64Array, Float64Array]:
    """Return the corners of the box that holds the ellipses of all components of a radius."""
    sd = np.sqrt(np.diagonal(mixture.expanded_covariances(), axis1=1, axis2=2))
    return (mixture.means - sigma * sd).min(axis=0), (mixture.means + sigma * sd).max(axis=0)


def filled_curves(ax: Axes, x: Float64Array, parts: Float64Array, labels: Sequence[str | None]) -> None:
    """Draw the parts of a density (n, K) at x (n,), each in its colour."""
    for k, label in enumerate(labels):
        ax.fill_between(x, parts[:, k], color=colour_of(k), alpha=0.35, linewidth=0, label=label)


def histogram(ax: Axes, values: FloatArray, bins: Any = "auto") -> None:
    """Draw the shares of values (N,) as a density; "auto" is NumPy's rule with at most 200 bins."""
    heights, edges = np.histogram(values, bins=_bins(values, bins), density=True)
    ax.stairs(heights, edges, fill=True, color="#dddddd")


def histogram_of_groups(ax: Axes, values: FloatArray, groups: IntArray, n_groups: int) -> None:
    """Draw the shares of values (N,) by group, each in its colour, as densities that add up to 1."""
    edges = np.histogram_bin_edges(values, _bins(values, "auto"))
    for c in range(n_groups):
        heights = np.histogram(values[groups == c], edges)[0] / (len(values) * np.diff(edges))
        ax.stairs(heights, edges, color=colour_of(c), linewidth=1.0)


def _bins(values: FloatArray, bins: Any) -> Any:
    return _number_of_bins(values) if isinstance(bins, str) and bins == "auto" else bins


def _number_of_bins(values: FloatArray) -> int:
    """Return what Freedman and Diaconis or Sturges say, whichever is more, but not without bound."""
    low, high = np.quantile(values, (0.25, 0.75))
    width = 2.0 * (high - low) / np.cbrt(len(values))
    least = int(np.ceil(np.log2(len(values)) + 1))
    span = float(values.max() - values.min())
    return max(least, int(np.ceil(min(span / width, _MOST_BINS)))) if width > 0 else least
