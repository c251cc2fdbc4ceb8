"""NIST's 27 certified problems from both starting points, and from the solution, at default settings.

For each run: digits of agreement with the certified values, the least of all parameters, and calls of
the objective. SciPy's `leastsq` runs at its own defaults; its standard errors are those of its `cov_x`.
"""

from __future__ import annotations

from _timing import counted, heading

import statistics
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import leastsq

from lmfit import Parameters, minimize

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
import nist as strd

STARTS = ("start1", "start2", "certified")


@dataclass(frozen=True)
class Run:
    """One fit: digits of its worst parameter and worst standard error, its calls, what it said of itself."""

    digits: float
    error_digits: float
    calls: int
    success: bool


def fit_lmfit(data: strd.Dataset, start: np.ndarray) -> Run:
    objective, calls = counted(strd.residual(data))
    params = Parameters()
    for name, value in zip(data.parameter_names, start, strict=True):
        params.add(name, value=value)
    try:
        out = minimize(objective, params)
    except ValueError:  # what lmfit raises for a residual that is not finite
        return Run(0.0, 0.0, calls[0], success=False)
    values = [out.params[name].value for name in data.parameter_names]
    errors = [out.params[name].stderr for name in data.parameter_names]
    return _run(data, values, errors, calls[0], bool(out.success))


def fit_scipy(data: strd.Dataset, start: np.ndarray) -> Run:
    objective, calls = counted(strd.model(data))
    values, cov, info, _, ier = leastsq(objective, start, full_output=True)
    variance = info["fvec"] @ info["fvec"] / data.dof
    errors = [None] * start.size if cov is None else np.sqrt(np.diag(cov) * variance)
    return _run(data, values, errors, calls[0], ier in (1, 2, 3, 4))


def _run(data: strd.Dataset, values: Any, errors: Any, calls: int, success: bool) -> Run:
    return Run(_worst(values, data.certified), _worst(errors, data.stderr), calls, success)


def _worst(values: Any, certified: np.ndarray) -> float:
    return float(np.min(strd.digits(np.array(values, dtype=float), certified)))


def summary(label: str, runs: list[Run]) -> str:
    four, six = (sum(run.digits >= limit for run in runs) for limit in (4, 6))
    errors = statistics.median(run.error_digits for run in runs)
    calls = sum(run.calls for run in runs)
    wrong = sum(run.success and run.digits < 4 for run in runs)
    return f"{label:14}{len(runs):5}{four:6}{six:6}{errors:9.1f}{calls:8}{wrong:8}"


def main() -> None:
    print(__doc__.split("\n")[0])
    print(heading())
    print(f"{'':21}{'-------- lmfit --------':>29}{'------ leastsq ------':>29}")
    columns = f"{'digits':>8}{'errors':>8}{'calls':>7}{'ok':>5}"
    print(f"{'problem':10}{'start':10}{columns} {columns}")
    runs: dict[str, dict[str, list[Run]]] = {"lmfit": {}, "leastsq": {}}
    for name in strd.names():
        data = strd.load(name)
        for start in STARTS:
            row = []
            for label, fit in (("lmfit", fit_lmfit), ("leastsq", fit_scipy)):
                run = fit(data, getattr(data, start))
                runs[label].setdefault("certified" if start == "certified" else "both", []).append(run)
                success = "yes" if run.success else "no"
                row.append(f"{run.digits:8.1f}{run.error_digits:8.1f}{run.calls:7}{success:>5}")
            print(f"{name:10}{start:10}{' '.join(row)}")
    print(f"\n{'':14}{'runs':>5}{'>= 4':>6}{'>= 6':>6}{'errors':>9}{'calls':>8}{'wrong':>8}")
    for starts, note in (("both", "start 1 and 2"), ("certified", "from the certified values")):
        print(f"{note}:")
        for label, by_start in runs.items():
            print(summary(label, by_start[starts]))
    ratio = sum(run.calls for run in runs["lmfit"]["both"]) / sum(
        run.calls for run in runs["leastsq"]["both"]
    )
    print(f"Calls, lmfit to leastsq: {ratio:.2f}")
    print(
        "errors: median digits of the worst standard error; wrong: success reported with fewer than 4 digits."
    )
    print("Aim: 54 of 54 to 6 digits, errors 8, calls 2.0, wrong 0.")


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # leastsq warns where it fails; the table says so
        main()
