"""Operators and sizes: arithmetic that cannot be made to run away.

Python computes ``9**9**9**9``, ``1 << 10**12`` or ``[0] * 10**12`` until the memory
is gone.  Every operator that can grow its operands is therefore wrapped in a guard
that looks at the size of the result *before* it computes it.  Numbers stay Python
numbers: a NumPy scalar is turned into one (`plain`), so that a division by zero is
an error for every kind of scalar, while arrays follow IEEE arithmetic silently.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    "MAX_BITS",
    "MAX_ELEMENTS",
    "OPERATORS",
    "LimitError",
    "check_elements",
    "item",
    "plain",
    "weight",
    "whole",
]

MAX_BITS = 20_000
"""Largest size of an integer, in bits: far beyond the range of a float (1024)."""

MAX_ELEMENTS = 100_000
"""Largest number of elements of an array, list or string that an expression may create."""

MAX_WEIGHT = 1_000_000
"""Largest number of elements of nested containers: those that the user brings may be larger."""

CONTAINERS = frozenset((list, tuple, dict, set, frozenset))
SIZED = CONTAINERS | {str, bytes, range, np.ndarray}
Binary = Callable[[Any, Any], Any]


class LimitError(RuntimeError):
    """An expression asks for more time, memory or digits than arithmetic needs."""


def plain(value: Any) -> Any:
    """Return `value`, as a Python number if it is a NumPy scalar or a 0-d array.

    >>> plain(np.float64(2.5)), plain(np.array(3))
    (2.5, 3)
    """
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value


def whole(value: Any) -> Any:
    """Return `value` as `plain` does, and as an integer if it is a whole number.

    Parameters are floats; where Python wants an integer, 3.0 is as good as 3.

    >>> whole(3.0), whole(2.5)
    (3, 2.5)
    """
    value = plain(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def check_elements(count: float) -> None:
    """Refuse a result of more than `MAX_ELEMENTS` elements."""
    if count > MAX_ELEMENTS:
        raise LimitError(f"the result would have more than {MAX_ELEMENTS} elements")


def weight(value: Any) -> int:
    """Return the number of elements of `value`, those of nested containers included; of an int, its bits.

    A list may hold the same list many times: comparing two of them takes a time that
    is exponential in the depth.  The count is that of the comparison, and it stops
    with a `LimitError` at `MAX_WEIGHT`.

    >>> weight([1, 2, (3, 4)]), weight(range(7)), weight(1.0)
    (5, 7, 0)
    """
    if type(value) not in CONTAINERS:
        return _size(value)
    total = 0
    waiting: list[Any] = [value]
    while waiting:
        part = waiting.pop()
        total += _size(part)
        if total > MAX_WEIGHT:
            raise LimitError(f"the containers hold more than {MAX_WEIGHT} elements")
        if type(part) in CONTAINERS:
            elements = (*part, *part.values()) if isinstance(part, dict) else part
            waiting += [element for element in elements if type(element) in SIZED]
    return total


def _size(value: Any) -> int:
    if type(value) in SIZED:
        return value.size if isinstance(value, np.ndarray) else len(value)
    return value.bit_length() if isinstance(value, int) else 0


def item(value: Any, index: Any) -> Any:
    """Return ``value[index]``.

    A list of indices of a matrix repeats its rows as often as it is long.

    >>> item([1.0, 2.0], True)
    2.0
    """
    if isinstance(value, np.ndarray) and value.ndim > 1:
        indices = index if isinstance(index, tuple) else (index,)
        sizes = [np.size(part) for part in indices if isinstance(part, (list, np.ndarray))]
        check_elements(math.prod(sizes) * value.size if sizes else 0)
    return plain(value[whole(index)])


def _check_broadcast(left: Any, right: Any) -> None:
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray) and left.shape != right.shape:
        size = int(np.prod(np.broadcast_shapes(left.shape, right.shape), dtype=float))
        if size > max(left.size, right.size):
            check_elements(size)


def _check_bits(bits: int) -> None:
    if bits > MAX_BITS:
        raise LimitError(f"the result would be an integer of more than {MAX_BITS} bits")


def _is_sequence(value: Any) -> bool:
    return isinstance(value, (str, bytes, list, tuple))


def _guarded(compute: Binary, check: Binary | None = None, operand: Callable[[Any], Any] = plain) -> Binary:
    """Wrap an operator: plain or whole numbers, a check of the size first, IEEE rules for arrays."""

    def apply(left: Any, right: Any) -> Any:
        left, right = operand(left), operand(right)
        if check is not None:
            check(left, right)
        if not (isinstance(left, np.ndarray) or isinstance(right, np.ndarray)):
            return plain(compute(left, right))
        _check_broadcast(left, right)
        with np.errstate(all="ignore"):
            return plain(compute(left, right))

    return apply


def _check_add(left: Any, right: Any) -> None:
    if _is_sequence(left) and _is_sequence(right):
        check_elements(weight(left) + weight(right))


def _check_multiply(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())
    elif _is_sequence(left) and isinstance(right, int):
        check_elements(weight(left) * right)
    elif _is_sequence(right) and isinstance(left, int):
        check_elements(weight(right) * left)


def _check_power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and abs(left) > 1:
        _check_bits(left.bit_length() * right)


def _check_shift(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right)


def _check_remainder(left: Any, right: Any) -> None:
    # '%999999999d' % 1 makes a string of that length, and str.format can reach attributes.
    if isinstance(left, (str, bytes, bytearray)):
        raise TypeError("strings cannot be formatted in expressions")


def _check_matmul(left: Any, right: Any) -> None:
    check_elements(np.size(left) * np.size(right))


def _contains(left: Any, right: Any) -> Any:
    return operator.contains(right, left)


def _contains_not(left: Any, right: Any) -> Any:
    return not operator.contains(right, left)


def _invert(value: Any) -> Any:
    # ~True is deprecated for bool, which is what comparisons give.
    value = whole(value)
    return ~int(value) if isinstance(value, bool) else plain(~value)


def _negative(value: Any) -> Any:
    return plain(-plain(value))


def _positive(value: Any) -> Any:
    return plain(+plain(value))


OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _guarded(operator.add, _check_add),
    ast.Sub: _guarded(operator.sub),
    ast.Mult: _guarded(operator.mul, _check_multiply),
    ast.Div: _guarded(operator.truediv),
    ast.FloorDiv: _guarded(operator.floordiv),
    ast.Mod: _guarded(operator.mod, _check_remainder),
    ast.Pow: _guarded(operator.pow, _check_power),
    ast.MatMult: _guarded(operator.matmul, _check_matmul),
    ast.LShift: _guarded(operator.lshift, _check_shift, whole),
    ast.RShift: _guarded(operator.rshift, operand=whole),
    ast.BitAnd: _guarded(operator.and_, operand=whole),
    ast.BitOr: _guarded(operator.or_, operand=whole),
    ast.BitXor: _guarded(operator.xor, operand=whole),
    ast.Eq: _guarded(operator.eq),
    ast.NotEq: _guarded(operator.ne),
    ast.Lt: _guarded(operator.lt),
    ast.LtE: _guarded(operator.le),
    ast.Gt: _guarded(operator.gt),
    ast.GtE: _guarded(operator.ge),
    ast.In: _guarded(_contains),
    ast.NotIn: _guarded(_contains_not),
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Not: operator.not_,
    ast.Invert: _invert,
    ast.USub: _negative,
    ast.UAdd: _positive,
}
"""The operators of the interpreter, by the class of their node."""
