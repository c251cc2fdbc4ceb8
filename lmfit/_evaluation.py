r"""A model made ready for many evaluations with the same independent variables.

A model is a tree of functions and operators.  Here it becomes a tree of nodes that take the
values of all parameters as one list and know which of them are theirs; a sum of many models is one
node, not a chain of pairs.

Derivatives follow from the chain rule, applied from the top of the tree down (reverse mode).  After
a forward pass, which keeps the derivatives of each function :math:`f` and the values at each
operator, every node is told the factor :math:`c = \partial r / \partial f` with which it enters the
result, and hands on to its parts

=============  ===================================================
sum            :math:`c` to each term, :math:`-c` to those subtracted
product        :math:`c\,g` to :math:`f`, :math:`c\,f` to :math:`g`
quotient       :math:`c / g` to :math:`f`, :math:`-c f / g^2` to :math:`g`
=============  ===================================================

A function finally writes :math:`c\,\partial f / \partial p` into the row of its parameter *p*.  All
rows are parts of one array, so that a derivative is written once and never copied.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._signature import Signature
from .errors import ModelError

__all__ = ["Node", "Other", "Product", "Quotient", "Sum", "Term", "bound_call"]

Call = Callable[..., Any]
#: One row for each parameter of the model, None for those that are not wanted.
Rows: TypeAlias = "Sequence[Any] | NDArray[Any]"


class Node(Protocol):
    """A part of a model.

    Attributes
    ----------
    differentiable : bool
        Whether all derivatives are known.
    """

    differentiable: bool

    def value(self, values: Sequence[float]) -> Any:
        """Return the value for values of all parameters of the model."""

    def forward(self, values: Sequence[float]) -> Any:
        """Return the value and keep what `backward` needs."""

    def backward(self, factor: Any, rows: Rows) -> None:
        """Write `factor` times the derivatives by this part's parameters into their rows."""


class Term:
    """A function of some of the parameters.

    Parameters
    ----------
    call : callable
        ``call(*values) -> value``, with all else bound to it.
    first : int
        Place of the first of its parameters among all.
    names : sequence of str
        Their names, for messages.
    both : callable, optional
        ``both(*values) -> (value, derivatives)``.

    Examples
    --------
    >>> term = Term(lambda a, b: a * b, 0, ("a", "b"), lambda a, b: (a * b, [b, a]))
    >>> rows = np.empty((2, 1))
    >>> term.forward([3.0, 4.0]), term.backward(-1.0, rows), rows.tolist()
    (12.0, None, [[-4.0], [-3.0]])
    """

    def __init__(self, call: Call, first: int, names: Sequence[str], both: Call | None = None) -> None:
        self._call, self._both = call, both
        self._names = names
        self._mine = slice(first, first + len(names))
        self._derivatives: Sequence[Any] = ()
        self.differentiable = both is not None

    def value(self, values: Sequence[float]) -> Any:
        """Return the value for values of all parameters of the model."""
        return self._call(*values[self._mine])

    def forward(self, values: Sequence[float]) -> Any:
        """Return the value and keep the derivatives."""
        assert self._both is not None
        found, self._derivatives = self._both(*values[self._mine])
        if len(self._derivatives) != len(self._names):
            raise ModelError(
                f"the derivatives of a model must be one for each of {', '.join(self._names)}, but "
                f"{len(self._derivatives)} were returned"
            )
        return found

    def backward(self, factor: Any, rows: Rows) -> None:
        """Write the derivatives into their rows."""
        for name, derivative, row in zip(self._names, self._derivatives, rows[self._mine]):
            if row is not None:
                try:
                    np.multiply(derivative, factor, out=row)
                except ValueError as error:
                    raise ModelError(
                        f"the derivative by {name!r} has shape {np.shape(derivative)}, but the data have "
                        f"shape {row.shape}"
                    ) from error


class Sum:
    """Nodes that are added or subtracted."""

    def __init__(self, terms: Sequence[tuple[bool, Node]]) -> None:
        self._terms = terms
        self.differentiable = all(node.differentiable for _, node in terms)

    def value(self, values: Sequence[float]) -> Any:
        """Return the value for values of all parameters of the model."""
        return _total((plus, node.value(values)) for plus, node in self._terms)

    def forward(self, values: Sequence[float]) -> Any:
        """Return the value and keep what `backward` needs."""
        return _total((plus, node.forward(values)) for plus, node in self._terms)

    def backward(self, factor: Any, rows: Rows) -> None:
        """Hand the factor on to the terms."""
        negative = None
        for plus, node in self._terms:
            if plus:
                node.backward(factor, rows)
            else:
                negative = -factor if negative is None else negative
                node.backward(negative, rows)


