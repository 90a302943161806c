"""Our six structures against R's mclust, from its own starts; data/README.md tells of the tables."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris

from mixtura import GaussianMixture, datasets

_DATA = Path(__file__).parent / "data"
_NAMES = {
    "EII": "tied_spherical",
    "VII": "spherical",
    "EEI": "tied_diag",
    "VVI": "diag",
    "EEE": "tied",
    "VVV": "full",
    "E": "tied",
    "V": "full",
}


def _table(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


_STARTS = {
    (row["data"], row["G"]): np.array([int(c) for c in row["labels"]]) for row in _table("mclust_starts.csv")
}
_ROWS = [row for row in _table("mclust_6.0.0.csv") if row["model"] in _NAMES and row["loglik_tight"] != "NA"]


def _rows_of(name: str) -> np.ndarray:
    faithful = datasets.load_faithful().data
    return {
        "faithful": lambda: faithful,
        "faithful_eruptions": lambda: faithful[:, :1],
        "faithful_waiting": lambda: faithful[:, 1:],
        "diabetes": lambda: datasets.load_diabetes().data,
        "galaxies": lambda: datasets.load_galaxies().data / 1000,
        "iris": lambda: load_iris().data,
    }[name]()


def _fit(row: dict[str, str]) -> tuple[GaussianMixture, np.ndarray]:
    X = _rows_of(row["data"])
    start: Any = _STARTS.get((row["data"], row["G"]), np.zeros(len(X), dtype=int))
    # mclust's tolerance is relative to the whole log-likelihood; ours is nats a row.
    model = GaussianMixture(
        int(row["G"]), covariance_type=_NAMES[row["model"]], init_params=start, tol=1e-13, max_iter=20_000
    )
    return model.fit(X), X


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: f"{row['data']}-{row['model']}-{row['G']}")
def test_same_start_same_optimum(row: dict[str, str]) -> None:
    model, X = _fit(row)
    log_likelihood = model.score_samples(X).sum()
    assert log_likelihood == pytest.approx(float(row["loglik_tight"]), rel=1e-6)
    assert model.mixture_.n_parameters == int(row["df"])
    assert -model.bic(X) == pytest.approx(float(row["bic_tight"]), rel=1e-6)
