"""Fixtures that scikit-learn's own tests ask for."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def global_random_seed() -> int:
    return 42


@pytest.fixture(params=[np.float64, np.float32], ids=["float64", "float32"])
def global_dtype(request: pytest.FixtureRequest) -> type[np.floating]:
    return request.param
