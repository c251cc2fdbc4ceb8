"""Functions of built-in models whose parameters are not those of a signature: made for each model.

They are objects that are called as functions are, ``function(x, *parameters)``, and that show their
arguments by ``__signature__``.  With `with_derivatives` and `linear_parameters` they are what
`lineshapes.with_derivatives` and `lineshapes.linear_parameters` look for.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ._derivatives import Array
from ._expressions import Namespace, evaluate_text, parse
from ._functions import MATHEMATICS
from .lineshapes import Both, Values, register

__all__ = ["ExpressionFunction", "Polynomial", "Spline", "complex_constant", "constant"]


def constant(x: Values = None, c: Values = 0.0) -> Values:
    """Return `c` for every point."""
    return c + np.zeros(np.shape(x))


@register(constant, "c")
def _constant(x: Values = None, c: Values = 0.0) -> Both:
    return constant(x, c), [1.0]


def complex_constant(x: Values = None, re: Values = 0.0, im: Values = 0.0) -> Values:
    """Return ``re + 1j * im`` for every point."""
    return re + 1j * im + np.zeros(np.shape(x))


@register(complex_constant, "re", "im")
def _complex_constant(x: Values = None, re: Values = 0.0, im: Values = 0.0) -> Both:
    return complex_constant(x, re, im), [1.0, 1j]


class _Linear:
    """A function that is the sum of its parameters times functions of `x`."""

    def __init__(self, name: str, parameters: Sequence[str], default: float) -> None:
        self.__name__ = name
        self.__signature__ = _signature(["x"], parameters, default)
        self.linear_parameters = tuple(parameters)
        self._default = default

    def _in_order(self, given: Sequence[Values], named: dict[str, Values]) -> list[Values]:
        rest = self.linear_parameters[len(given) :]
        return [*given, *(named.get(name, self._default) for name in rest)]


class Polynomial(_Linear):
    """The polynomial ``c0 + c1 * x + ...`` of some degree.

    Examples
    --------
    >>> Polynomial(2)(np.array([0.0, 1.0, 2.0]), 1.0, 0.0, 3.0)
    array([ 1.,  4., 13.])
    """

    def __init__(self, degree: int) -> None:
        super().__init__("polynomial", [f"c{k}" for k in range(degree + 1)], 0.0)

    def __call__(self, x: Array, *coefficients: Values, **named: Values) -> Values:
        """Return the value at `x`."""
        value: Values = np.zeros(np.shape(x))
        for coefficient in reversed(self._in_order(coefficients, named)):
            value = value * x + coefficient
        return value

    def with_derivatives(self, x: Array, *coefficients: Values, **named: Values) -> Both:
        """Return the value and the powers of `x`."""
        powers: list[Values] = [1.0]
        for _ in self.linear_parameters[1:]:
            powers.append(powers[-1] * x)
        return self(x, *coefficients, **named), powers


class Spline(_Linear):
    """The cubic spline through values at knots, with "not a knot" ends; continued beyond the outermost.

    Parameters
    ----------
    knots : ndarray, shape (n,)
        Their places; fewer than four are joined by a parabola or a straight line.

    Examples
    --------
    >>> Spline(np.arange(5.0))(np.array([1.0, 1.5]), *np.arange(5.0) ** 2)
    array([1.  , 2.25])
    """

    def __init__(self, knots: Array) -> None:
        super().__init__("spline_model", [f"s{k}" for k in range(len(knots))], 1.0)
        self._knots = knots
        # Of the last points, which are the same in all evaluations of a fit.
        self._last: tuple[Array, Array] = np.empty(0), np.empty(0)

    def _basis(self, x: Array) -> Array:
        """Return the splines through 1 at one knot and 0 at all others, one per knot."""
        if not np.array_equal(self._last[0], x):
            from scipy.interpolate import make_interp_spline

            count = len(self._knots)
            spline = make_interp_spline(self._knots, np.eye(count), k=min(3, count - 1))
            self._last = np.array(x, float), np.moveaxis(spline(np.asarray(x, float)), -1, 0)
        return self._last[1]

    def __call__(self, x: Array, *values: Values, **named: Values) -> Values:
        """Return the value at `x`."""
        total: Values = 0.0
        for value, row in zip(self._in_order(values, named), self._basis(x)):
            total = total + value * row
        return total

    def with_derivatives(self, x: Array, *values: Values, **named: Values) -> Both:
        """Return the value and the basis."""
        return self(x, *values, **named), list(self._basis(x))


class ExpressionFunction:
    """A function given by the text of an expression.

    Parameters
    ----------
    text : str
    variables : sequence of str
        Those of its names that are independent variables.
    script : str, optional
        Statements that define more names.

    Raises
    ------
    ExpressionError
        The text or the script cannot be understood.
    ValueError
        There is none of the variables in the text.

    Examples
    --------
    >>> ExpressionFunction("a*exp(-x)", ["x"])(np.array([0.0, 1.0]), 2.0).round(4)
    array([2.    , 0.7358])
    """

    def __init__(self, text: str, variables: Sequence[str], script: str | None = None) -> None:
        self.namespace = Namespace()
        if script:
            self.namespace.interpreter(script)
        self._text, self.__name__ = text, text
        names = parse(text).names
        used = [name for name in variables if name in names]
        if not used:
            raise ValueError(
                f"no independent variable found in the expression {text!r}, which has "
                f"{', '.join(names) or 'no names'}; name them, independent_vars=[...]"
            )
        parameters = [name for name in names if name not in used and self._is_parameter(name)]
        self._names = [*used, *parameters]
        self.__signature__ = _signature(used, parameters, inspect.Parameter.empty)

    def _is_parameter(self, name: str) -> bool:
        """Whether a name is neither a function that is called nor a constant."""
        if name in self.namespace.user_symbols():
            return False
        called = {node.func.id for node in ast.walk(parse(self._text).tree) if _calls_a_name(node)}  # type: ignore[attr-defined]
        return name not in called and (name not in MATHEMATICS or callable(MATHEMATICS[name]))

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Return the value of the expression."""
        return evaluate_text(self._text, {**dict(zip(self._names, values)), **named}, self.namespace)


def _calls_a_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def _signature(variables: Iterable[str], parameters: Iterable[str], default: Any) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first = [inspect.Parameter(name, kind) for name in variables]
    return inspect.Signature(
        [*first, *(inspect.Parameter(name, kind, default=default) for name in parameters)]
    )
