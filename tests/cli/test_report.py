"""`mixtura report` and `mixtura fit --report`: all there is to tell of a fit, in one file."""

import subprocess
import sys

import pytest

from tests.report.page import checked


@pytest.fixture
def page(tmp_path):
    def page(name):
        return checked((tmp_path / name).read_text(encoding="utf-8"))

    return page


def test_a_model_is_reported_over_its_data(run, model, faithful, page):
    told = run("report", model, faithful, "--title", "Old <Faithful>")
    assert (told.status, told.err) == (0, "")
    assert "report.html" in told.out
    found = page("report.html")
    assert "Old <Faithful>" in found.text
    assert found.table("Weight, and mean").head[3:] == ["eruptions", "waiting"]
    assert "Nothing speaks against this fit" in found.text
    assert f"mixtura predict {model} {faithful}" in found.text
    # Rows count from 1, as in what `predict` and `score` print.
    rows = [line.split(",") for line in faithful.read_text().splitlines()]
    for row in found.table("The rows of the lowest density").body:
        assert [float(value) for value in row[3:]] == [float(value) for value in rows[int(row[0])]]


def test_a_fit_reports_its_candidates(quickly, faithful, tmp_path, page):
    told = quickly(faithful, "-k", "1:3", "--out", "m.mixtura", "--report", "fit.html")
    assert (told.status, told.err) == (0, "")
    assert "wrote the report to fit.html" in told.out
    found = page("fit.html")
    table = found.table("BIC by number of components")
    assert table.head == ["components", "tied", "diag"]
    # What is printed is what is reported.
    for row in table.body:
        for cell in row[1:]:
            assert cell.removesuffix(" ★") in told.out
    assert "mixtura.load('m.mixtura')" in found.text
    assert "Report on faithful.csv" in found.text
    n = found.table("Probability of a row").column("rows")[0]
    assert f"at least 0.99  {n:>4}" in told.out


def test_a_fit_is_quiet_if_asked(run, faithful, page):
    told = run("fit", faithful, "-k", "2", "--covariance", "tied", "--quiet", "--report", "fit.html")
    assert (told.status, told.out, told.err) == (0, "", "")
    found = page("fit.html")
    assert not found.has_table("All candidates")
    assert "selection.estimator.save('model.mixtura')" in found.text


def test_columns_without_names_and_rows_left_out(run, nameless, write, page):
    data = write("gaps.csv", "a,b,c\n1,50,x\n2,60,x\n,70,x\n4,80,y\n5,90,y\n")
    assert run("report", nameless, data, "--drop-missing", "--columns", "a,b").status == 0
    found = page("report.html")
    assert found.table("Weight, and mean").head[3:] == ["a", "b"]
    assert "left out: 1 of 5 rows, with missing values" in found.text
    assert set(found.table("The rows of the lowest").column("row")) == {"1", "2", "4", "5"}


def test_hostile_names_in_a_file(quickly, write, page):
    names = '"<script>alert(1)</script>","$\\frac$","{{7*7}}"'
    rows = "".join(f"{i % 7},{(i * i) % 11},{i % 3 + i / 9}\n" for i in range(60))
    told = quickly(write("names.csv", f"{names}\n{rows}"), "-k", "1:2", "--report", "names.html")
    assert (told.status, told.err) == (0, "")
    shown = page("names.html").table("Columns of the data").column("column")
    assert shown == ["<script>alert(1)</script>", "$\\frac$", "{{7*7}}"]


def test_what_cannot_be_written_is_refused_before_the_work(run, model, faithful, tmp_path, write):
    run("report", model, faithful, "--out", "report.pdf").one_error(".html")
    run("report", model, faithful, "--out", "nowhere/report.html").one_error("nowhere")
    run("report", model, write("other.csv", "u,v\n1,2\n3,4\n")).one_error("was fitted on")
    run("fit", faithful, "--report", "report.txt").one_error(".html")
    run("fit", faithful, "--report", "nowhere/report.html").one_error("nowhere")
    run("fit", faithful, "--report", "a.html", "--out", "a.html").one_error("--report", "is written by --out")
    page = write("data.html", "a\n1\n2\n")
    run("report", model, page, "--out", page).one_error("is read too")
    run("fit", page, "--report", page).one_error("is read too")
    assert page.read_text() == "a\n1\n2\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.html", "other.csv"]


@pytest.mark.parametrize("missing", ["jinja2", "matplotlib"])
def test_without_its_packages_it_says_what_to_install(missing, faithful, tmp_path):
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from mixtura.cli import main\n"
        f"sys.exit(main(['fit', {str(faithful)!r}, '--report', 'report.html', '--out', 'm.mixtura']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "pip install 'mixtura[report]'" in done.stderr
    # Before any work.
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
