"""One pass of EM against scikit-learn's: same data, same start, same number of passes, same parameters."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import exp, log
from typing import Any

import numpy as np
from sklearn import mixture as peer
from sklearn.exceptions import ConvergenceWarning

from benchmarks.measure import interleaved, per_pass, ratio, timed
from benchmarks.table import Table
from benchmarks.workloads import OVERLAPPING, WORKLOADS, Workload
from mixtura import GaussianMixture

__all__ = ["run"]

# scikit-learn's passes are long enough to be few.
_PEER_SHARE = 8
_COMPARED_PASSES = 5

_NOTE = (
    "Milliseconds a pass, medians of 3 interleaved runs; scikit-learn in float64. Δ is the largest "
    "difference of the parameters from scikit-learn's after 5 passes from the same start, in standard "
    "deviations of the data."
)
_OVERLAPPING_NOTE = (
    f"The centres of the normals have a standard deviation of {OVERLAPPING} of theirs, in place of 2: there "
    "is next to nothing to skip."
)


def _fitter(estimator: type[Any], X: np.ndarray[Any, Any], start: dict[str, Any]) -> Callable[[int], Any]:
    return lambda passes: estimator(max_iter=passes, reg_covar=1e-6, **start).fit(X)


def difference(fitted: Any, other: Any, X: np.ndarray[Any, Any]) -> float:
    """Return the largest difference of parameters, in units of the data's standard deviation."""
    sd = float(X.std(dtype=np.float64))
    gaps = (
        np.abs(fitted.weights_ - other.weights_).max(),
        np.abs(fitted.means_ - other.means_).max() / sd,
        np.abs(fitted.covariances_ - other.covariances_).max() / sd**2,
    )
    return float(max(gaps))


def _measure(workload: Workload, repeats: int) -> tuple[dict[str, float], float, float]:
    X, single = workload.data(), workload.data(np.float32)
    start = workload.start(X)
    fits = {
        "peer": _fitter(peer.GaussianMixture, X, start),
        "float64": _fitter(GaussianMixture, X, start),
        "float32": _fitter(GaussianMixture, single, start),
    }
    reference = fits["peer"](_COMPARED_PASSES)
    gaps = [difference(fits[name](_COMPARED_PASSES), reference, X) for name in ("float64", "float32")]
    peer_passes = max(1, workload.passes // _PEER_SHARE)
    times = interleaved(
        {
            name: partial(per_pass, timed(fit), peer_passes if name == "peer" else workload.passes)
            for name, fit in fits.items()
        },
        repeats,
    )
    return times, gaps[0], gaps[1]


def _mean_ratio(ratios: list[float]) -> float:
    return exp(sum(map(log, ratios)) / len(ratios))


def _table(name: str, workloads: Sequence[Workload], note: str, *, smoke: bool) -> Table:
    rows = []
    ratios: dict[str, list[float]] = {"float64": [], "float32": []}
    for full_size in workloads:
        workload = full_size.smaller() if smoke else full_size
        times, gap, gap_single = _measure(workload, 1 if smoke else 3)
        if not gap < 1e-8:
            msg = f"{workload.name}: parameters differ from scikit-learn's by {gap:.1e}"
            raise AssertionError(msg)
        for dtype, found in ratios.items():
            found.append(times["peer"] / times[dtype])
        rows.append(
            [
                workload.name,
                f"{1e3 * times['peer']:.4g}",
                f"{1e3 * times['float64']:.3g}",
                ratio(times["peer"], times["float64"]),
                f"{1e3 * times['float32']:.3g}",
                ratio(times["peer"], times["float32"]),
                f"{gap:.0e}",
                f"{gap_single:.0e}",
            ]
        )
    if not smoke:
        means = [f"**{_mean_ratio(found):.0f}×**" for found in ratios.values()]
        rows.append(["geometric mean", "", "", means[0], "", means[1], "", ""])
    columns = ["N, d, K, structure", "scikit-learn", "float64", "", "float32", "", "Δ float64", "Δ float32"]
    return Table(name, columns, rows, note)


def run(*, smoke: bool) -> list[Table]:
    """Time the seven workloads, apart and overlapping, and check that both reach the same parameters."""
    overlapping = [replace(workload, spread=OVERLAPPING) for workload in WORKLOADS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return [
            _table("em-pass", WORKLOADS, _NOTE, smoke=smoke),
            _table("em-pass-overlapping", overlapping, f"{_OVERLAPPING_NOTE} {_NOTE}", smoke=smoke),
        ]
