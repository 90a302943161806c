"""How Sphinx builds these pages: `python -m sphinx -W --keep-going -b html docs build/docs`."""

from __future__ import annotations

import sys
from enum import Enum
from functools import cached_property
from inspect import isroutine
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

import mixtura

if TYPE_CHECKING:
    from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "mixtura"
author = "The mixtura developers"
project_copyright = author
version = release = mixtura.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "mathml",
]
templates_path = ["_templates"]
exclude_patterns = ["gallery", "pictures"]

# A name in single backticks is linked where it is documented, and code where it is not. One that begins with
# `mixtura.` has to be documented, and so has all that is named by a role.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [("py:obj", r"(?!mixtura\.).*")]

# Types stand in the docstrings, with shapes.
autodoc_typehints = "none"
numpydoc_show_class_members = False
# What a docstring has to have is ruff's to say (rules D), and the tests'.
numpydoc_validation_checks: set[str] = set()

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": ["gallery"],
    "gallery_dirs": ["auto_gallery"],
    "filename_pattern": r"[\\/]plot_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib", "gallery_warnings.as_errors"),
    "reset_modules_order": "both",
    "capture_repr": ("_repr_html_", "__repr__"),
    # What `fit`, a display or matplotlib return is no result to show.
    "ignore_repr_types": r"matplotlib\.|sklearn\.|mixtura\.(plot|estimators|selection|classifier|outliers)\.",
    "backreferences_dir": "api/generated/examples",
    "doc_module": ("mixtura",),
    "remove_config_comments": True,
    "show_memory": False,
    # What differs from build to build.
    "min_reported_time": 3600,
    "write_computation_times": False,
    "download_all_examples": False,
    "show_signature": False,
}

toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = f"mixtura {release}"
html_static_path = ["_static"]
html_css_files = ["mixtura.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_sidebars: dict[str, list[str]] = {
    name: [] for name in ("index", "install", "performance", "trust", "changelog")
}
html_theme_options = {
    "logo": {"text": "mixtura"},
    "navbar_align": "left",
    "navbar_persistent": [],
    "navbar_end": ["search-button-field", "theme-switcher"],
    "header_links_before_dropdown": 8,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
copybutton_exclude = ".linenos, .gp, .go"


def _is_foreign(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Leave out what a class has from scikit-learn or Python, and attributes that its docstring tells of."""
    is_property = isinstance(obj, (property, cached_property))
    if isinstance(obj, Enum):
        return None
    if isroutine(obj) or is_property:
        code = getattr(obj, "fget", None) or getattr(obj, "func", None) or obj
        return None if str(getattr(code, "__module__", "")).startswith("mixtura") else True
    return True if what == "class" else None


def _without_last_blank(app: Sphinx, doctree: nodes.document) -> None:
    """Drop the blank line at the end of examples, which a doctest has to end with."""
    for block in doctree.findall(nodes.literal_block):
        text = block.astext()
        if text != text.rstrip("\n"):
            block.rawsource = text.rstrip("\n")
            block.children = [nodes.Text(block.rawsource)]


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.connect("autodoc-skip-member", _is_foreign)
    app.connect("doctree-read", _without_last_blank)
