"""`ClassifierDisplay`: regions of classes, the densities they come from, and the rows that come out wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from sklearn.utils.validation import check_is_fitted, column_or_1d

from mixtura._typing import Float64Array, FloatArray, IntArray
from mixtura.classifier import MixtureClassifier
from mixtura.data.names import listed
from mixtura.errors import InputError
from mixtura.mixture import Mixture
from mixtura.plot.canvas import (
    MOST_POINTS,
    Display,
    axes_or_new,
    colour_of,
    colours_of,
    name_axes,
    points,
    raster,
    summed,
)
from mixtura.plot.curves import filled_curves, histogram_of_groups, limits
from mixtura.plot.ellipses import check_sigmas, draw_ellipses
from mixtura.plot.fits import feature_names, one_or_two_features, rows_of

__all__ = ["ClassifierDisplay"]

_METHODS = ("predict_proba", "predict")
_STEPS = 400
_GRID = 300
_PLAIN = 0.3  # how opaque a region is
_SURE, _DOUBTFUL = 0.5, 0.08
_WRONG, _MANY_WRONG = "black", "#c00000"


class ClassifierDisplay(Display):
    """The regions of the classes, their components, and rows by class with those that come out wrong.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    wrong_ : ndarray of int
        Numbers of the rows whose class is not the predicted one; none without y.
    """

    def __init__(self, ax: Axes, wrong: IntArray) -> None:
        super().__init__(ax)
        self.wrong_ = wrong

    @classmethod
    def from_estimator(
        cls,
        classifier: MixtureClassifier,
        X: npt.ArrayLike | None = None,
        y: npt.ArrayLike | None = None,
        *,
        features: int | str | Sequence[int | str] | None = None,
        response_method: str = "predict_proba",
        sigmas: Sequence[float] = (1.0, 2.0),
        ax: Axes | None = None,
    ) -> Self:
        """Draw a fitted classifier over one or two features.

        In two features: the region of each class in its colour, the borders between them, and ellipses of the
        components. In one: P(c) p(x | c) of each class, dashed lines at the borders, and histograms. Rows are
        points in the colour of their class, with a cross where the prediction is another; of more than
        20 000 a raster of counts, with a red one of those.

        Parameters
        ----------
        classifier : MixtureClassifier
        X : array-like or data frame of shape (n_samples, n_features), optional
        y : array-like of shape (n_samples,), optional
            The classes of the rows; the predicted ones if None.
        features : int, str, or one or two of them, optional
            Which features to draw; needed where there are more than two. Regions and densities are then
            those of the marginal distributions, that is of a classifier that knows only these features.
            Crosses mark what the classifier itself, with all features, gets wrong.
        response_method : {'predict_proba', 'predict'}
            Whether a region is the paler the less probable its class is, or of one shade.
        sigmas : sequence of float
            Radii of the ellipses, in standard deviations.
        ax : matplotlib Axes, optional

        Returns
        -------
        ClassifierDisplay

        Raises
        ------
        NotFittedError
        InputError
            If the classifier is none of mixtures, features have to be chosen, one does not exist, X has other
            columns than the fit, or y has another length or a class that the fit did not have.

        Examples
        --------
        >>> from sklearn.datasets import make_moons
        >>> from mixtura import MixtureClassifier
        >>> from mixtura.plot import ClassifierDisplay
        >>> X, y = make_moons(200, noise=0.3, random_state=0)
        >>> classifier = MixtureClassifier(2, random_state=0).fit(X, y)
        >>> display = ClassifierDisplay.from_estimator(classifier, X, y)
        >>> bool(len(display.wrong_) == (classifier.predict(X) != y).sum())
        True
        """
        if not isinstance(classifier, MixtureClassifier):
            msg = (
                f"classifier must be a MixtureClassifier, but is {type(classifier).__name__}: "
                "sklearn.inspection.DecisionBoundaryDisplay draws any"
            )
            raise InputError(msg)
        check_is_fitted(classifier, "estimators_")
        if response_method not in _METHODS:
            msg = f"response_method must be 'predict_proba' or 'predict', but got {response_method!r}"
            raise InputError(msg)
        radii = check_sigmas(sigmas)
        names = feature_names(classifier, classifier.n_features_in_)
        chosen = one_or_two_features(features, names, "a classifier")
        rows, codes, wrong = _rows_and_classes(classifier, X, y, names)
        mixture, classes = _of_classes(classifier, chosen)
        shown = None if rows is None else rows[:, chosen]
        ax = axes_or_new(ax)
        labels = map(str, classifier.classes_.tolist())
        handles = [_handle("s", colour_of(c), label) for c, label in enumerate(labels)]
        if y is not None:
            style = ("s", _MANY_WRONG) if len(chosen) == 2 and len(codes) > MOST_POINTS else ("x", _WRONG)
            handles.append(_handle(*style, f"wrong: {len(wrong)} of {len(codes)}"))
        if len(chosen) == 1:
            _line(ax, mixture, classes, shown, codes, wrong)
            name_axes(ax, x=names[chosen[0]], y="density of the class × its share")
        else:
            _plane(ax, mixture, classes, shown, codes, wrong, response_method, radii)
            name_axes(ax, x=names[chosen[0]], y=names[chosen[1]])
        # Beside the picture, which has no empty corner.
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        return cls(ax, wrong)


def _handle(marker: str, colour: str, label: str) -> Line2D:
    return Line2D([], [], linestyle="none", marker=marker, color=colour, label=label)


def _rows_and_classes(
    classifier: MixtureClassifier, X: Any, y: Any, names: Sequence[str]
) -> tuple[FloatArray | None, IntArray, IntArray]:
    """Return the rows, the number of the class of each, and which rows are predicted wrongly."""
    none = np.zeros(0, dtype=np.int64)
    if X is None:
        if y is not None:
            msg = "y was given without X: give the rows too"
            raise InputError(msg)
        return None, none, none
    rows = rows_of(classifier, X, names)
    classes = classifier.classes_
    predicted = np.searchsorted(classes, classifier.predict(X))
    if y is None:
        return rows, predicted, none
    labels = column_or_1d(y)
    if len(labels) != len(rows):
        msg = f"y must have one label a row, that is {len(rows)}, but has {len(labels)}"
        raise InputError(msg)
    known = np.isin(labels, classes)
    if not known.all():
        strange, fitted = labels[~known].tolist()[0], list(map(str, classes.tolist()))
        msg = f"y holds {strange!r}, which is no class of the fit: those are {listed(fitted)}"
        raise InputError(msg)
    codes = np.searchsorted(classes, labels)
    return rows, codes, np.flatnonzero(codes != predicted)


def _of_classes(classifier: MixtureClassifier, chosen: list[int]) -> tuple[Mixture, IntArray]:
    """Return the mixture of all classes in some features, and the class of each of its components."""
    parts = [model.mixture_.marginal(chosen) for model in classifier.estimators_]
    weights = np.concatenate([p * part.weights for p, part in zip(classifier.priors_, parts, strict=True)])
    means = np.concatenate([part.means for part in parts])
    covariances = np.concatenate([part.expanded_covariances() for part in parts])
    classes = np.repeat(np.arange(len(parts)), [part.n_components for part in parts])
    return Mixture(weights / weights.sum(), means, covariances, "full"), classes


def _probabilities(mixture: Mixture, classes: IntArray, X: Float64Array) -> Float64Array:
    """Return the probability of each class given each row, of shape (n, n_classes)."""
    return summed(mixture.posterior(X), classes)


def _line(
    ax: Axes, mixture: Mixture, classes: IntArray, rows: FloatArray | None, codes: IntArray, wrong: IntArray
) -> None:
    low, high = limits(mixture, rows)
    x = np.linspace(low[0], high[0], _STEPS)
    p = _probabilities(mixture, classes, x[:, None])
    parts = p * mixture.pdf(x)[:, None]
    n_classes = parts.shape[1]
    filled_curves(ax, x, parts, [None] * n_classes)
    for c in range(n_classes):
        ax.plot(x, parts[:, c], color=colour_of(c), linewidth=1.6)
    best = p.argmax(axis=1)
    for i in np.flatnonzero(best[1:] != best[:-1]):
        ax.axvline(0.5 * (x[i] + x[i + 1]), color="black", linestyle="--", linewidth=1)
    if rows is not None:
        histogram_of_groups(ax, rows[:, 0], codes, n_classes)
        at = np.full(len(wrong), 0.02)
        on = ax.get_xaxis_transform()
        ax.plot(rows[wrong, 0], at, "x", color=_WRONG, markersize=5, zorder=5, transform=on, rasterized=True)
    ax.set_ylim(bottom=0)


def _plane(
    ax: Axes,
    mixture: Mixture,
    classes: IntArray,
    rows: FloatArray | None,
    codes: IntArray,
    wrong: IntArray,
    response_method: str,
    sigmas: Sequence[float],
) -> None:
    low, high = limits(mixture, rows)
    x, y = (np.linspace(a, b, _GRID) for a, b in zip(low, high, strict=True))
    grid = np.column_stack([part.ravel() for part in np.meshgrid(x, y)])
    p = _probabilities(mixture, classes, grid).reshape(_GRID, _GRID, -1)
    best, sure = p.argmax(axis=2), p.max(axis=2)
    image = colours_of(best)
    doubt = (1.0 - sure) / (1.0 - 1.0 / p.shape[2]) if p.shape[2] > 1 else np.zeros_like(sure)
    image[..., 3] = _PLAIN if response_method == "predict" else _SURE + (_DOUBTFUL - _SURE) * doubt
    extent = (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    ax.imshow(image, origin="lower", extent=extent, aspect="auto", interpolation="nearest", zorder=0)
    for c in range(p.shape[2]):
        # How far the class leads: 0 at its border.
        lead = p[..., c] - np.delete(p, c, axis=2).max(axis=2, initial=0.0)
        if lead.min() < 0 < lead.max():
            ax.contour(x, y, lead, levels=[0.0], colors="black", linewidths=0.8, zorder=2)
    draw_ellipses(ax, mixture, sigmas, groups=classes, filled=False)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    if rows is None:
        return
    if len(rows) > MOST_POINTS:
        raster(ax, rows)
        if len(wrong):
            raster(ax, rows[wrong], _MANY_WRONG)
        return
    points(ax, rows, groups=codes)
    ax.plot(rows[wrong, 0], rows[wrong, 1], "x", color=_WRONG, markersize=6, zorder=5)
