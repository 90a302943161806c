"""`mixtura plot`: a picture of a model over its data."""

import numpy as np
import pytest
from matplotlib import image


@pytest.fixture
def wide(write):
    rows = np.random.default_rng(0).normal(size=(60, 3))
    return write("wide.csv", "a,b,c\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))


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


def test_of_more_columns_two_are_chosen(run, wide, tmp_path):
    assert run("fit", wide, "-k", "1", "--quiet", "--out", "wide.mixtura").status == 0
    run("plot", "wide.mixtura", wide).one_error("3 features", "--features")
    run("plot", "wide.mixtura", wide, "--features", "a,z").one_error("must be two of")
    for chosen in ("a,c", "0,2"):
        assert run("plot", "wide.mixtura", wide, "--features", chosen, "--out", f"{chosen}.pdf").status == 0
        assert (tmp_path / f"{chosen}.pdf").stat().st_size > 1000


def test_what_cannot_be_drawn_says_why(run, model, faithful, write):
    run("plot", model, faithful, "--out", "picture.bmp").one_error(".png or .svg or .pdf")
    run("plot", model, faithful, "--out", "nowhere/picture.png").one_error("nowhere")
    run("plot", model, write("other.csv", "u,v\n1,2\n3,4\n")).one_error("was fitted on")
