"""The judge: whether an estimator of scikit-learn's interface survives a case, and how it fails if not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_rand_score

from tests.torture.case import Array, Case
from tests.torture.density import log_density_bounds
from tests.torture.parameters import Model, not_a_mixture, not_of_all_rows, not_of_the_groups, read_model

__all__ = ["Finding", "Verdict", "judge"]

_ROWS = 6  # whose density is evaluated in 50 digits


class Finding(StrEnum):
    """What the judge found."""

    SOUND = "sound"
    TYPED_ERROR = "typed error"  # right where the input has no answer
    REFUSED = "refused"  # data that have an answer
    CRASH = "crash"
    WRONG_LABELS = "wrong labels"
    WRONG_DENSITY = "wrong density"
    BAD_PARAMETERS = "bad parameters"
    ACCEPTED_NONSENSE = "accepted nonsense"


@dataclass(frozen=True)
class Verdict:
    """A finding, what it rests on, and what the fit warned of."""

    finding: Finding
    why: str = ""
    warned: tuple[type[Warning], ...] = ()

    @property
    def survived(self) -> bool:
        """Whether the case ended as it should."""
        return self.finding in (Finding.SOUND, Finding.TYPED_ERROR)

    @property
    def stopped(self) -> bool:
        """Whether there is no answer, although there should be one."""
        return self.finding in (Finding.REFUSED, Finding.CRASH)

    @property
    def is_loud(self) -> bool:
        """Whether a wrong answer came with a warning."""
        return not (self.survived or self.stopped) and bool(self.warned)

    @property
    def is_silent(self) -> bool:
        """Whether a wrong answer came without one."""
        return not (self.survived or self.stopped or self.warned)


def judge(make_estimator: Callable[..., Any], case: Case) -> Verdict:
    """Fit an estimator to a case, and check what it says about the rows.

    Parameters
    ----------
    make_estimator : callable
        Called with `n_components`, `covariance_type` and the case's settings as keywords.
    case : Case

    Returns
    -------
    Verdict
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answers = _ask(make_estimator, case)
        except Exception as error:  # noqa: BLE001 -- whatever a rival raises is what is judged here
            answers = error
    # Only what the estimator warned of: the checks below have their own arithmetic.
    warned = tuple({warning.category for warning in caught})
    if isinstance(answers, Exception):
        finding, why = _of_error(answers, case)
    elif case.expect == "error":
        finding, why = Finding.ACCEPTED_NONSENSE, "fitted"
    else:
        finding, why = _of_answers(answers, case)
    return Verdict(finding, why, warned)


@dataclass(frozen=True, eq=False)
class _Answers:
    """A fitted estimator, and what it says about the rows; nothing, if there should have been no fit."""

    estimator: Any
    labels: Array
    resp: Array
    log_prob: Array


def _ask(make_estimator: Callable[..., Any], case: Case) -> _Answers:
    weights = {} if case.sample_weight is None else {"sample_weight": case.sample_weight}
    estimator = make_estimator(
        n_components=case.n_components, covariance_type=case.covariance_type, **case.settings
    )
    estimator.fit(case.X, **weights)
    if case.expect == "error":
        return _Answers(estimator, np.empty(0), np.empty(0), np.empty(0))
    return _Answers(
        estimator,
        np.asarray(estimator.predict(case.X)),
        np.asarray(estimator.predict_proba(case.X)),
        np.asarray(estimator.score_samples(case.X)),
    )


def _of_answers(answers: _Answers, case: Case) -> tuple[Finding, str]:
    try:
        model = read_model(answers.estimator, case)
    except ValueError as error:
        return Finding.BAD_PARAMETERS, str(error)
    # From what no fit may do to what takes the right groups: the first is the one that explains the rest.
    for finding, check in (
        (Finding.BAD_PARAMETERS, lambda: not_a_mixture(model)),
        (Finding.WRONG_DENSITY, lambda: _wrong_density(model, answers.log_prob, case)),
        (Finding.WRONG_LABELS, lambda: _wrong_labels(answers.labels, answers.resp, case)),
        (Finding.BAD_PARAMETERS, lambda: not_of_all_rows(model, case)),
        (Finding.BAD_PARAMETERS, lambda: not_of_the_groups(model, case)),
    ):
        why = check()
        if why:
            return finding, why
    return Finding.SOUND, ""


def _of_error(error: Exception, case: Case) -> tuple[Finding, str]:
    why = f"{type(error).__name__}: {error}"
    # NumPy's LinAlgError is a ValueError, but speaks of a matrix that the user never saw.
    typed = isinstance(error, (ValueError, TypeError)) and not isinstance(error, np.linalg.LinAlgError)
    if not (typed and str(error).strip()):
        return Finding.CRASH, why
    return Finding.REFUSED if case.expect == "fit" else Finding.TYPED_ERROR, why


def _wrong_density(model: Model, log_prob: Array, case: Case) -> str | None:
    n = len(case.X)
    if log_prob.shape != (n,) or not np.isfinite(log_prob).all():
        return f"{np.count_nonzero(~np.isfinite(log_prob))} log-densities are not finite"
    # Integers lose nothing in any of the types that parameters are kept in.
    spacings = [float(np.finfo(a.dtype).eps) for a in (case.X, log_prob) if a.dtype.kind == "f"]
    epsilon = max(model.epsilon, *spacings)
    for i in np.unique(np.linspace(0, n - 1, _ROWS).astype(int)):
        low, high = log_density_bounds(model, case.X[i], epsilon)
        found = float(log_prob[i])
        if not low <= found <= high:
            middle = 0.5 * (low + high)
            return f"log-density of row {i} is {found:.9g} in place of {middle:.9g}"
    return None


def _wrong_labels(labels: Array, resp: Array, case: Case) -> str | None:
    n, k = len(case.X), case.n_components
    eps = np.finfo(resp.dtype).eps
    if labels.shape != (n,) or resp.shape != (n, k) or not np.isfinite(resp).all():
        return f"labels of shape {labels.shape}, responsibilities of shape {resp.shape}, or not finite"
    if (resp < 0).any() or np.abs(resp.sum(axis=1) - 1.0).max() > 16 * k * eps:
        return "responsibilities are not shares of 1"
    # Equal responsibilities may be rounded apart on one of the two ways.
    if (resp.max(axis=1) - resp[np.arange(n), labels] > 16 * k * eps).any():
        return "predict contradicts predict_proba"
    if case.labels is None:
        return None
    index = adjusted_rand_score(case.labels, labels)
    return None if index == 1.0 else f"adjusted Rand index {index:.3f}"
