"""Many small fits in one process: memory and time per fit, which must not grow.

``python benchmarks/soak.py [fits]``, by default 10^5 fits of three kinds in turn: an objective with bounds
and a tied parameter, a model, and a model that combines two. Each row of the table is a tenth of them. For a
million, which take an hour: ``python benchmarks/soak.py 1000000``.
"""

from __future__ import annotations

from _timing import heading, show_time

import gc
import os
import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from lmfit import create_params, minimize
from lmfit.lineshapes import gaussian
from lmfit.models import ConstantModel, GaussianModel

ROWS = 10
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


def main(count: int) -> None:
    curves, kinds = data(), fits()
    for number in range(3000):  # what grows at the beginning
        kinds[number % len(kinds)](curves[number % KINDS])
    print(__doc__.split("\n")[0])
    print(heading())
    print(f"{'fits':>10}{'median':>12}{'99 %':>12}{'memory':>12}{'objects':>10}")
    times, each = [], count // ROWS
    spent = np.empty(each)
    for row in range(ROWS):
        for number in range(each):
            start = perf_counter()
            kinds[number % len(kinds)](curves[number % KINDS])
            spent[number] = perf_counter() - start
        gc.collect()
        times.append(float(np.median(spent)))
        late = float(np.quantile(spent, 0.99))
        print(
            f"{(row + 1) * each:10}{show_time(times[-1]):>12}{show_time(late):>12}{memory():9.1f} MB"
            f"{len(gc.get_objects()):10}"
        )
    drift = statistics.median(times[-3:]) / statistics.median(times[:3])
    print(f"Time of the last three rows to that of the first three: {drift:.3f}. Aim: 1, and flat memory.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10**5)
