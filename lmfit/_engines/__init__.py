"""The optimisers: one small function each, found by name in a registry."""

from __future__ import annotations

from . import ampgo, grid, least_squares, leastsq, local, multistart, sampling, stochastic, varpro
from .base import (
    LACKING,
    Engine,
    Finds,
    Objective,
    Outcome,
    check_options,
    find,
    generator,
    names,
    register,
    usable_options,
)

__all__ = [
    "LACKING",
    "Engine",
    "Finds",
    "Objective",
    "Outcome",
    "ampgo",
    "check_options",
    "find",
    "generator",
    "grid",
    "least_squares",
    "leastsq",
    "local",
    "multistart",
    "names",
    "register",
    "sampling",
    "stochastic",
    "usable_options",
    "varpro",
]
