"""The ONNX graph in onnxruntime against our own scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator

from mixtura import GaussianMixture, Mixture
from mixtura.covariance import STRUCTURES, Dense

_OURS = 1e-10


@dataclass(frozen=True)
class Equicorrelated(Dense):
    """A structure of one's own, which shows two numbers a component."""

    name = "equicorrelated"
    is_shared = False

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, 2)

    def n_parameters(self, n_components: int, n_features: int) -> int:
        return 2 * n_components

    def estimate(self, stats: Any, reg: Any) -> Any:
        moments = reg.matrices(stats.s2 / stats.safe_s0[:, None, None])
        d = moments.shape[-1]
        variance = np.trace(moments, axis1=1, axis2=2) / d
        shared = (moments.sum(axis=(1, 2)) - d * variance) / (d * (d - 1))
        return np.stack([variance, shared / variance], axis=1)

    def core(self, public: Any, n_components: int, n_features: int) -> Any:
        variance, correlation = public[:, 0, None, None], public[:, 1, None, None]
        return variance * ((1 - correlation) * np.eye(n_features) + correlation)

    def public(self, core: Any) -> Any:
        variance = core[:, 0, 0]
        return np.stack([variance, core[:, 0, 1] / variance], axis=1)


def served(graph: onnx.ModelProto, X: Any) -> tuple[Any, Any, Any]:
    """Return what a runtime makes of rows, once the checker has passed the graph."""
    onnx.checker.check_model(graph, full_check=True)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    names = ["label", "probabilities", "log_density"]
    label, probabilities, log_density = session.run(names, {"X": np.asarray(X, dtype=np.float64)})
    assert (label.dtype, probabilities.dtype, log_density.dtype) == (np.int64, np.float64, np.float64)
    return label, probabilities, log_density


def assert_same(mixture: Mixture, X: Any) -> None:
    label, probabilities, log_density = served(mixture.to_onnx(), X)
    wanted = mixture.log_pdf(X)
    np.testing.assert_allclose(log_density, wanted, rtol=_OURS, atol=_OURS)
    np.testing.assert_allclose(probabilities, mixture.posterior(X), rtol=0, atol=_OURS)
    np.testing.assert_array_equal(label, mixture.predict(X))


def mixture_of(name: str, k: int, d: int, make_params: Any, shift: float = 0.0) -> Mixture:
    params = make_params(name, k, d, np.random.default_rng([k, d]), shift)
    structure = STRUCTURES[name]
    covariances = structure.public(structure.unwhiten(params.whitener)[0])
    return Mixture(params.weights, params.means, covariances, name)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", [1, 2, 17])
@pytest.mark.parametrize("k", [1, 3, 40])
@pytest.mark.parametrize("n", [1, 500])
def test_all_structures(structure, d, k, n, make_params) -> None:
    mixture = mixture_of(structure, k, d, make_params)
    assert_same(mixture, np.random.default_rng(n).normal(size=(n, d), scale=2.0))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("k", [1, 3])
def test_no_rows(structure, k, make_params) -> None:
    label, probabilities, log_density = served(
        mixture_of(structure, k, 2, make_params).to_onnx(), np.empty((0, 2))
    )
    assert (label.shape, probabilities.shape, log_density.shape) == ((0,), (0, k), (0,))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_far_from_the_origin(structure, make_params) -> None:
    """Squares expanded about the origin would have no digit left."""
    mixture = mixture_of(structure, 3, 4, make_params, shift=1e8)
    assert_same(mixture, 1e8 + np.random.default_rng(0).normal(size=(200, 4), scale=2.0))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("size", [1e3, 1e10, 1e100, 1e150, 1e200, 1e308])
def test_rows_far_from_all_components(structure, size, make_params) -> None:
    mixture = mixture_of(structure, 3, 2, make_params)
    rows = size * np.array([[1.0, 0.3], [-0.7, 1.0], [0.1, -1.0]])
    with np.errstate(over="ignore"):
        assert np.isneginf(mixture.log_pdf(rows)).all() == (size > 1e154)
    assert_same(mixture, rows)


