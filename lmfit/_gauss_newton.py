r"""The last digits of a least-squares solution.

MINPACK stops where one more step would change chi-square by less than `ftol` and
estimates derivatives by forward differences, which leaves three to seven digits
in the parameters of hard problems.  From there a few Gauss-Newton steps

.. math::  (J^T J + S)\, d = -J^T r

with a Jacobian *J* by central differences give nearly all digits.  *S* stands for
the second-order part :math:`\sum_i r_i \nabla^2 r_i` of the Hessian of chi-square,
without which convergence is only linear where residuals are large.  It starts at
zero and is built from the change of the Jacobian,

.. math::  S_+ \delta = (J_+ - J)^T r_+ ,

by a symmetric rank-one update (J. E. Dennis, D. M. Gay and R. E. Welsch, *An
adaptive nonlinear least-squares algorithm*, ACM Trans. Math. Softw. 7 (1981) 348,
equation 3.4; SR1: J. Nocedal and S. J. Wright, *Numerical Optimization*, 2nd ed.,
section 6.2).

Steps stay within the
bounds: where the step of the free problem would leave them, it is the solution
of the bounded linear problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize
from scipy.linalg.blas import ddot, dgemv
from scipy.linalg.lapack import dpotrf, dpotrs

from ._covariance import NormalEquations
from ._derivatives import Array, Domain, Residual, norm

__all__ = ["Solution", "polish"]

#: A solution whose next step is below this fraction of its variables has all its digits.
CONVERGED = 1e-9
#: The Jacobian need not be computed again after steps below this fraction of the variables.
JACOBIAN_HOLDS = 5e-8
_EPS = float(np.finfo(float).eps)
_MAX_STEPS = 12
_MAX_HALVINGS = 3


@dataclass(frozen=True)
class Solution:
    """A point, its residual and its Jacobian, and whether another step would move it.

    Attributes
    ----------
    x : ndarray, shape (n,)
    residual : ndarray, shape (m,)
    jacobian : ndarray, shape (m, n)
    regular : bool
        False where the Jacobian has not full rank.
    converged : bool
        Whether the last step was within rounding, or the residual is.
    equations : NormalEquations or None
        Those of `jacobian`, where they were needed.
    """

    x: Array
    residual: Array
    jacobian: Array
    regular: bool
    converged: bool
    equations: NormalEquations | None = None


class _LinearProblem:
    """The residual and its Jacobian at one point, as a linear least-squares problem."""

    def __init__(self, here: Solution) -> None:
        self.jacobian, self.residual = here.jacobian, here.residual
        self.equations = NormalEquations(self.jacobian)
        self.norms, self.regular = self.equations.norms, self.equations.regular
        if self.regular:
            self.gradient = dgemv(1.0, self.jacobian, self.residual, trans=1)

    def errors(self) -> Array:
        """Standard errors of the variables."""
        variance = ddot(self.residual, self.residual) / max(1, len(self.residual) - len(self.norms))
        return np.asarray(np.sqrt(variance * self.equations.inverse.diagonal()))

    def step(self, second_order: Array | None, x: Array, domain: Domain) -> Array:
        """The step to the minimum of the quadratic model within the bounds."""
        step = self._free_step(second_order)
        if domain.bounded:
            low, high = domain.lower - x, domain.upper - x
            if (step < low).any() or (step > high).any():
                return self._bounded_step(second_order, low, high)
        return step

    def is_exact(self, x: Array) -> bool:
        """Whether the last digit of a variable changes the residual by more than there is of it."""
        largest = max(length * abs(value) for length, value in zip(self.norms.tolist(), x.tolist()))
        return bool(norm(self.residual) <= _EPS * largest)

    def reduction(self, step: Array) -> float:
        """The fraction of chi-square that `step` takes away, to first order."""
        cost = ddot(self.residual, self.residual)
        return float(-ddot(self.gradient, step) / cost) if cost else 0.0

    def _free_step(self, second_order: Array | None) -> Array:
        if second_order is not None:
            factor, failed = dpotrf(self.equations.matrix + second_order, lower=1)
            if not failed:
                return np.asarray(-dpotrs(factor, self.gradient, lower=1)[0])
        return -(self.equations.inverse @ self.gradient)

    def _bounded_step(self, second_order: Array | None, low: Array, high: Array) -> Array:
        step = self._linear_step(low, high)
        free = (step > low) & (step < high)
        if second_order is None or not free.any():
            return step
        # The linear problem says which bounds hold; the quadratic one where the others go.
        hessian = self.equations.matrix + np.tril(self.equations.matrix, -1).T + second_order
        slope = self.gradient + hessian[:, ~free] @ step[~free]
        factor, failed = dpotrf(hessian[np.ix_(free, free)], lower=1)
        if not failed:
            better = step.copy()
            better[free] = -dpotrs(factor, slope[free], lower=1)[0]
            if ((low <= better) & (better <= high)).all():
                return better
        return step

    def _linear_step(self, low: Array, high: Array) -> Array:
        norms = self.norms
        low, high = np.minimum(low, 0.0) * norms, np.maximum(high, 0.0) * norms
        free = low < high
        step = np.zeros(len(norms))
        if free.any():
            scaled, bounds = self.jacobian[:, free] / norms[free], (low[free], high[free])
            step[free] = optimize.lsq_linear(scaled, -self.residual, bounds, method="bvls").x
        return np.clip(step, low, high) / norms


def polish(
    residual: Residual,
    jacobian: Callable[[Array, Array, Array], Array],
    start: Solution,
    domain: Domain,
    rounding: float,
) -> Solution:
    """Improve a least-squares solution by Gauss-Newton steps with a secant second-order term.

    Parameters
    ----------
    residual : callable
        ``residual(list of n floats) -> array of m floats``; may hold NaN.
    jacobian : callable
        ``jacobian(x, residual at x, standard errors) -> array of shape (m, n)``.
    start : Solution
        A point close to the minimum.
    domain : Domain
        Bounds of the variables.
    rounding : float
        Relative change of chi-square that is within rounding.

    Returns
    -------
    Solution
        Never with a larger chi-square than `start`, but for rounding.

    Examples
    --------
    >>> x = np.linspace(0, 1, 5)
    >>> f = lambda v: np.exp(v[0] * x) - np.exp(0.5 * x)
    >>> J = lambda v, r, errors: (x * np.exp(v[0] * x))[:, np.newaxis]
    >>> v = np.array([0.52])
    >>> start = Solution(v, f(v), J(v, None, None), regular=True, converged=False)
    >>> polish(f, J, start, Domain.unbounded(1), 1e-15).x
    array([0.5])
    """
    here = start
    second_order: Array | None = None
    for _ in range(_MAX_STEPS):
        problem = _LinearProblem(here)
        if not problem.regular:
            return replace(here, regular=False, converged=False)
        if problem.is_exact(here.x):
            return replace(here, converged=True, equations=problem.equations)
        errors = problem.errors()
        size = np.maximum(np.abs(here.x), errors)
        step = problem.step(second_order, here.x, domain)
        if _fraction(step, size) <= CONVERGED:
            return replace(here, converged=True, equations=problem.equations)
        moved = _descend(residual, problem, here, step, domain, rounding)
        if moved is None:
            return replace(here, converged=problem.reduction(step) <= rounding, equations=problem.equations)
        x, at_x = moved
        if _fraction(x - here.x, size) <= JACOBIAN_HOLDS:
            return Solution(x, at_x, here.jacobian, regular=True, converged=True, equations=problem.equations)
        there = Solution(x, at_x, jacobian(x, at_x, errors), regular=True, converged=False)
        second_order = _updated(second_order, here, there, problem.norms)
        here = there
    return here


def _descend(
    residual: Residual, problem: _LinearProblem, here: Solution, step: Array, domain: Domain, rounding: float
) -> tuple[Array, Array] | None:
    """Go along `step`, by as much of it as lowers chi-square; None where nothing does."""
    cost = ddot(here.residual, here.residual)
    for halving in range(_MAX_HALVINGS):
        x = domain.clipped(here.x + step * 0.5**halving)
        at_x = np.array(residual(x.tolist()))
        new_cost = ddot(at_x, at_x)
        if new_cost <= cost:
            return x, at_x
        if problem.reduction(step) <= rounding:
            # Chi-square cannot tell this step from rounding, which does not make it a wrong one.
            return (x, at_x) if new_cost <= cost * (1.0 + rounding) else None
    return None


def _updated(second_order: Array | None, old: Solution, new: Solution, norms: Array) -> Array | None:
    """The symmetric rank-one update of the second-order part."""
    step = new.x - old.x
    missing = dgemv(1.0, new.jacobian - old.jacobian, new.residual, trans=1)
    if second_order is not None:
        missing -= second_order @ step
    along = ddot(missing, step)
    if abs(along) <= 1e-8 * norm(missing / norms) * norm(step * norms):
        return second_order
    update = np.outer(missing, missing) / along
    return np.asarray(update if second_order is None else second_order + update)


def _fraction(step: Array, size: Array) -> float:
    """The largest component of `step` in units of `size`."""
    moves = zip(step.tolist(), size.tolist())
    return float(max(abs(move) / max(length, 1e-300) for move, length in moves))
