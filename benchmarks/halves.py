"""What each part of a pass costs a row and component, on one core with its tile in cache."""

from __future__ import annotations

from benchmarks.machine import Program, peak_now
from benchmarks.table import Table

__all__ = ["run"]

_COMPONENTS = 16
_FEATURES = (2, 4, 8, 16, 32, 64, 128)
_PARTS = ("load", "logits", "log_sum_exp", "sums")
_NOTE = (
    "Nanoseconds a row and component on one core, K = 16, a tile in cache, the shortest of many; no "
    "responsibility is negligible. In brackets the share of the peak of one core, counting d (d + 1) flops "
    "for each of the two halves of full, 4 d for those of diag and 2 d for those of tied and spherical."
)


def _useful(structure: str, d: int) -> int:
    return {"full": d * (d + 1), "diag": 4 * d, "tied": 2 * d, "spherical": 2 * d}[structure]


def run(*, smoke: bool) -> list[Table]:
    """Time the parts of a pass over one tile."""
    program = Program("halves")
    rows = []
    for structure in ("full", "diag", "tied", "spherical"):
        for d in _FEATURES[:2] if smoke else _FEATURES:
            cells = []
            for dtype in ("float64", "float32"):
                found = program.run(structure, dtype, d, _COMPONENTS, 1 if smoke else 15)
                peak = peak_now(cores=1)[dtype]
                for part in _PARTS:
                    share = _useful(structure, d) / found[part] / peak
                    bracket = f" ({share:.0%})" if part in ("logits", "sums") else ""
                    cells.append(f"{found[part]:.2f}{bracket}")
            rows.append([structure, str(d), *cells])
    columns = ["", "d", *(f"{part.replace('_', '-')} {bits}" for bits in ("f64", "f32") for part in _PARTS)]
    return [Table("halves", columns, rows, _NOTE)]
