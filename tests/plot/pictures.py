"""One small picture of each display, as it has to look.

`python -m tests.plot.pictures` draws `tests/plot/baseline/` anew, after a change that is meant to be seen.
Look at every picture before you commit it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.legend import Legend
from matplotlib.text import Text

from mixtura import (
    GaussianMixture,
    KMeans,
    Mixture,
    MixtureClassifier,
    MixtureOutlierDetector,
    MixtureSelector,
    datasets,
)
from mixtura.plot import (
    ClassifierDisplay,
    DensityDisplay,
    KMeansDisplay,
    MixtureDisplay,
    OutlierDisplay,
    SelectionDisplay,
    TraceDisplay,
    image_grid,
)

BASELINE = Path(__file__).parent / "baseline"
_STYLE: dict[str, Any] = {"figure.figsize": (4.0, 3.0), "figure.dpi": 80, "savefig.dpi": 80}

TWO = Mixture(
    [0.6, 0.4], [[0.0, 0.0], [4.0, 1.0]], [[[1.0, 0.6], [0.6, 1.0]], [[0.5, 0.0], [0.0, 2.0]]], "full"
)
THREE = Mixture(
    [0.5, 0.3, 0.2], np.diag([4.0, -3.0, 5.0]), [[1.0, 2.0, 0.5], [2.0, 1.0, 1.0], [0.5, 1.0, 2.0]], "diag"
)
MANY = 30_000


def _rows(mixture: Mixture, n: int) -> Any:
    return mixture.sample(n, 0)[0]


def _classifier(d: int) -> tuple[MixtureClassifier, Any, Any]:
    X, y = TWO.sample(150, 1)
    return MixtureClassifier(1, random_state=0).fit(X[:, :d], y), X[:, :d], y


def _selector() -> MixtureSelector:
    # So few rows that some candidates are loose.
    selector = MixtureSelector(n_components=range(1, 5), covariance_type=["full", "tied"], random_state=0)
    return selector.fit(_rows(TWO, 15))


def _kmeans() -> Any:
    X = _rows(TWO, 150)
    return KMeansDisplay.from_estimator(KMeans(3, random_state=0).fit(X), X)


def _outliers(**how: Any) -> Any:
    X = np.concatenate([_rows(TWO, 150), [[9.0, -6.0], [-5.0, 5.0]]])
    return OutlierDisplay.from_estimator(MixtureOutlierDetector(2, random_state=0).fit(X), X, **how)


def _clusters() -> Any:
    return MixtureDisplay.from_estimator(THREE, _rows(THREE, 60), features=(0, 1), clusters=[0, 1, 0])


def _trace() -> Any:
    faithful = datasets.load_faithful().data
    model = GaussianMixture(2, init_params="kmeans", acceleration=None, random_state=0).fit(faithful)
    return TraceDisplay.from_estimator(model)


def _classes(d: int, **how: Any) -> Any:
    classifier, X, y = _classifier(d)
    return ClassifierDisplay.from_estimator(classifier, X, y, **how)


def _images() -> Any:
    # 20 cells by 15, of 16 dots each: versions of matplotlib differ in what they do with parts of dots.
    ax = plt.figure().add_axes((0.0, 0.0, 1.0, 1.0))
    return image_grid(np.arange(198.0).reshape(11, 18) % 7, (3, 6), n_columns=3, ax=ax)


PICTURES: dict[str, Callable[[], Any]] = {
    "mixture": lambda: MixtureDisplay.from_estimator(TWO, _rows(TWO, 100)),
    "mixture_raster": lambda: MixtureDisplay.from_estimator(TWO, _rows(TWO, MANY)),
    "mixture_clusters": lambda: MixtureDisplay.from_estimator(
        THREE, _rows(THREE, 60), features=(0, 1), clusters=[0, 1, 0]
    ),
    "mixture_grid": lambda: MixtureDisplay.from_estimator(THREE, _rows(THREE, 60)),
    "density_line": lambda: DensityDisplay.from_estimator(TWO, _rows(TWO, 300), features=0),
    "density_plane": lambda: DensityDisplay.from_estimator(TWO, _rows(TWO, 60)),
    "selection_curves": lambda: SelectionDisplay.from_estimator(_selector()),
    "selection_bars": lambda: SelectionDisplay.from_estimator(_selector(), kind="bars"),
    "kmeans": _kmeans,
    "outliers": _outliers,
    "outliers_feature": lambda: _outliers(feature=0),
    "trace": _trace,
    "classifier_line": lambda: _classes(1),
    "classifier_plane": lambda: _classes(2),
    "classifier_regions": lambda: _classes(2, response_method="predict"),
    "images": _images,
}


def draw(name: str, path: Path) -> None:
    """Draw a picture without words, which fonts and their renderers draw differently."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        display = PICTURES[name]()
        figure = display.figure if hasattr(display, "figure") else display.figure_
        figure.set_size_inches(*_STYLE["figure.figsize"])
        for legend in figure.findobj(Legend):
            legend.remove()
        for text in figure.findobj(Text):
            text.set_visible(False)
        figure.savefig(path, metadata={"Software": None})
        plt.close(figure)


def main() -> None:
    BASELINE.mkdir(exist_ok=True)
    for old in BASELINE.glob("*.png"):
        old.unlink()
    for name in PICTURES:
        draw(name, BASELINE / f"{name}.png")


if __name__ == "__main__":
    main()
