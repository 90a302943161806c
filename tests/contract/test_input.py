"""What may be given as X: the same numbers give the same fit, and what cannot be used is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mixtura import GaussianMixture
from mixtura.errors import InputError

INTEGERS = np.random.default_rng(0).integers(0, 200, size=(60, 3))
INTEGERS[30:] += 50
FLOATS = INTEGERS.astype(np.float64)


def fit(X: Any, **settings: Any) -> GaussianMixture:
    return GaussianMixture(2, random_state=0, max_iter=20, tol=1e-2, **settings).fit(X)


REFERENCE = fit(FLOATS)


def read_only(X: np.ndarray) -> np.ndarray:
    X = X.copy()
    X.flags.writeable = False
    return X


def unaligned(X: np.ndarray) -> np.ndarray:
    buffer = np.zeros(X.nbytes + 1, dtype=np.uint8)
    view = buffer[1:].view(np.float64).reshape(X.shape)
    view[...] = X
    return view


LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    "reversed": lambda X: np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
    "swapped bytes": lambda X: X.astype(X.dtype.newbyteorder()),
    "read-only": read_only,
    "unaligned": unaligned,
    "transposed": lambda X: np.ascontiguousarray(X.T).T,
    "lists": lambda X: X.tolist(),
    "objects": lambda X: X.astype(object),
    "long double": lambda X: X.astype(np.longdouble),
    "unmasked": np.ma.masked_array,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_mean_the_same_numbers(layout: str) -> None:
    X = LAYOUTS[layout](FLOATS)
    model = fit(X)
    np.testing.assert_array_equal(model.means_, REFERENCE.means_)
    np.testing.assert_array_equal(model.covariances_, REFERENCE.covariances_)
    np.testing.assert_array_equal(model.score_samples(X), REFERENCE.score_samples(FLOATS))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16", "int32", "int64", "uint64", "float16"])
def test_narrow_dtypes_mean_the_same_numbers(dtype: str) -> None:
    X = (INTEGERS % 100).astype(dtype)
    plain = X.astype(np.float64)
    model, want = fit(X), fit(plain)
    np.testing.assert_array_equal(model.means_, want.means_)
    np.testing.assert_array_equal(want.score_samples(X), want.score_samples(plain))
    np.testing.assert_array_equal(model.predict(X), want.predict(plain))


@pytest.mark.filterwarnings("ignore::mixtura.errors.DegenerateFitWarning")
def test_booleans() -> None:
    X = np.random.default_rng(0).random((50, 3)) < 0.4
    np.testing.assert_array_equal(fit(X).means_, fit(X.astype(float)).means_)


def test_float32_is_kept_and_close() -> None:
    single = fit(FLOATS.astype(np.float32))
    assert single.means_.dtype == single.predict_proba(FLOATS.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(single.means_, REFERENCE.means_, rtol=1e-4)


NAMES = ["a", "b", "c"]
FRAMES: dict[str, Callable[[np.ndarray], Any]] = {
    "pandas": lambda X: pd.DataFrame(X, columns=NAMES),
    "pandas nullable": lambda X: pd.DataFrame(X, columns=NAMES).convert_dtypes(),
    "polars": lambda X: pl.DataFrame(X, schema=NAMES),
    "pyarrow": lambda X: pa.table(dict(zip(NAMES, X.T, strict=True))),
}


@pytest.mark.parametrize("frame", FRAMES)
def test_data_frames(frame: str) -> None:
    table = FRAMES[frame](FLOATS)
    model = fit(table)
    np.testing.assert_array_equal(model.means_, REFERENCE.means_)
    assert model.feature_names_in_.tolist() == NAMES
    assert model.mixture_.feature_names == ("a", "b", "c")
    np.testing.assert_array_equal(model.predict(table), REFERENCE.predict(FLOATS))


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_other_column_names_are_refused(frame: str) -> None:
    model = fit(FRAMES[frame](FLOATS))
    other = FRAMES[frame](FLOATS)
    if frame == "pandas":
        other.columns = ["a", "b", "z"]
    else:
        other = other.rename({"c": "z"})
    with pytest.raises(ValueError, match=r"(?s)feature names.*z"):
        model.predict(other)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(FRAMES[frame](FLOATS)[["b", "a", "c"]])


def test_set_output() -> None:
    model = fit(pd.DataFrame(FLOATS, columns=NAMES)).set_output(transform="pandas")
    out = model.transform(pd.DataFrame(FLOATS, columns=NAMES))
    assert list(out.columns) == ["gaussianmixture0", "gaussianmixture1"]
    np.testing.assert_array_equal(out.to_numpy(), REFERENCE.predict_proba(FLOATS))


def spoiled(row: int, column: int, value: float) -> np.ndarray:
    X = FLOATS.copy()
    X[row, column] = value
    return X


BAD: dict[str, tuple[Any, str]] = {
    "NaN": (spoiled(17, 1, np.nan), r"NaN in column 1, row 17: drop"),
    "inf": (spoiled(3, 2, np.inf), r"infinity \(inf\) in column 2, row 3"),
    "named": (pd.DataFrame(spoiled(17, 1, np.nan), columns=NAMES), r"NaN in column 'b', row 17"),
    "null": (pl.DataFrame({"a": [1.0, None, 3.0], "b": [1.0, 2.0, 3.0]}), r"NaN in column 'a', row 1"),
    "text": (pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}), r"column 'b'"),
    "object text": (np.array([[1, "x"], [2, 3]], dtype=object), r"'x' in column 1, row 0"),
    "one dimension": (np.arange(10.0), r"Reshape your data"),
    "three dimensions": (np.zeros((3, 3, 3)), r"dim 3"),
    "no rows": (np.zeros((0, 3)), r"0 sample"),
    "no columns": (np.zeros((5, 0)), r"0 feature"),
    "complex": (FLOATS + 1j, r"(?i)complex"),
    "masked": (np.ma.masked_equal(FLOATS, FLOATS[5, 0]), r"masked"),
    "fewer rows than components": (FLOATS[:1], r"minimum of 2"),
    "ragged": ([[1.0, 2.0], [3.0]], r"inhomogeneous"),
    "lazy": (pl.DataFrame(FLOATS).lazy(), r"collect\(\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named_and_changes_nothing(case: str) -> None:
    X, message = BAD[case]
    model = fit(FLOATS)
    before = {name: repr(value) for name, value in vars(model).items()}
    with pytest.raises(ValueError, match=message):
        model.fit(X)
    assert {name: repr(value) for name, value in vars(model).items()} == before


BAD_WEIGHTS: dict[str, tuple[Any, str]] = {
    "negative": (np.where(np.arange(60) == 7, -1.0, 1.0), r"negative in row 7"),
    "NaN": (np.where(np.arange(60) == 8, np.nan, 1.0), r"not finite in row 8"),
    "zeros": (np.zeros(60), r"zero for every row"),
    "short": (np.ones(59), r"\(60,\)"),
    "text": (["x"] * 60, r"real number"),
    "too few": (np.arange(60) == 3, r"n_samples = 1 with a weight above 0"),
}


@pytest.mark.parametrize("case", BAD_WEIGHTS)
def test_bad_weights(case: str) -> None:
    weights, message = BAD_WEIGHTS[case]
    with pytest.raises(InputError, match=message):
        GaussianMixture(2).fit(FLOATS, sample_weight=weights)


def test_more_components_than_rows() -> None:
    with pytest.raises(InputError, match="n_components = 61, n_samples = 60"):
        GaussianMixture(61).fit(FLOATS)


BAD_SETTINGS: list[tuple[str, Any]] = [
    ("n_components", 0),
    ("covariance_type", "oval"),
    ("tol", -1.0),
    ("reg_covar", "big"),
    ("max_iter", -1),
    ("n_init", 0),
    ("init_params", "magic"),
    ("init_params", None),
    ("init_params", 3),
    ("weights_init", [0.5, 0.6]),
    ("means_init", [[0.0, 0.0]]),
    ("precisions_init", np.zeros((2, 3, 3))),
    ("random_state", "seed"),
    ("warm_start", "yes"),
    ("verbose", -1),
    ("verbose", "loud"),
    ("verbose_interval", 0),
    ("n_jobs", 0),
    ("acceleration", "warp"),
    ("callback", 3),
]


@pytest.mark.parametrize(("name", "value"), BAD_SETTINGS)
def test_bad_settings_are_named(name: str, value: Any) -> None:
    model = GaussianMixture(2).set_params(**{name: value})
    culprit = name.removesuffix("_init") if name != "n_init" else name
    with pytest.raises(ValueError, match=culprit.removesuffix("s") if name == "precisions_init" else culprit):
        model.fit(FLOATS)
    assert not hasattr(model, "means_")


def test_other_count_of_features() -> None:
    with pytest.raises(ValueError, match="2 features, but GaussianMixture is expecting 3"):
        REFERENCE.predict(FLOATS[:, :2])
