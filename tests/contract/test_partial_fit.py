"""`partial_fit`: stepwise EM, batch by batch."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import mixtura
from mixtura import GaussianMixture, Mixture
from mixtura.backends import ReferenceBackend
from mixtura.covariance import STRUCTURES
from mixtura.errors import InputError, SingularCovarianceError

Array = np.ndarray[Any, Any]
with_structures = pytest.mark.parametrize("structure", STRUCTURES)
SOURCE = Mixture([0.6, 0.4], [[0.0, 0.0], [6.0, 2.0]], [[[1.0, 0.3], [0.3, 0.5]], [[0.6, 0.0], [0.0, 1.5]]])


def drawn(n: int, seed: int, source: Mixture = SOURCE) -> Array:
    X, _ = source.sample(n, random_state=seed)
    return np.random.default_rng(seed).permutation(X)


def streamed(batches: list[Array], weights: list[Any] | None = None, **settings: Any) -> GaussianMixture:
    model = GaussianMixture(**({"n_components": 2, "random_state": 0} | settings))
    for i, batch in enumerate(batches):
        model.partial_fit(batch, sample_weight=None if weights is None else weights[i])
    return model


def same(one: GaussianMixture, other: GaussianMixture, rtol: float = 1e-12) -> None:
    for name in ("weights", "means", "covariances"):
        wanted = getattr(other.mixture_, name)
        np.testing.assert_allclose(
            getattr(one.mixture_, name), wanted, rtol=rtol, atol=rtol * np.abs(wanted).max()
        )


def test_one_pass_ends_where_the_fit_to_all_rows_does() -> None:
    rng = np.random.default_rng(5)
    roots = rng.normal(size=(5, 4, 4)) / 2
    covariances = roots @ roots.transpose(0, 2, 1) + 0.3 * np.eye(4)
    source = Mixture(rng.dirichlet(np.full(5, 5.0)), 1.5 * rng.normal(size=(5, 4)), covariances)
    X = drawn(60_000, 6, source)
    model = streamed(np.split(X, 60), n_components=5)
    whole = GaussianMixture(5, random_state=0).fit(X)
    assert whole.score(X) - model.score(X) < 0.01
    assert (model.n_steps_, model.n_samples_seen_) == (60, 60_000.0)


@with_structures
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of a fit to float32
def test_every_structure_and_dtype(structure: str, dtype: Any) -> None:
    X = drawn(20_000, 1).astype(dtype)
    model = streamed(np.split(X, 40), covariance_type=structure)
    whole = GaussianMixture(2, covariance_type=structure, random_state=0).fit(X)
    assert whole.score(X) - model.score(X) < 0.002
    assert model.means_.dtype == model.covariances_.dtype == dtype
    assert model.covariances_.shape == whole.covariances_.shape


def test_the_first_batch_is_fitted() -> None:
    X = drawn(500, 2)
    model, whole = streamed([X]), GaussianMixture(2, random_state=0).fit(X)
    assert model.mixture_ == whole.mixture_
    assert (model.n_steps_, model.n_samples_seen_, model.converged_) == (1, 500.0, True)
    same(model.partial_fit(X[:100]), whole.partial_fit(X[:100]), 1e-15)


@with_structures
@pytest.mark.parametrize("share", [1.0, 0.25], ids=["as heavy as before", "lighter"])
def test_a_step_is_the_formula(structure: str, share: float) -> None:
    """Raw moments about the origin and no regularisation: slow, and plain to see."""
    X, Y = drawn(400, 3), drawn(int(400 * share), 4)
    model = streamed([X], covariance_type=structure, reg_covar=0.0, learning_decay=0.6)
    mixture = model.mixture_
    s0, mu, sigma = mixture.weights, mixture.means, mixture.expanded_covariances()
    first, second = s0[:, None] * mu, s0[:, None, None] * (sigma + mu[:, :, None] * mu[:, None])
    resp = mixture.posterior(Y)
    eta = 3.0**-0.6 * share
    s0 = (1 - eta) * s0 + eta * resp.mean(axis=0)
    first = (1 - eta) * first + eta * resp.T @ Y / len(Y)
    second = (1 - eta) * second + eta * np.einsum("nk,ni,nj->kij", resp, Y, Y) / len(Y)
    before = mixture.log_pdf(Y).mean()
    model.partial_fit(Y)
    means = first / s0[:, None]
    sigma = second / s0[:, None, None] - means[:, :, None] * means[:, None]
    if STRUCTURES[structure].is_shared:
        sigma = np.einsum("k,kij->ij", s0, sigma)[None].repeat(2, axis=0)
    if not STRUCTURES[structure].is_dense:
        sigma = sigma * np.eye(2)
    if STRUCTURES[structure].is_spherical:
        sigma = np.trace(sigma, axis1=1, axis2=2)[:, None, None] / 2 * np.eye(2)
    np.testing.assert_allclose(model.weights_, s0, rtol=1e-12)
    np.testing.assert_allclose(model.means_, means, rtol=1e-10)
    np.testing.assert_allclose(model.mixture_.expanded_covariances(), sigma, rtol=1e-10, atol=1e-12)
    assert model.lower_bound_ == pytest.approx(before, rel=1e-12)
    assert model.trace_.tolist() == [model.lower_bound_]
    assert (model.converged_, model.stopping_reason_, model.n_steps_) == (False, "one_step", 2)


def test_a_stream_is_the_reference_s() -> None:
    """Many steps, with moments about means that move, against moments about the origin."""
    batches = np.split(drawn(6000, 8), 12)
    model = streamed(batches, reg_covar=0.0)
    start = GaussianMixture(2, random_state=0, reg_covar=0.0).fit(batches[0]).mixture_
    s0 = start.weights
    first = s0[:, None] * start.means
    second = s0[:, None, None] * (start.covariances + start.means[:, :, None] * start.means[:, None])
    mixture = start
    for t, batch in enumerate(batches[1:], 1):
        eta = (t + 2.0) ** -0.7
        resp = ReferenceBackend(batch).score(mixture.params, resp=True).resp
        s0 = (1 - eta) * s0 + eta * resp.mean(axis=0)
        first = (1 - eta) * first + eta * resp.T @ batch / len(batch)
        second = (1 - eta) * second + eta * np.einsum("nk,ni,nj->kij", resp, batch, batch) / len(batch)
        means = first / s0[:, None]
        mixture = Mixture(s0, means, second / s0[:, None, None] - means[:, :, None] * means[:, None])
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(
            getattr(model.mixture_, name), getattr(mixture, name), rtol=1e-9, atol=1e-10
        )


def test_far_from_the_origin_no_digits_are_lost() -> None:
    batches = np.split(drawn(6000, 8), 12)
    near, far = streamed(batches), streamed([batch + 2.0**20 for batch in batches])
    np.testing.assert_allclose(far.means_ - 2.0**20, near.means_, atol=1e-8)
    np.testing.assert_allclose(far.covariances_, near.covariances_, atol=1e-7)


@with_structures
def test_units_do_not_matter(structure: str) -> None:
    scale = np.array([2.0**7, 2.0**7 if STRUCTURES[structure].is_spherical else 2.0**-9])
    batches = np.split(drawn(3000, 9), 10)
    model = streamed(batches, covariance_type=structure)
    scaled = streamed([batch * scale for batch in batches], covariance_type=structure)
    np.testing.assert_allclose(scaled.weights_, model.weights_, rtol=1e-6)
    np.testing.assert_allclose(scaled.means_, model.means_ * scale, rtol=1e-6, atol=1e-6 * scale.min())
    np.testing.assert_allclose(
        scaled.mixture_.expanded_covariances(),
        model.mixture_.expanded_covariances() * np.outer(scale, scale),
        rtol=1e-6,
    )


def test_a_stream_whose_means_move_is_followed() -> None:
    def batch(t: int) -> Array:
        return drawn(500, 100 + t) + np.array([0.05, -0.1]) * t

    behind = {}
    for decay in (0.2, 0.6):
        model = streamed([batch(t) for t in range(120)], learning_decay=decay)
        truth = SOURCE.means + np.array([0.05, -0.1]) * 119
        behind[decay] = float(np.abs(model.means_ - truth).max())
        still = streamed([batch(0)]).score(batch(119))
        assert model.score(batch(119)) > still + 1.0
    # About a step over the rate: 1/(120^-0.2) = 2.6 batches, and 18.
    assert behind[0.2] < 0.5 < behind[0.6] < 2.5


def test_batches_of_one_row() -> None:
    X = drawn(1500, 10)
    model = streamed([X[:500]])
    for row in X[500:]:
        model.partial_fit(row[None])
    assert (model.n_steps_, model.n_samples_seen_) == (1001, 1500.0)
    whole = GaussianMixture(2, random_state=0).fit(X)
    assert whole.score(X) - model.score(X) < 0.02


@pytest.mark.filterwarnings("ignore::mixtura.errors.DegenerateFitWarning")  # tiny weights are no rows
def test_weights_are_rows_and_have_no_unit() -> None:
    batches = np.split(drawn(900, 11), 3)
    weights = [np.random.default_rng(i).integers(0, 3, size=300).astype(float) for i in range(3)]
    model = streamed(batches, weights)
    repeated = streamed([np.repeat(b, w.astype(int), axis=0) for b, w in zip(batches, weights, strict=True)])
    assert model.n_samples_seen_ == sum(w.sum() for w in weights)
    same(repeated, model, 1e-4)  # from another start
    for unit in (64.0, 2.0**-1000, 2.0**1000):
        same(streamed(batches, [w * unit for w in weights]), model, 1e-9)


def test_fit_starts_anew() -> None:
    batches = np.split(drawn(900, 12), 3)
    model = streamed(batches)
    other = drawn(400, 13) + 5.0
    model.fit(other)
    assert model.mixture_ == GaussianMixture(2, random_state=0).fit(other).mixture_
    assert (model.n_steps_, model.n_samples_seen_, model.converged_) == (1, 400.0, True)


def test_a_warm_start_goes_on_from_a_stream() -> None:
    X = drawn(900, 12)
    model = streamed(np.split(X, 3), warm_start=True)
    before = model.score(X)
    model.fit(X)
    assert model.lower_bound_ >= before
    assert model.converged_


@with_structures
@pytest.mark.parametrize("n_batches", [1, 4])
def test_a_loaded_model_goes_on(structure: str, n_batches: int, tmp_path: Any) -> None:
    batches = np.split(drawn(1500, 14), 5)
    model = streamed(batches[:n_batches], covariance_type=structure, learning_decay=0.8)
    model.save(tmp_path / "model")
    loaded = mixtura.load(tmp_path / "model")
    assert isinstance(loaded, GaussianMixture)
    assert (loaded.n_steps_, loaded.n_samples_seen_) == (model.n_steps_, model.n_samples_seen_)
    assert loaded.learning_decay == 0.8
    same(loaded.partial_fit(batches[-1]), model.partial_fit(batches[-1]), 1e-10)
    assert loaded.n_steps_ == n_batches + 1


def test_copies_go_on_alike_and_apart() -> None:
    batches = np.split(drawn(1500, 14), 5)
    model = streamed(batches[:3])
    before = model.mixture_
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for one in copies:
        one.partial_fit(batches[3])
    assert model.mixture_ is before
    model.partial_fit(batches[3])
    for one in copies:
        same(one, model, 1e-14)
    assert not hasattr(clone(model), "n_steps_")
    assert clone(model.set_params(learning_decay=0.9)).learning_decay == 0.9


def test_parameters_set_by_hand_are_heard() -> None:
    batches = np.split(drawn(1500, 15), 5)
    model = streamed(batches[:3])
    other = drawn(300, 16) + 50.0
    model.means_ = model.means_ + 50.0
    model.partial_fit(other)
    assert np.abs(model.means_ - SOURCE.means - 50.0).max() < 0.5
    assert model.n_steps_ == 4


def test_names_stay() -> None:
    frames = [pd.DataFrame(batch, columns=["a", "b"]) for batch in np.split(drawn(900, 17), 3)]
    model = GaussianMixture(2, random_state=0)
    for frame in frames:
        model.partial_fit(frame)
    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert model.mixture_.feature_names == ("a", "b")
    with pytest.raises(ValueError, match="feature names"):
        model.partial_fit(frames[0][["b", "a"]])
    model.means_ = model.means_ + 1.0
    assert model.partial_fit(frames[0]).mixture_.feature_names == ("a", "b")


def test_a_prior_is_worth_its_rows() -> None:
    """Its pseudo-rows stand against as many rows as the average is worth, not against one."""
    batches = np.split(drawn(20_000, 18), 20)
    plain, prior = streamed(batches), streamed(batches, covariance_prior=10.0)
    assert np.abs(prior.covariances_ / plain.covariances_ - 1.0)[:, [0, 1], [0, 1]].max() < 0.05
    assert not np.array_equal(prior.covariances_, plain.covariances_)
    strong = streamed(batches, covariance_prior=1e7)
    data = np.cov(np.concatenate(batches).T) / 2.0
    np.testing.assert_allclose(strong.covariances_[0], data, rtol=0.05)


WRONG: list[tuple[dict[str, Any], Any, str]] = [
    ({}, np.zeros((3, 5)), "features"),
    ({}, [[np.nan, 0.0]], "NaN in column 0, row 0"),
    ({}, np.zeros((0, 2)), "0 sample"),
    ({}, [[1e200, 0.0]], "squares are no numbers"),
    ({"n_components": 3}, [[0.0, 0.0]], "3 full components are asked for: call fit"),
    ({"covariance_type": "diag"}, [[0.0, 0.0]], "2 diag components are asked for: call fit"),
    ({"learning_decay": 0.0}, [[0.0, 0.0]], "learning_decay"),
    ({"learning_decay": 1.5}, [[0.0, 0.0]], "learning_decay must be at most 1"),
    ({"learning_decay": "slow"}, [[0.0, 0.0]], "learning_decay"),
    ({"learning_decay": True}, [[0.0, 0.0]], "learning_decay"),
]


@pytest.mark.parametrize(("settings", "batch", "words"), WRONG, ids=[words for *_, words in WRONG])
def test_a_wrong_batch_changes_nothing(settings: dict[str, Any], batch: Any, words: str) -> None:
    model = streamed([drawn(300, 19)]).set_params(**settings)
    before = dict(model.__dict__)
    with pytest.raises(ValueError, match=words):
        model.partial_fit(batch)
    assert model.__dict__ == before


def test_wrong_weights_change_nothing() -> None:
    model = streamed([drawn(300, 19)])
    before = dict(model.__dict__)
    for weight in ([1.0, 2.0], [0.0], [-1.0]):
        with pytest.raises(InputError, match="sample_weight"):
            model.partial_fit([[0.0, 0.0]], sample_weight=weight)
    assert model.__dict__ == before


def test_a_first_batch_of_too_few_rows() -> None:
    model = GaussianMixture(5)
    with pytest.raises(InputError, match="Expected n_samples >= n_components"):
        model.partial_fit(drawn(4, 20))
    assert not hasattr(model, "means_")
    model.partial_fit(drawn(500, 20))


def test_a_collapse_changes_nothing() -> None:
    # So small that the rate is 1: the batch is all there is.
    model = streamed([drawn(300, 21)], reg_covar=0.0, learning_decay=1e-18)
    before = dict(model.__dict__)
    with pytest.raises(SingularCovarianceError):
        model.partial_fit(np.zeros((300, 2)))
    assert model.__dict__ == before


def test_what_the_data_do_not_settle_is_said_once() -> None:
    model = streamed([drawn(300, 21)], learning_decay=1e-9)
    with pytest.warns(UserWarning, match="see diagnostics_"):
        model.partial_fit(np.zeros((300, 2)))
    assert model.diagnostics_
    model.partial_fit(np.zeros((300, 2)))  # a second warning would be an error here


@with_structures
def test_a_constant_column(structure: str) -> None:
    batches = np.split(np.column_stack([drawn(6000, 22), np.full(6000, 0.1)]), 20)
    model = streamed(batches, covariance_type=structure)
    assert np.isfinite(model.score(batches[-1]))
    plain = streamed([batch[:, :2] for batch in batches], covariance_type=structure)
    if "spherical" not in structure:  # where a variance is one for all features
        np.testing.assert_allclose(model.means_[:, :2], plain.means_, atol=1e-2)
    assert model.diagnostics_ == ()
