"""`mixtura fit`: read, select, describe, write."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console

from mixtura.cli.describe import assign, listed, print_certainty, print_components, print_if_positive
from mixtura.cli.options import DataOptions, FitOptions, parse_counts, parse_names, refuse_overwriting
from mixtura.cli.progress import FitProgress
from mixtura.cli.render import console, grid, heading, say
from mixtura.covariance import STRUCTURES, resolve
from mixtura.data.files import Table, check_output, read_table, write_table, writing
from mixtura.errors import InputError
from mixtura.selection import Candidate, Criterion, Selection, select

__all__ = ["run"]

_ALL = "all"
_SHOWN_REASONS = 3
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
    proba: bool,
    quiet: bool,
    reading: DataOptions,
    fitting: FitOptions,
) -> None:
    """Do what `mixtura fit` is asked to; parameters as in `mixtura.cli.app.fit`."""
    counts = parse_counts(components)
    structures = list(STRUCTURES) if covariance == _ALL else parse_names(covariance, "--covariance")
    for name in structures:
        resolve(name)
    _check_outputs(data, out, labels, proba=proba)
    table = read_table(data, columns=reading.names, drop_missing=reading.drop_missing, header=reading.header)
    if len(table.X) < 2:
        msg = f"{data}: one row is not enough to fit a mixture"
        raise InputError(msg)
    to = console()
    if not quiet:
        print_table_read(to, data, table)
    plan = [(k, name) for k in counts for name in structures]
    with FitProgress(plan, wanted=not quiet) as progress:
        selection = select(
            table.named(),
            n_components=counts,
            covariance_types=structures,
            criterion=criterion,
            on_candidate=progress.on_candidate,
            callback=progress.on_pass,
            random_state=fitting.seed,
            n_init=fitting.n_init,
            tol=fitting.tol,
            max_iter=fitting.max_iter,
            n_jobs=fitting.jobs,
        )
    mixture = selection.estimator.mixture_
    assignments = assign(mixture, table.X, proba=proba)
    if not quiet:
        _print_candidates(to, selection, counts, structures)
        _print_best(to, selection, counts)
        print_components(to, mixture, assignments)
        print_certainty(to, assignments)
    if out is not None:
        with writing(out):
            selection.estimator.save(out)
        _print_written(to, f"the model to {out}", quiet=quiet)
    if labels is not None:
        write_table(labels, assignments.columns(table.row_numbers))
        _print_written(to, f"the labels of {len(table.X)} rows to {labels}", quiet=quiet)


def _check_outputs(data: Path, out: Path | None, labels: Path | None, *, proba: bool) -> None:
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
    refuse_overwriting({"--out": out, "--labels": labels}, [data])


def print_table_read(to: Console, path: Path, table: Table) -> None:
    """Say what was read, and what was not."""
    rows, columns = table.X.shape
    notes = f" ({', '.join(table.notes)})" if table.notes else ""
    words = f"{'column' if columns == 1 else 'columns'}: {listed(table.feature_names)}"
    say(to, f"{path}{notes}: {rows} rows, {columns} {words}")
    if table.left_out:
        say(to, f"  left out: {listed([f'{name} ({reason})' for name, reason in table.left_out])}")
    if table.n_dropped:
        say(to, f"  left out: {table.n_dropped} of {table.n_rows_file} rows, which have missing values")


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
    return f"{candidate.value(selection.criterion):.1f}{mark}"


def _print_best(to: Console, selection: Selection, counts: list[int]) -> None:
    best, estimator = selection.best, selection.estimator
    noun = "component" if best.n_components == 1 else "components"
    chosen = "Chosen" if len(selection.candidates) > 1 else "Fitted"
    heading(to, f"{chosen}: {best.n_components} {noun}, covariance {best.covariance_type}")
    others = ", ".join(f"{name.upper()} {best.value(name):.1f}" for name in Criterion)
    say(to, f"{others}; {best.n_parameters} parameters")
    ended = "converged" if best.converged else "not converged"
    say(
        to,
        f"log-likelihood {best.log_likelihood:.2f}, {estimator.lower_bound_:.5f} a row; "
        f"{ended} after {best.n_iter} passes",
    )
    print_if_positive(to, estimator.lower_bound_, estimator.mixture_.n_features)
    if len(counts) > 1 and best.n_components == max(counts):
        say(to, f"The best has the most components that were tried: try more with -k 1:{2 * max(counts)}")


def _print_written(to: Console, what: str, *, quiet: bool) -> None:
    if not quiet:
        say(to, f"wrote {what}")
