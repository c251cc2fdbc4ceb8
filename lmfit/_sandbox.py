"""The interpreter behind expressions: asteval, without any way out.

asteval walks the syntax tree of an expression and evaluates each node with a handler
of its own, so that what has no handler cannot happen.  This subclass removes the
handlers that reach beyond arithmetic (attributes, formatted strings, imports, context
managers), replaces the operators by the guarded ones of `lmfit._limits`, looks names up
in a `SymbolTable` of mathematics and the user's own symbols, and gives each evaluation
a budget of steps.  With no attribute access, no formatting and no function that takes
a name, the objects at hand can only be computed with.

Errors are ordinary exceptions here, instead of the list that asteval collects, and end
as an `ExpressionError`; nothing is ever written to stderr.

This module imports asteval, and is itself imported only when an interpreter is needed.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import asteval
import numpy as np
from asteval.astutils import ExceptionHolder, Procedure

from ._limits import OPERATORS, LimitError, item, plain, weight
from ._namespace import Namespace, SymbolTable
from ._results import expression_error, shorten
from ._syntax import SCRIPT_NODES, parse_script
from .errors import MinimizerException

__all__ = ["Procedure", "SafeInterpreter"]

MAX_STEPS = 200_000
"""Steps of one evaluation: about half a second of looping."""

ELEMENTS_PER_STEP = 16
"""A list counts as one step for so many elements (an integer: bits) each time it is touched."""

ARRAY_ELEMENTS_PER_STEP = 1024
"""The same for an array."""


_NODE_NAMES = {node: node.__name__.lower() for node in SCRIPT_NODES}

# Values that have no size.
_ATOMS = frozenset((float, bool, type(None), types.FunctionType, types.BuiltinFunctionType))

# What cannot be caught.
_LIMITS = (LimitError, RecursionError, MemoryError)


STEPS_PER_CALL = 10
"""Calling a procedure costs so many steps, besides those of its body."""


class SafeProcedure(Procedure):  # type: ignore[misc]
    """A function that was defined in the interpreter; it may be called from outside, too."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self.__asteval__.call(self, args, kwargs)

    def run(self, args: Any, kwargs: Any) -> Any:
        """Call it within an evaluation of its interpreter."""
        return super().__call__(*args, **kwargs)


