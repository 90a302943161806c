"""What the numbers were measured on: chip, instruction set, and the two limits of the machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mixtura import _native
from mixtura.threads import available_cores

__all__ = ["Machine", "peak_now", "this_machine"]

_SOURCE = Path(__file__).with_name("peak.cpp")


@dataclass(frozen=True)
class Machine:
    """Chip, cores, and limits over all cores: GFLOP/s of fused multiply-adds, and GB/s from memory.

    `peak` is that of the instruction set that mixtura uses, which MIXTURA_INSTRUCTION_SET may have lowered.
    """

    chip: str
    cores: int
    instruction_set: str
    peak: dict[str, float]
    bandwidth: float

    def line(self) -> str:
        """Return the line that every table carries."""
        return (
            f"{self.chip}, {self.cores} cores, {self.instruction_set}; limits measured in the same run: "
            f"{self.peak['float64']:.0f} GFLOP/s in float64, {self.peak['float32']:.0f} in float32, "
            f"{self.bandwidth:.0f} GB/s"
        )


def _chip() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines) if value
    }
    family = f" (family {found['cpu family']}, model {found['model']})" if "cpu family" in found else ""
    return found.get("model name", platform.machine()) + family


_FLAGS = {
    "avx512": ("-mavx512f", "-mfma", "-mprefer-vector-width=512"),
    "avx2": ("-mavx2", "-mfma"),
    "baseline": (),
}


class _Peak:
    """The compiled peak.cpp, for the instruction set that mixtura uses."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._program = Path(self._folder.name) / "peak"
        flags = _FLAGS[_native.config()["instruction_set"]]
        compiler = os.environ.get("CXX", "c++")
        words = [compiler, "-O3", "-std=c++20", "-pthread", *flags, str(_SOURCE), "-o", str(self._program)]
        subprocess.run(words, check=True)

    def limits(self, rounds: int) -> dict[str, float]:
        words = [str(self._program), str(available_cores()), str(rounds)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        limits: dict[str, float] = json.loads(done.stdout)
        return limits


@cache
def _peak() -> _Peak:
    return _Peak()


def peak_now() -> dict[str, float]:
    """Return GFLOP/s by type at this moment: on a shared machine they change from minute to minute."""
    limits = _peak().limits(3_000_000)
    del limits["bandwidth"]
    return limits


@cache
def this_machine() -> Machine:
    """Measure once a process; needs a C++ compiler (CXX, or c++)."""
    limits = _peak().limits(20_000_000)
    bandwidth = limits.pop("bandwidth")
    return Machine(_chip(), available_cores(), _native.config()["instruction_set"], limits, bandwidth)
