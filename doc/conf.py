"""How Sphinx builds the documentation: ``make doc``."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import model_pages
from sphinx.application import Sphinx
from sphinx.util.inspect import stringify_signature

import lmfit

project = "lmfit"
author = "the lmfit developers"
copyright = "2012, Matthew Newville, Till Stensitzki, and others"  # noqa: A001
version = release = lmfit.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",  # `testsetup` blocks, which are not shown
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_generated"]
highlight_language = "none"
# `name` in a docstring is code; a link where there is something of that name.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [
    ("py:obj", r".*"),  # in docstrings also names of arguments and attributes
    ("py:class", r"enum\.Enum|lmfit\.(result\.ReadsResult|.*_\w+\.\w+|models?\._\w+)"),  # base classes
]
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"lmfit {release}"
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["lmfit.css"]
mathjax4_config = {"output": {"displayOverflow": "linebreak"}}  # wide formulas on narrow screens

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's lists of parameters have the types
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/",
    "ignore_pattern": r"nist\.py",  # a loader of data that the others import
    "image_scrapers": ("gallery_pictures.saved_or_open",),
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "remove_config_comments": True,
    "within_subsection_order": "gallery_pictures.InOrder",
    "matplotlib_animations": False,
    "abort_on_example_error": True,
}


def arguments(_app: Sphinx, what: str, _name: str, obj: Any, *_others: Any) -> tuple[str, None] | None:
    """The arguments of models, as Python shows them: those of ``__init__``, not of the base's ``__new__``."""
    if what != "class" or not issubclass(obj, lmfit.Model):
        return None
    signature = inspect.signature(obj)
    return stringify_signature(signature, show_annotation=False, show_return_annotation=False), None


def setup(app: Sphinx) -> None:
    """Write what pages include, and show the arguments of models."""
    app.connect("builder-inited", lambda app: model_pages.write())
    app.connect("autodoc-process-signature", arguments)
