"""Random expressions and files: errors of the library or numbers, soon, and nothing is touched."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("fuzzed.py")


def fuzzed(cases, seed, record_property):
    record_property("cases", cases)
    command = [sys.executable, SCRIPT, str(cases), str(seed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=3600, check=True)
    return json.loads(done.stdout)


def check(found, cases):
    assert found["events"] == []
    assert found["memory"] < 500, "MB"
    assert found["slowest"] < 20, "seconds; machines are busy"
    ended = [found[f"{kind} {end}"] for kind in ("expressions", "files") for end in ("accepted", "refused")]
    assert sum(ended) == cases
    assert min(ended) > cases / 100, "neither all is accepted nor all is refused"


def test_random_expressions_and_files(record_property):
    check(fuzzed(2000, 1, record_property), 2000)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(10, 14))
def test_many_random_expressions_and_files(seed, record_property):
    check(fuzzed(25000, seed, record_property), 25000)
