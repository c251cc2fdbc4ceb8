"""Engines of other packages, found by the entry-point group ``lmfit.engines``.

A package names its module in its ``pyproject.toml``::

    [project.entry-points."lmfit.engines"]
    minuit = "my_package.lmfit_engine"

Loading the module runs its `register` decorators.  That happens when a name is
asked for that is not known, or when the names are listed, and only once.
"""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING

from ..errors import FitWarning

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "load"]

GROUP = "lmfit.engines"


@functools.cache
def load() -> None:
    """Load the engines of all installed packages.

    Warns
    -----
    FitWarning
        One of them cannot be loaded; the message names it and its package.
    """
    from importlib.metadata import entry_points  # which takes longer to import than most engines

    for entry in entry_points(group=GROUP):
        _load(entry)


def _load(entry: EntryPoint) -> None:
    try:
        entry.load()
    except Exception as error:  # noqa: BLE001 - another package's fault must not end a fit
        package = entry.dist.name if entry.dist is not None else "unknown"
        warnings.warn(
            f"the engine {entry.name!r} of the package {package!r} could not be loaded "
            f"({type(error).__name__}: {error}); update or remove that package",
            FitWarning,
            stacklevel=2,
        )
