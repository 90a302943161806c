"""The command line in this process, and in a real one."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import mixtura
from mixtura.cli import main

SOURCES = Path(mixtura.__file__).parent
FAITHFUL = SOURCES / "datasets" / "files" / "faithful.csv"
QUICK = ("-k", "2", "--covariance", "tied", "--n-init", "1", "--quiet", "--out")


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str

    def one_error(self, *parts):
        """Check that it is a mistake of the user, told in one line that holds all these parts."""
        assert self.status == 2, self
        assert self.err.startswith("error: ")
        assert self.err.count("\n") == 1
        assert self.err.endswith("\n")
        for part in parts:
            assert str(part) in self.err
        return self


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run words in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        status = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return run


@pytest.fixture
def quickly(run):
    """Run `fit` with one start of two structures."""

    def quickly(data, *words):
        return run("fit", data, "--n-init", 1, "--covariance", "tied,diag", *words)

    return quickly


def command(words):
    return [sys.executable, "-m", "mixtura", *map(str, words)]


@pytest.fixture
def environment():
    """Return the variables of a real process, which finds the mixtura that is tested."""
    path = os.pathsep.join([str(SOURCES.parent), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
    shaping = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING")
    return {k: v for k, v in os.environ.items() if k not in shaping} | {"PYTHONPATH": path}


@pytest.fixture
def process(environment, tmp_path):
    """Run words in a real process, in an empty folder."""

    def process(*words, variables=None, **options):
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 60} | options
        env = environment | (variables or {})
        done = subprocess.run(command(words), env=env, cwd=tmp_path, check=False, **settings)
        return Result(done.returncode, *((text or b"").decode() for text in (done.stdout, done.stderr)))

    return process


@pytest.fixture
def start(environment, tmp_path):
    """Start a process, which is ended after the test."""
    started = []

    def start(*words, **options):
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        started.append(subprocess.Popen(command(words), env=environment, cwd=tmp_path, **settings))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def faithful():
    return FAITHFUL


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """Return a model of faithful.csv."""
    path = tmp_path_factory.mktemp("model") / "faithful.mixtura"
    assert main(["fit", str(FAITHFUL), *QUICK, str(path)]) == 0
    return path


@pytest.fixture(scope="session")
def nameless(tmp_path_factory):
    """Return a model of two columns without names."""
    folder = tmp_path_factory.mktemp("nameless")
    np.save(folder / "X.npy", np.loadtxt(FAITHFUL, delimiter=",", skiprows=1))
    path = folder / "nameless.mixtura"
    assert main(["fit", str(folder / "X.npy"), *QUICK, str(path)]) == 0
    return path


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
