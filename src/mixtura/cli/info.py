"""`mixtura info`: what is in a model file."""

from __future__ import annotations

from pathlib import Path

from mixtura.cli.describe import feature_names, listed, print_components, print_if_positive
from mixtura.cli.models import load_model
from mixtura.cli.render import console, say

__all__ = ["run"]


def run(*, model: Path) -> None:
    """Do what `mixtura info` is asked to; parameters as in `mixtura.cli.app.info`."""
    mixture, estimator = load_model(model)
    to = console()
    k, d = mixture.n_components, mixture.n_features
    noun = "component" if k == 1 else "components"
    words = "1 column" if d == 1 else f"{d} columns"
    say(to, f"{model}: a mixture of {k} {noun} with {mixture.structure.name} covariance in {words}")
    if mixture.feature_names is None:
        say(to, "  its columns have no names: data are matched by position")
    else:
        say(to, f"  columns: {listed(feature_names(mixture))}")
    if estimator is not None and len(estimator.trace_):
        say(
            to,
            f"  fitted by EM: log-likelihood {estimator.lower_bound_:.5f} a row after {estimator.n_iter_} "
            f"passes ({estimator.stopping_reason_})",
        )
        print_if_positive(to, estimator.lower_bound_, d)
    print_components(to, mixture)
