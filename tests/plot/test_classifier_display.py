"""A classifier's picture is what the classifier says: regions, borders, densities and mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.colors import to_rgba
from sklearn.datasets import load_iris, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from mixtura import MixtureClassifier
from mixtura.errors import InputError
from mixtura.plot import ClassifierDisplay

IRIS = load_iris(as_frame=True)
NAMES = list(IRIS.data.columns)
KINDS = np.asarray(IRIS.target_names[IRIS.target])
OF_IRIS = MixtureClassifier(1, random_state=0).fit(IRIS.data, KINDS)
X, Y = make_moons(300, noise=0.3, random_state=0)
OF_MOONS = MixtureClassifier(3, priors=[0.8, 0.2], random_state=0).fit(X, Y)
COLOURS = np.array([to_rgba(colour) for colour in ("#0072b2", "#d55e00", "#009e73")])


def texts(display: ClassifierDisplay) -> list[str]:
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_regions_are_the_predictions_and_shades_their_probability(method) -> None:
    ax = ClassifierDisplay.from_estimator(OF_MOONS, X, Y, response_method=method).ax_
    image = ax.images[0].get_array()
    left, right, bottom, top = ax.images[0].get_extent()
    x, y = np.meshgrid(np.linspace(left, right, len(image)), np.linspace(bottom, top, len(image)))
    p = OF_MOONS.predict_proba(np.column_stack([x.ravel(), y.ravel()])).reshape(*x.shape, 2)
    np.testing.assert_allclose(image[..., :3], COLOURS[p.argmax(axis=2), :3])
    opaque = 0.3 if method == "predict" else 0.5 - 0.42 * 2 * p.min(axis=2)
    np.testing.assert_allclose(image[..., 3], opaque, atol=1e-6)


def test_borders_are_where_two_classes_are_equally_probable() -> None:
    ax = ClassifierDisplay.from_estimator(OF_MOONS, X, Y).ax_
    border = np.concatenate([path.vertices for path in ax.collections[0].get_paths()])
    np.testing.assert_allclose(OF_MOONS.predict_proba(border), 0.5, atol=0.05)


@pytest.mark.parametrize("kind", ["numpy", "pandas", "polars"])
def test_wrong_rows_are_marked_and_counted(kind) -> None:
    convert: Any = {"numpy": np.asarray, "pandas": lambda a: a, "polars": pl.from_pandas}[kind]
    model = MixtureClassifier(1, random_state=0).fit(convert(IRIS.data), KINDS)
    display = ClassifierDisplay.from_estimator(model, convert(IRIS.data), KINDS, features=(2, 3))
    wrong = np.flatnonzero(model.predict(convert(IRIS.data)) != KINDS)
    np.testing.assert_array_equal(display.wrong_, wrong)
    crosses = display.ax_.get_lines()[-1].get_xydata()
    np.testing.assert_array_equal(crosses, IRIS.data.to_numpy()[wrong][:, [2, 3]])
    assert texts(display) == ["setosa", "versicolor", "virginica", f"wrong: {len(wrong)} of 150"]
    named = ["x2", "x3"] if kind == "numpy" else NAMES[2:]
    assert [display.ax_.get_xlabel(), display.ax_.get_ylabel()] == named


def test_points_have_the_colours_of_their_classes() -> None:
    display = ClassifierDisplay.from_estimator(OF_MOONS, X, 1 - Y)
    scatter = display.ax_.collections[-1]
    np.testing.assert_allclose(scatter.get_facecolors(), COLOURS[1 - Y])
    assert len(display.wrong_) == (OF_MOONS.predict(X) == Y).sum()
    unlabelled = ClassifierDisplay.from_estimator(OF_MOONS, X)
    np.testing.assert_allclose(unlabelled.ax_.collections[-1].get_facecolors(), COLOURS[OF_MOONS.predict(X)])
    assert len(unlabelled.wrong_) == 0
    assert texts(unlabelled) == ["0", "1"]


def test_of_many_features_some_are_those_of_the_marginals() -> None:
    pair = [NAMES[3], NAMES[0]]
    display = ClassifierDisplay.from_estimator(OF_IRIS, features=pair)
    # One component a class: the marginal classifier is that of a fit to the two columns.
    alone = MixtureClassifier(1, random_state=0).fit(IRIS.data[pair], KINDS)
    image = display.ax_.images[0].get_array()
    left, right, bottom, top = display.ax_.images[0].get_extent()
    x, y = np.meshgrid(np.linspace(left, right, len(image)), np.linspace(bottom, top, len(image)))
    grid = pd.DataFrame({pair[0]: x.ravel(), pair[1]: y.ravel()})
    codes = np.searchsorted(alone.classes_, alone.predict(grid)).reshape(x.shape)
    same = (image[..., :3] == COLOURS[codes, :3]).all(axis=2)
    # The prior on covariances of a class does not know the other columns.
    assert same.mean() > 0.97


def test_one_feature_shows_weighted_densities_that_add_up() -> None:
    display = ClassifierDisplay.from_estimator(OF_IRIS, IRIS.data, KINDS, features=NAMES[2])
    curves = display.ax_.get_lines()[:3]
    total = sum(curve.get_ydata() for curve in curves)
    x = curves[0].get_xdata()
    for prior, model, curve in zip(OF_IRIS.priors_, OF_IRIS.estimators_, curves, strict=True):
        np.testing.assert_allclose(curve.get_ydata(), prior * model.mixture_.marginal([2]).pdf(x))
    assert np.trapezoid(total, x) == pytest.approx(1.0, abs=0.02)
    bars = [patch.get_data() for patch in display.ax_.patches]
    assert sum(heights @ np.diff(edges) for heights, edges, _ in bars) == pytest.approx(1.0)
    # The dashed lines are where the greatest curve changes.
    for line in display.ax_.get_lines()[3:-1]:
        (at, _), step = line.get_xdata(), x[1] - x[0]
        before, after = (
            np.argmax([np.interp(at + s, x, c.get_ydata()) for c in curves]) for s in (-step, step)
        )
        assert before != after


def test_a_million_rows_are_two_rasters() -> None:
    rows, y = make_moons(1_000_000, noise=0.3, random_state=1)
    display = ClassifierDisplay.from_estimator(OF_MOONS, rows, y)
    everyone, wrong = display.ax_.collections[-2:]
    assert np.expm1(everyone.get_array().filled(0)).sum() == pytest.approx(1_000_000)
    assert np.expm1(wrong.get_array().filled(0)).sum() == pytest.approx(len(display.wrong_))


def test_one_class_and_a_class_without_a_region_are_drawn() -> None:
    one = MixtureClassifier(2, random_state=0).fit(X, np.zeros(len(X), dtype=int))
    assert texts(ClassifierDisplay.from_estimator(one, X)) == ["0"]
    rare = MixtureClassifier(1, priors=[0.5, 0.5, 0.0], random_state=0).fit(
        np.concatenate([X, X[:20]]), np.concatenate([Y, np.full(20, 2)])
    )
    assert texts(ClassifierDisplay.from_estimator(rare, X, Y))[:3] == ["0", "1", "2"]


def test_what_cannot_be_drawn_says_what_to_do() -> None:
    draw = ClassifierDisplay.from_estimator
    with pytest.raises(InputError, match=r"4 features has no picture: choose one or two by features"):
        draw(OF_IRIS, IRIS.data, KINDS)
    with pytest.raises(InputError, match="one to two of sepal length"):
        draw(OF_IRIS, IRIS.data, KINDS, features=["petal"])
    with pytest.raises(InputError, match=r"sklearn\.inspection\.DecisionBoundaryDisplay"):
        draw(LogisticRegression(), X, Y)
    with pytest.raises(NotFittedError):
        draw(MixtureClassifier(), X, Y)
    with pytest.raises(InputError, match="response_method must be"):
        draw(OF_MOONS, X, Y, response_method="score")
    with pytest.raises(InputError, match="y was given without X"):
        draw(OF_MOONS, y=Y)
    with pytest.raises(InputError, match="one label a row, that is 300, but has 299"):
        draw(OF_MOONS, X, Y[1:])
    with pytest.raises(InputError, match="y holds 'rose', which is no class of the fit: those are setosa"):
        draw(OF_IRIS, IRIS.data, np.where(KINDS == "setosa", "rose", KINDS), features=(0, 1))
