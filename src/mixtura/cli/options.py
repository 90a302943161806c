"""Options that several commands share, and how their values are written."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mixtura.errors import InputError

__all__ = ["DataOptions", "FitOptions", "Flag", "parse_counts", "parse_names", "refuse_overwriting"]

Flag = Annotated[bool, Parameter(show_default=False)]

_RANGE = re.compile(r"(\d+)(?::(\d+))?")
_MOST_COMPONENTS = 10_000


@Parameter(name="*", group="Reading the data")
@dataclass(frozen=True)
class DataOptions:
    """How a data file is read."""

    columns: Annotated[
        str | None,
        Parameter(
            help='The columns to use, such as a,b or "a,b",c for names with commas. All of numbers else.'
        ),
    ] = None
    drop_missing: Annotated[
        Flag, Parameter(help="Leave out rows with missing values, which stop the work else.")
    ] = False
    header: Annotated[
        bool | None,
        Parameter(
            negative="--no-header", help="Whether the first line of a CSV file holds the column names."
        ),
    ] = None

    @property
    def names(self) -> list[str] | None:
        """The columns asked for."""
        return None if self.columns is None else parse_names(self.columns, "--columns")


@Parameter(name="*", group="Fitting")
@dataclass(frozen=True)
class FitOptions:
    """How each candidate is fitted."""

    seed: Annotated[int, Parameter(help="For the random starts: the same seed gives the same fit.")] = 0
    n_init: Annotated[int, Parameter(help="Starts of each candidate; the best is kept.")] = 10
    tol: Annotated[
        float, Parameter(help="A fit has converged when a pass gains less log-likelihood a row than this.")
    ] = 1e-6
    max_iter: Annotated[int, Parameter(help="Passes over the data, at most, of each start.")] = 1000
    jobs: Annotated[
        int | None, Parameter(help="Threads; all cores by default. The result does not depend on it.")
    ] = None


def parse_counts(text: str) -> list[int]:
    """Read numbers of components: '3', '1:6' (both ends included), '2,4,8' or a mix of these.

    Raises
    ------
    InputError
        If it is none of these.
    """
    counts: list[int] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        low = int(match[1]) if match else 0
        high = int(match[2] or low) if match else 0
        if not 1 <= low <= high <= _MOST_COMPONENTS:
            msg = f"-k {text!r}: give a number of components such as 3, a range as 1:6, or a list as 2,4,8"
            raise InputError(msg)
        counts.extend(k for k in range(low, high + 1) if k not in counts)
    return counts


def parse_names(text: str, option: str) -> list[str]:
    """Read names between commas; a name in double quotes may hold commas."""
    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(names) or not names:
        msg = f"{option} {text!r}: give names with commas between them"
        raise InputError(msg)
    return names


def refuse_overwriting(outputs: dict[str, Path | None], inputs: list[Path]) -> None:
    """Refuse to write two things to one file, or one over what is read.

    Parameters
    ----------
    outputs : dict of str to Path or None
        By their option.
    inputs : list of Path
    """
    taken = {path.resolve(): "is read" for path in inputs}
    for option, path in outputs.items():
        if path is None:
            continue
        if path.resolve() in taken:
            msg = f"{option} {path}: this file {taken[path.resolve()]} too: give another name"
            raise InputError(msg)
        taken[path.resolve()] = f"is written by {option}"
