"""`mixtura outliers`: the rows of a data file that a mixture of the others calls strange."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mixtura._typing import Float64Array
from mixtura.cli.fit import print_table_read
from mixtura.cli.options import DataOptions, refuse_overwriting
from mixtura.cli.render import console, grid, heading, say
from mixtura.covariance import STRUCTURES
from mixtura.data.files import Table, check_output, counted, read_table, write_table
from mixtura.errors import InputError
from mixtura.outliers import MixtureOutlierDetector

__all__ = ["run"]

_SHOWN = 20
_AUTO = "auto"


def run(
    *,
    data: Path,
    components: int,
    covariance: str,
    contamination: str,
    out: Path | None,
    seed: int,
    jobs: int | None,
    quiet: bool,
    reading: DataOptions,
) -> None:
    """Do what `mixtura outliers` is asked to; parameters as in `mixtura.cli.app.outliers`."""
    if out is not None:
        check_output(out)
    refuse_overwriting({"--out": out}, [data])
    if components < 1:
        msg = f"-k {components}: give a number of components of at least 1"
        raise InputError(msg)
    if covariance not in STRUCTURES:
        msg = f"--covariance {covariance!r}: give one of {', '.join(STRUCTURES)}"
        raise InputError(msg)
    share = _contamination(contamination)
    table = read_table(data, columns=reading.names, drop_missing=reading.drop_missing, header=reading.header)
    if len(table.X) < 2:
        msg = f"{data}: one row is not enough to tell which are strange"
        raise InputError(msg)
    detector = MixtureOutlierDetector(
        components, covariance_type=covariance, contamination=share, random_state=seed, n_jobs=jobs
    ).fit(table.X)
    scores = detector.score_samples(table.X)
    p, error = detector.pvalues(table.X)
    strange = scores < detector.offset_
    if not quiet:
        to = console()
        print_table_read(to, data, table)
        _print_found(table, scores, p, strange, detector)
    if out is not None:
        columns = {
            "row": table.row_numbers + 1,
            "outlier": strange.astype(np.int64),
            "log_density": scores.astype(np.float64),
            "p": p,
            "p_error": error,
        }
        write_table(out, columns)
        if not quiet:
            say(console(), f"wrote {counted(len(table.X), 'row')} to {out}")


def _contamination(text: str) -> str | float:
    if text == _AUTO:
        return text
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 0.5:
        msg = f"--contamination {text!r}: give {_AUTO}, or the share of outliers, above 0 and at most 0.5"
        raise InputError(msg)
    return share


def _print_found(
    table: Table,
    scores: npt.NDArray[np.floating],
    p: Float64Array,
    strange: npt.NDArray[np.bool_],
    detector: MixtureOutlierDetector,
) -> None:
    to = console()
    found = np.flatnonzero(strange)
    kept = counted(int(detector.support_.sum()), "row")
    heading(to, f"{counted(len(found), 'outlier')} in {counted(len(table.X), 'row')}")
    why = "one in a thousand of its own rows is as low"
    if detector.contamination != _AUTO:
        why = f"a share of {detector.contamination} of the rows is as low"
    say(to, f"log-density below {detector.offset_:.2f} under a model of {kept}: {why}")
    order = found[np.argsort(scores[found], kind="stable")][:_SHOWN]
    if len(order):
        rows = [
            [
                str(table.row_numbers[i] + 1),
                f"{scores[i]:.2f}",
                f"{p[i]:.2g}",
                *(f"{x:.6g}" for x in table.X[i]),
            ]
            for i in order
        ]
        grid(to, ["row", "log-density", "p", *table.feature_names], rows)
    if len(found) > len(order):
        say(to, f"and {len(found) - len(order)} more: --out writes all rows")
