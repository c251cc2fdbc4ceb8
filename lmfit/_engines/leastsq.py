r"""Levenberg-Marquardt: MINPACK's, through `scipy.optimize.leastsq`.

MINPACK (J. J. Moré, B. S. Garbow and K. E. Hillstrom, *User Guide for MINPACK-1*,
ANL-80-74, 1980) does the search.  Three things are added around it.

*Rejected points.*  Where the residual is not finite MINPACK is given a large one,
which it answers with a shorter step.  If that happens while it estimates a
derivative, the point mirrored at the base takes its place, since
:math:`r(x + h) \approx 2 r(x) - r(x - h)`.

*Polish.*  The central differences that the covariance needs also give the digits that
MINPACK, with its forward differences, cannot (see `_gauss_newton`).

*Retry.*  MINPACK measures steps in units of the columns of the Jacobian.  A variable
that hardly matters at the start may be thrown far away, to where it does not matter
at all or two have the same effect, or all steps may fail.  When a search ends like that
it is repeated: with a short first step, one that changes the residual by a tenth, away
from bounds; from the best values of the variables that the residual is linear in, as an
amplitude that is too small by orders of magnitude throws the others away; with a first
step in units of the start values, and in the variables' own units.
Where it ended in a curved valley, too far from the minimum for the polish, it is
continued from there with tighter tolerances.  The lowest end is kept.
"""

from __future__ import annotations

import enum
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from .._covariance import NormalEquations, column_norms
from .._derivatives import Array, norm
from .._gauss_newton import Solution
from .._problem import Space, View
from .._rules import check_setting
from ..errors import AbortFitException
from .base import Objective, Outcome, register
from .linear import better_start, with_linear_solved
from .polish import POLISHED, ROUNDING, STEEP, STILL_FALLS, refined

__all__ = ["leastsq"]

_DEFAULTS = {"ftol": 1e-7, "xtol": 1e-7}
#: With exact derivatives MINPACK reaches the last digits in one step more, for less than the polish.
_WITH_DERIVATIVES = {"ftol": 1e-10, "xtol": 1e-10}
#: A variable has lost its effect when a change as large as the one it made would change
#: the residual by less than this fraction.
_LOST = 1e-6
_UNLIMITED = int(np.iinfo(np.int32).max)
#: A forward difference of MINPACK is a step of at most this fraction.
_FORWARD = 1e-6
_SOLVED = "the linear variables solved first"
_TENTHS = "a short first step"
_START_UNITS = "steps in units of the start values"
_OWN_UNITS = "steps in the variables' own units"
_GO_ON = "more evaluations"
#: By how much of itself a short first step changes the residual.
_TENTH = 0.1
#: Evaluations of another search, per variable plus one, that it may have in any case.
_AT_LEAST = 1000
#: The same of the first search, before another is tried.
_FIRST = 800
_TIGHTER = 1e-3
#: Length of the first step of further searches, in those units.
_SHORT = 1.0
#: By how much of its size a value that starts on a bound is then moved off it.
_INWARDS = 0.3

_NO_NUMBER, _AT_LIMIT = -1, 5
#: MINPACK's return codes and our own, and whether they mean success.
_CODES = {
    0: (False, "improper input parameters"),
    1: (True, "actual and predicted relative reductions of the sum of squares are at most ftol={ftol:g}"),
    2: (True, "the relative change between two iterates is at most xtol={xtol:g}"),
    3: (
        True,
        "the relative changes of the sum of squares and of the iterates are at most {ftol:g}, {xtol:g}",
    ),
    4: (True, "the residual is orthogonal to the columns of the Jacobian to machine precision"),
    _AT_LIMIT: (False, "one search took too many evaluations; start again from here"),
    6: (True, "ftol={ftol:g} is too small: no further reduction of the sum of squares is possible"),
    7: (True, "xtol={xtol:g} is too small: no further improvement of the iterates is possible"),
    8: (True, "the residual is orthogonal to the columns of the Jacobian to machine precision"),
    _NO_NUMBER: (False, "the next step is not finite; choose other start values"),
}


