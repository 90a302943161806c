"""The commands and their options. What they do is imported when they run, so that help is quick."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

import mixtura
from mixtura.cli.failures import exit_status
from mixtura.cli.options import DataOptions, FitOptions, Flag, Whole, whole

__all__ = ["run"]

app = App(
    name="mixtura",
    help="Gaussian mixtures: which groups are in a data file, how many, and how sure.",
    version=f"mixtura {mixtura.__version__}",
    help_format="plaintext",
    help_epilogue="Data files: CSV, TSV, Parquet, JSON lines, NumPy. Try: mixtura fit data.csv",
    default_parameter=Parameter(negative=()),
    result_action="return_value",
    print_error=False,
    exit_on_error=False,
    suppress_keyboard_interrupt=False,
)

_DATA = DataOptions()
_FIT = FitOptions()


def run(argv: Sequence[str]) -> int:
    """Run a command line and return its exit status."""
    return exit_status(lambda: app(argv))


def _work(name: str) -> Any:
    """Return the function `run` of a command, with NumPy and all that it needs."""
    return import_module(f"mixtura.cli.{name}").run


@app.command
def fit(
    data: Path,
    /,
    *,
    components: Annotated[str, Parameter(name=("-k", "--components"))] = "1:9",
    covariance: str = "all",
    criterion: str = "bic",
    out: Path | None = None,
    labels: Path | None = None,
    report: Path | None = None,
    proba: Flag = False,
    quiet: Flag = False,
    reading: DataOptions = _DATA,
    fitting: FitOptions = _FIT,
) -> None:
    """Fit mixtures to a data file and keep the best.

    Every number of components is tried with every covariance structure.
    The best is described component by component, with how sure the assignments are.

    Parameters
    ----------
    data : Path
        The data file: one row a sample, columns of numbers; other columns are left out with a word.
    components : str
        Numbers of components to try: 3, or 1:6, or 2,4,8.
    covariance : str
        Structures to try: all, or a list of full, tied, diag, spherical, tied_diag, tied_spherical.
    criterion : str
        What chooses: bic, aic or icl. Lower is better.
    out : Path
        Write the chosen model to this file.
    labels : Path
        Write the component of each row, and its certainty, to this .csv or .parquet file.
    report : Path
        Write all there is to tell of the fit, with pictures, to this .html file.
    proba : bool
        Write the probability of each component to the labels file too.
    quiet : bool
        Print nothing.
    """
    _work("fit")(
        data=data,
        components=components,
        covariance=covariance,
        criterion=criterion,
        out=out,
        labels=labels,
        report=report,
        proba=proba,
        quiet=quiet,
        reading=reading,
        fitting=fitting,
    )


@app.command
def predict(
    model: Path,
    data: Path,
    /,
    *,
    out: Path | None = None,
    proba: Flag = False,
    reading: DataOptions = _DATA,
) -> None:
    """Assign the rows of a data file to the components of a model.

    Prints CSV: the row of the file (from 1), its label, and the certainty of that.

    Parameters
    ----------
    model : Path
        A model file, as written by mixtura fit --out.
    data : Path
        The data file. Its columns are matched to those of the model by name.
    out : Path
        Write to this .csv or .parquet file instead.
    proba : bool
        Add the probability of each component.
    """
    _work("predict")(model=model, data=data, out=out, proba=proba, reading=reading)


@app.command
def score(
    model: Path,
    data: Path,
    /,
    *,
    out: Path | None = None,
    reading: DataOptions = _DATA,
) -> None:
    """Say how probable a data file is under a model: its log-likelihood.

    Parameters
    ----------
    model : Path
        A model file, as written by mixtura fit --out.
    data : Path
        The data file. Its columns are matched to those of the model by name.
    out : Path
        Write the log-density of each row to this .csv or .parquet file.
    """
    _work("score")(model=model, data=data, out=out, reading=reading)


@app.command
def sample(
    model: Path,
    /,
    *,
    number: Annotated[Whole, Parameter(name=("-n", "--number"))] = 100,
    seed: Annotated[Whole | None, Parameter(converter=whole)] = None,
    out: Path | None = None,
) -> None:
    """Draw new rows from a model.

    Prints CSV: the model's columns, and the component each row came from.

    Parameters
    ----------
    model : Path
        A model file, as written by mixtura fit --out.
    number : int
        How many rows.
    seed : int
        The same seed gives the same rows; by default they differ each time.
    out : Path
        Write to this .csv or .parquet file instead.
    """
    _work("sample")(model=model, number=number, seed=seed, out=out)


@app.command
def plot(
    model: Path,
    data: Path,
    /,
    *,
    out: Path = Path("mixture.png"),
    features: str | None = None,
    reading: DataOptions = _DATA,
) -> None:
    """Draw a model over a data file: its components as ellipses, or its density over one column.

    All pairs of three to six columns are drawn. Points are coloured by component, the smaller the less sure
    it is.

    Parameters
    ----------
    model : Path
        A model file, as written by mixtura fit --out.
    data : Path
        The data file. Its columns are matched to those of the model by name.
    out : Path
        The picture: .png, .svg or .pdf.
    features : str
        The columns to draw, by name or number (from 0): one for its density, two to six for ellipses. Needed
        where the model has more than six.
    """
    _work("plot")(model=model, data=data, out=out, features=features, reading=reading)


@app.command
def report(
    model: Path,
    data: Path,
    /,
    *,
    out: Path = Path("report.html"),
    title: str | None = None,
    reading: DataOptions = _DATA,
) -> None:
    """Tell all there is to tell of a model over a data file, with pictures, in one HTML file.

    It needs no network and no other file: it can be sent, printed and kept.

    Parameters
    ----------
    model : Path
        A model file, as written by mixtura fit --out.
    data : Path
        The data file. Its columns are matched to those of the model by name.
    out : Path
        The report: .html.
    title : str
        Its heading; the name of the data file by default.
    """
    _work("report")(model=model, data=data, out=out, title=title, reading=reading)


@app.command
def export(model: Path, /, *, out: Path = Path("mixture.onnx")) -> None:
    """Write a model as an ONNX graph, to be served without Python.

    For float64 rows in the order of the model's columns it gives label, probabilities and log-density.

    Parameters
    ----------
    model : Path
        A model file, as written by mixtura fit --out.
    out : Path
        The graph: .onnx.
    """
    _work("export")(model=model, out=out)


@app.command
def outliers(
    data: Path,
    /,
    *,
    components: Annotated[Whole, Parameter(name=("-k", "--components"), converter=whole)] = 1,
    covariance: str = "full",
    contamination: str = "auto",
    out: Path | None = None,
    seed: Annotated[Whole, Parameter(converter=whole)] = 0,
    jobs: Annotated[Whole | None, Parameter(converter=whole)] = None,
    quiet: Flag = False,
    reading: DataOptions = _DATA,
) -> None:
    """Find the rows of a data file that a mixture of the others calls strange.

    The strangest are printed first, with the probability of a row so strange under the model.

    Parameters
    ----------
    data : Path
        The data file: one row a sample, columns of numbers; other columns are left out with a word.
    components : int
        Components of the model: as many as the ordinary rows have groups.
    covariance : str
        Their structure: full, tied, diag, spherical, tied_diag or tied_spherical.
    contamination : str
        auto: outliers are stranger than all but one in a thousand rows of the model's own.
        A number: the share of the rows that are outliers.
    out : Path
        Write to this .csv or .parquet file: for each row whether it is one, its log-density and probability.
    seed : int
        The same seed gives the same model.
    jobs : int
        Threads; all cores by default. The result does not depend on it.
    quiet : bool
        Print nothing.
    """
    _work("outliers")(
        data=data,
        components=components,
        covariance=covariance,
        contamination=contamination,
        out=out,
        seed=seed,
        jobs=jobs,
        quiet=quiet,
        reading=reading,
    )


@app.command
def info(model: Path, /) -> None:
    """Describe a model file.

    Parameters
    ----------
    model : Path
        A model file, as written by mixtura fit --out.
    """
    _work("info")(model=model)
