"""`load`: whatever was saved, as it was."""

from __future__ import annotations

from os import PathLike
from reprlib import repr as repr_of
from typing import TYPE_CHECKING, Any

from mixtura.errors import ModelFileError
from mixtura.io.model_file import read_model

if TYPE_CHECKING:
    from mixtura.estimators import GaussianMixture
    from mixtura.mixture import Mixture

__all__ = ["load"]


def load(path: str | PathLike[str]) -> GaussianMixture | Mixture:
    """Read a model file.

    Nothing in a model file can run, and a file that was damaged or altered is refused: its digest, shapes,
    finiteness, weights and positive definiteness are checked.

    Parameters
    ----------
    path : path-like
        What `Mixture.save` or `GaussianMixture.save` wrote.

    Returns
    -------
    GaussianMixture or Mixture
        What was saved.

    Raises
    ------
    ModelFileError
        A ValueError: if the file is not a model file, is damaged, or needs a newer mixtura.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile, pathlib, mixtura
    >>> mixture = mixtura.Mixture([1.0], [[0.0, 0.0]], [[1.0, 2.0]], "diag")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "normal.mixtura"
    ...     mixture.save(path)
    ...     mixtura.load(path) == mixture
    True
    """
    mixture, metadata = read_model(path)
    if "estimator" not in metadata:
        return mixture
    from mixtura import estimators  # noqa: PLC0415  (estimators write model files)

    described: Any = metadata["estimator"]
    name = described.get("class") if isinstance(described, dict) else None
    if name not in estimators.__all__:
        msg = (
            f"{path} holds an estimator {repr_of(name)} that this version of mixtura does not have: "
            "upgrade mixtura"
        )
        raise ModelFileError(msg)
    estimator: GaussianMixture = getattr(estimators, name)._from_saved(mixture, metadata)
    return estimator
