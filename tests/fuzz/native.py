"""The compiled functions with arguments of all kinds: a call returns, or says what is wrong with them."""

from __future__ import annotations

import os
import random
from typing import Any, TextIO

import numpy as np

from mixtura import _native
from tests.fuzz.finding import Finding

Array = np.ndarray[Any, Any]
ALLOWED = (TypeError, ValueError, MemoryError, OverflowError)
ODD = (0.0, -0.0, np.inf, -np.inf, np.nan, 1.7e308, -1.7e308, 5e-324, 1e154, 1e-200, 3.5e38, 1e-45)
INTEGERS = (-(2**63), -(2**31), -1, 0, 1, 2, 3, 64, 2**31 - 1, 2**31, 2**63 - 1, 2**64, 10**30)
DTYPES = ("f4", "f8", "f2", "i4", "i8", "c16", "?", ">f8", "O", "S8")
MOST_WORK = 2e7  # numbers times numbers: a pass that ends soon
HUGE = 2**52
# What it cannot allocate ends a process under the address sanitizer, as it cannot throw.
SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")


class Problem:
    """Sizes on which the arguments of a call mostly agree."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.n = rng.choice((0, 1, 2, 7, 63, 64, 65, 300, 3000))
        self.d = rng.choice((0, 1, 1, 2, 3, 4, 5, 8, 17, 40))
        self.k = rng.choice((0, 1, 1, 2, 3, 5, 33))
        self.wild = rng.choice((0.0, 0.01, 0.3))
        self.wrong = rng.choice((0.0, 0.0, 0.1, 0.5))

    def numbers(self, *shape: int, dtype: str = "f8") -> Any:
        """An array of this shape and type; or, if the call is to be wrong, of another."""
        rng = self.rng
        sizes = list(shape)
        if rng.random() < self.wrong:
            match rng.randrange(8):
                case 0:
                    sizes[rng.randrange(len(sizes))] = rng.choice((0, 1, 2, 5, 64))
                case 1:
                    sizes.append(1)
                case 2:
                    sizes = sizes[1:]
                case 3:
                    return rng.choice((None, "x", 1, 1.5, [], [[1.0]], object(), {}))
                case 4:
                    dtype = rng.choice(DTYPES)
                case 5:
                    return self._huge(len(sizes), dtype)
                case 6:
                    return self._laid_out(self._filled(sizes, dtype))
                case _:
                    sizes = [rng.choice((0, 1, 3, 7)) for _ in range(rng.randrange(5))]
        array = self._filled(sizes, dtype)
        if rng.random() < self.wrong / 4:
            array.flags.writeable = False
        return array

    def rows(self) -> Any:
        """X, in any layout."""
        array = self.numbers(self.n, self.d, dtype=self.rng.choice(("f4", "f8")))
        return self._laid_out(array) if isinstance(array, np.ndarray) and self.rng.random() < 0.5 else array

    def _filled(self, shape: list[int], dtype: str) -> Array:
        values = np.random.default_rng(self.rng.getrandbits(32)).normal(size=shape)
        flat = values.reshape(-1)
        for _ in range(int(self.wild * flat.size + (self.rng.random() < self.wild))):
            if flat.size:
                flat[self.rng.randrange(flat.size)] = self.rng.choice(ODD)
        with np.errstate(all="ignore"):
            return values.astype(dtype)

    def _laid_out(self, array: Array) -> Array:
        if array.ndim == 0 or max(array.shape) >= HUGE:
            return array
        match self.rng.randrange(7):
            case 0:
                return np.asfortranarray(array)
            case 1:
                return array[::-1]
            case 2:
                return array[..., ::-1]
            case 3:
                return np.repeat(array, 2, axis=0)[::2]
            case 4:
                return np.repeat(array, 3, axis=-1)[..., ::3]
            case 5:
                return np.broadcast_to(array[:1], array.shape)
            case _:
                memory = np.zeros(array.nbytes + 1, dtype=np.uint8)
                other = memory[1:].view(array.dtype) if array.dtype != object else array.flatten()
                other[:] = array.reshape(-1)
                return other.reshape(array.shape)  # not aligned

    def _huge(self, ndim: int, dtype: str) -> Array:
        """One number, seen so often that no memory holds what is made of it."""
        shape = [self.rng.choice((0, 1, HUGE, 2**58)) for _ in range(max(ndim, 1))]
        try:
            return np.broadcast_to(np.zeros([1] * len(shape), dtype=dtype), shape)
        except ValueError:  # even for NumPy
            return np.zeros(0)

    def integer(self) -> Any:
        """A number of threads, mostly."""
        if self.rng.random() < self.wrong:
            return self.rng.choice((*INTEGERS, None, 1.5, "2", True))
        return self.rng.choice((1, 1, 2, 5, 64, 2**31 - 1))

    def scalar(self) -> Any:
        """A number."""
        if self.rng.random() < self.wrong:
            return self.rng.choice((None, "x", [], np.float32(2)))
        return self.rng.choice(ODD) if self.rng.random() < self.wild else self.rng.normalvariate(1.0, 1.0)

    def maybe(self, value: Any) -> Any:
        """The value, or none."""
        return None if self.rng.random() < 0.4 else value

    def whitener(self, *lead: int) -> Any:
        """Matrices, diagonals or single numbers."""
        d = self.d
        return self.numbers(*lead, *self.rng.choice(((d, d), (d,), (1,))))


def _arguments(name: str, p: Problem) -> list[Any]:
    X, weight, centre = p.rows(), p.maybe(p.numbers(p.n)), p.numbers(p.d)
    means, offset, threads = p.numbers(p.k, p.d), p.numbers(p.k), p.integer()
    match name:
        case "e_step_dense":
            return [X, weight, centre, means, p.numbers(p.k, p.d, p.d), offset, threads]
        case "e_step_diagonal":
            return [X, weight, centre, means, p.numbers(p.k, p.rng.choice((1, p.d))), offset, threads]
        case "e_step_shared":
            whitener = p.whitener()
            alike = isinstance(whitener, np.ndarray) and whitener.ndim > 0 and max(whitener.shape) < HUGE
            scatter = p.numbers(*whitener.shape) if alike else p.whitener()
            return [X, weight, centre, means, whitener, offset, scatter, p.numbers(p.d), threads]
        case "score":
            wanted = [p.rng.random() < 0.5 for _ in range(3)]
            return [X, centre, means, p.whitener(p.rng.choice((p.k, 1))), offset, threads, *wanted]
        case "nearest":
            return [X, centre, means, p.scalar(), threads]
        case "min_update":
            return [X, weight, centre, p.numbers(p.d), p.scalar(), p.numbers(p.n, dtype="f4"), threads]
        case "potential":
            return [X, weight, centre, means, p.scalar(), p.numbers(p.n, dtype="f4"), threads]
        case "lloyd_step":
            before, unit = p.maybe(p.numbers(p.k, p.d)), p.scalar()
            arrays = p.numbers(p.n, dtype="i4"), p.numbers(p.n, dtype="f4")
            return [X, weight, centre, means, before, unit, threads, *arrays]
        case "whiten" | "first_indefinite":
            return [p.numbers(p.k, p.d, p.d)]
        case "is_short_pass":
            return [p.rng.choice(INTEGERS), p.integer(), p.integer(), p.rng.choice((True, False, None, 1))]
        case "set_instruction_set":
            return [p.rng.choice((*_native.config()["available"], "none", "", "x" * 1000, "\x00", None, 3))]
        case "config":
            return []
        case _:
            return _unknown(name, p)


def _unknown(name: str, p: Problem) -> list[Any]:
    """Arguments for a function of which no more is known than how many it takes."""
    text = getattr(_native, name).__nb_signature__[0][0]
    kinds = (p.rows, p.integer, p.scalar, lambda: p.numbers(p.k, p.d), lambda: p.numbers(p.d), lambda: None)
    return [p.rng.choice(kinds)() for _ in range(text.count(": "))]


def _ends(name: str, arguments: list[Any]) -> bool:
    """Whether a call would end soon if it was taken: what asks for more memory than there is does."""
    sizes = sorted(float(max(a.size, *a.shape, 1)) for a in arguments if isinstance(a, np.ndarray))
    if sizes and sizes[-1] >= HUGE:
        return not SANITIZED and (name == "nearest" or (name == "score" and any(arguments[-3:])))
    return len(sizes) < 2 or sizes[-1] * sizes[-2] < MOST_WORK


FUNCTIONS = sorted(name for name in dir(_native) if hasattr(getattr(_native, name), "__nb_signature__"))


def once(seed: int, log: TextIO | None) -> str:
    """Make one call; return how it ended."""
    rng = random.Random(seed)
    name = rng.choice(FUNCTIONS)
    problem = Problem(rng)
    arguments = _arguments(name, problem)
    if not _ends(name, arguments):
        return "left out"
    if log:
        shown = [
            f"{a.dtype}{a.shape}{a.strides}" if isinstance(a, np.ndarray) else repr(a)[:40] for a in arguments
        ]
        log.write(f"{seed} {name}({', '.join(shown)})\n")
        log.flush()
    try:
        result = getattr(_native, name)(*arguments)
    except ALLOWED as error:
        return f"{type(error).__name__}"
    labels = {"score": 2, "nearest": 0}.get(name)
    if labels is not None and result[labels] is not None:
        found = result[labels]
        if found.size and not (found.min() >= 0 and found.max() < max(problem.k, 64)):
            raise Finding(f"{name}: a label that is none")
    return "returned"
