"""How many fits of peaks are right when all amplitudes start at 1, whatever the heights are.

Peaks with amplitudes from 10 to 1000 on a constant background, noise 1; positions start up to 0.7 off, widths
at 1 instead of 0.8 to 1.8. A fit is right if its chi-square is at most 2 % above that of the true curve.
The script runs with lmfit 1.x, too.
"""

from __future__ import annotations

import argparse
import functools
import operator
import warnings
from typing import Any

import numpy as np
from scipy import optimize

import lmfit
from lmfit.models import ConstantModel, GaussianModel

COUNTS = (1, 2, 3, 5)


def model_of(count: int) -> Any:
    peaks = [GaussianModel(prefix=f"p{index}_") for index in range(count)]
    return functools.reduce(operator.add, peaks) + ConstantModel()


def problem(model: Any, count: int, seed: int) -> tuple[Any, np.ndarray, np.ndarray, float]:
    """Return parameters at the start, data, and the chi-square of the true curve."""
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 10 * count, 60 * count)
    start, truth = model.make_params(c=0), model.make_params(c=rng.uniform(0, 5))
    for index in range(count):
        name, center = f"p{index}_", 10 * index + 5 + rng.uniform(-1.5, 1.5)
        truth[f"{name}amplitude"].value = 10 ** rng.uniform(1, 3)
        truth[f"{name}center"].value = center
        truth[f"{name}sigma"].value = rng.uniform(0.8, 1.8)
        start[f"{name}amplitude"].value = 1
        start[f"{name}center"].value = center + rng.uniform(-0.7, 0.7)
        start[f"{name}sigma"].value = 1
    noise = rng.normal(0, 1, x.size)
    return start, x, model.eval(truth, x=x) + noise, float(noise @ noise)


def with_lmfit(model: Any, start: Any, x: np.ndarray, data: np.ndarray, bounded: bool) -> float:
    for name in start:
        if bounded and name.endswith("amplitude"):
            start[name].min = 0
    return float(model.fit(data, start, x=x).chisqr)


def with_curve_fit(model: Any, start: Any, x: np.ndarray, data: np.ndarray, bounded: bool) -> float:
    names = [name for name in start if not start[name].expr]
    low = [
        0.0 if name.endswith("sigma") or (bounded and name.endswith("amplitude")) else -np.inf
        for name in names
    ]

    def curve(x: np.ndarray, *values: float) -> np.ndarray:
        total = np.full(x.shape, values[-1])
        for a, c, s in zip(values[0::3], values[1::3], values[2::3]):
            total += a / (s * np.sqrt(2 * np.pi)) * np.exp(-((x - c) ** 2) / (2 * s**2))
        return total

    first = [start[name].value for name in names]
    try:
        best, _ = optimize.curve_fit(
            curve, x, data, first, bounds=(low, np.inf) if bounded else (-np.inf, np.inf)
        )
    except RuntimeError:  # no solution within its evaluations
        return float("inf")
    return float(np.sum((data - curve(x, *best)) ** 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("fits", nargs="?", type=int, default=30, help="data sets for each number of peaks")
    fits = parser.parse_args().fits
    print(__doc__.split("\n")[0])
    print(f"lmfit {lmfit.__version__}\n")
    print(f"{'peaks':8}{'amplitudes':14}{'lmfit':>12}{'curve_fit':>12}")
    for count in COUNTS:
        model = model_of(count)
        for bounded in (False, True):
            right = {with_lmfit: 0, with_curve_fit: 0}
            for seed in range(fits):
                for fit in right:
                    start, x, data, least = problem(model, count, seed)
                    right[fit] += fit(model, start, x, data, bounded) < 1.02 * least
            numbers = "".join(f"{f'{number} of {fits}':>12}" for number in right.values())
            print(f"{count:<8}{'positive' if bounded else 'any':14}{numbers}", flush=True)


if __name__ == "__main__":
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of searches that go to extremes
        main()
