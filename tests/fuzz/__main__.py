"""`python -m tests.fuzz [files|native] --seconds N --seed S`: seeded attacks until the time is up.

Prints how many there were and how they ended. A finding ends the run, and its traceback says what repeats
it. A crash of the process ends it too: the last line of `--log` is its culprit.

CONTRIBUTING.md says how to have the native functions watched by the sanitizers.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from tests.fuzz import files, native

FUZZERS: dict[str, Callable[[int, TextIO | None], str]] = {"files": files.once, "native": native.once}


def main() -> None:
    """Run the fuzzers that are named, or all, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("fuzzers", nargs="*", help=f"{', '.join(FUZZERS)}; all by default")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each")
    parser.add_argument("--seed", type=int, default=0, help="of the first attack; the next have the next")
    parser.add_argument("--count", type=int, help="attacks, instead of seconds")
    parser.add_argument("--log", type=Path, help="where to write each attack before it is made")
    arguments = parser.parse_args()
    unknown = set(arguments.fuzzers) - set(FUZZERS)
    if unknown:
        parser.error(f"there is no fuzzer {unknown.pop()!r}: choose from {', '.join(FUZZERS)}")
    log = arguments.log.open("w", encoding="utf-8") if arguments.log else None
    for name in arguments.fuzzers or FUZZERS:
        ends: Counter[str] = Counter()
        seed, begin = arguments.seed, time.monotonic()
        while (
            seed < arguments.seed + arguments.count
            if arguments.count
            else time.monotonic() - begin < arguments.seconds
        ):
            try:
                ends[FUZZERS[name](seed, log)] += 1
            except BaseException as finding:
                finding.add_note(f"{name}: repeat with --seed {seed} --count 1")
                raise
            seed += 1
        told = ", ".join(f"{count} {end}" for end, count in ends.most_common())
        sys.stdout.write(f"{name}: {sum(ends.values())} attacks from seed {arguments.seed}: {told}\n")


if __name__ == "__main__":
    main()
