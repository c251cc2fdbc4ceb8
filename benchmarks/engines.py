"""What each engine costs per evaluation of the objective, against the same search of raw SciPy.

The decaying sine of the manual, 301 points, 4 parameters. Both searches get the same options, and lmfit no
more calls than SciPy has made. They take other paths, since lmfit scales its variables, so the time is
divided by the number of calls. Errors of the parameters and the polish of the last digits, which SciPy does
not have, are off. What a fit costs once, however long it is, is measured by one that ends at its start; the
last column is the ratio of the whole times, with that and without regard to the calls.
"""

from __future__ import annotations

from _timing import compare, counted, heading, show_time

import warnings
import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from _problems import DATA, X, parameters, residual_params, residual_vars
from scipy import optimize

from lmfit import Parameters, engines, minimize

START = np.array([6.0, -0.05, 2.05, 0.02])
LOWER, UPPER = np.array([1.0, -1.0, 1.0, 0.0]), np.array([9.0, 1.0, 3.0, 0.1])
BOUNDS = list(zip(LOWER, UPPER, strict=True))
NAMES = ("amp", "phase", "frequency", "decay")
AIM = 1.3
ROUNDS = 9

Cost = Callable[[Any], float]
Residual = Callable[[Any], np.ndarray]


@dataclass(frozen=True)
class Search:
    """A search of raw SciPy, ``raw(residual, cost)``, and the options with which lmfit does the same.

    Where SciPy has no such engine (`own`) it is compared with the one that it is made of.
    """

    raw: Callable[[Residual, Cost], Any]
    options: dict[str, Any] = field(default_factory=dict)
    bounded: bool = False
    own: bool = False


def local(method: str, bounded: bool = False, **options: Any) -> Search:
    bounds = BOUNDS if bounded else None
    return Search(
        lambda residual, cost: optimize.minimize(cost, START, method=method, bounds=bounds, options=options),
        options,
        bounded,
    )


