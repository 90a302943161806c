"""Model files."""

from mixtura.io.loading import load
from mixtura.io.model_file import read_model, write_model

__all__ = ["load", "read_model", "write_model"]
