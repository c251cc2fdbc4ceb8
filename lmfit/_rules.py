"""The rules of a parameter: its name, its numbers and its bounds.

Each function returns what it has checked, or raises an error that names the
parameter, the rule, what was given, and what to do instead.
"""

from __future__ import annotations

import functools
import keyword
import math
import unicodedata
from typing import Any, TypeAlias

import numpy as np

from .errors import ParameterError, ParameterNameError

__all__ = [
    "Number", "bound", "check_bounds", "check_name", "check_setting", "clipped", "flag", "label", "number",
    "switch", "valid_symbol_name",
]  # fmt: skip

Number: TypeAlias = float | int

_NAME_RULE = (
    "a name must be a valid Python identifier (letters, digits and '_', not starting with a digit) "
    "and no reserved word"
)


def valid_symbol_name(name: object) -> bool:
    """Return whether `name` can name a parameter: an identifier that is no reserved word.

    Parameters
    ----------
    name : object
        What is to be a name.

    Returns
    -------
    bool
        False also for what is no text.

    Examples
    --------
    >>> [valid_symbol_name(name) for name in ("amp_1", "1amp", "lambda", "a b")]
    [True, False, False, False]
    """
    return isinstance(name, str) and _is_valid(str(name))


# A fit copies its parameters many times, always with the same names.
@functools.lru_cache(maxsize=4096)
def _is_valid(name: str) -> bool:
    reserved = keyword.iskeyword(name) or name == "__debug__"  # no keyword, but nothing can be assigned to it
    return name.isidentifier() and not reserved and _normal_form(name) == name


def _normal_form(name: str) -> str:
    # Python's parser normalises names: another spelling would never be found in an expression.
    return unicodedata.normalize("NFKC", name)


def check_name(name: object) -> str:
    """Return `name` if it can name a parameter.

    Examples
    --------
    >>> check_name("1st")
    Traceback (most recent call last):
    lmfit.errors.ParameterNameError: parameter '1st': a name must be a valid Python identifier \
(letters, digits and '_', not starting with a digit) and no reserved word; choose another name
    """
    if type(name) is str and _is_valid(name):
        return name
    if valid_symbol_name(name):
        return str(name)
    remedy = "choose another name"
    if isinstance(name, str) and _is_valid(normal := _normal_form(name)):
        remedy = f"Python reads this one as {normal!r} ({normal!a}), write it so"
    raise ParameterNameError(f"parameter {name!r:.80}: {_NAME_RULE}; {remedy}")


def label(name: str | None) -> str:
    """Return how messages call the parameter."""
    return f"parameter {name!r}" if name else "parameter (without a name)"


def number(given: Any, name: str | None, role: str = "value") -> Number:
    """Return `given` as a Python number; `role` says in the message what it is for.

    Examples
    --------
    >>> number(np.float32(0.5), "a"), number(np.array([7]), "a")
    (0.5, 7)
    >>> number("1", "a")
    Traceback (most recent call last):
    lmfit.errors.ParameterError: parameter 'a': value must be a real number, but is '1' of type str; \
convert it with float() first
    """
    found: Number = given if type(given) is float else _converted(given, name, role)
    if found != found:
        raise ParameterError(f"{label(name)}: {role} must be a real number, but is NaN; give another")
    return found


def _converted(given: Any, name: str | None, role: str) -> Number:
    try:
        return _as_number(given)
    except (TypeError, ValueError, OverflowError) as error:
        remedy = (
            "convert it with float() first" if isinstance(given, (str, bytes)) else "give a single number"
        )
        raise ParameterError(
            f"{label(name)}: {role} must be a real number, but is {given!r:.80} of type "
            f"{type(given).__name__}; {remedy}"
        ) from error


def _as_number(given: Any) -> Number:
    if hasattr(given, "__array__"):
        array = np.asarray(given)
        # Neither text nor complex numbers, and no dates, which float() would take for integers.
        given = array.item() if array.dtype.kind in "biufO" and not np.ma.is_masked(given) else None
    if isinstance(given, (str, bytes)):
        raise TypeError("text")
    as_float = float(given)
    return int(given) if isinstance(given, int) else as_float


def bound(given: Any, name: str | None, role: str) -> Number:
    """Return the bound that was given; None stands for no bound.

    Examples
    --------
    >>> bound(None, "a", "min"), bound(3, "a", "min")
    (-inf, 3)
    """
    if given is None:
        return -math.inf if role == "min" else math.inf
    return number(given, name, role)


def check_bounds(low: Number, high: Number, name: str | None) -> None:
    """Make sure that there is room between the bounds.

    Examples
    --------
    >>> check_bounds(2.0, 1.0, "sigma")
    Traceback (most recent call last):
    lmfit.errors.ParameterError: parameter 'sigma': min (2.0) must be below max (1.0); \
exchange them, or set both at once with set(min=..., max=...)
    """
    if low < high:
        return
    remedy = "exchange them, or set both at once with set(min=..., max=...)"
    if low == high:
        remedy = "set vary=False to hold a value"
    raise ParameterError(f"{label(name)}: min ({low!r}) must be below max ({high!r}); {remedy}")


def clipped(value: Number, low: Number, high: Number) -> Number:
    """Return `value`, or the bound that it is beyond.

    Examples
    --------
    >>> clipped(-2.0, 0, 1), clipped(0.5, 0, 1)
    (0, 0.5)
    """
    return low if value < low else min(value, high)


def flag(given: Any, name: str | None) -> bool:
    """Return whether a parameter varies, from anything that is true or false beyond doubt.

    Examples
    --------
    >>> flag("no", "a")
    Traceback (most recent call last):
    lmfit.errors.ParameterError: parameter 'a': vary must be True or False, but is 'no'
    """
    if given is None or hasattr(given, "__len__"):  # text, such as "False", or several values
        raise ParameterError(f"{label(name)}: vary must be True or False, but is {given!r:.80}")
    return bool(given)


def switch(name: str, given: Any) -> bool:
    """Return whether a setting is on.

    Examples
    --------
    >>> switch("polish", "no")
    Traceback (most recent call last):
    TypeError: polish must be True or False, but is 'no'
    """
    if hasattr(given, "__len__"):
        raise TypeError(f"{name} must be True or False, but is {given!r:.80}")
    return bool(given)


def check_setting(name: str, given: Any, least: float, rule: str) -> None:
    """Make sure that a setting is a real number, and not below `least`.

    Examples
    --------
    >>> check_setting("ftol", -1, 0, "a number that is not negative")
    Traceback (most recent call last):
    ValueError: ftol must be a number that is not negative, but is -1
    """
    is_number = isinstance(given, (int, float, np.integer, np.floating))
    if not is_number or not given >= least:
        raise (ValueError if is_number else TypeError)(f"{name} must be {rule}, but is {given!r:.80}")
