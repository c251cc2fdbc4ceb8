"""What is needed to write an engine: see "Adding an engine" in the documentation.

Importing this module gives the names that an engine is made of.  It is stable: an engine of another
package imports from here, not from the modules behind it.

Examples
--------
>>> from lmfit.engines import names
>>> "leastsq" in names()
True
"""

from __future__ import annotations

from ._engines.base import Engine, Finds, Objective, Outcome, find, generator, names, register
from ._problem import Space, View

__all__ = [
    "Engine",
    "Finds",
    "Objective",
    "Outcome",
    "Space",
    "View",
    "find",
    "generator",
    "names",
    "register",
]
