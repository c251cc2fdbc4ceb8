"""The examples run, warnings being errors, and NIST's data are what NIST published."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import nist
import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
ROOT = EXAMPLES.parent


def run_example(path, folder, *arguments):
    """Run an example in a folder of its own, against this checkout, and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", path, *arguments]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_example_runs(path, tmp_path):
    assert run_example(path, tmp_path)


def test_quickstart_agrees_with_nist_and_saves_a_plot(tmp_path):
    plot = tmp_path / "plot.png"
    output = run_example(EXAMPLES / "quickstart.py", tmp_path, "--output", plot)
    digits = re.search(r"certified values to (\S+) digits", output)[1]
    assert float(digits) >= 6.0
    assert plot.read_bytes().startswith(b"\x89PNG")


def numbers(report):
    """Return the numbers of a report, but for the count of evaluations: it may change with any release."""
    lines = [line for line in report.splitlines() if "function evals" not in line]
    return [float(text) for text in re.findall(r"-?\b\d+(?:\.\d+)?(?:e[+-]\d+)?", "\n".join(lines))]


def test_readme_prints_what_it_says(tmp_path):
    readme = (ROOT / "README.rst").read_text(encoding="utf-8")
    code, report = (
        textwrap.dedent(re.search(rf"code-block:: {kind}\n\n((?: .*\n|\n)+)", readme)[1])
        for kind in ("python", "text")
    )
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    output = run_example(script, tmp_path)
    assert "period" in report
    assert re.sub(r"[-+.\d]+", "", output).split() == re.sub(r"[-+.\d]+", "", report).split()
    assert numbers(output) == pytest.approx(numbers(report), rel=1e-5)


def test_there_are_27_data_sets():
    assert len(nist.names()) == 27


@pytest.mark.parametrize("name", nist.names())
def test_certified_values_give_the_certified_sum_of_squares(name):
    data = nist.load(name)
    residual = nist.model(data)(data.certified)
    assert residual.shape == (data.n,)
    assert nist.digits(np.sqrt(data.rss / data.dof), data.rsd) > 10
    if name != "Lanczos1":  # its sum of squares, 1e-25, is below what eleven digits of the values can give
        assert nist.digits(residual @ residual, data.rss) > 9.9


def test_residual_for_parameters_is_that_for_values():
    data = nist.load("Nelson")

    class Named:
        def __init__(self, value):
            self.value = value

    params = {name: Named(value) for name, value in zip(data.parameter_names, data.start1, strict=True)}
    np.testing.assert_array_equal(nist.residual(data)(params), nist.model(data)(data.start1))


def test_overflow_is_silent():
    data = nist.load("MGH10")
    assert not np.all(np.isfinite(nist.model(data)([1.0, 1e6, 0.0])))


def test_unknown_data_set_is_named():
    with pytest.raises(KeyError, match="no data set 'Gauss4'"):
        nist.load("Gauss4")


@pytest.mark.parametrize(
    "value, expected", [(2.0, 11.0), (2.0002, 4.0), (20.0, 0.0), (np.nan, 0.0), (np.inf, 0.0), (None, 0.0)]
)
def test_digits(value, expected):
    assert nist.digits(value, 2.0) == pytest.approx(expected, abs=1e-3)
