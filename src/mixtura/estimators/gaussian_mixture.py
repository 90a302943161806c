"""`GaussianMixture`: scikit-learn's estimator, on our EM."""

from __future__ import annotations

import warnings
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, cast, final

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from mixtura._typing import FloatArray, IntArray
from mixtura.covariance import CovarianceStructure, Regularisation
from mixtura.data import ChunkSource, as_source
from mixtura.diagnostics import diagnose
from mixtura.em import Callback, EMResult, Solution, StoppingReason
from mixtura.errors import DegenerateFitWarning, InputError
from mixtura.estimators._average import RunningAverage
from mixtura.estimators._fitting import Fitter
from mixtura.estimators._given_start import read_given_start
from mixtura.estimators._incremental import IncrementalMixture
from mixtura.estimators._rows import remember_names
from mixtura.estimators._sample import FitData, Sample, read_sample
from mixtura.estimators._saved import restore_estimator, save_estimator
from mixtura.estimators._settings import Settings, read_settings
from mixtura.estimators._stream_sample import StreamSample, read_stream
from mixtura.estimators._units import into_units, out_of_units
from mixtura.init import Start
from mixtura.mixture import Mixture
from mixtura.random_state import as_random_state

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["GaussianMixture", "check_prototype"]


@final
class GaussianMixture(IncrementalMixture):
    r"""A Gaussian mixture, fitted by expectation-maximisation.

    The density is :math:`p(x) = \sum_k \pi_k N(x; \mu_k, \Sigma_k)`. Everything that
    `sklearn.mixture.GaussianMixture` does, by the same names, and more.

    Parameters
    ----------
    n_components : int, default=1
        Number of components, K.
    covariance_type : str or CovarianceStructure, default='full'
        'full', 'tied', 'diag', 'spherical', 'tied_diag' or 'tied_spherical': a matrix a component, one for
        all, a variance a feature, one variance, each a component or one for all; or your own structure.
    tol : 'auto' or float, default='auto'
        'auto': a fit has converged when less than 1e-6 nats a row are still to gain, by Aitken's estimate. A
        float keeps scikit-learn's meaning: when a pass changes the mean log-likelihood a row by less.
    reg_covar : 'auto' or float, default='auto'
        'auto' keeps every covariance above 1e-8 of the data's own, whatever its units, and leaves sound
        covariances untouched. A float is added to each variance, in squared units of the data.
    max_iter : int, default=1000
        Passes over the data, each with its M-step.
    n_init : int, default=1
        Starts; the one with the highest likelihood is kept.
    init_params : str, array-like or callable, default='auto'
        The start. 'auto': many short runs on at most some thousand rows, of which the best is improved by
        splitting and merging components; it does not depend on units. 'kmeans', 'k-means++', 'random' and
        'random_from_data' are scikit-learn's. An array: integer labels (N,) or responsibilities (N, K). A
        callable returns such an array from ``(X, n_components, random_state)``.
    weights_init, means_init, precisions_init : array-like, optional
        Parts of the start, given. Shapes as those of `weights_`, `means_`, `precisions_`.
    random_state : None, int, RandomState or Generator
        For the starts and for `sample`.
    warm_start : bool, default=False
        Go on from the last fit.
    verbose : int, default=0
        1 prints every `verbose_interval` passes, 2 with time and gain.
    verbose_interval : int, default=10
    n_jobs : int, optional
        Threads. None: all cores of the process. The results do not depend on it.
    acceleration : {'auto', 'squarem', None}, default='auto'
        'squarem' leaps ahead along the path of EM after each two passes, and goes back if the likelihood has
        fallen by it. None is plain EM. 'auto' is 'squarem' if `tol` is 'auto', else plain EM, whose passes
        are scikit-learn's.
    covariance_prior : None, 'auto' or float, default=None
        s pseudo-rows that each covariance has seen before the data, of Λ, the data's covariance over
        K^(2/d): Σ_k = (W_k + sΛ)/(N_k + s). It settles what a handful of rows cannot. 'auto' is s = d/2. The
        trace is then that of the penalised likelihood.
    learning_decay : float, default=0.7
        α of `partial_fit`, above 0 and at most 1: the weight of batch t is (t + 2)^−α. Above 0.5 the steps
        converge; the smaller, the sooner a stream that changes is followed.
    callback : callable, optional
        Called with a `mixtura.em.Progress` after each pass; a true answer ends the start it is in.

    Attributes
    ----------
    weights_ : ndarray of shape (K,)
    means_ : ndarray of shape (K, d)
    covariances_, precisions_, precisions_cholesky_ : ndarray
        Of shape (K, d, d) 'full', (d, d) 'tied', (K, d) 'diag', (K,) 'spherical', (d,) 'tied_diag', ()
        'tied_spherical'. float32 if the data were.
    mixture_ : Mixture
        The distribution, in float64.
    converged_ : bool
    stopping_reason_ : str
        'converged', 'max_iter', 'callback', 'interrupted', or 'singular': a component collapsed, which only a
        float `reg_covar` lets happen, and the parameters are those of the pass before. 'one_step': by
        `partial_fit` or `from_statistics`.
    n_iter_ : int
        M-steps done by the kept start.
    trace_ : ndarray of shape (n_iter + 1,)
        Mean log-likelihood a row after 0, 1, … M-steps; the last belongs to the parameters above.
    lower_bound_ : float
        The last of `trace_`.
    lower_bounds_ : list of length n_iter
        The others: what each pass measured before its M-step.
    diagnostics_ : tuple of mixtura.diagnostics.Diagnostic
        What the data do not settle: components that are empty, have collapsed, or have fewer rows than their
        covariance needs, so that likelihood, AIC and BIC mean nothing. Empty for a sound fit.
    n_steps_ : int
        Batches that `partial_fit` has seen; a fit is one.
    n_samples_seen_ : float
        Sum of the weights of their rows.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X had names.

    Raises
    ------
    InputError
        A ValueError, from `fit`: for data or parameters that cannot be used; the estimator is unchanged.

    Warns
    -----
    ConvergenceWarning
        If the kept start had not converged after `max_iter` passes, or a component collapsed.
    DegenerateFitWarning
        If there are `diagnostics_`.

    References
    ----------
    Dempster, Laird and Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm.
    McLachlan and Peel (2000), Finite mixture models.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura import GaussianMixture
    >>> X = np.array([[1, 2], [2, 4], [0, 0], [1, 1], [10, 2], [11, 4], [10, 0]])
    >>> gm = GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> gm.means_.round(3)
    array([[ 1.   ,  1.75 ],
           [10.333,  2.   ]])
    >>> gm.predict([[0, 1], [12, 3]]).tolist()
    [0, 1]
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str | CovarianceStructure = "full",
        tol: str | float = "auto",
        reg_covar: str | float = "auto",
        max_iter: int = 1000,
        n_init: int = 1,
        init_params: Start = "auto",
        weights_init: npt.ArrayLike | None = None,
        means_init: npt.ArrayLike | None = None,
        precisions_init: npt.ArrayLike | None = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        n_jobs: int | None = None,
        acceleration: str | None = "auto",
        covariance_prior: str | float | None = None,
        learning_decay: float = 0.7,
        callback: Callback | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.covariance_prior = covariance_prior
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.n_jobs = n_jobs
        self.acceleration = acceleration
        self.learning_decay = learning_decay
        self.callback = callback

    def fit(
        self, X: npt.ArrayLike | ChunkSource, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> Self:
        """Fit the mixture.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features), or mixtura.data.ChunkSource
            NumPy, nested lists, pandas, polars or pyarrow; or a source of rows that need not fit into memory,
            or a `pyarrow.dataset.Dataset`.
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            Case weights: weight 2 is the row twice, weight 0 no row. A source has its own.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If data or parameters cannot be used; nothing has changed then.
        SourceChangedError
            If a source gave other rows than before; nothing has changed then.
        KeyboardInterrupt
            On Ctrl-C. If a pass was complete the estimator holds the last parameters whose likelihood is
            known, with `stopping_reason_` 'interrupted' and `converged_` False; else it is unchanged.
        """
        self._fit(X, sample_weight)
        return self

    def fit_predict(
        self, X: npt.ArrayLike | ChunkSource, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> IntArray:
        """Fit, and return the most probable component of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        ndarray of shape (n_samples,), int64
        """
        rows = self._fit(X, sample_weight)
        # Rows that were checked are not checked again; those of a source are read again.
        return self.predict(X) if rows is None else np.asarray(self._score(rows, labels=True).labels)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the fitted model to a file that `mixtura.load` reads.

        The file holds numbers and JSON only, with a digest over all of it; nothing in it can run. It is
        written aside and renamed, so a failed write leaves an older file as it was.

        Parameters
        ----------
        path : path-like

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        check_is_fitted(self, "means_")
        save_estimator(self, path)

    def to_onnx(self, path: str | PathLike[str] | None = None) -> ModelProto:
        """Return the fitted mixture as an ONNX graph, and write it if a path is given.

        It takes `X`, float64 of shape (n_samples, n_features), and returns `label`, `probabilities` and
        `log_density`: `predict`, `predict_proba` and `score_samples` of float64 rows, but for rounding. A
        model fitted to float32 has a float64 graph too, of the parameters in `mixture_`. Rows in float32
        become float64 without a loss; the methods round as float32 does where their rows are float32, and
        the graph does not. `mixtura.io.onnx.to_onnx` tells the rest.

        Parameters
        ----------
        path : path-like, optional
            The file is written aside and renamed, so a failed write leaves an older file as it was.

        Returns
        -------
        onnx.ModelProto

        Raises
        ------
        NotFittedError
            If there was no fit.
        ImportError
            If onnx is not installed; the extra is `mixtura[onnx]`.
        InputError
            If the parameters are more than an ONNX file can hold.
        OSError
            If the file cannot be written.
        """
        check_is_fitted(self, "means_")
        return self._mixture().to_onnx(path)

    def _fit(self, X: npt.ArrayLike | ChunkSource, sample_weight: npt.ArrayLike | None) -> FloatArray | None:
        """Fit, and return the rows as they were read; None for a source."""
        settings = read_settings(self)
        rng = as_random_state(self.random_state)
        source = as_source(X)
        sample: Sample | StreamSample
        if source is None:
            sample = read_sample(cast(Any, X), sample_weight, n_threads=settings.n_threads, estimator=self)
        else:
            _refuse_start_of_rows(settings)
            dense, n_threads = settings.structure.is_dense, settings.n_threads
            sample = read_stream(source, sample_weight, dense=dense, n_threads=n_threads, rng=rng)
        fitter = self._fitter(settings, sample)
        warm = self._warm_start(settings, sample)
        result = fitter.resume(*warm) if warm else fitter.best_of_starts(rng)
        self._store(result, sample, fitter.reg)
        if result.stopping_reason is StoppingReason.INTERRUPTED:
            raise KeyboardInterrupt
        if self.diagnostics_:
            words = "; ".join(found.message for found in self.diagnostics_)
            warnings.warn(f"{words} (see diagnostics_)", DegenerateFitWarning, stacklevel=3)
        if result.stopping_reason is StoppingReason.SINGULAR or (
            result.stopping_reason is StoppingReason.MAX_ITER and settings.max_iter
        ):
            warnings.warn(_unfinished(result), ConvergenceWarning, stacklevel=3)
        return sample.rows if isinstance(sample, Sample) else None

    def _fitter(self, settings: Settings, sample: FitData) -> Fitter:
        given = read_given_start(
            self.weights_init,
            self.means_init,
            self.precisions_init,
            settings.structure,
            settings.n_components,
            sample.n_features,
        )
        return Fitter(sample, settings, given.into_units(sample.unit, sample.n_features))

    def _warm_start(self, settings: Settings, sample: FitData) -> tuple[Solution, float] | None:
        """Where the last fit ended, and the likelihood before its last M-step."""
        if not (self.warm_start and hasattr(self, "converged_")):
            return None
        mixture, n_features = self._mixture(), sample.n_features
        if (mixture.n_components, mixture.n_features) != (settings.n_components, n_features) or (
            mixture.structure != settings.structure
        ):
            msg = (
                f"warm_start=True goes on from a fit of {mixture.n_components} {mixture.structure.name} "
                f"components in {mixture.n_features} features, but {settings.n_components} "
                f"{settings.structure.name} components in {n_features} features are asked for: set "
                "warm_start=False"
            )
            raise InputError(msg)
        solution = Solution(mixture.structure, mixture.covariances, mixture.params)
        in_units = n_features * sample.unit * np.log(2.0)
        previous = self.lower_bounds_[-1] + in_units if self.lower_bounds_ else -np.inf
        return into_units(solution, sample.unit), previous

    def _store(self, result: EMResult, sample: FitData, reg: Regularisation) -> None:
        covariance = sample.basis(dense=result.solution.structure.is_dense).moments.covariance
        diagnostics = diagnose(result.solution, reg, covariance, sample.total_weight)
        result = out_of_units(result, sample.unit)
        solution, params, names = result.solution, result.solution.params, sample.names
        remember_names(self, sample.n_features, names)
        mixture = Mixture._trusted(
            solution.structure,
            params.weights,
            params.means,
            solution.covariances,
            params,
            feature_names=None if names is None else tuple(names),
        )
        self._set_fitted(mixture, sample.dtype)
        self._set_history(result.trace, n_iter=result.n_iter, stopping_reason=str(result.stopping_reason))
        self.diagnostics_ = diagnostics
        self._set_average(RunningAverage(1, sample.total_weight, sample.total_weight))

    @classmethod
    def _from_saved(cls, mixture: Mixture, metadata: dict[str, Any]) -> Self:
        """Return the estimator that a model file describes."""
        restored: Self = restore_estimator(cls, mixture, metadata)
        return restored


def check_prototype(estimator: Any) -> GaussianMixture | None:
    """Return the `estimator` that gives an estimator of mixtures their settings, if it is one or None."""
    if estimator is not None and not isinstance(estimator, GaussianMixture):
        msg = f"estimator must be a GaussianMixture or None, but got {estimator!r}"
        raise InputError(msg)
    return estimator


def _refuse_start_of_rows(settings: Settings) -> None:
    """Refuse a start that has an entry for each row."""
    if isinstance(settings.start, np.ndarray):
        msg = (
            "init_params as an array has an entry for each row, for which all rows have to be in memory, but "
            "X is a source: give a name, a callable, which is called with some of the rows, or means_init"
        )
        raise InputError(msg)


def _unfinished(result: EMResult) -> str:
    if result.stopping_reason is StoppingReason.SINGULAR:
        return (
            f"Component {result.singular_component} collapsed: after {result.n_iter + 1} passes its "
            "covariance has no inverse. The parameters are those before. Use reg_covar='auto', a larger one, "
            "or fewer components."
        )
    return (
        "Best performing initialization did not converge. Try different init parameters, or increase "
        "max_iter, tol, or check for degenerate data."
    )