class _Pair:
    """Two nodes and their values of the last forward pass."""

    def __init__(self, left: Node, right: Node) -> None:
        self._left, self._right = left, right
        self._values: tuple[Any, Any] = (None, None)
        self.differentiable = left.differentiable and right.differentiable

    def _value(self, values: Sequence[float]) -> tuple[Any, Any]:
        return self._left.value(values), self._right.value(values)

    def _forward(self, values: Sequence[float]) -> tuple[Any, Any]:
        self._values = self._left.forward(values), self._right.forward(values)
        return self._values


class Product(_Pair):
    """Two nodes that are multiplied."""

    def value(self, values: Sequence[float]) -> Any:
        """Return the value for values of all parameters of the model."""
        left, right = self._value(values)
        return left * right

    def forward(self, values: Sequence[float]) -> Any:
        """Return the value and keep what `backward` needs."""
        left, right = self._forward(values)
        return left * right

    def backward(self, factor: Any, rows: Rows) -> None:
        """Hand each node the factor times the value of the other."""
        left, right = self._values
        self._left.backward(factor * right, rows)
        self._right.backward(factor * left, rows)


class Quotient(_Pair):
    """Two nodes of which the first is divided by the second."""

    def value(self, values: Sequence[float]) -> Any:
        """Return the value for values of all parameters of the model."""
        left, right = self._value(values)
        return left / right

    def forward(self, values: Sequence[float]) -> Any:
        """Return the value and keep what `backward` needs."""
        left, right = self._forward(values)
        return left / right

    def backward(self, factor: Any, rows: Rows) -> None:
        """Hand on the factor by the rule of quotients."""
        left, right = self._values
        by_left = factor / right
        self._left.backward(by_left, rows)
        self._right.backward(-by_left * left / right, rows)


class Other(_Pair):
    """Two nodes combined by any other operator, whose derivatives are not known."""

    def __init__(self, left: Node, right: Node, operator: Call) -> None:
        super().__init__(left, right)
        self._operator = operator
        self.differentiable = False

    def value(self, values: Sequence[float]) -> Any:
        """Return the value for values of all parameters of the model."""
        return self._operator(*self._value(values))

    def forward(self, values: Sequence[float]) -> Any:
        """Return the value."""
        return self.value(values)

    def backward(self, factor: Any, rows: Rows) -> None:
        """Refuse: there are no derivatives."""
        raise NotImplementedError(f"the derivatives of {self._operator!r} are not known")


def bound_call(func: Call, signature: Signature, parameters: Sequence[str], fixed: Mapping[str, Any]) -> Call:
    """Return ``call(*values)``, a function of the parameters only.

    Parameters
    ----------
    func : callable
    signature : Signature
        Its arguments.
    parameters : sequence of str
        Those that stay free, in the order of `values`.
    fixed : mapping
        The others, by name.

    Examples
    --------
    >>> call = bound_call(lambda x, a, b: a * x + b, Signature(("x", "a", "b")), ["a", "b"], {"x": 2})
    >>> call(10, 1)
    21
    """
    layout = _layout(signature.arguments, signature.keyword_only, tuple(parameters), tuple(fixed))
    if layout is not None:
        first, rest = layout
        lead = [fixed[name] for name in first]
        return functools.partial(func, *lead, **{name: fixed[name] for name in rest})

    def call(*values: float) -> Any:
        return func(**fixed, **dict(zip(parameters, values)))

    return call


@functools.lru_cache(maxsize=1024)
def _layout(
    arguments: tuple[str, ...],
    keyword_only: frozenset[str],
    parameters: tuple[str, ...],
    fixed: tuple[str, ...],
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Which of the fixed arguments are given by position and which by name, such that parameters follow.

    By position is the fastest way to call a function; None where it cannot be done.
    """
    ahead = 0
    while ahead < len(arguments) and arguments[ahead] in fixed and arguments[ahead] not in keyword_only:
        ahead += 1
    first, following = arguments[:ahead], arguments[ahead : ahead + len(parameters)]
    if following != parameters or not keyword_only.isdisjoint(parameters):
        return None
    return first, tuple(name for name in fixed if name not in first)


def _total(terms: Iterator[tuple[bool, Any]]) -> Any:
    """The sum of the values, in the memory of the first intermediate result."""
    first, total = next(terms)
    ours = not first
    total = total if first else -total
    for plus, value in terms:
        if ours and _fits(value, total):
            (np.add if plus else np.subtract)(total, value, out=total)
        else:
            total = total + value if plus else total - value
            ours = True
    return total


def _fits(value: Any, total: Any) -> bool:
    """Whether `value` can be added to the array `total` in place."""
    if total.__class__ is not np.ndarray:
        return False
    if value.__class__ is np.ndarray:
        return bool(value.shape == total.shape and value.dtype is total.dtype)
    return isinstance(value, float) and total.dtype.kind in "fc"
