"""The fast path: all expressions of a set of parameters as one Python function.

Each tie becomes one assignment of a function that takes the values of the free
parameters and returns those of the tied ones, so that an evaluation costs what a line
of Python costs.  The function is built node by node from the checked syntax trees,
with names of its own for everything and without builtins.

Two rules make it give exactly what the interpreter gives:

* The kind of every intermediate result is known here: ``float``, ``int`` (or bool),
  ``number`` (any of these, or complex) or ``any``.  An operator between kinds that
  cannot run away is the plain operator; any other is the guarded one of the
  interpreter.  A function of `math` is called directly with numbers only.
* A tie that uses more than names, numbers, operators, conditionals, subscripts and
  calls of known functions becomes a call of the interpreter.

If the function raises, the caller evaluates in another way, which has the last word.
"""

from __future__ import annotations

import ast
import types
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._functions import MATHEMATICS, SCALARS
from ._limits import MAX_BITS, OPERATORS

__all__ = ["Compiled", "Tie", "compile_ties", "operator_named", "slots_of"]

FLOAT, INT, NUMBER, ANY = "float", "int", "number", "any"
Typed = tuple[ast.expr, str]

MAX_TERMS = 400
"""Longest chain of operators that Python's compiler takes in every version."""

MAX_OBJECTS = 4
"""Most arguments of a call that are no numbers: nothing counts here how much is held at once."""

# What constants may raise; the error belongs to the evaluation.
_FOLDING_ERRORS = (ArithmeticError, TypeError, ValueError, RuntimeError)

_BY_NAME = {node.__name__: function for node, function in OPERATORS.items()}


@dataclass(frozen=True)
class Tie:
    """One tied parameter: its name, expression, what it uses, and which of its bounds are finite."""

    name: str
    tree: ast.Expression
    uses: tuple[str, ...]
    lower: bool = False
    upper: bool = False


@dataclass(frozen=True)
class Compiled:
    """The code of a set of ties, and what its global names stand for.

    Attributes
    ----------
    code : types.CodeType
        Body of ``function(values) -> tuple of float``.
    operators, scalars, functions, symbols : tuple of str
        Operators, bare functions of numbers, functions and symbols that it refers to.
    slow : tuple of str
        Ties that are evaluated by the interpreter.
    """

    code: types.CodeType
    operators: tuple[str, ...]
    scalars: tuple[str, ...]
    functions: tuple[str, ...]
    symbols: tuple[str, ...]
    slow: tuple[str, ...]


class _NotSimpleError(Exception):
    """The expression needs the interpreter."""


def operator_named(name: str) -> object:
    """Return the guarded operator of a node class.

    >>> operator_named("Add")(1, 2.5)
    3.5
    """
    return _BY_NAME[name]


def slots_of(inputs: Sequence[str], order: Sequence[str]) -> dict[str, str]:
    """Return the local variable of each parameter.

    >>> slots_of(["a"], ["b"])
    {'a': 'v0', 'b': 'v1'}
    """
    return {name: f"v{index}" for index, name in enumerate((*inputs, *order))}


def compile_ties(ties: Sequence[Tie], inputs: Sequence[str], kinds: Mapping[str, str]) -> Compiled:
    """Compile ties, which are in order of evaluation, to one function.

    Parameters
    ----------
    ties : sequence of Tie
        The ties.
    inputs : sequence of str
        Names of the values that the function takes.
    kinds : mapping
        Kind of each symbol of the user: "float", "int", "procedure" or "any".
    """
    slots = slots_of(inputs, [tie.name for tie in ties])
    emitter = _Emitter(slots, kinds)
    body: list[ast.stmt] = [_unpack([slots[name] for name in inputs])] if inputs else []
    slow: list[str] = []
    for tie in ties:
        value, kind = emitter.tie(tie, slow)
        body += _assignments(tie, slots[tie.name], value, kind)
    results = ast.Tuple([_name(slots[tie.name]) for tie in ties], ast.Load())
    code = _compile([*body, ast.Return(results)])
    operators, scalars, functions, symbols = (tuple(names) for names in emitter.used.values())
    return Compiled(code, operators, scalars, functions, symbols, tuple(slow))


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _unpack(names: list[str]) -> ast.stmt:
    target = ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store())
    return ast.Assign([target], _name("values"))


