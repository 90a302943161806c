"""`KMeansDisplay`: clusters of k-means, and the circle that each centre needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from mixtura.plot.canvas import Display, axes_or_new, colour_of, points
from mixtura.plot.fits import feature_names, require, rows_of, two_features

__all__ = ["KMeansDisplay"]


class KMeansDisplay(Display):
    """Rows in two features, coloured by cluster, centres, and circles to the farthest member.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    radii_ : ndarray of shape (n_clusters,)
    """

    def __init__(self, ax: Axes, radii: npt.NDArray[np.float64]) -> None:
        super().__init__(ax)
        self.radii_ = radii

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: npt.ArrayLike,
        *,
        features: Sequence[int | str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw fitted clusters.

        Parameters
        ----------
        estimator : KMeans
        X : array-like or data frame of shape (n_samples, n_features)
        features : two of int or str, optional
            Which features to draw; needed where there are more than two.
        ax : matplotlib Axes, optional

        Returns
        -------
        KMeansDisplay

        Raises
        ------
        NotFittedError
        InputError
            If two features have to be chosen, one does not exist, or X has other columns than the fit.
        """
        require(estimator, "cluster_centers_", "KMeans")
        centers = np.asarray(estimator.cluster_centers_, dtype=np.float64)
        names = feature_names(estimator, centers.shape[1])
        pair = two_features(features, names)
        rows = rows_of(estimator, X, names)[:, pair]
        labels = estimator.predict(X)
        ax = axes_or_new(ax)
        points(ax, rows, groups=labels)
        radii = np.zeros(len(centers))
        for k, centre in enumerate(centers[:, pair]):
            own = rows[labels == k]
            radii[k] = np.linalg.norm(own - centre, axis=1).max() if len(own) else 0.0
            circle = Circle((centre[0], centre[1]), radii[k], facecolor=colour_of(k), alpha=0.15, zorder=1)
            ax.add_patch(circle)
            ax.plot(*centre, "X", color=colour_of(k), markeredgecolor="black", markersize=9, zorder=4)
        ax.set_aspect("equal", adjustable="datalim")
        ax.autoscale_view()
        ax.set(xlabel=names[pair[0]], ylabel=names[pair[1]])
        return cls(ax, radii)
