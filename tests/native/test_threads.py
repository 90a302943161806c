"""The number of threads, other callers and forks change no bit of a result."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pytest

from mixtura import _native

ROWS = (1, 2, 63, 1000, 4099, 20_000, 100_000)
needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork"
)
# Python 3.12 and later warn of any fork while other threads live; the pool of the core is what is tested.
fork_may_warn = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@pytest.mark.parametrize("n", ROWS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_number_of_threads_changes_no_bit(each_pass, n, dtype, arguments, bits) -> None:
    args = arguments(each_pass, n=n, d=5, k=7, dtype=dtype)
    one = bits(each_pass, args)
    for n_threads in (2, 5, 16):
        assert bits(each_pass, args | {"n_threads": n_threads}) == one


@pytest.mark.parametrize(("d", "k"), [(1, 1), (2, 40), (17, 3), (40, 9)])
def test_the_number_of_threads_changes_no_bit_of_other_shapes(each_pass, d, k, arguments, bits) -> None:
    args = arguments(each_pass, n=6007, d=d, k=k)
    one = bits(each_pass, args)
    for n_threads in (2, 5, 16):
        assert bits(each_pass, args | {"n_threads": n_threads}) == one


def test_the_layout_of_the_rows_changes_no_bit(each_pass, arguments, bits) -> None:
    args = arguments(each_pass, n=5000, d=9)
    X = args["X"]
    want = bits(each_pass, args)
    wide = np.full((5000, 20), np.nan)
    wide[:, 1:19:2] = X
    for other in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], X[::-1].copy()[::-1], wide[:, 1:19:2]):
        assert bits(each_pass, args | {"X": other}) == want


def test_eight_callers_at_once(each_pass, arguments, bits) -> None:
    sizes = [3, 700, 9000, 15_000, 9001, 15_001, 64, 20_000]
    problems = [arguments(each_pass, n=n, d=6, k=5) | {"n_threads": 1 + i % 4} for i, n in enumerate(sizes)]
    alone = [bits(each_pass, args) for args in problems]
    barrier = threading.Barrier(len(problems))

    def work(args: dict[str, Any]) -> list[bytes]:
        barrier.wait(timeout=30)
        return [bits(each_pass, args) for _ in range(4)]

    with ThreadPoolExecutor(len(problems)) as pool:
        together = list(pool.map(work, problems))
    assert together == [[want] * 4 for want in alone]


def test_python_goes_on_during_a_pass() -> None:
    # The GIL is released: this thread counts while another is inside of the core.
    X = np.broadcast_to(np.ones((1, 32)), (400_000, 32))
    eye = np.stack([np.eye(32)] * 20)
    done = threading.Event()

    def work() -> None:
        _native.e_step_dense(X, None, np.zeros(32), np.zeros((20, 32)), eye, np.zeros(20), 1)
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    turns = 0
    while not done.wait(0.001):
        turns += 1
    worker.join()
    assert turns > 10


def in_child(bits: Any, passes: list[tuple[str, dict[str, Any]]], pipe: Connection) -> None:
    pipe.send_bytes(b"".join(bits(name, args) for name, args in passes))
    pipe.close()


def forked(bits: Any, passes: list[tuple[str, dict[str, Any]]]) -> bytes:
    """What a forked child computes; fails if it does not answer."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=in_child, args=(bits, passes, sender))
    child.start()
    sender.close()
    try:
        assert receiver.poll(30), "the child hangs"
        answered = receiver.recv_bytes()
        child.join(10)
        assert child.exitcode == 0
        return answered
    finally:
        if child.is_alive():
            child.kill()
            child.join(10)


PASSES = ("e_step_dense", "e_step_shared_diagonal", "score_dense", "lloyd_step")


@needs_fork
@fork_may_warn
@pytest.mark.parametrize("n_threads", [1, 4])
def test_a_forked_child_computes_the_same(n_threads, arguments, bits) -> None:
    passes = [(name, arguments(name, n=20_000, d=6, k=5) | {"n_threads": n_threads}) for name in PASSES]
    here = b"".join(bits(name, args) for name, args in passes)
    assert forked(bits, passes) == here
    assert forked(bits, passes) == here  # a second child, of a parent that still has its pool
    assert b"".join(bits(name, args) for name, args in passes) == here


@needs_fork
@fork_may_warn
def test_a_child_forked_during_a_pass_computes_the_same(arguments, bits) -> None:
    passes = [("e_step_dense", arguments("e_step_dense", n=20_000, d=6, k=5) | {"n_threads": 3})]
    here = bits(*passes[0])
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            bits(*passes[0])

    worker = threading.Thread(target=busy)
    worker.start()
    try:
        for _ in range(5):
            assert forked(bits, passes) == here
    finally:
        stop.set()
        worker.join()


def test_more_threads_than_rows_or_cores(each_pass, arguments, bits) -> None:
    args = arguments(each_pass, n=30_000, d=4, k=5)
    assert bits(each_pass, args | {"n_threads": 100}) == bits(each_pass, args)
