"""Options that several commands share, and how their values are written."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mixtura.errors import InputError

__all__ = [
    "DataOptions",
    "FitOptions",
    "Flag",
    "Whole",
    "parse_counts",
    "parse_names",
    "refuse_overwriting",
    "whole",
]

_MOST_SEEDS = 2**32


def whole(_: Any, tokens: Sequence[Any]) -> int:
    """Read a whole number: `int` as cyclopts does it takes 2.5 for 2."""
    text = tokens[0].value
    if not re.fullmatch(r"[+-]?\d+", text):
        msg = f"{text!r} is no whole number"
        raise ValueError(msg)
    return int(text)


Flag = Annotated[bool, Parameter(show_default=False)]
Whole = Annotated[int, Parameter(converter=whole)]

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

    seed: Annotated[Whole, Parameter(help="For the random starts: the same seed gives the same fit.")] = 0
    n_init: Annotated[Whole, Parameter(help="Starts of each candidate; the best is kept.")] = 10
    tol: Annotated[
        float, Parameter(help="A fit has converged when a pass gains less log-likelihood a row than this.")
    ] = 1e-6
    max_iter: Annotated[Whole, Parameter(help="Passes over the data, at most, of each start.")] = 1000
    jobs: Annotated[
        Whole | None,
        Parameter(converter=whole, help="Threads; all cores by default. The result does not depend on it."),
    ] = None

    def check(self) -> None:
        """Refuse what has no meaning.

        Raises
        ------
        InputError
            Names the option.
        """
        for option, value, least in (("--n-init", self.n_init, 1), ("--max-iter", self.max_iter, 1)):
            if value < least:
                msg = f"{option} {value}: give a whole number of at least {least}"
                raise InputError(msg)
        if not 0 <= self.seed < _MOST_SEEDS:
            msg = f"--seed {self.seed}: give a whole number from 0 to {_MOST_SEEDS - 1}"
            raise InputError(msg)
        if not (math.isfinite(self.tol) and self.tol >= 0):
            msg = f"--tol {self.tol:g}: give a number of at least 0"
            raise InputError(msg)
        if self.jobs == 0:
            msg = "--jobs 0: give a number of threads such as 4; -1 is all cores, -2 all but one"
            raise InputError(msg)


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
            msg = (
                f"-k {text!r}: give a number of components such as 3, a range as 1:6, or a list as 2,4,8, "
                f"from 1 to {_MOST_COMPONENTS}"
            )
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