@register(
    "leastsq",
    aliases=("levenberg-marquardt", "lm"),
    space=Space.INTERNAL,
    objective=Objective.RESIDUAL,
    title="Levenberg-Marquardt (MINPACK)",
    options=("ftol", "xtol", "gtol", "epsfcn", "factor", "diag", "polish", "retry"),
    evaluations=1000,
    uses_jacobian=True,
)
def leastsq(view: View, options: dict[str, Any]) -> Outcome:
    """Run MINPACK, with polish and retry unless these options are False."""
    polish, retry = options.pop("polish", True), options.pop("retry", True)
    if options:
        _check(options, len(view.start))
    settings = {**(_DEFAULTS if view.problem.derivative is None else _WITH_DERIVATIVES), **options}
    if retry:
        end, notes = _lowest_end(view, settings, polish)
    else:
        end, notes = _search(view, settings, polish), []
    success, text = _CODES[end.code]
    if polish and end.solution.converged:
        notes.append(POLISHED)
        if not success and end.trouble is _Trouble.NONE:
            success, text = True, "the sum of squares cannot be lowered visibly"
    if success and end.trouble is _Trouble.STEEP:
        success = False
        notes.append(STILL_FALLS)
    text = text.format(**settings)
    return Outcome(
        success=success,
        message="; ".join([text, *notes]),
        jacobian=end.solution.jacobian,
        equations=end.solution.equations,
        extras={"ier": end.code, "lmdif_message": text},
    )


def _lowest_end(view: View, settings: dict[str, Any], polish: bool) -> tuple[_End, list[str]]:
    """The end of a search or, after trouble, the lowest of several; and what to say about it."""
    before = view.problem.nfev
    end, notes = _first_search(view, settings, polish)
    # Another search, which starts no better, is not worth more than the first.
    limit = max(_AT_LEAST * (len(view.start) + 1), view.problem.nfev - before)
    for how in _further(end.trouble):
        if end.trouble is _Trouble.NONE:
            break
        further = _next_search(view, settings, end.trouble, how)
        if further is None:
            continue
        start, changed, note = further
        other = _search(view, {**settings, **changed}, polish, start, limit)
        if other.cost < end.cost:
            end, notes = other, [note]
    return end, notes


def _first_search(view: View, settings: dict[str, Any], polish: bool) -> tuple[_End, list[str]]:
    """A search from the start, or from a better one; and what to say about it."""
    problem, limit = view.problem, _FIRST * (len(view.start) + 1)
    better = better_start(problem)
    if better is None:
        return _search(view, settings, polish, limit=limit), []
    with problem.restarted(better, math.inf):
        end = _search(problem.view(view.space), settings, polish, limit=limit)
    return end, ["started from the best values of the linear parameters"]


def _check(options: dict[str, Any], n: int) -> None:
    """Refuse what MINPACK calls "improper input parameters"."""
    for key in ("ftol", "xtol", "gtol", "epsfcn", "factor"):
        if options.get(key) is not None:
            check_setting(key, options[key], 0.0, "a number that is not negative")
    diag = options.get("diag")
    if diag is not None and not (np.shape(diag) == (n,) and (np.asarray(diag) > 0.0).all()):
        raise ValueError(
            f"diag must hold a positive number for each of the {n} variables, but is {diag!r:.80}"
        )


class _Trouble(enum.Enum):
    """What is wrong with the end of a search.

    Nothing; it is no minimum; a variable has lost its effect, or that of its own; there are no last digits;
    it has taken too long.
    """

    NONE = enum.auto()
    STEEP = enum.auto()
    LOST = enum.auto()
    UNFINISHED = enum.auto()
    SLOW = enum.auto()


#: Trouble that MINPACK's code, or ours, says enough of.
_SPECIAL = {_NO_NUMBER: _Trouble.LOST, _AT_LIMIT: _Trouble.SLOW}


@dataclass(frozen=True)
class _End:
    """How a search ended: MINPACK's code, the solution, and what is wrong with it."""

    code: int
    solution: Solution
    trouble: _Trouble

    @property
    def cost(self) -> float:
        return float(self.solution.residual @ self.solution.residual)


