"""Does a test notice when the code is wrong? Changes one thing at a time and runs the tests.

``python mutation.py [--sample N] [--seed S] MODULE...`` takes modules of the table below, by default all.
Each mutant is a copy of the package in which one comparison, operator, number, condition or return value is
another. It is killed if a test fails. Of a module with more than N mutants, N are drawn at random; all are
tried with ``--sample 0``. Survivors are printed, then one line of JSON with the counts. Messages are no code
and are left alone.

The tests run in forks of this process, which has imported NumPy and the like: for POSIX only.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process with threads should not fork
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

import pytest

for name in ("asteval", "hypothesis.strategies", "scipy.optimize", "scipy.special"):
    import_module(name)  # what all forks need

ROOT = Path(__file__).resolve().parents[2]
#: The tests that are meant for each module, run one line after the other, the quick ones first.
TESTS = {
    "_bounds": ["lmfit/_bounds.py tests/test_bounds.py"],
    "_covariance": ["lmfit/_covariance.py tests/test_covariance.py"],
    "_expressions": ["lmfit/_expressions.py tests/test_expressions.py", "tests/test_parameter.py"],
    "_problem": ["tests/test_problem.py", "tests/test_minimizer.py"],
    "_profile": ["lmfit/_profile.py tests/test_profile.py", "tests/test_confidence.py"],
}
OPTIONS = ["-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", "--hypothesis-profile=quick"]
#: A mutant whose tests take longer is killed: some never end.
SECONDS = 300
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


def is_killed(folder: Path, module: str) -> bool:
    """Whether a test fails, or does not end."""
    return any(_fails(folder, line.split()) for line in TESTS[module])


def _fails(folder: Path, files: list[str]) -> bool:
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        os._exit(_run(folder, files))
    return os.waitpid(child, 0)[1] != 0


def _run(folder: Path, files: list[str]) -> int:
    """Run tests of `folder` in this process, which has not imported the package yet."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, sys.stdout.fileno())
    os.dup2(silent, sys.stderr.fileno())
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    return int(pytest.main(["-x", "-q", *OPTIONS, *files]))


def tested(module: str, sample: int, seed: int) -> dict[str, int]:
    """Count the mutants of a module that were tried, and that were killed."""
    tree = ast.parse((ROOT / "lmfit" / f"{module}.py").read_text(encoding="utf-8"))
    source, found = ast.unparse(tree), places(tree)
    chosen = found if sample == 0 else random.Random(seed).sample(found, min(sample, len(found)))
    killed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("lmfit", "tests", "examples"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        target = folder / "lmfit" / f"{module}.py"
        original = target.read_text(encoding="utf-8")
        if is_killed(folder, module):
            raise SystemExit(f"the tests of {module} fail without any change")
        for place in chosen:
            changed = mutant(tree, place)
            target.write_text(changed, encoding="utf-8")
            # Two mutants of one second and one size are the same to Python.
            Path(cache_from_source(str(target))).unlink(missing_ok=True)
            if is_killed(folder, module):
                killed += 1
            else:
                print(f"survived in {module}: {described(source, changed)}", flush=True)
        target.write_text(original, encoding="utf-8")
    return {"mutants": len(found), "tried": len(chosen), "killed": killed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", default=list(TESTS))
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for module in arguments.modules or TESTS:
        print(json.dumps({module: tested(module, arguments.sample, arguments.seed)}), flush=True)


if __name__ == "__main__":
    main()
