"""A model file and the data it is asked about."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

import mixtura
from mixtura.cli.options import DataOptions
from mixtura.data.files import Table, counted, listed, read_table, write_csv, write_table
from mixtura.errors import InputError
from mixtura.estimators import GaussianMixture
from mixtura.mixture import Mixture

__all__ = ["load_model", "matching_table", "write_or_print"]


def load_model(path: Path) -> tuple[Mixture, GaussianMixture | None]:
    """Return the distribution in a model file, and the estimator if it holds one."""
    model = mixtura.load(path)
    if isinstance(model, GaussianMixture):
        return model.mixture_, model
    return model, None


def matching_table(model: Path, mixture: Mixture, data: Path, reading: DataOptions) -> Table:
    """Read the columns of a data file that the model was fitted on.

    They are found by name; by position if the model has no names, or `--columns` gives others.
    """
    own = None if mixture.feature_names is None else list(mixture.feature_names)
    table = read_table(
        data,
        columns=reading.names or own,
        drop_missing=reading.drop_missing,
        header=reading.header,
        needed_by=f"{model} was fitted on" if reading.names is None and own is not None else None,
    )
    if table.X.shape[1] != mixture.n_features:
        fitted_on = counted(mixture.n_features, "column") + ("" if own is None else f" ({listed(own)})")
        found = f"{table.X.shape[1]} of {data} would be used ({listed(table.feature_names)})"
        msg = f"{model} was fitted on {fitted_on}, but {found}: choose with --columns"
        raise InputError(msg)
    return table


def write_or_print(out: Path | None, columns: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write columns to a file, or to standard output as CSV."""
    if out is not None:
        write_table(out, columns)
        return
    sys.stdout.flush()
    write_csv(sys.stdout.buffer, columns)
    sys.stdout.buffer.flush()
