"""`mixtura report`: a model and its data as one HTML file, and what `mixtura fit --report` shares with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixtura.cli.describe import remarks_on
from mixtura.cli.models import load_model, matching_table
from mixtura.cli.options import DataOptions, refuse_overwriting
from mixtura.cli.render import console, say
from mixtura.data.arrow import arrow
from mixtura.data.files import Table, check_output, writing
from mixtura.errors import InputError
from mixtura.mixture import Mixture

if TYPE_CHECKING:
    from mixtura.report import MixtureReport

__all__ = ["check_report", "run", "write_report"]

_ENDINGS = (".html", ".htm")


def run(*, model: Path, data: Path, out: Path, title: str | None, reading: DataOptions) -> None:
    """Do what `mixtura report` is asked to; parameters as in `mixtura.cli.app.report`."""
    check_report(out)
    refuse_overwriting({"--out": out}, [model, data])
    mixture, estimator = load_model(model)
    table = matching_table(model, mixture, data, reading)
    subject = mixture if estimator is None else estimator
    write_report(out, subject, mixture, table, title=title, model_file=model, data_file=data)
    say(console(), f"wrote the report of {model} over {data} to {out}")


def check_report(out: Path) -> None:
    """Refuse before the work a report that could not be written after it.

    Raises
    ------
    InputError
        If its name has another ending, or a package is missing.
    OSError
        If it cannot be written there.
    """
    check_output(out, endings=_ENDINGS)
    _report_class()


def write_report(
    out: Path,
    subject: Any,
    mixture: Mixture,
    table: Table,
    *,
    title: str | None = None,
    model_file: Path | None,
    data_file: Path,
) -> None:
    """Write the report of a fit over a data file, whose rows count from 1."""
    X: Any = table.X
    if mixture.feature_names is None:
        X = arrow().table(list(table.X.T), names=list(table.feature_names))
    report = _report_class()(
        subject,
        X,
        title=title or f"Report on {data_file.name}",
        row_labels=table.row_numbers + 1,
        model_file=model_file,
        data_file=data_file,
        remarks=[*remarks_on(table), "Rows of the file count from 1."],
    )
    with writing(out):
        # A link stays one: what it points to is replaced.
        report.save(out.resolve())


def _report_class() -> type[MixtureReport]:
    try:
        from mixtura.report import MixtureReport  # noqa: PLC0415  (slow, and an extra of its own)
    except ImportError:
        msg = "a report needs jinja2 and matplotlib: pip install 'mixtura[report]'"
        raise InputError(msg) from None
    return MixtureReport
