"""`mixtura sample`: new rows from a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mixtura.cli.describe import feature_names
from mixtura.cli.models import load_model, write_or_print
from mixtura.cli.options import refuse_overwriting
from mixtura.cli.render import console, say
from mixtura.data.files import check_output, counted
from mixtura.errors import InputError

__all__ = ["run"]


def run(*, model: Path, number: int, seed: int | None, out: Path | None) -> None:
    """Do what `mixtura sample` is asked to; parameters as in `mixtura.cli.app.sample`."""
    if number < 1:
        msg = f"-n {number}: give a number of rows of at least 1"
        raise InputError(msg)
    if seed is not None and seed < 0:
        msg = f"--seed {seed}: give a whole number of at least 0"
        raise InputError(msg)
    if out is not None:
        check_output(out)
    refuse_overwriting({"--out": out}, [model])
    mixture, _ = load_model(model)
    rng = np.random.default_rng(seed)
    X, labels = mixture.sample(number, random_state=rng)
    # In any order, so that the first rows are a sample too.
    order = rng.permutation(number)
    names = feature_names(mixture)
    columns: dict[str, npt.NDArray[Any]] = {name: X[order, j] for j, name in enumerate(names)}
    columns[_free(names)] = labels[order]
    write_or_print(out, columns)
    if out is not None:
        say(console(), f"wrote {counted(number, 'row')} to {out}")


def _free(names: Sequence[str]) -> str:
    """Return a name for the column of labels that none of the features has."""
    name = "label"
    while name in names:
        name += "_"
    return name