def _assignments(tie: Tie, slot: str, value: ast.expr, kind: str) -> list[ast.stmt]:
    """Return ``v = value``, its conversion to float where needed, and its bounds."""
    store: list[ast.expr] = [ast.Name(slot, ast.Store())]
    body: list[ast.stmt] = [ast.Assign(store, value)]
    if kind != FLOAT:
        test = ast.Compare(ast.Attribute(_name(slot), "__class__", ast.Load()), [ast.IsNot()], [_name("F")])
        body.append(ast.If(test, [ast.Assign(store, _call("R", _name(slot)))], []))
    for wanted, compare, bound in ((tie.lower, ast.Lt(), f"lo_{slot}"), (tie.upper, ast.Gt(), f"hi_{slot}")):
        if wanted:
            test = ast.Compare(_name(slot), [compare], [_name(bound)])
            body.append(ast.If(test, [ast.Assign(store, _name(bound))], []))
    return body


def _call(function: str, *args: ast.expr) -> ast.expr:
    return ast.Call(_name(function), list(args), [])


def _compile(body: list[ast.stmt]) -> types.CodeType:
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg("values")], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    function = ast.FunctionDef("evaluate", arguments, body, [])
    function.type_params = []  # type: ignore[attr-defined,unused-ignore]
    module = ast.Module([function], [])
    for node in ast.walk(module):
        if isinstance(node, (ast.expr, ast.stmt, ast.arg, ast.keyword)):
            node.lineno = node.end_lineno = 1
            node.col_offset = node.end_col_offset = 0
    with warnings.catch_warnings():
        # "int object is not subscriptable" and the like: the interpreter will say it.
        warnings.simplefilter("ignore")
        code = compile(module, "<expressions>", "exec", dont_inherit=True)
    return next(const for const in code.co_consts if isinstance(const, types.CodeType))


def _join(kinds: Sequence[str]) -> str:
    """Return the kind of a value that is one of several."""
    if ANY in kinds:
        return ANY
    return kinds[0] if len(set(kinds)) == 1 else NUMBER


