"""What a global fit minimises: the residuals of all data sets, one after the other.

A parameter that belongs to one data set has no effect on the others, so that the Jacobian consists of blocks:
each objective writes its own derivatives and nothing else is calculated.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ._derivatives import Array
from ._linear_model import Roles, linearity
from ._linearity import Linearity
from ._objective import Objective
from .parameter import Parameters

__all__ = ["GlobalObjective"]


class _Block(NamedTuple):
    """Derivatives of one data set: by which parameters, and where they stand."""

    part: Objective
    names: list[str]
    rows: list[int]
    columns: slice


class GlobalObjective:
    """The residual of several data sets as a function of Parameters.

    Parameters
    ----------
    parts : mapping
        The `Objective` of each data set.

    Attributes
    ----------
    slices : dict
        Where the residual of each data set stands; known after the first evaluation.
    """

    def __init__(self, parts: Mapping[str, Objective]) -> None:
        self.parts = dict(parts)
        self.differentiable = all(part.differentiable for part in parts.values())
        self.slices: dict[str, slice] = {}
        self._blocks: tuple[Parameters, list[str], bool, list[_Block]] | None = None

    def __call__(self, params: Parameters, *_args: Any, **_kws: Any) -> Array:
        """Return the residuals of all data sets."""
        residuals = [part(params) for part in self.parts.values()]
        if not self.slices:
            ends = list(itertools.accumulate(len(residual) for residual in residuals))
            self.slices = {key: slice(low, high) for key, low, high in zip(self.parts, [0, *ends], ends)}
        return np.concatenate(residuals)

    def derivative(self, params: Parameters, *_args: Any, **_kws: Any) -> Array | dict[str, Array]:
        """Return the derivatives, in one of the two forms of `Objective.derivative`."""
        if self._blocks is None or self._blocks[0] is not params:
            self._blocks = self._arranged(params)
        _, names, tied, blocks = self._blocks
        table = np.zeros((len(names), max(where.stop for where in self.slices.values())))
        for part, own, rows, columns in blocks:
            table[rows, columns] = part.rows(params, own)
        return dict(zip(names, table)) if tied else table

    def spread(self) -> float:
        """Return the norm of the residual of models that are the means of their data."""
        return math.hypot(*(part.spread() for part in self.parts.values()))

    def linearity(self, params: Parameters) -> Linearity:
        """Return which variables the residual is linear in: those in which every data set's is."""
        free = [name for name, par in params.items() if par.vary]
        found: Roles = {}
        for part in self.parts.values():
            for name, reason in part.roles(free).items():
                known = found.get(name, "")
                found[name] = known or reason or (None if None in (known, reason) else "")
        return linearity(found, params)

    def _arranged(self, params: Parameters) -> tuple[Parameters, list[str], bool, list[_Block]]:
        """Which derivatives are wanted, and where those of each data set go."""
        used = {name for part in self.parts.values() for name in part.names}
        varied = [name for name, par in params.items() if par.vary]
        tied = [name for name in params if name in used and params[name].expr]
        names = [*varied, *tied]
        blocks = []
        for key, part in self.parts.items():
            own = _in_order(names, part.names)
            blocks.append(_Block(part, own, [names.index(name) for name in own], self.slices[key]))
        return params, names, bool(tied), blocks


def _in_order(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    return [name for name in names if name in set(wanted)]
