"""Tied parameters of many fits at once.

An expression of nothing but numbers, names, operators, comparisons and calls is evaluated for arrays, by
Python itself; ``a if test else b``, ``min`` and ``max`` become their counterparts for arrays.  Whether that
gives what it gives for numbers is tried out at some points; where it does not, and for everything else that
an expression may say, the fits are taken one by one.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ._derivatives import Array
from ._functions import MATHEMATICS
from .errors import ExpressionError
from .parameter import Parameters

__all__ = ["Ties"]

_ARRAY_NODES = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.IfExp),
)
#: Points at which the two ways are compared, as factors of the start values.
_TRIALS = np.array([1.0, 1.01, 0.97])


def _extreme(array: Callable[..., Any], number: Callable[..., Any]) -> Callable[..., Any]:
    """``min`` or ``max`` of several arrays, element by element."""
    return lambda *values: functools.reduce(array, values) if len(values) > 1 else number(*values)


#: Functions that for arrays must be others than for numbers.
_FOR_ARRAYS = {
    **MATHEMATICS,
    "max": _extreme(np.maximum, MATHEMATICS["max"]),
    "min": _extreme(np.minimum, MATHEMATICS["min"]),
}


class _Choices(ast.NodeTransformer):
    """Turns ``a if test else b`` into a call of ``where``."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("where", ast.Load()), [node.test, node.body, node.orelse], [])


class Ties:
    """The tied parameters among some Parameters.

    Parameters
    ----------
    params : Parameters

    Attributes
    ----------
    names : tuple of str
        The tied parameters, in the order of their evaluation.

    Examples
    --------
    >>> from lmfit import create_params
    >>> ties = Ties(create_params(a=2, b={"expr": "sqrt(a) + 1"}))
    >>> ties.evaluate({"a": np.array([1.0, 4.0, -1.0])})["b"]
    array([ 2.,  3., nan])
    """

    def __init__(self, params: Parameters) -> None:
        # The program is made when it is needed: it cannot be pickled, Parameters can.
        self._params = params.copy()
        program = self._params._compiled()
        self.names, self._inputs = program.order, program.inputs
        self._bounds = {name: (params[name].min, params[name].max) for name in self.names}
        self._codes: dict[str, types.CodeType] | None = None
        self._ready = False

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_codes": None, "_ready": False}

    def evaluate(self, values: Mapping[str, Any]) -> dict[str, Array]:
        """Return the values of the tied parameters, NaN where an expression has none.

        Parameters
        ----------
        values : mapping of str to float or ndarray, shape (b,)
            Values of the other parameters.
        """
        if not self._ready:
            self._prepare()
        given = {name: values[name] for name in self._inputs}
        return self._together(given) if self._codes is not None else self._one_by_one(given)

    def dependencies(self, name: str) -> frozenset[str]:
        """Return the untied parameters that a tied one depends on."""
        return self._params._compiled().dependencies(name)

    def _prepare(self) -> None:
        """Compile the expressions for arrays, and keep that if it gives the same numbers."""
        self._codes, self._ready = self._compiled(), True
        if self._codes is None:
            return
        trial = {name: self._params[name].value * _TRIALS for name in self._inputs}
        try:
            together = self._together(trial)
        except Exception:  # noqa: BLE001 - functions of the user may raise anything
            self._codes = None
            return
        alone = self._one_by_one(trial)
        if not all(
            np.allclose(together[name], alone[name], 1e-13, 0.0, equal_nan=True) for name in self.names
        ):
            self._codes = None

    def _compiled(self) -> dict[str, types.CodeType] | None:
        codes = {}
        for name in self.names:
            tie = self._params[name]._tie
            assert tie is not None
            if not all(isinstance(node, _ARRAY_NODES) for node in ast.walk(tie.tree)):
                return None
            codes[name] = compile(
                ast.unparse(_Choices().visit(copy.deepcopy(tie.tree))), "<expression>", "eval"
            )
        return codes

    def _together(self, values: Mapping[str, Any]) -> dict[str, Array]:
        assert self._codes is not None
        symbols = {**_FOR_ARRAYS, **self._params._namespace.user_symbols(), **values, "__builtins__": {}}
        found = {}
        with np.errstate(all="ignore"):
            for name, code in self._codes.items():
                # The tree holds none but the nodes listed above, all checked when it was parsed.
                value = eval(code, symbols)  # noqa: S307
                found[name] = symbols[name] = np.clip(np.asarray(value, dtype=float), *self._bounds[name])
        return found

    def _one_by_one(self, values: Mapping[str, Any]) -> dict[str, Array]:
        columns = np.broadcast_arrays(*(np.asarray(values[name], dtype=float) for name in self._inputs))
        evaluate = self._params._compiled().evaluate
        rows = np.stack([column.ravel() for column in columns], axis=-1) if columns else np.zeros((1, 0))
        found = np.full((len(rows), len(self.names)), np.nan)
        for row, point in enumerate(rows):
            with contextlib.suppress(ExpressionError):
                found[row] = evaluate(point)
        return {name: found[:, place] for place, name in enumerate(self.names)}
