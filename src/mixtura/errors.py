"""The errors and warnings of mixtura: every one names the culprit and the remedy.

All errors about a user's input are `ValueError`; code written for scikit-learn catches them unchanged.
"""

from __future__ import annotations

__all__ = [
    "DegenerateFitWarning",
    "FileFormatError",
    "InputError",
    "MixturaError",
    "ModelFileError",
    "SingularCovarianceError",
    "SourceChangedError",
    "StatisticsError",
]


class MixturaError(Exception):
    """Base class of all errors that mixtura raises on purpose."""


class InputError(MixturaError, ValueError):
    """Data or parameters that cannot be used as given."""


class SingularCovarianceError(InputError):
    """A covariance that is not positive definite, so that it has no density.

    Attributes
    ----------
    component : int
        The first such component, from 0.
    """

    def __init__(self, message: str, component: int) -> None:
        super().__init__(message)
        self.component = component

    def __reduce__(self) -> tuple[type[SingularCovarianceError], tuple[str, int]]:
        return type(self), (str(self), self.component)


class DegenerateFitWarning(UserWarning):
    """A fit has components that the data do not settle: `diagnostics_` says which and why."""


class FileFormatError(InputError):
    """A data file that cannot be read as what its name says."""


class SourceChangedError(InputError):
    """A source of chunks that gave other rows than before, or a file of it that was changed or removed."""


class ModelFileError(InputError):
    """A model file that is not one, is damaged, or was altered."""


class StatisticsError(InputError):
    """Statistics that do not belong together, or bytes that are not statistics."""
