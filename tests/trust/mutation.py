"""Does a test notice when the code is wrong? Changes one thing at a time and runs the tests.

``python mutation.py [--sample N] [--seed S] MODULE...`` takes modules of the table below, by default all.
In each mutant one comparison, operator, number, condition or return value of the module is another. It is
killed if a test fails. Of a module with more than N mutants, N are drawn at random; by default all are tried.
Survivors are printed, then one line of JSON with the counts. Messages are no code and are left alone.

The tests are collected once. For each mutant they run in a fork of this process (POSIX only), in which the
functions of the module have been given the code of the mutant: whoever has imported them has that.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import resource
import sys
import types
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process with threads should not fork
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: The tests that are meant for each module, the quick ones first.
TESTS = {
    "_bounds": "lmfit/_bounds.py tests/test_bounds.py",
    "_covariance": "lmfit/_covariance.py tests/test_covariance.py",
    "_expressions": "lmfit/_expressions.py tests/test_expressions.py tests/test_parameter.py",
    "_problem": "tests/test_problem.py tests/test_minimizer.py",
    "_profile": "lmfit/_profile.py tests/test_profile.py tests/test_confidence.py",
}
OPTIONS = [
    "-qq",
    "-s",
    "-p",
    "no:cacheprovider",
    "-p",
    "_hypothesis_pytestplugin",
    "--hypothesis-profile=quick",
]
#: A mutant whose tests take longer is killed: some never end.
SECONDS = 60
COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.MatMult: ast.Mult, ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Other nodes that could stand where this one does."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield _with(node, ops=[COMPARISONS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in OPERATORS:
        yield _with(node, op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield node.operand
    elif isinstance(node, (ast.If, ast.IfExp, ast.While)):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Return) and not (node.value is None or _is_none(node.value)):
        yield _with(node, value=ast.Constant(None))
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1 if abs(node.value) < 100 else 0)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()


def _with(node: ast.AST, **fields: object) -> ast.AST:
    new = copy.copy(node)
    vars(new).update(fields)
    return new


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def places(tree: ast.Module) -> list[tuple[ast.AST, str, int | None, ast.AST]]:
    """Each possible change as (parent, field, index, new node)."""
    found = []
    for parent, field, index, node in _code(tree):
        found += [(parent, field, index, new) for new in changes(node)]
    return found


def _code(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """All nodes with their places, but for types and for what only makes a message."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "keywords") and not isinstance(
            node, ast.Call
        ):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or isinstance(child, (ast.JoinedStr, ast.Raise, ast.Assert)):
                continue
            yield node, field, index, child
            yield from _code(child)


def mutant(tree: ast.Module, place: tuple[ast.AST, str, int | None, ast.AST]) -> str:
    """The source with one change."""
    parent, field, index, new = place
    siblings = getattr(parent, field)
    old = siblings if index is None else siblings[index]
    _put(parent, field, index, ast.copy_location(new, old))
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    finally:
        _put(parent, field, index, old)


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def described(source: str, changed: str) -> str:
    """The line that differs, before and after."""
    pairs = zip(source.splitlines(), changed.splitlines())
    return next(
        (f"{old.strip()}  ->  {new.strip()}" for old, new in pairs if old != new), "a line is missing"
    )


def transplant(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Give the functions and classes of a module the code of others, and its constants other values."""
    for name, value in new.items():
        there = old.get(name)
        if name.startswith("__") or there is value:
            continue
        if getattr(value, "__module__", None) != new["__name__"]:
            _rebind(name, there, value)
        elif isinstance(value, type) or _function(value):
            _graft(there, value)


def _graft(old: Any, new: Any) -> None:
    """Move the code of a function, or of all in a class, into another one."""
    if isinstance(new, type):
        for name, value in vars(new).items():
            there = vars(old).get(name)
            if _function(value) and _function(there):
                _graft(_function(there), _function(value))
            elif name not in ("__dict__", "__weakref__", "__doc__", "__module__"):
                setattr(old, name, value)
        return
    old, new = _function(old), _function(new)
    if len(old.__code__.co_freevars) == len(new.__code__.co_freevars):
        old.__code__, old.__defaults__, old.__kwdefaults__ = (
            new.__code__,
            new.__defaults__,
            new.__kwdefaults__,
        )


def _function(value: Any) -> Any:
    """The function in a property, a cache, a class method; None where there is none."""
    for name in ("fget", "func", "__func__", "__wrapped__"):
        value = getattr(value, name, value)
    return value if isinstance(value, types.FunctionType) else None


def _rebind(name: str, old: Any, new: Any) -> None:
    """Put another value wherever the package has one under this name."""
    for module in [module for key, module in sys.modules.items() if key.startswith("lmfit")]:
        if vars(module).get(name, name) is old:
            setattr(module, name, new)


class Experiment:
    """A plugin for pytest that runs the tests it has collected again and again."""

    def __init__(self, module: str, sample: int, seed: int) -> None:
        self.module = import_module(f"lmfit.{module}")
        self.tree = ast.parse(Path(self.module.__file__).read_text(encoding="utf-8"))
        self.found = places(self.tree)
        many = 0 < sample < len(self.found)
        self.chosen = random.Random(seed).sample(self.found, sample) if many else self.found
        self.counts = {"mutants": len(self.found), "tried": len(self.chosen), "killed": 0}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try the mutants, instead of the code as it is."""
        source = ast.unparse(self.tree)
        if self.fails(session, source):
            raise SystemExit(f"the tests of {self.module.__name__} fail without any change")
        for place in self.chosen:
            changed = mutant(self.tree, place)
            if self.fails(session, changed):
                self.counts["killed"] += 1
            else:
                print(f"survived in {self.module.__name__[6:]}: {described(source, changed)}", flush=True)
        return True

    def fails(self, session: pytest.Session, source: str) -> bool:
        """Whether a test fails with another source, or does not end."""
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            os._exit(self.run(session, source))
        return os.waitpid(child, 0)[1] != 0

    def run(self, session: pytest.Session, source: str) -> int:
        """Run all tests up to the first that fails."""
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, sys.stdout.fileno())
        os.dup2(silent, sys.stderr.fileno())
        try:
            new = {"__name__": self.module.__name__, "__package__": "lmfit", "__file__": self.module.__file__}
            exec(compile(source, self.module.__file__, "exec"), new)
            transplant(vars(self.module), new)
            for item, following in zip(session.items, [*session.items[1:], None]):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.testsfailed:
                    return 1
        except BaseException:  # a mutant may do anything  # noqa: BLE001
            return 1
        return 0


def tested(module: str, sample: int, seed: int) -> dict[str, int]:
    """Count the mutants of a module that were tried, and that were killed."""
    experiment = Experiment(module, sample, seed)
    pytest.main([*OPTIONS, *TESTS[module].split()], plugins=[experiment])
    return experiment.counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", default=list(TESTS))
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for module in arguments.modules or TESTS:
        print(json.dumps({module: tested(module, arguments.sample, arguments.seed)}), flush=True)


if __name__ == "__main__":
    main()
