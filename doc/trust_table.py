"""Measure what ``trust.rst`` says, and write its tables, ``trust_table.inc``.

``python doc/trust_table.py`` measures all, some hours on a machine that does nothing else; ``python
doc/trust_table.py tests soak`` only these two. What is not measured stays as it was, see
``trust_figures.json``.
"coverage" needs the package of that name. "free_threading" is not among all: it is measured by a
Python without a global lock, ``python3.13t doc/trust_table.py free_threading``.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

DOC = Path(__file__).resolve().parent
ROOT = DOC.parent
FIGURES, TARGET = DOC / "trust_figures.json", DOC / "trust_table.inc"
#: Modules of levels from 7 on are not counted in the coverage.
LEVELS = 7
#: What each file of tests is about.
SUBJECTS = {
    "test_parameters_machine": "random sequences of changes of Parameters, against a model",
    "test_invariance": "units, order, parametrisation, boxes; all engines against the closed form",
    "test_misuses": "misuses, each with the message it must give",
    "test_hostile_objectives": "objectives that do what they should not",
    "test_more_garbow_hillstrom": "published minima of Moré, Garbow and Hillstrom",
    "test_interrupts": "Ctrl-C at random moments",
    "test_faults": "callbacks that raise, workers that die",
    "test_files": "full disks, truncated and damaged files",
    "test_threads": "threads and processes, bit for bit as one after the other",
    "test_global_state": "state of the interpreter before and after each call",
    "test_fuzz": "random expressions and files",
}
Figures = dict[str, Any]


def tests() -> Figures:
    """Run the tests of ``tests/trust``, but for those that take long."""
    return _counted("not thorough")


def thorough() -> Figures:
    """Run those that take long."""
    return _counted("thorough")


def free_threading() -> Figures:
    """Run the tests of threads in an interpreter without a global lock."""
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        raise SystemExit("This Python has a global lock; try python3.13t doc/trust_table.py free_threading.")
    counts = _counted("thorough or not thorough", "tests/trust/test_threads.py")
    return {"cases": counts["test_threads"]["cases"]}


def _counted(marker: str, where: str = "tests/trust") -> Figures:
    """Run tests and count them by file."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        _run("pytest", "-q", "-m", marker, "-o", "junit_family=xunit1", f"--junitxml={report}", where)
        cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314 - made by the line above
    found: Figures = {}
    for case in cases:
        entry = found.setdefault(case.get("classname", "").split(".")[2], {"tests": 0, "cases": 0})
        entry["tests"] += 1
        entry["cases"] += sum(int(prop.get("value", 0)) for prop in case.iter("property")) or 1
    return found


def soak() -> Figures:
    """Run the benchmark of that name."""
    lines = _run_script("benchmarks/soak.py", "1000000").splitlines()
    rows = [line.split() for line in lines if line.rstrip()[-1:].isdigit() and " MB" in line]
    drift = float(re.findall(r"first \d+: (\d+\.\d+)", lines[-1])[0])
    return {"fits": int(rows[-1][0]), "memory": [_megabytes(row) for row in rows], "drift": drift}


def coverage() -> Figures:
    """Run all tests under coverage and count lines and branches by level."""
    with tempfile.TemporaryDirectory() as folder:
        data, report = f"--data-file={folder}/data", f"{folder}/report.json"
        _run("coverage", "run", data, "-m", "pytest", "-q")
        _run("coverage", "json", data, "-q", "-o", report)
        files = json.loads(Path(report).read_text(encoding="utf-8"))["files"]
    counted = [files[f"lmfit/{name}"]["summary"] for name in modules() if f"lmfit/{name}" in files]
    return {
        kind: [sum(summary[key] for summary in counted) for key in keys]
        for kind, keys in {
            "lines": ("covered_lines", "num_statements"),
            "branches": ("covered_branches", "num_branches"),
        }.items()
    }


def mutation() -> Figures:
    """Change some modules in one place at a time, and count how often a test fails."""
    lines = _run_script("tests/trust/mutation.py").splitlines()
    return {name: counts for line in lines if line[:1] == "{" for name, counts in json.loads(line).items()}


