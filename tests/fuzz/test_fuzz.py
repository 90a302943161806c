"""A short run of each fuzzer, in a process of its own that may crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("fuzzer", "count"), [("files", 600), ("native", 1500)])
def test_a_short_run_finds_nothing(fuzzer: str, count: int, tmp_path: Path) -> None:
    log = tmp_path / "log"
    words = [sys.executable, "-m", "tests.fuzz", fuzzer, "--count", str(count), "--log", str(log)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, (done.stderr, log.read_text().splitlines()[-1:])
    assert f"{fuzzer}: {count} attacks from seed 0" in done.stdout
    # It attacks, and not only at what refuses anything.
    assert ("refused" if fuzzer == "files" else "TypeError") in done.stdout
    assert ("accepted" if fuzzer == "files" else "returned") in done.stdout
