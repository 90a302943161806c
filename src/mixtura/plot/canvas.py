"""What all displays share: axes, colours, names of features, and rows as points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from sklearn.utils.validation import check_is_fitted

from mixtura._text import printable, shortened
from mixtura._typing import FloatArray
from mixtura.data import as_matrix
from mixtura.errors import InputError

__all__ = [
    "Display",
    "axes_or_new",
    "colour_of",
    "feature_names",
    "fitted_mixture",
    "inner",
    "is_crowded",
    "name_axes",
    "points",
    "two_features",
]

# Okabe and Ito's colours, which all can tell apart, dark enough for points on white.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c510a", "#5e3c99")
# More points than these hide each other: they are drawn as a raster of counts.
_MOST_POINTS = 20_000
_BINS = 200
# Of a name on an axis, in characters.
_LONGEST_NAME = 60


class Display:
    """A picture that was drawn: `ax_` and `figure_`."""

    def __init__(self, ax: Axes) -> None:
        self.ax_ = ax
        self.figure_ = ax.figure


def axes_or_new(ax: Axes | None) -> Axes:
    """Return the axes given, or new ones."""
    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def colour_of(k: int) -> str:
    """Return the colour of a group."""
    return _COLOURS[k % len(_COLOURS)]


def inner(estimator: Any) -> Any:
    """Return the fitted mixture estimator within a selector or detector, or the estimator itself."""
    check_is_fitted(estimator)
    for name in ("best_estimator_", "estimator_"):
        if hasattr(estimator, name):
            return getattr(estimator, name)
    return estimator


def fitted_mixture(estimator: Any) -> Any:
    """Return the `Mixture` of a fit; a `Mixture` is one itself."""
    if hasattr(estimator, "expanded_covariances"):
        return estimator
    found = getattr(inner(estimator), "mixture_", None)
    if found is None:
        msg = f"{type(estimator).__name__} holds no mixture to draw"
        raise InputError(msg)
    return found


def feature_names(estimator: Any, d: int) -> list[str]:
    """Return the names of the columns of the fit, or x0, x1 and so on."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        names = getattr(estimator, "feature_names", None)
    return [f"x{j}" for j in range(d)] if names is None else [str(name) for name in names]


def two_features(features: Sequence[int | str] | None, names: Sequence[str]) -> tuple[int, int]:
    """Return the numbers of the two features to draw.

    Raises
    ------
    InputError
        If there are more than two and none was chosen, or one does not exist.
    """
    d = len(names)
    if features is None:
        if d == 2:
            return 0, 1
        what = "one feature: use DensityDisplay" if d == 1 else f"{d} features: choose two by features=(0, 1)"
        msg = f"a picture has two axes, but the fit has {what}"
        raise InputError(msg)
    chosen = [names.index(f) if isinstance(f, str) and f in names else f for f in features]
    if len(chosen) != 2 or not all(isinstance(f, (int, np.integer)) and 0 <= f < d for f in chosen):
        msg = f"features must be two of {list(names)}, by name or number, but got {list(features)}"
        raise InputError(msg)
    return int(chosen[0]), int(chosen[1])


def name_axes(ax: Axes, *, x: str | None = None, y: str | None = None) -> None:
    """Write names of columns on axes as they are: a `$` in one begins no mathematics."""
    for write, name in ((ax.set_xlabel, x), (ax.set_ylabel, y)):
        if name is not None:
            write(shortened(printable(name), _LONGEST_NAME), parse_math=False, usetex=False)


def is_crowded(n_rows: int) -> bool:
    """Whether so many rows are drawn as a raster, where no point has a colour of its own."""
    return n_rows > _MOST_POINTS


def points(
    ax: Axes,
    rows: npt.ArrayLike,
    *,
    colours: Sequence[str] | None = None,
    sizes: npt.ArrayLike | None = None,
) -> FloatArray:
    """Draw rows (N, 2): each as a point, or as a raster of counts where there are too many."""
    xy = as_matrix(rows, n_features=2)
    if is_crowded(len(xy)):
        counts, x, y = np.histogram2d(xy[:, 0], xy[:, 1], bins=_BINS)
        shown = np.ma.masked_equal(np.log1p(counts.T), 0)
        # Below all else: what is drawn over so many rows would be hidden.
        ax.pcolormesh(x, y, shown, cmap="Greys", rasterized=True, zorder=0.5)
        return xy
    ax.scatter(
        xy[:, 0],
        xy[:, 1],
        s=18 if sizes is None else np.asarray(sizes),
        c="#555555" if colours is None else list(colours),
        edgecolors="white",
        linewidths=0.4,
        zorder=2,
    )
    return xy
