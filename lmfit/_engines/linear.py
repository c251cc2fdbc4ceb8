"""The variables that a residual is linear in: which they are, their derivatives, and their best values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .._covariance import column_norms
from .._derivatives import Array, norm
from .._linearity import NOTHING, Linearity, found_by_trying, kept_visible
from .._problem import Problem, Space, View
from .._varpro import LinearFit

__all__ = ["Columns", "better_start", "linearity", "with_linear_solved"]

#: Step of a forward difference, in units of the variable.
_FORWARD = float(np.finfo(float).eps) ** 0.5


def linearity(problem: Problem) -> Linearity:
    """Return what the objective says of the variables; nothing if it has no method ``linearity(params)``."""
    ask = getattr(problem.function, "linearity", None)
    return Linearity(unknown=tuple(problem.names)) if ask is None else ask(problem.params)


def with_linear_solved(problem: Problem) -> list[float] | None:
    """Return the start values, but the best ones of the linear variables; None where there are none."""
    at_start = problem.probe(problem.start).copy()
    known = linearity(problem)
    found = found_by_trying(problem.probe, problem.start, at_start, problem.names, known, problem.domain)
    return _solved(problem, found.linear, at_start)[0] if found.linear else None


def better_start(problem: Problem) -> list[float] | None:
    """Return the same where a model explains nothing of its data at the start; None where it does, or may.

    Objectives tell of how much there is to explain by a method ``spread()``.
    """
    spread = getattr(problem.function, "spread", None)
    if spread is None or problem.start_norm < NOTHING * spread():
        return None
    linear = linearity(problem).linear
    if not linear:
        return None
    start, fit = _solved(problem, linear, problem.start_residual)
    # The sum of two terms that are nearly the same says little of each.
    return start if fit.well_conditioned and np.isfinite(problem.probe(start)).all() else None


def _solved(problem: Problem, linear: Sequence[str], at_start: Array) -> tuple[list[float], LinearFit]:
    """The start with the best values of the linear variables, and the linear fit that gave these."""
    x, domain = np.array(problem.start), problem.domain
    columns = Columns(problem.view(Space.EXTERNAL), linear)
    indices = np.flatnonzero(columns.linear)
    table = columns(x, at_start, indices)
    fit, start = LinearFit(table), x[indices]
    best = start + fit.solution(at_start)
    x[indices] = kept_visible(best, start, column_norms(table), domain.lower[indices], domain.upper[indices])
    return x.tolist(), fit


class Columns:
    """Columns of the Jacobian: the user's, or by differences, which for a linear variable are exact.

    Parameters
    ----------
    view : View
        The problem in the space of its parameters.
    names : sequence of str
        The linear variables.

    Attributes
    ----------
    linear : ndarray of bool, shape (n,)
        Which of the variables these are.
    """

    def __init__(self, view: View, names: Sequence[str]) -> None:
        self._view, self._problem = view, view.problem
        self.linear: NDArray[np.bool_] = np.isin(view.names, names)
        reach = view.problem.domain.reach
        self._units = np.where(reach > 0.0, reach, 1.0)

    def __call__(self, x: Array, at_x: Array, indices: NDArray[np.intp]) -> Array:
        if self._view.has_jacobian:
            return self._view.jacobian(x)[:, indices]
        return np.array([self._difference(x, at_x, int(j)) for j in indices]).reshape(-1, len(at_x)).T

    def _difference(self, x: Array, at_x: Array, j: int) -> Array:
        """One column; zero where neither side of the variable gives a finite residual."""
        domain, value = self._problem.domain, float(x[j])
        step = self._units[j] if self.linear[j] else _FORWARD * max(abs(value), self._units[j])
        ahead, behind = domain.upper[j] - value, value - domain.lower[j]
        for move in (step, -step) if ahead >= step or ahead >= behind else (-step, step):
            point = x.tolist()
            point[j] = min(max(value + move, float(domain.lower[j])), float(domain.upper[j]))
            moved = self._problem.probe(point)
            if point[j] != value and np.isfinite(moved).all():
                column = (moved - at_x) / (point[j] - value)
                self._adapt(j, norm(column), max(norm(at_x), self._problem.start_norm))
                return np.asarray(column)
        return np.zeros(len(at_x))

    def _adapt(self, j: int, slope: float, size: float) -> None:
        """Choose steps of a linear variable that change the residual by about its own size."""
        if self.linear[j] and slope > 0.0 < size:
            self._units[j] = size / slope
