"""scikit-learn's checks of every estimator, and of every covariance structure."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from mixtura import GaussianMixture, KMeans, MixtureClassifier, MixtureOutlierDetector, MixtureSelector
from mixtura.covariance import STRUCTURES

# scikit-learn expects it to fail for its own KMeans. From one given start the fits are equal: tests/laws.
_SEEDED = "check_sample_weight_equivalence_on_dense_data"
# They ask that some rows of three compact blobs are outliers, whatever the detector finds.
_SOME_ARE_OUTLIERS = {"check_outliers_train", "check_outliers_fit_predict"}


@pytest.mark.filterwarnings("ignore::mixtura.errors.DegenerateFitWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [
        *(GaussianMixture(k, covariance_type=name) for name in STRUCTURES for k in (1, 2)),
        KMeans(2),
        KMeans(2, init="random", n_init=2),
        MixtureClassifier(),
        MixtureClassifier(n_components=(1, 2), covariance_type=("full", "diag")),
        MixtureOutlierDetector(),
        MixtureOutlierDetector(n_components=2, contamination=0.1),
        MixtureSelector(n_components=(1, 2), covariance_type=("full", "tied_diag")),
    ],
)
def test_check_estimator(estimator: Any, check: Any) -> None:
    try:
        check(estimator)
    except AssertionError:
        name = check.func.__name__
        if name in _SOME_ARE_OUTLIERS and getattr(estimator, "contamination", None) == "auto":
            pytest.xfail("no row of these is stranger than one in a thousand of the model's own")
        if name != _SEEDED or getattr(estimator, "n_components", 2) == 1:
            raise
        pytest.xfail("rows of weight 2 and rows given twice use up random numbers differently in k-means++")
