"""What an import costs, and how soon `mixtura --help` answers."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import interleaved, seconds
from benchmarks.table import Table

__all__ = ["run"]

_COMMANDS = {
    "`import sklearn.mixture`": ["-c", "import sklearn.mixture"],
    "`from mixtura import GaussianMixture`": ["-c", "from mixtura import GaussianMixture"],
    "`import mixtura`": ["-c", "import mixtura"],
    "`python -c pass`": ["-c", "pass"],
    "`mixtura --help`": ["-m", "mixtura", "--help"],
}
_NOTE = "Milliseconds of a whole process, medians of 15 interleaved runs."


def run(*, smoke: bool) -> list[Table]:
    """Time whole processes."""

    def measure(words: list[str]) -> float:
        command = [sys.executable, *words]
        return seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))

    times = interleaved(
        {name: lambda words=words: measure(words) for name, words in _COMMANDS.items()}, 1 if smoke else 15
    )
    rows = [[name, f"{1e3 * time:.0f}"] for name, time in times.items()]
    return [Table("startup", ["", "ms"], rows, _NOTE)]
