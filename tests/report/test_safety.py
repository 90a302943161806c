"""A report can be trusted and kept: hostile names, large data, the same bytes, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError

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
from mixtura.report import MixtureReport
from tests.report.page import Page, checked, page_of

FAITHFUL = datasets.load_faithful().data
FRAME = pd.DataFrame(FAITHFUL, columns=["eruptions", "waiting"])
IN_SIX = np.random.default_rng(0).normal(size=(200, 6))
HOSTILE = ["<script>alert(1)</script>", "\"'&</td>", "{{7*7}}", "$\\alpha$ _x^", "a\nb\u202ec", "雪"]


@pytest.mark.parametrize(("container", "n_names"), [(pd.DataFrame, 6), (pl.DataFrame, 2), (pl.DataFrame, 1)])
def test_hostile_names_are_only_text(container, n_names) -> None:
    names = HOSTILE[-n_names:]
    X = container(dict(zip(names, IN_SIX.T, strict=False)))
    selector = MixtureSelector(n_components=[1, 2], covariance_type="full", random_state=0).fit(X)
    html = MixtureReport(
        selector,
        X,
        title=HOSTILE[0],
        row_labels=[HOSTILE[0]] * 200,
        model_file="</code>\ud800 it's {{x}}.mixtura",
        data_file=HOSTILE[1],
        remarks=HOSTILE,
    ).html
    html.encode()
    page = checked(html)
    for name in names:
        shown = name.replace("\n", "\\n").replace("\u202e", "\\u202e")
        assert shown in page.table("Columns of the data").column("column")
    assert "\u202e" not in html
    assert "{{7*7}}" in page.text
    assert page.table("The rows of the lowest density").column("row") == [HOSTILE[0]] * 10


def test_the_same_fit_gives_the_same_bytes() -> None:
    code = (
        "import sys, pathlib, matplotlib as mpl\n"
        "from mixtura import MixtureSelector, GaussianMixture, datasets\n"
        "from mixtura.report import MixtureReport\n"
        "import numpy as np\n"
        "mpl.rcParams['lines.linewidth'] = float(sys.argv[1])\n"
        "X = datasets.load_faithful().data\n"
        "prototype = GaussianMixture(n_init=2, init_params=lambda X, k, rng: np.arange(len(X)) % k)\n"
        "rng = np.random.RandomState(0)\n"
        "model = MixtureSelector(prototype, n_components=[1, 2], covariance_type=['diag', 'tied'], "
        "random_state=rng).fit(X)\n"
        "sys.stdout.buffer.write(MixtureReport(model, X).html.encode())\n"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code, width], capture_output=True, check=True).stdout
        for width in ("1", "4")
    ]
    assert runs[0] == runs[1]
    assert b"0x" not in runs[0].replace(b"data:image", b"").split(b"<figure>")[0]


def test_a_large_file_makes_a_small_report() -> None:
    X = np.random.default_rng(0).normal(size=(60_000, 3))
    X[:20_000] += 4.0
    html = MixtureReport(GaussianMixture(2, random_state=0).fit(X), X).html
    assert len(html) < 1_000_000
    assert "60 000 rows" in html
    assert "where it is darker, there are more rows" in html


def test_many_columns_and_components_are_cut_with_a_word() -> None:
    X = np.random.default_rng(0).normal(size=(300, 60))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GaussianMixture(50, covariance_type="tied_spherical", max_iter=2, random_state=0).fit(X)
    page = page_of(model, X)
    assert "10 more components not shown." in page.text
    assert "20 more columns not shown." in page.text


def test_one_row_and_numbers_at_the_ends_of_their_range() -> None:
    page_of(Mixture([0.4, 0.6], [[0.0], [5.0]], [1.0, 4.0], "spherical"), [[3.0]])
    X = FAITHFUL * np.array([1e150, 1e-150])
    table = page_of(GaussianMixture(2, random_state=0).fit(X), X).table("Columns of the data")
    assert table.column("sd") == ["1.1393e+150", "1.357e-149"]


def test_saving_is_all_or_nothing(tied, tmp_path) -> None:
    report = MixtureReport(tied, FRAME)
    file = tmp_path / "report.html"
    file.write_text("before")
    report.save(file)
    assert file.read_text(encoding="utf-8") == report.html
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(FileNotFoundError):
        report.save(tmp_path / "nowhere" / "report.html")


def test_a_notebook_shows_the_page_in_a_frame(tied) -> None:
    report = MixtureReport(tied, FRAME)
    frame = Page(report._repr_html_())
    (attributes,) = frame.all("iframe")
    assert attributes["srcdoc"] == report.html


@pytest.mark.parametrize("estimator", [GaussianMixture(), MixtureSelector(), MixtureOutlierDetector()])
def test_what_is_not_fitted_says_so(estimator) -> None:
    with pytest.raises(NotFittedError):
        MixtureReport(estimator, FAITHFUL)


@pytest.mark.parametrize(
    ("X", "options", "words"),
    [
        (FRAME.rename(columns={"waiting": "wait"}), {}, "no column waiting.*it has eruptions, wait"),
        (FRAME[["waiting", "eruptions"]], {}, "another order: give them as eruptions, waiting"),
        (FAITHFUL[:, :1], {}, "1 features, but 2"),
        (np.where(FAITHFUL > 90, np.nan, FAITHFUL), {}, "NaN"),
        (FRAME, {"sample_weight": [1.0]}, "sample_weight must have one number a row"),
        (FRAME, {"row_labels": ["a"]}, "row_labels must have one label a row"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(tied, X, options, words) -> None:
    with pytest.raises(InputError, match=words):
        MixtureReport(tied, X, **options)


@pytest.mark.parametrize("estimator", [KMeans(2), MixtureClassifier(), GaussianMixture, None, "model"])
def test_what_is_no_mixture_is_refused(estimator) -> None:
    with pytest.raises(InputError, match="a report is made of a fitted GaussianMixture, MixtureSelector"):
        MixtureReport(estimator, FAITHFUL)


@pytest.mark.parametrize("missing", ["jinja2", "matplotlib"])
def test_without_its_packages_it_says_what_to_install(missing) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None\nimport mixtura\nimport mixtura.report"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'mixtura[report]'" in done.stderr
