"""A user's program: never run, but checked by mypy --strict, so that the public types are what users need."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import mixtura
from mixtura import GaussianMixture, Mixture, datasets
from mixtura.data import Batches, Parquet
from mixtura.em import Progress


def report(progress: Progress) -> bool:
    return progress.iteration > 100 or progress.gain < 1e-9


def program() -> float:
    X: npt.NDArray[np.float64] = datasets.load_faithful().data
    model = GaussianMixture(3, covariance_type="tied", random_state=0, callback=report).fit(X)
    labels: npt.NDArray[np.int64] = model.predict(X)
    mixture: Mixture = model.mixture_
    rows, components = mixture.sample(len(labels), random_state=np.random.default_rng(0))
    density: npt.NDArray[np.float64] = mixture.log_pdf(rows)
    clusters: npt.NDArray[np.int64] = mixture.merge(2).predict(rows)
    model.partial_fit(rows).save("faithful.mixtura")
    total = model.statistics(X[:100]) + model.statistics(X[100:])
    sent = sum(mixtura.MixtureStatistics.from_bytes(data) for data in (total.to_bytes(), total.to_bytes()))
    assert isinstance(sent, mixtura.MixtureStatistics)
    stepped: GaussianMixture = GaussianMixture.from_statistics(sent, reg_covar=1e-6)
    served: bytes = model.to_onnx("faithful.onnx").SerializeToString()
    model.fit(Batches(lambda: [rows, rows])).score(Parquet("rows.parquet", columns=["a", "b"], weight="w"))
    loaded = mixtura.load("faithful.mixtura")
    again = loaded if isinstance(loaded, Mixture) else loaded.mixture_
    sure = again.posterior(rows)[clusters == 0, components[0]]
    return float(density.mean()) + stepped.lower_bound_ + len(served) + model.bic(X) + float(sure.mean())
