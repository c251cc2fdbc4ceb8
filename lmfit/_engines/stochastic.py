r"""Optimisers that search a whole region by chance.

`differential_evolution` lets a population cross and mutate (R. Storn and K. Price,
J. Glob. Optim. 11 (1997) 341).  `basinhopping` jumps from one local minimum to the next
(D. J. Wales and J. P. K. Doye, J. Phys. Chem. A 101 (1997) 5111).  `dual_annealing`
is generalised simulated annealing with local searches (C. Tsallis and D. A. Stariolo,
Physica A 233 (1996) 395; Y. Xiang et al., Phys. Lett. A 233 (1997) 216).

`anneal` is the simulated annealing of `scipy.optimize.anneal`, which SciPy no longer
has, by way of `dual_annealing`.  That draws its steps from a family of distributions
with an index *q*, and lowers the temperature such that step *k* is made at

.. math::  T_k = T_0 \frac{2^{q - 1} - 1}{(k + 2)^{q - 1} - 1} .

The schedules of old are members of the family: 'boltzmann' has Gaussian steps and a
logarithmic cooling, *q* close to 1; 'cauchy' the Cauchy distribution, whose tails
allow cooling in proportion to 1/*k*, *q* = 2 (H. Szu and R. Hartley, Phys. Lett. A 122
(1987) 157); 'fast' longer tails and faster cooling still, *q* = 2.62.  The end is
refined by least squares, for which annealing is no match.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import optimize

from .._derivatives import Array
from .._problem import Space, View
from ..errors import ParameterError
from . import parallel
from .base import Objective, Outcome, generator, register
from .descent import descent
from .search import WITH_BOUNDS, WITH_GRADIENT, Cost, concluded, polished, seeding

__all__ = ["anneal", "basinhopping", "differential_evolution", "dual_annealing"]

_ANNEALING_OPTIONS = (
    "maxiter", "minimizer_kwargs", "initial_temp", "restart_temp_ratio", "visit", "accept",
    "no_local_search", "callback", "seed",
)  # fmt: skip
#: Index of the distribution of steps for each schedule.  Gaussian steps are the limit of 1, where SciPy's
#: formulas overflow.
_SCHEDULES = {"boltzmann": 1.1, "cauchy": 2.0, "fast": 2.62}
#: SciPy's own starting temperature, and the largest that it takes.
_INITIAL_TEMPERATURE = 5230.0
_HOTTEST = 5e4
_MAXITER = 400
_ANNEALED = ("x", "fun", "status", "nit", "nfev", "njev", "nhev")


@register(
    "differential_evolution",
    space=Space.EXTERNAL,
    objective=Objective.SCALAR,
    title="Differential evolution",
    options=(
        "strategy", "maxiter", "popsize", "tol", "mutation", "recombination", "seed", "callback", "disp",
        "polish", "init", "atol", "updating", "workers", "constraints", "x0", "integrality",
    ),
    evaluations=200_000,
    needs_bounds=True,
    stochastic=True,
)  # fmt: skip
def differential_evolution(view: View, options: dict[str, Any]) -> Outcome:
    """Run `scipy.optimize.differential_evolution`, with the start values in the first population.

    `polish` (True) is the local search of SciPy and the steps of Gauss and Newton after it.
    `workers` may also be an executor of `concurrent.futures`; the population is then updated once in a
    generation, ``updating='deferred'``.
    """
    workers, polish = options.pop("workers", 1), options.get("polish", True)
    seed = _seed(optimize.differential_evolution, options)
    settings, limits = {"x0": view.start, **options, **seed}, optimize.Bounds(view.lower, view.upper)
    with Cost(view) as cost, parallel.pool(workers) as crew:
        if crew is None:
            solution = optimize.differential_evolution(cost, limits, **settings)
        else:
            settings.setdefault("updating", "deferred")
            with parallel.Replay(view, parallel.mapping(crew)) as replay:
                settings["workers"] = cost.mapping(replay)
                solution = optimize.differential_evolution(cost, limits, **settings)
    fields = ("x", "fun", "nit", "population", "population_energies")
    return polished(view, concluded(solution, "de", fields), polish)


@register(
    "basinhopping",
    space=Space.SCALED,
    objective=Objective.SCALAR,
    title="Basin hopping",
    options=(
        "niter", "T", "stepsize", "minimizer_kwargs", "take_step", "accept_test", "callback", "interval",
        "disp", "niter_success", "target_accept_rate", "stepwise_factor", "seed", "polish",
    ),
    evaluations=200_000,
    uses_jacobian=True,
    stochastic=True,
)  # fmt: skip
def basinhopping(view: View, options: dict[str, Any]) -> Outcome:
    """Run `scipy.optimize.basinhopping`; `stepsize` is in units of the start values."""
    seed, polish = _seed(optimize.basinhopping, options), options.pop("polish", True)
    local: Any = {"method": "L-BFGS-B", **options.pop("minimizer_kwargs", {})}
    if local["method"] in WITH_BOUNDS:
        local.setdefault("bounds", view.bounds)
    if view.has_jacobian and local["method"] in WITH_GRADIENT:
        local.setdefault("jac", view.gradient)
    with Cost(view) as cost:
        solution = optimize.basinhopping(cost, view.start, minimizer_kwargs=local, **options, **seed)
    return polished(view, concluded(solution, "basinhopping", ("nit",)), polish)


@register(
    "dual_annealing",
    space=Space.EXTERNAL,
    objective=Objective.SCALAR,
    title="Dual annealing",
    options=(*_ANNEALING_OPTIONS, "x0", "polish"),
    evaluations=200_000,
    needs_bounds=True,
    stochastic=True,
)
def dual_annealing(view: View, options: dict[str, Any]) -> Outcome:
    """Run `scipy.optimize.dual_annealing` from the start values."""
    seed, polish = _seed(optimize.dual_annealing, options), options.pop("polish", True)
    settings = {"x0": view.start, **options, **seed}
    with Cost(view) as cost:
        limits = optimize.Bounds(view.lower, view.upper)
        solution = optimize.dual_annealing(cost, limits, **settings)
    return polished(view, concluded(solution, "da", _ANNEALED), polish)


@register(
    "anneal",
    aliases=("simulated-annealing",),
    space=Space.EXTERNAL,
    objective=Objective.SCALAR,
    title="Simulated annealing",
    options=(
        "schedule", "T0", "Tf", "lower", "upper", "maxeval", "boltzmann", "full_output", "polish",
        *_ANNEALING_OPTIONS,
    ),
    evaluations=200_000,
    stochastic=True,
)  # fmt: skip
def anneal(view: View, options: dict[str, Any]) -> Outcome:
    """Run simulated annealing with the keywords of `scipy.optimize.anneal` that still have a meaning.

    `schedule` is 'fast' (default), 'cauchy' or 'boltzmann'; `T0` and `Tf` are the first and the last
    temperature, `maxiter` (400) and `maxeval` the largest numbers of temperatures and of evaluations;
    `boltzmann` is the constant by which temperatures are multiplied where they are compared with the cost.
    `lower` and `upper` (-100, 100; numbers or one for each variable) bound the search where the
    parameters have no bounds, and are moved where a start value is outside.  ``full_output`` is accepted:
    all output is part of the result.  ``polish=False`` leaves out the least-squares search at the end.
    The keywords of `dual_annealing` are known too.  Those of the old function that set its steps or
    counted accepted ones (learn_rate, dwell, quench, m, n, feps, maxaccept) have no counterpart.
    """
    options.pop("full_output", None)
    polish, scale = options.pop("polish", True), float(options.pop("boltzmann", 1.0))
    lower, upper = _box(view, options.pop("lower", -100.0), options.pop("upper", 100.0))
    seed = _seed(optimize.dual_annealing, options)
    settings = {**_cooling(options), **seed}
    if not scale > 0.0:
        raise ValueError(f"boltzmann must be positive, not {scale}")
    with Cost(view) as cost:

        def scaled(u: Array) -> float:
            return cost(u) / scale

        limits = optimize.Bounds(lower, upper)
        solution = optimize.dual_annealing(scaled, limits, x0=view.start, **settings)
    outcome = concluded(solution, "da", _ANNEALED)
    # A number without a residual, or a cost that is no sum of squares, has nothing to refine.
    if not polish or view.problem.size <= 1 or view.problem.policy.reduce_fcn is not None:
        return outcome
    return _refined(view, outcome)


def _refined(view: View, outcome: Outcome) -> Outcome:
    """The outcome after a search by leastsq from the lowest point."""
    problem = view.problem
    best = problem.best
    assert best is not None  # the start is one
    end = descent(problem, best.values, {"retry": False})
    if end.cost <= best.cost:
        problem.settle(end.values, end.residual)
        text = f"{outcome.message}; refined by least squares: {end.message}"
        return replace(outcome, message=text, jacobian=end.jacobian, equations=end.equations)
    return outcome


def _box(view: View, lower: Any, upper: Any) -> tuple[Array, Array]:
    """The region to search: the bounds, and where there are none `lower` and `upper`."""
    sides = []
    for name, given in (("lower", lower), ("upper", upper)):
        side = np.asarray(given, dtype=float)
        if side.shape not in {(), view.start.shape} or not np.isfinite(side).all():
            raise ValueError(
                f"{name} must be a finite number, or one for each of {', '.join(view.names)}, not {given!r}"
            )
        sides.append(side)
    low = np.where(np.isfinite(view.lower), view.lower, np.minimum(sides[0], view.start))
    high = np.where(np.isfinite(view.upper), view.upper, np.maximum(sides[1], view.start))
    empty = [name for name, one, other in zip(view.names, low, high) if not one < other]
    if empty:
        raise ParameterError(
            f"no room between the lower and the upper limit of {', '.join(map(repr, empty))}; "
            "set min and max, or give other values of the options lower and upper"
        )
    return low, high


def _cooling(options: dict[str, Any]) -> dict[str, Any]:
    """The schedule in the terms of dual_annealing, whose own keywords come first."""
    settings = {"maxiter": _MAXITER, **options}
    schedule, first, last = (settings.pop(key, None) for key in ("schedule", "T0", "Tf"))
    schedule = "fast" if schedule is None else schedule
    if schedule not in _SCHEDULES:
        raise ValueError(f"schedule must be one of {', '.join(map(repr, _SCHEDULES))}, not {schedule!r}")
    index = settings.setdefault("visit", _SCHEDULES[schedule])
    hot = settings.setdefault("initial_temp", _INITIAL_TEMPERATURE if first is None else float(first))
    if not 0.0 < hot <= _HOTTEST:
        raise ValueError(f"T0, the first temperature, must be above 0 and at most {_HOTTEST:g}, not {hot}")
    if last is not None:
        if not 0.0 < last < hot:
            raise ValueError(f"Tf, the last temperature, must be between 0 and T0 = {hot}, not {last}")
        settings["maxiter"] = min(settings["maxiter"], _temperatures(index, hot / last))
        settings.setdefault("restart_temp_ratio", 0.5 * last / hot)
    if "maxeval" in settings:
        settings["maxfun"] = settings.pop("maxeval")
    return settings


def _temperatures(index: float, ratio: float) -> int:
    """How many temperatures there are until the first is divided by `ratio`."""
    grown = (index - 1.0) * math.log(2.0)
    steps = math.exp(min(math.log1p(ratio * math.expm1(grown)) / (index - 1.0), 40.0))
    return max(1, math.ceil(steps) - 1)


def _seed(function: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Take the seed from the options; return it as the keyword of SciPy's function."""
    return seeding(function, generator(options.pop("seed", None)))
