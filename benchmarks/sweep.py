"""A whole choice of model on Old Faithful, against mclust's and scikit-learn's: time, and what is found."""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from sklearn import mixture as peer
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from benchmarks.measure import interleaved, seconds
from benchmarks.peers import mclust_version
from benchmarks.table import Table
from mixtura import datasets
from mixtura.selection import SELECTION_DEFAULTS, select

__all__ = ["run"]

Bics: TypeAlias = dict[tuple[int, str], float]  # by K and structure; NaN where a fit is refused

_SCRIPT = Path(__file__).with_name("peer_fits") / "mclust_sweep.R"
_MCLUST = {
    "full": "VVV",
    "tied": "EEE",
    "diag": "VVI",
    "spherical": "VII",
    "tied_diag": "EEI",
    "tied_spherical": "EII",
}
_SCIKIT_LEARN = ("full", "tied", "diag", "spherical")
_SAME = 0.1  # of BIC: one optimum, left at different distances from it
_NOTE = (
    "Old Faithful (272 rows, 2 features), every K with every structure; a fit is one such pair, with all its "
    "starts. Medians of 3 runs; mclust's are measured within R and by themselves. scikit-learn is kept to "
    "one thread: at this size more cost more than they bring. Its default is 1 start, that of mixtura 10. "
    "The last column counts the pairs whose BIC is lower than mclust's, the same within "
    f"{_SAME}, and higher, without those that mclust or the other refuses for a singular covariance."
)


def _ours(X: np.ndarray[Any, Any], counts: Sequence[int], **params: Any) -> Bics:
    found = select(X, n_components=counts, covariance_types=list(_MCLUST), random_state=0, **params)
    return {(c.n_components, c.covariance_type): c.bic for c in found.candidates}


def _scikit_learn(X: np.ndarray[Any, Any], counts: Sequence[int], **params: Any) -> Bics:
    # So few rows are faster by one thread, and by far so beside other work.
    with threadpool_limits(1):
        return {
            (k, name): peer.GaussianMixture(k, covariance_type=name, random_state=0, **params).fit(X).bic(X)
            for k, name in product(counts, _SCIKIT_LEARN)
        }


def _mclust(X: np.ndarray[Any, Any], counts: Sequence[int], repeats: int) -> tuple[float, Bics]:
    """Return the median seconds of a sweep, and our sign of the BICs."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows"
        X.astype(np.float64).tofile(rows)
        numbers = map(str, (*X.shape, counts[-1], repeats))
        words = ["Rscript", str(_SCRIPT), str(rows), *numbers, *_MCLUST.values()]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
    taken, *values = map(float, done.stdout.split())
    pairs = product(_MCLUST, counts)
    return taken, {(k, name): -bic for (name, k), bic in zip(pairs, values, strict=True)}


def _against(bics: Bics, reference: Bics) -> str:
    gaps = np.array([bics[pair] - reference[pair] for pair in bics])
    return f"{(gaps < -_SAME).sum()}, {(np.abs(gaps) <= _SAME).sum()}, {(gaps > _SAME).sum()}"


def run(*, smoke: bool) -> list[Table]:
    """Choose among 9 K and all structures in each library, with one start and with ten."""
    X = datasets.load_faithful().data
    counts = range(1, 3 if smoke else 10)
    repeats = 1 if smoke else 3
    many = 2 if smoke else SELECTION_DEFAULTS["n_init"]
    sweeps = {
        "mixtura, 1 start": partial(_ours, X, counts, n_init=1),
        f"mixtura, {many} starts": partial(_ours, X, counts, n_init=many),
        "scikit-learn, 1 start": partial(_scikit_learn, X, counts),
        f"scikit-learn, {many} starts": partial(_scikit_learn, X, counts, n_init=many),
    }
    bics: dict[str, Bics] = {}

    def measure(name: str) -> float:
        return seconds(lambda: bics.update({name: sweeps[name]()}))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        times = interleaved({name: partial(measure, name) for name in sweeps}, repeats)
    version = mclust_version()
    note = _NOTE
    if version:
        name = f"mclust {version}"
        times[name], bics[name] = _mclust(X, counts, repeats)
    else:
        note += " mclust is not installed and left out."
    rows = []
    for sweep, found in bics.items():
        k, structure = min(found, key=lambda pair: np.nan_to_num(found[pair], nan=np.inf))
        cells = [sweep, str(len(found)), f"{times[sweep]:.3g}", f"{1e3 * times[sweep] / len(found):.3g}"]
        cells += [f"{found[k, structure]:.2f}", f"{k} {structure}"]
        cells.append(_against(found, bics[name]) if version and sweep != name else "–")
        rows.append(cells)
    columns = ["", "fits", "s", "ms a fit", "lowest BIC", "model", "lower, same, higher"]
    return [Table("sweep", columns, rows, note)]
