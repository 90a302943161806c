"""pomegranate: one distribution a component, at the parameters of the start; float32 or float64."""

from __future__ import annotations

import sys

import numpy as np
import torch
from pomegranate.distributions import Normal
from pomegranate.gmm import GeneralMixtureModel

from benchmarks.peer_fits.answer import answer
from benchmarks.peer_fits.problem import Found, Problem

_NAMES = {"full": "full", "diag": "diag", "spherical": "sphere"}


def main() -> None:
    """Answer for the problem and the type on the command line."""
    *arguments, dtype = sys.argv[1:]
    problem = Problem.read(arguments)
    start = problem.start()
    X = torch.tensor(problem.rows().astype(dtype))

    covariances, spherical = start.covariances_, problem.structure == "spherical"
    if spherical:  # it takes a variance only as one for each feature
        covariances = np.repeat(covariances[:, None], problem.d, axis=1)

    def fit(passes: int) -> GeneralMixtureModel:
        components = [
            Normal(mean.astype(dtype), covariance.astype(dtype), _NAMES[problem.structure])
            for mean, covariance in zip(start.means_, covariances, strict=True)
        ]
        # It stops where the gain falls below `tol`, which rounding may make negative.
        model = GeneralMixtureModel(components, start.weights_.astype(dtype), max_iter=passes, tol=-np.inf)
        return model.fit(X)

    def parameters(model: GeneralMixtureModel) -> Found:
        components = model.distributions
        return Found(
            model.priors.numpy(),
            np.array([c.means.numpy() for c in components]),
            np.array([c.covs.numpy()[0] if spherical else c.covs.numpy() for c in components]),
        )

    answer(problem, fit, parameters)


if __name__ == "__main__":
    main()
