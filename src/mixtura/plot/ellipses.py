"""Ellipses of a mixture in two features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from mixtura._typing import Float64Array, IntArray
from mixtura.errors import InputError
from mixtura.plot.canvas import colour_of

__all__ = ["check_sigmas", "draw_ellipses", "ellipse"]

_FAINT = 0.35


def check_sigmas(sigmas: Any) -> list[float]:
    """Return the radii of ellipses.

    Raises
    ------
    InputError
        If they are not finite numbers above 0.
    """
    try:
        radii = np.asarray(sigmas, dtype=np.float64)
    except (TypeError, ValueError):
        radii = np.array(np.nan)
    if radii.ndim != 1 or not (np.isfinite(radii) & (radii > 0)).all():
        msg = f"sigmas must be a list of finite numbers above 0, such as (1, 2, 3), but got {sigmas!r}"
        raise InputError(msg)
    return [float(radius) for radius in radii]


def draw_ellipses(
    ax: Axes,
    mixture: Any,
    sigmas: Sequence[float],
    *,
    groups: Sequence[int] | IntArray | None = None,
    filled: bool = True,
    marker: float = 9.0,
) -> list[Ellipse]:
    """Draw the components of a mixture of two features, the fainter the less weight they have.

    Parameters
    ----------
    ax : matplotlib Axes
    mixture : Mixture
        Of two features.
    sigmas : sequence of float
        Radii, in standard deviations.
    groups : sequence of int, optional
        What each component is coloured by; its number if None.
    filled : bool
        Whether ellipses are black on their colour, or curves of their colour.
    marker : float
        The size of a mean, in points.

    Returns
    -------
    list of matplotlib Ellipse
        For each component, one a sigma.
    """
    ellipses = []
    covariances = mixture.expanded_covariances()
    heaviest = mixture.weights.max()
    for k, weight in enumerate(mixture.weights):
        colour = colour_of(k if groups is None else groups[k])
        alpha = _FAINT * weight / heaviest
        for sigma in sigmas:
            edge = ellipse(mixture.means[k], covariances[k], sigma)
            edge.set(fill=False, edgecolor=colour, linewidth=2.0 / sigma, zorder=3)
            if filled:
                patch = ellipse(mixture.means[k], covariances[k], sigma)
                patch.set(facecolor=colour, alpha=alpha / len(sigmas) * 1.5, zorder=1)
                ax.add_patch(patch)
                edge.set(edgecolor="black", alpha=0.6, linewidth=1.0 / sigma)
            ax.add_patch(edge)
            ellipses.append(edge)
        x, y = mixture.means[k]
        (mean,) = ax.plot(x, y, "X", color=colour, markeredgecolor="black", markersize=marker, zorder=4)
        mean.set_markeredgewidth(marker / 9.0)
    return ellipses


def ellipse(centre: Float64Array, covariance: Float64Array, sigma: float) -> Ellipse:
    """Return the curve on which a two-dimensional normal is `sigma` standard deviations from its mean."""
    values, vectors = np.linalg.eigh(covariance)
    width, height = 2.0 * sigma * np.sqrt(np.maximum(values[::-1], 0.0))
    angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
    return Ellipse((float(centre[0]), float(centre[1])), float(width), float(height), angle=angle)
