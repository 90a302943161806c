"""`mixtura export`: a model as an ONNX graph."""

import sys

import numpy as np
import onnxruntime
import pytest

import mixtura


def test_the_graph_labels_as_predict_does(run, model, faithful, tmp_path):
    told = run("export", model, "--out", "faithful.onnx")
    assert (told.status, told.err) == (0, "")
    assert told.out.splitlines() == [
        f"wrote {model} as an ONNX graph to faithful.onnx",
        "  takes X, float64 rows of 2 columns: eruptions, waiting",
        "  gives label, probabilities, log_density",
    ]
    X = np.loadtxt(faithful, delimiter=",", skiprows=1)
    label, probabilities, _ = onnxruntime.InferenceSession(tmp_path / "faithful.onnx").run(None, {"X": X})
    predicted = run("predict", model, faithful, "--proba").out
    columns = np.loadtxt(predicted.splitlines(), delimiter=",", skiprows=1)
    np.testing.assert_array_equal(label, columns[:, 1])
    np.testing.assert_allclose(probabilities, columns[:, 3:], atol=1e-12)


def test_it_has_a_name_where_none_is_given(run, nameless, tmp_path):
    told = run("export", nameless)
    assert "wrote" in told.out
    assert "rows of 2 columns\n" in told.out
    assert (tmp_path / "mixture.onnx").is_file()


def test_a_distribution_without_a_fit(run, tmp_path):
    mixtura.Mixture([1.0], [[0.0]], [1.0], "spherical").save(tmp_path / "normal.mixtura")
    assert run("export", "normal.mixtura").status == 0
    _, _, log_density = onnxruntime.InferenceSession(tmp_path / "mixture.onnx").run(None, {"X": [[0.0]]})
    np.testing.assert_allclose(log_density, -0.5 * np.log(2 * np.pi))


def test_a_link_stays_a_link(run, model, tmp_path):
    (tmp_path / "link.onnx").symlink_to("real.onnx")
    assert run("export", model, "--out", "link.onnx").status == 0
    assert (tmp_path / "link.onnx").is_symlink()
    assert (tmp_path / "real.onnx").is_file()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["MODEL", "--out", "model.pt"], ["model.pt", ".onnx only"]),
        (["MODEL", "--out", "nowhere/model.onnx"], ["nowhere/model.onnx", "no folder"]),
        (["MODEL", "--out", "folder.onnx"], ["folder.onnx", "not a plain file"]),
        (["old.onnx", "--out", "old.onnx"], ["--out old.onnx: this file is read too"]),
        (["old.onnx"], ["old.onnx", "not a mixtura model file"]),
        (["absent.mixtura"], ["absent.mixtura", "No such file"]),
        (["MODEL", "DATA"], ["one argument too many", "(see mixtura export --help)"]),
        ([], ["MODEL", "(see mixtura export --help)"]),
    ],
)
def test_mistakes(run, model, faithful, tmp_path, words, parts):
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "old.onnx").write_text("old")
    words = [{"MODEL": model, "DATA": faithful}.get(word, word) for word in words]
    assert run("export", *words).one_error(*parts).out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.onnx", "old.onnx"]
    assert (tmp_path / "old.onnx").read_text() == "old"


def test_a_missing_extra_is_named(run, model, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "mixtura.io.onnx", raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)
    run("export", model).one_error("pip install 'mixtura[onnx]'")
    assert not list(tmp_path.iterdir())
