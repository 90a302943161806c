"""A mixture as an ONNX graph: what scores rows where neither Python nor mixtura is.

The graph does what an E-step does, in float64 and with standard operators alone: y = (x − μ_k) U_k, the
logits c_k − y·y/2, and a log-sum-exp about the largest of a row. All structures are one to it, as only the
shape of the whitener U differs. Squares are never expanded into x² − 2xμ + μ², whose digits cancel far from
the origin.
"""

from __future__ import annotations

import hashlib
import json
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import mixtura
from mixtura.errors import InputError
from mixtura.io.atomic import replacing

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    msg = "an ONNX graph needs onnx: pip install 'mixtura[onnx]'"
    raise ImportError(msg) from error

if TYPE_CHECKING:
    from mixtura.mixture import Mixture
    from mixtura.params import Params

__all__ = ["INPUT", "OUTPUTS", "mixture_sha256", "to_onnx"]

INPUT = "X"
OUTPUTS = ("label", "probabilities", "log_density")

# Of 2021 and 2022: all that is used has the same meaning since, and runtimes of these years read it.
_OPSET, _IR = 17, 8
# What protobuf can hold in one message, less room for all but the parameters.
_MOST_BYTES = 2**31 - 2**20


def to_onnx(mixture: Mixture, path: str | PathLike[str] | None = None) -> onnx.ModelProto:
    """Return a mixture as an ONNX graph, and write it to a file if a path is given.

    The graph takes `X`, float64 of shape (N, d), any N, and returns

    - `label`, int64 of shape (N,): the most probable component, the first if several are;
    - `probabilities`, float64 of shape (N, K);
    - `log_density`, float64 of shape (N,), in nats.

    They are those of `Mixture.predict`, `Mixture.posterior` and `Mixture.log_pdf` on float64 rows, but for
    rounding. A row with NaN or an infinity, which these refuse, has label −1 and NaN for all else. A row so
    far away that its log-density is −inf has equal probabilities, as there.

    Its metadata are text: `mixtura_version`, `mixture_sha256`, `feature_names` (a JSON list, or null),
    `covariance_type`, `n_components`, `n_features`. The same mixture gives the same bytes.

    Parameters
    ----------
    mixture : Mixture
        Of any structure, one of your own included: the graph knows its whitener.
    path : path-like, optional
        The file is written aside and renamed, so a failed write leaves an older file as it was.

    Returns
    -------
    onnx.ModelProto
        Opset 17, IR version 8.

    Raises
    ------
    InputError
        If the parameters are more than the 2 GiB that an ONNX file can hold.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> graph = Mixture([0.3, 0.7], [[0.0], [5.0]], [1.0, 4.0], "spherical").to_onnx()
    >>> import onnxruntime
    >>> session = onnxruntime.InferenceSession(graph.SerializeToString())
    >>> label, probabilities, log_density = session.run(None, {"X": [[2.0], [4.0]]})
    >>> label.tolist()
    [1, 1]
    >>> probabilities.round(3)
    array([[0.263, 0.737],
           [0.   , 1.   ]])
    """
    params = mixture.params
    size = params.means.nbytes + params.whitener.nbytes + params.offset.nbytes
    if size > _MOST_BYTES:
        msg = (
            f"the parameters of {mixture.n_components} {mixture.structure.name} components in "
            f"{mixture.n_features} features take {size} bytes, but an ONNX file holds 2 GiB at most: use "
            "fewer components or a simpler structure"
        )
        raise InputError(msg)
    model = helper.make_model(
        _graph(params),
        ir_version=_IR,
        opset_imports=[helper.make_opsetid("", _OPSET)],
        producer_name="mixtura",
        producer_version=mixtura.__version__,
        doc_string="A Gaussian mixture: the component, probabilities and log-density of each row.",
    )
    helper.set_model_props(model, _described(mixture))
    if path is not None:
        content = model.SerializeToString(deterministic=True)
        with replacing(path) as file:
            file.write(content)
    return model


