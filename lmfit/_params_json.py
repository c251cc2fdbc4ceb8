"""Parameters as JSON text: plain data only, with a version number.

Version 2 (ours) is strict JSON.  Bounds that do not exist are ``null``, and numbers
that JSON lacks are the strings ``"inf"``, ``"-inf"`` and ``"nan"``.  The layout is the
one that lmfit 1.x wrote, which is read as well: a list ``params`` of

    ``[name, value, vary, expr, min, max, brute_step, stderr, correl, init_value, user_data]``

and a dictionary ``unique_symbols`` of what the user has added to the expressions.  For
the symbols, and in our version for ``user_data``, see `lmfit._plain_data`.

The pickled functions that 1.x stored among the symbols are never decoded.
"""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ._functions import MATHEMATICS
from ._plain_data import PlainDataError, decoded, encoded, encoded_number, is_encoded, is_plain
from ._rules import label
from .errors import ExpressionError, FitWarning, ParameterError

__all__ = ["Setting", "dumps", "loads"]

VERSION = 2

_FIELDS = (
    "name", "value", "vary", "expr", "min", "max", "brute_step", "stderr", "correl", "init_value",
    "user_data",
)  # fmt: skip
_NUMBERS = ("value", "min", "max", "brute_step", "stderr", "init_value")

_REQUIRED = 6
"""Fields that a file must have; the oldest ones have no others."""

_CONSTANTS_OF_1X = {"True", "False", "None", "little_endian"}
"""Symbols that 1.x wrote into every file and that are no symbols here."""

_NON_FINITE = ("inf", "-inf", "nan")


@dataclass(frozen=True)
class Setting:
    """What a file says of one parameter.

    Attributes
    ----------
    arguments : dict
        Arguments of ``Parameter``.
    results : dict
        Its other attributes, which a fit has set.
    """

    arguments: dict[str, Any]
    results: dict[str, Any]


def dumps(params: Mapping[str, Any], symbols: Mapping[str, Any], **kws: Any) -> str:
    """Return `params` and the plain ones among the user's `symbols` as JSON text.

    Raises
    ------
    ParameterError
        A `user_data` is no plain data.
    """
    rows = [_row(par) for par in params.values()]
    stored = {name: value for name, value in symbols.items() if is_plain(value)}
    _warn_of_lost(symbols.keys() - stored.keys(), "are no plain data and are not stored", stacklevel=4)
    data = {"version": VERSION, "unique_symbols": encoded(stored), "params": rows}
    return json.dumps(data, **{"allow_nan": False, **kws})


def loads(text: str, known: Container[str] = (), **kws: Any) -> tuple[dict[str, Any], list[Setting]]:
    """Return the user's symbols and the settings of the parameters in JSON text.

    Symbols that a file of 1.x holds as code are not read; a warning names those that are not `known`.

    Raises
    ------
    ParameterError
        The text is no JSON, or JSON of something else.

    Examples
    --------
    >>> symbols, settings = loads('{"version": 2, "params": [["a", 1.5, true, null, 0, null]]}')
    >>> settings[0].arguments["min"]
    0
    """
    try:
        return _understood(_parsed(text, kws), known)
    except PlainDataError as error:
        raise _unreadable(str(error)) from error
    except RecursionError as error:
        raise _unreadable("the text nests too deeply") from error


def _parsed(text: str, kws: dict[str, Any]) -> Any:
    try:
        return json.loads(text, **kws)
    except ValueError as error:
        raise _unreadable(f"the text is no valid JSON ({error})") from error


def _understood(data: Any, known: Container[str]) -> tuple[dict[str, Any], list[Setting]]:
    if not isinstance(data, dict) or not isinstance(data.get("params"), list):
        raise _unreadable("JSON with a list 'params' is needed, as dumps() writes it")
    version = data.get("version", 1)
    if version not in (1, VERSION):
        raise _unreadable(f"version {version!r:.80} of the format is unknown (known: 1, 2); update lmfit")
    settings = [_setting(row, version) for row in data["params"]]
    names = [setting.arguments["name"] for setting in settings]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise _unreadable(f"parameter {repeated[0]!r} is given more than once")
    symbols = data.get("unique_symbols", {})
    if version == VERSION:
        symbols = decoded(symbols)
    if not isinstance(symbols, dict):
        raise _unreadable(f"'unique_symbols' must be a dictionary, but is {symbols!r:.80}")
    return symbols if version == VERSION else _symbols_of_1x(symbols, names, known), settings


