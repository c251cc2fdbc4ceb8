"""Parsing: from the text of an expression to a checked syntax tree.

Python's own parser does the work.  The tree is then compared with a list of the nodes
that are arithmetic, or a conditional, a call, a subscript; whatever is not on the list
is refused before anything runs, with a caret below the place.
"""

from __future__ import annotations

import ast
import functools
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .errors import ExpressionError

__all__ = ["Expression", "free_names", "parse", "parse_script"]

MAX_LENGTH = 20_000
"""Longest text of an expression, in characters."""

MAX_DEPTH = 100
"""Deepest nesting; a sum of many terms counts as one level."""

EXPRESSION_NODES = frozenset(
    (
        *(ast.Expression, ast.Expr, ast.Constant, ast.Name, ast.Load),
        *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.keyword, ast.Starred),
        *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult),
        *(ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor, ast.And, ast.Or),
        *(ast.Not, ast.Invert, ast.USub, ast.UAdd, ast.Is, ast.IsNot, ast.In, ast.NotIn),
        *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
        *(ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Subscript, ast.Slice),
        *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.Store),
        *(ast.Lambda, ast.arguments, ast.arg),
    )
)
"""The nodes of an expression."""

SCRIPT_NODES = EXPRESSION_NODES | frozenset(
    (
        *(ast.Module, ast.Assign, ast.AugAssign, ast.Delete, ast.Del, ast.Pass),
        *(ast.If, ast.For, ast.While, ast.Break, ast.Continue, ast.FunctionDef, ast.Return),
        *(ast.Assert, ast.Raise, ast.Try, ast.ExceptHandler),
    )
)
"""The nodes of statements that the interpreter runs."""

_REFUSED: dict[type[ast.AST], str] = {
    ast.Attribute: "attributes (the dot in 'x.y') cannot be used",
    ast.JoinedStr: "formatted strings cannot be used",
    ast.NamedExpr: "assignments (':=') cannot be used",
    ast.Import: "modules cannot be imported",
    ast.ImportFrom: "modules cannot be imported",
    ast.ClassDef: "classes cannot be defined",
    ast.With: "'with' cannot be used",
    ast.Await: "'await' cannot be used",
    ast.Yield: "'yield' cannot be used",
    ast.Global: "'global' cannot be used",
}

_CONSTANTS = (int, float, complex, str, type(None))

_PARSER_ERRORS = (ValueError, RecursionError, MemoryError, OverflowError)


