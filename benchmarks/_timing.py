"""Interleaved timing: A B A B ..., medians, and ratios within each round.

Two things timed one after the other are compared under different conditions when the machine's speed
drifts. Here every round times each candidate once, and the ratio reported is the median of the ratios
of the rounds. Import this module before NumPy: it holds the linear algebra to one thread.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import gc
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any


@dataclass(frozen=True)
class Timing:
    """What `compare` found for one candidate: medians over the rounds.

    Attributes
    ----------
    seconds : float
        Median time of one call.
    ratio : float
        Median, over the rounds, of this candidate's time to that of the first.
    spread : float
        Half the distance between the quartiles of that ratio.
    """

    seconds: float
    ratio: float
    spread: float


def compare(
    candidates: Mapping[str, Callable[[], Any]], rounds: int = 21, slot: float = 0.01
) -> dict[str, Timing]:
    """Time the candidates in turn, `rounds` times, and compare each with the first.

    Parameters
    ----------
    candidates : dict of str to callable
        What to time; the first is what the others are compared with.
    rounds : int
        Number of rounds.
    slot : float
        Seconds that a candidate is repeated for in each round, at least one call.

    Returns
    -------
    dict of str to Timing
        In the order given.
    """
    repeats = {label: max(1, round(slot / _once(call, 1))) for label, call in candidates.items()}
    times: dict[str, list[float]] = {label: [] for label in candidates}
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            for label, call in candidates.items():
                times[label].append(_once(call, repeats[label]))
            gc.collect()
    finally:
        if collecting:
            gc.enable()
    first = next(iter(times.values()))
    return {label: _summary(values, first) for label, values in times.items()}


def _once(call: Callable[[], Any], repeat: int) -> float:
    """Return the mean seconds of one call, over `repeat` calls."""
    if repeat == 1:
        call()  # warms up caches; a candidate this slow does not notice
    start = perf_counter()
    for _ in range(repeat):
        call()
    return (perf_counter() - start) / repeat


def _summary(values: list[float], first: list[float]) -> Timing:
    ratios = [value / reference for value, reference in zip(values, first, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return Timing(seconds=statistics.median(values), ratio=middle, spread=(high - low) / 2)


def counted(function: Callable[..., Any]) -> tuple[Callable[..., Any], list[int]]:
    """Wrap `function` and return it with a list whose one entry counts its calls."""
    calls = [0]

    def wrapper(*args: Any) -> Any:
        calls[0] += 1
        return function(*args)

    return wrapper, calls


def show_time(seconds: float) -> str:
    """Format a time with a unit that suits it."""
    if seconds >= 1.0:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def heading() -> str:
    """Name the interpreter and the libraries that the figures are for."""
    import platform

    import numpy as np
    import scipy

    import lmfit

    return (
        f"lmfit {lmfit.__version__}, NumPy {np.__version__}, SciPy {scipy.__version__}, "
        f"Python {platform.python_version()}"
    )
