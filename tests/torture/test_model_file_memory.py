"""What a model file takes in memory: its own size for what is refused, twice that for a mixture."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mixtura import Mixture
from tests.fuzz.sealing import described_text, opened, sealed, sealed_text

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peaks are in other units elsewhere")

SLACK = 8e6  # modules that are imported late, and the allocator's own
K, D = 4, 800

# Each file is loaded in a forked child, whose peak is its own.
_PEAKS = """
import json, os, resource, sys
import mixtura
from mixtura.errors import ModelFileError

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def load(path):
    try:
        model = mixtura.load(path)
    except ModelFileError as error:
        return str(error)
    return type(model).__name__

small, *paths = sys.argv[1:]
load(small)
out = {}
for path in paths:
    receiver, sender = os.pipe()
    if os.fork() == 0:
        before = peak()
        answer = load(path)
        os.write(sender, json.dumps([peak() - before, answer]).encode())
        os._exit(0)
    os.close(sender)
    with open(receiver) as told:
        out[path] = json.load(told)
    os.wait()
print(json.dumps(out))
"""


def peaks(folder: Path, files: dict[str, bytes]) -> dict[str, tuple[float, str]]:
    """Bytes that a load takes beyond what the process has, and what it answers, for each file."""
    small = folder / "small"
    Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.0], [0.0, 1.0]]], "full").save(small)
    paths = {name: folder / name for name in files}
    for name, content in files.items():
        paths[name].write_bytes(content)
    words = [sys.executable, "-c", _PEAKS, str(small), *map(str, paths.values())]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(done.stdout)
    return {name: tuple(told[str(path)]) for name, path in paths.items()}


def test_the_memory_of_large_files(tmp_path: Path) -> None:
    eye = np.stack([np.eye(D)] * K)
    Mixture(np.full(K, 1 / K), np.zeros((K, D)), eye, "full").save(tmp_path / "large")
    content = (tmp_path / "large").read_bytes()
    size = len(content)
    assert size > 20e6
    tensors, described = opened(content)
    wrong = {"not symmetric": (0, 1), "not positive definite": (5, 5), "finite": (-1, -1)}
    values = {"not symmetric": 0.5, "not positive definite": -1.0, "finite": np.nan}
    files = {"whole": content}
    files["SHA-256"] = content[:-1] + bytes([content[-1] ^ 1])
    files["content does not match"] = content[:-1]
    files["not a mixtura model file"] = (2**40).to_bytes(8, "little") + content[8:]
    for name, place in wrong.items():
        spoiled = tensors["covariances"].copy()
        spoiled[-1][place] = values[name]
        files[name] = sealed({**tensors, "covariances": spoiled}, described)
    for name, (peak, answer) in peaks(tmp_path, files).items():
        if name == "whole":
            assert answer == "Mixture"
            assert 2 * size < peak < 2 * size + SLACK
        else:
            assert name in answer
            # A factor is begun before it is known that there is none.
            assert peak < (2 if "definite" in name else 1) * size + SLACK, name


def test_the_memory_of_much_json(tmp_path: Path) -> None:
    Mixture([0.5, 0.5], np.zeros((2, 2)), np.stack([np.eye(2)] * 2), "full").save(tmp_path / "plain")
    content = (tmp_path / "plain").read_bytes()
    text = described_text(opened(content)[1])
    length = 2_000_000
    many = {"lists": "[],", "objects": "{},", "names": '"ab",', "fractions": "0.5,", "nothing": "null,"}
    files = {}
    for name, item in many.items():
        count = length // (len(json.dumps(item)) - 2)  # as it stands in the file, escaped
        files[name] = sealed_text(f'{text[:-1]},"z":[{item * count}0]}}', content[-112:])
    for name, (peak, answer) in peaks(tmp_path, files).items():
        assert answer == "Mixture", name
        assert peak < 80e6, name
