"""Many small fits in one process: memory and time per fit, which must not grow.

``python benchmarks/soak.py [fits]``, by default 10^5 fits of three kinds in turn: an objective with bounds
and a tied parameter, a model, and a model that combines two. Each row of the table is a twentieth of them.
For a million, which take an hour: ``python benchmarks/soak.py 1000000``. Ctrl-C ends it after the row.

Times are those of the processor, and are compared with fits by SciPy alone, one after every 20: a machine
that has other work is slower at one time than at another, for both.
"""

from __future__ import annotations

from _timing import heading, show_time

import gc
import os
import signal
import statistics
import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
from scipy.optimize import leastsq

from lmfit import create_params, minimize
from lmfit.lineshapes import gaussian
from lmfit.models import ConstantModel, GaussianModel

ROWS = 20
#: So many rows at the beginning and at the end are compared.
ENDS = 4
#: One fit by SciPy for so many of ours; the number of kinds does not divide it.
PER_REFERENCE = 20
#: So many data sets, used again and again.
KINDS = 16
X = np.linspace(-3.0, 3.0, 32)


def data() -> list[Any]:
    """Peaks with noise, the same in each run."""
    rng = np.random.default_rng(1)
    return [gaussian(X, 3.0, 0.3, 0.8) + 0.05 * rng.normal(size=len(X)) for _ in range(KINDS)]


def fits() -> list[Callable[[Any], Any]]:
    """The kinds of fits, as functions of the data."""
    single, double = GaussianModel(), GaussianModel() + ConstantModel()

    def residual(params: Any, y: Any) -> Any:
        return params["a"].value * np.exp(-((X - params["c"].value) ** 2) * params["rate"].value) - y

    def objective(y: Any) -> Any:
        params = create_params(a={"value": 1, "min": 0}, c=0.1, s=1.0, rate={"expr": "0.5/s**2"})
        return minimize(residual, params, args=(y,))

    def model(y: Any) -> Any:
        return single.fit(y, x=X, amplitude=2, center=0, sigma=1)

    def two(y: Any) -> Any:
        return double.fit(y, x=X, amplitude=2, center=0, sigma=1, c=0.1)

    return [objective, model, two]


def memory() -> float:
    """Memory of this process now, in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def reference(y: Any) -> Any:
    """The first kind of fit by SciPy alone."""
    return leastsq(lambda p: p[0] * np.exp(-((X - p[1]) ** 2) * 0.5 / p[2] ** 2) - y, [1.0, 0.1, 1.0])


def timed(call: Callable[[Any], Any], argument: Any) -> float:
    """Seconds of the processor for one call."""
    start = process_time()
    call(argument)
    return process_time() - start


def row(kinds: list[Callable[[Any], Any]], count: int) -> tuple[float, float, float]:
    """Make so many fits; return the median of their times, its ratio to SciPy's, and the 99 % quantile."""
    curves = data()
    ours, theirs = np.empty(count), []
    for number in range(count):
        y = curves[number % KINDS]
        ours[number] = timed(kinds[number % len(kinds)], y)
        if number % PER_REFERENCE == 0:
            theirs.append(timed(reference, y))
    median = float(np.median(ours))
    return median, median / statistics.median(theirs), float(np.quantile(ours, 0.99))


def main(count: int) -> None:
    kinds = fits()
    row(kinds, 3000)  # what grows at the beginning
    print(__doc__.split("\n")[0])
    print(heading())
    print(f"{'fits':>10}{'median':>12}{'to SciPy':>12}{'99 %':>12}{'memory':>12}{'objects':>10}")
    ratios, stopped = [], []
    # A fit takes Ctrl-C for its own end.
    signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
    for number in range(1, ROWS + 1):
        median, ratio, late = row(kinds, count // ROWS)
        gc.collect()
        ratios.append(ratio)
        print(
            f"{number * (count // ROWS):10}{show_time(median):>12}{ratio:12.3f}{show_time(late):>12}"
            f"{memory():9.1f} MB{len(gc.get_objects()):10}"
        )
        if stopped:
            break
    drift = statistics.median(ratios[-ENDS:]) / statistics.median(ratios[:ENDS])
    print(f"Time of the last {ENDS} rows to that of the first {ENDS}: {drift:.3f}. Aim: 1, and flat memory.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10**5)
