"""Every case of the torture suite ends in a sound fit, or in a typed error where there is no answer."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from mixtura import GaussianMixture
from tests.torture.case import ALL_STRUCTURES, Case
from tests.torture.cases import cases
from tests.torture.judge import judge

survivor = partial(GaussianMixture, random_state=0)


@pytest.mark.parametrize("case", tuple(cases(ALL_STRUCTURES, weights=True)), ids=lambda case: case.name)
def test_survives(case: Case) -> None:
    verdict = judge(survivor, case)
    assert verdict.survived, f"{verdict.finding}: {verdict.why}"
    # NumPy's warnings are those of an arithmetic that nobody thought of.
    assert RuntimeWarning not in verdict.warned


def test_there_are_enough_cases_for_the_structures_of_scikit_learn() -> None:
    names = [case.name for case in cases()]
    assert len(names) >= 400
    assert len(set(names)) == len(names)


def test_cases_are_the_same_at_every_call() -> None:
    for one, two in zip(cases(ALL_STRUCTURES), cases(ALL_STRUCTURES), strict=True):
        assert one.name == two.name
        if one.expect != "error":
            np.testing.assert_array_equal(one.X, two.X)
            assert one.X.dtype == two.X.dtype
