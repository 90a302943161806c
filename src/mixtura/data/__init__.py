"""From what users hold (arrays, lists, data frames, files) to the matrices that kernels read."""

from mixtura.data.matrix import as_matrix, is_plain
from mixtura.data.weights import as_sample_weight

__all__ = ["as_matrix", "as_sample_weight", "is_plain"]
