"""Optimisers that cover the whole of a bounded region: a grid, simplices, rectangles.

`brute` evaluates a grid.  `shgo` follows the homology of a simplicial complex to
every local minimum (S. C. Endres, C. Sandrock and W. W. Focke, J. Glob. Optim. 72
(2018) 181).  `direct` divides the region into ever smaller rectangles, the promising
and the large ones first (D. R. Jones, C. D. Perttunen and B. E. Stuckman, J. Optim.
Theory Appl. 79 (1993) 157; J. M. Gablonsky and C. T. Kelley, J. Glob. Optim. 21
(2001) 27).  None of them draws random numbers.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import optimize

from .._derivatives import Array
from .._problem import Problem, Space, View
from ..errors import ParameterError
from ..parameter import Parameter
from . import parallel
from .base import Finds, Objective, Outcome, register
from .search import WITH_BOUNDS, WITH_GRADIENT, Cost, candidates, concluded, polished

__all__ = ["brute", "direct", "shgo"]

_UNLIMITED = 10**15
#: What SciPy's shgo takes in a dictionary of options.
_SHGO_OPTIONS = (
    "maxev", "maxiter", "maxtime", "f_min", "f_tol", "minhgrd", "symmetry", "minimize_every_iter",
    "local_iter", "infty_constraints", "disp",
)  # fmt: skip


@register(
    "brute",
    space=Space.EXTERNAL,
    objective=Objective.SCALAR,
    title="Grid search",
    finds=Finds.POINT,
    options=("Ns", "keep", "workers"),
    evaluations=_UNLIMITED,
)
def brute(view: View, options: dict[str, Any]) -> Outcome:
    """Evaluate a grid.

    A variable with `min`, `max` and `brute_step` has points from `min` to below `max`; without
    `brute_step`, `Ns` points from `min` to `max`; with `brute_step` and one bound, `Ns` points from or to
    there; with `brute_step` alone, about `Ns` points around its value.  `keep` is the number of
    `candidates`, or ``'all'``; `workers` a number of processes, an executor or a function like map.
    """
    axes = _axes(view.problem, options.get("Ns", 20))
    keep = options.get("keep", 50)
    points = list(itertools.product(*(axis.tolist() for axis in axes)))
    count = len(points) if keep == "all" else int(keep)
    with Cost(view) as cost:
        scores = np.array(_costs(view, cost, points, options.get("workers", 1)))
    order = np.argsort(scores, kind="stable")
    best = [(list(points[i]), scores[i]) for i in order[:count]]
    shape = tuple(len(axis) for axis in axes)
    grid, lowest = np.array(np.meshgrid(*axes, indexing="ij")), np.array(points[order[0]])
    single = len(axes) == 1
    extras = {
        "brute_x0": lowest[0] if single else lowest,
        "brute_fval": scores[order[0]],
        "brute_grid": grid[0] if single else grid,
        "brute_Jout": scores.reshape(shape),
        "candidates": candidates(view.problem, best),
    }
    return Outcome(True, f"all {len(points)} points of the grid were evaluated", extras=extras)


def _costs(view: View, cost: Cost, points: list[tuple[float, ...]], workers: Any) -> list[float]:
    with parallel.pool(workers) as crew:
        if crew is None:
            return [cost(point) for point in points]
        with parallel.Replay(view, parallel.mapping(crew)) as replay:
            return replay.map(cost, points)


def _axes(problem: Problem, count: Any) -> list[Array]:
    """The values of each variable on the grid."""
    count = int(count)
    if count < 1:
        raise ValueError(f"Ns, the number of points of each variable, must be at least 1, not {count}")
    pars = [problem.params[name] for name in problem.names]
    axes = [_axis(par, value, count) for par, value in zip(pars, problem.start)]
    missing = [f"{par.name!r} [{par.min}, {par.max}]" for par, axis in zip(pars, axes) if axis is None]
    if missing:
        raise ParameterError(
            f"engine 'brute' needs two finite bounds or a brute_step for every variable, but not so for "
            f"{', '.join(missing)}; set min and max, or brute_step"
        )
    return [axis for axis in axes if axis is not None]


def _axis(par: Parameter, value: float, count: int) -> Array | None:
    low, high, step = par.min, par.max, par.brute_step
    below, above = math.isfinite(low), math.isfinite(high)
    if below and above:
        return np.linspace(low, high, count) if step is None else np.arange(low, high, step, dtype=float)
    if step is None:
        return None
    if below:
        return low + step * np.arange(count, dtype=float)
    if above:
        return high + step * np.arange(-count, 0, dtype=float)
    half = max(1, count // 2)
    return value + step * np.arange(-half, half, dtype=float)


@register(
    "shgo",
    space=Space.EXTERNAL,
    objective=Objective.SCALAR,
    title="Simplicial homology",
    options=(
        "constraints", "n", "iters", "callback", "minimizer_kwargs", "sampling_method", "workers", "polish",
        *_SHGO_OPTIONS,
    ),
    evaluations=200_000,
    needs_bounds=True,
    uses_jacobian=True,
)  # fmt: skip
def shgo(view: View, options: dict[str, Any]) -> Outcome:
    """Run `scipy.optimize.shgo`; its local searches use the derivatives that the user gives.

    SciPy's dictionary ``options`` may also be given as keywords.
    """
    method = "SLSQP" if options.get("constraints") else "L-BFGS-B"
    options["minimizer_kwargs"] = _local_search(view, method, options.get("minimizer_kwargs"))
    options["options"] = {key: options.pop(key) for key in _SHGO_OPTIONS if key in options}
    workers, polish = options.pop("workers", 1), options.pop("polish", True)
    limits = optimize.Bounds(view.lower, view.upper)
    with Cost(view) as cost, parallel.pool(workers) as crew:
        if crew is not None and "workers" not in inspect.signature(optimize.shgo).parameters:
            raise ValueError("the workers of shgo need SciPy 1.11 or later; leave out the option workers")
        if crew is None:
            solution = optimize.shgo(cost, limits, **options)
        else:
            with parallel.Replay(view, parallel.mapping(crew)) as replay:
                solution = optimize.shgo(cost, limits, workers=cost.mapping(replay), **options)
    fields = ("x", "fun", "xl", "funl", "nit", "nfev", "nlfev", "nljev", "nlhev")
    return polished(view, concluded(solution, "shgo", fields), polish)


def _local_search(view: View, method: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    chosen = {"method": method, **(given or {})}
    if chosen["method"] in WITH_BOUNDS:
        chosen.setdefault("bounds", view.bounds)
    if view.has_jacobian and chosen["method"] in WITH_GRADIENT:
        chosen.setdefault("jac", view.gradient)
    return chosen


@register(
    "direct",
    space=Space.EXTERNAL,
    objective=Objective.SCALAR,
    title="Dividing rectangles (DIRECT)",
    options=(
        "eps", "maxiter", "locally_biased", "f_min", "f_min_rtol", "vol_tol", "len_tol", "callback",
        "polish",
    ),
    evaluations=200_000,
    needs_bounds=True,
)  # fmt: skip
def direct(view: View, options: dict[str, Any]) -> Outcome:
    """Run `scipy.optimize.direct`; without `max_nfev` it ends after 1000 evaluations for each variable."""
    polish, limit = options.pop("polish", True), view.problem.policy.max_nfev
    # SciPy sets aside memory for as many, and the Problem ends the search at the limit.
    options["maxfun"] = int(limit) + 1 if math.isfinite(limit) else 1000 * len(view.start)
    with Cost(view) as cost:
        solution = optimize.direct(cost, optimize.Bounds(view.lower, view.upper), **options)
    return polished(view, concluded(solution, "direct", ("x", "fun", "nit", "nfev", "status")), polish)
