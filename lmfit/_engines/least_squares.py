"""Trust-region least squares with bounds and robust losses: `scipy.optimize.least_squares`.

The residual is given in units of its norm at the start, steps are measured by the
columns of the Jacobian (``x_scale='jac'``), and derivatives are differences with steps
that suit each parameter, so that very large and very small numbers do no harm.
With the sum of squares as the cost the end is polished as that of
`leastsq` is.

With a robust `loss` the best point is the one of least cost (see `_robust`), and the
covariance is the sandwich estimate.  Chi-square remains the sum of squares of the residual.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy import optimize

from .._derivatives import Array
from .._problem import Space, View
from .._robust import LOSSES, loss
from ..errors import close_matches
from .base import Objective, Outcome, register
from .descent import confirmed
from .polish import improved

__all__ = ["least_squares"]

_UNLIMITED = 10**8
_least_squares: Any = optimize.least_squares
#: What of SciPy's solution becomes an attribute of the result.
_KEPT = ("active_mask", "njev", "optimality", "status")
#: MINPACK measures the gradient as a cosine.  Elsewhere it has the units of the parameters, and of the
#: residual at the start, which may be huge: then it says nothing.
_GTOL = {"lm": 1e-15}


@register(
    "least_squares",
    aliases=("least-squares",),
    space=Space.EXTERNAL,
    objective=Objective.RESIDUAL,
    title="Trust region with bounds and robust losses",
    options=(
        "ftol", "xtol", "gtol", "x_scale", "loss", "f_scale", "method", "jac", "diff_step", "tr_solver",
        "tr_options", "jac_sparsity", "verbose", "polish",
    ),
    uses_jacobian=True,
)  # fmt: skip
def least_squares(view: View, options: dict[str, Any]) -> Outcome:
    """Run `scipy.optimize.least_squares`, with a polish unless that option is False."""
    polish = options.pop("polish", True)
    name = options.get("loss", "linear")
    linear = isinstance(name, str) and name == "linear"
    if not linear:
        view.problem.measure_by(loss(_checked(name), options.get("f_scale", 1.0)))
    settings = {"x_scale": "jac", "gtol": _GTOL.get(options.get("method", "")), **options}
    unit = view.problem.start_norm or 1.0
    settings["f_scale"] = options.get("f_scale", 1.0) / unit
    found = _search(view, unit, settings)
    extras = {key: found[key] for key in _KEPT if key in found}
    outcome = Outcome(
        success=bool(found.success),
        message=str(found.message).strip(". "),
        extras={
            **extras,
            "ier": int(found.status),
            "cost": found.cost * unit**2,
            "grad": found.grad * unit**2,
        },
    )
    if not linear:
        return outcome
    return confirmed(view.problem, outcome) if polish else improved(view.problem, outcome, False)


def _search(view: View, unit: float, settings: dict[str, Any]) -> Any:
    """Let SciPy search, with the residual in units of `unit`."""
    jacobian = _jacobian(view, settings.pop("jac", "2-point"), "diff_step" in settings)

    def scaled_jacobian(u: Array) -> Array:
        assert callable(jacobian)
        return jacobian(u) / unit

    return _least_squares(
        lambda u: view.residual(u) / unit,
        view.start,
        jac=scaled_jacobian if callable(jacobian) else jacobian,
        bounds=(view.lower, view.upper),
        max_nfev=_UNLIMITED,
        **settings,
    )


def _checked(name: Any) -> Any:
    """The name of a loss, or a function."""
    if not callable(name) and name not in LOSSES:
        known = ["linear", *LOSSES]
        raise ValueError(
            f"loss={name!r} is not known{close_matches(str(name), known) or '.'} It must be "
            f"{', '.join(map(repr, known))} or a function"
        )
    return name


def _jacobian(view: View, given: Any, own_steps: bool) -> Callable[[Array], Array] | str:
    """The derivatives: the user's; ours; or, where their steps are given, those of SciPy."""
    if view.has_jacobian:
        return view.jacobian
    if own_steps:
        return str(given)
    if given == "3-point":
        return view.central_differences
    if given == "2-point":
        return view.differences
    raise ValueError(f"jac must be '2-point', '3-point' or a function of the parameters, not {given!r}")
