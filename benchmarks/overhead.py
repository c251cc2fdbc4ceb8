"""What `minimize()` costs beyond raw `scipy.optimize.leastsq`, on the decaying sine of the manual.

301 points, 4 parameters, noise 0.2. SciPy's `leastsq` runs with its defaults on the manual's own residual.
"""

from __future__ import annotations

from _timing import compare, counted, heading, show_time

from collections.abc import Callable
from typing import Any

from _problems import DATA, START, X, bounded_parameters, parameters, residual_params, residual_vars
from scipy.optimize import leastsq

from lmfit import Parameters, minimize


def raw() -> Any:
    return leastsq(residual_vars, START, args=(X, DATA))


def fit(make: Callable[[], Parameters], objective: Callable[..., Any] = residual_params) -> Any:
    return minimize(objective, make(), args=(X, DATA))


def main() -> None:
    variants = {"minimize(), no bounds": parameters, "minimize(), bounds": bounded_parameters}
    raw_label = "scipy leastsq"
    candidates: dict[str, Callable[[], Any]] = {raw_label: raw}
    counts = {}
    for label, make in variants.items():
        candidates[label] = lambda make=make: fit(make)
        objective, calls = counted(residual_params)
        out = fit(make, objective)
        counts[label] = (calls[0], out.nfev)
    objective, calls = counted(residual_vars)
    reported = leastsq(objective, START, args=(X, DATA), full_output=True)[2]["nfev"]
    counts[raw_label] = (calls[0], reported)

    print(__doc__.split("\n")[0])
    print(heading())
    times = compare(candidates, rounds=41)
    base = times[raw_label].seconds / counts[raw_label][0]
    print(
        f"{'':24}{'whole call':>12}{'ratio':>8}{'+-':>6}{'calls':>8}{'nfev':>6}{'per call':>11}{'ratio':>8}"
    )
    for label, time in times.items():
        calls_made, nfev = counts[label]
        each = time.seconds / calls_made
        print(
            f"{label:24}{show_time(time.seconds):>12}{time.ratio:8.2f}{time.spread:6.2f}{calls_made:8}{nfev:6}"
            f"{show_time(each):>11}{each / base:8.2f}"
        )
    print("Aim: whole call 1.2, per call of the objective 1.1.")


if __name__ == "__main__":
    main()
