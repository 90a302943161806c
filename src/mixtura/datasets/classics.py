"""Loaders of the files that come with mixtura."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mixtura._typing import Float64Array
from mixtura.errors import InputError

__all__ = ["Dataset", "load_diabetes", "load_faithful", "load_galaxies", "path"]

_FILES = Path(__file__).parent / "files"


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set.

    Attributes
    ----------
    data : ndarray of shape (n_samples, n_features), float64
    feature_names : tuple of str
    target : ndarray of shape (n_samples,), str, or None
        Known classes, never needed for a fit.
    path : Path
        The CSV file.
    """

    data: Float64Array
    feature_names: tuple[str, ...]
    target: npt.NDArray[np.str_] | None
    path: Path


def path(name: str) -> Path:
    """Return the path of a shipped CSV file.

    Parameters
    ----------
    name : {'faithful', 'diabetes', 'galaxies'}

    Raises
    ------
    InputError
        If there is no such file.

    Examples
    --------
    >>> from mixtura import datasets
    >>> datasets.path("faithful").name
    'faithful.csv'
    """
    known = sorted(file.stem for file in _FILES.glob("*.csv"))
    if name not in known:
        msg = f"there is no data set {name!r}: choose one of {', '.join(known)}"
        raise InputError(msg)
    return _FILES / f"{name}.csv"


def _load(name: str, target: str | None = None) -> Dataset:
    file = path(name)
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    names = tuple(column for column in rows[0] if column != target)
    data = np.array([[float(row[column]) for column in names] for row in rows])
    classes = None if target is None else np.array([row[target] for row in rows])
    return Dataset(data, names, classes, file)


def load_faithful() -> Dataset:
    """Old Faithful: duration of 272 eruptions and waiting time to the next, in minutes.

    Returns
    -------
    Dataset
        `data` of shape (272, 2): eruptions, waiting.

    References
    ----------
    Azzalini and Bowman (1990), Applied Statistics 39, 357–365.

    Examples
    --------
    >>> from mixtura import datasets
    >>> datasets.load_faithful().data[0]
    array([ 3.6, 79. ])
    """
    return _load("faithful")


def load_diabetes() -> Dataset:
    """Glucose, insulin and steady-state plasma glucose of 145 people, with their clinical class.

    Returns
    -------
    Dataset
        `data` of shape (145, 3), `target` one of Normal, Chemical, Overt.

    References
    ----------
    Reaven and Miller (1979), Diabetologia 16, 17–24.

    Examples
    --------
    >>> from mixtura import datasets
    >>> datasets.load_diabetes().feature_names
    ('glucose', 'insulin', 'sspg')
    """
    return _load("diabetes", target="class")


def load_galaxies() -> Dataset:
    """Velocities of 82 galaxies in the Corona Borealis region, in km/s.

    Returns
    -------
    Dataset
        `data` of shape (82, 1).

    References
    ----------
    Roeder (1990), Journal of the American Statistical Association 85, 617–624.

    Examples
    --------
    >>> from mixtura import datasets
    >>> datasets.load_galaxies().data.shape
    (82, 1)
    """
    return _load("galaxies")
