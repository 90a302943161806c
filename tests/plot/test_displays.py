"""Pictures show what the fit says: ellipses, densities, stars and thresholds are where they have to be."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KernelDensity

from mixtura import GaussianMixture, KMeans, Mixture, MixtureOutlierDetector, MixtureSelector, datasets
from mixtura.covariance import STRUCTURES
from mixtura.errors import InputError
from mixtura.plot import (
    DensityDisplay,
    KMeansDisplay,
    MixtureDisplay,
    OutlierDisplay,
    SelectionDisplay,
    TraceDisplay,
    image_grid,
)

Array = np.ndarray[Any, Any]
FAITHFUL = datasets.load_faithful().data
FRAME = pd.DataFrame(FAITHFUL, columns=["eruptions", "waiting"])
IN_FIVE = np.random.default_rng(0).normal(size=(50, 5))
PAIR = Mixture([0.5, 0.5], [[0.0, 0.0], [4.0, 1.0]], [[1.0, 2.0], [2.0, 0.5]], "diag")


@pytest.mark.parametrize("structure", STRUCTURES)
def test_ellipses_are_where_a_component_is_so_many_sigma_away(structure) -> None:
    model = GaussianMixture(2, covariance_type=structure, random_state=0).fit(FAITHFUL)
    display = MixtureDisplay.from_estimator(model, FAITHFUL, sigmas=(1, 3))
    covariances = model.mixture_.expanded_covariances()
    assert len(display.ellipses_) == 4
    for i, drawn in enumerate(display.ellipses_):
        k, sigma = divmod(i, 2)
        t = drawn.get_path().vertices[:-1] @ drawn.get_patch_transform().get_matrix()[:2, :2].T
        radii = np.sqrt(np.einsum("ni,ij,nj->n", t, np.linalg.inv(covariances[k]), t))
        # The path is made of Bézier curves, whose control points lie on or outside of the ellipse.
        assert radii.min() == pytest.approx((1.0, 3.0)[sigma], rel=1e-3)
        np.testing.assert_allclose(drawn.get_center(), model.means_[k])


def test_points_are_smaller_the_less_sure_they_are() -> None:
    model = GaussianMixture(2, random_state=0).fit(FRAME)
    display = MixtureDisplay.from_estimator(model, FRAME)
    sizes = display.ax_.collections[0].get_sizes()
    np.testing.assert_allclose(sizes, 50 * model.predict_proba(FRAME).max(axis=1) ** 2)
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("eruptions", "waiting")


def test_many_rows_are_a_raster_and_no_heap_of_points() -> None:
    X = np.random.default_rng(0).normal(size=(30_000, 2))
    display = MixtureDisplay.from_estimator(GaussianMixture(1).fit(X), X)
    (raster,) = display.ax_.collections
    assert np.expm1(raster.get_array().filled(0)).sum() == pytest.approx(30_000)


def test_two_of_many_features_are_chosen_by_number_or_name() -> None:
    frame = pd.DataFrame(IN_FIVE, columns=list("abcde"))
    model = GaussianMixture(2, random_state=0).fit(frame)
    display = MixtureDisplay.from_estimator(model, frame, features=("d", 1))
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("d", "b")
    np.testing.assert_allclose(display.ellipses_[0].get_center(), model.means_[0, [3, 1]])


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (("a", "z"), "features must be two to six of x0, x1, x2, x3, x4"),
        ((0, 9), "features must be two to six of"),
        ((0,), "features must be two to six of"),
        ((0, 0), "each once"),
        ((0, True), "features must be"),
    ],
)
def test_features_that_have_no_picture_are_named(features, words) -> None:
    model = GaussianMixture(1).fit(IN_FIVE)
    with pytest.raises(InputError, match=words):
        MixtureDisplay.from_estimator(model, IN_FIVE, features=features)
    with pytest.raises(InputError, match="use DensityDisplay"):
        MixtureDisplay.from_estimator(GaussianMixture(1).fit(IN_FIVE[:, :1]))


@pytest.mark.parametrize("features", [None, (0, 1, 2), "z", ()])
def test_a_density_needs_one_feature_or_two(features) -> None:
    with pytest.raises(InputError, match=r"choose one or two by features|features must be one to two of"):
        DensityDisplay.from_estimator(GaussianMixture(1).fit(IN_FIVE), features=features)


@pytest.mark.parametrize("display", [MixtureDisplay, DensityDisplay, TraceDisplay, SelectionDisplay])
def test_what_is_not_fitted_says_so(display) -> None:
    estimator = MixtureSelector() if display is SelectionDisplay else GaussianMixture()
    with pytest.raises(NotFittedError):
        display.from_estimator(estimator)


def test_the_density_of_one_feature_is_the_sum_of_its_components() -> None:
    x = FAITHFUL[:, 1:]
    model = GaussianMixture(2, random_state=0).fit(x)
    kde = KernelDensity(bandwidth=2.0).fit(x)
    ax = DensityDisplay.from_estimator(model, x, kde=kde).ax_
    curve, kernel = ax.get_lines()
    at, density = curve.get_data()
    np.testing.assert_allclose(density, model.mixture_.pdf(at))
    np.testing.assert_allclose(kernel.get_ydata(), np.exp(kde.score_samples(np.asarray(at)[:, None])))
    assert np.trapezoid(density, at) == pytest.approx(1.0, abs=0.05)
    heights, edges, _ = ax.patches[0].get_data()
    assert heights @ np.diff(edges) == pytest.approx(1.0)
    np.testing.assert_allclose(edges, np.histogram_bin_edges(x, "auto"))


def test_contours_hold_their_shares_of_the_probability() -> None:
    mixture = Mixture([0.5, 0.5], [[0.0, 0.0], [4.0, 1.0]], [[1.0, 2.0], [2.0, 0.5]], "diag")
    ax = DensityDisplay.from_estimator(mixture).ax_
    levels = ax.collections[-1].levels
    own = mixture.log_pdf(mixture.sample(50_000, 1)[0])
    np.testing.assert_allclose(
        [np.mean(own > level) for level in levels], (0.99, 0.95, 0.8, 0.6, 0.4, 0.2), atol=0.02
    )


@pytest.mark.parametrize("kind", ["curves", "bars"])
@pytest.mark.parametrize("column", [None, "aic", "icl"])
def test_the_star_is_on_the_candidate_that_was_chosen(kind, column) -> None:
    selector = MixtureSelector(
        n_components=range(1, 5), covariance_type=("full", "tied"), random_state=0
    ).fit(FAITHFUL)
    ax = SelectionDisplay.from_estimator(selector, kind=kind, column=column).ax_
    (star,) = [line for line in ax.get_lines() if line.get_marker() == "*"]
    assert star.get_ydata() == selector.table_[column or "bic"][selector.best_index_]
    if kind == "curves":
        assert star.get_xdata() == selector.best_params_["n_components"]
    with pytest.raises(InputError, match="column must be"):
        SelectionDisplay.from_estimator(selector, column="seconds")
    with pytest.raises(InputError, match="kind must be"):
        SelectionDisplay.from_estimator(selector, kind="pie")


def test_circles_reach_to_the_farthest_member() -> None:
    X, _ = make_blobs(400, centers=4, cluster_std=0.6, random_state=0)
    model = KMeans(4, random_state=0).fit(X)
    display = KMeansDisplay.from_estimator(model, X)
    distance = model.transform(X)[np.arange(400), model.labels_]
    for k in range(4):
        assert display.radii_[k] == pytest.approx(distance[model.labels_ == k].max())


def test_outliers_lie_below_the_threshold() -> None:
    X = np.concatenate([FAITHFUL, [[9.0, 200.0]]])
    model = MixtureOutlierDetector(2, random_state=0).fit(X)
    ax = OutlierDisplay.from_estimator(model, X).ax_
    below = ax.get_lines()[1].get_ydata()
    assert len(below) == (model.predict(X) == -1).sum()
    assert (below < model.offset_).all()
    with pytest.raises(InputError, match="threshold=-9"):
        OutlierDisplay.from_estimator(GaussianMixture(2, random_state=0).fit(X), X)
    by_name = OutlierDisplay.from_estimator(model, X, feature="x1")
    assert by_name.ax_.get_xlabel() == "x1"
    with pytest.raises(InputError, match="feature must be one of"):
        OutlierDisplay.from_estimator(model, X, feature="x7")


def test_many_rows_and_many_outliers_are_rasters() -> None:
    X = np.concatenate([np.random.default_rng(0).normal(size=(40_000, 2)), np.full((30_000, 2), 99.0)])
    model = MixtureOutlierDetector(1, contamination=0.001, random_state=0).fit(X[:1000])
    display = OutlierDisplay.from_estimator(model, X, feature=0)
    ordinary, strange = display.ax_.collections
    drawn = [round(float(np.expm1(raster.get_array().filled(0)).sum())) for raster in (ordinary, strange)]
    assert drawn == [(model.predict(X) == 1).sum(), (model.predict(X) == -1).sum()]
    assert f"{drawn[1]} outliers" in [text.get_text() for text in display.ax_.get_legend().get_texts()]
    few = OutlierDisplay.from_estimator(model, X[:30_000])
    assert len(few.ax_.collections) == 1
    assert len(few.ax_.get_lines()[1].get_xdata()) == (model.predict(X[:30_000]) == -1).sum()


@pytest.mark.parametrize("at", [0.0, 1e20, -3.0])
def test_a_raster_of_rows_that_do_not_vary_is_one_cell(at) -> None:
    rows = np.full((30_000, 2), at)
    display = MixtureDisplay.from_estimator(Mixture([1.0], [[at, at]], 1.0, "tied_spherical"), rows)
    cells = np.expm1(display.ax_.collections[0].get_array().filled(0))
    assert cells.max() == pytest.approx(cells.sum()) == pytest.approx(30_000)


def test_the_trace_is_that_of_the_fit() -> None:
    model = GaussianMixture(3, random_state=0).fit(FAITHFUL)
    ax = TraceDisplay.from_estimator(model, ax=plt.subplots()[1]).ax_
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), model.trace_)
    assert ax.get_title() == "converged"


def test_a_grid_of_pictures() -> None:
    rows = np.arange(24.0).reshape(4, 6)
    canvas = image_grid(rows, (2, 3), n_columns=3).images[0].get_array()
    np.testing.assert_array_equal(canvas[:2, :3], rows[0].reshape(2, 3))
    np.testing.assert_array_equal(canvas[3:5, :3], rows[3].reshape(2, 3))
    assert image_grid(rows, (2, 3), vmin=3, vmax=20).images[0].get_clim() == (3, 20)
    with pytest.raises(InputError, match="no picture of 3 × 3"):
        image_grid(rows, (3, 3))


def test_without_matplotlib_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['matplotlib'] = None\nimport mixtura\nimport mixtura.plot"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'mixtura[plot]'" in done.stderr


def test_each_of_several_criteria_has_its_own_star() -> None:
    selector = MixtureSelector(n_components=range(1, 7), covariance_type="full", random_state=0).fit(FAITHFUL)
    ax = SelectionDisplay.from_estimator(selector, column=("aic", "bic")).ax_
    stars = {line.get_label(): line.get_data() for line in ax.get_lines() if line.get_marker() == "*"}
    for name in ("aic", "bic"):
        again = MixtureSelector(
            n_components=range(1, 7), covariance_type="full", criterion=name, random_state=0
        ).fit(FAITHFUL)
        ((x,), (y,)) = stars[f"chosen by {name.upper()}"]
        assert x == again.best_params_["n_components"]
        assert y == pytest.approx(getattr(again.best_estimator_, name)(FAITHFUL))
    with pytest.raises(InputError, match="which have one scale"):
        SelectionDisplay.from_estimator(selector, column=("aic", "cv"))
    with pytest.raises(InputError, match="several columns are curves"):
        SelectionDisplay.from_estimator(selector, column=("aic", "bic"), kind="bars")


def test_clusters_of_components_have_one_colour() -> None:
    mixture = Mixture([0.3, 0.3, 0.4], [[0.0, 0.0], [9.0, 0.0], [1.0, 1.0]], [1.0, 1.0, 1.0], "spherical")
    rows = mixture.sample(300, 0)[0]
    merging = mixture.merge()
    display = MixtureDisplay.from_estimator(mixture, rows, clusters=merging)
    colours = {tuple(colour) for colour in display.ax_.collections[0].get_facecolors()}
    assert len(colours) == 2
    means = [line.get_color() for line in display.ax_.get_lines()]
    assert means == ["#0072b2", "#d55e00", "#0072b2"]
    sure = merging.posterior(rows).max(axis=1)
    np.testing.assert_allclose(display.ax_.collections[0].get_sizes(), 50 * sure**2)
    by_hand = MixtureDisplay.from_estimator(mixture, rows, clusters=[0, 1, 0])
    np.testing.assert_array_equal(by_hand.ax_.collections[0].get_sizes(), 50 * sure**2)
    for wrong in ([0, 1], [0, 1, -1], [0.5, 1, 1], PAIR.merge()):
        with pytest.raises(InputError, match="clusters must be a Merging of this mixture"):
            MixtureDisplay.from_estimator(mixture, clusters=wrong)


def test_points_shrink_where_there_are_many() -> None:
    mixture = Mixture([1.0], [[0.0, 0.0]], 1.0, "tied_spherical")
    for n, area in ((400, 50.0), (1000, 25.0), (20_000, 5.0)):
        display = MixtureDisplay.from_estimator(mixture, mixture.sample(n, 0)[0])
        np.testing.assert_allclose(display.ax_.collections[0].get_sizes(), area)
