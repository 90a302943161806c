"""`OutlierDisplay`: how strange each row is, and where the threshold lies."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from mixtura.errors import InputError
from mixtura.plot.canvas import Display, axes_or_new, feature_names, is_crowded, name_axes, points

__all__ = ["OutlierDisplay"]

_ORDINARY, _OUTLIER = "#0072b2", "#d55e00"
# So many outliers are drawn large.
_FEW = 100


class OutlierDisplay(Display):
    """Log-density of each row against a feature, with the threshold below which it is an outlier.

    Of more than 20 000 rows, those that are no outliers are drawn as a raster of counts.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: npt.ArrayLike,
        *,
        threshold: float | None = None,
        feature: int | str | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the log-density of rows.

        Parameters
        ----------
        estimator : MixtureOutlierDetector, or any mixture with `score_samples`
        X : array-like or data frame of shape (n_samples, n_features)
        threshold : float, optional
            In nats; the detector's `offset_` if None. Needed for what is no detector.
        feature : int or str, optional
            What the horizontal axis shows: the only feature there is, or the number of the row if None.
        ax : matplotlib Axes, optional

        Returns
        -------
        OutlierDisplay
        """
        scores = np.asarray(estimator.score_samples(X))
        if threshold is None:
            threshold = getattr(estimator, "offset_", None)
        if threshold is None:
            msg = f"{type(estimator).__name__} has no threshold of its own: give one, as threshold=-9.0"
            raise InputError(msg)
        values = np.asarray(X)
        names = feature_names(estimator, values.shape[1])
        if feature is None and values.shape[1] == 1:
            feature = 0
        if feature is None:
            x, label = np.arange(len(scores)), "row"
        else:
            j = names.index(feature) if isinstance(feature, str) and feature in names else feature
            if not isinstance(j, (int, np.integer)) or not 0 <= j < len(names):
                msg = f"feature must be one of {names}, by name or number, but got {feature!r}"
                raise InputError(msg)
            x, label = values[:, j], names[j]
        ax = axes_or_new(ax)
        strange = scores < threshold
        if is_crowded(len(scores)):
            points(ax, np.column_stack([x[~strange], scores[~strange]]))
        else:
            ax.plot(x[~strange], scores[~strange], ".", color=_ORDINARY, markersize=4, alpha=0.6)
        n = int(strange.sum())
        size = 6 if n <= _FEW else 3
        ax.plot(x[strange], scores[strange], "o", color=_OUTLIER, markersize=size, label=f"{n} outliers")
        ax.axhline(threshold, color="black", linestyle="--", linewidth=1, label=f"threshold {threshold:.3g}")
        name_axes(ax, x=label, y="log-density (nats)")
        if feature is None:
            ax.ticklabel_format(axis="x", style="plain")
        if is_crowded(len(scores)):
            ax.legend(loc="lower left", framealpha=0.9)
        else:
            ax.legend(frameon=False)
        return cls(ax)