MEASURES: dict[str, Callable[[], Figures]] = {
    "tests": tests,
    "thorough": thorough,
    "free_threading": free_threading,
    "soak": soak,
    "coverage": coverage,
    "mutation": mutation,
}


def modules() -> Iterator[str]:
    """Return the files of levels 0 to 6, from the list in ``architecture.rst``."""
    level = 0
    for line in (DOC / "architecture.rst").read_text(encoding="utf-8").splitlines():
        entry = re.fullmatch(r" {4}([0-9 ])  (\w+\.py|\w+/) +.*", line)
        if entry:
            level = int(entry[1]) if entry[1] != " " else level
            if level < LEVELS:
                yield from _files(entry[2])


def _files(name: str) -> list[str]:
    if not name.endswith("/"):
        return [name]
    return sorted(f"{name}{path.name}" for path in (ROOT / "lmfit" / name).glob("*.py"))


def _megabytes(row: list[str]) -> float:
    return float(row[row.index("MB") - 1])


def _run(*command: str) -> None:
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True)  # noqa: S603 - this interpreter


def _run_script(script: str, *arguments: str) -> str:
    """Run a script and return what it prints. Some take hours: what they print is shown as it comes."""
    command = [sys.executable, "-u", str(ROOT / script), *arguments]
    lines = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        for line in process.stdout or ():
            sys.stdout.write(line)
            lines.append(line)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return "".join(lines)


def table(figures: Figures) -> str:
    """Return all tables as reStructuredText."""
    parts = [".. Written by trust_table.py.\n"]
    if "tests" in figures:
        parts.append(_list_table(("what", "where", "tests", "cases"), (45, 31, 12, 12), _test_rows(figures)))
    rows = [
        row
        for name in ("free_threading", "soak", "coverage", "mutation")
        if name in figures
        for row in _rows(name, figures)
    ]
    if rows:
        parts.append(_list_table(("what", "figure", "with"), (50, 25, 25), rows))
    return "\n".join(parts)


def _test_rows(figures: Figures) -> Iterator[tuple[str, str, str, str]]:
    usual, more = (figures.get(kind, {}).get("found", {}) for kind in ("tests", "thorough"))
    for name, subject in SUBJECTS.items():
        both = [
            f"{usual[name][kind]} + {more[name][kind]}" if name in more else f"{usual[name][kind]}"
            for kind in ("tests", "cases")
        ]
        yield subject, f"``{name}.py``", both[0], both[1]


def _rows(name: str, figures: Figures) -> list[tuple[str, str, str]]:
    found, made = figures[name]["found"], figures[name]["with"]
    if name == "free_threading":
        return [
            (
                "fits and reads by threads without a global lock, bit for bit as those of one",
                str(found["cases"]),
                made,
            )
        ]
    if name == "soak":
        memory = found["memory"]
        return [
            (
                f"memory at the beginning of {found['fits']} small fits, at their end",
                f"{memory[0]}, {memory[-1]} MB",
                made,
            ),
            ("time per fit at their end, to that at the beginning", f"{found['drift']}", made),
        ]
    if name == "coverage":
        return [
            (f"{kind} of levels 0 to 6 that the tests reach", f"{100 * done / all_:.1f} %", made)
            for kind, (done, all_) in found.items()
        ]
    return [
        (
            f"mutants of ``{module}.py`` that a test finds",
            f"{counts['killed']} of {counts['tried']} ({100 * counts['killed'] / counts['tried']:.0f} %)",
            made,
        )
        for module, counts in found.items()
    ]


def _list_table(head: tuple[str, ...], widths: tuple[int, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {' '.join(map(str, widths))}", ""]
    for row in (head, *rows):
        lines += [f"   {'*' if index == 0 else ' '} - {cell}" for index, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def main(wanted: list[str]) -> None:
    """Measure what is wanted, or all, and write the tables."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for name in wanted or [name for name in MEASURES if name != "free_threading"]:
        figures[name] = {"found": MEASURES[name](), "with": f"Python {platform.python_version()}"}
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        TARGET.write_text(table(figures), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
