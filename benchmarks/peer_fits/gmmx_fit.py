"""gmmx on the processor: float32 is its only type."""

from __future__ import annotations

import os
import sys

import numpy as np

from benchmarks.peer_fits.answer import answer
from benchmarks.peer_fits.problem import Found, Problem

os.environ["JAX_PLATFORMS"] = "cpu"  # read when jax is imported

import jax
from gmmx import EMFitter, GaussianMixtureModelJax


def main() -> None:
    """Answer for the problem on the command line."""
    problem = Problem.read(sys.argv[1:])
    start, X = problem.start(), problem.rows().astype(np.float32)
    initial = GaussianMixtureModelJax.from_squeezed(
        means=start.means_.astype(np.float32),
        covariances=start.covariances_.astype(np.float32),
        weights=start.weights_.astype(np.float32),
        covariance_type=problem.structure,
    )

    def fit(passes: int) -> GaussianMixtureModelJax:
        fitted = EMFitter(max_iter=passes, tol=0.0, reg_covar=0.0).fit(X, initial)
        return jax.block_until_ready(fitted.gmm)  # fit returns before the work is done

    def parameters(model: GaussianMixtureModelJax) -> Found:
        return Found(model.weights_numpy, model.means_numpy, model.covariances.values_numpy)

    answer(problem, fit, parameters)


if __name__ == "__main__":
    main()
