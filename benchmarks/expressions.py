"""What constraint expressions cost, against raw `scipy.optimize.leastsq` on the same data.

The decaying sine of the manual with 0, 5 and 20 parameters that are tied to its four variables, each by a
simple expression. Twice: the objective leaves the tied values alone, or reads each of them. SciPy's
`leastsq` knows nothing of them, in both cases.
"""

from __future__ import annotations

from _timing import compare, counted, heading, show_time

import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import asteval
import numpy as np
from _problems import DATA, START, X, parameters, residual_params, residual_vars
from scipy.optimize import leastsq

from lmfit import Parameters, minimize

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
import nist as strd

SIMPLE = ("2*amp + 1", "amp*decay", "frequency/2 - phase", "sqrt(decay**2 + 1)", "amp if phase < 9 else 0")
SIMPLE_OF_B = ("2*b1 + 1", "b1*b2", "b1/2 - b2", "sqrt(b2**2 + 1)", "b1 if b2 < 9 else 0")
CHAIN = 100


def with_tied(count: int) -> Parameters:
    params = parameters()
    for i in range(count):
        params.add(f"tied{i}", expr=SIMPLE[i % len(SIMPLE)])
    return params


def reading(count: int) -> Callable[..., np.ndarray]:
    """Return the manual's objective, made to read every tied value."""
    names = [f"tied{i}" for i in range(count)]

    def objective(params: Any, x: np.ndarray, data: np.ndarray) -> np.ndarray:
        for name in names:
            params[name].value  # noqa: B018 (the reading is what is timed)
        return residual_params(params, x, data)

    return objective


def whole_fits() -> None:
    candidates: dict[str, Callable[[], Any]] = {
        "scipy leastsq": lambda: leastsq(residual_vars, START, args=(X, DATA))
    }
    for count in (0, 5, 20):
        label = f"minimize(), {count} expressions"
        candidates[label] = lambda count=count: minimize(residual_params, with_tied(count), args=(X, DATA))
        if count:
            candidates[label + ", read"] = lambda count=count: minimize(
                reading(count), with_tied(count), args=(X, DATA)
            )
    times = compare(candidates, rounds=21)
    print(f"{'':34}{'whole call':>12}{'ratio':>8}{'+-':>6}")
    for label, time in times.items():
        print(f"{label:34}{show_time(time.seconds):>12}{time.ratio:8.2f}{time.spread:6.2f}")
    print("Aim: 1.3 with 5, 1.6 with 20 expressions.\n")


def long_fit(tied: Mapping[str, str]) -> tuple[Callable[[], Any], int]:
    """Return a fit of hundreds of cheap calls, with these tied parameters, and the number of its calls."""
    data = strd.load("Lanczos3")
    residual, last = strd.residual(data), [*data.parameter_names, *tied][-1]
    params = Parameters()
    for name in data.parameter_names:
        params.add(name, value=1.0)
    for name, text in tied.items():
        params.add(name, expr=text)

    def objective(params: Any) -> np.ndarray:
        params[last].value  # noqa: B018 (so that nobody can leave the tied ones unevaluated)
        return residual(params)

    def run(function: Callable[..., Any] = objective) -> Any:
        for name, value in zip(data.parameter_names, data.start1, strict=True):
            params[name].value = value
        return minimize(function, params)

    counting, calls = counted(objective)
    run(counting)
    return run, calls[0]


def python_lines(lines: Mapping[str, str]) -> Callable[[], Any]:
    """Return what a user would write by hand: one function with a line for each expression."""
    body = "".join(f"    {name} = {text}\n" for name, text in lines.items())
    namespace: dict[str, Any] = {"sqrt": math.sqrt}
    exec(f"def by_hand(b1=1.2, b2=0.3):\n{body}    return {list(lines)[-1]}\n", namespace)  # noqa: S102 (ours)
    return namespace["by_hand"]


def asteval_lines(lines: Mapping[str, str]) -> Callable[[], Any]:
    """Return what asteval itself makes of the same expressions, parsed beforehand."""
    interpreter = asteval.Interpreter(user_symbols={"b1": 1.2, "b2": 0.3})
    parsed = {name: interpreter.parse(text) for name, text in lines.items()}

    def run() -> None:
        for name, node in parsed.items():
            interpreter.symtable[name] = interpreter.run(node)

    return run


def each_expression() -> None:
    """Time one evaluation within a fit: what the expressions add to the fit, over its calls."""
    simple = {f"tied{i}": SIMPLE_OF_B[i % len(SIMPLE_OF_B)] for i in range(20)}
    chain = {"c0": "b1 + 0.5", **{f"c{i}": f"1.01*c{i - 1} - b2" for i in range(1, CHAIN)}}
    bare, calls = long_fit({})
    candidates: dict[str, Callable[[], Any]] = {"bare": bare}
    for label, lines in (("simple", simple), ("chain", chain)):
        candidates[label], calls_made = long_fit(lines)
        if calls_made != calls:
            print(f"({label}: {calls_made} calls instead of {calls}; its time per evaluation is not exact)")
        candidates[label + " by hand"] = python_lines(lines)
        candidates[label + " in asteval"] = asteval_lines(lines)
    times = compare(candidates, rounds=15)
    print(f"{'':34}{'evaluation':>12}{'each':>10}{'to lines of Python':>20}{'to asteval':>12}")
    for label, lines in (("simple", simple), ("chain", chain)):
        ours = (times[label].seconds - times["bare"].seconds) / calls
        by_hand, in_asteval = (times[f"{label} {how}"].seconds for how in ("by hand", "in asteval"))
        note, each = f"{len(lines)} expressions, {label}", show_time(ours / len(lines))
        print(f"{note:34}{show_time(ours):>12}{each:>10}{ours / by_hand:20.1f}{ours / in_asteval:12.3f}")
    print("Aim: 0.3 µs for each simple one; the chain 3 times the lines of Python.")


def main() -> None:
    print(__doc__.split("\n")[0])
    print(heading())
    whole_fits()
    each_expression()


if __name__ == "__main__":
    main()
