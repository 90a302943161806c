"""`MixtureDisplay`: components as ellipses over the rows, sized by how sure their labels are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from mixtura._typing import Float64Array
from mixtura.plot.canvas import (
    Display,
    axes_or_new,
    colour_of,
    feature_names,
    fitted_mixture,
    is_crowded,
    name_axes,
    points,
    two_features,
)

__all__ = ["MixtureDisplay", "ellipse"]

# The area of a point that is sure of its component, in points squared; it shrinks with the square of p.
_SURE = 50.0
_FAINT = 0.35


class MixtureDisplay(Display):
    """Rows in two features, coloured by their component, and ellipses of 1, 2 and 3 sigma.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    ellipses_ : list of matplotlib Ellipse
        For each component, one a sigma.
    """

    def __init__(self, ax: Axes, ellipses: list[Ellipse]) -> None:
        super().__init__(ax)
        self.ellipses_ = ellipses

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: npt.ArrayLike | None = None,
        *,
        features: Sequence[int | str] | None = None,
        sigmas: Sequence[float] = (1.0, 2.0, 3.0),
        certainty: bool = True,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a fitted mixture.

        Parameters
        ----------
        estimator : GaussianMixture, MixtureSelector, MixtureOutlierDetector or Mixture
        X : array-like or data frame of shape (n_samples, n_features), optional
            Rows to draw below; a raster of counts where there are more than 20 000.
        features : two of int or str, optional
            Which features to draw; needed where there are more than two. Ellipses are then those of the
            components' marginal distributions.
        sigmas : sequence of float
            Radii of the ellipses, in standard deviations.
        certainty : bool
            Whether the area of a point is 50 p², p the probability of its component.
        ax : matplotlib Axes, optional

        Returns
        -------
        MixtureDisplay

        Raises
        ------
        NotFittedError
        InputError
            If two features have to be chosen.
        """
        mixture = fitted_mixture(estimator)
        names = feature_names(estimator, mixture.n_features)
        pair = two_features(features, names)
        ax = axes_or_new(ax)
        if X is not None:
            rows = mixture._rows(X)
            xy = np.ascontiguousarray(rows[:, pair])
            if is_crowded(len(rows)):
                points(ax, xy)
            else:
                p = mixture.posterior(rows)
                sizes = _SURE * p.max(axis=1) ** 2 if certainty else np.full(len(rows), 0.5 * _SURE)
                points(ax, xy, colours=[colour_of(k) for k in p.argmax(axis=1)], sizes=sizes)
        ellipses = []
        covariances = mixture.expanded_covariances()
        heaviest = mixture.weights.max()
        for k, weight in enumerate(mixture.weights):
            centre = mixture.means[k, list(pair)]
            alpha = _FAINT * weight / heaviest
            for sigma in sigmas:
                patch = ellipse(centre, covariances[k][np.ix_(pair, pair)], sigma)
                patch.set(facecolor=colour_of(k), alpha=alpha / len(sigmas) * 1.5, zorder=1)
                edge = ellipse(centre, covariances[k][np.ix_(pair, pair)], sigma)
                edge.set(fill=False, edgecolor="black", alpha=0.6, linewidth=1.0 / sigma, zorder=3)
                ax.add_patch(patch)
                ax.add_patch(edge)
                ellipses.append(edge)
            ax.plot(*centre, "X", color=colour_of(k), markeredgecolor="black", markersize=9, zorder=4)
        ax.autoscale_view()
        name_axes(ax, x=names[pair[0]], y=names[pair[1]])
        return cls(ax, ellipses)


def ellipse(centre: Float64Array, covariance: Float64Array, sigma: float) -> Ellipse:
    """Return the curve on which a two-dimensional normal is `sigma` standard deviations from its mean."""
    values, vectors = np.linalg.eigh(covariance)
    width, height = 2.0 * sigma * np.sqrt(np.maximum(values[::-1], 0.0))
    angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
    return Ellipse((float(centre[0]), float(centre[1])), float(width), float(height), angle=angle)
