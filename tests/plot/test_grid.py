"""A grid shows every pair of features once, what lies in it, and keeps to the room that it was given."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib import pyplot as plt

from mixtura import GaussianMixture, Mixture, datasets
from mixtura.errors import InputError
from mixtura.plot import DensityDisplay, MixtureDisplay

Array = np.ndarray[Any, Any]
DIABETES = datasets.load_diabetes()
NAMES = list(DIABETES.feature_names)
FRAME = pl.DataFrame(DIABETES.data, schema=NAMES)
MODEL = GaussianMixture(3, random_state=0).fit(FRAME)


def test_all_pairs_are_in_the_lower_triangle_with_names_on_the_outside() -> None:
    display = MixtureDisplay.from_estimator(MODEL, FRAME)
    assert display.axes_.shape == (3, 3)
    assert all(display.axes_[i, j] is None for i in range(3) for j in range(i + 1, 3))
    assert [panel.get_xlabel() for panel in display.axes_[2]] == NAMES
    assert [panel.get_ylabel() for panel in display.axes_[:, 0]] == ["", *NAMES[1:]]
    assert display.axes_[1, 1].get_xlabel() == display.axes_[1, 1].get_ylabel() == ""
    assert display.axes_[2, 1].get_ylabel() == ""
    for i, j in zip(*np.tril_indices(3), strict=True):
        assert display.axes_[i, j].xaxis.get_tick_params()["labelbottom"] == (i == 2)
        if i != j:
            assert display.axes_[i, j].yaxis.get_tick_params()["labelleft"] == (j == 0)
    # A row of panels shares an axis, and so does a column.
    assert display.axes_[1, 0].get_xlim() == display.axes_[2, 0].get_xlim() == display.axes_[0, 0].get_xlim()
    assert display.axes_[2, 0].get_ylim() == display.axes_[2, 1].get_ylim() == display.axes_[2, 2].get_xlim()


def test_panels_show_the_marginals_and_the_rows_of_their_features() -> None:
    display = MixtureDisplay.from_estimator(MODEL, FRAME, sigmas=(2,))
    mixture = MODEL.mixture_
    assert len(display.ellipses_) == 3 * 3
    pairs = [(0, 1), (0, 2), (1, 2)]
    for p, (i, j) in enumerate(pairs):
        for k in range(3):
            np.testing.assert_allclose(display.ellipses_[3 * p + k].get_center(), mixture.means[k, [i, j]])
        offsets = display.axes_[j, i].collections[0].get_offsets()
        np.testing.assert_array_equal(offsets, DIABETES.data[:, [i, j]])
    for i in range(3):
        (curve,) = display.axes_[i, i].get_lines()
        x, density = curve.get_data()
        np.testing.assert_allclose(density, mixture.marginal([i]).pdf(x))


def test_features_are_in_the_order_that_was_asked_for() -> None:
    display = MixtureDisplay.from_estimator(MODEL, features=["sspg", 0, "insulin"])
    assert [panel.get_xlabel() for panel in display.axes_[2]] == ["sspg", "glucose", "insulin"]
    one = MixtureDisplay.from_estimator(MODEL, features=["sspg", 0])
    assert one.axes_[0, 0] is one.ax_


def test_a_grid_keeps_to_the_room_of_its_axes() -> None:
    figure, (left, right) = plt.subplots(1, 2, layout="constrained")
    display = MixtureDisplay.from_estimator(MODEL, FRAME, ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    figure.canvas.draw()
    panels = [panel for panel in display.axes_.ravel() if panel is not None]
    assert min(panel.get_position().x0 for panel in panels) > left.get_position().x1
    assert not right.axison
    above, _ = plt.figure(layout="constrained").subfigures(2)
    within = MixtureDisplay.from_estimator(MODEL, FRAME, ax=above.subplots())
    assert within.figure_ is above
    free = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))
    with pytest.raises(InputError, match=r"plt\.subplots"):
        MixtureDisplay.from_estimator(MODEL, ax=free)
    assert free.axison


def test_too_many_features_are_refused_with_those_that_tell_components_apart() -> None:
    means = np.zeros((2, 9))
    means[1, [2, 5, 6, 8]] = 5.0
    mixture = Mixture([0.5, 0.5], means, 1.0, "tied_spherical")
    with pytest.raises(InputError, match=r"9 features: choose two to six, such as features=\[2, 5, 6, 8\]"):
        MixtureDisplay.from_estimator(mixture)
    named = Mixture([0.5, 0.5], means, 1.0, "tied_spherical", feature_names=list("abcdefghi"))
    with pytest.raises(InputError, match=r"features=\['c', 'f', 'g', 'i'\]"):
        MixtureDisplay.from_estimator(named)
    assert MixtureDisplay.from_estimator(named, features=list("cfg")).axes_.shape == (3, 3)


def test_a_million_rows_are_rasters() -> None:
    X = np.random.default_rng(0).normal(size=(1_000_000, 4)).astype(np.float32)
    X[0, 0] = 1e6  # bins of a width that fits the others would be millions
    mixture = Mixture([1.0], [[0.0] * 4], 1.0, "tied_spherical")
    started = time.perf_counter()
    display = MixtureDisplay.from_estimator(mixture, X)
    assert time.perf_counter() - started < 20  # some 0.5 s by itself
    for i, j in [(1, 0), (3, 2)]:
        raster = display.axes_[i, j].collections[0]
        assert np.expm1(raster.get_array().filled(0)).sum() == pytest.approx(1_000_000)
    heights, edges, _ = display.axes_[0, 0].patches[0].get_data()
    assert len(heights) <= 200
    assert heights @ np.diff(edges) == pytest.approx(1.0)


@pytest.mark.parametrize("features", ["insulin", 1, ["insulin"]])
def test_a_density_of_one_of_many_features_is_its_marginal(features) -> None:
    ax = DensityDisplay.from_estimator(MODEL, FRAME, features=features).ax_
    (curve,) = ax.get_lines()
    x, density = curve.get_data()
    np.testing.assert_allclose(density, MODEL.mixture_.marginal([1]).pdf(x))
    assert ax.get_xlabel() == "insulin"


def test_a_density_of_two_of_many_features_is_their_marginal() -> None:
    ax = DensityDisplay.from_estimator(MODEL, FRAME, features=("sspg", "glucose")).ax_
    levels = ax.collections[1].levels
    own = MODEL.mixture_.marginal([2, 0])
    rows = own.sample(50_000, 1)[0]
    shares = [np.mean(own.log_pdf(rows) > level) for level in levels]
    np.testing.assert_allclose(shares, (0.99, 0.95, 0.8, 0.6, 0.4, 0.2), atol=0.02)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("sspg", "glucose")
