"""Plain data as strict JSON, and back without loss.

Plain data are None, booleans, numbers, text, arrays of numbers, and lists, tuples and
dictionaries (by strings) of plain data.  What JSON lacks, or cannot tell apart, is
written as a dictionary with an entry ``"__class__"``:

=============  ==========================================================
``Float``      ``"value"`` is ``"inf"``, ``"-inf"`` or ``"nan"``
``Complex``    ``"value"`` holds the real and the imaginary part
``Tuple``      ``"value"`` is a list
``Mapping``    ``"value"`` is a dictionary that itself has a ``"__class__"``
``NDArray``    ``"value"`` is a flat list (of a complex array two), and
               ``"__shape__"`` and ``"__dtype__"`` go with it
=============  ==========================================================

lmfit 1.x wrote the same, and also ``List`` and ``Dict``, which are read.  Nothing that
is read is executed or imported: what 1.x stored as code is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .errors import MinimizerException

__all__ = ["PlainDataError", "decoded", "encoded", "encoded_number", "is_encoded", "is_plain"]

_NON_FINITE = ("inf", "-inf", "nan")
_TAG = "__class__"


class PlainDataError(MinimizerException, ValueError):
    """A file holds something that is no plain data."""


def is_plain(value: Any) -> bool:
    """Return whether `encoded` can write `value`.

    Examples
    --------
    >>> is_plain({"range": (0.0, 1.0)}), is_plain(print)
    (True, False)
    """
    try:
        encoded(value)
    except (TypeError, RecursionError):
        return False
    return True


def encoded_number(value: Any) -> Any:
    """Return a number, or the text ``"inf"``, ``"-inf"`` or ``"nan"``; anything else as it is.

    Examples
    --------
    >>> encoded_number(float("-inf")), encoded_number(None)
    ('-inf', None)
    """
    value = value.item() if isinstance(value, np.generic) else value
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def encoded(value: Any) -> Any:
    """Return plain data as what `json` can write strictly.

    Raises
    ------
    TypeError
        It is no plain data.

    Examples
    --------
    >>> encoded([1, float("inf")])
    [1, {'__class__': 'Float', 'value': 'inf'}]
    """
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _tagged("Float", str(value))
    if isinstance(value, complex):
        return _tagged("Complex", encoded([value.real, value.imag]))
    if isinstance(value, np.ndarray):
        return _encoded_array(value)
    return _encoded_collection(value)


def _encoded_collection(value: Any) -> Any:
    if isinstance(value, list):
        return [encoded(item) for item in value]
    if isinstance(value, tuple):
        return _tagged("Tuple", [encoded(item) for item in value])
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        table = {key: encoded(item) for key, item in value.items()}
        return _tagged("Mapping", table) if _TAG in table else table
    raise TypeError(f"{type(value).__name__} is no plain data")


def _encoded_array(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    if array.dtype.kind not in "biufc":
        raise TypeError(f"an array of {array.dtype} is no plain data")
    flat = array.ravel()
    items = [flat.real.tolist(), flat.imag.tolist()] if array.dtype.kind == "c" else flat.tolist()
    return _tagged("NDArray", encoded(items), __shape__=list(array.shape), __dtype__=array.dtype.name)


def _tagged(kind: str, value: Any, **more: Any) -> dict[str, Any]:
    return {_TAG: kind, **more, "value": value}


def decoded(stored: Any) -> Any:
    """Return what `encoded` was given.

    Raises
    ------
    PlainDataError
        It is something else.

    Examples
    --------
    >>> decoded({"__class__": "Tuple", "value": [1, {"__class__": "Float", "value": "inf"}]})
    (1, inf)
    """
    if isinstance(stored, list):
        return [decoded(item) for item in stored]
    if not isinstance(stored, dict):
        return stored
    if _TAG not in stored:
        return _decoded_table(stored)
    try:
        return _DECODERS[stored[_TAG]](stored)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise PlainDataError(f"{stored!r:.80} is no plain data") from error


def is_encoded(stored: Any) -> bool:
    """Return whether `decoded` can read what is stored.

    Examples
    --------
    >>> is_encoded({"__class__": "Callable", "value": "..."})
    False
    """
    try:
        decoded(stored)
    except PlainDataError:
        return False
    return True


def _decoded_table(stored: dict[str, Any]) -> dict[str, Any]:
    return {key: decoded(item) for key, item in stored.items()}


def _decoded_float(stored: dict[str, Any]) -> float:
    if stored["value"] not in _NON_FINITE:
        raise ValueError(f"not one of {', '.join(_NON_FINITE)}")
    return float(stored["value"])


def _decoded_array(stored: dict[str, Any]) -> np.ndarray[Any, Any]:
    dtype = np.dtype(stored["__dtype__"])
    if dtype.kind not in "biufc":
        raise ValueError("an array of numbers is needed")
    items = decoded(stored["value"])
    if dtype.kind == "c":
        array = np.empty(len(items[0]), dtype)
        array.real, array.imag = items
    else:
        array = np.array(items, dtype)
    return array.reshape(stored["__shape__"])


_DECODERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "Float": _decoded_float,
    "Complex": lambda stored: complex(*decoded(stored["value"])),
    "Tuple": lambda stored: tuple(decoded(list(stored["value"]))),
    "List": lambda stored: decoded(list(stored["value"])),
    "Mapping": lambda stored: _decoded_table(dict(stored["value"])),
    "Dict": lambda stored: _decoded_table({key: item for key, item in stored.items() if key != _TAG}),
    "NDArray": _decoded_array,
}
