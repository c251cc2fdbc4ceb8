"""Engines from outside: the page that explains them, run as it stands; plugins; the table of engines."""

import doctest
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from helpers import Counted, linear_solution

from lmfit import Parameters, create_params, engines, minimize
from lmfit._engines import _plugins, base
from lmfit.errors import FitWarning

DOC = Path(__file__).resolve().parents[1] / "doc"
PAGE = (DOC / "extending.rst").read_text(encoding="utf-8")

X = np.linspace(0.0, 4.0, 30)
DATA = 3.0 * np.exp(-X / 1.5) + np.random.default_rng(1).normal(0.0, 0.02, X.size)

#: The page's engines; that of iminuit where it is installed.
EXAMPLES = ["compass", *(["minuit"] if importlib.util.find_spec("iminuit") else [])]


def code_blocks(text):
    """Return the Python blocks of a page, without their indentation."""
    found = re.findall(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", text, flags=re.MULTILINE)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in found]


@pytest.fixture
def registry(monkeypatch):
    """Make what a test registers vanish with it."""
    monkeypatch.setattr(base, "_REGISTRY", dict(base._REGISTRY))


@pytest.fixture
def page(registry):
    """Run the page's code and return its names."""
    names = {}
    for block in code_blocks(PAGE):
        exec(compile(block, "extending.rst", "exec"), names)
    return names


def residual(params):
    return params["amp"] * np.exp(-X / params["tau"]) - DATA


def decay(**more):
    return create_params(**{"amp": {"value": 1.0, "min": 0.0}, "tau": {"value": 1.0, "min": 0.1}, **more})


def test_the_page_does_what_it_says(page):
    test = doctest.DocTestParser().get_doctest(PAGE, page, "extending.rst", None, 0)
    assert len(test.examples) == 6
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_twenty_lines_suffice():
    engine = next(block for block in code_blocks(PAGE) if "iminuit" in block)
    body = [line for line in engine.splitlines() if line.strip()]
    assert len(body) <= 20


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("method", EXAMPLES)
class TestEngineOfThePage:
    """What the driver does for an engine that knows nothing of it."""

    def test_finds_the_minimum_and_its_errors(self, method):
        expected = minimize(residual, decay())
        out = minimize(residual, decay(), method=method)
        assert out.success
        assert out.method == method
        for name, par in expected.params.items():
            assert out.params[name].value == pytest.approx(par.value, abs=1e-2 * par.stderr)
            assert out.params[name].stderr == pytest.approx(par.stderr, rel=1e-2)

    def test_minimum_at_a_bound(self, method):
        out = minimize(residual, decay(tau={"value": 1.0, "min": 0.1, "max": 1.2}), method=method)
        assert out.params["tau"].value == pytest.approx(1.2, abs=1e-4)
        assert out.params["tau"].value <= 1.2

    def test_expressions(self, method):
        out = minimize(residual, decay(rate={"expr": "1 / tau"}), method=method)
        assert out.params["rate"].value == 1.0 / out.params["tau"].value
        assert out.params["rate"].stderr > 0.0

    def test_limit_of_evaluations(self, method):
        counted = Counted(residual)
        out = minimize(counted, decay(), method=method, max_nfev=12, calc_covar=False)
        assert out.aborted
        assert out.nfev == counted.calls == 12

    def test_callback(self, method):
        out = minimize(
            residual, decay(), method=method, iter_cb=lambda params, iteration, resid: iteration > 9
        )
        assert out.aborted
        assert "iter_cb" in out.message

    def test_error_of_the_objective(self, method):
        def objective(params):
            if params["amp"] > 1.0:
                raise ZeroDivisionError("mine")
            return residual(params)

        with pytest.raises(ZeroDivisionError, match="mine"):
            minimize(objective, decay(), method=method)

    def test_one_variable(self, method):
        slope = linear_solution(X[:, np.newaxis], 2.0 * X + 0.1)
        out = minimize(
            lambda params: params["slope"] * X - 2.0 * X - 0.1, create_params(slope=1.0), method=method
        )
        assert out.params["slope"].value == pytest.approx(slope.values[0], abs=1e-3 * slope.stderr[0])
        assert out.params["slope"].stderr == pytest.approx(slope.stderr[0], rel=1e-3)

    def test_alias(self, method):
        engine = engines.find(method)
        assert engine.aliases
        assert all(engines.find(alias) is engine for alias in engine.aliases)


def test_errors_of_minuit_are_those_of_the_fit(page):
    if "minuit" not in EXAMPLES:
        return
    out = minimize(residual, decay(), method="minuit")
    assert np.asarray(out.minuit.covariance) * out.redchi == pytest.approx(out.covar, rel=1e-2)


@pytest.fixture
def install(tmp_path, monkeypatch, registry):
    """Return a function that installs a package with an engine, for the time of the test."""

    def make(name, code):
        (tmp_path / f"{name}.py").write_text(code)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[lmfit.engines]\n{name}_engine = {name}\n")
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)

    monkeypatch.syspath_prepend(str(tmp_path))
    _plugins.load.cache_clear()
    yield make
    _plugins.load.cache_clear()


