"""Many fits at once, against a loop of `scipy.optimize.curve_fit`.

10,000 spectra of 64 points, each a Gaussian on a constant, 4 parameters, all from the same start, with
standard errors. `--scaling` instead prints time and memory for 10^3 to 10^6 spectra.
"""

from __future__ import annotations

from _timing import compare, heading, show_time

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from lmfit.batch import fit_many_models
from lmfit.model import Model
from lmfit.models import ConstantModel, GaussianModel

X = np.linspace(-5.0, 5.0, 64)
NOISE = 0.05
START = {"amplitude": 3.0, "center": 0.0, "sigma": 1.0, "c": 0.5}
#: Of the loop, which is slow, fewer are timed.
FEW = 200
KNOWN = GaussianModel() + ConstantModel()


def peak(x: Any, amplitude: Any, center: Any, sigma: Any, c: Any) -> Any:
    return amplitude / (sigma * np.sqrt(2.0 * np.pi)) * np.exp(-0.5 * ((x - center) / sigma) ** 2) + c


UNKNOWN = Model(peak)


def spectra(count: int, seed: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    ranges = ((2.0, 6.0), (-1.0, 1.0), (0.6, 1.2), (0.1, 1.0))
    columns = [rng.uniform(*ends, (count, 1)) for ends in ranges]
    data = peak(X, *columns)
    data += rng.normal(0.0, NOISE, data.shape)
    return data


def loop_of_curve_fit(data: Any) -> None:
    for spectrum in data[:FEW]:
        curve_fit(peak, X, spectrum, list(START.values()))


def loop_of_fit(model: Model, data: Any) -> list[Any]:
    params = model.make_params(**START)
    return [model.fit(spectrum, params, x=X) for spectrum in data]


def many(model: Model, data: Any, **kws: Any) -> Any:
    return fit_many_models(model, data, x=X, **START, **kws)


def speed(data: Any) -> None:
    candidates: dict[str, tuple[Callable[[], Any], int]] = {
        "loop of curve_fit": (lambda: loop_of_curve_fit(data), FEW),
        "loop of Model.fit": (lambda: loop_of_fit(KNOWN, data[:FEW]), FEW),
        "fit_many, known derivatives": (lambda: many(KNOWN, data), len(data)),
        "fit_many, differences": (lambda: many(UNKNOWN, data), len(data)),
    }
    times = compare({label: call for label, (call, _) in candidates.items()}, rounds=7)
    print(f"{'':30}{'per fit':>10}{'fits/s':>9}{'times faster':>14}{'+-':>6}")
    for label, timing in times.items():
        count = candidates[label][1]
        faster = count / FEW / timing.ratio
        print(
            f"{label:30}{show_time(timing.seconds / count):>10}{count / timing.seconds:9.0f}{faster:14.1f}"
            f"{faster * timing.spread / timing.ratio:6.1f}"
        )
    print("Aim: 15 with known derivatives, 9 with differences.\n")


def accuracy(data: Any) -> None:
    """Differences from `leastsq`, the largest of all fits."""
    print(f"{'':20}{'succeeded':>10}{'values, in errors':>19}{'errors':>10}{'evaluations':>13}")
    for label, model in (("known derivatives", KNOWN), ("differences", UNKNOWN)):
        result = many(model, data)
        alone = loop_of_fit(KNOWN, data)
        shifts, errors = [], []
        for name in START:
            value = np.array([fit.params[name].value for fit in alone])
            error = np.array([fit.params[name].stderr for fit in alone])
            shifts.append(np.abs(result.values[name] - value) / error)
            errors.append(np.abs(result.stderr[name] / error - 1.0))
        print(
            f"{label:20}{np.count_nonzero(result.success):10}{np.max(shifts):19.1e}{np.max(errors):10.1e}"
            f"{np.mean(result.nfev):13.1f}"
        )
    print("Aim: 1e-6 and 1e-5.\n")


def control(data: Any) -> float:
    """As much work for NumPy, with as much data sent."""
    total = 0.0
    for first in range(0, len(data), 1000):
        part = data[first : first + 1000]
        for _ in range(40):
            total += float(np.exp(-part * part).sum())
    return total


def controlled(executor: ProcessPoolExecutor, data: Any, pieces: int) -> None:
    list(executor.map(control, np.array_split(data, pieces)))


def two_processes(data: Any) -> None:
    with ProcessPoolExecutor(1) as one, ProcessPoolExecutor(2) as two:
        for pool in (one, two):
            list(pool.map(control, [data[:10]] * 8))
            many(KNOWN, data[:1000], executor=pool)
        fits = statistics.median(_gain(lambda pool: many(KNOWN, data, executor=pool), one, two))
        numpy = statistics.median(_gain(lambda pool: controlled(pool, data, 16), one, two))
    print(f"two processes against one: fit_many {fits:.2f}, NumPy {numpy:.2f}, quotient {fits / numpy:.2f}")
    print("Aim: a quotient of 0.85 or more.")


def _gain(call: Callable[[Any], Any], one: Any, two: Any) -> list[float]:
    """How much faster a call is with the second executor, in several rounds."""
    return [_seconds(call, one) / _seconds(call, two) for _ in range(7)]


def _seconds(call: Callable[[Any], Any], executor: Any) -> float:
    start = time.perf_counter()
    call(executor)
    return time.perf_counter() - start


class _Memory:
    """The largest resident memory of this process, watched from when it is made until it is read, in MB."""

    def __init__(self) -> None:
        self.start = self._peak = _resident()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.01):
            self._peak = max(self._peak, _resident())

    def peak(self) -> float:
        self._ended.set()
        self._thread.join()
        return self._peak


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def scaling() -> None:
    """Time per fit and memory beyond data and results, for more and more fits."""
    many(KNOWN, spectra(1000))
    print(f"{'fits':>9}{'seconds':>10}{'per fit':>10}{'data':>9}{'results':>9}{'beyond':>9}")
    for count in (1000, 10_000, 100_000, 1_000_000):
        data = spectra(count)
        memory = _Memory()
        start = time.perf_counter()
        result = many(KNOWN, data)
        seconds = time.perf_counter() - start
        table = result.values["c"].base.nbytes / 1e6
        beyond = memory.peak() - memory.start - table
        print(
            f"{count:9}{seconds:10.3f}{show_time(seconds / count):>10}{data.nbytes / 1e6:6.0f} MB"
            f"{table:6.0f} MB{beyond:6.0f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scaling", action="store_true", help="time and memory for 10^3 to 10^6 fits")
    parser.add_argument("--fits", type=int, default=10_000)
    options = parser.parse_args()
    print(__doc__.split("\n")[0])
    print(heading())
    if options.scaling:
        scaling()
        return
    data = spectra(options.fits)
    speed(data)
    accuracy(data)
    two_processes(data)


if __name__ == "__main__":
    main()
