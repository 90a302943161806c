"""The files that come with the package are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from mixtura import datasets
from mixtura.errors import InputError


def test_old_faithful() -> None:
    faithful = datasets.load_faithful()
    assert faithful.data.shape == (272, 2)
    assert faithful.feature_names == ("eruptions", "waiting")
    assert faithful.target is None
    np.testing.assert_allclose(faithful.data.mean(axis=0), [3.487783, 70.897059], atol=1e-6)


def test_diabetes() -> None:
    diabetes = datasets.load_diabetes()
    assert diabetes.data.shape == (145, 3)
    assert diabetes.target is not None
    classes, counts = np.unique(diabetes.target, return_counts=True)
    assert dict(zip(classes.tolist(), counts.tolist(), strict=True)) == {
        "Chemical": 36,
        "Normal": 76,
        "Overt": 33,
    }


def test_galaxies() -> None:
    galaxies = datasets.load_galaxies().data
    assert galaxies.shape == (82, 1)
    assert (galaxies.min(), galaxies.max()) == (9172.0, 34279.0)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(InputError, match=r"'iris'.*diabetes, faithful, galaxies"):
        datasets.path("iris")
