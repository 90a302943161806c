"""`python -m benchmarks [CLAIM ...] [--smoke] [--write]`: measure, print, and keep in the documents."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.machine import this_machine
from benchmarks.table import Table, write_into

CLAIMS = (
    "em_pass",
    "peers",
    "sweep",
    "scoring",
    "serving",
    "kmeans",
    "peak_share",
    "halves",
    "scaling",
    "threads",
    "memory",
    "accuracy",
    "interruption",
    "startup",
    "torture",
    "defaults",
    "units",
    "prior",
)
_ROOT = Path(__file__).resolve().parent.parent
_DOCUMENTS = (
    _ROOT / "README.md",
    _ROOT / "docs" / "performance.md",
    _ROOT / "docs" / "trust.md",
    _ROOT / "docs" / "guide" / "serving.md",
)


def main() -> None:
    """Run the claims that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("claims", nargs="*", metavar="CLAIM", help=f"{', '.join(CLAIMS)}; all by default")
    parser.add_argument("--smoke", action="store_true", help="at a size that only shows that they run")
    parser.add_argument("--write", action="store_true", help="put the tables into README and docs")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.claims if name not in CLAIMS]
    if unknown:
        parser.error(f"there is no claim {unknown[0]!r}: choose from {', '.join(CLAIMS)}")
    if arguments.smoke and arguments.write:
        parser.error("numbers of a smoke run are no claim: leave one of --smoke and --write out")
    machine = this_machine().line()
    print(machine, flush=True)
    for name in arguments.claims or CLAIMS:
        claim = import_module(f"benchmarks.{name}")
        # On small arrays the threads of BLAS wait for each other, which beside other work takes minutes. Only
        # libraries that are loaded by now can be told so.
        with threadpool_limits(1 if arguments.smoke else None, user_api="blas"):
            tables = claim.run(smoke=arguments.smoke)
        tables = [Table(t.name, t.columns, t.rows, f"{t.note} {machine}.") for t in tables]
        for table in tables:
            print(f"\n## {table.name}\n\n{table.markdown()}", flush=True)
            if arguments.write and not [d for d in _DOCUMENTS if write_into(d, table)]:
                sys.exit(f"no document has a place for the table {table.name!r}")


if __name__ == "__main__":
    main()
