"""`OutlierDisplay`: how strange each row is, and where the threshold lies."""

from __future__ import annotations

from numbers import Real
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from mixtura._typing import FloatArray
from mixtura.errors import InputError
from mixtura.plot.canvas import MOST_POINTS, Display, axes_or_new, raster
from mixtura.plot.fits import feature_names, feature_numbers, require, rows_of

__all__ = ["OutlierDisplay"]

_ORDINARY: dict[str, Any] = {"color": "#0072b2", "marker": ".", "markersize": 4, "alpha": 0.6}
_OUTLIER: dict[str, Any] = {"color": "#d55e00", "marker": "o", "markersize": 6}


class OutlierDisplay(Display):
    """Log-density of each row against a feature, with the threshold below which it is an outlier.

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

        Raises
        ------
        NotFittedError
        InputError
            If there is no threshold, the feature does not exist, or X has other columns than the fit.
        """
        require(estimator, "score_samples", "MixtureOutlierDetector or mixture estimator")
        if threshold is None:
            threshold = getattr(estimator, "offset_", None)
        if threshold is None:
            msg = f"{type(estimator).__name__} has no threshold of its own: give one, as threshold=-9.0"
            raise InputError(msg)
        if not isinstance(threshold, Real) or not np.isfinite(threshold):
            msg = f"threshold must be a finite number, in nats, but got {threshold!r}"
            raise InputError(msg)
        d = int(estimator.n_features_in_)
        names = feature_names(estimator, d)
        if feature is None and d == 1:
            feature = 0
        if feature is None:
            rows = rows_of(estimator, X, names)
            x: FloatArray = np.arange(len(rows), dtype=np.float64)
            label = "row"
        else:
            (j,) = feature_numbers(feature, names, 1, 1, "feature")
            rows = rows_of(estimator, X, names)
            x, label = rows[:, j], names[j]
        scores = np.asarray(estimator.score_samples(X))
        ax = axes_or_new(ax)
        strange = scores < threshold
        for held, style in ((~strange, _ORDINARY), (strange, _OUTLIER)):
            dots = np.column_stack([x[held], scores[held]])
            if len(dots) > MOST_POINTS:
                raster(ax, dots, style["color"])
                dots = dots[:0]
            ax.plot(dots[:, 0], dots[:, 1], linestyle="none", **style)
        ax.get_lines()[-1].set_label(f"{int(strange.sum())} outliers")
        ax.axhline(threshold, color="black", linestyle="--", linewidth=1, label=f"threshold {threshold:.3g}")
        ax.set(xlabel=label, ylabel="log-density (nats)")
        ax.legend(frameon=False, loc="best" if len(scores) <= MOST_POINTS else "lower right")
        return cls(ax)
