"""What a fit has to say of itself: components whose parameters the data do not settle, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mixtura._typing import BoolArray, Float64Array
from mixtura.collapse import CollapseDetector
from mixtura.covariance.regularisation import Regularisation, RelativeFloor
from mixtura.solution import Solution

__all__ = ["Diagnostic", "Finding", "diagnose"]


class Finding(StrEnum):
    """What was found."""

    #: No row belongs to the component.
    EMPTY = "empty"
    #: Its rows do not vary in some direction in which the data do.
    COLLAPSED = "collapsed"
    #: It has fewer rows than its covariance needs.
    LOOSE = "loose"


@dataclass(frozen=True)
class Diagnostic:
    """One finding.

    Attributes
    ----------
    finding : Finding
        'empty': no row belongs to the component. 'collapsed': its rows do not vary in some direction in
        which the data do, and its covariance was kept at the floor there. 'loose': it has fewer rows than its
        covariance needs, so that its likelihood has no bound but the floor. After the last two neither the
        likelihood nor AIC and BIC say anything of the data.
    components : tuple of int
        Which components, from 0.
    message : str
        The same in words, with what can be done.
    """

    finding: Finding
    components: tuple[int, ...]
    message: str


_FEWEST_ROWS = 1e-3
_REMEDIES = "fewer components, a simpler covariance_type, or covariance_prior='auto'"


def diagnose(
    solution: Solution, reg: Regularisation, covariance: Float64Array, total_weight: float
) -> tuple[Diagnostic, ...]:
    """Look at the end of a fit.

    Parameters
    ----------
    solution : Solution
    reg : Regularisation
        That of the fit.
    covariance : ndarray of shape (d, d), or (d,) for its diagonal
        The data's.
    total_weight : float
        N, the sum of weights.

    Returns
    -------
    tuple of Diagnostic
        Empty if there is nothing to say.

    Notes
    -----
    A covariance of d features takes d + 1 rows to have an inverse, a variance two: a component with N_k ≤ d
    effective rows, or N_k ≤ 1, has an unbounded likelihood (McLachlan and Peel, 2000, section 3.10). One that
    all components share takes as many rows more than there are components.
    """
    params, structure = solution.params, solution.structure
    k_all, d = params.means.shape
    rows = params.weights * total_weight
    empty = rows < _FEWEST_ROWS if k_all > 1 else np.zeros(1, dtype=bool)
    collapsed = np.zeros(k_all, dtype=bool)
    if isinstance(reg, RelativeFloor):
        full = covariance if covariance.ndim == 2 else np.diag(covariance)
        expanded = structure.expand(solution.covariances, k_all, d)
        collapsed[CollapseDetector(full).collapsed(expanded)] = True
    needed = d if structure.is_dense else 1
    if structure.is_shared and k_all > 1:
        loose = np.full(k_all, total_weight - k_all < needed)
    else:
        loose = rows <= needed + 1e-6
    if reg.prior is not None:
        loose[:] = False
    return (
        *_said(Finding.EMPTY, empty, "no row belongs to {which}: fewer components will do"),
        *_said(
            Finding.COLLAPSED,
            collapsed & ~empty,
            "the rows of {which} do not vary in some direction in which the data do; the covariance was kept "
            "at the floor of reg_covar='auto' there, and likelihood, AIC and BIC tell of the floor. If these "
            f"rows are no group of their own: {_REMEDIES}",
        ),
        *_said(
            Finding.LOOSE,
            loose & ~empty & ~collapsed,
            f"{{which}} has no more than {needed} effective rows, too few for its covariance; the likelihood "
            f"has come loose, and AIC and BIC with it: {_REMEDIES}",
        ),
    )


def _said(finding: Finding, which: BoolArray, words: str) -> list[Diagnostic]:
    components = tuple(int(k) for k in np.flatnonzero(which))
    if not components:
        return []
    return [Diagnostic(finding, components, words.format(which=_named(components)))]


def _named(components: Sequence[int]) -> str:
    if len(components) == 1:
        return f"component {components[0]}"
    shown = [str(k) for k in components[:10]]
    more = [f"{len(components) - 10} more"] if len(components) > 10 else []
    return "each of components " + ", ".join(shown + more)
