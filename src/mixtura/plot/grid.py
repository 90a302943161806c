"""A grid of pictures of pairs of features: one feature on the diagonal, two below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpecFromSubplotSpec
from matplotlib.ticker import MaxNLocator

from mixtura._typing import Float64Array
from mixtura.errors import InputError
from mixtura.plot.canvas import require_axes

__all__ = ["pair_grid"]

_INCHES = 2.0  # of a panel
_TICKS = 4


def pair_grid(
    ax: Axes | None,
    names: Sequence[str],
    limits: tuple[Float64Array, Float64Array],
    draw_one: Callable[[Axes, int], None],
    draw_two: Callable[[Axes, int, int], None],
) -> tuple[Axes, npt.NDArray[Any]]:
    """Draw the lower triangle of all pairs, with names and numbers on the outer axes only.

    Parameters
    ----------
    ax : matplotlib Axes, optional
        The space that the grid is to fill.
    names : sequence of str
        Of m features.
    limits : tuple of two ndarrays of shape (m,)
        Where the axis of each feature starts and ends.
    draw_one : callable
        Draws feature i, as `draw_one(ax, i)`.
    draw_two : callable
        Draws feature j over feature i, as `draw_two(ax, i, j)`.

    Returns
    -------
    ax : matplotlib Axes
        What bounds the grid, without axes of its own.
    axes : ndarray of shape (m, m)
        matplotlib Axes, and None above the diagonal.

    Raises
    ------
    InputError
        If the axes given have no place in a grid of their figure.
    """
    m = len(names)
    if ax is None:
        _, ax = plt.subplots(figsize=(m * _INCHES, m * _INCHES), layout="constrained")
    require_axes(ax)
    place = ax.get_subplotspec()
    if place is None:
        msg = "ax has no place that a grid could take: give axes made by plt.subplots or add_subplot"
        raise InputError(msg)
    ax.set_axis_off()
    cells = GridSpecFromSubplotSpec(m, m, subplot_spec=place, wspace=0.08, hspace=0.08)
    axes = np.full((m, m), None, dtype=object)
    for row in range(m):
        for column in range(row + 1):
            panel = ax.figure.add_subplot(cells[row, column])
            panel.spines[["top", "right"]].set_visible(False)
            axes[row, column] = panel
            if row == column:
                draw_one(panel, row)
                panel.spines["left"].set_visible(False)
                panel.set(xlabel="", ylabel="", yticks=[])
            else:
                draw_two(panel, column, row)
                panel.set_ylim(limits[0][row], limits[1][row])
                panel.yaxis.set_major_locator(MaxNLocator(_TICKS))
                panel.set(xlabel="", ylabel=names[row] if column == 0 else "")
                panel.tick_params(labelleft=column == 0)
            panel.set_xlim(limits[0][column], limits[1][column])
            panel.xaxis.set_major_locator(MaxNLocator(_TICKS))
            panel.tick_params(labelbottom=row == m - 1)
            if row == m - 1:
                panel.set_xlabel(names[column])
    ax.figure.align_labels(list(axes[np.tril_indices(m)]))
    return ax, axes
