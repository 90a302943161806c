"""`mixtura predict`, `score`, `sample` and `info`: a model file, and the data it is asked about."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mixtura


def cells(text):
    return [line.split(",") for line in text.splitlines()]


@pytest.fixture(name="X")
def rows(faithful):
    return np.loadtxt(faithful, delimiter=",", skiprows=1)


def test_predict_prints_labels(run, model, faithful, X):
    told = run("predict", model, faithful, "--proba")
    assert (told.status, told.err) == (0, "")
    header, *rows = cells(told.out)
    assert header == ["row", "label", "certainty", "p0", "p1"]
    P = mixtura.load(model).mixture_.posterior(X)
    numbers = np.array(rows, dtype=float)
    np.testing.assert_array_equal(numbers[:, 0], np.arange(1, 273))
    np.testing.assert_array_equal(numbers[:, 1], P.argmax(axis=1))
    np.testing.assert_allclose(numbers[:, 3:], P, rtol=1e-12)


def test_columns_are_found_by_name(run, model, faithful, write, X):
    swapped = write("b.csv", "waiting,who,more,eruptions\n" + "".join(f"{b},z,1,{a}\n" for a, b in X))
    assert run("predict", model, swapped).out == run("predict", model, faithful).out


def test_other_columns_by_option(run, model, faithful, write, X):
    other = write("b.csv", "u,v,w\n" + "".join(f"1,{a},{b}\n" for a, b in X))
    run("predict", model, other).one_error("fitted on columns eruptions, waiting", "it has u, v, w")
    assert run("predict", model, other, "--columns", "v,w").out == run("predict", model, faithful).out
    run("predict", model, other, "--columns", "v").one_error("2 columns", "1 of", "(v)", "--columns")


def test_without_names_columns_are_found_by_position(run, nameless, model, faithful, write, X, tmp_path):
    np.save(tmp_path / "X.npy", X)
    reference = run("predict", nameless, faithful).out
    assert reference == run("predict", nameless, tmp_path / "X.npy").out
    assert cells(reference)[1][1:] == cells(run("predict", model, tmp_path / "X.npy").out)[1][1:]
    wide = write("c.csv", ",".join(f"c{j}" for j in range(50)) + "\n" + ",".join("1" * 50) + "\n")
    told = run("predict", nameless, wide).one_error("50 of", "c0, c1", "… (50 in all)", "--columns")
    assert "c30" not in told.err


@pytest.mark.parametrize("command", ["predict", "score"])
@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("eruptions,wating\n1,2\n", ["lacks waiting", "it has eruptions, wating"]),
        ("eruptions,waiting\n1,\n", ["'waiting' in data row 1", "--drop-missing"]),
        ("eruptions,waiting\n1,x\n2,3\n4,5\n", ["'waiting'", "data row 1", "'x'"]),
        ("eruptions,waiting\n1,a\n2,b\n", ["'waiting' holds text"]),
        ("eruptions,waiting\n1,1e300\n", ["'waiting'", "1e+100"]),
        ("eruptions,waiting\n", ["no rows"]),
        ("", ["empty"]),
    ],
)
def test_data_that_cannot_be_used(run, model, write, tmp_path, command, content, parts):
    told = run(command, model, write("bad.csv", content), "--out", "out.csv")
    assert told.one_error("bad.csv", *parts).out == ""
    assert not (tmp_path / "out.csv").exists()


def test_missing_rows_can_be_dropped(run, model, write):
    told = run(
        "predict", model, write("a.csv", "eruptions,waiting\n1,\n2,50\nNA,3\n4,80\n"), "--drop-missing"
    )
    assert [row[0] for row in cells(told.out)] == ["row", "2", "4"]


def test_score(run, model, faithful, X, tmp_path):
    told = run("score", model, faithful, "--out", tmp_path / "s.parquet")
    log_pdf = mixtura.load(model).mixture_.log_pdf(X)
    assert f"log-likelihood {log_pdf.mean():.6f} a row, {log_pdf.sum():.3f} in 272 rows" in told.out
    assert "positive" not in told.out
    written = pq.read_table(tmp_path / "s.parquet")
    assert written["row"].to_pylist() == list(range(1, 273))
    np.testing.assert_allclose(written["log_density"].to_numpy(), log_pdf, rtol=1e-12)


def test_a_positive_score_is_explained(run, quickly, write, tmp_path):
    path = write("a.csv", "x\n" + "".join(f"{i % 7 * 1e-4}\n" for i in range(50)))
    assert quickly(path, "-k", 1, "--quiet", "--out", "a.mixtura").status == 0
    for words in (("score", "a.mixtura", path), ("info", "a.mixtura")):
        assert "positive, and may be: a density is a probability per unit of volume" in run(*words).out


def test_sample(run, model, tmp_path):
    told = run("sample", model, "-n", 2000, "--seed", 3)
    assert (told.status, told.err) == (0, "")
    header, *rows = cells(told.out)
    assert header == ["eruptions", "waiting", "label"]
    drawn = np.array(rows, dtype=float)
    assert drawn.shape == (2000, 3)
    mixture = mixtura.load(model).mixture_
    for k, weight in enumerate(mixture.weights):
        own = drawn[drawn[:, 2] == k]
        assert len(own) / 2000 == pytest.approx(weight, abs=0.05)
        np.testing.assert_allclose(own[:, :2].mean(axis=0), mixture.means[k], rtol=0.05)
    # In any order.
    assert set(drawn[:10, 2]) == {0, 1}
    assert run("sample", model, "-n", 2000, "--seed", 3).out == told.out
    assert run("sample", model, "-n", 2000, "--seed", 4).out != told.out
    run("sample", model, "-n", 2000, "--seed", 3, "--out", "s.csv")
    assert (tmp_path / "s.csv").read_text() == told.out


def test_a_feature_called_label_is_kept(run, quickly, write):
    path = write("a.csv", "label,component\n" + "".join(f"{i % 7},{i % 5 + 100}\n" for i in range(50)))
    assert quickly(path, "-k", 1, "--quiet", "--out", "a.mixtura").status == 0
    header, row = cells(run("sample", "a.mixtura", "-n", 1).out)
    assert header == ["label", "component", "label_"]
    assert float(row[1]) > 50


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["-n", 0], "-n 0: give a number of rows"),
        (["-n", -5], "-n -5"),
        (["-n", 1.5], "'1.5' is no whole number"),
        (["-n", 10**15], "memory"),
        (["--seed", -1], "--seed -1"),
        (["--seed", 1.5], "--seed: '1.5'"),
    ],
)
def test_sample_of_what_is_no_number(run, model, words, part):
    run("sample", model, *words).one_error(part)


def test_info(run, model, nameless):
    told = run("info", model)
    assert (
        "a mixture of 2 components with tied covariance in 2 columns\n  columns: eruptions, waiting"
        in told.out
    )
    assert "fitted by EM: log-likelihood -4.1" in told.out
    assert "(converged)" in told.out
    assert "component  weight      eruptions       waiting\n0" in told.out
    assert "have no names: data are matched by position" in run("info", nameless).out


def test_info_of_a_mixture_without_a_fit(run, tmp_path):
    mixtura.Mixture([1.0], [[0.0]], [[[4.0]]], "full").save(tmp_path / "a.mixtura")
    told = run("info", "a.mixtura")
    assert told.status == 0
    assert "1 component with full covariance in 1 column" in told.out
    assert "0.00 ± 2.00" in told.out
    assert "EM" not in told.out


@pytest.mark.parametrize("command", ["predict", "score", "sample", "export", "info"])
@pytest.mark.parametrize(
    "harm", ["cut", "longer", "flip", "swap", "empty", "text", "random", "absent", "folder"]
)
def test_model_files_that_are_none(run, model, faithful, tmp_path, command, harm):
    content, path = bytearray(model.read_bytes()), tmp_path / "bad.mixtura"
    match harm:
        case "cut":
            content = content[:-5]
        case "longer":
            content += b"\x00"
        case "flip":
            content[-9] ^= 1
        case "swap":
            content = content.replace(b"eruptions", b"eruptionz")
        case "empty":
            content = b""
        case "text":
            content = faithful.read_bytes()
        case "random":
            content = np.random.default_rng(0).bytes(3000)
    if harm == "folder":
        path.mkdir()
    elif harm != "absent":
        path.write_bytes(content)
    data = [faithful, "--out", "out.csv"] if command in {"predict", "score"} else []
    why = {"cut": "altered", "longer": "altered", "flip": "SHA-256", "swap": "SHA-256"}
    why |= {"absent": "No such file", "folder": "irectory"}
    told = run(command, path, *data).one_error(path, why.get(harm, "is not a mixtura model file"))
    assert told.out == ""
    assert not (tmp_path / "out.csv").exists()


def test_every_flipped_bit_of_the_header_is_found(run, model, tmp_path):
    content = model.read_bytes()
    assert json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    path = tmp_path / "bad.mixtura"
    for position in range(0, len(content), 23):
        path.write_bytes(content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :])
        run("info", path).one_error(path)


def test_missing_columns_of_parquet(run, model, tmp_path):
    pq.write_table(pa.table({"eruptions": [1.0], "other": [2.0]}), tmp_path / "a.parquet")
    run("predict", model, "a.parquet").one_error("a.parquet lacks waiting: it has eruptions, other")
