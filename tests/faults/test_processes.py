"""Children of every kind, before and after their parent's first fit, get the bits that their parent gets."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.fits import fitted_bits

ROOT = Path(__file__).parents[2]
TIMEOUT = 120  # seconds until a child counts as hanging

_PARENT = """
import multiprocessing, sys, warnings
from tests.faults.fits import fitted_bits
warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, which are what is tested

def child(pipe):
    pipe.send_bytes(fitted_bits())

def answer(context):
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(sender,))
    process.start()
    sender.close()
    if not receiver.poll({timeout}):
        process.kill()
        sys.exit("the child hangs")
    found = receiver.recv_bytes()
    process.join()
    return found

if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    before = answer(context)
    here = fitted_bits()
    after = answer(context), answer(context)
    assert before == here, "another result before the first fit of the parent"
    assert after == (here, here), "another result after a fit of the parent"
    assert fitted_bits() == here
    print("same bits")
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_children_before_and_after_a_fit(method: str, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT.format(timeout=TIMEOUT, method=method))
    done = subprocess.run(
        [sys.executable, str(script)],
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=4 * TIMEOUT,
    )
    assert done.stdout.strip() == "same bits", done.stderr


def test_eight_fits_at_once_are_eight_fits_one_after_the_other() -> None:
    want = [fitted_bits(seed) for seed in range(8)]
    barrier = threading.Barrier(8)

    def work(seed: int) -> bytes:
        barrier.wait(timeout=TIMEOUT)
        return fitted_bits(seed)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == want
