"""A search by `leastsq` within another: from one of many starts, or to check where a search has ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._covariance import NormalEquations
from .._derivatives import Array, norm
from .._problem import Problem, Space
from ..errors import AbortFitException
from .base import Outcome
from .leastsq import leastsq
from .polish import judged, refined

__all__ = ["End", "confirmed", "descent"]

#: Limit on the evaluations of one search, per variable plus one: that of the engine leastsq.
_PER_SEARCH = 1000
#: Fraction of the sum of squares by which another minimum is lower.
_VISIBLE = 1e-6
#: The same where it may be noisy.
_WORTH = 1e-3


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


def confirmed(problem: Problem, outcome: Outcome, smooth: bool = True) -> Outcome:
    """Return the outcome after its polish; where that does not converge, success is put to the test.

    A search may end where a variable has lost its effect or two have the same, and the sum of squares is
    as flat there as at a minimum.  A least-squares search from the start then has to end no lower.
    Of a search without derivatives, not `smooth`, they are not believed where they promise and do not keep.
    """
    before = problem.lowest
    end = refined(problem, True)
    checked = judged(problem, outcome, end)
    if end.converged or (smooth and not checked.success) or _knows_gradient_only(problem):
        return checked
    visible = _VISIBLE if smooth else _WORTH
    other = descent(problem, problem.start, {})
    if other.cost >= norm(end.residual) ** 2 * (1.0 - visible):
        problem.settle(end.x.tolist(), end.residual)
        kept = not smooth and outcome.success and norm(end.residual) ** 2 > before * (1.0 - visible)
        return replace(checked, success=True, message=outcome.message) if kept else checked
    problem.settle(other.values, other.residual)
    return replace(
        checked,
        success=other.success,
        message=f"{checked.message}; a search by leastsq from the start ended lower: {other.message}",
        jacobian=other.jacobian,
        equations=other.equations,
    )


def _knows_gradient_only(problem: Problem) -> bool:
    """Whether the user gives derivatives of the cost, of which leastsq can make no use."""
    return problem.derivative is not None and problem.user_derivative(problem.start).ndim == 1
