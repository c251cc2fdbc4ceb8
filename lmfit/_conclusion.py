"""From the end of a search to a result: statistics, errors and what to say about them.

This is the same for all engines.  Errors come from the Jacobian of the residual at the
best point (`_covariance`); where a robust cost was minimised they are the sandwich
estimate (`_robust`), and where the objective returns a number they come from its
second derivatives (`_hessian`).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ._covariance import Bound, Covariance, covariance, propagate
from ._derivatives import Array
from ._engines import Engine, Outcome
from ._hessian import covariance_of_minimum
from ._problem import Best, Problem
from ._robust import SUM_OF_SQUARES, Cost, Reduction, recognised, sandwich
from ._statistics import GoodnessOfFit, goodness_of_fit
from .errors import MinimizerException
from .result import MinimizerResult

__all__ = ["INTERRUPTED", "concluded"]

#: How a search ends by Ctrl-C.
INTERRUPTED = "interrupted from the keyboard"


def concluded(
    problem: Problem,
    engine: Engine,
    outcome: Outcome,
    aborted: bool,
    flags: dict[str, bool],
    options: dict[str, Any],
) -> MinimizerResult:
    """Return the result of a fit: statistics and errors at the best point.

    Parameters
    ----------
    problem : Problem
        After the search; its parameters become those of the result.
    engine : Engine
    outcome : Outcome
        What the engine says.
    aborted : bool
        Whether the search was ended before it converged.
    flags : dict
        The settings ``calc_covar`` and ``scale_covar``.
    options : dict
        Options of the engine, for the record.
    """
    best = problem.best
    if best is None:
        raise MinimizerException(f"{engine.name} found no point with a finite residual; {outcome.message}")
    residual = _present(problem, best.residual)
    outcome = _noting_omissions(problem, outcome, len(residual))
    fit = goodness_of_fit(float(residual @ residual), len(residual), len(problem.names))
    covar: Array | None = None
    reasons: dict[str, str] = {}
    _forget_errors(problem)
    if flags["calc_covar"] and problem.names:
        try:
            covar, reasons = _errors(problem, best, outcome, fit if flags["scale_covar"] else None)
        except KeyboardInterrupt:
            outcome, reasons = _without_errors(problem, outcome)
    problem.set_values(best.values)
    problem.params._stale = bool(problem.tied_names)
    return MinimizerResult(
        params=problem.params,
        success=outcome.success,
        message=_message(outcome, aborted, reasons),
        method=engine.name,
        nfev=problem.nfev,
        aborted=aborted,
        errorbars=covar is not None and not reasons,
        undetermined=reasons,
        var_names=problem.names,
        init_values=dict(zip(problem.names, problem.start)),
        residual=residual,
        covar=covar,
        nvarys=len(problem.names),
        **vars(fit),
        scale_covar=flags["scale_covar"],
        call_kws=options,
        extras=outcome.extras,
    )


def _present(problem: Problem, residual: Array) -> Array:
    """The residual without the data that 'omit' left out."""
    if problem.omitted is None:
        return residual
    return residual[~problem.omitted]


def _noting_omissions(problem: Problem, outcome: Outcome, present: int) -> Outcome:
    """Say how many data 'omit' left out; without as many data as variables there is no fit."""
    if present == problem.size:
        return outcome
    text = f"{problem.size - present} of {problem.size} data were omitted, as they are not finite"
    if problem.size - present > problem.omitted_at_start:
        text += (
            f" ({problem.omitted_at_start} at the start: chi-square is also lowered by going where data "
            "vanish; leave them out before the fit)"
        )
    too_few = present < len(problem.names)
    if too_few:
        text += f", which leaves fewer than the {len(problem.names)} variables"
    return replace(outcome, success=outcome.success and not too_few, message=f"{outcome.message}; {text}")


def _forget_errors(problem: Problem) -> None:
    """Take away the errors of an earlier fit; fixed parameters have none."""
    for par in problem.params.values():
        par.stderr, par.correl = (None if par._vary or par._tie is not None else 0.0), None


def _errors(
    problem: Problem, best: Best, outcome: Outcome, scaled_by: GoodnessOfFit | None
) -> tuple[Array, dict[str, str]]:
    """Covariance of the variables, scaled by a goodness of fit; errors into the Parameters."""
    x = np.array(best.values)
    if outcome.covariance is not None:
        _assign(problem, outcome.covariance, 1.0)
        return outcome.covariance[: len(x), : len(x)], {}
    cost = _cost(problem, best.residual)
    if cost is None:
        found = _of_a_number(problem, x)
    else:
        found = _of_a_residual(problem, x, best.residual, outcome, cost)
    reasons = {problem.names[j]: reason for j, reason in found.reasons.items()}
    scale = 1.0
    # Only a sum of squares knows the errors of the data no better than by chi-square.
    if scaled_by is not None and cost is SUM_OF_SQUARES:
        # A variable that is held by its bound, or has no effect, is as good as fixed.
        nfree = scaled_by.ndata - found.rank
        scale = scaled_by.chisqr / nfree if nfree > 0 else math.nan
        if nfree <= 0:
            reasons = dict.fromkeys(problem.names, "no degrees of freedom are left") | reasons
    full = found.matrix
    if problem.tied_names:
        variances = (scale * full.diagonal()).tolist()
        error = np.array([math.sqrt(value) if value > 0.0 else 0.0 for value in variances])
        full = propagate(np.concatenate([np.eye(len(x)), problem.tied_gradient(x, error)]), full)
    _assign(problem, full, scale)
    return found.matrix * scale, reasons


def _without_errors(problem: Problem, outcome: Outcome) -> tuple[Outcome, dict[str, str]]:
    """What Ctrl-C leaves that comes after the search; a second one is meant for more than the fit."""
    if outcome.message == INTERRUPTED:
        raise KeyboardInterrupt
    _forget_errors(problem)
    outcome = replace(outcome, extras={**outcome.extras, "lmdif_message": INTERRUPTED})
    return outcome, dict.fromkeys(problem.names, INTERRUPTED)


def _cost(problem: Problem, residual: Array) -> Cost | Reduction | None:
    """What was minimised, as a function of the residual; None where the objective returns it itself."""
    if problem.returns_number or problem.summed_cost is not None or problem.policy.reduce_fcn is None:
        return problem.summed_cost
    return recognised(problem.policy.reduce_fcn, residual)


def _of_a_residual(
    problem: Problem, x: Array, residual: Array, outcome: Outcome, cost: Cost | Reduction
) -> Covariance:
    """Covariance from the Jacobian at the best point, in units of the residual's variance."""
    jacobian = outcome.jacobian
    if jacobian is None:
        jacobian = problem.best_jacobian(x, residual)
    if cost is SUM_OF_SQUARES:
        bound = Bound.active(x, residual, jacobian, problem.domain)
        return covariance(jacobian, problem.names, bound, outcome.equations)
    bound = Bound.active(x, cost.pull(residual), jacobian, problem.domain)
    return sandwich(cost, residual, jacobian, problem.names, bound)


