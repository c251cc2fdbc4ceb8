"""Each public function, class and method is described in full: arguments, what it returns, and an example that runs.

What is said of the arguments is checked by `numpydoc lint`, that the examples are right by pytest.
"""

import importlib
import inspect
import re

import pytest
from public_api import modules

#: One sentence and the signature say all about these.
PLAIN = set()


def documented():
    """Yield the name of each public function, class and method of lmfit, and the object itself."""
    for name in modules():
        module = importlib.import_module(name)
        for public in module.__all__:
            member = getattr(module, public)
            home = getattr(member, "__module__", "")
            if not callable(member) or not home.startswith("lmfit") or (home != name and "._" not in home):
                continue
            yield f"{name}.{public}", member
            if inspect.isclass(member) and not issubclass(member, BaseException):
                yield from methods(f"{name}.{public}", member)


def methods(path, cls):
    for name, member in vars(cls).items():
        if isinstance(member, (staticmethod, classmethod)):
            member = member.__func__
        if not name.startswith("_") and inspect.isfunction(member):
            yield f"{path}.{name}", member


CASES = dict(documented())


def is_exception(member):
    return inspect.isclass(member) and issubclass(member, BaseException)


@pytest.mark.parametrize("name", [name for name, member in CASES.items() if not is_exception(member)])
def test_has_an_example(name):
    if name not in PLAIN:
        assert ">>> " in CASES[name].__doc__.partition("Examples\n")[2], f"{name} needs an example that runs"


@pytest.mark.parametrize("name", [name for name, member in CASES.items() if inspect.isfunction(member)])
def test_says_what_it_returns(name):
    if inspect.signature(CASES[name]).return_annotation not in (None, "None"):
        assert re.search(r"\n *(Returns|Yields)\n *-------\n", CASES[name].__doc__), f"{name} needs a section Returns"
