"""`Case`: data, what is asked of them, and what is known of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

__all__ = ["ALL_STRUCTURES", "DTYPES", "SKLEARN_STRUCTURES", "Array", "Case"]

Array = np.ndarray[Any, Any]

SKLEARN_STRUCTURES = ("full", "tied", "diag", "spherical")
ALL_STRUCTURES = (*SKLEARN_STRUCTURES, "tied_diag", "tied_spherical")
DTYPES = ("float64", "float32")


@dataclass(frozen=True, eq=False)
class Case:
    """One fit that may go wrong.

    Attributes
    ----------
    name : str
        Its own: fault, variant, structure and dtype.
    fault : str
        The class that it is counted in.
    covariance_type : str
    dtype : str
        Of the data.
    X : Any
        The data as a user would pass them; an array wherever a fit is expected.
    n_components : Any
        An integer wherever a fit is expected.
    labels : ndarray of int, optional
        The groups, where a mixture of this structure has one right answer that the data determine.
    sample_weight : ndarray, optional
        Only for estimators that take it.
    settings : mapping
        What else the estimator is built with.
    expect : {'fit', 'error', 'either'}
        What is right. 'either' where the answer may lie outside the dtype.
    """

    name: str
    fault: str
    covariance_type: str
    dtype: str
    X: Any
    n_components: Any
    labels: Array | None = None
    sample_weight: Array | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    expect: Literal["fit", "error", "either"] = "fit"
