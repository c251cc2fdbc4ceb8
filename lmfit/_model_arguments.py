"""What is done with the arguments of a Model: names and settings are checked, hints and values applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ._fit_data import coerced
from ._rules import valid_symbol_name
from ._signature import hints_of
from .errors import ModelError, close_matches
from .parameter import Parameter, Parameters

__all__ = [
    "check_mapping", "checked_policy", "checked_prefix", "listed", "name_of", "names_in", "override",
    "renamed", "some_derivatives", "with_default",
]  # fmt: skip

_NAN_POLICIES = ("raise", "omit", "propagate")


def checked_prefix(prefix: str | None) -> str:
    """Return a prefix that names can have; None is none."""
    if prefix is None:
        return ""
    if prefix and not valid_symbol_name(f"{prefix}a"):
        raise ModelError(f"prefix {prefix!r} must begin like a name: with a letter or '_', then also digits")
    return prefix


def checked_policy(nan_policy: str) -> str:
    """Return a policy for data that are not finite."""
    if nan_policy not in _NAN_POLICIES:
        raise ModelError(
            f"nan_policy must be one of {', '.join(map(repr, _NAN_POLICIES))}, not {nan_policy!r}"
            f"{close_matches(str(nan_policy), _NAN_POLICIES)}"
        )
    return nan_policy


def names_in(what: str, names: Any) -> list[str] | None:
    """The names in a list; None for none."""
    if names is None:
        return None
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ModelError(f"{what} must be a list of names, not {names!r:.80}")
    return list(names)


def check_mapping(what: str, given: Any) -> None:
    """Refuse what is neither None nor a dictionary."""
    if given is not None and not isinstance(given, Mapping):
        kind = "Parameters or a dictionary of values" if what == "params" else "a dictionary"
        raise ModelError(f"{what} must be {kind}, not {given!r:.80}")


def name_of(func: Any) -> str:
    """Return the name of a function, or of the class of a callable object."""
    inner = getattr(func, "func", func)  # of functools.partial
    return str(getattr(func, "__name__", None) or getattr(inner, "__name__", type(func).__name__))


def renamed(hint: Mapping[str, Any], roots: Iterable[str], old: str, new: str) -> dict[str, Any]:
    """A hint whose expression uses the names with another prefix."""
    text = hint.get("expr")
    if not text or old == new:
        return dict(hint)
    names = "|".join(re.escape(old + root) for root in roots)
    return {**hint, "expr": re.sub(rf"\b({names})\b", lambda found: new + found[0][len(old) :], text)}


def with_default(setting: Mapping[str, Any], given: Any, default: Any) -> dict[str, Any]:
    """The arguments of a new parameter: a value that is given wins over an expression of the hints."""
    setting = dict(setting)
    if setting.get("expr"):
        if given is None or hints_of(given, "").get("expr"):
            return setting
        del setting["expr"]
    if setting.get("value") is None:
        setting["value"] = default
    return setting


def override(params: Parameters, name: str, value: Any) -> None:
    """Give a parameter another start value, or replace it."""
    if isinstance(value, Parameter):
        new = value.__copy__()
        new.name = name
        params[name] = new
    elif name in params:
        params[name].set(**hints_of(value, name))
    else:
        params.add(name, **hints_of(value, name))


def listed(value: Any) -> Any:
    """A list, tuple or range of numbers as an array; anything else as it is."""
    return coerced(value) if isinstance(value, (list, tuple, range)) else value


def some_derivatives(both: Callable[..., Any], places: Sequence[int]) -> Callable[..., Any]:
    """Some of the derivatives, in another order."""

    def chosen(*values: float) -> Any:
        value, derivatives = both(*values)
        return value, [derivatives[place] for place in places]

    return chosen
