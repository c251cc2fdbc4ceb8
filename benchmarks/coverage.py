"""How often intervals hold the truth: standard errors, profiles and bootstraps, on simulated data sets.

The model is that of Michaelis and Menten, vmax * x / (half + x), measured at 16 points up to x = 8 with
errors of 0.7, vmax = 10 and half = 6: the data hardly reach the bend, so that chi-square is far from a
parabola. The table of doc/uncertainties.rst is made, in some ten minutes on two processors, by

    python benchmarks/coverage.py --output doc/coverage_table.inc
"""

from __future__ import annotations

from _timing import heading

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from lmfit import Minimizer, conf_interval, create_params
from lmfit.bootstrap import bootstrap_interval

X = np.linspace(0.5, 8.0, 16)
TRUTH = {"vmax": 10.0, "half": 6.0}
NOISE = 0.7
LEVELS = (0.68, 0.95)
#: Data sets that a process does at once.
CHUNK = 20
AIM = "Aim of the profile: 68 ± 2 and 95 ± 1 %, which is two standard deviations of a count among 2000."

Limits = dict[str, list[tuple[float, float]]]
#: By method, parameter, level and outcome, see `outcomes`.
Counts = Counter[tuple[str, str, float, str]]


def residual(params: Any, data: Any) -> Any:
    return params["vmax"] * X / (params["half"] + X) - data


def fitted(seed: int) -> Minimizer:
    """Simulate a data set and fit it."""
    noise = NOISE * np.random.default_rng([2000, seed]).standard_normal(X.size)
    data = TRUTH["vmax"] * X / (TRUTH["half"] + X) + noise
    fitter = Minimizer(residual, create_params(vmax=8.0, half={"value": 4.0, "min": 0.0}), fcn_args=(data,))
    fitter.leastsq()
    return fitter


def standard_errors(fitter: Minimizer, **_: Any) -> Limits:
    """Symmetric limits, of Student's t, from the covariance."""
    limits = {}
    for name, par in fitter.params.items():
        error = np.nan if par.stderr is None else par.stderr
        sides = [(level, error * stats.t.ppf((1.0 + level) / 2.0, fitter.nfree)) for level in LEVELS]
        lower = [(level, par.value - distance) for level, distance in reversed(sides)]
        limits[name] = [
            *lower,
            (0.0, par.value),
            *((level, par.value + distance) for level, distance in sides),
        ]
    return limits


def profile(fitter: Minimizer, **_: Any) -> Limits:
    return dict(conf_interval(fitter, sigmas=LEVELS))


def bootstrap(kind: str, limits: str) -> Callable[..., Limits]:
    """Return the method of that kind."""

    def method(fitter: Minimizer, refits: int, seed: int) -> Limits:
        return dict(bootstrap_interval(fitter, sigmas=LEVELS, n=refits, kind=kind, limits=limits, seed=seed))

    return method


METHODS: dict[str, Callable[..., Limits]] = {
    "standard errors": standard_errors,
    "profile": profile,
    "bootstrap of residuals": bootstrap("residual", "percentile"),
    "the same, BCa": bootstrap("residual", "bca"),
    "bootstrap of cases": bootstrap("case", "percentile"),
    "parametric bootstrap": bootstrap("parametric", "percentile"),
}


def outcomes(limits: Limits) -> Iterator[tuple[str, float, str]]:
    """Yield for each name and level whether the truth is inside, below or above, or a limit is missing."""
    for name, row in limits.items():
        values = [value for _, value in row]
        for index, level in enumerate(reversed(LEVELS)):
            low, high = values[index], values[-1 - index]
            truth = TRUTH[name]
            if truth < low:
                yield name, level, "below"
            elif truth > high:
                yield name, level, "above"
            else:
                # An infinite limit is one; nan is none, and counts as not holding the truth.
                yield name, level, "missing" if np.isnan([low, high]).any() else "inside"


def tally(seeds: range, methods: list[str], refits: int) -> Counts:
    """Count the outcomes of some methods on the data sets of some seeds."""
    counts: Counts = Counter()
    with np.errstate(all="ignore"):
        for seed in seeds:
            fitter = fitted(seed)
            for title in methods:
                limits = METHODS[title](fitter, refits=refits, seed=seed)
                counts.update((title, *outcome) for outcome in outcomes(limits))
    return counts


def counted(sets: int, methods: list[str], refits: int, processes: int) -> Counts:
    chunks = [range(first, min(first + CHUNK, sets)) for first in range(0, sets, CHUNK)]
    total: Counts = Counter()
    with ProcessPoolExecutor(processes) as pool:
        for part in pool.map(partial(tally, methods=methods, refits=refits), chunks):
            total.update(part)
    return total


HEADER = ("method", "level", "vmax", "half", "half: truth below", "truth above", "no limit")


def rows(counts: Counts, methods: list[str], sets: int) -> list[tuple[str, ...]]:
    """Return the cells of the table: percentages of the data sets."""

    def share(*key: Any) -> str:
        return f"{100.0 * counts[key] / sets:.1f}"

    return [
        (
            title,
            f"{100.0 * level:.0f}",
            share(title, "vmax", level, "inside"),
            share(title, "half", level, "inside"),
            *(share(title, "half", level, where) for where in ("below", "above", "missing")),
        )
        for title in methods
        for level in LEVELS
    ]


def as_rst(cells: list[tuple[str, ...]], sets: int, refits: int) -> str:
    """Return the table for the documentation."""
    lines = [
        ".. Made by benchmarks/coverage.py; do not edit.",
        "",
        f".. list-table:: Percentage of {sets} data sets; bootstraps with {refits} refits each",
        "   :header-rows: 1",
        "",
    ]
    for row in (HEADER, *cells):
        first, *others = row
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sets", type=int, default=2000, help="number of data sets (2000)")
    parser.add_argument("--refits", type=int, default=199, help="refits of each bootstrap (199)")
    parser.add_argument("--processes", type=int, default=2, help="number of processes (2)")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="METHOD")
    parser.add_argument("--output", type=Path, help="write the table there as reStructuredText")
    options = parser.parse_args()

    print((__doc__ or "").split("\n")[0])
    print(heading())
    counts = counted(options.sets, options.methods, options.refits, options.processes)
    cells = rows(counts, options.methods, options.sets)
    widths = [max(len(row[column]) for row in (HEADER, *cells)) for column in range(len(HEADER))]
    for row in (HEADER, *cells):
        print(
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:])),
            sep="  ",
        )
    print(AIM)
    if options.output:
        options.output.write_text(as_rst(cells, options.sets, options.refits), encoding="utf-8")


if __name__ == "__main__":
    main()
