"""`mixtura outliers`: strange rows are named, with how strange they are."""

import csv
import re

import numpy as np
import pytest

from mixtura import MixtureOutlierDetector

STRANGE = (7, 150, 201)


@pytest.fixture
def odd(tmp_path):
    """A file of two groups and three rows that are in neither."""
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(120, 2)), rng.normal(size=(120, 2)) + 12.0])
    for row, place in zip(STRANGE, ([6.0, 6.0], [-9.0, 12.0], [30.0, 0.0]), strict=True):
        X[row - 1] = place
    path = tmp_path / "odd.csv"
    np.savetxt(path, X, delimiter=",", header="length,width", comments="")
    return path


def test_strange_rows_are_printed_the_strangest_first(run, odd):
    told = run("outliers", odd, "-k", "2")
    assert (told.status, told.err) == (0, "")
    assert re.search(r"\b[3-6] outliers in 240 rows", told.out)
    lines = told.out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ["row"])
    assert lines[at].split() == ["row", "log-density", "p", "length", "width"]
    shown = [line.split() for line in lines[at + 1 : at + 4]]
    assert {int(cells[0]) for cells in shown} == set(STRANGE)
    densities = [float(cells[1]) for cells in shown]
    assert densities == sorted(densities)
    assert all(float(cells[2]) < 1e-3 for cells in shown)


def test_all_rows_are_written(run, odd, tmp_path):
    told = run("outliers", odd, "-k", "2", "--out", "o.csv", "--quiet")
    assert (told.status, told.out, told.err) == (0, "", "")
    with (tmp_path / "o.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    X = np.loadtxt(odd, delimiter=",", skiprows=1)
    detector = MixtureOutlierDetector(2, random_state=0).fit(X)
    assert [row["outlier"] == "1" for row in rows] == (detector.predict(X) == -1).tolist()
    np.testing.assert_allclose([float(row["log_density"]) for row in rows], detector.score_samples(X))
    np.testing.assert_allclose([float(row["p"]) for row in rows], detector.pvalues(X)[0])


def test_a_share_of_rows_can_be_asked_for(run, odd):
    told = run("outliers", odd, "--contamination", "0.25")
    assert "60 outliers in 240 rows" in told.out
    assert "and 40 more: --out writes all rows" in told.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--contamination", "2"), "--contamination '2': give auto, or the share"),
        (("--contamination", "few"), "--contamination 'few': give auto, or the share"),
        (("-k", "0"), "-k 0: give a number of components of at least 1"),
        (("-k", "1:3"), "no whole number"),
        (("--covariance", "round"), "--covariance 'round': give one of full, tied"),
        (("--out", "odd.csv"), "odd.csv"),
        (("--columns", "size"), "size"),
    ],
)
def test_mistakes_are_named(run, odd, options, words):
    before = odd.read_bytes()
    told = run("outliers", odd, *options)
    assert told.status == 2
    assert words in told.err
    assert odd.read_bytes() == before
