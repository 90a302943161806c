"""Draws docs/pictures/faithful.png: Old Faithful, its density, and the mixture that BIC chooses.

Run by `python docs/pictures/faithful.py [OTHER_FILE]`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.patches import Ellipse

from mixtura import GaussianMixture, datasets

COLOURS = ("#0072b2", "#d55e00", "#009e73")


def main() -> None:
    """Fit and draw."""
    faithful = datasets.load_faithful()
    X = faithful.data
    model = GaussianMixture(3, covariance_type="tied", n_init=10, tol=1e-6, random_state=0).fit(X)
    # From short eruptions to long ones, so that the legend reads like the picture.
    order = np.argsort(model.means_[:, 0])
    labels, certainty = model.predict(X), model.predict_proba(X).max(axis=1)

    x, y = np.meshgrid(np.linspace(1.2, 5.6, 300), np.linspace(38, 102, 300))
    density = model.mixture_.pdf(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)

    figure, axes = plt.subplots(figsize=(7.2, 4.6), layout="constrained")
    axes.contourf(x, y, density, levels=np.linspace(0, density.max(), 13)[1:], cmap="Greys", alpha=0.6)
    values, vectors = np.linalg.eigh(model.covariances_)
    angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1]))
    for colour, k in zip(COLOURS, order, strict=True):
        rows = labels == k
        axes.scatter(*X[rows].T, s=34 * certainty[rows] ** 2, color=colour, edgecolor="white", linewidth=0.5)
        axes.plot(*model.means_[k], "X", color=colour, markersize=11, markeredgecolor="black", zorder=5)
        for sigma in (1, 2):
            axes.add_patch(
                Ellipse(
                    model.means_[k],
                    *(2 * sigma * np.sqrt(values[::-1])),
                    angle=angle,
                    fill=False,
                    color=colour,
                    linewidth=1.6 / sigma,
                    label=f"{model.weights_[k]:.0%} of the eruptions" if sigma == 1 else None,
                )
            )
    axes.set(
        xlabel="duration of the eruption (minutes)",
        ylabel="waiting time to the next (minutes)",
        title="Old Faithful: three groups of one shape (tied), the choice of BIC",
        xlim=(1.2, 5.6),
        ylim=(38, 102),
    )
    axes.legend(loc="upper left", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png"), dpi=130)


if __name__ == "__main__":
    main()