def second_order(method: str) -> Search:
    """Return a search that SciPy must be given derivatives for: differences of the residual, as in lmfit.

    As there, the cost, its gradient and its Hessian at one point share what they evaluate, and variables
    and cost are in units of their start: a call then stands for the same part of an iteration.
    """
    units = np.abs(START)

    def raw(residual: Residual, cost: Cost) -> Any:
        residuals: dict[bytes, np.ndarray] = {}
        differences: dict[bytes, np.ndarray] = {}
        unit = float(np.sqrt(cost(START)))

        def scaled_cost(u: np.ndarray) -> float:
            residuals.clear()
            r = residuals[u.tobytes()] = residual(u * units) / unit
            return r @ r

        def slopes(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            key = u.tobytes()
            if key not in residuals:
                scaled_cost(u)
            at_u = residuals[key]
            if key not in differences:
                steps = 1.5e-8 * np.maximum(np.abs(u), 1.0)
                moved = [(residual((u + step) * units) / unit - at_u) / step.max() for step in np.diag(steps)]
                differences.clear()
                differences[key] = np.array(moved)
            return at_u, differences[key]

        def gradient(u: np.ndarray) -> np.ndarray:
            at_u, rows = slopes(u)
            return 2.0 * rows @ at_u

        def hessian(u: np.ndarray) -> np.ndarray:
            _, rows = slopes(u)
            return 2.0 * rows @ rows.T

        return optimize.minimize(scaled_cost, START / units, method=method, jac=gradient, hess=hessian)

    return Search(raw)


def boxed(function: Callable[..., Any], **options: Any) -> Search:
    """Return a global search in the box."""
    seed = {"seed": 1} if function in {optimize.differential_evolution, optimize.dual_annealing} else {}
    return Search(lambda residual, cost: function(cost, BOUNDS, **options, **seed), {**options, **seed}, True)


def hopping(residual: Residual, cost: Cost) -> Any:
    return optimize.basinhopping(
        cost, START, niter=3, minimizer_kwargs={"method": "L-BFGS-B", "bounds": BOUNDS}, seed=1
    )


def grid(residual: Residual, cost: Cost) -> Any:
    return optimize.brute(cost, BOUNDS, Ns=6, finish=None)


def sampled(residual: Residual, cost: Cost) -> Any:
    import emcee

    def log_posterior(v: np.ndarray) -> float:
        return -0.5 * cost(v) if ((v >= LOWER) & (v <= UPPER)).all() else -np.inf

    walkers = START * (1.0 + 1e-4 * np.random.default_rng(1).standard_normal((20, 4)))
    return emcee.EnsembleSampler(20, 4, log_posterior).run_mcmc(walkers, 50)


def levenberg_marquardt(residual: Residual, cost: Cost) -> Any:
    return optimize.leastsq(residual, START)


def many_starts(residual: Residual, cost: Cost) -> Any:
    """Search from ten starts in the box, in MINUIT's variables: raw `leastsq` knows no bounds."""
    half = 0.5 * (UPPER - LOWER)

    def inside(u: np.ndarray) -> np.ndarray:
        return residual(LOWER + half * (np.sin(u) + 1.0))

    for share in np.random.default_rng(1).random((10, 4)):
        optimize.leastsq(inside, np.arcsin(2.0 * share - 1.0))


SEARCHES = {
    "leastsq": Search(levenberg_marquardt),
    "least_squares": Search(
        lambda residual, cost: optimize.least_squares(residual, START, bounds=(LOWER, UPPER)), bounded=True
    ),
    "nelder": local("Nelder-Mead"),
    "powell": local("Powell"),
    "cg": local("CG"),
    "bfgs": local("BFGS"),
    "lbfgsb": local("L-BFGS-B", bounded=True),
    "tnc": local("TNC", bounded=True),
    "slsqp": local("SLSQP", bounded=True),
    "cobyla": local("COBYLA", maxiter=50),
    "cobyqa": local("COBYQA", bounded=True, maxfev=50),
    "newton": second_order("Newton-CG"),
    "dogleg": second_order("dogleg"),
    "trust-ncg": second_order("trust-ncg"),
    "trust-exact": second_order("trust-exact"),
    "trust-krylov": second_order("trust-krylov"),
    "trust-constr": second_order("trust-constr"),
    "differential_evolution": boxed(optimize.differential_evolution, maxiter=10, polish=False),
    "dual_annealing": boxed(optimize.dual_annealing, maxiter=100, no_local_search=True),
    "anneal": Search(
        boxed(optimize.dual_annealing, maxiter=100).raw, {"maxiter": 100, "seed": 1}, True, True
    ),
    "basinhopping": Search(hopping, {"niter": 3, "seed": 1}, True),
    "direct": boxed(optimize.direct, maxfun=1000),
    "shgo": boxed(optimize.shgo),
    "brute": Search(grid, {"Ns": 6}, True),
    "ampgo": Search(local("L-BFGS-B", bounded=True).raw, {"totaliter": 2, "seed": 1}, True, True),
    "multistart": Search(many_starts, {"n": 10, "seed": 1}, True, True),
    "emcee": Search(sampled, {"steps": 50, "nwalkers": 20, "seed": 1}, True),
}


def start(bounded: bool) -> Parameters:
    params = parameters()
    for name, value, low, high in zip(NAMES, START, LOWER, UPPER, strict=True):
        params[name].set(value=value, min=low if bounded else -np.inf, max=high if bounded else np.inf)
    return params


def searches(name: str, search: Search) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the search of SciPy and that of lmfit, which has a limit, as functions of the objective."""
    keywords = engines.find(name).keywords
    off = {"polish": False} if "polish" in keywords else {}

    def raw(objective: Callable[..., Any]) -> Any:
        def residual(v: Any) -> np.ndarray:
            return objective(v, X, DATA)

        def cost(v: Any) -> float:
            r = objective(v, X, DATA)
            return r @ r

        return search.raw(residual, cost)

    params = start(search.bounded)

    def ours(objective: Callable[..., Any], limit: int | None) -> Any:
        options = {**search.options, **off, "calc_covar": False, "max_nfev": limit}
        return minimize(objective, copy.copy(params), args=(X, DATA), method=name, **options)

    return raw, ours


def once() -> Any:
    return minimize(residual_params, start(bounded=False), args=(X, DATA), max_nfev=1, calc_covar=False)


def measure(name: str) -> tuple[float, str]:
    """Print the line of an engine, and return the ratio of the times per call and the name."""
    raw, ours = searches(name, SEARCHES[name])
    objective, theirs = counted(residual_vars)
    raw(objective)
    limit = None if SEARCHES[name].own else theirs[0]
    objective, made = counted(residual_params)
    ours(objective, limit)
    times = compare(
        {
            "raw": lambda: raw(residual_vars),
            "ours": lambda: ours(residual_params, limit),
            "once": once,
        },
        rounds=ROUNDS,
    )
    fixed = times["once"].seconds
    per_call = times["raw"].seconds / theirs[0], (times["ours"].seconds - fixed) / (made[0] - 1)
    ratio = (times["ours"].ratio - times["once"].ratio) * theirs[0] / (made[0] - 1)
    shown = [show_time(value) for value in (*per_call, fixed)]
    whole = times["ours"].ratio
    print(
        f"{name:24}{theirs[0]:8}{shown[0]:>10}{made[0]:8}{shown[1]:>10}{ratio:8.2f}{shown[2]:>10}{whole:8.2f}"
    )
    return ratio, name


def main() -> None:
    print(__doc__.split("\n")[0])
    print(heading())
    columns = f"{'calls, time per call':24}{'SciPy':>8}{'':10}{'lmfit':>8}{'':10}"
    print(f"{columns}{'ratio':>8}{'once':>10}{'whole':>8}")
    found = [measure(name) for name in engines.names() if name in SEARCHES]
    above = ", ".join(f"{name} {ratio:.2f}" for ratio, name in sorted(found, reverse=True) if ratio > AIM)
    print(f"Aim: {AIM} for each; above it: {above or 'none'}.")


if __name__ == "__main__":
    with warnings.catch_warnings():
        # SciPy's own remarks about its searches.
        warnings.simplefilter("ignore")
        main()
