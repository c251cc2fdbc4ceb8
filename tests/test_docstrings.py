"""Each public function, class and method is described in full, with an example.

That its arguments are described is checked by `numpydoc lint`, that the examples are right by pytest.
"""

import importlib
import inspect
import re
from pathlib import Path

import pytest
from public_api import modules


def documented():
    """Yield the name of each public function, class and method of lmfit, and the object itself."""
    for module in modules():
        for name in importlib.import_module(module).__all__:
            member = getattr(importlib.import_module(module), name)
            if is_from(module, member):
                yield f"{module}.{name}", member
                if inspect.isclass(member):
                    yield from methods(f"{module}.{name}", member)


def is_from(module, member):
    """Whether a function or class, and no exception, is defined in a module or for it, in a private one."""
    home = getattr(member, "__module__", "")
    own = home == module or home.startswith("lmfit._")
    is_exception = inspect.isclass(member) and issubclass(member, BaseException)
    return callable(member) and not is_exception and home.startswith("lmfit") and own


def methods(path, cls):
    """Yield the methods that a class defines; an attribute may be a function described elsewhere."""
    for name, member in vars(cls).items():
        function = getattr(member, "__func__", member)
        is_own = inspect.isfunction(function) and function.__qualname__ == f"{cls.__name__}.{name}"
        if is_own and not name.startswith("_"):
            yield f"{path}.{name}", function


ROOT = Path(__file__).resolve().parents[1]
CASES = dict(documented())


def example(member):
    return member.__doc__.partition("Examples\n")[2]


def is_shown_elsewhere(name):
    """Whether a method is used in the example of its class, or of another of its methods."""
    path, _, method = name.rpartition(".")
    family = [key for key in CASES if key == path or key.startswith(f"{path}.")]
    return any(f".{method}(" in example(CASES[key]) for key in family)


@pytest.mark.parametrize("name", CASES)
def test_has_an_example(name):
    assert ">>> " in example(CASES[name]) or is_shown_elsewhere(name), f"{name} needs an example that runs"


@pytest.mark.parametrize("name", [name for name, member in CASES.items() if inspect.isfunction(member)])
def test_says_what_it_returns(name):
    if inspect.signature(CASES[name]).return_annotation not in (None, "None"):
        section = r"\n *(Returns|Yields)\n *-------\n"
        assert re.search(section, CASES[name].__doc__), f"{name} needs a section Returns"


def test_the_cases_are_the_public_names():
    expected = {"lmfit.minimizer.Minimizer.leastsq", "lmfit.batch.BatchResult.save", "lmfit.engines.register"}
    assert expected < CASES.keys()
    assert "lmfit.errors.ParameterError" not in CASES


def test_the_linter_reads_the_files_of_all_public_names():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    patterns = re.search(r"^PUBLIC = \$\(wildcard (\S+)\) (.*)", makefile, re.MULTILINE).groups()
    linted = {path for pattern in " ".join(patterns).split() for path in ROOT.glob(pattern)}
    classes = {Path(inspect.getfile(member)) for member in CASES.values() if inspect.isclass(member)}
    assert classes <= linted
    hook = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    pattern = re.search(r"PUBLIC of the Makefile\n +files: (\S+)", hook)[1]
    package = {str(path.relative_to(ROOT)): path for path in (ROOT / "lmfit").rglob("*.py")}
    assert {path for name, path in package.items() if re.match(pattern, name)} == linted
