r"""Levenberg-Marquardt: MINPACK's, through `scipy.optimize.leastsq`.

MINPACK (J. J. Moré, B. S. Garbow and K. E. Hillstrom, *User Guide for MINPACK-1*,
ANL-80-74, 1980) does the search.  Three things are added around it.

*Rejected points.*  Where the residual is not finite MINPACK is given a large one,
which it answers with a shorter step.  If that happens while it estimates a
derivative, the point mirrored at the base takes its place, since
:math:`r(x + h) \approx 2 r(x) - r(x - h)`.

*Polish.*  The residuals of MINPACK's last iteration hold a Jacobian, from which one
Gauss-Newton step is taken at the cost of one evaluation.  The central differences
that the covariance needs then give the remaining digits (see `_gauss_newton`).

*Retry.*  MINPACK measures steps in units of the columns of the Jacobian.  A variable
that hardly matters at the start may be thrown far away, to where it does not matter
at all, or all steps may fail.  When a search ends like that it is repeated with
steps measured in units of the start values, then in the variables' own units, and
the lowest end is kept.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from .. import _gauss_newton
from .._derivatives import Array
from .._gauss_newton import Solution
from .._problem import Problem, Space, View
from .base import Objective, Outcome, register

__all__ = ["leastsq"]

_DEFAULTS = {"ftol": 1e-7, "xtol": 1e-7}
#: A variable has lost its effect when a change as large as the one it made would change
#: the residual by less than this fraction.
_LOST = 1e-6
#: A forward difference of MINPACK is a step of at most this fraction.
_FORWARD = 1e-6
#: In what the steps of the searches are measured.
_SEARCHES = (
    "steps in units of the Jacobian's columns",
    "steps in units of the start values",
    "steps in the variables' own units",
)

#: MINPACK's return codes, and whether they mean success.
_CODES = {
    0: (False, "improper input parameters"),
    1: (True, "both actual and predicted relative reductions in the sum of squares are at most ftol={ftol:g}"),
    2: (True, "the relative difference between two consecutive iterates is at most xtol={xtol:g}"),
    3: (True, "the relative changes of the sum of squares and of the iterates are at most ftol={ftol:g}, xtol={xtol:g}"),
    4: (True, "the residual is orthogonal to the columns of the Jacobian to machine precision"),
    5: (False, "the number of evaluations reached maxfev; start again from here, or allow more with max_nfev="),
    6: (True, "ftol={ftol:g} is too small: no further reduction of the sum of squares is possible"),
    7: (True, "xtol={xtol:g} is too small: no further improvement of the iterates is possible"),
    8: (True, "gtol is too small: the residual is orthogonal to the Jacobian to machine precision"),
}


@register(
    "leastsq",
    aliases=("levenberg-marquardt", "lm"),
    space=Space.INTERNAL,
    objective=Objective.RESIDUAL,
    options=("ftol", "xtol", "gtol", "maxfev", "epsfcn", "factor", "diag", "Dfun", "col_deriv", "polish", "retry"),
    evaluations=1000,
)
def leastsq(view: View, options: dict[str, Any]) -> Outcome:
    """Run MINPACK, with polish and retry unless these options are False."""
    polish, retry = options.pop("polish", True), options.pop("retry", True)
    settings = {**_DEFAULTS, **options}
    searches = _SEARCHES if retry else _SEARCHES[:1]
    for count, scaling in enumerate(searches, start=1):
        before = view.problem.lowest
        record = _Recorder(view)
        found = _search(record, {**settings, **_metric(view, scaling)})
        if count == 1 or view.problem.lowest < before:
            end, best_search = found, count
            solution = _refined(record, found, polish)
        if not _is_stuck(view.problem, solution):
            break
    success, text = _CODES[end.code]
    notes = [text.format(**settings)]
    if count > 1:
        notes.append(f"searched {count} times, best with {searches[best_search - 1]}")
    if polish and solution.converged:
        notes.append("last digits by Gauss-Newton steps")
    return Outcome(
        success=success,
        message="; ".join(notes),
        jacobian=solution.jacobian,
        extras={"ier": end.code, "lmdif_message": end.text},
    )


@dataclass(frozen=True)
class _End:
    """How a search of MINPACK ended: its code and text, and the covariance in internal variables."""

    code: int
    text: str
    point: list[float]
    covariance: Array | None


def _search(record: _Recorder, settings: dict[str, Any]) -> _End:
    """One search of MINPACK from the start values."""
    view = record.view
    if view.problem.derivative is not None:
        settings["Dfun"] = record.jacobian
    # The Problem counts the evaluations.
    u, covariance, _, text, code = optimize.leastsq(
        record, view.start, full_output=True, maxfev=np.iinfo(np.int32).max, **settings
    )
    return _End(code, text, u.tolist(), covariance)


def _metric(view: View, scaling: str) -> dict[str, Any]:
    """MINPACK's settings for a search with steps measured otherwise than by the Jacobian."""
    if scaling == _SEARCHES[0]:
        return {}
    size = np.abs(view.start) if scaling == _SEARCHES[1] else np.ones(len(view.start))
    return {"diag": 1.0 / np.where(size > 0.0, size, 1.0)}


