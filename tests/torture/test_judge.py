"""The judge finds each way to be wrong, and does not find any in an honest answer."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from mixtura import GaussianMixture
from tests.torture.case import SKLEARN_STRUCTURES, Array, Case
from tests.torture.judge import Finding, judge


def groups(structure: str = "full", dtype: str = "float64", **changes: Any) -> Case:
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 50)
    X = (12.0 * labels[:, None] + rng.standard_normal((100, 2))).astype(dtype)
    known: dict[str, Any] = {
        "name": "two groups",
        "fault": "none",
        "covariance_type": structure,
        "dtype": dtype,
        "X": X,
        "n_components": 2,
        "labels": labels,
    }
    return Case(**(known | changes))


class Altered:
    """An honest fit, some of whose answers are replaced."""

    def __init__(self, alter: dict[str, Any], **settings: Any) -> None:
        self._alter = alter
        self._model = GaussianMixture(random_state=0, **settings)

    def fit(self, X: Array) -> Altered:
        self._model.fit(X)
        return self

    def __getattr__(self, name: str) -> Any:
        honest = getattr(self._model, name)
        if name not in self._alter:
            return honest
        alter = self._alter[name]
        return (lambda X: alter(honest(X))) if callable(honest) else alter(honest)


def found(case: Case, **alter: Any) -> Finding:
    return judge(partial(Altered, alter), case).finding


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("structure", [*SKLEARN_STRUCTURES, "tied_diag", "tied_spherical"])
def test_an_honest_answer_is_sound(structure: str, dtype: str) -> None:
    verdict = judge(partial(Altered, {}), groups(structure, dtype))
    assert verdict.finding is Finding.SOUND, verdict.why
    assert verdict.survived
    assert (verdict.stopped, verdict.is_loud, verdict.is_silent) == (False, False, False)


def one_moved(labels: Array) -> Array:
    return np.where(np.arange(len(labels)) == 3, 1 - labels, labels)


def test_wrong_labels_are_found() -> None:
    # Consistently wrong, so that only the known groups tell; and labels that the responsibilities belie.
    moved = {
        "predict": one_moved,
        "predict_proba": lambda r: np.where(np.arange(100)[:, None] == 3, 1 - r, r),
    }
    assert found(groups(), **moved) is Finding.WRONG_LABELS
    assert found(groups(labels=None), **moved) is Finding.SOUND
    assert found(groups(labels=None), predict=one_moved) is Finding.WRONG_LABELS
    assert found(groups(labels=None), predict_proba=lambda r: 0.9 * r) is Finding.WRONG_LABELS


@pytest.mark.parametrize(("dtype", "shift"), [("float64", 1e-6), ("float32", 1e-2)])
@pytest.mark.parametrize("structure", SKLEARN_STRUCTURES)
def test_a_shifted_density_is_found(structure: str, dtype: str, shift: float) -> None:
    assert found(groups(structure, dtype), score_samples=lambda p: p + shift) is Finding.WRONG_DENSITY


def test_a_density_that_is_no_number_is_found() -> None:
    for value in (np.nan, -np.inf):
        assert found(groups(), score_samples=lambda p, value=value: p * 0 + value) is Finding.WRONG_DENSITY


@pytest.mark.parametrize(
    ("name", "alter"),
    [
        ("weights_", lambda w: w * 1.001),
        ("weights_", lambda w: w + np.array([1.0, -1.0])),
        ("means_", lambda m: m * np.nan),
        ("means_", lambda m: m[:1]),
        (
            "covariances_",
            lambda c: c * np.array([[1.0, 3.0], [3.0, 1.0]]) + np.array([[0.0, 1.0], [1.0, 0.0]]),
        ),
        ("covariances_", lambda c: -c),
        ("covariances_", lambda c: c + np.array([[0.0, 0.01], [0.0, 0.0]])),
        ("covariances_", lambda c: 1.01 * c),
        ("precisions_cholesky_", lambda u: u + np.inf),
        ("precisions_cholesky_", lambda u: u[0, :1]),
    ],
)
def test_parameters_that_are_no_mixture_are_found(name: str, alter: Any) -> None:
    assert found(groups(labels=None), **{name: alter}) is Finding.BAD_PARAMETERS


def test_parameters_that_are_not_those_of_the_groups_are_found() -> None:
    """A ridge that is large in the units of the data: everything agrees, but with other data."""
    ridge = partial(GaussianMixture, random_state=0, reg_covar=1.0)
    assert judge(ridge, groups()).finding is Finding.BAD_PARAMETERS
    assert judge(ridge, groups(labels=None)).finding is Finding.SOUND


class Forgetful(Altered):
    def fit(self, X: Array) -> Altered:
        return super().fit(X[1:])


def test_a_row_that_was_lost_is_found() -> None:
    case = groups(labels=None)
    far = case.X.copy()
    far[0] = 100.0
    assert judge(partial(Forgetful, {}), groups(labels=None, X=far)).finding is Finding.BAD_PARAMETERS
    assert judge(partial(Altered, {}), groups(labels=None, X=far)).finding is Finding.SOUND


class Raising:
    def __init__(self, error: Exception | None, **_: Any) -> None:
        self._error = error

    def fit(self, X: Any) -> Raising:
        warnings.warn("hm", ConvergenceWarning, stacklevel=1)
        if self._error:
            raise self._error
        return self


@pytest.mark.parametrize(
    ("error", "of_data", "of_nonsense"),
    [
        (ValueError("X has NaN"), Finding.REFUSED, Finding.TYPED_ERROR),
        (TypeError("X is complex"), Finding.REFUSED, Finding.TYPED_ERROR),
        (ValueError(""), Finding.CRASH, Finding.CRASH),
        (np.linalg.LinAlgError("SVD did not converge"), Finding.CRASH, Finding.CRASH),
        (IndexError("out of bounds"), Finding.CRASH, Finding.CRASH),
        (None, Finding.CRASH, Finding.ACCEPTED_NONSENSE),
    ],
)
def test_errors_are_told_apart(error: Exception | None, of_data: Finding, of_nonsense: Finding) -> None:
    assert judge(partial(Raising, error), groups()).finding is of_data
    assert judge(partial(Raising, error), groups(expect="error")).finding is of_nonsense
    # Where both are right, an error has to be a typed one all the same.
    of_either = of_data if of_data is Finding.CRASH else of_nonsense
    assert judge(partial(Raising, error), groups(expect="either")).finding is of_either


def test_a_wrong_answer_is_loud_if_it_came_with_a_warning() -> None:
    loud = judge(partial(Raising, None), groups(expect="error"))
    assert (loud.is_loud, loud.is_silent) == (True, False)
    silent = judge(partial(Altered, {"score_samples": lambda p: p + 1.0}), groups())
    assert (silent.is_loud, silent.is_silent) == (False, True)
