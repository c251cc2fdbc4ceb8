"""Variable projection: what is linear is solved at each step, only the rest is searched for (see `_varpro`).

Which variables are linear is known to the objective, if it has a method ``linearity(params)`` that returns
a `Linearity`; is said by the user, by the option ``linear``; or is found by trying.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._derivatives import Array, norm
from .._linearity import Linearity, found_by_trying
from .._problem import Problem, Space, View
from .._varpro import NotLinear, Search, Separable
from ..errors import MinimizerException, close_matches
from .base import Objective, Outcome, register
from .descent import confirmed
from .polish import improved

__all__ = ["varpro"]

_TOLERANCE = 1e-7
#: With exact derivatives the last digits cost one step more, which is less than the polish does.
_WITH_DERIVATIVES = 1e-10
#: Lengths of the first step of the search, and of another one if that fails, in units of the start values.
_FIRST_STEPS = (0.5, 0.1)
#: Step of a forward difference, in units of the variable.
_FORWARD = float(np.finfo(float).eps) ** 0.5


@register(
    "varpro",
    aliases=("variable-projection",),
    space=Space.EXTERNAL,
    objective=Objective.RESIDUAL,
    title="Variable projection: linear variables are solved, not searched for",
    options=("linear", "ftol", "xtol", "polish"),
    evaluations=1000,
    uses_jacobian=True,
    needs_linear=True,
)
def varpro(view: View, options: dict[str, Any]) -> Outcome:
    """Search for the variables that are not linear, with a polish unless that option is False."""
    problem = view.problem
    start, at_start = np.array(problem.start), problem.start_residual.copy()
    polish = options.get("polish", True)
    known = _known(problem, options.get("linear"))
    certain = not known.unknown and "linear" not in options
    linearity = _tried(problem, known, at_start)
    columns = _Columns(view, linearity.linear)
    separable = Separable(problem.probe, columns, columns.linear, problem.domain)
    tolerance = _TOLERANCE if problem.derivative is None else _WITH_DERIVATIVES
    tolerances = {"ftol": tolerance, "xtol": tolerance}
    tolerances |= {key: options[key] for key in tolerances if key in options}
    for first in _FIRST_STEPS:
        search = Search(separable, start, at_start, first=first, check=not certain, **tolerances)
        try:
            end = search.run()
        except NotLinear:
            raise MinimizerException(
                f"varpro: the residual is not linear in {', '.join(map(repr, linearity.linear))} together; "
                "name those in which it is by the option linear=[...], or use another engine"
            ) from None
        problem.probe(search.here.x.tolist())  # it has only been calculated so far
        extras = {"linear_names": list(linearity.linear)}
        outcome = Outcome(True, end.value.format(**tolerances), extras=extras)
        outcome = confirmed(problem, outcome) if polish else improved(problem, outcome, False)
        if outcome.success:
            break
    return outcome


def _known(problem: Problem, given: Sequence[str] | str | None) -> Linearity:
    """What the user or the objective says of the variables."""
    if given is not None:
        return Linearity(_checked([given] if isinstance(given, str) else given, problem))
    ask = getattr(problem.function, "linearity", None)
    return Linearity(unknown=tuple(problem.names)) if ask is None else ask(problem.params)


def _tried(problem: Problem, known: Linearity, at_start: Array) -> Linearity:
    """Which variables are linear; it is an error if none is."""
    found = found_by_trying(problem.probe, problem.start, at_start, problem.names, known, problem.domain)
    if not found.linear:
        listed = "; ".join(f"{name!r}: {reason}" for name, reason in found.reasons.items())
        raise MinimizerException(
            f"varpro needs a variable in which the residual is linear, and finds none ({listed}); "
            "use another engine, such as 'leastsq'"
        )
    return found


def _checked(names: Any, problem: Problem) -> tuple[str, ...]:
    """The names that the user gives, if they are those of variables."""
    if not isinstance(names, Collection):
        raise TypeError(f"linear must be names of parameters, but is {names!r:.80}")
    for name in names:
        if name not in problem.names:
            what = "is no variable: it is fixed or tied" if name in problem.params else "is no parameter"
            raise MinimizerException(
                f"option linear: {name!r} {what}{close_matches(str(name), problem.names) or '.'} "
                f"The variables are {', '.join(problem.names)}"
            )
    if not len(names):
        raise MinimizerException(
            "option linear: name at least one variable, or leave it out to have them found"
        )
    return tuple(names)


class _Columns:
    """Columns of the Jacobian: the user's, or by differences, which for a linear variable are exact."""

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