def _of_a_number(problem: Problem, x: Array) -> Covariance:
    """Covariance from the second derivatives of the cost."""
    curvature, slope = problem.best_curvature(x)
    return covariance_of_minimum(curvature, slope, x, problem.names, problem.domain)


def _assign(problem: Problem, full: Array, scale: float) -> None:
    """Standard errors and correlations of variables and tied parameters that have them."""
    names, n = problem.names, len(problem.names)
    variances = full.diagonal()
    known = (variances >= 0.0) & (variances < math.inf)  # that of an expression may be too large
    errors = np.sqrt(np.where(known, variances, math.nan))
    unit = np.where(errors > 0.0, errors, math.inf)  # what has no error is correlated with nothing
    correlations = full[:, :n] / unit[:n] / unit[:, np.newaxis]  # those with the variables
    scaled = (errors * math.sqrt(scale)).tolist()
    undetermined = [name for name, error in zip(names, scaled) if error != error]
    for name, error, row in zip([*names, *problem.tied_names], scaled, correlations.tolist()):
        if error == error:
            correl = dict(zip(names, row))
            for other in (name, *undetermined):
                correl.pop(other, None)
            par = problem.params[name]
            par.stderr, par.correl = error, correl


def _message(outcome: Outcome, aborted: bool, reasons: dict[str, str]) -> str:
    state = "Fit succeeded" if outcome.success else "Fit aborted" if aborted else "Fit did not succeed"
    text = f"{state}: {outcome.message}."
    if reasons:
        listed = "; ".join(f"{name!r} ({reason})" for name, reason in reasons.items())
        text += f" No standard error for {listed}."
    return text
