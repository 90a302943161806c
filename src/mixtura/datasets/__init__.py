"""Small classics, as real files inside the package; `files/SOURCES.md` says where they come from."""

from mixtura.datasets.classics import Dataset, load_diabetes, load_faithful, load_galaxies, path

__all__ = ["Dataset", "load_diabetes", "load_faithful", "load_galaxies", "path"]
