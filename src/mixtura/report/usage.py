"""How a reader of a report loads the model and uses it: lines for Python and for the shell."""

from __future__ import annotations

from shlex import quote

from mixtura._text import printable
from mixtura.report.subject import Subject

__all__ = ["python_lines", "shell_lines"]

_MODEL, _DATA = "model.mixtura", "data.csv"
# What users call an estimator of a class.
_NAMES = {
    "MixtureSelector": "selector",
    "MixtureOutlierDetector": "detector",
    "mixtura.selection.select": "selection",
}


def python_lines(subject: Subject, model_file: str | None) -> list[str]:
    """Return the lines of Python."""
    file = repr(printable(model_file or _MODEL))
    lines = []
    if model_file is None:
        lines.append(f"{_name(subject)}{subject.saved_from}.save({file})  # once, where it was fitted")
    lines += ["import mixtura", f"model = mixtura.load({file})"]
    if subject.fit is None:
        probabilities, density = "posterior", "log_pdf"
    else:
        probabilities, density = "predict_proba", "score_samples"
    lines += ["labels = model.predict(X)", f"probabilities = model.{probabilities}(X)"]
    lines.append(f"log_density = model.{density}(X)")
    if subject.detector is not None:
        lines.append(f"outliers = log_density < {subject.detector.offset_!r}")
    return lines


def _name(subject: Subject) -> str:
    return _NAMES.get(subject.kind, "mixture" if subject.fit is None else "model")


def shell_lines(model_file: str | None, data_file: str | None) -> list[str]:
    """Return the lines for the shell."""
    model, data = (quote(printable(file)) for file in (model_file or _MODEL, data_file or _DATA))
    return [
        f"mixtura predict {model} {data} --out labels.csv",
        f"mixtura score {model} {data}",
        f"mixtura report {model} {data} --out report.html",
    ]
