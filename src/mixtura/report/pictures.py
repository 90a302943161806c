"""The pictures of a report: displays as PNG within the page, the same bytes for the same fit."""

from __future__ import annotations

import warnings
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mixtura._typing import Float64Array, FloatArray
from mixtura.plot import (
    DensityDisplay,
    MixtureDisplay,
    OutlierDisplay,
    SelectionDisplay,
    TraceDisplay,
)
from mixtura.plot.canvas import colour_of, is_crowded, name_axes
from mixtura.report.columns import telling_pair
from mixtura.report.grid import share
from mixtura.report.subject import Subject

__all__ = ["Picture", "certainty_picture", "model_pictures", "outlier_picture", "selection_picture"]
__all__ += ["trace_picture"]

_SIZE = (6.2, 4.1)
_DPI = 170
_TOLD = 6
_BINS = 25
_FEWEST_BARS, _MOST_BARS = 10, 80


@dataclass(frozen=True)
class Picture:
    """A picture, its text for those who do not see it, and the line below.

    Attributes
    ----------
    source : str
        PNG as a data URI.
    alt, caption : str
    width, height : int
        In pixels.
    """

    source: str
    alt: str
    caption: str
    width: int
    height: int


def _drawn(draw: Callable[[Axes], object], alt: str, caption: str) -> Picture:
    # The reader's own style has no say: the same fit is to give the same bytes.
    with style.context("default"), warnings.catch_warnings():
        # Letters that matplotlib's font lacks are boxes on an axis, but stand in the caption.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure.subplots())
        stream = BytesIO()
        figure.savefig(stream, format="png", dpi=_DPI, metadata={"Software": None})
    source = f"data:image/png;base64,{b64encode(stream.getvalue()).decode()}"
    width, height = (round(inches * _DPI) for inches in _SIZE)
    return Picture(source, alt, caption, width, height)


def model_pictures(subject: Subject, rows: FloatArray) -> list[Picture]:
    """Draw ellipses in two columns where there are so many, and the density where there are no more."""
    mixture, names, pictures = subject.mixture, subject.names, []
    d = mixture.n_features
    if d > 1:
        pair = (0, 1) if d == 2 else telling_pair(mixture)
        x, y = (names[j] for j in pair)
        where = "; ".join(
            f"component {k} ({share(float(mixture.weights[k]))}) at "
            f"{mixture.means[k, pair[0]]:.4g}, {mixture.means[k, pair[1]]:.4g}"
            for k in range(min(mixture.n_components, _TOLD))
        )
        points = "the smaller a point, the less sure its component"
        if is_crowded(len(rows)):
            points = "where it is darker, there are more rows"
        why = ""
        if d > 2 and mixture.n_components > 1:
            why = f" Of the {d} columns, these two tell the components apart best."
        pictures.append(
            _drawn(
                lambda ax: MixtureDisplay.from_estimator(mixture, rows, features=pair, ax=ax),
                f"Rows of the data with {x} to the right and {y} upwards, and ellipses: {where}.",
                f"{x} and {y}: crosses are means, ellipses 1, 2 and 3 standard deviations of a component; "
                f"{points}.{why}",
            )
        )
    if d <= 2:
        over = " and ".join(names)
        what = "a histogram of the rows, the density, and the share of each component"
        if d == 2:
            what = "filled contours hold 20, 40, 60, 80, 95 and 99 % of the probability"
        pictures.append(
            _drawn(
                lambda ax: DensityDisplay.from_estimator(mixture, rows, bins=_bars(rows), ax=ax),
                f"Density of the mixture over {over}, with the rows of the data.",
                f"Density over {over}: {what}.",
            )
        )
    return pictures


def _bars(rows: FloatArray) -> int:
    """Return how many bars a histogram has: NumPy's own rules have no limit where a row is far away."""
    return int(np.clip(np.sqrt(len(rows)), _FEWEST_BARS, _MOST_BARS))


def selection_picture(subject: Subject) -> Picture | None:
    """Draw the criterion of all candidates, if there are several."""
    compared = subject.comparison
    if compared is None or len(compared.table["n_components"]) < 2:
        return None
    best = compared.best_index
    structure, k = compared.table["covariance_type"][best], compared.table["n_components"][best]
    return _drawn(
        lambda ax: SelectionDisplay.from_estimator(compared, ax=ax),
        "Criterion over the number of components, a curve a covariance structure; the star is on "
        f"{k} {structure}.",
        "The criterion of every candidate: the star is the one that was chosen, hollow points say nothing of "
        "the data.",
    )


def certainty_picture(
    subject: Subject, certainty: Float64Array, weight: Float64Array | None
) -> Picture | None:
    """Draw how the certainties of rows are distributed, if there is more than one component to be sure of."""
    if subject.mixture.n_components == 1:
        return None

    def draw(ax: Axes) -> None:
        total = float(len(certainty) if weight is None else weight.sum())
        shares = np.full(len(certainty), 1.0 / total) if weight is None else weight / total
        ax.hist(
            certainty, bins=_BINS, range=(0.0, 1.0), weights=shares, color=colour_of(0), edgecolor="white"
        )
        ax.spines[["top", "right"]].set_visible(False)
        ax.set(xlim=(0.0, 1.0))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        name_axes(ax, x="probability of a row's own component", y="share of rows")

    sure = float(np.average(certainty >= 0.9, weights=weight))
    return _drawn(
        draw,
        f"Histogram of the probability of each row's own component: {share(sure)} are at least 0.9.",
        "How sure the assignments are: the further to the right, the surer.",
    )


def outlier_picture(subject: Subject, rows: FloatArray) -> Picture | None:
    """Draw the log-density of rows with the threshold of a detector."""
    detector = subject.detector
    if detector is None:
        return None

    def draw(ax: Axes) -> None:
        # The model within has no names of columns.
        OutlierDisplay.from_estimator(detector.estimator_, rows, threshold=detector.offset_, ax=ax)
        if rows.shape[1] == 1:
            name_axes(ax, x=subject.names[0])

    return _drawn(
        draw,
        f"Log-density of each row, and the threshold of {detector.offset_:.4g} below which it is an outlier.",
        f"Log-density of each row: outliers are those below {detector.offset_:.4g} nats.",
    )


def trace_picture(subject: Subject) -> Picture | None:
    """Draw how the fit rose, if there is a record of it."""
    trace = subject.trace
    if len(trace) < 2:
        return None
    return _drawn(
        lambda ax: TraceDisplay.from_estimator(subject.fit, ax=ax),
        f"Log-likelihood a row after each of {len(trace) - 1} passes, from {trace[0]:.5g} to "
        f"{trace[-1]:.5g} nats.",
        "The log-likelihood pass by pass; a fit that has converged ends flat.",
    )
