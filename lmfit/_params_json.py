"""Parameters as JSON text: plain data only, with a version number.

Version 2 (ours) is strict JSON: bounds that do not exist are ``null``, and other
numbers that JSON lacks are the strings ``"inf"``, ``"-inf"`` and ``"nan"``.
The layout is the one that lmfit 1.x wrote, which is read as well: a list of

    ``[name, value, vary, expr, min, max, brute_step, stderr, correl, init_value, user_data]``

and the user's symbols.  The pickled functions that 1.x stored among these are
never decoded.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import FitWarning, ParameterError

__all__ = ["Setting", "dumps", "loads"]

VERSION = 2
_FIELDS = (
    "name", "value", "vary", "expr", "min", "max", "brute_step", "stderr", "correl", "init_value", "user_data",
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """What a file says of one parameter; `attributes` are arguments of ``Parameter``."""

    attributes: dict[str, Any]
    value: float | None
    stderr: float | None
    correl: dict[str, float] | None
    init_value: float | None


def dumps(params: Mapping[str, Any], symbols: Mapping[str, Any], **kws: Any) -> str:
    """Return `params` and the plain ones among the user's `symbols` as JSON text."""
    kept = {name: _plain(value) for name, value in symbols.items() if _is_plain(value)}
    lost = sorted(set(symbols) - set(kept))
    if lost:
        warnings.warn(
            f"symbols {', '.join(map(repr, lost))} are not plain data and are not stored; "
            "give them again with Parameters(usersyms={...}) when loading",
            FitWarning,
            stacklevel=3,
        )
    data = {"version": VERSION, "unique_symbols": kept, "params": [_row(par) for par in params.values()]}
    return json.dumps(data, **{"allow_nan": False, **kws})


def loads(text: str, **kws: Any) -> tuple[dict[str, Any], list[Setting]]:
    """Return the symbols and the settings of the parameters in JSON text.

    Raises
    ------
    ParameterError
        The text is no JSON, or JSON of something else.
    """
    try:
        data = json.loads(text, **kws)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"parameters cannot be read: the text is no valid JSON ({error})") from error
    if not isinstance(data, dict) or not isinstance(data.get("params"), list):
        raise ParameterError("parameters cannot be read: JSON with a list 'params' is needed, as dumps() writes it")
    version = data.get("version", 1)
    if version not in (1, VERSION):
        raise ParameterError(
            f"parameters cannot be read: version {version!r} of the format is unknown (known: 1, 2); update lmfit"
        )
    settings = [_setting(row) for row in data["params"]]
    return _symbols(data.get("unique_symbols"), {str(setting.attributes["name"]) for setting in settings}, version), settings


def _symbols(stored: Any, names: set[str], version: int) -> dict[str, Any]:
    """The user's symbols; 1.x also stored constants, values of parameters and pickles."""
    if not isinstance(stored, dict):
        return {}
    if version == VERSION:
        return {name: _number(value) for name, value in stored.items()}
    builtin = {"pi", "e", "inf", "nan", "True", "False", "None", "little_endian"}
    return {
        name: value
        for name, value in stored.items()
        if name not in names | builtin and isinstance(value, (int, float, list))
    }


def _row(par: Any) -> list[Any]:
    if not _is_plain(par.user_data):
        raise ParameterError(
            f"parameter {par.name!r}: user_data of type {type(par.user_data).__name__} is not plain data "
            "(numbers, strings, lists, dictionaries) and cannot be written as JSON; convert or remove it"
        )
    values = {field: _plain(getattr(par, field)) for field in _FIELDS}
    values["min"] = None if par.min == -math.inf else values["min"]
    values["max"] = None if par.max == math.inf else values["max"]
    return [values[field] for field in _FIELDS]


def _setting(row: Any) -> Setting:
    if not isinstance(row, list) or len(row) < 7:
        raise ParameterError(f"parameters cannot be read: an entry must be a list of 11 values, got {row!r:.80}")
    values = dict(zip(_FIELDS, [*row, None, None, None, None]))
    for field in ("value", "min", "max", "brute_step", "stderr", "init_value"):
        values[field] = _number(values[field])
    correl = values.pop("correl")
    stderr, init_value = values.pop("stderr"), values.pop("init_value")
    # 1.x wrote a parameter without a value as -inf.
    value = values["value"] = None if values["value"] == -math.inf else values["value"]
    return Setting(values, value, stderr, correl if isinstance(correl, dict) else None, init_value)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) and value in ("inf", "-inf", "nan") else value


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _is_plain(value: Any) -> bool:
    if value is None or isinstance(value, (bool, int, float, str)):
        return True
    if isinstance(value, Mapping):
        return all(isinstance(key, str) for key in value) and _all_plain(value.values())
    return isinstance(value, (list, tuple)) and _all_plain(value)


def _all_plain(values: Iterable[Any]) -> bool:
    return all(map(_is_plain, values))
