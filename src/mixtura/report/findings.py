"""What there is to say against a fit, each with what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixtura.data.names import listed
from mixtura.report.columns import ColumnSummary
from mixtura.report.subject import Subject

__all__ = ["Finding", "findings_of"]

# The likelihood of the same rows differs from that of the fit by rounding: that of float32 at most.
_ROUNDING = 1e-4
_ENDINGS = {
    "max_iter": "The fit ended by max_iter before it had converged: give a larger max_iter.",
    "callback": "The callback ended the fit: its parameters may be short of an optimum.",
    "interrupted": "The fit was interrupted: fit again for an optimum.",
    "singular": "A component collapsed, and the parameters are those before: use reg_covar='auto', a larger "
    "one, or fewer components.",
}


@dataclass(frozen=True)
class Finding:
    """Something to be said: what it is about, and the words."""

    title: str
    text: str


def findings_of(
    subject: Subject, columns: Sequence[ColumnSummary], log_likelihood: float
) -> tuple[Finding, ...]:
    """Return what the fit says of itself, what its data say, and what its selection does.

    Parameters
    ----------
    subject : Subject
    columns : sequence of ColumnSummary
    log_likelihood : float
        Of the rows of the report, in nats a row.
    """
    found = []
    fit = subject.fit
    for diagnostic in getattr(fit, "diagnostics_", ()):
        text = diagnostic.message
        found.append(Finding(f"{diagnostic.finding} components", f"{text[0].upper()}{text[1:]}."))
    reason = subject.stopping_reason
    if reason in _ENDINGS:
        found.append(Finding("not converged", _ENDINGS[reason]))
    same = [column.name for column in columns if column.least == column.most]
    if same:
        text = f"Of no use to tell groups apart, as every row has the same value: {listed(same)}. Leave out."
        found.append(Finding("constant columns", text))
    compared = subject.comparison
    if compared is not None:
        counts = compared.table["n_components"]
        if len(set(counts.tolist())) > 1 and counts[compared.best_index] == counts.max():
            text = f"The chosen model has {counts.max()} components, the most that were tried: try more."
            found.append(Finding("at the end of the range", text))
    if _is_of_other_rows(subject, log_likelihood):
        assert fit is not None
        text = (
            f"The fit had a log-likelihood of {fit.lower_bound_:.5f} nats a row, these rows have "
            f"{log_likelihood:.5f}: they are not those of the fit, or had other weights there."
        )
        found.append(Finding("other rows", text))
    return tuple(found)


def _is_of_other_rows(subject: Subject, log_likelihood: float) -> bool:
    fit = subject.fit
    # A penalised likelihood, or one of the rows that a detector keeps, is another number. Of a fit by steps
    # only that of its last batch is known.
    if subject.stopping_reason == "one_step":
        return False
    if subject.detector is not None or fit is None or fit.covariance_prior is not None:
        return False
    if not len(subject.trace):
        return False
    return abs(fit.lower_bound_ - log_likelihood) > _ROUNDING * max(1.0, abs(log_likelihood))
