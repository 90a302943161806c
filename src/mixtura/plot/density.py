"""`DensityDisplay`: a mixture as a density, over one feature or two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from mixtura.plot.canvas import Display, axes_or_new, points
from mixtura.plot.curves import filled_curves, histogram, limits
from mixtura.plot.fits import feature_names, fitted_mixture, one_or_two_features, rows_of

__all__ = ["DensityDisplay"]

_STEPS = 400
_GRID = 200
# Contours hold these shares of the probability.
_SHARES = (0.99, 0.95, 0.8, 0.6, 0.4, 0.2)
_DRAWN = 20_000
_POINT = 10.0
_MOST_NAMED = 8  # components in a legend


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
        features: int | str | Sequence[int | str] | None = None,
        kde: Any = None,
        bins: Any = "auto",
        ax: Axes | None = None,
    ) -> Self:
        """Draw the density of a fitted mixture over one or two features.

        In one feature: a histogram of X, the density, and the share of each component as a filled curve. In
        two: filled contours that hold 20, 40, 60, 80, 95 and 99 % of the probability, and the rows of X.

        Parameters
        ----------
        estimator : GaussianMixture, MixtureSelector, MixtureOutlierDetector or Mixture
        X : array-like or data frame of shape (n_samples, n_features), optional
        features : int, str, or one or two of them, optional
            Over which features; needed where there are more than two. The density is then that of these
            features alone, as `Mixture.marginal` gives it.
        kde : fitted sklearn KernelDensity, optional
            Drawn beside, in one feature.
        bins : int, str or sequence
            As NumPy's histogram takes them; "auto" makes at most 200.
        ax : matplotlib Axes, optional

        Returns
        -------
        DensityDisplay

        Raises
        ------
        NotFittedError
        InputError
            If features have to be chosen, one does not exist, or X has other columns than the fit.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> from mixtura.plot import DensityDisplay
        >>> mixture = Mixture([1.0], [[0.0, 1.0, 2.0]], [1.0], "spherical", feature_names=["a", "b", "c"])
        >>> DensityDisplay.from_estimator(mixture, features="b").ax_.get_xlabel()
        'b'
        """
        mixture = fitted_mixture(estimator)
        names = feature_names(estimator, mixture.n_features)
        chosen = one_or_two_features(features, names, "a density")
        rows = None if X is None else rows_of(estimator, X, names)[:, chosen]
        shown = mixture.marginal(chosen)
        ax = axes_or_new(ax)
        if len(chosen) == 1:
            _curve(ax, shown, rows, kde, bins)
            ax.set(xlabel=names[chosen[0]], ylabel="density")
        else:
            _contours(ax, shown, rows)
            ax.set(xlabel=names[chosen[0]], ylabel=names[chosen[1]])
        return cls(ax)


def _curve(ax: Axes, mixture: Any, rows: Any, kde: Any, bins: Any) -> None:
    low, high = limits(mixture, rows)
    x = np.linspace(low[0], high[0], _STEPS)
    density = mixture.pdf(x)
    if rows is not None:
        histogram(ax, rows[:, 0], bins)
    labels = [
        f"{weight:.0%} at {mean:.3g}" if mixture.n_components <= _MOST_NAMED else None
        for weight, mean in zip(mixture.weights, mixture.means[:, 0], strict=True)
    ]
    filled_curves(ax, x, mixture.posterior(x) * density[:, None], labels)
    ax.plot(x, density, color="black", linewidth=1.6, label="mixture")
    if kde is not None:
        ax.plot(x, np.exp(kde.score_samples(x[:, None])), "--", color="#666666", label="kernel density")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)


def _contours(ax: Axes, mixture: Any, rows: Any) -> None:
    low, high = limits(mixture, rows)
    x, y = np.meshgrid(*(np.linspace(a, b, _GRID) for a, b in zip(low, high, strict=True)))
    density = mixture.log_pdf(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    # A region of highest density that holds a share of the probability ends at that quantile of its draws.
    own = mixture.log_pdf(mixture.sample(_DRAWN, 0)[0])
    levels = np.unique(np.quantile(own, 1.0 - np.array(_SHARES)))
    top = max(float(density.max()), float(levels[-1])) + 1e-9
    ax.contourf(x, y, density, levels=[*levels, top], cmap="Blues", alpha=0.7)
    ax.contour(x, y, density, levels=levels, colors="#08519c", linewidths=0.6, linestyles="solid")
    if rows is not None:
        points(ax, rows, sizes=_POINT)
