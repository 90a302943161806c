"""The guide: each command in it is run, and says what the page says that it does."""

import re
import shlex
import subprocess
import sys
from math import isclose
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What a page calls python and mixtura is this interpreter, and what it has.
_SHELL = 'python() { "$PYTHON" "$@"; }; mixtura() { python -m mixtura "$@"; }; '


def examples(page):
    """Yield each command and the lines that follow it."""
    for block in _CONSOLE.findall((GUIDE / page).read_text()):
        for example in block.removeprefix("$ ").split("\n$ "):
            command, _, told = example.partition("\n")
            yield command, told.rstrip("\n")


def same(told, expected):
    """Whether two texts are the same but for the last digits of their numbers."""
    words, wanted = (re.split(r"([\s,]+)", text) for text in (told, expected))
    return len(words) == len(wanted) and all(map(same_word, words, wanted))


def same_word(told, expected):
    try:
        return isclose(float(told), float(expected), rel_tol=1e-6, abs_tol=1e-12)
    except ValueError:
        return told == expected


@pytest.mark.parametrize(
    ("page", "at_least", "written"),
    [
        ("shell.md", 10, ["faithful.mixtura", "labels.csv", "scores.csv", "faithful.png", "faithful.onnx"]),
        ("serving.md", 5, ["faithful.mixtura", "labels.parquet", "faithful.onnx"]),
    ],
)
def test_the_guide_says_what_commands_say(run, environment, tmp_path, page, at_least, written):
    found = list(examples(page))
    assert len(found) >= at_least

    def shell(command):
        done = subprocess.run(
            ["bash", "-c", _SHELL + command],
            env=environment | {"PYTHON": sys.executable},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=120,
        )
        return done.stdout.decode()

    def here(command):
        told = run(*shlex.split(command)[1:])
        return told.out + told.err

    for command, expected in found:
        simple = command.startswith("mixtura ") and "|" not in command
        told = (here if simple else shell)(command).rstrip("\n")
        assert same(told, expected), f"$ {command}\n{told}"
    for name in written:
        assert (tmp_path / name).stat().st_size
