"""Mistakes of the user: one line that names the culprit, exit status 2, and nothing written."""

import errno
import os

import numpy as np
import pytest

HELP = "(see mixtura fit --help)"


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["-k", "0"], ["-k '0'", "1:6"]),
        (["-k", "6:1"], ["-k '6:1'"]),
        (["-k", "a"], ["-k 'a'"]),
        (["-k", "1:"], ["-k '1:'"]),
        (["-k", ""], ["-k ''"]),
        (["-k", "-1"], ["-k '-1'"]),
        (["-k", "2.5"], ["-k '2.5'"]),
        (["-k", "1,,2"], ["-k '1,,2'"]),
        (["-k", "10001"], ["-k '10001'", "from 1 to 10000"]),
        (["-k", "300"], ["300", "more components than the 272 rows"]),
        (["-k"], ["-k requires an argument", HELP]),
        (["-k", "1", "-k", "2"], ["-k", "multiple times", HELP]),
        (["--covariance", "nope"], ["--covariance 'nope'", "full, tied, diag"]),
        (["--covariance", "full,,diag"], ["--covariance 'full,,diag'"]),
        (["--covariance="], ["--covariance ''"]),
        (["--criterion", "nope"], ["--criterion 'nope'", "bic, aic, icl"]),
        (["--columns", "eruptons"], ["no column 'eruptons'", "'eruptions' is meant", "eruptions, waiting"]),
        (["--columns", "eruptions,"], ["--columns 'eruptions,'"]),
        (["--columns", "waiting,waiting"], ["'waiting' is named 2 times"]),
        (["--seed", "-1"], ["--seed -1"]),
        (["--seed", "99999999999"], ["--seed 99999999999"]),
        (["--seed", "x"], ["--seed: 'x' is no whole number", HELP]),
        (["--n-init", "0"], ["--n-init 0"]),
        (["--n-init", "2.5"], ["--n-init: '2.5' is no whole number"]),
        (["--max-iter", "0"], ["--max-iter 0"]),
        (["--jobs", "0"], ["--jobs 0"]),
        (["--tol", "-1"], ["--tol -1"]),
        (["--tol", "nan"], ["--tol nan"]),
        (["--tol", "x"], ["--tol", '"x"']),
        (["--nope"], ["--nope", HELP]),
        (["extra"], ["'extra' is one argument too many", HELP]),
        (["--proba"], ["--proba", "--labels"]),
        (["--out", "a.csv"], ["--out a.csv", "--labels"]),
        (["--out", "nodir/a.mixtura"], ["nodir/a.mixtura", "no folder"]),
        (["--out", "."], [".: is not a plain file"]),
        (["--out", os.devnull], [os.devnull, "is not a plain file"]),
        (["--out"], ["--out requires an argument", HELP]),
        (["--labels", "a.txt"], ["a.txt", ".csv or .parquet"]),
        (["--labels", "nodir/a.csv"], ["nodir/a.csv", "no folder"]),
        (["--labels", "data.csv"], ["--labels data.csv: this file is read too"]),
        (["--labels", "./data.csv"], ["data.csv: this file is read too"]),
        (["--out", "data"], ["--out data: this file is read too"]),
    ],
)
def test_options(run, faithful, tmp_path, words, parts):
    content = faithful.read_bytes()
    (tmp_path / "data.csv").write_bytes(content)
    if os.name == "posix":
        (tmp_path / "data").symlink_to("data.csv")
    before = sorted(tmp_path.iterdir())
    if words == ["-k", "300"]:
        run("fit", "data.csv", *words).one_error(*parts)
    else:
        # Mistakes in options are found before any work.
        assert run("fit", "data.csv", *words).one_error(*parts).out == ""
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "data.csv").read_bytes() == content


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["nope"], ['"nope"', "fit, predict", "(see mixtura --help)"]),
        (["--nope"], ["--nope"]),
        (["fit"], ["DATA requires an argument", "(see mixtura fit --help)"]),
        (["predict", "a"], ["DATA", "(see mixtura predict --help)"]),
        (["info"], ["MODEL"]),
        (["fit", "absent.csv"], ["absent.csv: there is no such file"]),
        (["fit", "nodir/absent.csv"], ["nodir/absent.csv: there is no such file"]),
        (["fit", "."], [".: is a directory"]),
    ],
)
def test_commands(run, words, parts):
    assert run(*words).one_error(*parts).out == ""


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("a.csv", "", ["empty"]),
        ("a.csv", "x,y\n", ["no rows"]),
        ("a.csv", "x,y\n1,2\n", ["one row is not enough"]),
        ("a.csv", "1,2\n3,4\n", ["--no-header", "'1,2'"]),
        ("a.csv", "x,x\n1,2\n3,4\n", ["'x' is named 2 times"]),
        ("a.csv", "x,y\na,b\nc,d\n", ["no column of numbers", "'x' (text)"]),
        ("a.csv", "x,y\n1,2\noops,3\n4,5\n", ["'x'", "data row 2", "'oops'"]),
        ("a.csv", "x,y\n1,2\n,3\n4,5\n", ["'x' in data row 2", "--drop-missing"]),
        ("a.csv", "x,y\n1,2\ninf,3\n", ["'x'", "infinity", "data row 2"]),
        ("a.csv", "x,y\n1,2\n2e200,3\n", ["'x'", "beyond 1e+100", "data row 2", "unit"]),
        ("a.csv", "x,y\n1,2\n1,2,3\n", ["line 3 has 3 fields"]),
        ("a.xlsx", "PK", ["'.xlsx'", ".parquet"]),
        ("a.parquet", "PAR1", ["damaged"]),
        ("a.jsonl", '{"x": 1\n', ["JSON lines"]),
        ("a.npy", "x", ["NumPy"]),
        ("a.npz", b"PK\x03\x04" + bytes(90), ["NumPy"]),
    ],
)
def test_data_files(run, write, tmp_path, name, content, parts):
    told = run("fit", write(name, content), "--out", "a.mixtura", "--labels", "l.csv").one_error(name, *parts)
    assert told.out == ""
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_cut_npz(run, tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, X=np.random.default_rng(0).normal(size=(200, 2)))
    content = path.read_bytes()
    for harmed in (content[:-300], content[:700] + b"\xff" * 30 + content[730:]):
        path.write_bytes(harmed)
        run("fit", path).one_error("a.npz", "NumPy")


