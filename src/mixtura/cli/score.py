"""`mixtura score`: the log-likelihood of a data file under a model."""

from __future__ import annotations

from pathlib import Path

from mixtura.cli.describe import print_if_positive
from mixtura.cli.models import load_model, matching_table
from mixtura.cli.options import DataOptions, refuse_overwriting
from mixtura.cli.render import console, say
from mixtura.data.files import check_output, counted, write_table

__all__ = ["run"]


def run(*, model: Path, data: Path, out: Path | None, reading: DataOptions) -> None:
    """Do what `mixtura score` is asked to; parameters as in `mixtura.cli.app.score`."""
    if out is not None:
        check_output(out)
    refuse_overwriting({"--out": out}, [model, data])
    mixture, _ = load_model(model)
    table = matching_table(model, mixture, data, reading)
    log_density = mixture.log_pdf(table.X)
    to = console()
    mean = float(log_density.mean())
    n_rows = counted(len(table.X), "row")
    say(to, f"{data}: log-likelihood {mean:.6f} a row, {log_density.sum():.3f} in {n_rows}")
    print_if_positive(to, mean, mixture.n_features)
    if out is not None:
        write_table(out, {"row": table.row_numbers + 1, "log_density": log_density})
        say(to, f"wrote the log-density of {n_rows} to {out}")
