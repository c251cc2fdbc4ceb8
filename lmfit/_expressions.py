"""Constraint expressions: as free as Python, as fast as code, as safe as arithmetic.

A tied parameter has an expression of other parameters.  `parse` turns its text into a
checked syntax tree; a `Program` takes all ties of one set of parameters, puts them in an
order in which each comes after those that it needs (a topological sort of the graph of
dependencies), and evaluates them together.

There are three ways to evaluate, tried in turn.  The first is one compiled function
(`lmfit._codegen`), which calls the functions of `math`.  Where these raise, at ``sqrt(-1)``
or ``log(0)``, the same code runs again with functions that follow IEEE arithmetic.  What
fails there is evaluated tie by tie in the interpreter (`lmfit._sandbox`), which gives the
definitive value or the definitive error.  All that depends on the texts alone is cached: a fit
works on its own copy of the parameters, and building a program again costs next to nothing.
"""

from __future__ import annotations

import copy
import functools
import graphlib
import math
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._cached import cached_property
from ._codegen import Compiled, Tie, compile_ties, operator_named, slots_of
from ._functions import MATHEMATICS, SCALARS
from ._limits import item, plain
from ._namespace import Namespace, Signature, SymbolTable
from ._results import expression_error, real, shorten
from ._syntax import Expression, parse
from .errors import ExpressionError, MinimizerException, close_matches

__all__ = ["Expression", "Namespace", "Program", "SymbolTable", "evaluate_text", "parse"]

Evaluate = Callable[[Sequence[float]], tuple[float, ...]]
Clipped = tuple[tuple[str, bool, bool], ...]


