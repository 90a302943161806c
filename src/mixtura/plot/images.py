"""`image_grid`: rows that are pictures, side by side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from mixtura.data import as_matrix
from mixtura.errors import InputError
from mixtura.plot.canvas import axes_or_new

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

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.plot import image_grid
    >>> ax = image_grid(np.eye(16), (4, 4), n_columns=4)
    >>> ax.images[0].get_array().shape
    (19, 19)
    """
    images = as_matrix(rows)
    height, width = shape
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
