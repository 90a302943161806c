"""`held_out`: candidates compared by rows that had no part in their fits."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, check_cv

from mixtura.covariance import CovarianceStructure
from mixtura.errors import InputError
from mixtura.estimators._sample import Sample
from mixtura.random_state import as_random_state
from mixtura.selection.results import Candidate
from mixtura.selection.select import fitted_candidates, problem_of

__all__ = ["held_out"]


def held_out(
    sample: Sample,
    candidates: list[Candidate],
    params: dict[str, Any],
    counts: list[int],
    structures: list[str | CovarianceStructure],
    cv: Any,
) -> list[Candidate]:
    """Return the candidates with the mean log-likelihood a row of rows that had no part in the fit."""
    n = len(sample.rows)
    if isinstance(cv, Integral):
        if n < 2 * int(cv):
            msg = f"cv={cv} folds of {n} rows leave fewer than two rows in some: ask for fewer folds"
            raise InputError(msg)
        cv = KFold(int(cv), shuffle=True, random_state=as_random_state(params.get("random_state")))
    folds = check_cv(cv)
    scores, total = np.zeros(len(candidates)), 0.0
    for fitted, held in folds.split(sample.rows):
        weight = np.ones(n) if sample.weight is None else sample.weight
        part = Sample(
            np.ascontiguousarray(sample.rows[fitted]),
            None if sample.weight is None else np.ascontiguousarray(weight[fitted]),
            None,
            sample.n_threads,
        )
        problem = problem_of(part, params, grow=True)
        rows = np.ascontiguousarray(sample.rows[held])
        for i, candidate in enumerate(fitted_candidates(problem, counts, structures)):
            found = candidate.estimator
            scores[i] += np.nan if found is None else weight[held] @ found.score_samples(rows)
        total += weight[held].sum()
    return [
        replace(candidate, cv=score / total, error=candidate.error or _failed(score))
        for candidate, score in zip(candidates, scores, strict=True)
    ]


def _failed(score: float) -> str | None:
    return "it could not be fitted to the rows of some folds" if np.isnan(score) else None
