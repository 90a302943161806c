"""Too little memory and too few threads: a MemoryError or the same result, never the end of the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory and threads are POSIX")

ROOT = Path(__file__).parents[2]


def run(script: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    return done.stdout.strip()


_RESULTS = """
import resource, sys
import numpy as np
from mixtura import GaussianMixture
from tests.faults.fits import fitted_bits
threads = int(sys.argv[1])
here = fitted_bits()
X = np.random.default_rng(0).normal(size=(20_000, 2))
model = GaussianMixture(8, random_state=0, n_jobs=threads, max_iter=3, tol=1.0).fit(X)
model.predict_proba(X)
many = np.broadcast_to(X[:1], (4_000_000, 2))  # of which nothing but results takes memory
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 20_000_000,) * 2)
failed = 0
for _ in range(3):
    for work in (model.predict_proba, model.score_samples, model.predict, GaussianMixture(2).fit):
        try:
            work(many)
        except MemoryError:
            failed += 1
assert fitted_bits() == here, "another result after a shortage"
print(failed)
"""


@pytest.mark.parametrize("n_threads", [1, 3])
def test_results_that_find_no_memory(n_threads: int) -> None:
    assert int(run(_RESULTS, str(n_threads))) >= 9


# With a little more memory at each step, allocations fail at one place of a pass after the other.
_STEPS = """
import resource, sys
import numpy as np
from mixtura import _native
n, d, k = 6_000, 24, 300
rng = np.random.default_rng(0)
X, means = rng.normal(size=(n, d)), rng.normal(size=(k, d))
args = (X, None, np.zeros(d), means, np.stack([np.eye(d)] * k), np.zeros(k))
small = (X[:50], None, np.zeros(d), means[:2], np.stack([np.eye(d)] * 2), np.zeros(2), 1)
want = b"".join(np.asarray(part).tobytes() for part in _native.e_step_dense(*small))
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
ends = set()
for left in [*range(0, 8_000_000, 500_000), *range(8_000_000, 60_000_000, 8_000_000)]:
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + left, hard))
    try:
        _native.e_step_dense(*args, 4)
        ends.add("done")
    except MemoryError:
        ends.add("MemoryError")
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    assert b"".join(np.asarray(part).tobytes() for part in _native.e_step_dense(*small)) == want
print(*sorted(ends))
"""


def test_a_pass_that_finds_memory_only_for_a_part_of_its_threads() -> None:
    assert run(_STEPS) == "MemoryError done"


_THREADS = """
import os, resource, sys
import numpy as np
from tests.faults.fits import fitted_bits
from mixtura import _native
here = fitted_bits(n_jobs=1)
if os.getuid() == 0:
    os.setuid(54321)  # for whom no process runs, and whom limits bind
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
import threading
try:
    threading.Thread(target=int).start()
    print("no limit")
except RuntimeError:
    assert fitted_bits(n_jobs=64) == here
    print("same bits")
"""


def test_a_system_that_gives_no_threads() -> None:
    told = run(_THREADS)
    if told == "no limit":
        pytest.skip("the limit of threads does not hold here")
    assert told == "same bits"
