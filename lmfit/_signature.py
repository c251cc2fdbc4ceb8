"""What a Model takes from the signature of its function: independent variables, parameters, hints.

The first argument is an independent variable.  Of the others, those without a default, or with
a number as default, are parameters; those with any other default (text, True, None, ...) are
options, which are treated as independent variables with that default.  A default or an
annotation that is a dictionary of attributes, ``a={"value": 1, "min": 0}`` or
``a: dict(min=0) = 1``, makes a parameter with these hints.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Number
from typing import Any, get_args

from .errors import ModelCallError, ModelError, close_matches
from .parameter import Parameter

__all__ = [
    "HINTS", "ModelCallError", "ModelError", "Roles", "Signature", "hints_of", "roles_of", "signature_of",
]  # fmt: skip

#: Attributes of a parameter that a hint can give.
HINTS = ("value", "vary", "min", "max", "expr", "brute_step", "user_data")
_HINTS = frozenset(HINTS)
#: Names that `Model.fit` needs for itself.
_RESERVED = ("data", "weights", "params")
_REFUSED = {
    inspect.Parameter.VAR_POSITIONAL: "takes '*{name}'; name its arguments one by one",
    inspect.Parameter.POSITIONAL_ONLY: "takes {name!r} by position only; leave out the '/'",
}


@dataclass(frozen=True)
class Signature:
    """The arguments of a function.

    Attributes
    ----------
    arguments : tuple of str
        Their names, in order.
    defaults : mapping
        Default values by name.
    hints : mapping
        Attributes of parameters by name, from dictionaries among the defaults and annotations.
    keyword_only : frozenset of str
    takes_any : bool
        Whether there is a ``**kws``.
    """

    arguments: tuple[str, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    hints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    keyword_only: frozenset[str] = frozenset()
    takes_any: bool = False

    def is_option(self, name: str) -> bool:
        """Whether an argument is no parameter because its default is no number."""
        default = self.defaults.get(name, 0.0)
        return isinstance(default, bool) or not isinstance(default, Number)


@dataclass(frozen=True)
class Roles:
    """Which arguments of a function are what.

    Attributes
    ----------
    independent : tuple of str
        Independent variables and options.
    parameters : tuple of str
    """

    independent: tuple[str, ...]
    parameters: tuple[str, ...]


def signature_of(func: Callable[..., Any]) -> Signature:
    """Read the arguments of a function, or of any other callable.

    Raises
    ------
    ModelError
        They cannot be given by name.

    Examples
    --------
    >>> def decay(t, amplitude, tau: dict(min=0) = 1.0, base=False): ...
    >>> found = signature_of(decay)
    >>> found.arguments, dict(found.hints)
    (('t', 'amplitude', 'tau', 'base'), {'tau': {'min': 0}})
    """
    try:
        return _cached(func)
    except TypeError:  # cannot be hashed
        return _read(func)


def roles_of(
    func: Callable[..., Any],
    independent: Sequence[str] | None = None,
    parameters: Sequence[str] | None = None,
    options: Iterable[str] = (),
) -> Roles:
    """Tell independent variables and options of a function from its parameters.

    Parameters
    ----------
    func : callable
    independent, parameters : sequence of str, optional
        What the user says.
    options : iterable of str
        Arguments that are given once and for all.

    Raises
    ------
    ModelError
        The function has no argument of that name.

    Examples
    --------
    >>> roles_of(lambda x, a, kind="sine": a * x)
    Roles(independent=('x', 'kind'), parameters=('a',))
    """
    said = (None if names is None else tuple(names) for names in (independent, parameters))
    try:
        return _cached_roles(func, *said, frozenset(options))
    except TypeError:  # cannot be hashed
        return _roles(func, independent, parameters, options)


def hints_of(given: Any, name: str) -> dict[str, Any]:
    """Return the attributes of a parameter: of a dictionary, of a Parameter, or a value.

    Raises
    ------
    ModelError
        There is no such attribute.

    Examples
    --------
    >>> hints_of({"value": 3, "min": 0}, "a"), hints_of(1.5, "b")
    ({'value': 3, 'min': 0}, {'value': 1.5})
    """
    if isinstance(given, Parameter):
        return {key: getattr(given, key) for key in HINTS if key != "value" or not given.expr}
    if not isinstance(given, Mapping):
        return {"value": given}
    for key in given:
        if key not in _HINTS:
            raise ModelError(
                f"parameter {name!r}: there is no hint {key!r}{close_matches(str(key), HINTS)}; "
                f"the hints are {', '.join(HINTS)}"
            )
    return dict(given)


@functools.lru_cache(maxsize=1024)
def _cached_roles(
    func: Callable[..., Any],
    independent: tuple[str, ...] | None,
    parameters: tuple[str, ...] | None,
    options: frozenset[str],
) -> Roles:
    return _roles(func, independent, parameters, options)


def _roles(
    func: Callable[..., Any],
    independent: Sequence[str] | None,
    parameters: Sequence[str] | None,
    options: Iterable[str],
) -> Roles:
    signature = signature_of(func)
    if independent is None:
        named = set(parameters or ())
        independent = [
            name
            for place, name in enumerate(signature.arguments)
            if (place == 0 or signature.is_option(name)) and name not in named
        ]
    fixed = {*independent, *options}
    if parameters is None:
        parameters = [
            name for name in signature.arguments if name not in fixed and not signature.is_option(name)
        ]
    _check_names(signature, _named(func), independent, parameters)
    return Roles(tuple(independent), tuple(parameters))


@functools.lru_cache(maxsize=1024)
def _cached(func: Callable[..., Any]) -> Signature:
    return _read(func)


def _read(func: Any) -> Signature:
    if hasattr(func, "__argnames__"):  # a function of an asteval interpreter
        defaults = dict(func.__kwargs__)
        return Signature((*func.__argnames__, *defaults), defaults)
    arguments = _inspected(func)
    kinds = inspect.Parameter
    for name, argument in arguments.items():
        if argument.kind in _REFUSED:
            reason = _REFUSED[argument.kind].format(name=name)
            raise ModelError(
                f"the function of a model needs arguments with names, but {_named(func)} {reason}"
            )
    named = {name: arg for name, arg in arguments.items() if arg.kind is not kinds.VAR_KEYWORD}
    given = {name: arg.default for name, arg in named.items() if arg.default is not kinds.empty}
    hints = {name: {**_annotated(arg.annotation), **_as_hints(arg.default)} for name, arg in named.items()}
    return Signature(
        arguments=tuple(named),
        defaults={name: value for name, value in given.items() if not _as_hints(value)},
        hints={name: found for name, found in hints.items() if found},
        keyword_only=frozenset(name for name, arg in named.items() if arg.kind is kinds.KEYWORD_ONLY),
        takes_any=len(named) < len(arguments),
    )


def _inspected(func: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        found = inspect.signature(func).parameters
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"the arguments of {_named(func)} are not known ({error}); wrap it in a function of your own"
        ) from error
    if any(isinstance(arg.annotation, str) for arg in found.values()):
        # With postponed annotations; names that only type checkers know are of no interest.
        try:
            return inspect.signature(func, eval_str=True).parameters
        except Exception:  # noqa: BLE001 - an annotation can be any code
            return found
    return found


def _named(func: Any) -> str:
    return repr(getattr(func, "__name__", type(func).__name__))


def _annotated(annotation: Any) -> dict[str, Any]:
    """Hints in an annotation: a dictionary, or one within ``Annotated[float, {...}]``."""
    hints = _as_hints(annotation)
    for found in get_args(annotation) if hasattr(annotation, "__metadata__") else ():
        hints.update(_as_hints(found))
    return hints


def _as_hints(found: Any) -> dict[str, Any]:
    """The attributes in a dictionary or Parameter; none in anything else."""
    if isinstance(found, Parameter):
        return hints_of(found, "")
    return dict(found) if isinstance(found, dict) and found and found.keys() <= _HINTS else {}


def _check_names(
    signature: Signature, func_name: str, independent: Sequence[str], parameters: Sequence[str]
) -> None:
    known = signature.arguments
    for names, what in ((independent, "independent variable"), (parameters, "parameter")):
        for name in names:
            if name not in known and not signature.takes_any:
                raise ModelError(
                    f"{what} {name!r} is no argument of the function {func_name}"
                    f"{close_matches(str(name), known)}; its arguments are {', '.join(known)}"
                )
    for name in (*parameters, *independent):
        if name in _RESERVED:
            raise ModelError(
                f"the function {func_name} has an argument {name!r}, which is an argument of Model.fit(); "
                "rename it"
            )
