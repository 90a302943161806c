"""`DensityDisplay`: a mixture as a density, over one feature or two."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from mixtura._typing import Float64Array
from mixtura.errors import InputError
from mixtura.plot.canvas import (
    Display,
    axes_or_new,
    colour_of,
    feature_names,
    fitted_mixture,
    name_axes,
    points,
)

__all__ = ["DensityDisplay"]

_STEPS = 400
_GRID = 200
_SIGMAS = 3.5
# Contours hold these shares of the probability.
_SHARES = (0.99, 0.95, 0.8, 0.6, 0.4, 0.2)
_DRAWN = 20_000


class DensityDisplay(Display):
    """The density of a mixture: in one feature over a histogram, in two as contours.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: npt.ArrayLike | None = None,
        *,
        kde: Any = None,
        bins: Any = "auto",
        ax: Axes | None = None,
    ) -> Self:
        """Draw the density of a fitted mixture of one or two features.

        In one feature: a histogram of X, the density, and the share of each component as a filled curve. In
        two: filled contours that hold 20, 40, 60, 80, 95 and 99 % of the probability, and the rows of X.

        Parameters
        ----------
        estimator : GaussianMixture, MixtureSelector, MixtureOutlierDetector or Mixture
        X : array-like or data frame of shape (n_samples, n_features), optional
        kde : fitted sklearn KernelDensity, optional
            Drawn beside, in one feature.
        bins : int, str or sequence
            As NumPy's histogram takes them.
        ax : matplotlib Axes, optional

        Returns
        -------
        DensityDisplay

        Raises
        ------
        NotFittedError
        InputError
            If there are more than two features.
        """
        mixture = fitted_mixture(estimator)
        d = mixture.n_features
        if d > 2:
            msg = (
                f"a density over {d} features has no picture: fit two of them, or draw ellipses of two by "
                "MixtureDisplay.from_estimator(..., features=(0, 1))"
            )
            raise InputError(msg)
        names = feature_names(estimator, d)
        ax = axes_or_new(ax)
        rows = None if X is None else mixture._rows(X)
        if d == 1:
            _curve(ax, mixture, rows, kde, bins)
            name_axes(ax, x=names[0], y="density")
        else:
            _contours(ax, mixture, rows)
            name_axes(ax, x=names[0], y=names[1])
        return cls(ax)


def _limits(mixture: Any, rows: Any) -> tuple[Float64Array, Float64Array]:
    """Return where the picture ends: at the rows, or where the components do."""
    sd = np.sqrt(np.diagonal(mixture.expanded_covariances(), axis1=1, axis2=2))
    low = (mixture.means - _SIGMAS * sd).min(axis=0)
    high = (mixture.means + _SIGMAS * sd).max(axis=0)
    if rows is not None and len(rows):
        margin = 0.05 * (rows.max(axis=0) - rows.min(axis=0))
        low, high = rows.min(axis=0) - margin, rows.max(axis=0) + margin
    return low, high


def _curve(ax: Axes, mixture: Any, rows: Any, kde: Any, bins: Any) -> None:
    low, high = _limits(mixture, rows)
    x = np.linspace(low[0], high[0], _STEPS)
    density = mixture.pdf(x)
    if rows is not None:
        ax.hist(rows[:, 0], bins=bins, density=True, color="#dddddd", edgecolor="white", linewidth=0.3)
    shares = mixture.posterior(x) * density[:, None]
    for k in range(mixture.n_components):
        label = f"{mixture.weights[k]:.0%} at {mixture.means[k, 0]:.3g}"
        ax.fill_between(x, shares[:, k], color=colour_of(k), alpha=0.35, linewidth=0, label=label)
    ax.plot(x, density, color="black", linewidth=1.6, label="mixture")
    if kde is not None:
        ax.plot(x, np.exp(kde.score_samples(x[:, None])), "--", color="#666666", label="kernel density")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)


def _contours(ax: Axes, mixture: Any, rows: Any) -> None:
    low, high = _limits(mixture, rows)
    x, y = np.meshgrid(*(np.linspace(a, b, _GRID) for a, b in zip(low, high, strict=True)))
    density = mixture.log_pdf(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    # A region of highest density that holds a share of the probability ends at that quantile of its draws.
    own = mixture.log_pdf(mixture.sample(_DRAWN, 0)[0])
    levels = np.unique(np.quantile(own, 1.0 - np.array(_SHARES)))
    top = max(float(density.max()), float(levels[-1])) + 1e-9
    ax.contourf(x, y, density, levels=[*levels, top], cmap="Blues", alpha=0.7)
    ax.contour(x, y, density, levels=levels, colors="#08519c", linewidths=0.6, linestyles="solid")
    if rows is not None:
        points(ax, rows, sizes=np.full(len(rows), 10.0))
