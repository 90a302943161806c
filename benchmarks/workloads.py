"""The seven workloads that all comparisons of a pass share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

__all__ = ["OVERLAPPING", "WORKLOADS", "Workload", "start_at"]


OVERLAPPING = 0.3


@dataclass(frozen=True)
class Workload:
    """N rows in d features from K overlapping normals, and a start for K components of one structure.

    Attributes
    ----------
    passes : int
        How many passes a measurement of ours takes, so that it lasts long beside the clock.
    spread : float
        The standard deviation of the normals' centres, in that of a normal. With OVERLAPPING every component
        keeps a share in nearly every row, so that a kernel which skips those that have none skips nothing.
    """

    n: int
    d: int
    k: int
    structure: str
    passes: int
    spread: float = 2.0

    @property
    def name(self) -> str:
        """N, d, K, structure."""
        thousands = f"{self.n:,}".replace(",", " ")
        return f"{thousands}, {self.d}, {self.k}, {self.structure}"

    def smaller(self) -> Workload:
        """Return the same in a size that only shows that it runs, and in which no covariance is singular."""
        return replace(self, n=min(self.n, max(40, 4 * self.d) * self.k), passes=2)

    def data(self, dtype: type[np.floating[Any]] = np.float64) -> np.ndarray[Any, Any]:
        """Return the rows: K standard normals about points drawn with `spread`, in any order.

        The numbers are those that float32 can hold, so that both types mean the same data.
        """
        rng = np.random.default_rng(0)
        centres = np.float32(self.spread) * rng.standard_normal((self.k, self.d), dtype=np.float32)
        X = rng.standard_normal((self.n, self.d), dtype=np.float32)
        X += centres[rng.integers(self.k, size=self.n)]
        return X.astype(dtype)

    def start(self, X: np.ndarray[Any, Any]) -> dict[str, Any]:
        """Return constructor arguments that fix a start: rows as means, the data's own variance for all.

        If the centres overlap, the means are drawn in as much: in many features rows are so far apart that
        they would part the data where the centres do not.
        """
        rows = np.random.default_rng(1).choice(self.n, size=self.k, replace=False)
        means = X[rows].astype(np.float64)
        if self.spread < 1.0:
            centre = X.mean(axis=0, dtype=np.float64)
            means = centre + self.spread * (means - centre)
        return start_at(means, self.structure, 1.0 / float(X.var(dtype=np.float64)))


def start_at(means: np.ndarray[Any, Any], structure: str, precision: float) -> dict[str, Any]:
    """Return constructor arguments that fix a start: these means, one precision for all; no early stop."""
    k, d = means.shape
    full = precision * np.eye(d)
    precisions = {
        "full": np.broadcast_to(full, (k, d, d)),
        "tied": full,
        "diag": np.full((k, d), precision),
        "spherical": np.full(k, precision),
    }
    return {
        "n_components": k,
        "covariance_type": structure,
        "weights_init": np.full(k, 1.0 / k),
        "means_init": means,
        "precisions_init": precisions[structure],
        "tol": 0.0,
    }


WORKLOADS = (
    Workload(1_000_000, 2, 8, "full", 20),
    Workload(200_000, 16, 32, "full", 8),
    Workload(100_000, 64, 16, "full", 6),
    Workload(500_000, 8, 64, "diag", 8),
    Workload(200_000, 32, 32, "tied", 8),
    Workload(500_000, 16, 16, "spherical", 10),
    Workload(400, 2, 4, "full", 5000),
)
