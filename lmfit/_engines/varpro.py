"""Variable projection: what is linear is solved at each step, only the rest is searched for (see `_varpro`).

Which variables are linear is known to the objective, if it has a method ``linearity(params)`` that returns
a `Linearity`; is said by the user, by the option ``linear``; or is found by trying.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from .._derivatives import Array
from .._linearity import Linearity, found_by_trying
from .._problem import Problem, Space, View
from .._varpro import NotLinear, Search, Separable
from ..errors import MinimizerException, close_matches
from .base import Objective, Outcome, register
from .descent import confirmed
from .linear import Columns, linearity
from .polish import improved

__all__ = ["varpro"]

_TOLERANCE = 1e-7
#: With exact derivatives the last digits cost one step more, which is less than the polish does.
_WITH_DERIVATIVES = 1e-10
#: Lengths of the first step of the search, and of another one if that fails, in units of the start values.
_FIRST_STEPS = (0.5, 0.1)


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
    linear = _tried(problem, known, at_start).linear
    columns = Columns(view, linear)
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
                f"varpro: the residual is not linear in {', '.join(map(repr, linear))} together; "
                "name those in which it is by the option linear=[...], or use another engine"
            ) from None
        problem.probe(search.here.x.tolist())  # it has only been calculated so far
        extras = {"linear_names": list(linear)}
        outcome = Outcome(True, end.value.format(**tolerances), extras=extras)
        outcome = confirmed(problem, outcome) if polish else improved(problem, outcome, False)
        if outcome.success:
            break
    return outcome


def _known(problem: Problem, given: Sequence[str] | str | None) -> Linearity:
    """What the user or the objective says of the variables."""
    if given is not None:
        return Linearity(_checked([given] if isinstance(given, str) else given, problem))
    return linearity(problem)


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
