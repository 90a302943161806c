"""`mixtura info`: what is in a model file."""

from __future__ import annotations

from pathlib import Path

from mixtura.cli.describe import feature_names, print_components, print_if_positive
from mixtura.cli.models import load_model
from mixtura.cli.render import console, say
from mixtura.data.files import counted, listed

__all__ = ["run"]


def run(*, model: Path) -> None:
    """Do what `mixtura info` is asked to; parameters as in `mixtura.cli.app.info`."""
    mixture, estimator = load_model(model)
    to = console()
    k, d = mixture.n_components, mixture.n_features
    shape = f"{counted(k, 'component')} with {mixture.structure.name} covariance in {counted(d, 'column')}"
    say(to, f"{model}: a mixture of {shape}")
    if mixture.feature_names is None:
        say(to, "  its columns have no names: data are matched by position")
    else:
        say(to, f"  columns: {listed(feature_names(mixture))}")
    if estimator is not None and len(estimator.trace_):
        say(
            to,
            f"  fitted by EM: log-likelihood {estimator.lower_bound_:.5f} a row after "
            f"{estimator.n_iter_} passes ({estimator.stopping_reason_})",
        )
        print_if_positive(to, estimator.lower_bound_, d)
    print_components(to, mixture)
