"""`image_grid`: rows that are pictures, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from mixtura.errors import InputError
from mixtura.plot.canvas import axes_or_new
from mixtura.plot.fits import as_rows

__all__ = ["image_grid"]


def image_grid(
    rows: npt.ArrayLike,
    shape: tuple[int, int],
    *,
    n_columns: int = 10,
    cmap: str = "gray_r",
    vmin: float | None = None,
    vmax: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw rows as pictures in a grid.

    Parameters
    ----------
    rows : array-like of shape (n_samples, height * width)
    shape : tuple of int
        Height and width of a picture.
    n_columns : int
        Pictures side by side.
    cmap : str
    vmin, vmax : float, optional
        Values of the first and the last colour; values beyond are drawn like these. The least and the
        greatest of the rows if None.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If there are no rows, or rows of another length than the shape has numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.plot import image_grid
    >>> ax = image_grid(np.eye(16), (4, 4), n_columns=4)
    >>> ax.images[0].get_array().shape
    (19, 19)
    """
    images = as_rows(rows)
    height, width = _two_counts(shape)
    if not isinstance(n_columns, Integral) or isinstance(n_columns, bool) or n_columns < 1:
        msg = f"n_columns must be an integer of at least 1, but got {n_columns!r}"
        raise InputError(msg)
    if images.shape[1] != height * width:
        msg = f"rows have {images.shape[1]} numbers, which are no picture of {height} × {width}"
        raise InputError(msg)
    n_rows = -(-len(images) // n_columns)
    # A line of background between pictures.
    background = float(images.min()) if vmin is None else float(vmin)
    canvas = np.full((n_rows * (height + 1) - 1, n_columns * (width + 1) - 1), background)
    for i, image in enumerate(images):
        top, left = (i // n_columns) * (height + 1), (i % n_columns) * (width + 1)
        canvas[top : top + height, left : left + width] = image.reshape(shape)
    ax = axes_or_new(ax)
    ax.imshow(canvas, cmap=cmap, interpolation="nearest", vmin=vmin, vmax=vmax)
    ax.set_axis_off()
    return ax


def _two_counts(shape: Any) -> tuple[int, int]:
    sizes = list(shape) if isinstance(shape, Iterable) else []
    whole = all(isinstance(size, Integral) and not isinstance(size, bool) and int(size) > 0 for size in sizes)
    if len(sizes) != 2 or not whole:
        msg = f"shape must be the height and width of a picture, such as (28, 28), but got {shape!r}"
        raise InputError(msg)
    return int(sizes[0]), int(sizes[1])
