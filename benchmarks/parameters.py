"""Making, copying and updating 300 parameters.

There is nothing of SciPy's to compare with: the ratio is to a dictionary of 300 plain Python objects with
the same six attributes, made and copied in the same run.
"""

from __future__ import annotations

from _timing import compare, heading, show_time

import copy
import itertools
import pickle
from collections.abc import Callable
from typing import Any

from lmfit import Parameters

COUNT = 300
FREE = 100


class Plain:
    """What the parameters are compared with."""

    def __init__(self, name: str, value: float) -> None:
        self.name, self.value = name, value
        self.vary, self.min, self.max, self.expr = True, None, None, None


def make_plain() -> dict[str, Plain]:
    return {f"p{i}": Plain(f"p{i}", float(i)) for i in range(COUNT)}


def make_free() -> Parameters:
    params = Parameters()
    for i in range(COUNT):
        params.add(f"p{i}", value=float(i), min=-1.0)
    return params


def make_tied() -> Parameters:
    params = Parameters()
    for i in range(FREE):
        params.add(f"p{i}", value=float(i))
    for i in range(FREE, COUNT):
        params.add(f"p{i}", expr=f"2*p{i % FREE} + p{(i + 1) % FREE}/3")
    return params


def reader(params: Parameters) -> Callable[[], float]:
    """Return a function that changes one value and reads the 200 tied ones."""
    tied, values = [f"p{i}" for i in range(FREE, COUNT)], itertools.count()

    def change_and_read() -> float:
        params["p1"].value = float(next(values))
        return sum(params[name].value for name in tied)

    return change_and_read


def round_trip(something: Any) -> Any:
    return pickle.loads(pickle.dumps(something))


def main() -> None:
    plain, free, tied = make_plain(), make_free(), make_tied()
    tables: dict[str, tuple[Callable[[], Any], dict[str, Callable[[], Any]]]] = {
        "make": (make_plain, {"make 300": make_free, "make 300, 200 of them tied": make_tied}),
        "deepcopy": (
            lambda: copy.deepcopy(plain),
            {
                "copy 300": lambda: copy.copy(free),
                "deepcopy 300": lambda: copy.deepcopy(free),
                "deepcopy 300, 200 of them tied": lambda: copy.deepcopy(tied),
            },
        ),
        "pickle": (
            lambda: round_trip(plain),
            {
                "pickle round trip of 300": lambda: round_trip(free),
                "pickle round trip of 300, 200 of them tied": lambda: round_trip(tied),
            },
        ),
        "read": (
            lambda: sum(entry.value for entry in plain.values()),
            {"change one value, read the 200 tied to others": reader(tied)},
        ),
    }
    print(__doc__.split("\n")[0])
    print(heading())
    print(f"{'':48}{'time':>9}{'to plain objects':>18}")
    for name, (base, candidates) in tables.items():
        for label, time in compare({f"plain objects, {name}": base, **candidates}, rounds=15).items():
            print(f"{label:48}{show_time(time.seconds):>9}{time.ratio:18.1f}")
    print("Aim: make 2 ms, copy 1 ms; with 200 tied: deepcopy 2 ms, change one and read all 0.5 ms.")


if __name__ == "__main__":
    main()
