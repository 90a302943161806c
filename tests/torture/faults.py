"""Data that are hard and sound: finite, with at least as many rows as components."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tests.torture.case import ALL_STRUCTURES, Array

__all__ = ["FAULTS", "Data", "Variants", "blobs", "generator_of", "with_far_row"]


@dataclass(frozen=True, eq=False)
class Data:
    """Rows, how many groups to look for, and which structures see which groups in them.

    `may_refuse` is for data whose variances the dtype does not hold: an error says as much as a fit.
    """

    X: Array
    n_components: int
    labels: Array | None = None
    seen_by: tuple[str, ...] = ALL_STRUCTURES
    sample_weight: Array | None = None
    may_refuse: bool = False


Variants = Iterator[tuple[str, Data]]
FAULTS: dict[str, Callable[[str], Variants]] = {}

# Groups that differ in one feature of small scale are seen by structures with a variance a feature only.
_SCALED = ("full", "tied", "diag", "tied_diag")


def _fault(name: str) -> Callable[[Callable[[str], Variants]], Callable[[str], Variants]]:
    def register(make: Callable[[str], Variants]) -> Callable[[str], Variants]:
        FAULTS[name] = make
        return make

    return register


def generator_of(seed: int) -> np.random.Generator:
    """Return the one kind of generator that cases are drawn from."""
    return np.random.default_rng(20_000 + seed)


def blobs(seed: int, sizes: tuple[int, ...] = (70, 70, 70), apart: float = 12.0) -> tuple[Array, Array]:
    """Three round groups of standard deviation 1 in three features, apart in each of them; in mixed order."""
    rng = generator_of(seed)
    labels = np.repeat(np.arange(3), sizes)
    centres = apart * np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1]])
    X = centres[labels] + rng.standard_normal((len(labels), 3))
    order = rng.permutation(len(labels))
    return X[order], labels[order]


def _scaled(units: dict[str, tuple[float, ...]], seed: int, dtype: str) -> Variants:
    X, labels = blobs(seed)
    for unit in units[dtype]:
        yield f"{unit:g}", Data((X * unit).astype(dtype), 3, labels)


@_fault("tiny units")
def _tiny(dtype: str) -> Variants:
    # Those whose variances are numbers of the dtype, too.
    units = {"float64": (1e-3, 1e-6, 1e-20, 1e-100, 1e-152), "float32": (1e-3, 1e-6, 1e-18)}
    yield from _scaled(units, 1, dtype)


@_fault("huge units")
def _huge(dtype: str) -> Variants:
    units = {"float64": (1e6, 1e20, 1e100, 1e150, 1e152), "float32": (1e6, 1e15, 1e18)}
    yield from _scaled(units, 2, dtype)


@_fault("far from the origin")
def _offset(dtype: str) -> Variants:
    X, labels = blobs(3)
    for offset in (1e3, 1e6, 1e8, 1e12) if dtype == "float64" else (1e3, 1e6):
        yield f"{offset:g} sd", Data((X + offset).astype(dtype), 3, labels)
        yield (
            f"{offset:g} sd, one group",
            Data((X[labels == 0] + offset).astype(dtype), 1, np.zeros(70, dtype=int)),
        )


@_fault("columns in different units")
def _columns(dtype: str) -> Variants:
    X, labels = blobs(4)
    for exponent in (3, 8):
        units = np.array([10.0**-exponent, 1.0, 10.0**exponent])
        yield f"1e-{exponent} beside 1e{exponent}", Data((X * units).astype(dtype), 3, labels)


@_fault("one narrow axis, one wide")
def _narrow(dtype: str) -> Variants:
    rng = generator_of(5)
    labels = rng.permutation(np.repeat([0, 1], 200))
    for wide in (10.0, 100.0):
        X = np.column_stack([labels + 0.1 * rng.standard_normal(400), wide * rng.standard_normal(400)])
        yield f"0.1 beside {wide:g}", Data(X.astype(dtype), 2, labels, _SCALED)


@_fault("numbers of other types")
def _types(dtype: str) -> Variants:
    if dtype == "float64":
        rng = generator_of(6)
        labels = rng.permutation(np.repeat(np.arange(3), 70))
        # From 20 to 230: products of such numbers leave the smaller types.
        X = np.array([[40, 125], [125, 210], [210, 40]])[labels] + 6.0 * rng.standard_normal((210, 2))
        X = np.rint(np.clip(X, 20, 230))
        for name in ("uint8", "int16", "int32", "int64", "float16"):
            yield name, Data(X.astype(name), 3, labels)


@_fault("memory layouts")
def _layouts(dtype: str) -> Variants:
    X, labels = blobs(7)
    X = X.astype(dtype)
    fixed = X.copy()
    fixed.flags.writeable = False
    yield "Fortran order", Data(np.asfortranarray(X), 3, labels)
    yield "negative strides", Data(X[::-1, ::-1], 3, labels[::-1])
    yield "every second", Data(np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2], 3, labels)
    yield "read-only", Data(fixed, 3, labels)
    yield "other byte order", Data(X.astype(X.dtype.newbyteorder()), 3, labels)


@_fault("repeated rows")
def _repeated(dtype: str) -> Variants:
    X, labels = blobs(8, sizes=(15, 15, 15))
    yield "each ten times", Data(np.repeat(X, 10, axis=0).astype(dtype), 3, np.repeat(labels, 10))
    rng = generator_of(9)
    points = rng.standard_normal((4, 2))
    yield "fewer distinct than components", Data(np.repeat(points, 20, axis=0).astype(dtype), 6)
    yield "all equal", Data(np.full((50, 2), 3.7, dtype=dtype), 3)
    yield "all equal, one component", Data(np.full((50, 2), 3.7, dtype=dtype), 1, np.zeros(50, dtype=int))
    yield "all zero", Data(np.zeros((50, 2), dtype=dtype), 2)


@_fault("groups that are one point")
def _atoms(dtype: str) -> Variants:
    X, labels = blobs(10)
    one, two = X.copy(), X.copy()
    one[labels == 0] = [0.0, 12.0, 24.0]
    two[labels == 0], two[labels == 1] = [0.0, 12.0, 24.0], [12.0, 24.0, 0.0]
    three = two.copy()
    three[labels == 2] = [24.0, 0.0, 12.0]
    for name, rows in (("one of three", one), ("two of three", two), ("all", three)):
        yield name, Data(rows.astype(dtype), 3, labels)


@_fault("a far single row, given a component")
def _far_component(dtype: str) -> Variants:
    yield from ((name, Data(X, 3, labels)) for name, X, labels in with_far_row((1e2, 1e4, 1e6), 11, dtype))


@_fault("a far single row, given none")
def _outlier(dtype: str) -> Variants:
    yield from ((name, Data(X, 2)) for name, X, _ in with_far_row((1e2, 1e4, 1e8), 12, dtype))


def with_far_row(distances: tuple[float, ...], seed: int, dtype: str) -> Iterator[tuple[str, Array, Array]]:
    rng = generator_of(seed)
    labels = np.append(rng.permutation(np.repeat([0, 1], 100)), 2)
    for distance in distances:
        centres = np.array([[0.0, 0.0], [12.0, 12.0], [distance, -distance]])
        X = centres[labels] + rng.standard_normal((201, 2))
        yield f"{distance:g} sd", X.astype(dtype), labels


@_fault("columns that repeat others")
def _dependent(dtype: str) -> Variants:
    X, labels = blobs(13)
    noise = generator_of(14).standard_normal(len(X))
    for name, column in (
        ("constant", np.full(len(X), 5.0)),
        ("constant and large", np.full(len(X), 1e6)),
        ("zero", np.zeros(len(X))),
        ("a copy", X[:, 0]),
        ("a sum", X.sum(axis=1)),
        ("nearly a copy", X[:, 0] + 1e-3 * noise),
    ):
        yield name, Data(np.column_stack([X, column]).astype(dtype), 3, labels)


@_fault("more columns than rows")
def _wide(dtype: str) -> Variants:
    rng = generator_of(15)
    labels = rng.permutation(np.repeat([0, 1], 12))
    X = 8.0 * labels[:, None] + rng.standard_normal((24, 30))
    # Matrices fit any division of so few rows equally well.
    yield "24 by 30", Data(X.astype(dtype), 2, labels, ("diag", "spherical", "tied_diag", "tied_spherical"))
    yield "24 by 30, one component", Data(X.astype(dtype), 1, np.zeros(24, dtype=int))


@_fault("few rows a component")
def _few(dtype: str) -> Variants:
    X = generator_of(16).standard_normal((30, 2)).astype(dtype)
    yield "30 rows, 30 components", Data(X, 30)
    yield "30 rows, 25 components", Data(X, 25)
    yield "two rows, two components", Data(X[:2], 2)
    yield "two rows, one component", Data(X[:2], 1, np.zeros(2, dtype=int))


@_fault("groups of very different sizes")
def _unbalanced(dtype: str) -> Variants:
    for sizes in ((500, 80, 10), (580, 10, 10)):
        X, labels = blobs(17, sizes)
        yield " ".join(map(str, sizes)), Data(X.astype(dtype), 3, labels)


@_fault("groups of very different widths")
def _widths(dtype: str) -> Variants:
    X, labels = blobs(18, apart=0.0)
    centres = np.array([[0.0, 0.0, 0.0], [40.0, 0.0, 0.0], [0.0, 40.0, 0.0]])
    for least in (1e-1, 1e-2):
        rows = centres[labels] + X * np.array([1.0, least, 3.0])[labels, None]
        yield f"{least:g} to 3 sd", Data(rows.astype(dtype), 3, labels)


@_fault("many groups")
def _many(dtype: str) -> Variants:
    for side in (2, 3, 4):
        rng = generator_of(21)
        labels = rng.permutation(np.repeat(np.arange(side**2), 30))
        centres = 12.0 * np.column_stack(np.divmod(labels, side))
        X = centres + rng.standard_normal(centres.shape)
        yield f"{side**2} on a grid", Data(X.astype(dtype), side**2, labels)


@_fault("one feature")
def _one_feature(dtype: str) -> Variants:
    X, labels = blobs(19)
    yield "three groups", Data(X[:, :1].astype(dtype), 3, labels)
    yield "one group", Data(X[labels == 0, :1].astype(dtype), 1, np.zeros(70, dtype=int))


@_fault("long tails")
def _tails(dtype: str) -> Variants:
    rng = generator_of(20)
    yield "Cauchy", Data(rng.standard_cauchy((300, 2)).astype(dtype), 3)
    yield "log-normal", Data(rng.lognormal(sigma=5.0, size=(300, 2)).astype(dtype), 3)


@_fault("few distinct numbers")
def _discrete(dtype: str) -> Variants:
    rng = generator_of(22)
    yield "binary", Data(rng.integers(0, 2, (200, 6)).astype(dtype), 4)
    yield "one-hot", Data(np.eye(5)[rng.integers(0, 5, 200)].astype(dtype), 5)
    yield "counts", Data(rng.poisson(0.2, (200, 4)).astype(dtype), 3)
    steps = np.finfo(dtype).eps * rng.integers(0, 4, (200, 2))
    yield "one rounding apart", Data((1.0 + steps).astype(dtype), 2)


@_fault("rows on a curve")
def _curves(dtype: str) -> Variants:
    rng = generator_of(23)
    angle = rng.uniform(0.0, 2.0 * np.pi, 200)
    yield "a circle", Data(np.column_stack([np.cos(angle), np.sin(angle)]).astype(dtype), 5)
    yield "a line", Data(np.outer(rng.standard_normal(200), [1.0, 2.0, 3.0]).astype(dtype), 5)
