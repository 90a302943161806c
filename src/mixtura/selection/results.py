"""`Selection`: candidates, their criteria and the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from mixtura.estimators import GaussianMixture

__all__ = ["Candidate", "Comparison", "Criterion", "Selection", "table_of"]


class Criterion(StrEnum):
    """What a selection minimises."""

    #: −2L + p log N.
    BIC = "bic"
    #: −2L + 2p.
    AIC = "aic"
    #: The BIC plus twice the doubt in the assignments.
    ICL = "icl"


@dataclass(frozen=True, eq=False)
class Candidate:
    """One fit of a selection.

    Attributes
    ----------
    n_components : int
        Number of components, K.
    covariance_type : str
        The name of its structure.
    n_parameters : int
        p, free parameters.
    log_likelihood : float
        L, of all rows, in nats; NaN if the fit failed, as are the criteria.
    bic, aic, icl : float
        −2L + p log N, −2L + 2p, and the BIC plus twice the doubt in the assignments: lower is better.
    converged : bool
    n_iter : int
        Passes of the best start.
    n_passes : int
        Passes of all starts.
    seconds : float
        Of all starts; of candidates that ran side by side, their share of it by passes.
    cv : float
        Mean log-likelihood a row held out, in nats; NaN unless it was asked for.
    estimator : GaussianMixture, optional
        The fit itself; None if it failed.
    error : str, optional
        Why it failed.
    """

    n_components: int
    covariance_type: str
    n_parameters: int
    log_likelihood: float = np.nan
    bic: float = np.nan
    aic: float = np.nan
    icl: float = np.nan
    converged: bool = False
    n_iter: int = 0
    n_passes: int = 0
    seconds: float = 0.0
    cv: float = np.nan
    estimator: GaussianMixture | None = None
    error: str | None = None

    @property
    def findings(self) -> str:
        """What the fit has to say of itself, as 'loose 3, 7'; its criteria then say nothing of the data."""
        diagnostics = () if self.estimator is None else self.estimator.diagnostics_
        return "; ".join(f"{found.finding} {', '.join(map(str, found.components))}" for found in diagnostics)

    def value(self, criterion: Criterion | str) -> float:
        """Return the criterion of that name, the lower the better."""
        values = {
            Criterion.BIC: self.bic,
            Criterion.AIC: self.aic,
            Criterion.ICL: self.icl,
        }
        return values[Criterion(criterion)]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a selection compared, and what it chose: the same for `Selection` and for `MixtureSelector`.

    Attributes
    ----------
    table : dict of ndarray
        A column a key, a row a candidate: `table_` of a `MixtureSelector`.
    best_index : int
        The row of the candidate that was chosen.
    criterion : str
        The column of `table` that was compared: 'bic', 'aic' or 'icl', of which the lowest is the best,
        'cv', of which the highest is, or 'criterion', the values of a callable.
    """

    table: dict[str, npt.NDArray[Any]]
    best_index: int
    criterion: str


@dataclass(frozen=True, eq=False)
class Selection:
    """All candidates, in the order they were fitted, and the best.

    Attributes
    ----------
    candidates : tuple of Candidate
        For each number of components, one a structure.
    best : Candidate
        The one with the lowest criterion; if several have it but for rounding, the one with the fewest
        parameters, then the fewest components, then the first.
    criterion : Criterion
    """

    candidates: tuple[Candidate, ...]
    best: Candidate
    criterion: Criterion

    @property
    def estimator(self) -> GaussianMixture:
        """The best fit."""
        if self.best.estimator is None:
            msg = "the best candidate of a selection has been fitted"
            raise AssertionError(msg)
        return self.best.estimator

    @property
    def comparison(self) -> Comparison:
        """What was compared, as a table of columns."""
        values = [candidate.value(self.criterion) for candidate in self.candidates]
        best = next(i for i, candidate in enumerate(self.candidates) if candidate is self.best)
        return Comparison(table_of(self.candidates, values), best, str(self.criterion))

    def table(self) -> list[dict[str, Any]]:
        """Return a row of plain values for each candidate: ready for a data frame."""
        names = ("n_components", "covariance_type", "n_parameters", "log_likelihood", "bic", "aic", "icl")
        more = ("converged", "n_iter", "findings", "error")
        return [
            {name: getattr(candidate, name) for name in names + more} | {"best": candidate is self.best}
            for candidate in self.candidates
        ]


_COLUMNS = (
    "n_components",
    "covariance_type",
    "n_parameters",
    "log_likelihood",
    "bic",
    "aic",
    "icl",
    "cv",
    "n_iter",
    "n_passes",
    "seconds",
    "findings",
    "error",
)


def table_of(candidates: Sequence[Candidate], values: Sequence[float]) -> dict[str, npt.NDArray[Any]]:
    """Return a column a key, a row a candidate."""
    columns = {name: [getattr(candidate, name) for candidate in candidates] for name in _COLUMNS}
    columns["stopping_reason"] = [
        "" if c.estimator is None else c.estimator.stopping_reason_ for c in candidates
    ]
    columns["criterion"] = list(values)
    columns["error"] = [error or "" for error in columns["error"]]
    texts = {"covariance_type", "findings", "error", "stopping_reason"}
    return {
        name: np.array(column, dtype=object if name in texts else None) for name, column in columns.items()
    }
