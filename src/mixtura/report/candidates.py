"""What a selection has compared, as tables: the criterion at a glance, and all candidates."""

from __future__ import annotations

from collections import Counter

import numpy as np

from mixtura._typing import IntArray
from mixtura.report.grid import Cell, Grid, cell, criterion, whole
from mixtura.selection import Comparison

__all__ = ["CRITERIA", "candidates_grid", "criterion_grid"]

CRITERIA = {
    "bic": "BIC",
    "aic": "AIC",
    "icl": "ICL",
    "cv": "log-likelihood of rows held out, nats a row",
    "criterion": "criterion",
}
_SHOWN_COUNTS = 60
_SHOWN_CANDIDATES = 240
_SHOWN_REASONS = 6
_LOOSE = "! components that the data do not settle: the criterion says nothing of the data"
_UNFINISHED = "~ not converged"


def criterion_grid(compared: Comparison) -> Grid:
    """The criterion by number of components and structure, and why candidates have none."""
    table = compared.table
    structures = list(dict.fromkeys(table["covariance_type"]))
    counts = np.unique(table["n_components"])
    at = {
        (int(k), structure): i
        for i, (k, structure) in enumerate(zip(table["n_components"], table["covariance_type"], strict=True))
    }
    rows = []
    for k in _around(counts, table["n_components"][compared.best_index]):
        found = [at.get((int(k), structure)) for structure in structures]
        rows.append([cell(k), *(cell("") if i is None else _value_cell(compared, i) for i in found)])
    better = "higher" if compared.criterion == "cv" else "lower"
    notes = [f"★ chosen; {better} is better."]
    loose = int((table["findings"] != "").sum())
    if loose:
        notes.append(f"{_LOOSE} ({loose}).")
    unfinished = sum(not _is_failed(compared, i) and _is_unfinished(compared, i) for i in range(len(at)))
    if unfinished:
        notes.append(f"{_UNFINISHED} ({unfinished}): a larger max_iter gives more passes.")
    notes += _reasons(compared)
    if len(counts) > _SHOWN_COUNTS:
        notes.append(f"Of {len(counts)} numbers of components, those nearest to the chosen are shown.")
    title = CRITERIA[compared.criterion]
    return Grid(
        f"{title[0].upper()}{title[1:]} by number of components and covariance structure",
        [cell("components"), *map(cell, structures)],
        rows,
        notes,
    )


def candidates_grid(compared: Comparison) -> Grid:
    """Every candidate with all that was measured; what took time is not in it, as it differs each time."""
    table = compared.table
    columns = ["bic", "aic", "icl"]
    columns += [name for name in ("cv", "criterion") if name == compared.criterion]
    head = ["components", "covariance", "parameters", "log-likelihood"]
    head += [CRITERIA[name] for name in columns] + ["passes", "remarks"]
    rows = []
    for i in range(min(len(table["n_components"]), _SHOWN_CANDIDATES)):
        chosen = i == compared.best_index
        remark = table["error"][i] or table["findings"][i]
        if not remark and _is_unfinished(compared, i):
            remark = "not converged"
        mark = "failed" if table["error"][i] else "loose" if table["findings"][i] else ""
        mark = "best" if chosen else mark
        rows.append(
            [
                Cell(f"{table['n_components'][i]}{' ★' * chosen}", mark="best" * chosen),
                cell(table["covariance_type"][i]),
                cell(whole(int(table["n_parameters"][i]))),
                *(cell(criterion(table[name][i])) for name in ("log_likelihood", *columns)),
                cell(whole(int(table["n_passes"][i])) if not table["error"][i] else "–"),
                Cell("chosen" if chosen and not remark else remark, mark=mark),
            ]
        )
    left = len(table["n_components"]) - len(rows)
    notes = [f"{left} more candidates not shown."] if left else []
    return Grid("All candidates", [cell(text) for text in head], rows, notes, frozenset({1, len(head) - 1}))


def _around(counts: IntArray, best: int) -> IntArray:
    """Return the counts to show: all, or those nearest to the best."""
    nearest = np.argsort(np.abs(counts - best), kind="stable")[:_SHOWN_COUNTS]
    return np.asarray(np.sort(counts[nearest]))


def _value_cell(compared: Comparison, i: int) -> Cell:
    if _is_failed(compared, i):
        return Cell("–", mark="failed")
    text = criterion(compared.table[compared.criterion][i])
    if i == compared.best_index:
        return Cell(f"{text} ★", mark="best")
    if compared.table["findings"][i]:
        return Cell(f"{text} !", mark="loose")
    return Cell(f"{text} ~") if _is_unfinished(compared, i) else cell(text)


def _is_failed(compared: Comparison, i: int) -> bool:
    return bool(compared.table["error"][i])


def _is_unfinished(compared: Comparison, i: int) -> bool:
    return bool(compared.table["stopping_reason"][i] != "converged")


def _reasons(compared: Comparison) -> list[str]:
    """Return why candidates were not fitted, the most frequent reason first."""
    reasons = Counter(error for error in compared.table["error"] if error)
    told = [f"– not fitted ({n}): {reason}." for reason, n in reasons.most_common(_SHOWN_REASONS)]
    others = sum(reasons.values()) - sum(n for _, n in reasons.most_common(_SHOWN_REASONS))
    return told + ([f"– not fitted for other reasons ({others})."] if others else [])