class _Recorder:
    """The residual as MINPACK calls it, which keeps the last points."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.problem = view.problem
        self.padding = max(0, len(view.start) - self.problem.size)
        #: Enough for a Jacobian, its base, and the attempts at a step before and after it.
        self.trail: deque[tuple[list[float], Array]] = deque(maxlen=2 * len(view.start) + 20)
        self.last_point: list[float] = []
        self.last_residual = np.empty(0)
        if view.starts_inside:
            self._remember(view.start.tolist(), self.problem.start_residual)

    def __call__(self, u: Array) -> Array:
        point: list[float] = u.tolist()
        if point == self.last_point:
            return self.last_residual
        residual = self.view.evaluate(point)
        if self.problem.rejected:
            self.problem.rejected = False
            residual = self._instead(point, residual)
        self._remember(point, residual)
        return self.last_residual

    def jacobian(self, u: Array) -> Array:
        """The user's derivatives, with a zero row for each zero that pads the residual."""
        known = self.view.jacobian(u)
        return np.concatenate([known, np.zeros((self.padding, len(u)))]) if self.padding else known

    def last_jacobian(self) -> Array | None:
        """The forward differences among the last points; None where they are not complete."""
        n = len(self.view.start)
        points = list(self.trail)
        for last in range(len(points) - 1, n - 1, -1):
            columns = points[last - n + 1 : last + 1]
            base = columns[0][0].copy()
            base[0] = columns[-1][0][0]
            at_base = next((residual for point, residual in points if point == base), None)
            if at_base is not None and all(_differs_in(point, base) == [j] for j, (point, _) in enumerate(columns)):
                return np.array([(r - at_base) / (point[j] - base[j]) for j, (point, r) in enumerate(columns)]).T
        return None

    def _remember(self, point: list[float], residual: Array) -> None:
        if self.padding:  # MINPACK wants at least as many data as variables
            residual = np.concatenate([residual, np.zeros(self.padding)])
        self.last_point, self.last_residual = point, residual
        self.trail.append((point, residual))

    def _instead(self, point: list[float], residual: Array) -> Array:
        """What stands for a residual that is not finite: see the module's docstring."""
        for base, at_base in reversed(self.trail):
            moved = _differs_in(point, base)
            if len(moved) == 1:
                j = moved[0]
                step = point[j] - base[j]
                if abs(step) <= _FORWARD * max(1.0, abs(base[j])):
                    mirrored = base.copy()
                    mirrored[j] = base[j] - step
                    behind = self.view.evaluate(mirrored)
                    if not self.problem.rejected:
                        return 2.0 * at_base[: len(behind)] - behind
                    self.problem.rejected = False
        return self.view.wall(residual)


def _differs_in(point: list[float], other: list[float]) -> list[int]:
    return [j for j, (a, b) in enumerate(zip(point, other)) if a != b]


def _refined(record: _Recorder, end: _End, polish: bool) -> Solution:
    """The Jacobian at the end of a search, after the polish of that end."""
    problem, view = record.problem, record.view
    if polish and problem.derivative is None:
        _secant_polish(record)
    best = problem.best
    assert best is not None
    x = np.array(best.values)
    scale = _errors(record, end, best.cost)
    jacobian = problem.jacobian(x, best.residual, scale)
    start = Solution(x, best.residual, jacobian, regular=True, converged=False)
    if not polish:
        return start
    rounding = 8.0 * float(np.finfo(float).eps) * max(1.0, problem.start_norm / max(best.cost**0.5, 1e-300))
    solution = _gauss_newton.polish(problem.probe, problem.jacobian, start, problem.domain, min(rounding, 1e-2))
    problem.settle(solution.x.tolist(), solution.residual)
    return solution


def _secant_polish(record: _Recorder) -> None:
    """One step from the best point with MINPACK's last Jacobian; the Problem keeps it if it is lower."""
    jacobian = record.last_jacobian()
    if jacobian is None or not record.trail:
        return
    best = record.problem.best
    assert best is not None
    point = next((point for point, _ in reversed(record.trail) if record.view.values(point) == best.values), None)
    if point is None:
        return
    step = _gauss_newton.gauss_newton_step(jacobian[: record.problem.size], best.residual)
    if step is not None:
        record.problem.probe(record.view.values((np.array(point) + step).tolist()))


def _errors(record: _Recorder, end: _End, cost: float) -> Array:
    """Standard errors of the variables from MINPACK's covariance; zero where there is none."""
    if end.covariance is None:
        return np.zeros(len(end.point))
    variance = np.abs(np.diag(end.covariance)) * cost / max(1, record.problem.size - len(end.point))
    return np.asarray(np.sqrt(variance) * np.abs(record.view.derivative(np.array(end.point))))


def _is_stuck(problem: Problem, solution: Solution) -> bool:
    """Whether the search ended where it cannot have wanted to."""
    norms = np.linalg.norm(solution.jacobian, axis=0)
    start = np.array(problem.start)
    travel = np.abs(solution.x - start)
    effect = norms * np.maximum(travel, np.abs(solution.x))
    lost = (travel > 0.0) & (effect < _LOST * np.linalg.norm(solution.residual))
    free = (solution.x > problem.domain.lower) & (solution.x < problem.domain.upper)
    return bool((lost & free).any()) or (solution.regular and not solution.converged)
