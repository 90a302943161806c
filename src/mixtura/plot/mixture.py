"""`MixtureDisplay`: components as ellipses over the rows, sized by how sure their labels are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from mixtura._typing import Float64Array, FloatArray, IntArray
from mixtura.data.names import listed
from mixtura.errors import InputError
from mixtura.merging import Merging
from mixtura.plot.canvas import MOST_POINTS, Display, axes_or_new, name_axes, points, summed
from mixtura.plot.curves import filled_curves, histogram, reach
from mixtura.plot.ellipses import check_sigmas, draw_ellipses
from mixtura.plot.fits import feature_names, feature_numbers, fitted_mixture, rows_of
from mixtura.plot.grid import pair_grid

__all__ = ["MixtureDisplay"]

# The area of a point that is sure of its component, in points squared; it shrinks with the square of p.
_SURE = 50.0
# More points than these have less room each.
_FEW = 500
_SMALLEST = 5.0
_MOST_FEATURES = 6
# A panel of a grid has less room for points, and less need of steps.
_MOST_IN_PANEL = 5_000
_SMALLER = 0.25
_STEPS = 200


class MixtureDisplay(Display):
    """Rows in two features, coloured by component, and ellipses of 1, 2 and 3 sigma; or a grid of pairs.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Of a grid, the empty axes that bound it: their title is that of the grid.
    axes_ : ndarray of matplotlib Axes
        Of a grid of m features, of shape (m, m): entry (i, j) shows feature j to the right and feature i
        upwards, (i, i) the density of feature i, and above the diagonal is None. Otherwise of shape (1, 1).
    figure_ : matplotlib Figure
    ellipses_ : list of matplotlib Ellipse
        For each panel below the diagonal, row by row, for each component, one a sigma.
    """

    def __init__(self, ax: Axes, axes: npt.NDArray[Any], ellipses: list[Any]) -> None:
        super().__init__(ax)
        self.axes_ = axes
        self.ellipses_ = ellipses

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: npt.ArrayLike | None = None,
        *,
        features: Sequence[int | str] | None = None,
        clusters: Merging | npt.ArrayLike | None = None,
        sigmas: Sequence[float] = (1.0, 2.0, 3.0),
        certainty: bool = True,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a fitted mixture.

        In two features as one picture. In three to six as a grid: below the diagonal each pair of features,
        on it the histogram of each, its density, and what each component has of it. Ellipses and densities
        are those of the components' marginal distributions; colours and sizes of points tell of the whole.

        Parameters
        ----------
        estimator : GaussianMixture, MixtureSelector, MixtureOutlierDetector or Mixture
        X : array-like or data frame of shape (n_samples, n_features), optional
            Rows to draw below; a raster of counts where there are more than 20 000, or 5 000 in a grid.
        features : two to six of int or str, optional
            Which features to draw; needed where there are more than six.
        clusters : Merging or array-like of int of shape (n_components,), optional
            The cluster of each component, as `Mixture.merge` gives them: what has one colour. Each component
            is one if None.
        sigmas : sequence of float
            Radii of the ellipses, in standard deviations.
        certainty : bool
            Whether the area of a point is 50 p², p the probability of its component or cluster. It is less
            where there are more than 500 rows, and a quarter in a grid.
        ax : matplotlib Axes, optional
            A grid takes the room of these axes, and needs axes that have a place in a grid of their figure,
            such as those of `plt.subplots`.

        Returns
        -------
        MixtureDisplay

        Raises
        ------
        NotFittedError
        InputError
            If features have to be chosen, one does not exist, X has other columns than the fit, or there is
            not one cluster a component.

        Examples
        --------
        >>> from mixtura import GaussianMixture, datasets
        >>> from mixtura.plot import MixtureDisplay
        >>> diabetes = datasets.load_diabetes()
        >>> model = GaussianMixture(3, random_state=0).fit(diabetes.data)
        >>> MixtureDisplay.from_estimator(model, diabetes.data).axes_.shape
        (3, 3)
        """
        mixture = fitted_mixture(estimator)
        names = feature_names(estimator, mixture.n_features)
        chosen = _chosen(features, names, mixture)
        radii = check_sigmas(sigmas)
        groups = _groups(clusters, mixture.n_components)
        shown = mixture.marginal(chosen)
        whole = None if X is None else rows_of(estimator, X, names)
        rows = None if whole is None else whole[:, chosen]
        most = MOST_POINTS if len(chosen) == 2 else _MOST_IN_PANEL
        labels, sizes = None, None
        if whole is not None and len(whole) <= most:
            p = summed(mixture.posterior(whole), groups)
            labels = p.argmax(axis=1)
            area = max(_SMALLEST, _SURE * min(1.0, _FEW / len(p)))
            sizes = area * (p.max(axis=1) ** 2 if certainty else np.full(len(p), 0.5))
        ellipses: list[Any] = []
        if len(chosen) == 2:
            ax = axes_or_new(ax)
            if rows is not None:
                points(ax, rows, groups=labels, sizes=sizes)
            ellipses += draw_ellipses(ax, shown, radii, groups=groups)
            ax.autoscale_view()
            name_axes(ax, x=names[chosen[0]], y=names[chosen[1]])
            return cls(ax, np.array([[ax]], dtype=object), ellipses)

        low, high = _box(shown, rows, max(radii, default=1.0))

        def draw_one(panel: Axes, i: int) -> None:
            if rows is not None:
                histogram(panel, rows[:, i])
            one = shown.marginal([i])
            x = np.linspace(low[i], high[i], _STEPS)
            density = one.pdf(x)
            parts = summed(one.posterior(x), groups) * density[:, None]
            filled_curves(panel, x, parts, [None] * parts.shape[1])
            panel.plot(x, density, color="black", linewidth=1.0)
            panel.set_ylim(bottom=0)

        def draw_two(panel: Axes, i: int, j: int) -> None:
            if rows is not None:
                small = None if sizes is None else _SMALLER * sizes
                points(panel, rows[:, [i, j]], groups=labels, sizes=small, most=_MOST_IN_PANEL)
            ellipses.extend(draw_ellipses(panel, shown.marginal([i, j]), radii, groups=groups, marker=6.0))

        ax, axes = pair_grid(ax, [names[f] for f in chosen], (low, high), draw_one, draw_two)
        return cls(ax, axes, ellipses)


