"""`select`: the number of components and the covariance structure, chosen by a criterion."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from mixtura.collapse import CollapseDetector
from mixtura.covariance import STRUCTURES, CovarianceStructure, resolve
from mixtura.errors import InputError
from mixtura.estimators._sample import Sample, read_sample
from mixtura.estimators._settings import check_integer
from mixtura.random_state import as_random_state
from mixtura.selection.problem import Problem
from mixtura.selection.results import Candidate, Criterion, Selection
from mixtura.threads import resolve_n_jobs

__all__ = [
    "SELECTION_DEFAULTS",
    "checked_counts",
    "checked_structures",
    "fitted_candidates",
    "lowest",
    "problem_of",
    "select",
]

# A criterion compares optima: fits that stop early, or in a poor optimum, would be compared by where they
# stopped. Measured on Old Faithful, iris and diabetes (six structures, K = 1..5, six seeds): 2 of 540
# candidates end below mclust's optimum and 181 above; with 5 starts, 12 end below.
SELECTION_DEFAULTS = {"tol": 1e-6, "max_iter": 1000, "n_init": 10}

# Two computations of one model differ by rounding: by about 1e-12 of the criterion, or in absolute terms
# where the log densities of the rows nearly cancel. No difference so small says anything of the data.
_TIE = 1e-6
_RELATIVE_TIE = 1e-9


def select(
    X: npt.ArrayLike,
    *,
    n_components: Sequence[int] = range(1, 10),
    covariance_types: Sequence[str | CovarianceStructure] = tuple(STRUCTURES),
    criterion: Criterion | str = Criterion.BIC,
    sample_weight: npt.ArrayLike | None = None,
    on_candidate: Callable[[Candidate], object] | None = None,
    **params: Any,
) -> Selection:
    """Fit every number of components with every covariance structure, and choose.

    Parameters
    ----------
    X : array-like or data frame of shape (n_samples, n_features)
    n_components : sequence of int
        The K to try.
    covariance_types : sequence of str or CovarianceStructure
        The structures to try; all six by default.
    criterion : {'bic', 'aic', 'icl'}
        What to minimise.
    sample_weight : array-like of shape (n_samples,), optional
        Case weights; N is then their sum.
    on_candidate : callable, optional
        Called with each `Candidate` when it is done.
    **params
        For `GaussianMixture`. Unless given here, tol=1e-6, max_iter=1000 and n_init=10, the first start by
        k-means and the others by k-means++: a criterion compares optima, so fits go further than by default.

    Returns
    -------
    Selection
        Candidates that could not be fitted are in it, with the reason, and are not chosen. Of candidates
        whose criterion is the same but for rounding, the one with the fewest parameters is the best, then
        the one with the fewest components, then the one that was fitted first: in one dimension tied,
        tied_diag and tied_spherical are one model.

    Raises
    ------
    InputError
        If data or parameters cannot be used, or no candidate could be fitted.

    Warns
    -----
    ConvergenceWarning
        If the best candidate has not converged.

    References
    ----------
    Fraley and Raftery (2002), Model-based clustering, discriminant analysis, and density estimation.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.selection import select
    >>> X = np.concatenate([np.random.default_rng(0).normal(m, 1, (50, 1)) for m in (0, 9)])
    >>> best = select(X, n_components=[1, 2, 3], random_state=0).best
    >>> best.n_components, best.covariance_type
    (2, 'tied')
    """
    params = SELECTION_DEFAULTS | params
    criterion = _checked_criterion(criterion)
    check_integer("n_init", params["n_init"], 1)
    sample = read_sample(X, sample_weight, n_threads=resolve_n_jobs(params.get("n_jobs")))
    counts, structures = checked_counts(n_components), checked_structures(covariance_types)
    candidates = list(fitted_candidates(problem_of(sample, params), counts, structures, on_candidate))
    best = lowest(candidates, lambda candidate: candidate.value(criterion))
    if not best.converged:
        warnings.warn(
            f"the best candidate, {best.n_components} {best.covariance_type}, did not converge in "
            f"{best.n_iter} passes: increase max_iter",
            ConvergenceWarning,
            stacklevel=2,
        )
    return Selection(tuple(candidates), best, criterion)


def problem_of(sample: Sample, params: dict[str, Any], *, grow: bool = False) -> Problem:
    """Return how candidates are fitted to a sample."""
    as_random_state(params.get("random_state"))
    detector = None
    if params.get("reg_covar", "auto") == "auto" and not grow:
        detector = CollapseDetector(sample.basis(dense=True).moments.covariance)
    return Problem(sample, params, detector, grow)


def fitted_candidates(
    problem: Problem,
    counts: Sequence[int],
    structures: Sequence[str | CovarianceStructure],
    on_candidate: Callable[[Candidate], object] | None = None,
) -> Iterator[Candidate]:
    """Yield each candidate when it is done."""
    for k in counts:
        for candidate in problem.fitted(k, structures):
            if on_candidate is not None:
                on_candidate(candidate)
            yield candidate


def lowest(candidates: Sequence[Candidate], value_of: Callable[[Candidate], float]) -> Candidate:
    """Return the best: the simplest of those that no more than rounding parts from the lowest value.

    Raises
    ------
    InputError
        If none was fitted.
    """
    fitted = [candidate for candidate in candidates if candidate.error is None]
    if not fitted:
        first = candidates[0]
        which = "" if len(candidates) == 1 else f"{first.n_components} {first.covariance_type}: "
        msg = f"no candidate could be fitted; {which}{first.error}"
        raise InputError(msg)
    # A likelihood that has come loose must not win.
    fitted = [candidate for candidate in fitted if not candidate.findings] or fitted
    values = [value_of(candidate) for candidate in fitted]
    least = float(np.nanmin(values))
    tie = max(_TIE, _RELATIVE_TIE * abs(least))
    tied = [candidate for candidate, value in zip(fitted, values, strict=True) if value <= least + tie]
    return min(tied, key=lambda candidate: (candidate.n_parameters, candidate.n_components))


def _checked_criterion(criterion: Criterion | str) -> Criterion:
    try:
        return Criterion(criterion)
    except ValueError:
        names = ", ".join(repr(str(name)) for name in Criterion)
        msg = f"criterion must be one of {names}, but is {criterion!r}"
        raise InputError(msg) from None


def checked_counts(n_components: int | Iterable[int]) -> list[int]:
    """Return the K to try."""
    counts = list(n_components) if isinstance(n_components, Iterable) else [n_components]
    wrong = [k for k in counts if not isinstance(k, Integral) or isinstance(k, bool) or k < 1]
    if wrong or not counts:
        msg = f"n_components must be a sequence of whole numbers of at least 1, but has {wrong or 'none'}"
        raise InputError(msg)
    return [int(k) for k in counts]


def checked_structures(
    covariance_types: str | CovarianceStructure | Iterable[str | CovarianceStructure],
) -> list[str | CovarianceStructure]:
    """Return the structures to try."""
    if isinstance(covariance_types, (str, CovarianceStructure)):
        covariance_types = [covariance_types]
    structures = list(covariance_types)
    for structure in structures:
        resolve(structure)
    if not structures:
        msg = "covariance_types is empty: give at least one structure"
        raise InputError(msg)
    return structures
