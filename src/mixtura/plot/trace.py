"""`TraceDisplay`: the log-likelihood pass by pass."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from mixtura.plot.canvas import Display, axes_or_new
from mixtura.plot.fits import inner

__all__ = ["TraceDisplay"]

_DEPTH = 1.2


class TraceDisplay(Display):
    """How a fit rose.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None) -> Self:
        """Draw the mean log-likelihood a row after each M-step, in nats.

        Parameters
        ----------
        estimator : GaussianMixture, MixtureSelector or MixtureOutlierDetector
        ax : matplotlib Axes, optional

        Returns
        -------
        TraceDisplay

        Raises
        ------
        NotFittedError
        InputError
            If the estimator kept no trace.
        """
        fit = inner(estimator, "trace_")
        ax = axes_or_new(ax)
        trace = np.asarray(fit.trace_)
        ax.plot(np.arange(len(trace)), trace, ".-", color="#0072b2")
        # A start may lie so deep that nothing else would be seen.
        bottom = trace[-1] - _DEPTH * (trace[-1] - np.quantile(trace, 0.1, method="higher"))
        if bottom < trace[-1] and trace[0] < bottom:
            ax.set_ylim(bottom, trace[-1] + 0.05 * (trace[-1] - bottom))
            ax.annotate(f"starts at {trace[0]:.3g}", (0, 0.02), xycoords=("data", "axes fraction"))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(xlabel="pass", ylabel="log-likelihood (nats a row)", title=f"{fit.stopping_reason_}")
        return cls(ax)