def _search(
    view: View,
    settings: dict[str, Any],
    polish: bool,
    start: Array | None = None,
    limit: float = math.inf,
) -> _End:
    """One search of MINPACK, from the view's start by default, and the polish of its end."""
    start = view.start if start is None else start
    code = _run(view, start, settings, limit)
    solution = refined(view.problem, polish)
    trouble = _trouble(view, start, solution)
    if not solution.converged:
        trouble = _SPECIAL.get(code, trouble)
    if trouble is _Trouble.UNFINISHED and not polish:  # the last digits are not wanted
        trouble = _Trouble.NONE
    return _End(code, solution, trouble)


def _run(view: View, start: Array, settings: dict[str, Any], limit: float) -> int:
    """Let MINPACK search, and return its code."""
    problem, before = view.problem, view.problem.nfev
    residual = _Residual(view, start)
    if problem.derivative is not None:
        settings = {**settings, "Dfun": residual.derivatives(), "col_deriv": True}
    try:
        with problem.limited(limit):
            # The Problem counts the evaluations; without full_output SciPy spares itself a covariance.
            _, code = optimize.leastsq(residual.function(), start, maxfev=_UNLIMITED, **settings)
    except _NoNumberError:
        return _NO_NUMBER
    except AbortFitException:
        if problem.nfev - before < limit:
            raise  # not for the limit of this search
        return _AT_LIMIT
    return int(code)


def _further(trouble: _Trouble) -> tuple[str, ...]:
    """How further searches differ, in their order, after the first has ended in `trouble`."""
    return (_SOLVED, _GO_ON) if trouble is _Trouble.SLOW else (_TENTHS, _SOLVED, _START_UNITS, _OWN_UNITS)


def _next_search(
    view: View, settings: dict[str, Any], trouble: _Trouble, how: str
) -> tuple[Array, dict[str, Any], str] | None:
    """Where to start again after `trouble`, with which settings, and what to say about it."""
    if trouble is _Trouble.UNFINISHED or how == _GO_ON:
        best = view.problem.best
        assert best is not None
        start = view.to_space(best.values)
        if how == _GO_ON:
            return start, {}, "continued once more"
        tighter = {key: _TIGHTER * settings[key] for key in ("ftol", "xtol")}
        return start, tighter, "continued once more with tighter tolerances"
    note = f"found by another search, with {how}"
    if how == _SOLVED:
        solved = with_linear_solved(view.problem)
        return None if solved is None else (view.to_space(solved), {}, note)
    start = _inside(view)
    if how == _TENTHS:
        return start, {"factor": _short_step(view, start)}, note
    size = np.abs(view.start) if how == _START_UNITS else np.ones(len(view.start))
    return start, {"diag": 1.0 / np.where(size > 0.0, size, 1.0), "factor": _SHORT}, note


def _short_step(view: View, start: Array) -> float:
    """MINPACK's `factor`, the length of the first step in units of that of the scaled start."""
    residual = np.array(view.residual(start))
    jacobian = view.jacobian(start) if view.has_jacobian else view.differences(start, residual)
    norms = column_norms(jacobian)
    length = norm(np.where(norms > 0.0, norms, 1.0) * start)
    return _TENTH * norm(residual) / (length or 1.0) or _SHORT


def _inside(view: View) -> Array:
    """The start, with the values that are on a bound moved well inside."""
    domain, value = view.problem.domain, np.array(view.problem.start)
    inwards = (value == domain.lower).astype(float) - (value == domain.upper)
    return np.asarray(view.start + _INWARDS * inwards * np.sign(view.derivative(view.start)))


class _NoNumberError(Exception):
    """MINPACK's next step is not a number, nor will any other be."""


