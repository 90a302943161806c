"""What all displays share: axes, colours, and rows as points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba, to_rgba_array

from mixtura._typing import Float64Array, FloatArray
from mixtura.errors import InputError

__all__ = [
    "MOST_POINTS",
    "Display",
    "axes_or_new",
    "colour_of",
    "colours_of",
    "points",
    "raster",
    "require_axes",
    "summed",
]

# Okabe and Ito's colours, which all can tell apart, dark enough for points on white.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c510a", "#5e3c99")
# More points than these hide each other: they are drawn as a raster of counts.
MOST_POINTS = 20_000
_BINS = 200
_AREA = 18.0
# A file of more vectors than these is slow to show.
_VECTORS = 5_000


class Display:
    """A picture that was drawn: `ax_` and `figure_`."""

    def __init__(self, ax: Axes) -> None:
        self.ax_ = ax
        self.figure_ = ax.figure


def axes_or_new(ax: Axes | None) -> Axes:
    """Return the axes given, or new ones.

    Raises
    ------
    InputError
        If what was given are no axes.
    """
    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    require_axes(ax)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def require_axes(ax: Any) -> None:
    """Check that something is axes.

    Raises
    ------
    InputError
        If it is not.
    """
    if isinstance(ax, Axes):
        return
    remedy = "choose one, such as ax.flat[0]" if isinstance(ax, np.ndarray) else "make some by plt.subplots"
    msg = f"ax must be matplotlib Axes, but is a {type(ax).__name__}: {remedy}"
    raise InputError(msg)


def colour_of(k: int) -> str:
    """Return the colour of a group."""
    return _COLOURS[k % len(_COLOURS)]


def colours_of(groups: npt.NDArray[np.integer[Any]]) -> Float64Array:
    """Return the colours of many groups, of shape (n, 4), as red, green, blue and alpha."""
    colours: Float64Array = to_rgba_array(_COLOURS)[groups % len(_COLOURS)]
    return colours


def summed(parts: Float64Array, groups: npt.NDArray[np.integer[Any]]) -> Float64Array:
    """Return the sums (n, n_groups) of the columns (n, K) of each group, which has a number a column."""
    sums: Float64Array = parts @ (groups[:, None] == np.arange(groups.max() + 1))
    return sums


def points(
    ax: Axes,
    rows: FloatArray,
    *,
    groups: npt.NDArray[np.integer[Any]] | None = None,
    sizes: npt.ArrayLike | None = None,
    most: int = MOST_POINTS,
) -> None:
    """Draw rows (N, 2): each as a point in the colour of its group, or a raster where there are too many."""
    if len(rows) > most:
        raster(ax, rows)
        return
    ax.scatter(
        rows[:, 0],
        rows[:, 1],
        s=_AREA if sizes is None else np.asarray(sizes),
        c=["#555555"] if groups is None else colours_of(groups),
        edgecolors="white",
        linewidths=0.4,
        zorder=2,
        rasterized=len(rows) > _VECTORS,
    )


def raster(ax: Axes, rows: FloatArray, colour: str = "#222222") -> None:
    """Draw how many rows (N, 2) there are in each cell, on a logarithmic scale."""
    (x, right), (y, up) = _cells(rows[:, 0]), _cells(rows[:, 1])
    counts = np.bincount(up * _BINS + right, minlength=_BINS**2).reshape(_BINS, _BINS)
    shown = np.ma.masked_equal(np.log1p(counts), 0)
    # Never opaque, which would hide what is drawn there.
    shades = LinearSegmentedColormap.from_list("counts", [to_rgba(colour, alpha) for alpha in (0.25, 0.75)])
    ax.pcolormesh(x, y, shown, cmap=shades, vmin=0.0, rasterized=True)


def _cells(values: FloatArray) -> tuple[Float64Array, npt.NDArray[np.int64]]:
    """Return the borders of cells of one width, and which of them each value is in."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        room = 0.5 * max(1.0, abs(low))
        low, high = low - room, high + room
    numbers = ((values - low) * (_BINS / (high - low))).astype(np.int64)
    return np.linspace(low, high, _BINS + 1), np.minimum(numbers, _BINS - 1)