PLUGIN = """
from lmfit.engines import Objective, Outcome, Space, register

@register("{name}", space=Space.EXTERNAL, objective=Objective.RESIDUAL, options=("factor",))
def engine(view, options):
    view.residual(view.start * options.get("factor", 1.0))
    return Outcome(success=True, message="from another package")
"""


def test_engine_of_another_package(install):
    install("lmfit_fast", PLUGIN.format(name="fast"))
    params = Parameters()
    params.add("a", value=1.0)
    out = minimize(lambda params: params["a"] - np.array([2.0, 2.1]), params, method="fast", factor=2.0)
    assert out.message == "Fit succeeded: from another package."
    assert params["a"].value == 2.0
    assert "fast" in engines.names()


def test_other_packages_are_not_loaded_for_known_names(install):
    install("lmfit_late", "raise AssertionError('loaded')")
    assert engines.find("leastsq").name == "leastsq"


@pytest.mark.parametrize(
    "code, error",
    [
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        (PLUGIN.format(name="leastsq"), "ValueError: an engine named 'leastsq' is already registered"),
    ],
    ids=["missing", "broken", "taken"],
)
def test_broken_package_is_a_warning_that_names_it(install, code, error):
    install("lmfit_broken", code)
    with pytest.warns(FitWarning) as caught:
        assert "leastsq" in engines.names()
    (warning,) = caught
    assert str(warning.message) == (
        f"the engine 'lmfit_broken_engine' of the package 'lmfit_broken' could not be loaded ({error}); "
        "update or remove that package"
    )
    engines.names()  # says it only once


def test_one_broken_package_does_not_hide_another(install):
    install("lmfit_broken", "1 / 0")
    install("lmfit_fast", PLUGIN.format(name="fast"))
    with pytest.warns(FitWarning, match="lmfit_broken"):
        assert engines.find("fast").name == "fast"


def test_unknown_name_lists_engines_of_other_packages(install):
    install("lmfit_fast", PLUGIN.format(name="fast"))
    with pytest.raises(
        ValueError, match=r"no engine is named 'fasd'; did you mean .*'fast'.* The engines are: .*fast"
    ):
        engines.find("fasd")


@pytest.mark.usefixtures("registry")
def test_stochastic_engine_must_have_a_seed():
    with pytest.raises(
        ValueError, match="engine 'dice' draws random numbers: its options must include 'seed'"
    ):
        engines.register(
            "dice", space=engines.Space.EXTERNAL, objective=engines.Objective.SCALAR, stochastic=True
        )(print)


def engine_table():
    """Return the module doc/engine_table.py."""
    spec = importlib.util.spec_from_file_location("engine_table", DOC / "engine_table.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(text):
    return set(re.split(r"^   \* - ", text, flags=re.MULTILINE))


def test_table_of_engines_is_up_to_date():
    module = engine_table()
    committed, current = rows(module.TARGET.read_text(encoding="utf-8")), rows(module.table())
    outdated = set(re.findall(r"^``(.+?)``$", "\n".join(committed - current), flags=re.MULTILINE))
    # An older SciPy has fewer engines.
    assert not outdated & set(engines.names()), "run: python doc/engine_table.py"
    assert current <= committed, "run: python doc/engine_table.py"


def test_table_has_every_engine_of_lmfit_and_no_other(install):
    install("lmfit_fast", PLUGIN.format(name="fast"))
    text = engine_table().table()
    listed = re.findall(r"^   \* - ``(.+)``$", text, flags=re.MULTILINE)
    own = [name for name in engines.names() if name != "fast"]
    assert listed == [*own, *own]
