"""Displays look as they did: pictures against those in `baseline/`, which `pictures.py` draws."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from matplotlib.testing.compare import compare_images

from tests.plot.pictures import BASELINE, PICTURES, draw

# Root of the mean squared difference of 256 shades. Of matplotlib 3.9, 3.10 and 3.11 it is 0.5 at most; a
# point of another colour or curves a little paler are 1.8.
_TOLERANCE = 1.2


def difference(name: str, folder: Path) -> str | None:
    """Return what differs from the picture kept, or None."""
    draw(name, folder / f"{name}.png")
    expected = shutil.copy(BASELINE / f"{name}.png", folder / f"{name}-expected.png")
    told: str | None = compare_images(str(expected), str(folder / f"{name}.png"), tol=_TOLERANCE)
    return told


@pytest.mark.parametrize("name", PICTURES)
def test_a_display_looks_as_it_did(name, tmp_path) -> None:
    told = difference(name, tmp_path)
    assert told is None, f"{told}\n`python -m tests.plot.pictures` draws it anew, if it is meant to change"


@pytest.mark.parametrize(
    ("name", "what", "value"),
    [
        ("mixture", "mixture._SURE", 40.0),
        ("mixture_clusters", "ellipses._FAINT", 0.4),
        ("mixture_raster", "canvas._BINS", 190),
        ("mixture_grid", "grid._TICKS", 3),
        ("density_plane", "density._SHARES", (0.99, 0.94, 0.8, 0.6, 0.4, 0.2)),
        ("selection_bars", "selection._WIDTH", 0.75),
        ("classifier_regions", "classes._PLAIN", 0.33),
        ("outliers", "outliers._OUTLIER", {"color": "#d55e00", "marker": "o", "markersize": 5}),
    ],
)
def test_a_small_change_is_seen(name, what, value, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(f"mixtura.plot.{what}", value)
    assert difference(name, tmp_path) is not None


def test_every_picture_has_its_test() -> None:
    assert {path.stem for path in BASELINE.glob("*.png")} == set(PICTURES)
