"""All cases: faults × structures × dtypes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.torture.case import DTYPES, SKLEARN_STRUCTURES, Case
from tests.torture.extremes import EXTREMES, WEIGHT_EXTREMES
from tests.torture.faults import FAULTS
from tests.torture.nonsense import NONSENSE, WEIGHT_NONSENSE

__all__ = ["cases"]


def cases(structures: Sequence[str] = SKLEARN_STRUCTURES, *, weights: bool = False) -> Iterator[Case]:
    """Yield every case, the same ones at every call.

    Parameters
    ----------
    structures : sequence of str
    weights : bool
        Also those for estimators whose `fit` takes `sample_weight`.
    """
    yield from _sound(structures, weights=weights)
    yield from _nonsense(structures, weights=weights)


def _sound(structures: Sequence[str], *, weights: bool) -> Iterator[Case]:
    faults = FAULTS | EXTREMES
    for fault, make in (faults | WEIGHT_EXTREMES if weights else faults).items():
        for dtype in DTYPES:
            for variant, data in make(dtype):
                shown = data.X.dtype.name
                for structure in structures:
                    yield Case(
                        name=f"{fault}: {variant}, {structure}, {shown}",
                        fault=fault,
                        covariance_type=structure,
                        dtype=shown,
                        X=data.X,
                        n_components=data.n_components,
                        labels=data.labels if structure in data.seen_by else None,
                        sample_weight=data.sample_weight,
                        expect="either" if data.may_refuse else "fit",
                    )


def _nonsense(structures: Sequence[str], *, weights: bool) -> Iterator[Case]:
    for fault, make in (NONSENSE | WEIGHT_NONSENSE if weights else NONSENSE).items():
        for dtype in DTYPES:
            for variant, given in make(dtype):
                for structure in structures:
                    settings = {"n_components": 2, "covariance_type": structure} | given.settings
                    yield Case(
                        name=f"{fault}: {variant}, {structure}, {dtype}",
                        fault=fault,
                        covariance_type=settings.pop("covariance_type"),
                        dtype=dtype,
                        X=given.X,
                        n_components=settings.pop("n_components"),
                        sample_weight=given.sample_weight,
                        settings=settings,
                        expect="error",
                    )