def _chosen(features: Any, names: Sequence[str], mixture: Any) -> list[int]:
    """Return the numbers of the features to draw."""
    d = len(names)
    if features is None and 2 <= d <= _MOST_FEATURES:
        return list(range(d))
    if d == 1:
        msg = "ellipses need two features, but the fit has one feature: use DensityDisplay"
        raise InputError(msg)
    if features is None:
        # Those whose means lie farthest apart, in units of the spread around them.
        within = mixture.weights @ np.diagonal(mixture.expanded_covariances(), axis1=1, axis2=2)
        ratio = np.diagonal(mixture.covariance()) / within
        best = np.sort(np.argsort(-ratio, kind="stable")[:4])
        named = any(name != f"x{j}" for j, name in enumerate(names))
        some = [names[j] for j in best] if named else best.tolist()
        msg = (
            f"a grid has room for {_MOST_FEATURES} features, but the fit has {d} features: choose two to "
            f"six, such as features={some}, which set the components apart most, of {listed(names)}"
        )
        raise InputError(msg)
    return feature_numbers(features, names, 2, _MOST_FEATURES)


def _groups(clusters: Any, k: int) -> IntArray:
    """Return the number of the cluster of each component."""
    if clusters is None:
        return np.arange(k)
    numbers = np.asarray(clusters.clusters if isinstance(clusters, Merging) else clusters)
    if numbers.shape != (k,) or numbers.dtype.kind not in "iu" or numbers.min() < 0:
        msg = (
            f"clusters must be a Merging of this mixture, or a number from 0 for each of its {k} components, "
            f"but got {clusters!r}"
        )
        raise InputError(msg)
    return numbers.astype(np.int64)


def _box(mixture: Any, rows: FloatArray | None, sigma: float) -> tuple[Float64Array, Float64Array]:
    """Return the corners of what holds the rows and the ellipses, and a margin."""
    low, high = reach(mixture, sigma)
    if rows is not None:
        low, high = np.minimum(low, rows.min(axis=0)), np.maximum(high, rows.max(axis=0))
    margin = 0.03 * (high - low)
    return low - margin, high + margin
