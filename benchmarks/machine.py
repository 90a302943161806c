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

__all__ = ["Machine", "Program", "peak_now", "this_machine"]

_FOLDER = Path(__file__).parent
_CORE = _FOLDER.parent / "core" / "include"


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
    "avx512": (
        64,
        "-mavx512f",
        "-mavx512dq",
        "-mavx512vl",
        "-mavx512bw",
        "-mfma",
        "-mprefer-vector-width=512",
    ),
    "avx2": (32, "-mavx2", "-mfma"),
    "baseline": (16,),
}


class Program:
    """A C++ source of this folder, compiled for the instruction set that mixtura uses; prints JSON."""

    def __init__(self, name: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._program = Path(self._folder.name) / name
        isa = _native.config()["instruction_set"]
        width, *flags = _FLAGS[isa]
        words = [os.environ.get("CXX", "c++"), "-O3", "-std=gnu++20", "-pthread", *map(str, flags)]
        # As the kernels themselves are compiled: see CMakeLists.txt.
        words += ["-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"]
        words += [f"-DMIXTURA_ISA={isa}", f"-DMIXTURA_BYTES={width}", f"-I{_CORE}"]
        words += [str((_FOLDER / name).with_suffix(".cpp")), "-o", str(self._program)]
        subprocess.run(words, check=True)

    def run(self, *words: object) -> dict[str, float]:
        """Return what it prints."""
        done = subprocess.run(
            [str(self._program), *map(str, words)], check=True, capture_output=True, text=True
        )
        numbers: dict[str, float] = json.loads(done.stdout)
        return numbers


@cache
def _peak() -> Program:
    return Program("peak")


def peak_now(cores: int | None = None) -> dict[str, float]:
    """Return GFLOP/s by type at this moment: on a shared machine they change from minute to minute."""
    limits = _peak().run(cores or available_cores(), 3_000_000)
    del limits["bandwidth"]
    return limits


@cache
def this_machine() -> Machine:
    """Measure once a process; needs a C++ compiler (CXX, or c++)."""
    limits = _peak().run(available_cores(), 20_000_000)
    bandwidth = limits.pop("bandwidth")
    return Machine(_chip(), available_cores(), _native.config()["instruction_set"], limits, bandwidth)
