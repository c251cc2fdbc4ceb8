"""What confidence intervals cost and how often they are right, on the examples of the manual's chapter 4.

Calls of the objective after the fit, and the time beside MINOS (iminuit) on the same objective. With
``--seeds 200``: example 4.3 with that many noise seeds, limits at 1, 2 and 3 sigma and regions of 30 x 30
cells, every warning being an error.
"""

from __future__ import annotations

from _timing import compare, counted, heading, show_time

import argparse
import math
import statistics
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from lmfit import Minimizer, Parameters, conf_interval, conf_interval2d, minimize

X = np.linspace(0.3, 10, 100)


def basic(seed: int) -> tuple[Callable[[Any], np.ndarray], Parameters]:
    noise = np.random.default_rng(seed).normal(size=X.size)
    y = 1 / (0.1 * X) + 2 + 0.1 * noise
    params = Parameters()
    params.add_many(("a", 0.1), ("b", 1))

    def residual(p: Any) -> np.ndarray:
        return 1 / (p["a"].value * X) + p["b"].value - y

    return residual, params


def exponentials(seed: int) -> tuple[Callable[[Any], np.ndarray], Parameters]:
    noise = np.random.default_rng(seed).normal(size=X.size)
    y = 3 * np.exp(-X / 2.0) - 5 * np.exp(-X / 10.0) + 0.2 * noise
    params = Parameters()
    params.add_many(("a1", 5), ("a2", -5), ("t1", 2), ("t2", 5))

    def residual(p: Any) -> np.ndarray:
        a1, a2, t1, t2 = [par.value for par in p.values()]
        return a1 * np.exp(-X / t1) + a2 * np.exp(-X / t2) - y

    return residual, params


def minos(
    fit: Minimizer, residual: Callable[[Any], np.ndarray], sigmas: tuple[float, ...]
) -> Callable[[], Any]:
    """Return a function that runs MINOS on chi-square in units of its level, through the same Parameters."""
    from iminuit import Minuit

    params, names = fit.params.copy(), list(fit.var_names)

    def cost(*values: float) -> float:
        for name, value in zip(names, values):
            params[name].value = value
        r = residual(params)
        return float(r @ r) / fit.redchi

    def run() -> Minuit:
        m = Minuit(cost, *(fit.params[name].value for name in names), name=names)
        m.errordef = 1.0
        m.migrad()
        for sigma in sigmas:
            m.minos(cl=math.erf(sigma / math.sqrt(2)))
        return m

    return run


def costs() -> None:
    print(f"{'':38}{'calls':>8}{'MINOS':>8}{'time':>12}{'ratio to MINOS':>16}")
    for label, make, sigmas in (
        ("conf_interval, 4.2, 1-2-3 sigma", basic, (1, 2, 3)),
        ("conf_interval, 4.3, 1-2 sigma", exponentials, (1, 2)),
    ):
        residual, params = make(0)
        counting, calls = counted(residual)
        fit = minimize(counting, params)
        calls[0] = 0
        conf_interval(fit, sigmas=sigmas)
        own = calls[0]
        calls[0] = 0
        minos(fit, counting, sigmas)()
        other = calls[0]
        plain = minimize(residual, params)
        times = compare(
            {
                "MINOS": minos(plain, residual, sigmas),
                "own": lambda plain=plain, s=sigmas: conf_interval(plain, sigmas=s),
            },
            rounds=11,
        )
        time = times["own"]
        print(f"{label:38}{own:8}{other:8}{show_time(time.seconds):>12}{time.ratio:16.2f}")
    for label, make, names in (
        ("conf_interval2d 30 x 30, 4.2", basic, ("a", "b")),
        ("conf_interval2d 30 x 30, 4.3", exponentials, ("a1", "t2")),
    ):
        residual, params = make(0)
        counting, calls = counted(residual)
        fit = minimize(counting, params)
        calls[0] = 0
        region = conf_interval2d(fit, *names, 30, 30)
        print(f"{label:38}{calls[0]:8}   ({region.failed} cells without a result)")


def robustness(seeds: int) -> None:
    warnings.simplefilter("error")
    outcomes: dict[str, int] = {}
    calls, region_calls, cells = [], [], Counter[str]()
    for seed in range(seeds):
        with np.errstate(
            over="ignore"
        ):  # the search of the fit itself may pass where the exponential overflows
            fit = minimize(*exponentials(seed))
        ci = conf_interval(fit, sigmas=(1, 2, 3))
        calls.append(ci.nfev)
        for interval in ci.intervals.values():
            for limit in interval.limits:
                outcomes[limit.missing or "found"] = outcomes.get(limit.missing or "found", 0) + 1
        limits = None if fit.errorbars else [(par.value / 2, par.value * 2) for par in _two(fit)]
        region = conf_interval2d(fit, "a1", "t2", 30, 30, limits=limits)
        region_calls.append(region.nfev)
        cells.update(region.missing)
    print(f"\nexample 4.3 with {seeds} seeds, 1-2-3 sigma, no exception and no warning")
    print("limits:", ", ".join(f"{count} {what}" for what, count in sorted(outcomes.items())))
    print(f"calls, conf_interval: median {statistics.median(calls):.0f}, most {max(calls)}")
    print(f"calls, conf_interval2d: median {statistics.median(region_calls):.0f}, most {max(region_calls)}")
    print(f"cells without a result: {cells.total()} of {900 * seeds}", *map(str, cells.items()))


def _two(fit: Minimizer) -> tuple[Any, Any]:
    return fit.params["a1"], fit.params["t2"]


def formula() -> None:
    """Print how well the limits satisfy the formula of section 4.1, with an independent refit."""
    worst = 0.0
    for make in (basic, exponentials):
        residual, params = make(0)
        fit = minimize(residual, params)
        for name, pairs in conf_interval(fit, sigmas=(1, 2)).items():
            for prob, value in pairs:
                fixed = fit.params.copy()
                fixed[name].set(value=value, vary=False)
                chisqr = minimize(residual, fixed).chisqr
                nfree = fit.nfree
                found = special.fdtr(1, nfree, (chisqr / fit.chisqr - 1) * nfree)
                worst = max(worst, abs(found - prob)) if prob else worst
    print(f"\nlargest error of a limit in probability, by an independent fit: {worst:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=0, help="noise seeds of example 4.3 to try")
    arguments = parser.parse_args()
    print(__doc__.split("\n")[0])
    print(heading())
    costs()
    formula()
    if arguments.seeds:
        robustness(arguments.seeds)


if __name__ == "__main__":
    main()
