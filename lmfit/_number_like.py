"""An object with a value, which takes its place wherever a number is expected."""

from __future__ import annotations

import math
import operator
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from ._rules import label
from .errors import ParameterError

__all__ = ["NumberLike", "refuse_view"]


def _forward(operation: Callable[[Any, Any], Any]) -> Callable[[NumberLike, Any], Any]:
    def method(self: NumberLike, other: Any) -> Any:
        try:
            return operation(self.value, other)
        except TypeError:
            self._require_value()
            raise

    return method


def _reflected(operation: Callable[[Any, Any], Any]) -> Callable[[NumberLike, Any], Any]:
    return _forward(lambda value, other: operation(other, value))


def _unary(operation: Callable[[Any], Any]) -> Callable[[NumberLike], Any]:
    def method(self: NumberLike) -> Any:
        try:
            return operation(self.value)
        except TypeError:
            self._require_value()
            raise

    return method


class NumberLike:
    """Arithmetic, comparison and conversion of an object, by its attribute `value`.

    What comes out is what the plain value would have given: a number, or an array where the other
    operand is one.

    Examples
    --------
    >>> class Three(NumberLike):
    ...     value, name = 3.0, "three"
    >>> 2 * Three() + 1, Three() > 2, round(Three() / 7, 3), f"{Three():.2f}"
    (7.0, True, 0.429, '3.00')
    """

    #: Arrays leave operators to us; they would take us for an array, and float32 would become float64.
    __array_priority__ = 1000.0

    @property
    @abstractmethod
    def value(self) -> Any:
        """The number that the object stands for; None if it has none yet."""

    @property
    @abstractmethod
    def name(self) -> str | None:
        """What messages call it."""

    def _require_value(self) -> None:
        """Say that there is no value, where that explains an error."""
        if self.value is None:
            raise ParameterError(
                f"{label(self.name)}: it has no value; set its value before using it as a number"
            )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        refuse_view(copy)
        return np.array(self.value, dtype=dtype)

    def __format__(self, spec: str) -> str:
        return _formatted(self, spec) if spec else repr(self)

    def __round__(self, digits: int | None = None) -> Any:
        return _rounded(self, digits)

    def __bool__(self) -> bool:
        return bool(self.value)

    # It compares by a value that changes.
    __hash__ = None  # type: ignore[assignment]

    __float__ = _unary(float)
    __int__ = __trunc__ = _unary(int)
    __complex__ = _unary(complex)
    __abs__ = _unary(abs)
    __neg__ = _unary(operator.neg)
    __pos__ = _unary(operator.pos)
    __floor__ = _unary(math.floor)
    __ceil__ = _unary(math.ceil)

    __eq__ = _forward(operator.eq)
    __ne__ = _forward(operator.ne)
    __lt__ = _forward(operator.lt)
    __le__ = _forward(operator.le)
    __gt__ = _forward(operator.gt)
    __ge__ = _forward(operator.ge)

    __add__, __radd__ = _forward(operator.add), _reflected(operator.add)
    __sub__, __rsub__ = _forward(operator.sub), _reflected(operator.sub)
    __mul__, __rmul__ = _forward(operator.mul), _reflected(operator.mul)
    __truediv__, __rtruediv__ = _forward(operator.truediv), _reflected(operator.truediv)
    __floordiv__, __rfloordiv__ = _forward(operator.floordiv), _reflected(operator.floordiv)
    __mod__, __rmod__ = _forward(operator.mod), _reflected(operator.mod)
    __pow__, __rpow__ = _forward(operator.pow), _reflected(operator.pow)
    __divmod__, __rdivmod__ = _forward(divmod), _reflected(divmod)


_formatted = _forward(format)
_rounded = _forward(round)


def refuse_view(copy: bool | None) -> None:
    """Raise where NumPy asks for an array that shares memory."""
    if copy is False:
        # NumPy asks for this error from what has no memory of its own to share.
        raise ValueError("parameters keep no array: a copy is needed; leave out copy=False")
