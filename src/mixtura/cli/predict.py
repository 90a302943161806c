"""`mixtura predict`: labels of the rows of a data file."""

from __future__ import annotations

from pathlib import Path

from mixtura.assignments import assign
from mixtura.cli.models import load_model, matching_table, write_or_print
from mixtura.cli.options import DataOptions, refuse_overwriting
from mixtura.cli.render import console, say
from mixtura.data.files import check_output, counted

__all__ = ["run"]


def run(*, model: Path, data: Path, out: Path | None, proba: bool, reading: DataOptions) -> None:
    """Do what `mixtura predict` is asked to; parameters as in `mixtura.cli.app.predict`."""
    if out is not None:
        check_output(out)
    refuse_overwriting({"--out": out}, [model, data])
    mixture, _ = load_model(model)
    table = matching_table(model, mixture, data, reading)
    assignments = assign(mixture, table.X, proba=proba)
    write_or_print(out, assignments.columns(table.row_numbers))
    if out is not None:
        say(console(), f"wrote the labels of {counted(len(table.X), 'row')} to {out}")
