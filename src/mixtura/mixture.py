"""`Mixture`: a Gaussian mixture as a value."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from reprlib import repr as repr_of
from typing import TYPE_CHECKING, Any, final

import numpy as np
import numpy.typing as npt

from mixtura._mixture_calculus import MixtureCalculus
from mixtura._mixture_checks import factored, finite_array, require_finite, structure_of
from mixtura._mixture_repr import html_table, text_table
from mixtura._typing import Float64Array, FloatArray, IntArray
from mixtura.backends import NativeBackend, Scores
from mixtura.covariance import CovarianceStructure
from mixtura.data import as_matrix, as_sample_weight
from mixtura.errors import InputError
from mixtura.params import Params
from mixtura.random_state import as_random_state
from mixtura.threads import resolve_n_jobs

if TYPE_CHECKING:
    from onnx import ModelProto

    from mixtura.mixture_statistics import MixtureStatistics

__all__ = ["Mixture"]

_WEIGHT_TOLERANCE = 1e-6


@final
class Mixture(MixtureCalculus):
    r"""A Gaussian mixture distribution, :math:`p(x) = \sum_k \pi_k N(x; \mu_k, \Sigma_k)`.

    A value: it cannot be changed, can be compared, pickled and saved, and needs no fit.

    Parameters
    ----------
    weights : array-like of shape (K,)
        π, at least 0 and summing to 1.
    means : array-like of shape (K, d)
        μ, in the units of the data.
    covariances : array-like
        Σ, in squared units, in the shape of its structure: (K, d, d) 'full', (d, d) 'tied', (K, d) 'diag',
        (K,) 'spherical', (d,) 'tied_diag', () 'tied_spherical'.
    covariance_type : str or CovarianceStructure, optional
        Needed only where the shape fits several structures.
    feature_names : sequence of str, optional
        Names of the d columns.

    Raises
    ------
    InputError
        If shapes do not fit, numbers are not finite, weights are not proportions, or a covariance is not
        symmetric and positive definite (names the component).

    Examples
    --------
    >>> from mixtura import Mixture
    >>> mixture = Mixture([0.3, 0.7], [[0.0], [5.0]], [1.0, 4.0], "spherical")
    >>> mixture.pdf([[0.0], [5.0]]).round(4)
    array([0.1258, 0.1396])
    >>> mixture.posterior([[2.0]]).round(3)
    array([[0.263, 0.737]])
    """

    _structure: CovarianceStructure
    _weights: Float64Array
    _means: Float64Array
    _covariances: Float64Array
    _feature_names: tuple[str, ...] | None

    def __init__(
        self,
        weights: npt.ArrayLike,
        means: npt.ArrayLike,
        covariances: npt.ArrayLike,
        covariance_type: str | CovarianceStructure | None = None,
        *,
        feature_names: Sequence[str] | None = None,
    ) -> None:
        self._check(
            finite_array("weights", weights),
            finite_array("means", means),
            finite_array("covariances", covariances),
            covariance_type,
            feature_names,
        )

    def _check(
        self,
        pi: Float64Array,
        mu: Float64Array,
        sigma: Float64Array,
        covariance_type: str | CovarianceStructure | None,
        feature_names: Sequence[str] | None,
    ) -> None:
        if mu.ndim != 2 or 0 in mu.shape:
            msg = f"means must have shape (n_components, n_features), but has {mu.shape}"
            raise InputError(msg)
        k, d = mu.shape
        if pi.shape != (k,):
            msg = f"weights must have one number a component, that is shape ({k},), but has {pi.shape}"
            raise InputError(msg)
        if (pi < 0).any() or abs(pi.sum() - 1.0) > _WEIGHT_TOLERANCE:
            some = repr_of(pi[:7].tolist())
            msg = f"weights must be at least 0 and sum to 1, but are {some}: divide them by their sum"
            raise InputError(msg)
        structure = structure_of(sigma.shape, k, d, covariance_type)
        names = None if feature_names is None else tuple(str(name) for name in feature_names)
        if names is not None and len(names) != d:
            msg = f"feature_names must have one name a feature, that is {d}, but has {len(names)}"
            raise InputError(msg)
        self._set(structure, pi, mu, sigma, factored(structure, pi, mu, sigma), names)

    @classmethod
    def _adopting(
        cls,
        weights: Float64Array,
        means: Float64Array,
        covariances: Float64Array,
        covariance_type: str,
        feature_names: Sequence[str] | None,
    ) -> Mixture:
        """Return a checked mixture that keeps these arrays, which nobody else has, without a copy."""
        mixture = cls.__new__(cls)
        for name, array in (("weights", weights), ("means", means), ("covariances", covariances)):
            require_finite(name, array)
        mixture._check(weights, means, covariances, covariance_type, feature_names)
        return mixture

    @classmethod
    def _trusted(
        cls,
        structure: CovarianceStructure,
        weights: Float64Array,
        means: Float64Array,
        covariances: Float64Array,
        params: Params,
        feature_names: tuple[str, ...] | None = None,
    ) -> Mixture:
        """Return the result of a fit, which needs no check."""
        mixture = cls.__new__(cls)
        mixture._set(structure, weights.copy(), means.copy(), covariances.copy(), params, feature_names)
        return mixture

    def _set(
        self,
        structure: CovarianceStructure,
        weights: Float64Array,
        means: Float64Array,
        covariances: Float64Array,
        params: Params,
        feature_names: tuple[str, ...] | None,
    ) -> None:
        for array in (weights, means, covariances):
            array.flags.writeable = False
        # Past __setattr__, which refuses.
        self.__dict__.update(
            _structure=structure,
            _weights=weights,
            _means=means,
            _covariances=covariances,
            _feature_names=feature_names,
            params=params,
        )

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"a Mixture cannot be changed: build a new one with another {name!r}"
        raise AttributeError(msg)

    def __delattr__(self, name: str) -> None:
        msg = f"a Mixture cannot be changed: {name!r} cannot be deleted"
        raise AttributeError(msg)

    @property
    def weights(self) -> Float64Array:
        """π, of shape (K,)."""
        return self._weights

    @property
    def means(self) -> Float64Array:
        """μ, of shape (K, d)."""
        return self._means

    @property
    def covariances(self) -> Float64Array:
        """Σ, in the shape of the structure."""
        return self._covariances

    @property
    def structure(self) -> CovarianceStructure:
        """The covariance structure."""
        return self._structure

    @property
    def covariance_type(self) -> str:
        """Name of the covariance structure."""
        return self._structure.name

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """Names of the columns, if known."""
        return self._feature_names

    @property
    def n_components(self) -> int:
        """Number of components, K."""
        return int(self._means.shape[0])

    @property
    def n_features(self) -> int:
        """Number of features, d."""
        return int(self._means.shape[1])

    @property
    def n_parameters(self) -> int:
        """Count of free parameters: K − 1 weights, K d means, and those of the covariances."""
        k, d = self.n_components, self.n_features
        return k - 1 + k * d + self._structure.n_parameters(k, d)

    @cached_property
    def params(self) -> Params:
        """The parameters as the E-step reads them."""
        return factored(self._structure, self._weights, self._means, self._covariances)

    def expanded_covariances(self) -> Float64Array:
        """One covariance matrix a component, of shape (K, d, d), whatever the structure."""
        return self._structure.expand(self._covariances, self.n_components, self.n_features)

    def _like(
        self,
        weights: Float64Array,
        means: Float64Array,
        covariances: Float64Array,
        structure: CovarianceStructure | str,
        names: Sequence[str] | None,
    ) -> Mixture:
        """Return another mixture."""
        return Mixture(weights, means, covariances, structure, feature_names=names)

    def _rows(self, X: npt.ArrayLike) -> FloatArray:
        if self.n_features == 1 and isinstance(X, (np.ndarray, list, tuple)) and np.ndim(X) == 1:
            X = np.asarray(X).reshape(-1, 1)
        return as_matrix(X, n_features=self.n_features)

    def _score(self, X: npt.ArrayLike, n_jobs: int | None, **wanted: bool) -> Scores:
        backend = NativeBackend(self._rows(X), centre=self.params.centre, n_threads=resolve_n_jobs(n_jobs))
        return backend.score(self.params, **wanted)

    def log_pdf(self, X: npt.ArrayLike, *, n_jobs: int | None = None) -> Float64Array:
        """Log-density of each row.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, d)
            In one dimension also of shape (n_samples,).
        n_jobs : int, optional
            Threads; None is all cores of the process.

        Returns
        -------
        ndarray of shape (n_samples,)
            In nats, per unit of volume: it may be positive.
        """
        return np.asarray(self._score(X, n_jobs, log_prob=True).log_prob)

    def pdf(self, X: npt.ArrayLike, *, n_jobs: int | None = None) -> Float64Array:
        """Density of each row, per unit of volume, of shape (n_samples,); parameters as `log_pdf`."""
        return np.exp(self.log_pdf(X, n_jobs=n_jobs))

    def posterior(self, X: npt.ArrayLike, *, n_jobs: int | None = None) -> Float64Array:
        """Probability of each component given each row, of shape (n_samples, K); parameters as `log_pdf`."""
        return np.asarray(self._score(X, n_jobs, resp=True).resp)

    def predict(self, X: npt.ArrayLike, *, n_jobs: int | None = None) -> IntArray:
        """Most probable component of each row, of shape (n_samples,); parameters as `log_pdf`."""
        return np.asarray(self._score(X, n_jobs, labels=True).labels)

    def sample(self, n_samples: int = 1, random_state: Any = None) -> tuple[Float64Array, IntArray]:
        """Draw rows.

        Parameters
        ----------
        n_samples : int
            At least 0.
        random_state : None, int, RandomState or Generator
            An int gives the same rows each time.

        Returns
        -------
        X : ndarray of shape (n_samples, d)
            Ordered by component.
        labels : ndarray of shape (n_samples,), int64
            The component that each row was drawn from.
        """
        if isinstance(n_samples, bool) or not isinstance(n_samples, (int, np.integer)) or n_samples < 0:
            msg = f"n_samples must be an integer of at least 0, but got {n_samples!r}"
            raise InputError(msg)
        rng = as_random_state(random_state)
        counts = rng.multinomial(n_samples, self._weights / self._weights.sum())
        labels = np.repeat(np.arange(self.n_components), counts)
        white = rng.standard_normal((int(n_samples), self.n_features))
        rows = np.empty_like(white)
        start = 0
        for k, count in enumerate(counts):
            part = slice(start, start + count)
            rows[part] = self._means[k] + self._structure.colour(self.params.whitener, k, white[part])
            start += count
        return rows, labels.astype(np.int64)

    def statistics(
        self, X: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None, *, n_jobs: int | None = None
    ) -> MixtureStatistics:
        """Sufficient statistics of rows under this mixture: the E-step of EM.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, d)
        sample_weight : array-like of shape (n_samples,), optional
            Case weights.
        n_jobs : int, optional
            Threads; None is all cores of the process.

        Returns
        -------
        mixtura.MixtureStatistics
            To be added to those of other rows, and given to `GaussianMixture.from_statistics`.
        """
        from mixtura.mixture_statistics import MixtureStatistics  # noqa: PLC0415  (they hold a mixture)

        rows = self._rows(X)
        weight = as_sample_weight(sample_weight, rows.shape[0])
        return MixtureStatistics._of_rows(self, rows, weight, resolve_n_jobs(n_jobs))

    def save(self, path: str | PathLike[str]) -> None:
        """Write a model file that `mixtura.load` reads; an older file stays if that fails."""
        from mixtura import io  # noqa: PLC0415  (io builds mixtures)

        io.write_model(path, self, {})

    def to_onnx(self, path: str | PathLike[str] | None = None) -> ModelProto:
        """Return the distribution as an ONNX graph, and write it if a path is given.

        The same as `mixtura.io.onnx.to_onnx`, which tells what the graph takes and returns.

        Raises
        ------
        ImportError
            If onnx is not installed; the extra is `mixtura[onnx]`.
        InputError
            If the parameters are more than an ONNX file can hold.
        OSError
            If the file cannot be written.
        """
        from mixtura.io.onnx import to_onnx  # noqa: PLC0415  (an extra of its own)

        return to_onnx(self, path)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mixture):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        # 0.0 is added so that −0 and 0, which are equal, have equal bytes.
        arrays = tuple((a + 0.0).tobytes() for a in (self._weights, self._means, self._covariances))
        return (self._structure, self._means.shape, self._feature_names, *arrays)

    def __reduce__(self) -> tuple[Any, ...]:
        return (
            _rebuild,
            (
                self._structure,
                self._weights,
                self._means,
                self._covariances,
                self.params,
                self._feature_names,
            ),
        )

    def __copy__(self) -> Mixture:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Mixture:
        return self

    def __repr__(self) -> str:
        return text_table(self)

    def _repr_html_(self) -> str:
        return html_table(self)


def _rebuild(*state: Any) -> Mixture:
    return Mixture._trusted(*state)
