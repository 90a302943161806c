"""Data and start as plain files, so that a peer in any language begins at the same point, to the last bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.workloads import Workload
from mixtura import Mixture

__all__ = ["Found", "Problem"]


@dataclass(frozen=True)
class Found:
    """The parameters of a fit, by scikit-learn's names."""

    weights_: np.ndarray[Any, Any]
    means_: np.ndarray[Any, Any]
    covariances_: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Problem:
    """A workload in a folder: files of float64 in C order.

    `rows`, `weights`, `means`, `covariances` are the data and the start; `found` is what a peer's last fit
    ended with: weights, means and covariances one after the other.
    """

    folder: Path
    n: int
    d: int
    k: int
    structure: str

    @classmethod
    def write(
        cls, folder: Path, workload: Workload, X: np.ndarray[Any, Any], start: dict[str, Any]
    ) -> Problem:
        """Write what the fitting processes read."""
        problem = cls(folder, workload.n, workload.d, workload.k, workload.structure)
        precisions = np.array(start["precisions_init"])
        matrices = problem.structure in ("full", "tied")
        X.tofile(folder / "rows")
        start["weights_init"].tofile(folder / "weights")
        start["means_init"].tofile(folder / "means")
        (np.linalg.inv(precisions) if matrices else 1 / precisions).tofile(folder / "covariances")
        return problem

    @classmethod
    def read(cls, arguments: list[str]) -> Problem:
        """Return what `arguments` of another process said."""
        folder, n, d, k, structure = arguments
        return cls(Path(folder), int(n), int(d), int(k), structure)

    @property
    def arguments(self) -> list[str]:
        """Words for the command line of a fitting process."""
        return [str(self.folder), str(self.n), str(self.d), str(self.k), self.structure]

    def rows(self) -> np.ndarray[Any, Any]:
        """Return the data."""
        return np.fromfile(self.folder / "rows").reshape(self.n, self.d)

    def start(self) -> Found:
        """Return the parameters to start at."""
        return self._parameters(
            np.concatenate([np.fromfile(self.folder / name) for name in ("weights", "means", "covariances")])
        )

    def found(self) -> Found:
        """Return the parameters that the last fit of a peer ended with."""
        return self._parameters(np.fromfile(self.folder / "found"))

    def _parameters(self, numbers: np.ndarray[Any, Any]) -> Found:
        k, d = self.k, self.d
        shape = {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}[self.structure]
        weights, means, covariances = np.split(numbers, [k, k + k * d])
        return Found(weights, means.reshape(k, d), covariances.reshape(shape))

    def write_responsibilities(self) -> None:
        """Write those of the start, for peers that begin with an M-step."""
        start = self.start()
        mixture = Mixture(start.weights_, start.means_, start.covariances_, self.structure)
        mixture.posterior(self.rows()).tofile(self.folder / "responsibilities")
