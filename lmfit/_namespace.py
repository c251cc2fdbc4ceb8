"""What expressions may refer to besides parameters: mathematics and the user's own symbols.

The user's symbols live in one dictionary, the `SymbolTable`, which counts its changes;
mathematics lies beneath it and is shared by all.  The interpreter works on the same
dictionary and is made when somebody asks for it: most fits never need one.
"""

from __future__ import annotations

import ast
import copy
import itertools
import pickle
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ._functions import MATHEMATICS
from ._syntax import free_names

if TYPE_CHECKING:
    from ._sandbox import SafeInterpreter

__all__ = ["Namespace", "SymbolTable"]

# Unique numbers: a table that is put back has its old version again, and no other table has it.
_VERSIONS = itertools.count(1)

Signature = frozenset[tuple[str, tuple[str, ...]]]


class SymbolTable(dict[str, Any]):
    """The symbols that the user has added, over those of mathematics.

    Iteration and length show the user's symbols only; looking up finds both.

    Attributes
    ----------
    version : int
        Changes with every change of the table.
    background : mapping
        What else is found, such as the values of parameters: after the user's symbols and
        before mathematics.  It is not copied with them.
    lock : RLock
        Held while something is evaluated: values of parameters then stand among the symbols, which
        other threads must not take for symbols of the user.

    Examples
    --------
    >>> table = SymbolTable(c=299792458.0)
    >>> list(table), "sqrt" in table, table["sqrt"](4)
    (['c'], True, 2.0)
    """

    version: int = 0
    background: Mapping[str, Any] = MATHEMATICS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lock = threading.RLock()

    def __reduce__(self) -> tuple[Any, ...]:
        state = {key: value for key, value in self.__dict__.items() if key != "lock"}
        return type(self), (), state, None, iter(dict(self).items())

    def __missing__(self, name: str) -> Any:
        return self.background[name] if name in self.background else MATHEMATICS[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.background or name in MATHEMATICS

    def get(self, name: str, default: Any = None) -> Any:
        """Return the symbol or function of that name, or `default`."""
        try:
            return self[name]
        except KeyError:
            return default

    def _changed(self) -> None:
        self.version = next(_VERSIONS)

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        self._changed()

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._changed()

    def __ior__(self, other: Any) -> SymbolTable:  # type: ignore[override,misc]  # noqa: PYI034
        self.update(other)
        return self

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Add symbols, as `dict.update`."""
        super().update(*args, **kwargs)
        self._changed()

    def pop(self, *args: Any) -> Any:
        """Remove a symbol of the user, as `dict.pop`."""
        value = super().pop(*args)
        self._changed()
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the newest symbol, as `dict.popitem`."""
        item = super().popitem()
        self._changed()
        return item

    def clear(self) -> None:
        """Remove all symbols of the user."""
        super().clear()
        self._changed()

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the symbol of that name, which becomes `default` if there is none."""
        if name not in self:
            self[name] = default
        return self[name]

    def copy(self) -> SymbolTable:
        """Return a table with the same symbols and the same version."""
        new = SymbolTable(self)
        new.version = self.version
        return new

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back the contents of a copy, and its version with them."""
        super().clear()
        super().update(saved)
        self.version = saved.version if isinstance(saved, SymbolTable) else next(_VERSIONS)

    @contextmanager
    def overlaid(self, values: Mapping[str, Any]) -> Iterator[None]:
        """Add `values` for a while; whatever happens to the table in between is undone."""
        saved = self.copy()
        super().update(values)
        try:
            yield
        finally:
            self.restore(saved)


class Namespace:
    """What expressions may refer to besides parameters.

    Parameters
    ----------
    usersyms : mapping, optional
        The user's own functions and constants, by name; they hide mathematics.

    Attributes
    ----------
    symbols : SymbolTable
        The user's symbols; it is also the symbol table of the interpreter.

    Examples
    --------
    >>> namespace = Namespace({"double": lambda x: 2 * x})
    >>> namespace.interpreter("def triple(x): return 3*x")
    >>> namespace.interpreter("triple(double(1.5))")
    9.0
    >>> sorted(namespace.user_symbols())
    ['double', 'triple']
    """

    def __init__(self, usersyms: Mapping[str, Any] | None = None) -> None:
        self.symbols = SymbolTable()
        self._interpreter: SafeInterpreter | None = None
        self._signature: tuple[int, Signature] = (0, frozenset())
        if usersyms:
            self.symbols.update(usersyms)

    @property
    def version(self) -> int:
        """A number that is another one after each change of a symbol."""
        return self.symbols.version

    @property
    def interpreter(self) -> SafeInterpreter:
        """The interpreter, made when it is first needed."""
        if self._interpreter is None:
            from ._sandbox import SafeInterpreter

            self._interpreter = SafeInterpreter(self.symbols)
        return self._interpreter

    def user_symbols(self) -> dict[str, Any]:
        """Return what the user has added, by name."""
        with self.symbols.lock:
            return dict(self.symbols)

    def lookup(self, name: str) -> Any:
        """Return the user's symbol of that name, or else that of mathematics.

        Raises
        ------
        KeyError
            If there is none.
        """
        return self.symbols[name]

    def __contains__(self, name: object) -> bool:
        return name in self.symbols

    def __repr__(self) -> str:
        return f"Namespace({', '.join(self.symbols)})"

    @property
    def signature(self) -> Signature:
        """The names and kinds of the user's symbols: all that a compiled expression depends on."""
        version, signature = self._signature
        if version != self.symbols.version:
            with self.symbols.lock:
                signature = frozenset((name, self._kind(value)) for name, value in self.symbols.items())
                self._signature = self.symbols.version, signature
        return signature

    def _kind(self, value: Any) -> tuple[str, ...]:
        if type(value) is float:
            return ("float",)
        if type(value) in (int, bool):
            return ("int",)
        return ("procedure", *self._globals_of(value)) if is_procedure(value) else ("any",)

    def _globals_of(self, procedure: Any) -> list[str]:
        """Return the names that a procedure takes from outside, those of procedures it calls included."""
        found: dict[str, None] = {}
        waiting = [procedure]
        while waiting:
            for name in _outside_names(waiting.pop()):
                if name not in found:
                    found[name] = None
                    if is_procedure(dict.get(self.symbols, name)):
                        waiting.append(self.symbols[name])
        return list(found)

    def copy(self) -> Namespace:
        """Return a namespace with the same symbols, and an interpreter of its own when needed."""
        return self._with_symbols(self.user_symbols() if self.symbols else {})

    def __copy__(self) -> Namespace:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Namespace:
        symbols = self.user_symbols()
        functions = {name: value for name, value in symbols.items() if callable(value)}
        data = {name: value for name, value in symbols.items() if name not in functions}
        copied = copy.deepcopy(data, memo) if data else data
        return self._with_symbols({name: copied.get(name, value) for name, value in symbols.items()})

    def _with_symbols(self, symbols: Mapping[str, Any]) -> Namespace:
        new = Namespace(symbols)
        for name, value in symbols.items():
            if is_procedure(value):
                new.symbols[name] = new.interpreter.adopt(value)
        return new

    def __getstate__(self) -> dict[str, Any]:
        all_symbols = self.user_symbols()
        procedures = {name: value for name, value in all_symbols.items() if is_procedure(value)}
        symbols = {name: value for name, value in all_symbols.items() if name not in procedures}
        for name, value in symbols.items():
            _check_pickles(name, value)
        return {"symbols": symbols, "procedures": [_source(*item) for item in procedures.items()]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["symbols"])  # type: ignore[misc]
        for source in state["procedures"]:
            self.interpreter(source)


def is_procedure(value: Any) -> bool:
    """Tell whether `value` is a function that was defined in an interpreter."""
    # There is none before asteval has been imported, which is not done for this question.
    asteval = sys.modules.get("asteval")
    return asteval is not None and isinstance(value, asteval.astutils.Procedure)


def _outside_names(procedure: Any) -> Iterable[str]:
    body: list[ast.AST] = procedure.__body__
    inside = set(procedure.__argnames__)
    inside |= {name for name, _ in procedure.__kwargs__} | {procedure.__vararg__, procedure.__varkws__}
    nodes = itertools.chain.from_iterable(ast.walk(statement) for statement in body)
    inside |= {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    return [name for name in free_names(body) if name not in inside]


def _source(name: str, procedure: Any) -> str:
    """Return the statement that defines the procedure."""
    text: str = procedure.__text__
    return f"{name} = {text}" if procedure.__is_lambda__ else text


def _check_pickles(name: str, value: Any) -> None:
    if isinstance(value, (int, float, complex, str, np.ndarray, np.generic)):
        return
    if {"cloudpickle", "dill"} & sys.modules.keys():
        return  # these can pickle more, and say themselves what they cannot
    try:
        pickle.dumps(value)
    except Exception as exc:
        raise pickle.PicklingError(
            f"user symbol {name!r} cannot be pickled: {exc}; define it at the top level of a module"
        ) from exc
