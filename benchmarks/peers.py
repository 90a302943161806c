"""One pass of EM against pomegranate's, gmmx's and mclust's: same data, start, passes and parameters."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks.em_pass import difference
from benchmarks.measure import interleaved, per_pass, ratio, timed
from benchmarks.peer_fits.problem import Problem
from benchmarks.peer_fits.process import PASS_LIMIT, PeerProcess, TooSlowError
from benchmarks.table import Table
from benchmarks.workloads import WORKLOADS, Workload
from mixtura import GaussianMixture

__all__ = ["mclust_version", "run"]

_FITS = Path(__file__).with_name("peer_fits")
# Of the rows of the workloads: time is in proportion, and some peers take ten seconds a pass for all of them.
_SHARE_OF_ROWS = 5
_MOST_PASSES = 60  # of a peer: some take a tenth of a second for 400 rows
_NOTE = (
    "Milliseconds a pass, and how many times that of mixtura in the same type; one run after another that is "
    "not counted. "
    "mclust is given the responsibilities of the common start, the others its parameters; no covariance is "
    "regularised. mclust works on one core, the others on all."
)


@dataclass(frozen=True)
class Peer:
    """A library that fits in a process of its own.

    Attributes
    ----------
    name : str
    version : callable
        Its version, or None if it is not installed.
    words : sequence of str
        What starts the process; the arguments of the problem follow, then `dtype` if it has a choice.
    structures : sequence of str
        Those that it has.
    dtype : str
        In which it computes.
    choice : bool
        Whether the process is told `dtype`.
    tolerance : float
        Parameters further from ours than this are not those of the same passes. pomegranate sums weights in
        float32 whatever the type of the data; sums of a million rows in float32 keep few digits, and how few
        is in the note of the table.
    """

    name: str
    version: Callable[[], str | None]
    words: Sequence[str]
    structures: Sequence[str]
    dtype: str
    choice: bool
    tolerance: float

    @property
    def column(self) -> str:
        """Its name, and its type if that could be another."""
        return f"{self.name} {self.dtype}" if self.choice else self.name

    def start(self, problem: Problem) -> PeerProcess:
        """Start its process."""
        return PeerProcess([*self.words, *problem.arguments, *([self.dtype] if self.choice else [])])


def _python_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def mclust_version() -> str | None:
    """Return the version of R's mclust, or None if there is no R or no mclust."""
    if shutil.which("Rscript") is None:
        return None
    words = ["Rscript", "-e", "cat(as.character(packageVersion('mclust')))"]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.peer_fits.{name}"]


_POMEGRANATE = ("pomegranate", partial(_python_version, "pomegranate"), _module("pomegranate_fit"))
_MCLUST = ("mclust", mclust_version, ["Rscript", str(_FITS / "mclust_fit.R")])
_GMMX = ("gmmx", partial(_python_version, "gmmx"), _module("gmmx_fit"))
_PEERS = (
    Peer(*_POMEGRANATE, ("full", "diag", "spherical"), "float64", choice=True, tolerance=1e-5),
    Peer(*_MCLUST, ("full", "tied", "diag", "spherical"), "float64", choice=False, tolerance=1e-8),
    Peer(*_POMEGRANATE, ("full", "diag", "spherical"), "float32", choice=True, tolerance=5e-2),
    Peer(*_GMMX, ("full", "diag"), "float32", choice=False, tolerance=5e-2),
)


def _seconds(process: PeerProcess, passes: int) -> float:
    """Return seconds a pass, infinite if it was stopped; the last fit is one of 1 + passes."""
    try:
        return per_pass(process.seconds, passes)
    except TooSlowError:
        return np.inf


def _measured(workload: Workload, peers: Sequence[Peer], gaps: dict[str, float]) -> Mapping[str, float]:
    """Return seconds a pass of ours by type and of each peer by column; infinite if it was stopped."""
    rows = {"float64": workload.data(), "float32": workload.data(np.float32)}
    start = workload.start(rows["float64"]) | {"reg_covar": 0.0}

    def fit(dtype: str, passes: int) -> Any:
        return GaussianMixture(max_iter=passes, **start).fit(rows[dtype])

    passes = min(max(1, workload.passes // 8), _MOST_PASSES)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        problem = Problem.write(folder, workload, rows["float64"], start)
        problem.write_responsibilities()
        ours = fit("float64", 1 + passes)
        measurements = {d: partial(per_pass, timed(partial(fit, d)), workload.passes) for d in rows}
        for peer in peers:
            process = stack.enter_context(peer.start(problem))
            measurements[peer.column] = partial(_seconds, process, passes)
            if np.isfinite(_seconds(process, passes)):
                gap = difference(problem.found(), ours, rows["float64"])
                if not gap < peer.tolerance:
                    msg = f"{workload.name}: parameters of {peer.column} differ from ours by {gap:.1e}"
                    raise AssertionError(msg)
                gaps[peer.column] = max(gap, gaps.get(peer.column, 0.0))
        return interleaved(measurements, 1)


def _fewer_rows() -> list[Workload]:
    return [replace(w, n=max(w.n // _SHARE_OF_ROWS, 400)) for w in WORKLOADS]


def _one_a_structure() -> list[Workload]:
    """Return small workloads: the start of a peer's process is most of a smoke run."""
    return list({w.structure: w.smaller() for w in reversed(WORKLOADS)}.values())


def _cells(peer: Peer, times: Mapping[str, float]) -> list[str]:
    if peer.column not in times:
        return ["–", ""]
    if np.isinf(times[peer.column]):
        return [f"> {PASS_LIMIT} s", ""]
    return [f"{1e3 * times[peer.column]:.4g}", ratio(times[peer.column], times[peer.dtype])]


def _note(versions: Mapping[str, str | None], gaps: Mapping[str, float]) -> Iterator[str]:
    yield _NOTE
    if gaps:
        yield "Largest difference of the parameters from those of mixtura in float64, in standard deviations:"
        yield "; ".join(f"{column} {gap:.0e}" for column, gap in gaps.items()) + "."
    yield from (f"{name} {version}." for name, version in versions.items() if version)
    yield from (f"{name} is not installed and left out." for name, version in versions.items() if not version)


def run(*, smoke: bool) -> list[Table]:
    """Time the seven workloads in each library that has their structure, and check the parameters."""
    versions = {peer.name: peer.version() for peer in _PEERS}
    peers = [peer for peer in _PEERS if versions[peer.name]]
    gaps: dict[str, float] = {}
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for workload in _one_a_structure() if smoke else _fewer_rows():
            able = [peer for peer in peers if workload.structure in peer.structures]
            times = _measured(workload, able, gaps)
            cells = [workload.name]
            for dtype in ("float64", "float32"):
                cells.append(f"{1e3 * times[dtype]:.3g}")
                cells += [cell for peer in peers if peer.dtype == dtype for cell in _cells(peer, times)]
            rows.append(cells)
    columns = ["N, d, K, structure"]
    for dtype in ("float64", "float32"):
        columns.append(dtype)
        columns += [cell for peer in peers if peer.dtype == dtype for cell in (peer.column, "")]
    return [Table("peers", columns, rows, " ".join(_note(versions, gaps)))]