@dataclass(frozen=True)
class Expression:
    """One parsed expression.

    Attributes
    ----------
    text : str
        What was parsed, without blanks around it.
    tree : ast.Expression
        Its syntax tree, which nothing changes.
    names : tuple of str
        The parameters, functions and symbols that it uses, each once, in order.
    """

    text: str
    tree: ast.Expression = field(repr=False, compare=False)
    names: tuple[str, ...] = field(compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return parse, (self.text,)


class _Refused(Exception):
    """What is wrong with a text, and where: line and column count from 0."""

    def __init__(self, reason: str, line: int = 0, column: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line, self.column = reason, line, column


def parse(text: str, owner: str = "") -> Expression:
    """Parse the text of an expression.

    Parameters
    ----------
    text : str
        The expression.
    owner : str
        Name of the parameter that it belongs to, for the error message.

    Raises
    ------
    ExpressionError
        If it is no expression, or uses something that is not arithmetic.

    Examples
    --------
    >>> parse("2*amp + sum([x**2 for x in (amp, cen)])").names
    ('amp', 'sum', 'cen')
    >>> parse("2*amp +", owner="wid")
    Traceback (most recent call last):
    lmfit.errors.ExpressionError: parameter 'wid': cannot parse '2*amp +': it ends too early
        2*amp +
               ^
    """
    try:
        return _parse(text)
    except _Refused as refusal:
        raise ExpressionError(_explain(refusal, text.strip(), owner)) from None


def parse_script(text: str) -> ast.Module:
    """Parse statements for the interpreter, under the same rules as `parse`."""
    try:
        tree = _read(text, "exec")
        _check(tree, text, SCRIPT_NODES)
    except _Refused as refusal:
        raise ExpressionError(_explain(refusal, text, "")) from None
    assert isinstance(tree, ast.Module)
    return tree


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> Expression:
    text = text.strip()
    if not text:
        raise _Refused("it is empty; give an expression, or None for no constraint")
    tree = _read(text, "eval")
    assert isinstance(tree, ast.Expression)
    _check(tree, text, EXPRESSION_NODES)
    return Expression(text, tree, tuple(free_names([tree])))


def _check(tree: ast.AST, text: str, allowed: frozenset[type[ast.AST]]) -> None:
    for node, depth in _walk(tree):
        _check_node(node, allowed, text)
        if depth > MAX_DEPTH:
            raise _Refused("it is nested too deeply; split it into several parameters")


def _read(text: str, mode: str) -> ast.AST:
    if len(text) > MAX_LENGTH:
        raise _Refused(f"it has more than {MAX_LENGTH} characters; split it into several parameters")
    try:
        with warnings.catch_warnings():
            # "1if a else b" and the like: the parser's opinion on style is not for a fit.
            warnings.simplefilter("ignore")
            tree: ast.AST = compile(text, "<expression>", mode, ast.PyCF_ONLY_AST, dont_inherit=True)
            return tree
    except SyntaxError as exc:
        raise _syntax_refusal(exc, text) from None
    except _PARSER_ERRORS as exc:
        raise _Refused(str(exc) or "it is too long or nested too deeply") from None


def _syntax_refusal(exc: SyntaxError, text: str) -> _Refused:
    line = (exc.lineno or 1) - 1
    if exc.offset:
        return _Refused(exc.msg, line, exc.offset - 1)
    # The parser gives no place when it runs into the end.
    return _Refused("it ends too early", line, len((text.split("\n")[line:] or [""])[0]))


def _walk(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Yield all nodes with their depth, without recursion."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        for child in ast.iter_child_nodes(node):
            same_level = isinstance(child, ast.BinOp) and child is getattr(node, "left", None)
            waiting.append((child, depth + (not same_level)))


def _check_node(node: ast.AST, allowed: frozenset[type[ast.AST]], text: str) -> None:
    if type(node) not in allowed:
        reason = _REFUSED.get(type(node), f"{type(node).__name__} cannot be used")
    elif isinstance(node, ast.Constant) and not isinstance(node.value, _CONSTANTS):
        reason = f"{type(node.value).__name__} cannot be used"
    elif any(name.startswith("__") and name.endswith("__") for name in _identifiers(node)):
        reason = "names with double underscores cannot be used"
    else:
        return
    line = getattr(node, "lineno", 1) - 1
    raise _Refused(reason, line, _column(text, line, node))


def _column(text: str, line: int, node: ast.AST) -> int:
    # The parser counts bytes; for an attribute the dot is the place to show.
    source = text.split("\n")[line].encode()
    offset: int = getattr(node, "col_offset", 0)
    if isinstance(node, ast.Attribute) and node.end_lineno == line + 1:
        offset = (node.end_col_offset or 1) - len(node.attr.encode()) - 1
    return len(source[:offset].decode(errors="replace"))


def _identifiers(node: ast.AST) -> Iterator[str]:
    for attribute in ("id", "arg", "name"):
        value = getattr(node, attribute, None)
        if isinstance(value, str):
            yield value


def _explain(refusal: _Refused, text: str, owner: str) -> str:
    prefix = f"parameter {owner!r}: " if owner else ""
    shown = text if len(text) <= 200 else f"{text[:100]} ... {text[-50:]}"
    message = f"{prefix}cannot parse {shown!r}: {refusal.reason}"
    lines = text.split("\n")
    if refusal.column is None or refusal.line >= len(lines):
        return message
    # A window around the place keeps the caret in sight in a long text.
    start = max(0, refusal.column - 60)
    line = lines[refusal.line][start : start + 100]
    return f"{message}\n    {line}\n    {' ' * (refusal.column - start)}^"


def free_names(trees: Iterable[ast.AST]) -> list[str]:
    """Return the names that are used but not bound by a comprehension or a lambda, in order."""
    found: dict[str, None] = {}
    waiting = [(tree, frozenset[str]()) for tree in trees]
    waiting.reverse()
    while waiting:
        node, bound = waiting.pop()
        if isinstance(node, ast.Name):
            if node.id not in bound:
                found[node.id] = None
            continue
        waiting.extend(reversed(list(_scoped(node, bound))))
    return list(found)


def _scoped(node: ast.AST, bound: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """Yield the children of a node, each with the names that are bound around it."""
    if isinstance(node, ast.Lambda):
        arguments = {child.arg for child in ast.walk(node.args) if isinstance(child, ast.arg)}
        yield from ((default, bound) for default in (*node.args.defaults, *node.args.kw_defaults) if default)
        yield node.body, bound | arguments
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        for generator in node.generators:
            yield generator.iter, bound
            bound |= {child.id for child in ast.walk(generator.target) if isinstance(child, ast.Name)}
            yield from ((test, bound) for test in generator.ifs)
        results = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        yield from ((result, bound) for result in results)
    else:
        yield from ((child, bound) for child in ast.iter_child_nodes(node))
