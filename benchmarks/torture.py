"""What becomes of hard and of impossible input: the torture suite, on mixtura and on scikit-learn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Any

import sklearn
from sklearn import mixture as peer

from benchmarks.table import Table
from mixtura import GaussianMixture
from tests.torture.cases import cases
from tests.torture.judge import Verdict, judge

__all__ = ["run"]

_ESTIMATORS: tuple[type[Any], ...] = (GaussianMixture, peer.GaussianMixture)
_STEP_OF_SMOKE = 11  # no multiple of the count of structures or dtypes
_NOTE = (
    "Cases that ended in a sound fit, or in a typed error where there is no answer (sound); in an error "
    "although there is an answer (none); in a wrong answer with a warning (loud); in one without (silent). "
    f"Defaults of mixtura and of scikit-learn {sklearn.__version__}, random_state=0."
)


def _counts(verdicts: Sequence[Verdict]) -> list[str]:
    return [
        str(sum(getattr(verdict, way) for verdict in verdicts))
        for way in ("survived", "stopped", "is_loud", "is_silent")
    ]


def run(*, smoke: bool) -> list[Table]:
    """Judge both estimators on every case that both can be asked."""
    verdicts: dict[str, list[list[Verdict]]] = defaultdict(lambda: [[] for _ in _ESTIMATORS])
    for case in islice(cases(), 0, None, _STEP_OF_SMOKE if smoke else 1):
        for estimator, found in zip(_ESTIMATORS, verdicts[case.fault], strict=True):
            found.append(judge(partial(estimator, random_state=0), case))
    verdicts["all"] = [
        [verdict for found in verdicts.values() for verdict in found[i]] for i in range(len(_ESTIMATORS))
    ]
    rows = [
        [fault, str(len(found[0])), *_counts(found[0]), *_counts(found[1])]
        for fault, found in verdicts.items()
    ]
    columns = ["", "cases"]
    for name in ("mixtura", "scikit-learn"):
        columns += [f"{name}: sound", "none", "loud", "silent"]
    return [Table("torture", columns, rows, _NOTE)]