@pytest.mark.parametrize(("code", "reason"), [(errno.ENOSPC, "No space left"), (errno.EIO, "error")])
@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["fit", "DATA", "-k", "2", "--n-init", "1", "--out"], "a.mixtura"),
        (["fit", "DATA", "-k", "2", "--n-init", "1", "--labels"], "a.csv"),
        (["predict", "MODEL", "DATA", "--out"], "a.parquet"),
        (["score", "MODEL", "DATA", "--out"], "a.csv"),
        (["sample", "MODEL", "--out"], "a.parquet"),
        (["export", "MODEL", "--out"], "a.onnx"),
    ],
)
def test_a_full_disk_leaves_the_old_file(
    run, faithful, model, tmp_path, monkeypatch, words, out, code, reason
):
    (tmp_path / out).write_text("old")

    def fail(handle):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    words = [{"DATA": faithful, "MODEL": model}.get(word, word) for word in words]
    run(*words, out).one_error(f"{out}: cannot be written", reason)
    assert [p.name for p in tmp_path.iterdir()] == [out]
    assert (tmp_path / out).read_text() == "old"


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_stays_a_link(run, faithful, tmp_path):
    (tmp_path / "link").symlink_to("real.mixtura")
    words = ("-k", "1", "--covariance", "diag", "--quiet", "--out", "link")
    assert run("fit", faithful, *words).status == 0
    assert (tmp_path / "link").is_symlink()
    assert run("info", "real.mixtura").status == 0


def test_a_missing_extra_is_named(run, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name, name="cyclopts")

    monkeypatch.setattr("mixtura.cli.import_module", missing)
    run("--help").one_error("cyclopts: pip install 'mixtura[cli]'")


def test_a_fault_of_the_program_is_not_hidden(run, faithful, monkeypatch):
    def fail(*_, **__):
        raise ValueError("a bug")

    monkeypatch.setattr("mixtura.cli.fit.select", fail)
    with pytest.raises(ValueError, match="a bug"):
        run("fit", faithful)