class SafeInterpreter(asteval.Interpreter):  # type: ignore[misc]
    """An `asteval.Interpreter` that knows mathematics and the symbols of the user.

    Parameters
    ----------
    symtable : SymbolTable
        The user's symbols; mathematics lies beneath them.

    Attributes
    ----------
    max_steps : int
        Steps that one evaluation may take before it is refused.
    error : list
        The error of the last evaluation, if it failed.

    Examples
    --------
    >>> interpreter = SafeInterpreter(SymbolTable())
    >>> interpreter("def double(x): return 2*x")
    >>> interpreter("double(sqrt(4))")
    4.0
    """

    def __init__(self, symtable: SymbolTable) -> None:
        # asteval writes its own print function into the table that it is given.
        super().__init__(symtable={}, use_numpy=False)
        self._symtable = symtable
        self.no_deepcopy: list[str] = []
        self.max_steps = MAX_STEPS
        self.retval: Any = None
        self._interrupt: ast.AST | None = None
        self._calldepth = 0
        self._steps = 0
        self._running = 0
        self._lock = symtable.lock
        self.node_handlers = {node: self._handler(node) for node in _NODE_NAMES.values()}

    def _handler(self, node: str) -> Any:
        return getattr(self, f"on_{node}", self.unimplemented)

    @property
    def symtable(self) -> SymbolTable:
        """The symbols of the user, over those of mathematics."""
        return self._symtable

    @symtable.setter
    def symtable(self, table: Mapping[str, Any]) -> None:
        # asteval puts back a copy when a procedure ends; the table must stay the same object.
        if "_symtable" in self.__dict__:
            self._symtable.restore(table)

    def user_defined_symbols(self) -> set[str]:
        """Return the names of the symbols that are not mathematics."""
        return set(self.symtable)

    def eval(self, expr: Any, lineno: int = 0, show_errors: bool = True, raise_errors: bool = False) -> Any:
        """Run statements and return the value of the last one.

        `show_errors` and `raise_errors` are those of asteval and have no effect: an error
        is always raised.

        Raises
        ------
        ExpressionError
            If the text cannot be parsed or run.
        """
        self.expr, self.lineno = str(expr), lineno
        try:
            with self._evaluation():
                tree = parse_script(expr) if isinstance(expr, str) else expr
                return self.run(tree)
        except MinimizerException:
            raise
        except Exception as exc:
            raise expression_error(exc, f"cannot run {shorten(self.expr)}") from exc

    def evaluate(self, tree: ast.Expression, values: Mapping[str, float]) -> Any:
        """Return the value of an expression in which `values` are known as well."""
        with self._evaluation(), self.symtable.overlaid(values):
            self.expr = ""
            return self.run(tree.body)

    @contextmanager
    def _evaluation(self) -> Iterator[None]:
        """Start from a clean state with a full budget; an evaluation inside another keeps its own."""
        with self._lock:
            self._running += 1
            outer = self._steps, self.retval, self._interrupt, self._calldepth
            self._steps, self.retval, self._interrupt, self._calldepth = self.max_steps, None, None, 0
            self.error, self.error_msg = [], None
            self.code_text: list[str] = []
            try:
                yield
            except Exception as exc:
                self.error_msg = str(exc)
                holder = ExceptionHolder(None, type(exc), self.error_msg, expr=self.expr, text=self.expr)
                self.error = [holder]
                raise
            finally:
                self._steps, self.retval, self._interrupt, self._calldepth = outer
                self._running -= 1

    def call(self, procedure: SafeProcedure, args: Any, kwargs: Any) -> Any:
        """Call a procedure, as part of the running evaluation or as one of its own."""
        if self._running and self._lock.acquire(blocking=False):
            try:
                self._steps -= STEPS_PER_CALL
                return procedure.run(args, kwargs)
            finally:
                self._lock.release()
        try:
            with self._evaluation():
                return procedure.run(args, kwargs)
        except MinimizerException:
            raise
        except Exception as exc:
            raise expression_error(exc, f"cannot call {procedure.name}()") from exc

    def on_functiondef(self, node: Any, is_lambda: bool = False) -> Any:
        """``def f(x): ...`` and ``lambda x: ...``."""
        made = super().on_functiondef(node, is_lambda)
        if is_lambda:
            return self.adopt(made)
        self.symtable[node.name] = self.adopt(self.symtable[node.name])
        return None

    def adopt(self, procedure: Procedure) -> SafeProcedure:
        """Return the same procedure, made to run in this interpreter."""
        return SafeProcedure(
            procedure.name,
            self,
            doc=procedure.__doc__,
            lineno=procedure.lineno,
            body=procedure.__body__,
            text=procedure.__text__,
            args=procedure.__argnames__,
            kwargs=procedure.__kwargs__,
            vararg=procedure.__vararg__,
            varkws=procedure.__varkws__,
            is_lambda=procedure.__is_lambda__,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # The namespace knows how to carry procedures; it makes a new interpreter for them.
        return _interpreter_of, (Namespace(self.symtable),)

    def raise_exception(
        self, node: Any, exc: Any = None, msg: str = "", expr: Any = None, lineno: Any = None
    ) -> None:
        """Raise `exc`; asteval would collect it."""
        raise (exc or TypeError)(msg)

    def unimplemented(self, node: ast.AST) -> None:
        """Refuse a node that has no handler."""
        raise NotImplementedError(f"{type(node).__name__} is not allowed in expressions")

    def run(self, node: Any, expr: Any = None, lineno: Any = None, with_raise: bool = True) -> Any:
        """Evaluate one node."""
        if node is None:
            return None
        if isinstance(node, str):
            return self.eval(node)
        handler = self.node_handlers.get(_NODE_NAMES.get(type(node), ""), self.unimplemented)
        value = handler(node)
        if type(value) not in _ATOMS:
            value = plain(value)
        self._spend(value)
        return value

    def _spend(self, value: Any) -> None:
        """Take the steps that it costs to handle `value` from the budget."""
        self._steps -= 1
        if type(value) not in _ATOMS:
            per_step = ARRAY_ELEMENTS_PER_STEP if isinstance(value, np.ndarray) else ELEMENTS_PER_STEP
            self._steps -= weight(value) // per_step
        if self._steps < 0:
            raise LimitError(f"the evaluation takes more than {self.max_steps} steps")

    def on_name(self, node: ast.Name) -> Any:
        """Look a name up."""
        try:
            return self.symtable[node.id]
        except KeyError:
            raise NameError(f"name {node.id!r} is not defined") from None

    def node_assign(self, node: ast.expr, val: Any) -> None:
        """Assign to a name, an element, or several of them."""
        if isinstance(node, ast.Name):
            self.symtable[node.id] = val
        elif isinstance(node, ast.Subscript):
            self.run(node.value)[self.run(node.slice)] = val
        elif isinstance(node, (ast.Tuple, ast.List)):
            for target, element in zip(node.elts, val, strict=True):
                self.node_assign(target, element)
        else:
            self.unimplemented(node)

    def on_unaryop(self, node: ast.UnaryOp) -> Any:
        """``-x``, ``+x``, ``~x``, ``not x``."""
        return OPERATORS[type(node.op)](self.run(node.operand))

    def on_binop(self, node: ast.BinOp) -> Any:
        """``a + b + ...``: a loop, so that a sum of many terms needs no deep recursion."""
        parts: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            parts.append(first)
            first = first.left
        value = self.run(first)
        for part in reversed(parts):
            value = OPERATORS[type(part.op)](value, self.run(part.right))
            self._spend(value)
        return value

    def on_boolop(self, node: ast.BoolOp) -> Any:
        """``a and b``, ``a or b``."""
        stop_at = isinstance(node.op, ast.Or)
        for operand in node.values[:-1]:
            value = self.run(operand)
            if bool(value) == stop_at:
                return value
        return self.run(node.values[-1])

    def on_compare(self, node: ast.Compare) -> Any:
        """``a < b <= c``, as in Python."""
        left, result = self.run(node.left), None
        for position, (op, comparator) in enumerate(zip(node.ops, node.comparators, strict=True), 1):
            right = self.run(comparator)
            result = OPERATORS[type(op)](left, right)
            if position < len(node.ops) and not result:
                return result
            left = right
        return result

    def on_subscript(self, node: ast.Subscript) -> Any:
        """``x[i]``."""
        return item(self.run(node.value), self.run(node.slice))

    def on_call(self, node: ast.Call) -> Any:
        """``f(a, *b, c=d)``; what the function raises passes through."""
        function = self.run(node.func)
        args: list[Any] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                args.extend(self.run(argument.value))
            else:
                args.append(self.run(argument))
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.run(keyword.value)
            kwargs.update(value if keyword.arg is None else {keyword.arg: value})
        return function(*args, **kwargs)

    def on_listcomp(self, node: Any) -> list[Any]:
        """``[f(x) for x in y if z]``; the names that it binds are gone afterwards."""
        out: list[Any] = []
        self._comprehend(node.generators, lambda: out.append(self.run(node.elt)))
        return out

    def on_setcomp(self, node: ast.SetComp) -> set[Any]:
        """``{f(x) for x in y}``."""
        return set(self.on_listcomp(node))

    def on_generatorexp(self, node: ast.GeneratorExp) -> list[Any]:
        """``sum(x for x in y)``: a list, so that nothing runs later and unseen."""
        return self.on_listcomp(node)

    def on_dictcomp(self, node: ast.DictComp) -> dict[Any, Any]:
        """``{x: f(x) for x in y}``."""
        out: dict[Any, Any] = {}
        self._comprehend(node.generators, lambda: out.update({self.run(node.key): self.run(node.value)}))
        return out

    def _comprehend(self, generators: list[ast.comprehension], visit: Any) -> None:
        with self.symtable.overlaid({}):
            self._iterate(generators, visit)

    def _iterate(self, generators: list[ast.comprehension], visit: Any) -> None:
        if not generators:
            visit()
            return
        for element in self.run(generators[0].iter):
            self.node_assign(generators[0].target, element)
            if all(self.run(test) for test in generators[0].ifs):
                self._iterate(generators[1:], visit)

    def on_for(self, node: ast.For) -> None:
        """``for x in y``."""
        for element in self.run(node.iter):
            self.node_assign(node.target, element)
            if self._leaves_loop(node.body):
                return
        self._block(node.orelse)

    def on_while(self, node: ast.While) -> None:
        """``while x``."""
        while self.run(node.test):
            if self._leaves_loop(node.body):
                return
        self._block(node.orelse)

    def _leaves_loop(self, body: list[ast.stmt]) -> bool:
        """Run the body of a loop once and tell whether it ends the loop."""
        self._block(body)
        ended = self._interrupt
        if not isinstance(ended, ast.Return):
            self._interrupt = None
        return isinstance(ended, (ast.Break, ast.Return))

    def on_if(self, node: ast.If) -> None:
        """``if x: ... else: ...``."""
        self._block(node.body if self.run(node.test) else node.orelse)

    def on_try(self, node: ast.Try) -> None:
        """``try``, with the exceptions of the symbol table; the limits cannot be caught."""
        try:
            self._try(node)
        except _LIMITS:
            raise
        except Exception:
            self._finally(node.finalbody)
            if self._interrupt is None:  # a return in the last block has the last word
                raise
        else:
            self._finally(node.finalbody)

    def _try(self, node: ast.Try) -> None:
        try:
            self._block(node.body)
        except _LIMITS:
            raise
        except Exception as exc:
            handler = self._matching(node.handlers, exc)
            if handler is None:
                raise
            if handler.name is not None:
                self.symtable[handler.name] = str(exc)
            self._block(handler.body)
        else:
            self._block(node.orelse)

    def _finally(self, statements: list[ast.stmt]) -> None:
        """Run a block after a ``return``, ``break`` or ``continue``, which then takes effect."""
        ended = self._interrupt, self.retval
        self._interrupt = self.retval = None
        self._block(statements)
        if self._interrupt is None:
            self._interrupt, self.retval = ended

    def _matching(self, handlers: list[ast.ExceptHandler], exc: Exception) -> ast.ExceptHandler | None:
        for handler in handlers:
            if handler.type is None or isinstance(exc, self.run(handler.type)):
                return handler
        return None

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if self._interrupt is not None:
                break
            self.run(statement)

    def on_raise(self, node: ast.Raise) -> None:
        """``raise ValueError(...)``."""
        error = self.run(node.exc)
        if isinstance(error, type) and issubclass(error, Exception):
            error = error()
        if not isinstance(error, Exception):
            raise TypeError("exceptions must derive from Exception")
        raise error


def _interpreter_of(namespace: Namespace) -> SafeInterpreter:
    return namespace.interpreter
