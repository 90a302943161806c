"""Data files: CSV, TSV, Parquet, JSON lines and NumPy in, CSV and Parquet out."""

from mixtura.data.files.read import read_table
from mixtura.data.files.table import Table
from mixtura.data.files.write import check_output, write_csv, write_table, writing
from mixtura.data.names import counted, listed

__all__ = [
    "Table",
    "check_output",
    "counted",
    "listed",
    "read_table",
    "write_csv",
    "write_table",
    "writing",
]
