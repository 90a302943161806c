"""`mixtura plot`: a picture of a model over its data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mixtura.cli.models import load_model, matching_table
from mixtura.cli.options import DataOptions, parse_names, refuse_overwriting
from mixtura.cli.render import console, say
from mixtura.data.files import check_output, writing
from mixtura.errors import InputError
from mixtura.io.atomic import replacing
from mixtura.mixture import Mixture

__all__ = ["run"]

_ENDINGS = (".png", ".svg", ".pdf")
_DPI = 130
_MOST_FEATURES = 6  # of a grid


def run(*, model: Path, data: Path, out: Path, features: str | None, reading: DataOptions) -> None:
    """Do what `mixtura plot` is asked to; parameters as in `mixtura.cli.app.plot`."""
    check_output(out, endings=_ENDINGS)
    refuse_overwriting({"--out": out}, [model, data])
    mixture, _ = load_model(model)
    chosen = None if features is None else _chosen(features, mixture)
    d = mixture.n_features
    if chosen is None and d > _MOST_FEATURES:
        msg = f"{model} has {d} features: choose some by --features, such as 0,1 or their names"
        raise InputError(msg)
    table = matching_table(model, mixture, data, reading)
    try:
        from matplotlib import use  # noqa: PLC0415  (slow, and an extra of its own)

        use("Agg")
        from mixtura.plot import DensityDisplay, MixtureDisplay  # noqa: PLC0415
    except ImportError:
        msg = "pictures need matplotlib: pip install 'mixtura[plot]'"
        raise InputError(msg) from None
    if (d if chosen is None else len(chosen)) == 1:
        figure = DensityDisplay.from_estimator(mixture, table.X, features=chosen).figure_
    else:
        figure = MixtureDisplay.from_estimator(mixture, table.X, features=chosen).figure_
    with writing(out), replacing(out.resolve()) as stream:
        figure.savefig(stream, format=out.suffix[1:].lower(), dpi=_DPI)  # type: ignore[union-attr]
    say(console(), f"drew {model} over {data} to {out}")


def _chosen(text: str, mixture: Mixture) -> Sequence[int | str]:
    """Return features by name, or by number where no feature has that name."""
    names = mixture.feature_names or ()
    parts = parse_names(text, "--features")
    return [int(part) if part not in names and part.isdecimal() else part for part in parts]
