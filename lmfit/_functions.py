"""The functions and constants that constraint expressions know.

Each mathematical function has two faces.  For a number it is the function of `math`,
with the limits of IEEE arithmetic where `math` raises: ``sqrt(-1)`` is nan, ``log(0)``
is -inf, ``exp(1000)`` is inf.  For a list or an array it is the function of NumPy,
element by element.  `MATHEMATICS` holds the functions with both faces; `SCALARS` holds
the bare functions of `math`, which compiled expressions call directly: as long as
these do not raise, they give the same number.

Nothing here opens a file, imports by name, formats a string or hands out an object
whose attributes or methods do so.  What creates arrays is limited in size, and arrays
of objects are refused, because NumPy calls methods of their elements by name.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from ._limits import LimitError, check_elements, plain, whole

__all__ = ["MATHEMATICS", "SCALARS"]

Function = Callable[..., Any]

MAX_FACTORIAL = 1000
"""Largest argument of `factorial`; 171! is already beyond the largest float."""

MAX_DECIMALS = 400
"""`round` of an integer to -n places computes 10**n."""


def _numeric(value: Any) -> Any:
    """Return a number as it is and anything else as an array of numbers."""
    value = plain(value)
    if isinstance(value, (int, float, complex)):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"needs numbers, not {type(value).__name__} of {array.dtype.type.__name__}")
    return array


def _check_growth(arguments: Collection[Any]) -> None:
    shapes = [np.shape(value) for value in arguments]
    if len(set(shapes)) > 1:
        size = np.prod(np.broadcast_shapes(*shapes), dtype=float)
        if size > max(np.size(value) for value in arguments):
            check_elements(size)


def _elementwise(name: str, scalar: Function, array: Function) -> Function:
    """Join the function of a number and that of an array to one."""

    def function(*args: Any) -> Any:
        values = [_numeric(value) for value in args]
        if any(isinstance(value, (np.ndarray, complex)) for value in values):
            _check_growth(values)
            with np.errstate(all="ignore"):
                return plain(array(*values))
        try:
            return scalar(*values)
        except (ValueError, OverflowError):
            with np.errstate(all="ignore"):
                return plain(array(*map(float, values)))

    function.__name__ = function.__qualname__ = name
    return function


def _on_arrays(
    array: Function, count: int = 1, keywords: Collection[str] = (), warns: bool = False
) -> Function:
    """Let a function of NumPy see `count` numbers or arrays of numbers, and nothing else."""

    def function(*args: Any, **kwargs: Any) -> Any:
        if len(args) != count or not set(kwargs) <= set(keywords):
            raise TypeError(f"takes {count} argument(s) and the keywords {sorted(keywords)}")
        values = [_numeric(value) for value in args]
        _check_growth(values)
        with np.errstate(all="ignore"), _silence() if warns else nullcontext():
            return plain(array(*values, **kwargs))

    function.__name__ = function.__qualname__ = array.__name__
    return function


@contextmanager
def _silence() -> Iterator[None]:
    # The mean of nothing is nan; the warning that NumPy adds helps nobody in a fit.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def _log(x: Any, base: Any = math.e) -> Any:
    return np.log(x) / np.log(base) if base != math.e else np.log(x)


def _exp2(x: float) -> float:
    return math.pow(2.0, x)


def _cbrt(x: float) -> float:
    # math.cbrt exists from Python 3.11 on; this gives one value in all versions.
    return float(np.cbrt(float(x)))


def _square(x: float) -> float:
    return float(x) * float(x)


def _square_limit(x: Any) -> Any:
    return np.multiply(x, x)


def _sign(x: float) -> float:
    return float(x) if x != x else float((x > 0) - (x < 0))


def _special(name: str) -> Function:
    """Return a function of `scipy.special`, imported when it is first called."""

    def function(*args: Any) -> Any:
        from scipy import special

        return getattr(special, name)(*args)

    return function


def _from_special(name: str) -> Function:
    """As `_special`, for numbers as well as for arrays."""
    array = _special(name)

    def scalar(*args: float) -> Any:
        return plain(array(*map(float, args)))

    return _elementwise(name, scalar, array)


def _factorial(x: Any) -> int:
    x = plain(x)
    if isinstance(x, float) and not x.is_integer():
        raise ValueError("factorial() needs a whole number")
    if x > MAX_FACTORIAL:
        raise LimitError(f"factorial() is limited to {MAX_FACTORIAL}")
    return math.factorial(int(x))


def _ldexp(x: Any, exponent: Any) -> Any:
    x, exponent = _numeric(x), _numeric(exponent)
    if isinstance(exponent, float) and exponent.is_integer():
        exponent = int(exponent)
    with np.errstate(all="ignore"):
        return plain(np.ldexp(x, exponent))


def _frexp(x: Any) -> Any:
    x = _numeric(x)
    return np.frexp(x) if isinstance(x, np.ndarray) else math.frexp(x)


def _modf(x: Any) -> Any:
    x = _numeric(x)
    return np.modf(x) if isinstance(x, np.ndarray) else math.modf(x)


def _fsum(values: Any) -> float:
    return math.fsum(values)


def _round(x: Any, decimals: int | None = None) -> Any:
    x = _numeric(x)
    if decimals is not None and abs(decimals) > MAX_DECIMALS:
        raise LimitError(f"round() is limited to {MAX_DECIMALS} decimals")
    if isinstance(x, np.ndarray):
        return np.round(x, decimals or 0)
    return x if isinstance(x, float) and not math.isfinite(x) else round(x, decimals)


def _int(x: Any) -> int:
    # A string of n digits takes a time of n**2 to convert.
    x = _numeric(x)
    if isinstance(x, np.ndarray):
        raise TypeError("int() needs one number, not an array")
    return int(x)


def _range(*args: Any) -> range:
    numbers = range(*map(whole, args))
    try:
        check_elements(len(numbers))
    except OverflowError:
        check_elements(math.inf)
    return numbers


def _linspace(start: Any, stop: Any, num: int = 50) -> Any:
    check_elements(num)
    return np.linspace(float(start), float(stop), num)


def _arange(*args: Any) -> Any:
    start, stop, step = (0, *args, 1) if len(args) == 1 else (*args, 1)[:3]
    check_elements((stop - start) / step)
    return np.arange(start, stop, step)


def _zeros(shape: Any) -> Any:
    check_elements(float(np.prod(shape, dtype=float)))
    return np.zeros(shape)


def _ones(shape: Any) -> Any:
    return _zeros(shape) + 1.0


def _array(values: Any) -> Any:
    return np.array(_numeric(values))


def _dot(left: Any, right: Any) -> Any:
    left, right = _numeric(left), _numeric(right)
    if np.ndim(left) > 1 or np.ndim(right) > 1:
        check_elements(np.size(left) * np.size(right))
    return plain(np.dot(left, right))


def _trapezoid(y: Any, x: Any) -> Any:
    y, x = np.asarray(_numeric(y)), np.asarray(_numeric(x))
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError("trapezoid(y, x) needs two arrays of one dimension and the same length")
    return plain(((y[1:] + y[:-1]) * np.diff(x)).sum() / 2)


def _interp(x: Any, xp: Any, fp: Any) -> Any:
    return plain(np.interp(_numeric(x), _numeric(xp), _numeric(fp)))


def _norm(x: Any) -> Any:
    return plain(np.linalg.norm(np.ravel(_numeric(x))))


def _zip(*sequences: Any) -> list[Any]:
    check_elements(len(sequences) * min(map(len, sequences), default=0))
    return list(zip(*sequences, strict=False))


def _enumerate(sequence: Any, start: int = 0) -> list[Any]:
    return list(enumerate(sequence, start))


def _reversed(sequence: Any) -> list[Any]:
    return list(reversed(sequence))


_REAL: dict[str, tuple[Function, Function]] = {
    "acos": (math.acos, np.arccos),
    "acosh": (math.acosh, np.arccosh),
    "asin": (math.asin, np.arcsin),
    "asinh": (math.asinh, np.arcsinh),
    "atan": (math.atan, np.arctan),
    "atan2": (math.atan2, np.arctan2),
    "atanh": (math.atanh, np.arctanh),
    "cbrt": (_cbrt, np.cbrt),
    "copysign": (math.copysign, np.copysign),
    "cos": (math.cos, np.cos),
    "cosh": (math.cosh, np.cosh),
    "degrees": (math.degrees, np.degrees),
    "erf": (math.erf, _special("erf")),
    "erfc": (math.erfc, _special("erfc")),
    "exp": (math.exp, np.exp),
    "exp2": (_exp2, np.exp2),
    "expm1": (math.expm1, np.expm1),
    "fabs": (math.fabs, np.fabs),
    "fmod": (math.fmod, np.fmod),
    "gamfcn": (math.gamma, _special("gamma")),
    "hypot": (math.hypot, np.hypot),
    "log": (math.log, _log),
    "log10": (math.log10, np.log10),
    "log1p": (math.log1p, np.log1p),
    "log2": (math.log2, np.log2),
    "pow": (math.pow, np.power),
    "radians": (math.radians, np.radians),
    "sign": (_sign, np.sign),
    "sin": (math.sin, np.sin),
    "sinh": (math.sinh, np.sinh),
    "sqrt": (math.sqrt, np.sqrt),
    "square": (_square, _square_limit),
    "tan": (math.tan, np.tan),
    "tanh": (math.tanh, np.tanh),
}
"""Functions of real numbers that give a float: that of one number, that of arrays."""

_WHOLE: dict[str, tuple[Function, Function]] = {
    "ceil": (math.ceil, np.ceil),
    "floor": (math.floor, np.floor),
    "isfinite": (math.isfinite, np.isfinite),
    "isinf": (math.isinf, np.isinf),
    "isnan": (math.isnan, np.isnan),
    "trunc": (math.trunc, np.trunc),
}
"""Functions that give an int or a bool, as those of `math` do; ``floor(inf)`` is inf."""

_SYNONYMS = {
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "deg2rad": "radians",
    "fix": "trunc",
    "ln": "log",
    "power": "pow",
    "rad2deg": "degrees",
}

_AXIS, _AXIS_DDOF = ("axis",), ("axis", "ddof")

_OTHERS: dict[str, Any] = {
    "abs": abs,
    "all": _on_arrays(np.all, keywords=_AXIS),
    "amax": _on_arrays(np.amax, keywords=_AXIS),
    "amin": _on_arrays(np.amin, keywords=_AXIS),
    "any": _on_arrays(np.any, keywords=_AXIS),
    "arange": _arange,
    "argmax": _on_arrays(np.argmax, keywords=_AXIS),
    "argmin": _on_arrays(np.argmin, keywords=_AXIS),
    "around": _round,
    "array": _array,
    "asarray": _array,
    "betalnfnc": _from_special("betaln"),
    "bool": bool,
    "clip": _on_arrays(np.clip, 3),
    "complex": complex,
    "cumprod": _on_arrays(np.cumprod, keywords=_AXIS),
    "cumsum": _on_arrays(np.cumsum, keywords=_AXIS),
    "dict": dict,
    "diff": _on_arrays(np.diff, keywords=_AXIS),
    "dot": _dot,
    "enumerate": _enumerate,
    "erfcx": _from_special("erfcx"),
    "factorial": _factorial,
    "float": float,
    "frexp": _frexp,
    "fsum": _fsum,
    "imag": _on_arrays(np.imag),
    "int": _int,
    "interp": _interp,
    "ldexp": _ldexp,
    "len": len,
    "lgamma": _from_special("gammaln"),
    "linspace": _linspace,
    "list": list,
    "loggammafcn": _from_special("loggamma"),
    "max": max,
    "maximum": _on_arrays(np.maximum, 2),
    "mean": _on_arrays(np.mean, keywords=_AXIS, warns=True),
    "median": _on_arrays(np.median, keywords=_AXIS, warns=True),
    "min": min,
    "minimum": _on_arrays(np.minimum, 2),
    "modf": _modf,
    "norm": _norm,
    "ones": _ones,
    "prod": _on_arrays(np.prod, keywords=_AXIS),
    "range": _range,
    "real": _on_arrays(np.real),
    "reversed": _reversed,
    "round": _round,
    "set": set,
    "sort": _on_arrays(np.sort, keywords=_AXIS),
    "sorted": sorted,
    "std": _on_arrays(np.std, keywords=_AXIS_DDOF, warns=True),
    "sum": _on_arrays(np.sum, keywords=_AXIS),
    "trapezoid": _trapezoid,
    "trapz": _trapezoid,
    "tuple": tuple,
    "var": _on_arrays(np.var, keywords=_AXIS_DDOF, warns=True),
    "where": _on_arrays(np.where, 3),
    "wofz": _from_special("wofz"),
    "zeros": _zeros,
    "zip": _zip,
}

_ERRORS = (ArithmeticError, AssertionError, Exception, IndexError, KeyError, LookupError, OverflowError)
_MORE_ERRORS = (RuntimeError, TypeError, ValueError, ZeroDivisionError)


def _mathematics() -> dict[str, Any]:
    table: dict[str, Any] = {"e": math.e, "pi": math.pi, "inf": math.inf, "nan": math.nan}
    for name, (scalar, array) in {**_REAL, **_WHOLE}.items():
        table[name] = _elementwise(name, scalar, array)
    table.update(_OTHERS)
    table.update({name: table[target] for name, target in _SYNONYMS.items()})
    # Functions that are defined in the interpreter may raise and catch these.
    table.update({error.__name__: error for error in _ERRORS + _MORE_ERRORS})
    return table


def _scalars() -> dict[str, tuple[str, Function]]:
    table: dict[str, tuple[str, Function]] = {name: ("float", pair[0]) for name, pair in _REAL.items()}
    table.update({name: ("number", pair[0]) for name, pair in _WHOLE.items()})
    table.update({name: table[target] for name, target in _SYNONYMS.items()})
    table.update({"abs": ("same", abs), "max": ("same", max), "min": ("same", min)})
    table.update({"float": ("float", float), "int": ("int", int), "bool": ("int", bool)})
    return table


MATHEMATICS: dict[str, Any] = _mathematics()
"""Every function and constant that expressions know, by name."""

SCALARS: dict[str, tuple[str, Function]] = _scalars()
"""What a function gives for numbers ("float", "int", "number" or "same"), and the function that does it."""
