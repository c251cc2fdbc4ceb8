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

All linear algebra is done with columns of unit length.  Steps stay within the
bounds: where the step of the free problem would leave them, it is the solution
of the bounded linear problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize
from scipy.linalg.lapack import dpotrf, dpotrs

from ._covariance import inverse_normal
from ._derivatives import Array, Domain, Residual

__all__ = ["Solution", "column_norms", "gauss_newton_step", "polish"]

#: A solution whose next step is below this fraction of its variables has all its digits.
CONVERGED = 1e-9
#: The Jacobian need not be computed again after steps below this fraction of the variables.
JACOBIAN_HOLDS = 2e-8
#: In units of the standard errors, steps that change chi-square by no more than rounding.
_INVISIBLE = 1e-2
_MAX_STEPS = 12
_MAX_HALVINGS = 8


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
        Whether the last step was within rounding.
    """

    x: Array
    residual: Array
    jacobian: Array
    regular: bool
    converged: bool


class _Metric:
    """The linear problem at one point, with columns of unit length."""

    def __init__(self, jacobian: Array, residual: Array, norms: Array) -> None:
        self.scaled, self.residual, self.norms = jacobian / norms, residual, norms
        self.gradient = self.scaled.T @ residual
        self.regular = bool(np.isfinite(self.gradient).all())
        if self.regular:
            self.inverse, flat = inverse_normal(self.scaled)
            self.regular = not len(flat)

    def errors(self) -> Array:
        """Standard errors of the variables, in their own units."""
        variance = self.residual @ self.residual / max(1, len(self.residual) - len(self.norms))
        return np.asarray(np.sqrt(variance * self.inverse.diagonal()) / self.norms)

    def step(self, second_order: Array | None, low: Array, high: Array) -> Array:
        """The step to the minimum of the quadratic model, between `low` and `high`."""
        step = self.free_step(second_order)
        if (step < low).any() or (step > high).any():
            step = self._bounded_step(low, high)
        return step

    def free_step(self, second_order: Array | None = None) -> Array:
        """The step of the problem without bounds."""
        if second_order is not None:
            factor, failed = dpotrf(self.scaled.T @ self.scaled + second_order, lower=1)
            if not failed:
                return np.asarray(-dpotrs(factor, self.gradient, lower=1)[0] / self.norms)
        return np.asarray(-(self.inverse @ self.gradient) / self.norms)

    def _bounded_step(self, low: Array, high: Array) -> Array:
        low, high = np.minimum(low, 0.0) * self.norms, np.maximum(high, 0.0) * self.norms
        free = low < high
        step = np.zeros(len(self.norms))
        if free.any():
            bounds = low[free], high[free]
            step[free] = optimize.lsq_linear(self.scaled[:, free], -self.residual, bounds, method="bvls").x
        return np.clip(step, low, high) / self.norms


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
    norms = column_norms(start.jacobian)
    second_order: Array | None = None
    for _ in range(_MAX_STEPS):
        metric = _Metric(here.jacobian, here.residual, norms)
        if not metric.regular:
            return replace(here, regular=False, converged=False)
        errors = metric.errors()
        size = np.maximum(np.abs(here.x), errors)
        step = metric.step(second_order, domain.lower - here.x, domain.upper - here.x)
        if _fraction(step, size) <= CONVERGED:
            return replace(here, converged=True)
        invisible = _fraction(step, errors) <= _INVISIBLE
        moved = _descend(residual, here, step, rounding if invisible else 0.0, domain)
        if moved is None:
            return replace(here, converged=invisible)
        x, at_x = moved
        if _fraction(x - here.x, size) <= JACOBIAN_HOLDS:
            return Solution(x, at_x, here.jacobian, regular=True, converged=True)
        there = Solution(x, at_x, jacobian(x, at_x, errors), regular=True, converged=False)
        second_order = _updated(second_order, here, there, norms)
        here = there
    return here


def gauss_newton_step(jacobian: Array, residual: Array) -> Array | None:
    """Return the Gauss-Newton step without bounds; None where the Jacobian has not full rank.

    Examples
    --------
    >>> gauss_newton_step(np.array([[1.0], [2.0]]), np.array([2.0, 4.0]))
    array([-2.])
    """
    metric = _Metric(jacobian, residual, column_norms(jacobian))
    return metric.free_step() if metric.regular else None


def _descend(
    residual: Residual, here: Solution, step: Array, rounding: float, domain: Domain
) -> tuple[Array, Array] | None:
    """Go along `step`, by as much of it as lowers chi-square; None where nothing does."""
    cost = float(here.residual @ here.residual)
    for halving in range(1 if rounding else _MAX_HALVINGS):
        x = np.clip(here.x + step * 0.5**halving, domain.lower, domain.upper)
        at_x = np.array(residual(x.tolist()))
        if float(at_x @ at_x) <= cost * (1.0 + rounding):
            return x, at_x
    return None


def _updated(second_order: Array | None, old: Solution, new: Solution, norms: Array) -> Array | None:
    """The symmetric rank-one update of the second-order part, in scaled variables."""
    step = (new.x - old.x) * norms
    missing = ((new.jacobian - old.jacobian) / norms).T @ new.residual
    if second_order is not None:
        missing -= second_order @ step
    along = float(missing @ step)
    if abs(along) <= 1e-8 * float(np.linalg.norm(missing) * np.linalg.norm(step)):
        return second_order
    update = np.outer(missing, missing) / along
    return update if second_order is None else second_order + update


def column_norms(jacobian: Array) -> Array:
    """Return the lengths of the columns, 1 for those that are zero."""
    norms = np.sqrt((jacobian * jacobian).sum(axis=0))
    return np.where(norms > 0.0, norms, 1.0)


def _fraction(step: Array, size: Array) -> float:
    """The largest component of `step` in units of `size`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.max(np.where(step == 0.0, 0.0, np.abs(step) / size), initial=0.0))
