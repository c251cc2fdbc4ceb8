"""What Jupyter and IPython show, and the interactive notebook, run in a kernel of its own."""

import os
from pathlib import Path

import nbformat
import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

from lmfit import Minimizer, conf_interval, create_params
from lmfit.model import Model

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "examples" / "interactive.ipynb"


@pytest.fixture(scope="module")
def executed():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    client.execute(env=environment)
    return notebook


def shown(cell):
    """Return what a cell shows, by type."""
    return {kind: data for output in cell.outputs for kind, data in output.get("data", {}).items()}


def test_notebook_shows_tables_sliders_and_pictures(executed):
    _, params, sliders, result, final = (cell for cell in executed.cells if cell.cell_type == "code")
    assert "<table" in shown(params)["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in shown(sliders)
    assert "Fit Statistics" in shown(result)["text/html"]
    assert "image/png" in shown(final)


def test_notebook_is_stored_without_outputs():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


@pytest.fixture
def shell(monkeypatch, tmp_path):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell()
    shell.user_ns["params"] = create_params(amplitude=1.0, center=2.0)
    return shell


def test_tab_completes_names_of_parameters(shell):
    with provisionalcompleter():
        text = 'params["am'
        found = {completion.text for completion in shell.Completer.completions(text, len(text))}
    assert any("amplitude" in text for text in found)
    assert not any("center" in text for text in found)


@pytest.mark.parametrize("count,lines", [(1, 1), (9, 11)])
def test_parameters_at_the_prompt(shell, count, lines):
    params = create_params(**{f"p{number}": 1.0 for number in range(count)})
    data, _ = shell.display_formatter.format(params)
    assert len(data["text/plain"].splitlines()) == lines
    assert "<table" in data["text/html"]


def test_everything_has_a_readable_representation():
    x = np.arange(5.0)
    fitter = Minimizer(lambda params: params["slope"] * x - 2 * x, create_params(slope=1.0))
    before = repr(fitter)
    result = fitter.leastsq()
    for thing in (fitter, result, result.params, result.params["slope"]):
        assert "object at 0x" not in repr(thing)
        assert "slope" in repr(thing) or "leastsq" in repr(thing)
    assert "no fit yet" in before


@pytest.fixture(scope="module")
def things():
    """Return what a session shows, by name."""
    x = np.linspace(0.0, 5.0, 30)
    data = 2 * x + np.cos(9 * x)
    fitter = Minimizer(lambda params: params["slope"] * x - data, create_params(slope=1.0))
    result = fitter.leastsq()
    line = Model(lambda x, slope: slope * x)
    return {
        "fitter": fitter,
        "result": result,
        "params": result.params,
        "intervals": conf_interval(fitter),
        "model result": line.fit(data, x=x, slope=1.0),
    }


@pytest.mark.parametrize("name", ["params", "result", "fitter", "intervals", "model result"])
def test_html(name, things):
    html = things[name]._repr_html_()
    assert html.count("<table") == html.count("</table>") > 0
    assert "slope" in html
