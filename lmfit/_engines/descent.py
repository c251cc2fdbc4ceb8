"""A search by `leastsq` within another: from one of many starts, or to check where a search has ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._covariance import NormalEquations
from .._derivatives import Array
from .._problem import Problem, Space
from ..errors import AbortFitException
from .base import Outcome
from .leastsq import leastsq

__all__ = ["End", "descent"]

#: Limit on the evaluations of one search, per variable plus one: that of the engine leastsq.
_PER_SEARCH = 1000


@dataclass(frozen=True)
class End:
    """Where a search ended: the point, what was found there, and the evaluations that it took."""

    values: list[float]
    residual: Array
    cost: float
    success: bool
    message: str
    nfev: int
    jacobian: Array | None = None
    equations: NormalEquations | None = None


def descent(
    problem: Problem, start: list[float], options: Mapping[str, Any], max_nfev: float = math.inf
) -> End:
    """Return where `leastsq` ends from a start; its evaluations are those of `problem`."""
    before, allowed = problem.nfev, min(max_nfev, _PER_SEARCH * (len(start) + 1))
    with problem.restarted(start, allowed):
        try:
            # Far from any minimum derivatives may overflow; such a search ends where it is.
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                outcome = leastsq(problem.view(Space.INTERNAL), dict(options))
        except AbortFitException:
            if problem.nfev - before < allowed:
                raise  # not for the limit of this search
            outcome = Outcome(False, f"the limit of {allowed} evaluations of one search was reached")
        best = problem.best
        assert best is not None  # the start is one
    return End(
        best.values, best.residual, best.cost, outcome.success, outcome.message, problem.nfev - before,
        outcome.jacobian, outcome.equations,
    )  # fmt: skip
