"""Names of the parameters of a global fit: which are shared, and what those of one data set are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeAlias

from ._rules import valid_symbol_name
from .errors import ModelError, close_matches
from .parameter import Parameter, Parameters

__all__ = ["OwnNames", "Sharing", "by_data_set", "merged", "model_names", "renamed", "sharing"]

#: For each data set and each name of a parameter of its model, the name in the global fit.
OwnNames: TypeAlias = dict[str, dict[str, str]]
#: For each shared parameter the data sets that share it, with the name that it has in the model of each.
Sharing: TypeAlias = dict[str, dict[str, str]]

_SYMBOL = re.compile(r"(?<![\w.])[^\W\d]\w*")


def sharing(names: Mapping[str, list[str]], shared: Any) -> Sharing:
    """Return which parameters are shared, checked.

    Parameters
    ----------
    names : mapping
        For each data set the names of its model's parameters.
    shared : iterable of str or mapping
        As of `GlobalModel`.

    Examples
    --------
    >>> names = {"a": ["center", "sigma"], "b": ["center", "width"]}
    >>> sharing(names, ["center"])
    {'center': {'a': 'center', 'b': 'center'}}
    >>> sharing(names, {"w": {"a": "sigma", "b": "width"}})
    {'w': {'a': 'sigma', 'b': 'width'}}
    """
    if isinstance(shared, Mapping):
        return {name: _places(name, places, names) for name, places in shared.items()}
    listed = [shared] if isinstance(shared, str) else shared
    if not isinstance(listed, Iterable):
        raise ModelError(f"shared must be names of parameters, or a mapping of them, not {shared!r:.80}")
    found = {str(name): {key: name for key, own in names.items() if name in own} for name in listed}
    for name, places in found.items():
        if not places:
            known = {own: None for of_model in names.values() for own in of_model}
            raise ModelError(
                f"shared: no model has a parameter {name!r}{close_matches(str(name), known) or '.'} "
                f"Their parameters are {', '.join(known)}"
            )
    return found


def model_names(names: Mapping[str, list[str]], shared: Sharing) -> OwnNames:
    """Return the name in the global fit of each parameter of each model.

    Examples
    --------
    >>> names = {"a": ["center", "sigma"], "b": ["center", "width"]}
    >>> model_names(names, sharing(names, ["center"]))
    {'a': {'center': 'center', 'sigma': 'a_sigma'}, 'b': {'center': 'center', 'width': 'b_width'}}
    """
    found = {key: {own: f"{key}_{own}" for own in of_model} for key, of_model in names.items()}
    for name, places in shared.items():
        for key, own in places.items():
            if found[key][own] != f"{key}_{own}":
                raise ModelError(
                    f"shared: {own!r} of the data set {key!r} would be both {found[key][own]!r} and "
                    f"{name!r}; it can have one name only"
                )
            found[key][own] = name
    _check_distinct(found, shared)
    return found


def merged(
    made: Mapping[str, Parameters], names: OwnNames, shared: Iterable[str]
) -> tuple[Parameters, OwnNames]:
    """Return the parameters of all models as one, and the complete names.

    Parameters
    ----------
    made : mapping
        The Parameters of the model of each data set, also those that the models derive from others.
        A shared one is that of the first data set which has a value for it.
    names : OwnNames
        Of the models' parameters.
    shared : iterable of str
        Names of those that are shared.
    """
    found: dict[str, tuple[Parameter, str | None]] = {}
    complete, common = {key: dict(own) for key, own in names.items()}, set(shared)
    for key, own_params in made.items():
        own_names = complete[key]
        for own, par in own_params.items():
            text = renamed(par.expr, own_names) if par.expr else None
            if own not in own_names:
                clash = own in found and found[own][1] != text
                is_common = not clash and _uses_only(text, common, own_names)
                common |= {own} if is_common else set()
                own_names[own] = own if is_common else f"{key}_{own}"
            name = own_names[own]
            if name not in found or found[name][0]._val is None:
                found[name] = par, text
    params = Parameters()
    for name in sorted(found, key=lambda name: name not in common):
        params[name] = _copied(*found[name], name)
    return params, complete


def by_data_set(given: Any, keys: Collection[str], what: str, needed: Collection[str] = ()) -> dict[str, Any]:
    """Return what is given for each data set: from a mapping by their names, or one for all.

    Parameters
    ----------
    given : object
    keys : collection of str
        Names of the data sets.
    what : str
        What it is, for messages.
    needed : collection of str
        Data sets for which something must be given; the others get None.

    Examples
    --------
    >>> by_data_set({"a": 1}, ["a", "b"], "weights"), by_data_set(3, ["a", "b"], "weights")
    ({'a': 1, 'b': None}, {'a': 3, 'b': 3})
    """
    if not (hasattr(given, "keys") and hasattr(given, "__getitem__")):
        if needed and what == "data":
            raise ModelError(
                f"data must be a dictionary with the data of {', '.join(keys)}, not {type(given).__name__}"
            )
        return dict.fromkeys(keys, given)
    present = list(given.keys())
    for key in present:
        if key not in keys:
            raise _no_data_set(what, key, keys)
    missing = [key for key in needed if key not in present]
    if missing:
        raise ModelError(f"{what}: nothing is given for the data set {', '.join(map(repr, missing))}")
    return {key: given[key] if key in present else None for key in keys}


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Return an expression with other names of the parameters.

    Examples
    --------
    >>> renamed("2.35 * sigma", {"sigma": "a_sigma"})
    '2.35 * a_sigma'
    """
    return _SYMBOL.sub(lambda found: names.get(found[0], found[0]), text)