class _Residual:
    """The residual as MINPACK calls it.

    Attributes
    ----------
    trail : deque
        The last points: enough for a Jacobian, the point it is taken at, and the attempts at a step
        before and after it.  Their residuals are not kept, which would drive the objective's own
        arrays out of the processor's cache.
    """

    def __init__(self, view: View, start: Array) -> None:
        self.view, self.problem = view, view.problem
        self.evaluate = view.evaluate
        self.padding = max(0, len(start) - self.problem.size)
        self.trail: deque[list[float]] = deque([start.tolist()], maxlen=2 * len(start) + 20)
        self.at_start: Array | None = None
        if view.starts_inside and start is view.start:
            self.at_start = self.problem.start_residual

    def function(self) -> Callable[[Array], Array]:
        """Make the function to be minimised."""
        problem, padding = self.problem, self.padding
        evaluate, to_values = problem.residual, self.view.values if self.view.transforms else None
        remember, start, at_start = self.trail.append, self.trail[0], self.at_start

        def residual(u: Array) -> Array:
            nonlocal at_start
            point: list[float] = u.tolist()
            if at_start is not None:  # MINPACK and SciPy evaluate the start several times
                if point == start:
                    # SciPy works in the memory of the first array that it gets: it must not be ours.
                    return self._padded(at_start)
                at_start = None
            found = evaluate(point if to_values is None else to_values(point))
            if problem.rejected:
                found = self._instead(point, found)
            remember(point)
            return self._padded(found) if padding else found

        return residual

    def derivatives(self) -> Callable[[Array], Array]:
        """Make the function of the user's derivatives, one row per variable."""
        differentiate, padding = self.view.jacobian, self.padding
        last: list[float] | None = None
        rows: Array = np.empty(0)

        def derivatives(u: Array) -> Array:
            nonlocal last, rows
            if u.tolist() != last:  # SciPy and then MINPACK ask for those at the start
                last, rows = u.tolist(), differentiate(u).T
            # The zeros belong to those that pad the residual.
            return np.concatenate([rows, np.zeros((len(rows), padding))], axis=1) if padding else rows

        return derivatives

    def _padded(self, residual: Array) -> Array:
        """A copy with zeros for the data that MINPACK misses: it wants at least as many as variables."""
        return np.concatenate([residual, np.zeros(self.padding)]) if self.padding else residual.copy()

    def _instead(self, point: list[float], residual: Array) -> Array:
        """What stands for a residual that is not finite: see the module's docstring."""
        self.problem.rejected = False
        if any(map(math.isnan, point)):
            raise _NoNumberError
        for base in reversed(self.trail):
            moved = _differs_in(point, base)
            if len(moved) == 1 and abs(point[moved[0]] - base[moved[0]]) <= _FORWARD * max(
                1.0, abs(base[moved[0]])
            ):
                mirrored = base.copy()
                mirrored[moved[0]] = 2.0 * base[moved[0]] - point[moved[0]]
                behind = np.array(self.evaluate(mirrored))
                if not self.problem.rejected:
                    return 2.0 * self.evaluate(base) - behind
                self.problem.rejected = False
        return self.view.wall(residual)


def _differs_in(point: list[float], other: list[float]) -> list[int]:
    return [j for j, (a, b) in enumerate(zip(point, other)) if a != b]


def _trouble(view: View, start: Array, solution: Solution) -> _Trouble:
    """Whether the search from `start` ended where it cannot have wanted to."""
    problem = view.problem
    lengths = column_norms(solution.jacobian).tolist()
    size = norm(solution.residual)
    slope = (solution.jacobian.T @ solution.residual).tolist()
    domain = problem.domain
    free = [
        j
        for j, x in enumerate(solution.x)
        if (domain.lower[j] < x or slope[j] < 0.0) and (x < domain.upper[j] or slope[j] > 0.0)
    ]
    if not free:  # all variables at their bounds: a corner is seldom the minimum
        return _Trouble.LOST
    falls = any(abs(slope[j]) > STEEP * lengths[j] * size for j in free)
    if falls and not solution.regular and size > ROUNDING * problem.start_norm:
        return _Trouble.STEEP
    began = view.values(start.tolist())
    for j in free:
        x, travel = float(solution.x[j]), abs(float(solution.x[j]) - began[j])
        if travel > 0.0 and lengths[j] * max(abs(x), travel) < _LOST * size:
            return _Trouble.LOST
    if solution.regular:
        return _Trouble.NONE if solution.converged else _Trouble.UNFINISHED
    if size <= ROUNDING * problem.start_norm:
        return _Trouble.NONE
    # Where even at the start not each variable has an effect of its own, another search would not help.
    return _Trouble.LOST if start is not view.start or _is_regular(view, start) else _Trouble.NONE


def _is_regular(view: View, u: Array) -> bool:
    """Whether each variable has an effect of its own at a point."""
    return NormalEquations(view.jacobian(u) if view.has_jacobian else view.differences(u)).regular
