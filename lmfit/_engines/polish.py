"""The end of a least-squares search, for every engine: the Jacobian there, and the last digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .. import _gauss_newton
from .._covariance import RANK_TOLERANCE, Bound, column_norms
from .._derivatives import norm
from .._gauss_newton import Solution
from .._problem import Problem
from ..errors import MinimizerException
from .base import Outcome

__all__ = ["POLISHED", "ROUNDING", "STEEP", "STILL_FALLS", "improved", "judged", "refined"]

#: What messages say of a polish that has converged.
POLISHED = "last digits by Gauss-Newton steps"
STILL_FALLS = "but chi-square still falls from here; choose other start values"
#: Fraction of chi-square by which it may still fall at what is called a minimum.
_NEGLIGIBLE = 1e-10
#: Cosine between residual and a column of the Jacobian at which chi-square still falls.
STEEP = 1e-2
#: In units of that at the start, a residual below which nothing but rounding is left.
ROUNDING = 1e-12
_EPS = float(np.finfo(float).eps)


def refined(problem: Problem, polish: bool) -> Solution:
    """Return the best point with its Jacobian, after its polish unless that is not wanted.

    The Jacobian is needed for the covariance anyway, so that a polish costs little more than
    the evaluations of its steps.
    """
    best = problem.best
    if best is None:
        raise MinimizerException(
            "the search found no point with a finite residual; choose other start values"
        )
    x = np.array(best.values)
    start = Solution(x, best.residual, problem.best_jacobian(x, best.residual), regular=True, converged=False)
    if not polish:
        return start
    rounding = 8.0 * _EPS * max(1.0, problem.start_norm / max(best.cost**0.5, 1e-300))
    solution = _gauss_newton.polish(
        problem.probe, problem.jacobian, start, problem.domain, min(rounding, 1e-2)
    )
    problem.settle(solution.x.tolist(), solution.residual)
    return solution


def improved(problem: Problem, outcome: Outcome, polish: bool) -> Outcome:
    """Return the outcome of a search for the least sum of squares, after its polish if that is wanted."""
    return judged(problem, outcome, refined(problem, polish), polish)


def judged(problem: Problem, outcome: Outcome, end: Solution, polished: bool = True) -> Outcome:
    """Return the outcome of a search that has ended at `end`.

    A search that ends where the sum of squares cannot be lowered any more has succeeded, whatever else
    it says, and one that ends where it falls steeply has not.
    """
    message = f"{outcome.message}; {POLISHED}" if end.converged else outcome.message
    success = outcome.success
    if not success and _is_minimum(problem, end):
        success, message = True, f"the sum of squares cannot be lowered visibly ({message})"
    elif success and polished and not end.converged and _falls(problem, end):
        success, message = False, f"{message}; {STILL_FALLS}"
    return replace(outcome, success=success, message=message, jacobian=end.jacobian, equations=end.equations)


def _falls(problem: Problem, end: Solution) -> bool:
    """Whether chi-square falls steeply along a variable that is not held by its bound."""
    bound = Bound.active(end.x, end.residual, end.jacobian, problem.domain)
    free, size = end.jacobian[:, bound.side == 0], norm(end.residual)
    steep = np.abs(free.T @ end.residual) > STEEP * size * column_norms(free)
    return bool(steep.any()) and size > ROUNDING * problem.start_norm


def _is_minimum(problem: Problem, end: Solution) -> bool:
    """Whether a step of Gauss and Newton's, within the bounds, would lower chi-square by next to nothing."""
    if norm(end.residual) <= ROUNDING * problem.start_norm:
        return True
    bound = Bound.active(end.x, end.residual, end.jacobian, problem.domain)
    jacobian = end.jacobian[:, bound.side == 0]
    if not jacobian.size:  # all variables are held by their bounds
        return True
    norms = column_norms(jacobian)
    if not np.isfinite(norms).all():
        return False
    scaled = jacobian / np.where(norms > 0.0, norms, 1.0)
    basis, singular, _ = np.linalg.svd(scaled, full_matrices=False)
    along = basis[:, singular > RANK_TOLERANCE * singular.max(initial=0.0)].T @ end.residual
    return float(along @ along) <= _NEGLIGIBLE * norm(end.residual) ** 2