def mixture_sha256(mixture: Mixture) -> str:
    """Return a digest that equal mixtures have in common, and others do not.

    It is taken over the name of the structure, those of the columns, weights, means and covariances, not over
    the record of a fit or the version of mixtura: an estimator and its `mixture_` have the same, and so has
    what `mixtura.load` returns of either.

    Parameters
    ----------
    mixture : Mixture

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    described = [mixture.structure.name, mixture.feature_names, mixture.means.shape]
    digest = hashlib.sha256(json.dumps(described).encode("ascii"))
    for array in (mixture.weights, mixture.means, mixture.covariances):
        # 0.0 is added so that −0 and 0, which are equal, have equal bytes.
        digest.update((array + 0.0).astype("<f8").tobytes())
    return digest.hexdigest()


def _described(mixture: Mixture) -> dict[str, str]:
    return {
        "mixtura_version": mixtura.__version__,  # runtimes do not show that of the producer
        "mixture_sha256": mixture_sha256(mixture),
        "feature_names": json.dumps(mixture.feature_names),
        "covariance_type": mixture.structure.name,
        "n_components": str(mixture.n_components),
        "n_features": str(mixture.n_features),
    }


def _graph(params: Params) -> onnx.GraphProto:
    k, d = params.n_components, params.n_features
    # A shared matrix without its axis of length 1 makes one product of all components.
    whitener = params.whitener[0] if params.is_dense and params.is_shared else params.whitener
    if not params.is_dense:
        whitener = whitener[:, None, :]
    constants: dict[str, npt.NDArray[Any]] = {
        "means": params.means[:, None, :],
        "whitener": whitener,
        "offset": params.offset[:, None],
        "minus_half": np.array(-0.5),
        "infinity": np.array(np.inf),
        "minus_infinity": np.array(-np.inf),
        "lowest": np.array(np.finfo(np.float64).min),
        "equal": np.array(1.0 / k),
        "no_label": np.array(-1),
        "features": np.array([1]),
        "components": np.array([1]),
    }
    node = helper.make_node
    nodes = [
        # Logits, of shape (K, N) and then (N, K).
        node("Sub", [INPUT, "means"], ["centred"]),
        node("MatMul" if params.is_dense else "Mul", ["centred", "whitener"], ["white"]),
        node("ReduceSumSquare", ["white"], ["squared"], axes=[2], keepdims=0),
        # inf − inf, far outside the range of float64, counts as infinitely far.
        node("IsNaN", ["squared"], ["out_of_range"]),
        node("Where", ["out_of_range", "infinity", "squared"], ["distance"]),
        node("Mul", ["distance", "minus_half"], ["log_kernel"]),
        node("Add", ["log_kernel", "offset"], ["by_component"]),
        node("Transpose", ["by_component"], ["logits"], perm=[1, 0]),
        # Log-sum-exp. A row that is infinitely far from every component says nothing of any. It is told by
        # its maximum, as runtimes differ in what the logarithm of 0 is.
        node("ReduceMax", ["logits"], ["row_maximum"], axes=[1], keepdims=1),
        node("GreaterOrEqual", ["row_maximum", "lowest"], ["is_near"]),
        node("Max", ["row_maximum", "lowest"], ["maximum"]),
        node("Sub", ["logits", "maximum"], ["below"]),
        node("Exp", ["below"], ["shares"]),
        node("ReduceSum", ["shares", "components"], ["sum"], keepdims=1),
        node("Div", ["shares", "sum"], ["quotients"]),
        node("Where", ["is_near", "quotients", "equal"], ["known_probabilities"]),
        node("Log", ["sum"], ["log_sum"]),
        node("Add", ["maximum", "log_sum"], ["log_of_sum"]),
        node("Where", ["is_near", "log_of_sum", "minus_infinity"], ["log_density_column"]),
        node("Squeeze", ["log_density_column", "components"], ["known_log_density"]),
        # 0 for a row of numbers, NaN for one with NaN or an infinity.
        node("Sub", [INPUT, INPUT], ["nothing"]),
        node("ReduceSum", ["nothing", "features"], ["unknown_column"], keepdims=1),
        node("Squeeze", ["unknown_column", "features"], ["unknown"]),
        node("Add", ["known_probabilities", "unknown_column"], ["probabilities"]),
        node("Add", ["known_log_density", "unknown"], ["log_density"]),
        node("ArgMax", ["logits"], ["largest"], axis=1, keepdims=0),
        node("IsNaN", ["unknown"], ["is_unknown"]),
        node("Where", ["is_unknown", "no_label", "largest"], ["label"]),
    ]
    return helper.make_graph(
        nodes,
        "gaussian_mixture",
        [helper.make_tensor_value_info(INPUT, TensorProto.DOUBLE, ["N", d])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
            helper.make_tensor_value_info("probabilities", TensorProto.DOUBLE, ["N", k]),
            helper.make_tensor_value_info("log_density", TensorProto.DOUBLE, ["N"]),
        ],
        initializer=[
            numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in constants.items()
        ],
    )