def _unreadable(reason: str) -> ParameterError:
    return ParameterError(f"parameters cannot be read: {reason}")


def _warn_of_lost(names: Iterable[str], what: str, stacklevel: int) -> None:
    lost = ", ".join(map(repr, sorted(names)))
    if lost:
        remedy = "give them again with Parameters(usersyms={...}) before loading"
        warnings.warn(f"symbols {lost} {what}; {remedy}", FitWarning, stacklevel=stacklevel)


def _symbols_of_1x(stored: dict[str, Any], names: list[str], known: Container[str]) -> dict[str, Any]:
    """The user's own among mathematics, constants, values of parameters and pickles."""
    own = stored.keys() - set(names) - MATHEMATICS.keys() - _CONSTANTS_OF_1X
    lost = {name for name in own if not is_encoded(stored[name])}
    missed = [name for name in lost if name not in known]
    _warn_of_lost(missed, "were stored by lmfit 1.x as code and are not read", stacklevel=6)
    return {name: decoded(stored[name]) for name in own - lost}


def _row(par: Any) -> list[Any]:
    if not is_plain(par.user_data):
        raise ParameterError(
            f"{label(par.name)}: user_data of type {type(par.user_data).__name__} is no plain data "
            "(numbers, strings, arrays, and lists, tuples or dictionaries of these) and cannot be written as "
            "JSON; convert or remove it"
        )
    row = [_field(par, field) for field in _FIELDS[:-1]]
    return [*row, encoded(par.user_data)]


def _field(par: Any, field: str) -> Any:
    try:
        value = getattr(par, field)
    except ExpressionError:
        return None  # a tie that has no value yet
    if (field, value) in (("min", -math.inf), ("max", math.inf)):
        return None
    if field == "correl" and value is not None:
        return {name: encoded_number(item) for name, item in value.items()}
    return encoded_number(value)


def _setting(row: Any, version: int) -> Setting:
    if not isinstance(row, list) or len(row) < _REQUIRED:
        raise _unreadable(f"an entry must be a list of {len(_FIELDS)} values, got {row!r:.80}")
    values = dict.fromkeys(_FIELDS) | dict(zip(_FIELDS, row, strict=False))
    name = values["name"]
    if not isinstance(name, str):
        raise _unreadable(f"the name of a parameter must be a string, but is {name!r:.80}")
    for field in _NUMBERS:
        values[field] = _number(values[field], name, field)
    values["correl"] = _correlations(values["correl"], name)
    if version == VERSION:
        values["user_data"] = decoded(values["user_data"])
    elif values["value"] == -math.inf:
        values["value"] = None  # 1.x wrote so that there is none
    if values["expr"]:
        values["value"] = None if values["value"] != values["value"] else values["value"]
    results = {field: values.pop(field) for field in ("stderr", "correl", "init_value")}
    return Setting(values, results)


def _correlations(stored: Any, name: str) -> dict[str, Any] | None:
    if stored is None:
        return None
    if not isinstance(stored, dict):
        raise _unreadable(f"parameter {name!r}: correl must be a dictionary, but is {stored!r:.80}")
    return {other: _number(value, name, "correl") for other, value in stored.items()}


def _number(stored: Any, name: str, field: str) -> Any:
    if isinstance(stored, str) and stored in _NON_FINITE:
        return float(stored)
    if stored is not None and (isinstance(stored, bool) or not isinstance(stored, (int, float))):
        raise _unreadable(f"parameter {name!r}: {field} must be a number, but is {stored!r:.80}")
    return stored
