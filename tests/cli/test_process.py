"""What only a real process shows: pipes, terminals, signals and time."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX systems")
# A fit that takes minutes.
LONG = ("-k", "9:12", "--covariance", "full", "--tol", "0", "--max-iter", "100000")


@pytest.fixture
def big(tmp_path):
    path = tmp_path / "big.npy"
    np.save(path, np.random.default_rng(0).normal(size=(20_000, 4)))
    return path


def test_help_names_the_commands(process):
    told = process("--help")
    assert (told.status, told.err) == (0, "")
    for command in ("fit", "predict", "score", "sample", "export", "info"):
        assert f" {command} " in told.out
    assert "NumPy" in told.out


# What makes it quick; how quick is benchmarks/startup.py's to say.
def test_help_needs_no_numpy(environment):
    code = "import sys; from mixtura.cli import main; main(['--help']); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


@pytest.mark.parametrize("command", ["fit", "predict", "score", "sample", "export", "info"])
def test_help_of_a_command(run, command):
    told = run(command, "--help")
    assert told.status == 0
    assert f"Usage: mixtura {command}" in told.out
    assert max(map(len, told.out.splitlines())) <= 100


def test_version(run):
    assert run("--version").out.startswith("mixtura 0.")


@posix
@pytest.mark.parametrize("words", [["sample", "MODEL", "-n", "200000"], ["fit", "DATA", "-k", "1"]])
def test_a_reader_that_has_seen_enough(start, faithful, model, words):
    writer = start(*({"DATA": faithful, "MODEL": model}.get(word, word) for word in words))
    assert writer.stdout.readline()
    writer.stdout.close()
    assert writer.wait(timeout=60) in {0, 141}
    assert writer.stderr.read() == b""


@posix
@pytest.mark.parametrize(
    "words", [["predict", "MODEL", "DATA"], ["fit", "DATA", "-k", "1"], ["info", "MODEL"], ["--help"]]
)
def test_a_full_disk_behind_standard_output(process, faithful, model, words):
    words = [{"DATA": faithful, "MODEL": model}.get(word, word) for word in words]
    with Path("/dev/full").open("wb") as full:
        process(*words, stdout=full).one_error("standard output: No space left on device")


@posix
@pytest.mark.parametrize("closed", [1, 2])
def test_closed_streams(process, faithful, closed):
    told = process("fit", faithful, "-k", "1", preexec_fn=lambda: os.close(closed))
    assert told.status == 0
    assert told.err == ""
    assert ("Chosen: 1 component" in told.out) is (closed == 2)
    assert process("fit", "absent.csv", preexec_fn=lambda: os.close(closed)).status == 2


@posix
def test_a_disk_that_fills_up(process, model, faithful, tmp_path):
    import resource

    (tmp_path / "a.csv").write_text("old")
    limit = 1024
    told = process(
        "predict", model, faithful, "--out", "a.csv",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    told.one_error("a.csv: cannot be written: File too large")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "old"


@posix
def test_interruption(start, big, tmp_path):
    (tmp_path / "a.mixtura").write_text("old")
    begin = time.monotonic()
    fit = start("fit", big, *LONG, "--out", "a.mixtura", "--labels", "l.csv")
    assert b"20000 rows" in fit.stdout.readline()
    time.sleep(0.3)
    fit.send_signal(signal.SIGINT)
    _, err = fit.communicate(timeout=20)
    assert fit.returncode == 130
    assert err == b"error: interrupted: nothing more was written\n"
    assert (tmp_path / "a.mixtura").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mixtura", "big.npy"]
    assert time.monotonic() - begin < 20


def terminal(start, environment, *words, columns, until, signal_after=False):
    """Run words with a terminal on both streams; return what is on it when `until` shows, or at the end."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = start(*words, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown, interrupted = b"", False
    try:
        while True:
            shown += os.read(ours, 65536)
            if signal_after and not interrupted and until in shown:
                process.send_signal(signal.SIGINT)
                interrupted = True
    except OSError:
        # The other end is closed.
        pass
    finally:
        os.close(ours)
    return process.wait(timeout=20), shown.decode()


@posix
def test_progress_of_a_long_fit(start, environment, big):
    status, shown = terminal(
        start, environment, "fit", big, *LONG, columns=90, until=b"start 1, pass", signal_after=True
    )
    assert status == 130
    assert "9 components, full" in shown
    assert "0/4" in shown
    # The bar is wiped away before the message.
    assert shown.endswith("\x1b[2Kerror: interrupted: nothing more was written\r\n")


@posix
@pytest.mark.parametrize("columns", [30, 60, 120])
def test_narrow_and_wide_terminals(start, environment, faithful, columns, monkeypatch):
    environment["NO_COLOR"] = "1"
    words = ("fit", faithful, "-k", "1:2", "--n-init", "1")
    status, shown = terminal(start, environment, *words, columns=columns, until=b"")
    assert status == 0
    import re

    assert "\x1b[32m" not in shown
    assert "\x1b[1;32m" not in shown
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
    assert max(map(len, lines)) <= columns
    assert sum("2322.2*" in line for line in lines) == 1
    assert "…" not in shown


def test_a_stream_without_unicode(process, faithful):
    told = process("fit", faithful, "-k", "1", variables={"PYTHONIOENCODING": "ascii"})
    assert (told.status, told.err) == (0, "")
    assert "mean ? standard deviation" in told.out
    variables = {"PYTHONIOENCODING": "ascii"}
    process("fit", "größe.csv", variables=variables).one_error("gr??e.csv: there is no such file")
