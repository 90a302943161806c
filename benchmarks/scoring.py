"""`predict`, `predict_proba` and `score_samples` against scikit-learn's, with the same parameters."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
from sklearn import mixture as peer
from sklearn.exceptions import ConvergenceWarning

from benchmarks.measure import interleaved, ratio, seconds
from benchmarks.table import Table
from benchmarks.workloads import WORKLOADS
from mixtura import GaussianMixture

__all__ = ["run"]

_WORK = ("score_samples", "predict_proba", "predict")
_NOTE = (
    "Milliseconds, and how many times faster than scikit-learn; float64, medians of 3 interleaved runs. Both "
    "have the parameters of the same two passes; log densities agree to 1e-8, labels in each row."
)


def run(*, smoke: bool) -> list[Table]:
    """Time the three ways of scoring on the seven workloads."""
    rows = []
    for full_size in WORKLOADS:
        workload = full_size.smaller() if smoke else full_size
        X = workload.data()
        start = workload.start(X) | {"max_iter": 2, "reg_covar": 1e-6}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            models = {"ours": GaussianMixture(**start).fit(X), "peer": peer.GaussianMixture(**start).fit(X)}
        np.testing.assert_allclose(
            models["ours"].score_samples(X), models["peer"].score_samples(X), rtol=1e-8, atol=1e-8
        )
        np.testing.assert_array_equal(models["ours"].predict(X), models["peer"].predict(X))
        cells = [workload.name]
        for work in _WORK:
            calls = {name: partial(getattr(model, work), X) for name, model in models.items()}
            times = interleaved(
                {name: partial(seconds, call) for name, call in calls.items()}, 1 if smoke else 3
            )
            cells += [f"{1e3 * times['ours']:.3g}", ratio(times["peer"], times["ours"])]
        rows.append(cells)
    columns = ["N, d, K, structure"]
    for work in _WORK:
        columns += [f"`{work}`", ""]
    return [Table("scoring", columns, rows, _NOTE)]
