"""What cannot be drawn is refused with what to do, before a figure is made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib import pyplot as plt
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture as OtherMixture

from mixtura import (
    GaussianMixture,
    KMeans,
    Mixture,
    MixtureClassifier,
    MixtureOutlierDetector,
    MixtureSelector,
    datasets,
)
from mixtura.errors import InputError
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

FRAME = pd.DataFrame(datasets.load_faithful().data, columns=["eruptions", "waiting"])
LONG = np.asarray(FRAME["eruptions"] > 3)
WIDE = np.random.default_rng(0).normal(size=(60, 7))

# Each display with an estimator that it draws, all of which take rows.
WITH_ROWS: dict[Any, Any] = {
    MixtureDisplay: GaussianMixture(2, random_state=0),
    DensityDisplay: MixtureSelector(n_components=2, covariance_type="full", random_state=0),
    KMeansDisplay: KMeans(2, random_state=0),
    OutlierDisplay: MixtureOutlierDetector(2, random_state=0),
    ClassifierDisplay: MixtureClassifier(2, random_state=0),
}
FITTED = {display: estimator.fit(FRAME, LONG) for display, estimator in WITH_ROWS.items()}
OTHER = OtherMixture(2, random_state=0).fit(FRAME)
CHOSEN = ["pause", 2, -1, 1.0, ["eruptions", "pause"], [0, 0], [], {}, [None, 1], [True, 0]]
CHOICE = {OutlierDisplay: "feature"}


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Any:
    before = plt.get_fignums()
    yield
    assert plt.get_fignums() == before


@pytest.mark.parametrize("display", FITTED)
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (FRAME.to_numpy()[:, :1], "X has 1 features, but 2 are expected: give the columns"),
        (np.ones((5, 3)), "X has 3 features, but 2"),
        (FRAME.iloc[:0], "X has no rows"),
        (np.empty((0, 2)), "X has no rows"),
        ([[1.0, np.nan]], "NaN in column 1, row 0: drop these rows or impute them"),
        (FRAME.mask(FRAME["waiting"] > 95), "NaN in column 'eruptions'"),
        ([[np.inf, 1.0]], "an infinity"),
        (FRAME[["waiting", "eruptions"]], "names should match|same order"),
        (FRAME.rename(columns={"waiting": "pause"}), "pause"),
        (FRAME.assign(waiting="long"), "'waiting' holds|holds 'long' in column 'waiting'"),
        ([], "X has no rows"),
        (pl.from_pandas(FRAME).lazy(), "collect"),
    ],
)
def test_rows_that_are_not_those_of_the_fit(display, rows, words) -> None:
    named = isinstance(rows, pd.DataFrame)
    model = FITTED[display] if named else WITH_ROWS[display].__class__(**WITH_ROWS[display].get_params())
    if not named:
        model.fit(FRAME.to_numpy(), LONG)
    with pytest.raises(InputError, match=words):
        display.from_estimator(model, rows)


@pytest.mark.parametrize("display", FITTED)
@pytest.mark.parametrize(
    "chosen", ["pause", 2, -1, 1.0, ["eruptions", "pause"], [0, 0], [], {}, [None, 1], [True, 0]]
)
def test_features_that_do_not_exist(display, chosen) -> None:
    name = CHOICE.get(display, "features")
    with pytest.raises(InputError, match=f"{name} must be .* of eruptions, waiting"):
        display.from_estimator(FITTED[display], FRAME, **{name: chosen})


@pytest.mark.parametrize("display", [*FITTED, TraceDisplay, SelectionDisplay])
def test_what_is_not_fitted(display) -> None:
    estimator = WITH_ROWS.get(display, MixtureSelector()).__class__()
    rows = () if display in (TraceDisplay, SelectionDisplay) else (FRAME,)
    with pytest.raises(NotFittedError, match=type(estimator).__name__):
        display.from_estimator(estimator, *rows)


@pytest.mark.parametrize(
    ("display", "estimator", "words"),
    [
        (MixtureDisplay, FITTED[KMeansDisplay], "KMeans: KMeansDisplay draws it"),
        (DensityDisplay, FITTED[ClassifierDisplay], "MixtureClassifier: ClassifierDisplay draws it"),
        (
            MixtureDisplay,
            OtherMixture(2, random_state=0).fit(FRAME),
            "of mixtura is needed, but got GaussianMixture",
        ),
        (MixtureDisplay, FRAME, "needed, but got DataFrame"),
        (MixtureDisplay, MixtureDisplay, "needed"),
        (
            KMeansDisplay,
            FITTED[MixtureDisplay],
            "a fitted KMeans is needed, but got GaussianMixture",
        ),
        (OutlierDisplay, FITTED[KMeansDisplay], "KMeans: KMeansDisplay draws it"),
        (OutlierDisplay, FITTED[MixtureDisplay].mixture_, "needed, but got Mixture"),
        (
            ClassifierDisplay,
            FITTED[MixtureDisplay],
            "must be a MixtureClassifier, but is GaussianMixture",
        ),
    ],
)
def test_what_another_display_draws(display, estimator, words) -> None:
    with pytest.raises(InputError, match=words):
        display.from_estimator(estimator, FRAME)


def test_what_has_no_table_or_trace() -> None:
    with pytest.raises(InputError, match="MixtureSelector or Selection is needed, but got GaussianMixture"):
        SelectionDisplay.from_estimator(FITTED[MixtureDisplay])
    with pytest.raises(InputError, match="needed, but got KMeans"):
        TraceDisplay.from_estimator(FITTED[KMeansDisplay])
    with pytest.raises(InputError, match="needed, but got Mixture"):
        TraceDisplay.from_estimator(FITTED[MixtureDisplay].mixture_)


def test_too_many_features() -> None:
    labels = np.arange(60) % 2
    many = GaussianMixture(1).fit(WIDE)
    with pytest.raises(InputError, match="7 features: choose two to six"):
        MixtureDisplay.from_estimator(many, WIDE)
    with pytest.raises(InputError, match=r"7 features has no picture: choose one or two by features"):
        DensityDisplay.from_estimator(many, WIDE)
    with pytest.raises(InputError, match=r"7 features: choose two by features"):
        KMeansDisplay.from_estimator(KMeans(2, random_state=0).fit(WIDE), WIDE)
    with pytest.raises(InputError, match=r"7 features has no picture: choose one or two by features"):
        ClassifierDisplay.from_estimator(MixtureClassifier(1).fit(WIDE, labels), WIDE, labels)
    with pytest.raises(InputError, match="features must be two to six of"):
        MixtureDisplay.from_estimator(many, WIDE, features=range(7))


@pytest.mark.parametrize("display", [*FITTED, TraceDisplay, SelectionDisplay])
@pytest.mark.parametrize(("ax", "words"), [(np.array([1, 2]), r"such as ax\.flat\[0\]"), ("left", "str")])
def test_what_are_no_axes(display, ax, words) -> None:
    if display is SelectionDisplay:
        estimator, rows = FITTED[DensityDisplay], ()
    elif display is TraceDisplay:
        estimator, rows = FITTED[MixtureDisplay], ()
    else:
        estimator, rows = FITTED[display], (FRAME,)
    with pytest.raises(InputError, match=f"ax must be matplotlib Axes.*{words}"):
        display.from_estimator(estimator, *rows, ax=ax)


@pytest.mark.parametrize("sigmas", [2.0, (1, -1), (0,), (1, float("nan")), "ab", [[1.0, 2.0]], None])
def test_radii_of_no_ellipse(sigmas) -> None:
    for display in (MixtureDisplay, ClassifierDisplay):
        with pytest.raises(InputError, match="sigmas must be a list of finite numbers above 0"):
            display.from_estimator(FITTED[display], FRAME, sigmas=sigmas)


@pytest.mark.parametrize("threshold", [float("nan"), "low", float("inf")])
def test_a_threshold_that_is_no_number(threshold) -> None:
    with pytest.raises(InputError, match="threshold must be a finite number"):
        OutlierDisplay.from_estimator(FITTED[OutlierDisplay], FRAME, threshold=threshold)


def test_names_of_a_mixture_have_to_be_those_of_the_rows() -> None:
    mixture = Mixture([1.0], [[0.0, 0.0]], 1.0, "tied_spherical", feature_names=["a", "b"])
    rows = pd.DataFrame([[0.0, 1.0]], columns=["b", "a"])
    with pytest.raises(InputError, match="X has columns b, a, but the mixture has a, b: give these"):
        MixtureDisplay.from_estimator(mixture, rows)


@pytest.mark.parametrize(
    ("rows", "shape", "n_columns", "words"),
    [
        (np.empty((0, 6)), (2, 3), 3, "X has no rows"),
        ([[1.0, np.nan]], (1, 2), 3, "NaN"),
        ([[1.0, 2.0]], (2,), 3, "shape must be the height and width"),
        ([[1.0, 2.0]], 2, 3, "shape must be"),
        ([[1.0, 2.0]], (1, 2.0), 3, "shape must be"),
        ([[1.0, 2.0]], (-1, -2), 3, "shape must be"),
        ([[1.0, 2.0]], (1, 2), 0, "n_columns must be an integer of at least 1"),
        ([[1.0, 2.0]], (1, 2), 1.5, "n_columns"),
    ],
)
def test_rows_that_are_no_pictures(rows, shape, n_columns, words) -> None:
    with pytest.raises(InputError, match=words):
        image_grid(rows, shape, n_columns=n_columns)