def _no_data_set(what: str, key: Any, keys: Iterable[str]) -> ModelError:
    hint = close_matches(str(key), keys) or "."
    return ModelError(f"{what}: there is no data set {key!r}{hint} The data sets are {', '.join(keys)}")


def _places(name: str, places: Any, names: Mapping[str, list[str]]) -> dict[str, str]:
    """Where one shared parameter is used, checked."""
    if isinstance(places, str) or not isinstance(places, Iterable):
        raise ModelError(
            f"shared, {name!r}: a list of data sets, or a mapping to names in their models, is needed, not "
            f"{places!r:.80}"
        )
    found = dict(places) if isinstance(places, Mapping) else dict.fromkeys(places, name)
    for key, own in found.items():
        if key not in names:
            raise _no_data_set(f"shared, {name!r}", key, names)
        if own not in names[key]:
            raise ModelError(
                f"shared, {name!r}: the model of the data set {key!r} has no parameter {own!r}"
                f"{close_matches(str(own), names[key]) or '.'} Its parameters are {', '.join(names[key])}"
            )
    if not valid_symbol_name(name):
        raise ModelError(f"shared: {name!r} cannot be the name of a parameter")
    return found


def _check_distinct(names: OwnNames, shared: Sharing) -> None:
    """Refuse names that two different parameters would have, and that none can have."""
    owner: dict[str, str] = {}
    for key, own_names in names.items():
        for name in own_names.values():
            if not valid_symbol_name(name):
                raise ModelError(
                    f"data set {key!r}: {name!r} cannot be the name of a parameter; call the data set such "
                    "that a name can begin with it, for example 'd1'"
                )
            other = owner.setdefault(name, "" if name in shared else key)
            if other != ("" if name in shared else key):
                raise ModelError(
                    f"two different parameters would be called {name!r}: one of the data set {key!r} and "
                    f"{f'one of {other!r}' if other else 'a shared one'}; choose other names of the data sets"
                )


def _uses_only(text: str | None, shared: set[str], names: Mapping[str, str]) -> bool:
    """Whether an expression uses parameters, and these are all shared."""
    used = set(_SYMBOL.findall(text or "")) & {*names.values(), *shared}
    return bool(used) and used <= shared


def _copied(par: Parameter, expr: str | None, name: str) -> Parameter:
    """A parameter with another name and expression."""
    return Parameter(
        name=name,
        value=None if expr else par._val,
        vary=par._vary,
        min=par.min,
        max=par.max,
        expr=expr,
        brute_step=par.brute_step,
        user_data=par.user_data,
    )