class _Emitter:
    """Translates expressions, node by node, to trees with known kinds."""

    def __init__(self, slots: Mapping[str, str], kinds: Mapping[str, str]) -> None:
        self.slots, self.kinds = slots, kinds
        self.used: dict[str, dict[str, None]] = {"op": {}, "f": {}, "w": {}, "u": {}}

    def tie(self, tie: Tie, slow: list[str]) -> Typed:
        """Return the value of a tie; one that is not simple is appended to `slow`."""
        try:
            return self.emit(tie.tree.body)
        except _NotSimpleError:
            slow.append(tie.name)
            arguments = [_name(self.slots[name]) for name in tie.uses]
            return _call(f"slow_{self.slots[tie.name]}", *arguments), FLOAT

    def emit(self, node: ast.expr) -> Typed:
        """Translate one node."""
        method = getattr(self, f"on_{type(node).__name__.lower()}", None)
        if method is None:
            raise _NotSimpleError
        typed: Typed = method(node)
        return typed

    def _global(self, role: str, name: str) -> str:
        self.used[role][name] = None
        return f"{role}_{name}"

    def _operator(self, op: ast.AST, *operands: ast.expr) -> ast.expr:
        return _call(self._global("op", type(op).__name__), *operands)

    def on_constant(self, node: ast.Constant) -> Typed:
        """Numbers; strings are for the interpreter."""
        kind = {float: FLOAT, int: INT, bool: INT, complex: NUMBER}.get(type(node.value))
        if kind is None:
            raise _NotSimpleError
        return ast.Constant(node.value), kind

    def on_name(self, node: ast.Name) -> Typed:
        """A parameter, a symbol of the user or a constant; functions are not passed around."""
        if node.id in self.slots:
            return _name(self.slots[node.id]), FLOAT
        if node.id in self.kinds:
            kind = self.kinds[node.id]
            if kind == "procedure":
                raise _NotSimpleError
            return _name(self._global("u", node.id)), kind
        if type(MATHEMATICS.get(node.id)) is not float:
            raise _NotSimpleError
        return ast.Constant(MATHEMATICS[node.id]), FLOAT

    def on_binop(self, node: ast.BinOp) -> Typed:
        """``a + b + ...``, from the left, in a loop."""
        parts: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            parts.append(first)
            first = first.left
        if len(parts) > MAX_TERMS:
            raise _NotSimpleError
        typed = self.emit(first)
        for part in reversed(parts):
            typed = self._binary(part.op, typed, self.emit(part.right))
        return typed

    def _binary(self, op: ast.operator, left: Typed, right: Typed) -> Typed:
        folded = _fold(op, left[0], right[0])
        if folded is not None:
            return folded
        kind = _kind_of_operation(op, left[1], right[1])
        if kind is None:
            return self._operator(op, left[0], right[0]), _kind_of_guarded(op, left[1], right[1])
        return ast.BinOp(left[0], op, right[0]), kind

    def on_unaryop(self, node: ast.UnaryOp) -> Typed:
        """``-a``, ``+a``, ``not a``, ``~a``."""
        value, kind = self.emit(node.operand)
        if isinstance(node.op, ast.Not):
            return ast.UnaryOp(node.op, value), INT
        if kind == ANY or isinstance(node.op, ast.Invert):
            return self._operator(node.op, value), INT if kind == INT else ANY
        if isinstance(value, ast.Constant) and isinstance(node.op, ast.USub):
            return ast.Constant(-value.value), kind  # type: ignore[operator]
        return ast.UnaryOp(node.op, value), kind

    def on_boolop(self, node: ast.BoolOp) -> Typed:
        """``a and b``, ``a or b``."""
        values = [self.emit(value) for value in node.values]
        return ast.BoolOp(node.op, [value for value, _ in values]), _join([kind for _, kind in values])

    def on_compare(self, node: ast.Compare) -> Typed:
        """``a < b``; identity of numbers is left to the interpreter."""
        values = [self.emit(value) for value in (node.left, *node.comparators)]
        if any(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
            raise _NotSimpleError
        operands = [value for value, _ in values]
        membership = any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops)
        if not membership and all(kind != ANY for _, kind in values):
            return ast.Compare(operands[0], node.ops, operands[1:]), INT
        if len(node.ops) > 1:
            raise _NotSimpleError
        return self._operator(node.ops[0], *operands), ANY

    def on_ifexp(self, node: ast.IfExp) -> Typed:
        """``a if test else b``."""
        (test, _), (body, kind), (orelse, other) = map(self.emit, (node.test, node.body, node.orelse))
        return ast.IfExp(test, body, orelse), _join([kind, other])

    def on_tuple(self, node: ast.Tuple) -> Typed:
        """``(a, b)``."""
        return ast.Tuple(self._numbers(node.elts), ast.Load()), ANY

    def on_list(self, node: ast.List) -> Typed:
        """``[a, b]``."""
        return ast.List(self._numbers(node.elts), ast.Load()), ANY

    def _numbers(self, nodes: list[ast.expr]) -> list[ast.expr]:
        # Nothing here counts the elements that are held at once, as the interpreter does.
        items = [self.emit(node) for node in nodes]
        if any(kind == ANY for _, kind in items):
            raise _NotSimpleError
        return [value for value, _ in items]

    def on_subscript(self, node: ast.Subscript) -> Typed:
        """``(a, b)[i]``."""
        value, index = self.emit(node.value)[0], self.emit(node.slice)[0]
        return _call("I", value, index), ANY

    def on_call(self, node: ast.Call) -> Typed:
        """``f(a, b)``, for a function of mathematics or of the user."""
        if not isinstance(node.func, ast.Name) or node.func.id in self.slots:
            raise _NotSimpleError
        name, args = node.func.id, [self.emit(arg) for arg in node.args]
        if [kind for _, kind in args].count(ANY) > MAX_OBJECTS:
            raise _NotSimpleError
        if name in self.kinds:
            return self._user_call(name, args, node.keywords)
        if node.keywords or not callable(MATHEMATICS.get(name)):
            raise _NotSimpleError
        values, kinds = [value for value, _ in args], [kind for _, kind in args]
        if name not in SCALARS or ANY in kinds or not kinds:
            return _call("P", _call(self._global("w", name), *values)), ANY
        kind = SCALARS[name][0]
        if kind == "same" or (kind == FLOAT and NUMBER in kinds and name != "float"):
            kind = _join(kinds)
        return _fold_call(name, values) or (_call(self._global("f", name), *values), kind)

    def _user_call(self, name: str, args: list[Typed], keywords: list[ast.keyword]) -> Typed:
        if self.kinds[name] != ANY or any(keyword.arg is None for keyword in keywords):
            raise _NotSimpleError
        named = [ast.keyword(keyword.arg, self.emit(keyword.value)[0]) for keyword in keywords]
        call = ast.Call(_name(self._global("u", name)), [value for value, _ in args], named)
        return _call("P", call), ANY


