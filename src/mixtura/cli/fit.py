"""`mixtura fit`: read, select, describe, write."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console
from sklearn.exceptions import ConvergenceWarning

from mixtura.assignments import assign
from mixtura.cli.describe import print_certainty, print_components, print_if_positive, remarks_on
from mixtura.cli.options import DataOptions, FitOptions, parse_counts, parse_names, refuse_overwriting
from mixtura.cli.progress import FitProgress
from mixtura.cli.render import console, grid, heading, say
from mixtura.cli.report import check_report, write_report
from mixtura.covariance import STRUCTURES
from mixtura.data.files import Table, check_output, counted, listed, read_table, write_table, writing
from mixtura.errors import InputError
from mixtura.selection import Candidate, Criterion, Selection, select

__all__ = ["run"]

_ALL = "all"
_SHOWN_REASONS = 3
_WATCHED = 20_000  # numbers in the data
# Endings that say "data": a model called so would be taken for a table of labels.
_DATA_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".jsonl", ".npy", ".npz")


def run(
    *,
    data: Path,
    components: str,
    covariance: str,
    criterion: str,
    out: Path | None,
    labels: Path | None,
    report: Path | None,
    proba: bool,
    quiet: bool,
    reading: DataOptions,
    fitting: FitOptions,
) -> None:
    """Do what `mixtura fit` is asked to; parameters as in `mixtura.cli.app.fit`."""
    counts = parse_counts(components)
    structures = _structures(covariance)
    criterion = _criterion(criterion)
    fitting.check()
    _check_outputs(data, out, labels, report, proba=proba)
    table = read_table(data, columns=reading.names, drop_missing=reading.drop_missing, header=reading.header)
    if len(table.X) < 2:
        msg = f"{data}: one row is not enough to fit a mixture"
        raise InputError(msg)
    to = console()
    if not quiet:
        print_table_read(to, data, table)
    plan = [(k, name) for k in counts for name in structures]
    with FitProgress(plan, wanted=not quiet) as progress, warnings.catch_warnings():
        # It names a parameter of Python; ours names the option.
        warnings.simplefilter("ignore", ConvergenceWarning)
        selection = select(
            table.named(),
            n_components=counts,
            covariance_types=structures,
            criterion=criterion,
            on_candidate=progress.on_candidate,
            # A watched fit goes pass by pass, which for small data is longer than the passes.
            callback=progress.on_pass if table.X.size >= _WATCHED else None,
            random_state=fitting.seed,
            n_init=fitting.n_init,
            tol=fitting.tol,
            max_iter=fitting.max_iter,
            n_jobs=fitting.jobs,
        )
    mixture = selection.estimator.mixture_
    assignments = assign(mixture, table.X, proba=proba)
    if not selection.best.converged:
        passes = f"{fitting.max_iter} passes: --max-iter gives more"
        warnings.warn(f"the best candidate did not converge in {passes}", UserWarning, stacklevel=1)
    if not quiet:
        _print_candidates(to, selection, counts, structures)
        _print_best(to, selection, counts)
        print_components(to, mixture, assignments)
        print_certainty(to, assignments)
    if out is not None:
        with writing(out):
            # A link stays one: what it points to is replaced.
            selection.estimator.save(out.resolve())
        _print_written(to, f"the model to {out}", quiet=quiet)
    if labels is not None:
        write_table(labels, assignments.columns(table.row_numbers))
        _print_written(to, f"the labels of {counted(len(table.X), 'row')} to {labels}", quiet=quiet)
    if report is not None:
        write_report(report, selection, mixture, table, model_file=out, data_file=data)
        _print_written(to, f"the report to {report}", quiet=quiet)


def _structures(text: str) -> list[str]:
    names = parse_names(text.lower(), "--covariance")
    if names == [_ALL]:
        return list(STRUCTURES)
    unknown = [name for name in names if name not in STRUCTURES]
    if unknown:
        msg = f"--covariance {unknown[0]!r}: give {_ALL}, or some of {', '.join(STRUCTURES)}"
        raise InputError(msg)
    return list(dict.fromkeys(names))


def _criterion(text: str) -> Criterion:
    names = [str(name) for name in Criterion]
    if text.lower() not in names:
        msg = f"--criterion {text!r}: give one of {', '.join(names)}"
        raise InputError(msg)
    return Criterion(text.lower())


def _check_outputs(
    data: Path, out: Path | None, labels: Path | None, report: Path | None, *, proba: bool
) -> None:
    """Refuse before the work what could not be written after it."""
    if out is not None:
        if out.suffix.lower() in _DATA_ENDINGS:
            msg = f"--out {out}: is for the model file, such as model.mixtura; labels are written by --labels"
            raise InputError(msg)
        check_output(out, endings=())
    if labels is not None:
        check_output(labels)
    elif proba:
        msg = "--proba adds to the labels file: give --labels too"
        raise InputError(msg)
    if report is not None:
        check_report(report)
    refuse_overwriting({"--out": out, "--labels": labels, "--report": report}, [data])


def print_table_read(to: Console, path: Path, table: Table) -> None:
    """Say what was read, and what was not."""
    rows, columns = table.X.shape
    notes = f" ({', '.join(table.notes)})" if table.notes else ""
    shape = f"{counted(rows, 'row')}, {counted(columns, 'column')}"
    say(to, f"{path}{notes}: {shape}: {listed(table.feature_names)}")
    for remark in remarks_on(table):
        say(to, f"  {remark}")
    same = [table.feature_names[j] for j in np.flatnonzero((table.X[0] == table.X).all(axis=0))]
    if same:
        say(to, f"  the same in every row, so of no use to tell groups apart: {listed(same)}")


def _print_candidates(to: Console, selection: Selection, counts: list[int], structures: list[str]) -> None:
    if len(selection.candidates) == 1:
        return
    title = f"{selection.criterion.upper()} by number of components and covariance"
    heading(to, f"{title}: lower is better, * is the best")
    found = {(c.n_components, c.covariance_type): c for c in selection.candidates}
    cells = [[str(k), *(_cell(found[k, name], selection) for name in structures)] for k in counts]
    best = [k == selection.best.n_components for k in counts]
    grid(to, ["K", *(f"{name} " for name in structures)], cells, emphasis=best)
    unconverged = sum(1 for c in selection.candidates if c.error is None and not c.converged)
    if unconverged:
        say(to, f"  ~ not converged ({unconverged}): --max-iter gives more passes")
    loose = sum(1 for c in selection.candidates if c.findings)
    if loose:
        say(to, f"  ! says nothing of the data ({loose}): a component has too few rows, or they do not vary")
    reasons = Counter(c.error for c in selection.candidates if c.error is not None)
    for reason, count in reasons.most_common(_SHOWN_REASONS):
        say(to, f"  – not fitted ({count}): {reason}")
    others = sum(count for _, count in reasons.most_common()[_SHOWN_REASONS:])
    if others:
        say(to, f"  – not fitted for other reasons ({others})")


def _cell(candidate: Candidate, selection: Selection) -> str:
    if candidate.error is not None:
        return "– "
    mark = "*" if candidate is selection.best else " " if candidate.converged else "~"
    mark = "!" if candidate.findings and mark == " " else mark
    return f"{candidate.value(selection.criterion):.1f}{mark}"


def _print_best(to: Console, selection: Selection, counts: list[int]) -> None:
    best, estimator = selection.best, selection.estimator
    chosen = "Chosen" if len(selection.candidates) > 1 else "Fitted"
    heading(to, f"{chosen}: {counted(best.n_components, 'component')}, covariance {best.covariance_type}")
    others = ", ".join(f"{name.upper()} {best.value(name):.1f}" for name in Criterion)
    say(to, f"{others}; {counted(best.n_parameters, 'parameter')}")
    ended = "converged" if best.converged else "not converged"
    say(
        to,
        f"log-likelihood {best.log_likelihood:.2f}, {estimator.lower_bound_:.5f} a row; "
        f"{ended} after {best.n_iter} passes",
    )
    print_if_positive(to, estimator.lower_bound_, estimator.mixture_.n_features)
    for found in estimator.diagnostics_:
        say(to, f"! {found.message}")
    if len(counts) > 1 and best.n_components == max(counts):
        say(to, f"The best has the most components that were tried: try more with -k 1:{2 * max(counts)}")


def _print_written(to: Console, what: str, *, quiet: bool) -> None:
    if not quiet:
        say(to, f"wrote {what}")
