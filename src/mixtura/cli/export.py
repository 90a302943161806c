"""`mixtura export`: a model as an ONNX graph."""

from __future__ import annotations

from pathlib import Path

from mixtura.cli.describe import feature_names
from mixtura.cli.models import load_model
from mixtura.cli.options import refuse_overwriting
from mixtura.cli.render import console, say
from mixtura.data.files import check_output, counted, listed, writing
from mixtura.errors import InputError

__all__ = ["run"]

_ENDINGS = (".onnx",)


def run(*, model: Path, out: Path) -> None:
    """Do what `mixtura export` is asked to; parameters as in `mixtura.cli.app.export`."""
    check_output(out, endings=_ENDINGS)
    refuse_overwriting({"--out": out}, [model])
    mixture, _ = load_model(model)
    try:
        from mixtura.io.onnx import INPUT, OUTPUTS, to_onnx  # noqa: PLC0415  (an extra of its own)
    except ImportError:
        msg = "an ONNX graph needs onnx: pip install 'mixtura[onnx]'"
        raise InputError(msg) from None
    with writing(out):
        # A link stays one: what it points to is replaced.
        to_onnx(mixture, out.resolve())
    to = console()
    say(to, f"wrote {model} as an ONNX graph to {out}")
    named = "" if mixture.feature_names is None else f": {listed(feature_names(mixture))}"
    say(to, f"  takes {INPUT}, float64 rows of {counted(mixture.n_features, 'column')}{named}")
    say(to, f"  gives {', '.join(OUTPUTS)}")