def _kind_of_operation(op: ast.operator, left: str, right: str) -> str | None:
    """Return the kind that the plain operator gives, or None where it needs the guard."""
    kinds = {left, right}
    if ANY in kinds or isinstance(op, (ast.MatMult, ast.LShift)):
        return None
    if isinstance(op, (ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor)):
        return INT if kinds == {INT} else None
    if isinstance(op, ast.Pow):
        # A negative base with a fractional exponent is complex.
        return None if FLOAT not in kinds else FLOAT if (left, right) == (FLOAT, INT) else NUMBER
    if isinstance(op, ast.Div):
        return NUMBER if NUMBER in kinds else FLOAT
    if kinds == {INT}:
        return INT if isinstance(op, (ast.FloorDiv, ast.Mod)) else None
    if NUMBER in kinds:
        return NUMBER if FLOAT in kinds else None
    return FLOAT


def _kind_of_guarded(op: ast.operator, left: str, right: str) -> str:
    if ANY in (left, right) or isinstance(op, ast.MatMult):
        return ANY
    if (left, right) == (INT, INT) and not isinstance(op, ast.Pow):
        return INT
    return NUMBER


def _fold_call(name: str, args: Sequence[ast.expr]) -> Typed | None:
    """Return the value of ``sqrt(2*pi)`` as a constant."""
    constants = [arg.value for arg in args if isinstance(arg, ast.Constant)]
    if len(constants) < len(args):
        return None
    try:
        value = MATHEMATICS[name](*constants)
    except _FOLDING_ERRORS:
        return None
    return (ast.Constant(value), FLOAT) if type(value) is float else None


def _fold(op: ast.operator, left: ast.expr, right: ast.expr) -> Typed | None:
    """Return the value of ``2*3`` as a constant, with the guards of the interpreter."""
    if not (isinstance(left, ast.Constant) and isinstance(right, ast.Constant)):
        return None
    try:
        value = OPERATORS[type(op)](left.value, right.value)
    except _FOLDING_ERRORS:
        return None
    if type(value) is float:
        return ast.Constant(value), FLOAT
    if type(value) in (int, bool) and value.bit_length() < MAX_BITS:
        return ast.Constant(value), INT
    return None
