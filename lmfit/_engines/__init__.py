"""The optimisers: one small function each, found by name in a registry."""

from __future__ import annotations

from . import leastsq
from .base import (
    Engine,
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
    "Engine",
    "Objective",
    "Outcome",
    "check_options",
    "find",
    "generator",
    "leastsq",
    "names",
    "register",
    "usable_options",
]
