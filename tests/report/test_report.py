"""A report says what the fit says, of every kind of estimator."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mixtura import GaussianMixture, MixtureOutlierDetector, MixtureSelector, datasets
from mixtura.assignments import certainty_bands
from mixtura.covariance import STRUCTURES
from mixtura.selection import select
from tests.report.page import page_of

FAITHFUL = datasets.load_faithful().data
FRAME = pd.DataFrame(FAITHFUL, columns=["eruptions", "waiting"])
RNG = np.random.default_rng(0)
IN_TEN = RNG.normal(size=(200, 10)) @ RNG.normal(size=(10, 10)) + 9.0 * (np.arange(200) % 2)[:, None]


def test_the_model_is_told_in_the_names_of_the_data(tied) -> None:
    page = page_of(tied, FRAME, title="Old Faithful")
    assert page.text.count("Old Faithful") == 2
    table = page.table("Weight, and mean")
    assert table.head == ["component", "weight", "rows", "eruptions", "waiting"]
    assert table.column("weight") == [f"{100 * w:.1f} %" for w in tied.weights_]
    assert table.column("rows") == [str(n) for n in np.bincount(tied.predict(FRAME))]
    for k, cell in enumerate(table.column("waiting")):
        mean, sd = map(float, cell.split(" ± "))
        assert mean == pytest.approx(tied.means_[k, 1], rel=1e-3)
        assert sd == pytest.approx(np.sqrt(tied.covariances_[1, 1]), rel=1e-2)
    rho = tied.covariances_[0, 1] / np.sqrt(tied.covariances_[0, 0] * tied.covariances_[1, 1])
    assert page.table("Correlations").body == [["eruptions, waiting", f"{rho:+.2f}"]]
    assert page.table("Columns of the data").body[1][:2] == ["waiting", "43"]
    assert f"{tied.bic(FRAME):.1f}" in page.text
    assert "Nothing speaks against this fit" in page.text
    # Ellipses, density, certainty and trace.
    assert len(page.pictures) == 4


def test_certainty_and_strange_rows_are_those_of_the_model(tied) -> None:
    page = page_of(tied, FRAME)
    sure = tied.predict_proba(FRAME).max(axis=1)
    bands = page.table("Probability of a row's own component")
    assert [int(n) for n in bands.column("rows")] == [
        (sure >= 0.99).sum(),
        ((sure >= 0.9) & (sure < 0.99)).sum(),
        ((sure >= 0.5) & (sure < 0.9)).sum(),
        (sure < 0.5).sum(),
    ]
    strangest = page.table("The rows of the lowest density")
    density = tied.score_samples(FRAME)
    order = np.argsort(density, kind="stable")[:10]
    assert strangest.column("row") == [str(i) for i in order]
    assert strangest.column("log-density") == [f"{density[i]:.2f}" for i in order]
    assert [float(value) for value in strangest.column("waiting")] == FAITHFUL[order, 1].tolist()
    rarest = float(strangest.column("as rare")[0].rstrip(" %"))
    own = tied.mixture_.log_pdf(tied.mixture_.sample(100_000, random_state=1)[0])
    assert rarest == pytest.approx(100 * (own <= density.min()).mean(), abs=0.2)


@pytest.mark.parametrize("of", ["selector", "selection"])
def test_a_selection_shows_its_candidates(of) -> None:
    counts, structures = [1, 2, 3], ("full", "tied", "spherical")
    if of == "selector":
        chosen: Any = MixtureSelector(n_components=counts, covariance_type=structures, random_state=0)
        compared = chosen.fit(FRAME).comparison_
    else:
        chosen = select(FRAME, n_components=counts, covariance_types=structures, random_state=0, n_init=2)
        compared = chosen.comparison
    page = page_of(chosen, FRAME)
    table = page.table("BIC by number of components")
    assert table.head == ["components", *structures]
    shown = {
        (int(row[0]), name): cell
        for row in table.body
        for name, cell in zip(structures, row[1:], strict=True)
    }
    for i in range(9):
        cell = shown[compared.table["n_components"][i], compared.table["covariance_type"][i]]
        assert cell == f"{compared.table['bic'][i]:.1f}{' ★' if i == compared.best_index else ''}"
    everything = page.table("All candidates")
    assert len(everything.body) == 9
    assert everything.column("remarks").index("chosen") == compared.best_index
    # The chosen model has the most components that were tried.
    assert "try more" in page.text
    assert "n_components" in page.table("Settings that were given").column("parameter")
    assert len(page.pictures) == 5


def test_candidates_that_failed_or_came_loose_are_marked_with_the_reason() -> None:
    X = FRAME.head(40)
    selector = MixtureSelector(n_components=[1, 2, 14, 50], covariance_type=["full", "tied"], random_state=0)
    page = page_of(selector.fit(X), X)
    table = page.table("BIC by number of components")
    assert table.body[3] == ["50", "–", "–"]
    assert table.body[2][1].endswith(" !")
    assert "more components than the 40 rows" in page.text
    assert "components that the data do not settle" in page.text
    assert any("loose" in remark or "collapsed" in remark for remark in page.table("All").column("remarks"))


@pytest.mark.parametrize("criterion", ["cv", "own"])
def test_other_criteria_are_told(criterion) -> None:
    def own(fitted: GaussianMixture, X: Any) -> float:
        return fitted.aic(X)

    chosen = MixtureSelector(
        n_components=[1, 2],
        covariance_type="full",
        criterion=own if criterion == "own" else "cv",
        random_state=0,
    ).fit(FAITHFUL)
    page = page_of(chosen, FRAME)
    title = "Criterion by" if criterion == "own" else "Log-likelihood of rows held out"
    assert page.table(title).body[1][1].endswith(" ★")
    assert ("higher is better" in page.text) == (criterion == "cv")
    assert (" at 0x" in page.text) is False


def test_a_fit_that_is_not_sound_says_what_to_do() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GaussianMixture(12, random_state=0, max_iter=2).fit(FRAME.head(40))
    page = page_of(model, FRAME)
    assert model.diagnostics_
    for found in model.diagnostics_:
        assert found.message[1:] in page.text
    assert "larger max_iter" in page.text
    assert "they are not those of the fit" in page.text


def test_a_fit_by_steps_is_not_blamed_for_its_last_batch() -> None:
    model = GaussianMixture(2, random_state=0).partial_fit(FRAME)
    page = page_of(model.partial_fit(FRAME.head(40)), FRAME)
    assert "one_step" in page.text
    assert "they are not those of the fit" not in page.text
    assert "Nothing speaks against" not in page.text


def test_a_constant_column_is_named() -> None:
    X = FRAME.assign(same=3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        page = page_of(GaussianMixture(2, covariance_type="diag", random_state=0).fit(X), X)
    assert "every row has the same value: same." in page.text


def test_a_detector_shows_its_outliers() -> None:
    X = pd.concat([FRAME, pd.DataFrame({"eruptions": [9.0, 1.0], "waiting": [50.0, 99.0]})])
    detector = MixtureOutlierDetector(2, random_state=0).fit(X)
    page = page_of(detector, X)
    n = int((detector.predict(X) == -1).sum())
    assert f"{n} rows are called outliers" in page.text
    table = page.table("The rows of the lowest density")
    assert table.column("row")[:2] == ["272", "273"]
    assert sum(cell.endswith(" !") for cell in table.column("log-density")) == n
    assert f"log_density < {detector.offset_!r}" in page.text
    assert len(page.pictures) == 5
    one = MixtureOutlierDetector(random_state=0).fit(X[["waiting"]])
    assert "waiting" in page_of(one, X[["waiting"]]).text


def test_a_distribution_has_no_record_of_a_fit(tied) -> None:
    page = page_of(tied.mixture_, FRAME)
    assert "no record of a fit" in page.text
    assert "mixture.save(" in page.text
    assert "model.log_pdf(X)" in page.text
    assert len(page.pictures) == 3


def test_parameters_set_by_hand_are_reported() -> None:
    model = GaussianMixture(2, random_state=0).fit(FAITHFUL)
    model.means_ = model.means_ + 1.0
    page = page_of(model, FAITHFUL)
    cell = page.table("Weight, and mean").column("x1")[0]
    assert float(cell.split(" ± ")[0]) == pytest.approx(model.means_[0, 1], rel=1e-3)


@pytest.mark.parametrize(
    ("structure", "d"), [*((name, 2) for name in STRUCTURES), ("full", 1), ("tied", 10), ("tied_diag", 10)]
)
def test_every_structure_in_few_and_many_columns(structure, d) -> None:
    X = FAITHFUL[:, 1:] if d == 1 else FAITHFUL if d == 2 else IN_TEN
    model = GaussianMixture(2, covariance_type=structure, random_state=0).fit(X)
    page = page_of(model, X)
    table = page.table("Weight, and mean")
    # Many columns are rows of the table.
    assert table.head[0] == "component"
    assert (table.head[1] == "weight") == (d <= 2)
    assert page.has_table("Correlations") == (d > 1 and STRUCTURES[structure].is_dense)
    assert len(page.pictures) == {1: 3, 2: 4, 10: 3}[d]


def test_the_pair_of_columns_is_the_one_that_tells_components_apart() -> None:
    X = RNG.normal(size=(300, 5))
    X[:150, [1, 3]] += 6.0
    frame = pd.DataFrame(X, columns=list("abcde"))
    page = page_of(GaussianMixture(2, random_state=0).fit(frame), frame)
    assert "b and d: " in page.text
    assert "these two tell the components apart best" in page.text


def test_names_of_the_data_are_shown_if_the_model_has_none() -> None:
    model = GaussianMixture(2, random_state=0).fit(FAITHFUL)
    assert page_of(model, FRAME).table("Weight, and mean").head[3:] == ["eruptions", "waiting"]
    assert page_of(model, FAITHFUL).table("Weight, and mean").head[3:] == ["x0", "x1"]


def test_weights_count(tied) -> None:
    weight = np.ones(len(FRAME))
    weight[:100], weight[100:110] = 0.0, 3.0
    rows = np.repeat(np.arange(len(FRAME)), weight.astype(int))
    fitted = GaussianMixture(2, random_state=0).fit(FRAME, sample_weight=weight)
    page, twin = page_of(fitted, FRAME, sample_weight=weight), page_of(fitted, FRAME.iloc[rows])
    for caption in ("Columns of the data",):
        for own, other in zip(page.table(caption).body, twin.table(caption).body, strict=True):
            assert own[0] == other[0]
            np.testing.assert_allclose([float(x) for x in own[1:]], [float(x) for x in other[1:]], rtol=1e-4)
    share = "share of the weight"
    bands = "Probability of a row's own component"
    assert page.table(bands).column(share) == twin.table(bands).column("share")
    assert f"{fitted.bic(FRAME, weight):.1f}" in page.text
    assert f"{fitted.bic(FRAME, weight):.1f}" in twin.text
    assert "100 of weight 0 are not counted" in page.text
    assert all(int(row) >= 100 for row in page.table("The rows of the lowest").column("row"))
    # With other weights than those of the fit.
    assert "they are not those of the fit" in page_of(fitted, FRAME).text


def test_bands_hold_all_rows() -> None:
    certainty = np.array([1.0, 0.99, 0.95, 0.9, 0.5, 0.2])
    assert [band.n_rows for band in certainty_bands(certainty)] == [2, 2, 1, 1]
    weighted = certainty_bands(certainty, np.array([0.0, 1.0, 1.0, 0.0, 2.0, 0.0]))
    assert [band.n_rows for band in weighted] == [1, 1, 1, 0]
    assert [band.share for band in weighted] == [0.25, 0.25, 0.5, 0.0]


def test_float32_rows_are_those_of_the_fit() -> None:
    X = FAITHFUL.astype(np.float32)
    assert "Nothing speaks against" in page_of(GaussianMixture(2, random_state=0).fit(X), X).text
