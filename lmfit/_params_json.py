"""Parameters as JSON text: plain data only, with a version number.

Version 2 (ours) is strict JSON.  Bounds that do not exist are ``null``, and numbers
that JSON lacks are the strings ``"inf"``, ``"-inf"`` and ``"nan"``.  The layout is the
one that lmfit 1.x wrote, which is read as well: a list ``params`` of

    ``[name, value, vary, expr, min, max, brute_step, stderr, correl, init_value, user_data]``

and a dictionary ``unique_symbols`` of what the user has added to the expressions.
In these two places, where any plain data may stand, what JSON cannot tell apart is
written as ``{"__class__": "Float" | "Tuple" | "Dict", "value": ...}``.

The pickled functions that 1.x stored among the symbols are never decoded.
"""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._functions import MATHEMATICS
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
    stored = {name: value for name, value in symbols.items() if _is_plain(value)}
    _warn_of_lost(symbols.keys() - stored.keys(), "are no plain data and are not stored", stacklevel=4)
    encoded = {name: _encoded(value) for name, value in stored.items()}
    data = {"version": VERSION, "unique_symbols": encoded, "params": rows}
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
        data = json.loads(text, **kws)
        return _understood(data, known)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _unreadable(f"the text is no valid JSON ({error})") from error
    except RecursionError as error:
        raise _unreadable("the text nests too deeply") from error


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
    if not isinstance(symbols, dict):
        raise _unreadable(f"'unique_symbols' must be a dictionary, but is {symbols!r:.80}")
    if version == VERSION:
        return _decoded_table(symbols), settings
    return _symbols_of_1x(symbols, names, known), settings


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
    kept = {name: stored[name] for name in own if isinstance(stored[name], (int, float, list))}
    lost = [name for name in own - kept.keys() if name not in known]
    _warn_of_lost(lost, "were stored by lmfit 1.x as code and are not read", stacklevel=6)
    return kept


def _row(par: Any) -> list[Any]:
    if not _is_plain(par.user_data):
        raise ParameterError(
            f"{label(par.name)}: user_data of type {type(par.user_data).__name__} is no plain data "
            "(numbers, strings, lists, tuples, dictionaries by string) and cannot be written as JSON; "
            "convert or remove it"
        )
    row = [_field(par, field) for field in _FIELDS[:-1]]
    return [*row, _encoded(par.user_data)]


def _field(par: Any, field: str) -> Any:
    try:
        value = getattr(par, field)
    except ExpressionError:
        return None  # a tie that has no value yet
    if (field, value) in (("min", -math.inf), ("max", math.inf)):
        return None
    if field == "correl" and value is not None:
        return {name: _plain_number(item) for name, item in value.items()}
    return _plain_number(value)


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
        values["user_data"] = _decoded(values["user_data"])
    elif values["value"] == -math.inf or (values["expr"] and values["value"] != values["value"]):
        values["value"] = None  # what 1.x wrote for a parameter without a value
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


def _plain_number(value: Any) -> Any:
    """What is no number stays as it is."""
    value = value.item() if isinstance(value, np.generic) else value
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _is_plain(value: Any) -> bool:
    try:
        _encoded(value)
    except (TypeError, RecursionError):
        return False
    return True


def _encoded(value: Any) -> Any:
    """Return plain data such that `_decoded` gives the same again."""
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _marked("Float", str(value))
    if isinstance(value, (list, tuple)):
        items = [_encoded(item) for item in value]
        return _marked("Tuple", items) if isinstance(value, tuple) else items
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        table = {key: _encoded(item) for key, item in value.items()}
        return _marked("Dict", table) if "__class__" in table else table
    raise TypeError(f"{type(value).__name__} is no plain data")


def _marked(kind: str, value: Any) -> dict[str, Any]:
    return {"__class__": kind, "value": value}


def _decoded(stored: Any) -> Any:
    if isinstance(stored, list):
        return [_decoded(item) for item in stored]
    if not isinstance(stored, dict):
        return stored
    if "__class__" not in stored:
        return _decoded_table(stored)
    kind, value = stored["__class__"], stored.get("value")
    for known, expected, make in _KINDS:
        if kind == known and isinstance(value, expected):
            return make(value)
    raise _unreadable(f"unknown kind of data {stored!r:.80}")


def _decoded_table(table: dict[str, Any]) -> dict[str, Any]:
    return {key: _decoded(item) for key, item in table.items()}


def _decoded_float(text: str) -> float:
    if text not in _NON_FINITE:
        raise _unreadable(f"a number must be one of {', '.join(_NON_FINITE)}, got {text!r:.80}")
    return float(text)


_KINDS: tuple[tuple[str, type, Callable[[Any], Any]], ...] = (
    ("Float", str, _decoded_float),
    ("Tuple", list, lambda items: tuple(map(_decoded, items))),
    ("Dict", dict, _decoded_table),
)
