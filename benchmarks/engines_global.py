"""Global engines: the annealing problem from 20 seeds, and NIST's 54 runs with multistart.

The annealing problem is a decaying sine in 2500 points, from a start far from the solution, in a box
on whose edge the objective is not finite. A run has solved it when all parameters are within five
standard errors of the truth, and found the lowest chi-square when that is the one of a fit that starts
at the truth. These are not the same: the points are evenly spaced, so that a sine of a far higher
frequency fits as well. ``--seeds 5`` is a shorter run.
"""

from __future__ import annotations

from _timing import counted, heading

import argparse
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from lmfit import Minimizer, Parameters

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
import nist as strd

X = np.linspace(0.0, 250.0, 2500)
TRUTH = {"amp": 14.0, "period": 5.33, "shift": 0.123, "decay": 0.010}
START = {
    "amp": (13.0, -5.0, 40.0),
    "period": (2.0, 0.0, 7.0),
    "shift": (0.0, -1.5, 1.5),
    "decay": (0.02, 0.0, 1.0),
}
NOISE = 0.7215
RUNS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("leastsq", {}),
    ("anneal", {}),
    ("anneal", {"schedule": "cauchy"}),
    ("anneal", {"schedule": "boltzmann"}),
    ("multistart", {}),
    ("multistart", {"sampler": "sobol"}),
    ("multistart", {"stop": False}),
    ("differential_evolution", {}),
    ("dual_annealing", {}),
    ("basinhopping", {"niter": 20}),
    ("ampgo", {"totaliter": 5}),
)  # fmt: skip


def curve(params: Any) -> np.ndarray:
    amp, period, shift, decay = (params[name] for name in TRUTH)
    with np.errstate(all="ignore"):
        return amp * np.sin(shift + X / period) * np.exp(-((X * decay) ** 2))


def residual(params: Any, data: np.ndarray) -> np.ndarray:
    return curve({name: params[name].value for name in TRUTH}) - data


def parameters() -> Parameters:
    params = Parameters()
    for name, (value, low, high) in START.items():
        params.add(name, value=value, min=low, max=high)
    return params


def solves(method: str, options: dict[str, Any], seed: int) -> tuple[bool, bool, int, float]:
    """Return whether a run found the truth, and the lowest chi-square; its evaluations and its seconds."""
    data = curve(TRUTH) + np.random.default_rng(seed).normal(0.0, NOISE, X.size)
    objective, calls = counted(residual)
    seeded = {} if method == "leastsq" else {"seed": seed + 1000}
    true = parameters()
    for name, value in TRUTH.items():
        true[name].value = value
    least = Minimizer(residual, true, fcn_args=(data,)).minimize().chisqr
    begin = perf_counter()
    out = Minimizer(objective, parameters(), fcn_args=(data,)).minimize(method, **seeded, **options)
    seconds = perf_counter() - begin
    assert calls[0] == out.nfev
    close = all(
        out.params[name].stderr and abs(out.params[name].value - true) < 5.0 * out.params[name].stderr
        for name, true in TRUTH.items()
    )
    return close, out.chisqr <= least * (1.0 + 1e-6), out.nfev, seconds


def annealing(seeds: int) -> None:
    print(f"\n{'annealing problem':40}{'solved':>9}{'lowest':>9}{'calls, mean':>13}{'most':>8}{'s, mean':>9}")
    for method, options in RUNS:
        found = [solves(method, options, seed) for seed in range(seeds)]
        label = ", ".join([method, *(f"{key}={value!r}" for key, value in options.items())])
        calls = [run[2] for run in found]
        seconds = float(np.mean([run[3] for run in found]))
        solved, lowest = (f"{sum(run[index] for run in found)}/{seeds}" for index in (0, 1))
        print(f"{label:40}{solved:>9}{lowest:>9}{np.mean(calls):13.0f}{max(calls):8}{seconds:9.2f}")


def nist(options: dict[str, Any]) -> None:
    digits, calls, lower = [], 0, []
    for name in strd.names():
        data = strd.load(name)
        for start in ("start1", "start2"):
            params = Parameters()
            for key, value in zip(data.parameter_names, getattr(data, start), strict=True):
                params.add(key, value=value)
            out = Minimizer(strd.residual(data), params).minimize("multistart", seed=1, **options)
            values = [out.params[key].value for key in data.parameter_names]
            digits.append(float(np.min(strd.digits(values, data.certified))))
            calls += out.nfev
            if digits[-1] < 6.0:
                lower.append(
                    f"{name}, {start}: {digits[-1]:.1f}, chi-square {out.chisqr:.12g} ({data.rss:.12g})"
                )
    good = sum(value >= 6.0 for value in digits)
    label = ", ".join(f"{key}={value!r}" for key, value in options.items()) or "default settings"
    print(f"NIST, {label}: {good} of {len(digits)} runs to 6 digits, worst {min(digits):.1f}, {calls} calls")
    print("".join(f"    {line}\n" for line in lower), end="")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="number of seeds (20)")
    seeds = parser.parse_args().seeds
    print(__doc__.split("\n")[0])
    print(heading())
    annealing(seeds)
    print()
    nist({})
    nist({"sampler": "sobol"})
    nist({"stop": False})


if __name__ == "__main__":
    main()
