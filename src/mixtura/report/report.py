"""`MixtureReport`: all there is to tell of a fit, as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from mixtura._typing import Float64Array, FloatArray, IntArray
from mixtura.assignments import Assignments, assign, certainty_bands
from mixtura.data import as_sample_weight
from mixtura.errors import InputError
from mixtura.io.atomic import replacing
from mixtura.mixture import Mixture
from mixtura.report import pictures, tables
from mixtura.report.candidates import candidates_grid, criterion_grid
from mixtura.report.columns import summaries
from mixtura.report.findings import findings_of
from mixtura.report.grid import Grid, criterion, number, share, whole
from mixtura.report.page import rendered
from mixtura.report.subject import Subject, subject_of
from mixtura.report.usage import python_lines, shell_lines

__all__ = ["MixtureReport"]

_STRANGEST = 10
# Rows drawn from the model to know how rare a density is, and the numbers that they may take.
_DRAWN, _FEWEST_DRAWN, _DRAWN_NUMBERS = 20_000, 1_000, 2**22


class MixtureReport:
    """A report of a fitted mixture over its rows, in one HTML file that needs nothing else.

    What was asked, what the fit says against itself, the candidates of a selection, the chosen model in the
    names of the data, pictures, how sure the assignments are, the strangest rows, how the fit rose, and how
    to use the model. No script is in it, nothing is loaded, and the same fit gives the same bytes.

    Parameters
    ----------
    estimator : GaussianMixture, MixtureSelector, MixtureOutlierDetector, Selection or Mixture
        Fitted.
    X : array-like or data frame of shape (n_samples, n_features)
        The rows, those of the fit or others. Names of columns have to be those of the fit; if it had none,
        the names of X are shown.
    sample_weight : array-like of shape (n_samples,), optional
        Case weights, as in the fit. Rows of weight 0 are not counted, but drawn.
    title : str, optional
    row_labels : array-like of shape (n_samples,), optional
        What the strangest rows are called; their numbers from 0, if None.
    model_file, data_file : path-like, optional
        What the model and the data are called in the lines that show how to use them.
    remarks : sequence of str
        Printed below the description of the data.

    Attributes
    ----------
    html : str
        The page.

    Raises
    ------
    NotFittedError
    InputError
        If a report cannot be made of this estimator, or X, weights or labels do not fit it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from mixtura import GaussianMixture, datasets
    >>> from mixtura.report import MixtureReport
    >>> X = datasets.load_faithful().data
    >>> model = GaussianMixture(3, covariance_type="tied", random_state=0).fit(X)
    >>> report = MixtureReport(model, X, title="Old Faithful")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "report.html"
    ...     report.save(file)
    ...     file.read_text(encoding="utf-8").splitlines()[0]
    '<!doctype html>'
    """

    html: str

    def __init__(
        self,
        estimator: Any,
        X: npt.ArrayLike,
        *,
        sample_weight: npt.ArrayLike | None = None,
        title: str | None = None,
        row_labels: npt.ArrayLike | None = None,
        model_file: str | PathLike[str] | None = None,
        data_file: str | PathLike[str] | None = None,
        remarks: Sequence[str] = (),
    ) -> None:
        subject, rows = subject_of(estimator).with_rows(X)
        model, data = (None if file is None else str(file) for file in (model_file, data_file))
        weight = as_sample_weight(sample_weight, len(rows))
        labels = _checked_labels(row_labels, len(rows))
        self.html = rendered(
            title=title or "Report of a mixture",
            usage_python=python_lines(subject, model),
            usage_shell=shell_lines(model, data),
            data_file=data,
            remarks=remarks,
            **_contents(subject, rows, weight, labels),
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file; an older one stays as it was if that fails.

        Parameters
        ----------
        path : path-like

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        with replacing(path) as file:
            file.write(self.html.encode())

    def _repr_html_(self) -> str:
        # A page within a page, so that the styles of the notebook and of the report keep apart.
        page = escape(self.html, quote=True)
        return f'<iframe srcdoc="{page}" title="Report" style="width:100%;height:40rem;border:0"></iframe>'


def _checked_labels(row_labels: npt.ArrayLike | None, n: int) -> npt.NDArray[Any]:
    labels = np.arange(n) if row_labels is None else np.asarray(row_labels)
    if labels.shape != (n,):
        msg = f"row_labels must have one label a row, that is shape ({n},), but has shape {labels.shape}"
        raise InputError(msg)
    return labels


def _contents(
    subject: Subject, rows: FloatArray, weight: Float64Array | None, labels: npt.NDArray[Any]
) -> dict[str, Any]:
    """Return all that the page shows, by the names of its template."""
    mixture, names = subject.mixture, subject.names
    assigned = assign(mixture, rows)
    columns = summaries(rows, weight, names)
    total = float(len(rows)) if weight is None else float(weight.sum())
    counted = slice(None) if weight is None else weight > 0
    density = assigned.log_density[counted]
    log_likelihood = float(density.sum() if weight is None else weight[counted] @ density)
    bands = certainty_bands(assigned.certainty, weight)
    bic = -2.0 * log_likelihood + mixture.n_parameters * float(np.log(total))
    findings = findings_of(subject, columns, log_likelihood / total)
    sure = bands[0].share + bands[1].share
    compared = subject.comparison
    several = compared is not None and len(compared.table["n_components"]) > 1
    return {
        "subject": subject,
        "summary": _summary(subject, len(rows)),
        "figures": [
            ("rows", whole(len(rows))),
            ("columns", whole(mixture.n_features)),
            ("components", whole(mixture.n_components)),
            ("covariance", mixture.covariance_type),
            ("parameters", whole(mixture.n_parameters)),
            ("log-likelihood a row", f"{log_likelihood / total:.4f}"),
            ("BIC", criterion(bic)),
            *([("sure (0.9 or more)", share(sure))] if mixture.n_components > 1 else []),
        ],
        "findings": findings,
        "changed": _settings(subject, changed=True),
        "unchanged": _settings(subject, changed=False),
        "total_weight": None if weight is None else number(total, 7),
        "n_unweighted": 0 if weight is None else int((weight == 0).sum()),
        "columns": tables.columns_grid(columns, weighted=weight is not None),
        "criterion": criterion_grid(compared) if compared is not None and several else None,
        "candidates": candidates_grid(compared) if compared is not None and several else None,
        "selection_picture": pictures.selection_picture(subject),
        "components": tables.components_grid(mixture, names, assigned.labels[counted]),
        "correlations": tables.correlations_grid(mixture, names),
        "pictures": pictures.model_pictures(subject, rows),
        "bands": tables.bands_grid(bands, weighted=weight is not None),
        "groups": tables.groups_grid(assigned, mixture.n_components, weight),
        "certainty_picture": pictures.certainty_picture(subject, assigned.certainty, weight),
        "strangest": _strangest(subject, rows, weight, labels, assigned),
        "outlier_picture": pictures.outlier_picture(subject, rows),
        "n_outliers": _n_outliers(subject, density),
        "trace_picture": pictures.trace_picture(subject),
    }


def _summary(subject: Subject, n_rows: int) -> str:
    mixture = subject.mixture
    k, d = mixture.n_components, mixture.n_features
    components = "one component" if k == 1 else f"{k} components"
    columns = "one column" if d == 1 else f"{d} columns"
    rows = "one row" if n_rows == 1 else f"{whole(n_rows)} rows"
    return f"A mixture of {components} with {mixture.covariance_type} covariance in {columns}, over {rows}."


def _settings(subject: Subject, *, changed: bool) -> Grid | None:
    chosen = [setting for setting in subject.settings if setting.is_changed == changed]
    if not chosen:
        return None
    return tables.settings_grid(
        chosen, "Settings that were given" if changed else "Settings left at their defaults"
    )


def _strangest(
    subject: Subject,
    rows: FloatArray,
    weight: Float64Array | None,
    labels: npt.NDArray[Any],
    assigned: Assignments,
) -> Grid:
    density = assigned.log_density if weight is None else np.where(weight > 0, assigned.log_density, np.inf)
    n = min(_STRANGEST, len(density) if weight is None else int((weight > 0).sum()))
    # Of equal rows the first come first, whatever the order in which a partition leaves them.
    bound = np.partition(density, n - 1)[n - 1]
    candidates = np.flatnonzero(density <= bound)
    lowest: IntArray = candidates[np.argsort(density[candidates], kind="stable")][:n]
    detector = subject.detector
    return tables.strangest_grid(
        lowest,
        rows,
        [str(label) for label in labels[lowest]],
        density,
        _rarity(subject.mixture, density[lowest]),
        subject.names,
        n_outliers=None if detector is None else int((density[lowest] < detector.offset_).sum()),
    )


def _rarity(mixture: Mixture, density: Float64Array) -> list[str]:
    """Return which share of the model's own rows have so low a density, in words."""
    n = int(np.clip(_DRAWN_NUMBERS // mixture.n_features, _FEWEST_DRAWN, _DRAWN))
    own = np.sort(mixture.log_pdf(mixture.sample(n, random_state=0)[0]))
    below = np.searchsorted(own, density, side="right")
    return [f"{number(100.0 * count / n, 2)} %" if count else f"< {100.0 / n:g} %" for count in below]


def _n_outliers(subject: Subject, density: Float64Array) -> int | None:
    detector = subject.detector
    return None if detector is None else int((density < detector.offset_).sum())
