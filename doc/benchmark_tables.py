"""Run the benchmarks and keep what they print, for the page of that name.

``python doc/benchmark_tables.py`` runs all of them, some minutes on a machine that does nothing else;
``python doc/benchmark_tables.py nist overhead`` runs those two.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DOC = Path(__file__).resolve().parent
SCRIPTS = DOC.parent / "benchmarks"
TARGET = DOC / "benchmarks"


def names() -> list[str]:
    """Return the names of the benchmarks."""
    return sorted(path.stem for path in SCRIPTS.glob("[!_]*.py"))


def main() -> None:
    """Run the benchmarks that the command names, or all."""
    TARGET.mkdir(exist_ok=True)
    for name in sys.argv[1:] or names():
        command = [sys.executable, str(SCRIPTS / f"{name}.py")]
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
        (TARGET / f"{name}.txt").write_text(run.stdout, encoding="utf-8")


if __name__ == "__main__":
    main()
