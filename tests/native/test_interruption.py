"""Ctrl-C during a long pass."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mixtura import GaussianMixture, _native
from mixtura.selection import select

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "pthread_kill"), reason="this system cannot send a signal to one thread"
)

DELAY = 0.15
D, K = 48, 100


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[], None]]:
    """Something that presses Ctrl-C after a moment; the usual handler listens, whatever the runner set."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.main_thread().ident
    assert main is not None
    timers: list[threading.Timer] = []

    def start() -> None:
        timers.append(threading.Timer(DELAY, signal.pthread_kill, (main, signal.SIGINT)))
        timers[-1].start()

    yield start
    for timer in timers:
        timer.cancel()
        timer.join()
    signal.signal(signal.SIGINT, before)


def long_arguments(name: str, build: Callable[..., dict[str, Any]], n_threads: int) -> dict[str, Any]:
    """Arguments of a pass that takes many seconds: one row, seen often, costs no memory."""
    slow = name.startswith(("e_step_dense", "score_dense", "em"))
    n = 200_000 if slow else 1_000_000
    args = build(name, n=1, d=D, k=K if slow else 20 * K)
    args["X"] = np.broadcast_to(args["X"], (n, D))
    if "sample_weight" in args:
        args["sample_weight"] = None
    if name.startswith("score"):
        args |= {"resp": False}
    if name.startswith("em"):
        args["weight"] = float(n)
    for key, dtype in (("closest", np.float32), ("labels", np.int32), ("lower", np.float32)):
        if key in args and isinstance(args[key], np.ndarray):
            args[key] = np.zeros(n, dtype=dtype)
    return args | {"n_threads": n_threads}


def long_task(task: tuple[Any, ...], passes: int) -> tuple[Any, ...]:
    """The same of that many passes."""
    start, bounds, course = task
    return (start, bounds, (*course[:3], passes, *course[4:]))


INTERRUPTIBLE = (
    "e_step_dense",
    "e_step_diagonal",
    "e_step_shared_dense",
    "score_dense",
    "score_shared",
    "nearest",
    "potential",
    "lloyd_step",
)


@pytest.mark.parametrize("n_threads", [1, 4])
@pytest.mark.parametrize("name", INTERRUPTIBLE)
def test_ctrl_c_ends_a_pass_at_once(name, n_threads, ctrl_c, call, arguments, bits) -> None:
    small = arguments(name, n=5000)
    before = bits(name, small)
    args = long_arguments(name, arguments, n_threads)
    ctrl_c()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        call(name)(**args)
    elapsed = time.perf_counter() - start
    assert DELAY * 0.9 < elapsed < DELAY + 0.5
    assert bits(name, small) == before  # and the core is ready for the next


def test_a_handler_of_one_s_own_is_heard_and_may_let_the_pass_go_on(arguments) -> None:
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(time.perf_counter()))
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.05, signal.pthread_kill, (main, signal.SIGINT))
    args = long_arguments("e_step_diagonal", arguments, 1)
    args["X"] = args["X"][:20_000]
    try:
        timer.start()
        s0 = _native.e_step_diagonal(**args)[0]
        ended = time.perf_counter()
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert s0.sum() == pytest.approx(20_000, rel=1e-10)
    assert len(heard) == 1
    assert heard[0] < ended


@pytest.mark.parametrize("n_threads", [1, 4])
@pytest.mark.parametrize("count", [1, 6])
def test_ctrl_c_ends_all_runs_and_each_says_how_far_it_came(
    n_threads, count, ctrl_c, arguments, bits
) -> None:
    args = arguments("em_dense", n=2000) | {"n_threads": n_threads}
    before = bits("em_dense", arguments("em_dense"))
    args["tasks"] = [long_task(args["tasks"][0], 10**9)] * count
    ctrl_c()
    begin = time.perf_counter()
    runs = _native.em(**args)
    assert DELAY * 0.9 < time.perf_counter() - begin < DELAY + 0.5
    for state, trace, steps, _, end, moments in runs:
        assert end == "interrupted"
        assert moments is None
        assert (state is None) == (steps == 0)
        assert len(trace) in (0, steps + 1)
    state, trace, steps, *_ = runs[0]
    assert len(trace) == steps + 1
    again = _native.em(**(args | {"tasks": [long_task(args["tasks"][0], steps)]}))[0]
    assert again[1] == trace
    np.testing.assert_array_equal(again[0][1], state[1])
    assert bits("em_dense", arguments("em_dense")) == before


def test_another_error_of_a_handler_goes_on_its_way(arguments) -> None:
    def handler(*_: object) -> None:
        raise RuntimeError("not an interruption")

    args = arguments("em_dense", n=2000)
    before = signal.signal(signal.SIGINT, handler)
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(DELAY, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(RuntimeError, match="not an interruption"):
            _native.em(**(args | {"tasks": [long_task(args["tasks"][0], 10**9)]}))
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_during_many_starts_keeps_the_best_so_far(ctrl_c) -> None:
    X = np.random.default_rng(0).normal(size=(400, 2))
    model = GaussianMixture(4, init_params="kmeans", n_init=6, tol=0.0, max_iter=10**7, random_state=0)
    ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert model.stopping_reason_ == "interrupted"
    assert len(model.trace_) == model.n_iter_ + 1
    assert model.score(X) == pytest.approx(model.trace_[-1], rel=1e-12)


def test_ctrl_c_ends_a_selection(ctrl_c) -> None:
    X = np.random.default_rng(0).normal(size=(400, 2))
    ctrl_c()
    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        select(X, n_components=[4, 5], tol=0.0, max_iter=10**7, random_state=0)
    assert time.perf_counter() - begin < DELAY + 0.5


def test_a_signal_during_a_fit_keeps_what_is_known(ctrl_c) -> None:
    X = np.random.default_rng(0).normal(size=(20_000, 8))
    model = GaussianMixture(
        10, init_params=np.arange(20_000) % 10, tol=0.0, max_iter=10**6, n_jobs=1, reg_covar="auto"
    )
    ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert model.stopping_reason_ == "interrupted"
    assert not model.converged_
    assert len(model.trace_) == model.n_iter_ + 1
    assert model.score(X) == pytest.approx(model.trace_[-1], rel=1e-12)
