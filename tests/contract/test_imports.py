"""Every public module can be the first that a program imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODULES = ("data", "data.files", "em", "estimators", "io", "kmeans", "mixture", "plot", "report", "selection")


@pytest.mark.parametrize("module", MODULES)
def test_first_import(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import mixtura.{module}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_sources_of_a_program_need_no_pyarrow() -> None:
    script = """
import sys
sys.modules["pyarrow"] = sys.modules["pyarrow.parquet"] = None
import numpy as np
from mixtura import GaussianMixture
from mixtura.data import Batches, Parquet
from mixtura.errors import InputError
print(GaussianMixture(1).fit(Batches([np.eye(2)])).means_.tolist())
try:
    Parquet(sys.executable)
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "[[0.5, 0.5]]"
    assert "pip install 'mixtura[arrow]'" in done.stdout
