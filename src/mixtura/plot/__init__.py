"""Pictures of mixtures, by scikit-learn's convention: `Display.from_estimator(estimator, X, ax=...)`.

Needs matplotlib: `pip install 'mixtura[plot]'`.
"""

from mixtura.plot import _matplotlib  # noqa: F401  (first)
from mixtura.plot.classes import ClassifierDisplay
from mixtura.plot.clusters import KMeansDisplay
from mixtura.plot.density import DensityDisplay
from mixtura.plot.images import image_grid
from mixtura.plot.mixture import MixtureDisplay
from mixtura.plot.outliers import OutlierDisplay
from mixtura.plot.selection import SelectionDisplay
from mixtura.plot.trace import TraceDisplay

__all__ = [
    "ClassifierDisplay",
    "DensityDisplay",
    "KMeansDisplay",
    "MixtureDisplay",
    "OutlierDisplay",
    "SelectionDisplay",
    "TraceDisplay",
    "image_grid",
]
