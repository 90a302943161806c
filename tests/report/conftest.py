"""The model that is reported most often."""

from __future__ import annotations

import pandas as pd
import pytest

from mixtura import GaussianMixture, datasets


@pytest.fixture(scope="session")
def tied() -> GaussianMixture:
    """Return the mixture that BIC chooses for Old Faithful."""
    frame = pd.DataFrame(datasets.load_faithful().data, columns=["eruptions", "waiting"])
    return GaussianMixture(3, covariance_type="tied", random_state=0).fit(frame)
