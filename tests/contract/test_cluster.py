"""The recipes of the guide for clusters, as they are printed there, where the engines are installed."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from mixtura import GaussianMixture

# Engines warn of what is theirs.
pytestmark = pytest.mark.filterwarnings("default")
PAGE = Path(__file__).parents[2] / "docs" / "guide" / "on_a_cluster.md"
N_PASSES = 3


def recipe(word: str) -> str:
    """Return the block of code that imports an engine."""
    (found,) = [code for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S) if word in code]
    return str(found)


def data() -> tuple[pd.DataFrame, GaussianMixture, GaussianMixture]:
    """Rows, a start of given order, and where plain EM goes from it."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        rng.normal(size=(400, 2)) + 4.0 * rng.integers(0, 2, size=(400, 1)), columns=["a", "b"]
    )
    labels = (frame["a"].to_numpy() > 2.0).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        start, end = (
            GaussianMixture(2, init_params=labels, max_iter=n, acceleration=None, tol=0.0, n_jobs=1).fit(
                frame
            )
            for n in (0, N_PASSES)
        )
    return frame, start, end


def run(code: str, **known: Any) -> GaussianMixture:
    exec(compile(code, str(PAGE), "exec"), known)
    model = known["model"]
    assert isinstance(model, GaussianMixture)
    return model


def test_ray() -> None:
    ray = pytest.importorskip("ray")
    frame, start, end = data()
    parts = [frame[:150].to_numpy(), frame[150:].to_numpy()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # arrays have no names
        model = run(recipe("import ray"), model=start, parts=parts, n_passes=N_PASSES)
    ray.shutdown()
    np.testing.assert_allclose(model.means_, end.means_, rtol=1e-12, atol=1e-12)


def test_spark() -> None:
    sql = pytest.importorskip("pyspark.sql")
    frame, start, end = data()
    session = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        there = session.createDataFrame(frame).repartition(3)
        model = run(recipe("mapInArrow"), model=start, frame=there, n_passes=N_PASSES)
    finally:
        session.stop()
    np.testing.assert_allclose(model.means_, end.means_, rtol=1e-12, atol=1e-12)
    assert model.mixture_.feature_names == ("a", "b")
