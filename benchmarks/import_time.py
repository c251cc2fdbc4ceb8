"""What `import lmfit` costs beyond `import scipy.optimize`: whole processes, interleaved."""

from __future__ import annotations

from _timing import compare, heading, show_time

import subprocess
import sys
from collections.abc import Callable

STATEMENTS = ("import scipy.optimize", "import numpy", "import scipy.optimize, lmfit", "import lmfit")
ROUNDS = 15


def process(statement: str) -> Callable[[], None]:
    def run() -> None:
        subprocess.run([sys.executable, "-c", statement], check=True)

    return run


def main() -> None:
    print(__doc__)
    print(heading())
    times = compare({statement: process(statement) for statement in STATEMENTS}, rounds=ROUNDS)
    print(f"{'':32}{'process':>9}{'ratio':>8}")
    for statement, time in times.items():
        print(f"{statement:32}{show_time(time.seconds):>9}{time.ratio:8.2f}")
    base = times["import scipy.optimize"].seconds
    for statement in STATEMENTS[2:]:
        print(f"{statement!r} beyond 'import scipy.optimize': {times[statement].seconds - base:.3f} s")
    print("Aim: 0.1 s.")


if __name__ == "__main__":
    main()
