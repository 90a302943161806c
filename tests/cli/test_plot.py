"""`mixtura plot`: a picture of a model over its data."""

import numpy as np
import pytest
from matplotlib import image


@pytest.fixture
def wide(write):
    rows = np.random.default_rng(0).normal(size=(60, 7))
    return write("wide.csv", "\n".join(["a,b,c,d,e,f,g", *(",".join(map(str, row)) for row in rows)]))


def test_two_columns_are_drawn(run, model, faithful, tmp_path):
    told = run("plot", model, faithful)
    assert (told.status, told.err) == (0, "")
    assert "mixture.png" in told.out
    picture = image.imread(tmp_path / "mixture.png")
    assert picture.shape[0] > 400
    # Orange and blue, the colours of the two components.
    for colour in ((0xD5, 0x5E, 0x00), (0x00, 0x72, 0xB2)):
        assert (np.abs(picture[:, :, :3] - np.array(colour) / 255).max(axis=2) < 0.05).sum() > 100


def test_one_column_is_a_density(run, faithful, tmp_path):
    one = ("-k", "2", "--covariance", "full", "--n-init", "1", "--quiet", "--out", "one.mixtura")
    assert run("fit", faithful, "--columns", "waiting", *one).status == 0
    assert run("plot", "one.mixtura", faithful, "--out", "one.svg").status == 0
    assert "<svg" in (tmp_path / "one.svg").read_text()


def test_of_more_columns_some_are_chosen(run, wide, tmp_path):
    assert run("fit", wide, "-k", "1", "--quiet", "--out", "wide.mixtura").status == 0
    run("plot", "wide.mixtura", wide).one_error("7 features", "--features")
    run("plot", "wide.mixtura", wide, "--features", "a,z").one_error("must be two to six of")
    run("plot", "wide.mixtura", wide, "--features", "z").one_error("must be one to two of")
    for chosen in ("a,c", "0,2", "b", "a,c,g"):
        assert run("plot", "wide.mixtura", wide, "--features", chosen, "--out", f"{chosen}.pdf").status == 0
        assert (tmp_path / f"{chosen}.pdf").stat().st_size > 1000


def test_all_pairs_of_few_columns_are_drawn(run, wide, tmp_path):
    assert run("fit", wide, "--columns", "a,b,c", "-k", "1", "--quiet", "--out", "few.mixtura").status == 0
    assert run("plot", "few.mixtura", wide).status == 0
    assert image.imread(tmp_path / "mixture.png").shape[:2] == (780, 780)


def test_what_cannot_be_drawn_says_why(run, model, faithful, write):
    run("plot", model, faithful, "--out", "picture.bmp").one_error(".png or .svg or .pdf")
    run("plot", model, faithful, "--out", "nowhere/picture.png").one_error("nowhere")
    run("plot", model, write("other.csv", "u,v\n1,2\n3,4\n")).one_error("was fitted on")