class Program:
    """All ties of a set of parameters, in order and compiled.

    Parameters
    ----------
    expressions : mapping of str to Expression
        The ties, by the name of the tied parameter.
    names : collection of str
        Names of all parameters; they hide functions and constants of the same name.
    namespace : Namespace
        What the expressions may refer to besides parameters.
    bounds : mapping of str to (float, float)
        Bounds of tied parameters; a value is clipped before others use it.

    Attributes
    ----------
    order : tuple of str
        Tied parameters in the order of evaluation.
    inputs : tuple of str
        Untied parameters that the ties need, directly or not.

    Raises
    ------
    ExpressionError
        If names are unknown or ties depend on each other in a circle.

    Examples
    --------
    >>> ties = {"area": parse("pi*r**2", "area"), "r": parse("d/2", "r")}
    >>> program = Program(ties, ["d", "r", "area"], Namespace(), {})
    >>> program.inputs, program.order
    (('d',), ('r', 'area'))
    >>> [round(value, 3) for value in program.evaluate([3.0])]
    [1.5, 7.069]
    """

    def __init__(
        self,
        expressions: Mapping[str, Expression],
        names: Collection[str],
        namespace: Namespace,
        bounds: Mapping[str, tuple[float, float]],
    ) -> None:
        self._namespace, self._bounds = namespace, bounds
        self._texts = {name: expression.text for name, expression in expressions.items()}
        self._names = tuple(names)
        self._symbols = namespace.symbols
        self._evaluate: Evaluate | None = None
        self._careful: Evaluate | None = None
        self._version = namespace.version
        self._plan = self._make_plan()

    @property
    def order(self) -> tuple[str, ...]:
        """Tied parameters in the order of evaluation."""
        return self._current().order

    @property
    def inputs(self) -> tuple[str, ...]:
        """Untied parameters that the ties need."""
        return self._current().inputs

    def _current(self) -> _Plan:
        """Return the plan for the symbols of this moment."""
        if self._symbols.version != self._version:
            self._plan = self._make_plan()
            self._version, self._evaluate = self._symbols.version, None
        return self._plan

    def moved_to(self, namespace: Namespace) -> Program | None:
        """Return the same program for a copy of its parameters; None where it has to be made anew."""
        outdated = self._evaluate is None or self._symbols.version != self._version
        if outdated or self._symbols or namespace.symbols or self._plan.compiled.slow:
            return None
        new = copy.copy(self)
        new._namespace, new._symbols, new._version = namespace, namespace.symbols, namespace.version
        return new

    def _make_plan(self) -> _Plan:
        finite = math.isfinite
        clipped = tuple((name, finite(low), finite(high)) for name, (low, high) in self._bounds.items())
        return _plan(tuple(self._texts.items()), self._names, clipped, self._namespace.signature)

    def dependencies(self, name: str) -> frozenset[str]:
        """Return the untied parameters on which a parameter depends, directly or not."""
        return self._current().dependencies(name)

    def evaluate(self, values: Sequence[float] | NDArray[np.float64]) -> Sequence[float]:
        """Return the values of the tied parameters.

        Parameters
        ----------
        values : sequence of float
            Values of the parameters in `inputs`, as Python floats or an array.

        Returns
        -------
        sequence of float
            Values of the parameters in `order`.

        Raises
        ------
        ExpressionError
            If a result is no real number or a function fails.
        ExpressionDomainError
            If an expression has no real value at this point.
        """
        if self._evaluate is None or self._symbols.version != self._version:
            self._bind()
        floats: Sequence[float] = values.tolist() if isinstance(values, np.ndarray) else values
        try:
            return self._evaluate(floats)  # type: ignore[misc]
        except MinimizerException:
            raise
        except Exception:  # noqa: BLE001 - functions of the user may raise anything
            return self._evaluate_again(floats)

    def _evaluate_again(self, values: Sequence[float]) -> Sequence[float]:
        if len(values) != len(self.inputs):
            raise ValueError(f"program of {self.inputs} needs {len(self.inputs)} values, got {len(values)}")
        try:
            return self._careful(values)  # type: ignore[misc]
        except Exception:  # noqa: BLE001 - functions of the user may raise anything
            return self._interpret(values)

    def _interpret(self, values: Sequence[float]) -> list[float]:
        """Evaluate tie by tie in the interpreter."""
        known = dict(zip(self.inputs, map(float, values)))
        for tie in self._plan.ties:
            value = self._interpret_tie(tie, {name: known[name] for name in tie.uses})
            low, high = self._bounds.get(tie.name, (-math.inf, math.inf))
            known[tie.name] = low if value < low else min(value, high)
        return [known[name] for name in self.order]

    def _interpret_tie(self, tie: Tie, values: Mapping[str, float]) -> float:
        text = self._texts[tie.name]
        try:
            return real(self._namespace.interpreter.evaluate(tie.tree, values))
        except MinimizerException:
            raise
        except Exception as exc:
            prefix = f"parameter {tie.name!r}: cannot evaluate {shorten(text)}"
            raise expression_error(exc, prefix + _shown(values)) from exc

    def _bind(self) -> None:
        """Make the functions from the code, with the symbols of this moment."""
        plan = self._current()
        if not (self._bounds or plan.compiled.symbols or plan.compiled.slow):
            self._evaluate, self._careful = plan.functions
            return
        lookup = self._namespace.lookup
        own = {f"u_{name}": plain(lookup(name)) for name in plan.compiled.symbols}
        self._evaluate, self._careful = _functions(plan.compiled, own | self._slow_and_bounds(plan.compiled))

    def _slow_and_bounds(self, compiled: Compiled) -> dict[str, Any]:
        slots = self._plan.slots
        table: dict[str, Any] = {}
        for name, (low, high) in self._bounds.items():
            table.update({f"lo_{slots[name]}": float(low), f"hi_{slots[name]}": float(high)})
        ties = {tie.name: tie for tie in self._plan.ties}
        for name in compiled.slow:
            table[f"slow_{slots[name]}"] = functools.partial(self._slow, ties[name])
        return table

    def _slow(self, tie: Tie, *values: float) -> float:
        return self._interpret_tie(tie, dict(zip(tie.uses, values)))


def evaluate_text(text: str, values: Mapping[str, float], namespace: Namespace) -> Any:
    """Return the value of an expression, of whatever type, in the interpreter.

    Parameters
    ----------
    text : str
        The expression.
    values : mapping of str to float
        Values of the parameters.
    namespace : Namespace
        What it may refer to besides parameters.

    Raises
    ------
    ExpressionError
        If it cannot be parsed or evaluated.

    Examples
    --------
    >>> evaluate_text("[2*a, a > 1]", {"a": 1.5}, Namespace())
    [3.0, True]
    """
    expression = parse(text)
    unknown = [name for name in expression.names if name not in values and name not in namespace]
    if unknown:
        raise ExpressionError(_unknown_names("", text, unknown, [*values, *MATHEMATICS, *namespace.symbols]))
    used = {name: values[name] for name in expression.names if name in values}
    try:
        return namespace.interpreter.evaluate(expression.tree, values)
    except MinimizerException:
        raise
    except Exception as exc:
        raise expression_error(exc, f"cannot evaluate {shorten(text)}{_shown(used)}") from exc


def _shown(values: Mapping[str, float]) -> str:
    items = [f"{name}={value!r}" for name, value in list(values.items())[:12]]
    more = [f"and {len(values) - 12} more"] if len(values) > 12 else []
    return f" ({', '.join(items + more)})" if items else ""