@pytest.mark.parametrize("unit", [1e-140, 1e140])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_any_unit(structure, unit, make_params) -> None:
    mixture = mixture_of(structure, 3, 2, make_params)
    scaled = Mixture(mixture.weights, unit * mixture.means, unit**2 * mixture.covariances, structure)
    assert_same(scaled, unit * np.random.default_rng(0).normal(size=(100, 2)))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_another_runtime_says_the_same(structure, make_params) -> None:
    """The evaluator that comes with onnx is written from the operators' definitions."""
    mixture = mixture_of(structure, 3, 2, make_params)
    rows = np.vstack([np.random.default_rng(0).normal(size=(50, 2)), [[1e5, 0.0]]])
    label, probabilities, log_density = ReferenceEvaluator(mixture.to_onnx()).run(None, {"X": rows})
    np.testing.assert_array_equal(label, mixture.predict(rows))
    np.testing.assert_allclose(probabilities, mixture.posterior(rows), rtol=0, atol=_OURS)
    np.testing.assert_allclose(log_density, mixture.log_pdf(rows), rtol=_OURS)


def test_components_without_weight() -> None:
    mixture = Mixture([0.0, 0.4, 0.6], [[0.0], [4.0], [8.0]], [1.0, 2.0, 3.0], "spherical")
    assert_same(mixture, np.array([[0.0], [5.0], [1e160]]))


def test_the_first_of_equals_is_the_label() -> None:
    mixture = Mixture([0.5, 0.5], [[-1.0], [1.0]], np.array(1.0), "tied_spherical")
    label, probabilities, _ = served(mixture.to_onnx(), [[0.0]])
    assert label.tolist() == [0]
    assert probabilities.tolist() == [[0.5, 0.5]]


def test_rows_that_we_refuse_have_no_label() -> None:
    mixture = Mixture([0.4, 0.6], [[0.0, 0.0], [4.0, 4.0]], [1.0, 2.0], "spherical")
    rows = np.array([[0.0, np.nan], [np.inf, 0.0], [1.0, 1.0], [-np.inf, np.inf]])
    label, probabilities, log_density = served(mixture.to_onnx(), rows)
    sound = [False, False, True, False]
    assert label.tolist() == [-1, -1, mixture.predict(rows[2:3])[0], -1]
    assert (
        np.isnan(log_density).tolist()
        == np.isnan(probabilities).all(axis=1).tolist()
        == np.invert(sound).tolist()
    )
    np.testing.assert_allclose(log_density[sound], mixture.log_pdf(rows[sound]), rtol=_OURS)


def test_a_structure_of_ones_own() -> None:
    X = np.random.default_rng(0).normal(size=(300, 4)) @ (np.eye(4) + 0.3)
    model = GaussianMixture(2, covariance_type=Equicorrelated(), random_state=0).fit(X)
    assert_same(model.mixture_, X)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_fit_to_float32(structure) -> None:
    """Its graph is that of `mixture_`; what differs from the methods is their rounding to float32."""
    X = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
    X[:150] += 6
    model = GaussianMixture(2, covariance_type=structure, random_state=0).fit(X)
    assert_same(model.mixture_, X.astype(np.float64))
    label, probabilities, log_density = served(model.to_onnx(), X)
    assert model.score_samples(X).dtype == np.float32
    np.testing.assert_array_equal(label, model.predict(X))
    np.testing.assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)
    np.testing.assert_allclose(log_density, model.score_samples(X), rtol=1e-5)


def test_parameters_set_by_hand_are_those_of_the_graph() -> None:
    X = np.random.default_rng(0).normal(size=(300, 2))
    model = GaussianMixture(2, random_state=0).fit(X)
    model.means_ = model.means_ + 1.0
    label, probabilities, log_density = served(model.to_onnx(), X)
    np.testing.assert_array_equal(label, model.predict(X))
    np.testing.assert_allclose(probabilities, model.predict_proba(X), atol=_OURS)
    np.testing.assert_allclose(log_density, model.score_samples(X), rtol=_OURS)
