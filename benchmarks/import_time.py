"""What `import lmfit` costs beyond `import scipy.optimize`: whole processes, interleaved."""

from __future__ import annotations

from _timing import compare, heading, show_time

import os
import subprocess
import sys
from collections.abc import Callable

STATEMENTS = ("import scipy.optimize", "import numpy", "import scipy.optimize, lmfit")
ROUNDS = 25


def process(statement: str) -> Callable[[], None]:
    # As on a user's machine, where Python keeps the compiled modules.
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        subprocess.run([sys.executable, "-c", statement], check=True, env=environment)

    return run


def main() -> None:
    print(__doc__)
    print(heading())
    times = compare({statement: process(statement) for statement in STATEMENTS}, rounds=ROUNDS)
    print(f"{'':32}{'process':>9}{'ratio':>8}")
    for statement, time in times.items():
        print(f"{statement:32}{show_time(time.seconds):>9}{time.ratio:8.2f}")
    base, ours = (times[statement] for statement in (STATEMENTS[0], STATEMENTS[-1]))
    print(f"lmfit, beyond scipy.optimize: {base.seconds * (ours.ratio - 1):.3f} s")
    print("Aim: 0.1 s.")


if __name__ == "__main__":
    main()
