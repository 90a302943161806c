"""The start that finds the optimum: many short runs of EM on a part of the data, then exchanges."""

from mixtura.search.search import find_starts

__all__ = ["find_starts"]