@dataclass(frozen=True)
class _Plan:
    """All that follows from the texts, the names and the kinds of the symbols."""

    ties: tuple[Tie, ...]
    inputs: tuple[str, ...]
    kinds: Mapping[str, str]

    @cached_property
    def order(self) -> tuple[str, ...]:
        return tuple(tie.name for tie in self.ties)

    @cached_property
    def slots(self) -> dict[str, str]:
        return slots_of(self.inputs, self.order)

    @cached_property
    def compiled(self) -> Compiled:
        return compile_ties(self.ties, self.inputs, self.kinds)

    @cached_property
    def functions(self) -> tuple[Evaluate, Evaluate]:
        """Those of all programs that have nothing of their own: no symbols, no bounds."""
        return _functions(self.compiled, {})

    @cached_property
    def _reach(self) -> dict[str, frozenset[str]]:
        reach: dict[str, frozenset[str]] = {name: frozenset([name]) for name in self.inputs}
        for tie in self.ties:
            reach[tie.name] = frozenset().union(*(reach[name] for name in tie.uses))
        return reach

    def dependencies(self, name: str) -> frozenset[str]:
        return self._reach.get(name, frozenset([name]))


def _functions(compiled: Compiled, own: Mapping[str, Any]) -> tuple[Evaluate, Evaluate]:
    """The code as a function of Python's mathematics, and as one that follows IEEE arithmetic."""
    shared: dict[str, Any] = {"__builtins__": {}, "F": float, "R": real, "P": plain, "I": item, **own}
    shared.update({f"op_{name}": operator_named(name) for name in compiled.operators})
    shared.update({f"w_{name}": MATHEMATICS[name] for name in compiled.functions})
    bare = {f"f_{name}": SCALARS[name][1] for name in compiled.scalars}
    careful = {f"f_{name}": MATHEMATICS[name] for name in compiled.scalars}
    return (
        types.FunctionType(compiled.code, {**shared, **bare}),
        types.FunctionType(compiled.code, {**shared, **careful}),
    )


@functools.lru_cache(maxsize=256)
def _plan(
    texts: tuple[tuple[str, str], ...], names: tuple[str, ...], clipped: Clipped, signature: Signature
) -> _Plan:
    """Check the names, order the ties and return the plan of their evaluation."""
    expressions = {name: parse(text, name) for name, text in texts}
    symbols = dict(signature)
    known = dict.fromkeys(names)
    _check_names(expressions, known, symbols)
    uses = {name: _parameters_in(expression, known, symbols) for name, expression in expressions.items()}
    order = _sorted(uses, expressions)
    finite = {name: (low, high) for name, low, high in clipped}
    ties = tuple(
        Tie(name, expressions[name].tree, uses[name], *finite.get(name, (False, False))) for name in order
    )
    needed = {name for names_used in uses.values() for name in names_used} - uses.keys()
    inputs = tuple(name for name in known if name in needed)
    return _Plan(ties, inputs, {name: kind[0] for name, kind in symbols.items()})


def _parameters_in(
    expression: Expression, known: Mapping[str, None], symbols: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the parameters that an expression uses, itself or through procedures."""
    found: dict[str, None] = {}
    for name in expression.names:
        if name in known:
            found[name] = None
        elif name in symbols:
            found.update(dict.fromkeys(inner for inner in symbols[name][1:] if inner in known))
    return tuple(found)


def _check_names(
    expressions: Mapping[str, Expression], known: Mapping[str, None], symbols: Mapping[str, tuple[str, ...]]
) -> None:
    problems = []
    for owner, expression in expressions.items():
        unknown = [
            name for name in expression.names if not (name in known or name in symbols or name in MATHEMATICS)
        ]
        if unknown:
            problems.append(_unknown_names(owner, expression.text, unknown, [*known, *symbols, *MATHEMATICS]))
    if problems:
        raise ExpressionError("\n".join(problems))


def _unknown_names(owner: str, text: str, unknown: Sequence[str], candidates: Collection[str]) -> str:
    prefix = f"parameter {owner!r}: " if owner else ""
    hints = ", ".join(f"unknown name {name!r}{close_matches(name, candidates)}" for name in unknown)
    return f"{prefix}cannot evaluate {shorten(text)}: {hints}"


def _sorted(uses: Mapping[str, tuple[str, ...]], expressions: Mapping[str, Expression]) -> list[str]:
    """Return the ties so that each comes after those that it uses."""
    graph = {name: [used for used in names if used in uses] for name, names in uses.items()}
    try:
        return list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as exc:
        # graphlib lists each node after one that needs it; we show who uses whom.
        circle = exc.args[1][::-1]
        steps = ", ".join(f"{name} = {shorten(expressions[name].text)}" for name in circle[:-1])
        raise ExpressionError(
            f"parameter {circle[0]!r}: expressions depend on each other in a circle: "
            f"{' → '.join(circle)} ({steps}); give one of them a value instead of an expression"
        ) from None
