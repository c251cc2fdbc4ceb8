"""Named parameters: numbers with bounds, a vary flag, and expressions that tie them.

A `Parameter` is a number with attributes.  `Parameters` is a dictionary of them,
keyed by name, which also evaluates the expressions.  Neither knows anything of
fitting: a fit reads them when it starts and writes them when it ends.

A tied parameter is evaluated when it is read and something has changed since it
was last read.  Each `Parameters` therefore keeps its expressions compiled into
one `Program`, and a flag that every change of a value raises.  For this a
Parameter knows the one `Parameters` that holds it; put into a second one, a copy
is stored there.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, TypeVar, overload

import numpy as np

from . import _params_json, _uncertain, printfuncs
from ._expressions import Expression, Namespace, Program, evaluate_text, parse
from ._format import LINE_WIDTH, folded
from ._namespace import is_procedure
from ._number_like import NumberLike, refuse_view
from ._rules import Number, bound, check_bounds, check_name, clipped, flag, label, number, valid_symbol_name
from .errors import (
    ExpressionError,
    MinimizerException,
    ParameterError,
    ParameterNameError,
    close_matches,
)

if TYPE_CHECKING:
    import ast

    from asteval import Interpreter
    from typing_extensions import Self

__all__ = ["Parameter", "Parameters", "create_params", "valid_symbol_name"]

_P = TypeVar("_P", bound="Parameters")

_ORDER_MANUAL = ("value", "vary", "min", "max", "name", "expr", "brute_step", "user_data")
_ORDER_1X = ("name", "value", "vary", "min", "max", "expr", "brute_step", "user_data")
_SETTABLE = ("value", "vary", "min", "max", "expr", "brute_step", "is_init_value")


class Parameter(NumberLike):
    """A number that can be varied or fixed, bounded, or tied to others by an expression.

    Parameters
    ----------
    value : float, optional
        Numerical value.  A first positional argument that is a string is the name, and then the
        order is ``Parameter(name, value, vary, min, max, expr, brute_step, user_data)``.
    vary : bool, optional
        Whether a fit varies it (default True).
    min, max : float, optional
        Bounds of the value; None stands for no bound and is read as ``-inf`` and ``inf``.
    name : str, optional
        A valid Python identifier; set when the Parameter enters a `Parameters`.
    expr : str, optional
        Expression that gives the value; see `Parameters`.
    brute_step : float, optional
        Step of the grid of the ``brute`` engine.
    user_data : object, optional
        Anything; it goes with the Parameter and is not looked at.

    Attributes
    ----------
    stderr : float or None
        Standard error of the value, after a fit that could estimate it.
    correl : dict or None
        After such a fit, correlations with the other variables by name.
    init_value : float or None
        Value at the start of the last fit.

    Raises
    ------
    ParameterError
        The bounds cross, or a value is not a real number.
    ParameterNameError
        The name is no identifier.

    Notes
    -----
    A Parameter stands for its value in arithmetic and comparisons.  A value outside the bounds is
    moved to the nearer bound.  Setting `value`, or ``vary=True``, drops the expression; setting
    `expr` ends varying; ``expr=None`` or ``''`` drops the expression and keeps the value.

    Examples
    --------
    >>> width = Parameter("width", 2.0, min=0)
    >>> width
    <Parameter 'width', value=2.0, bounds=[0:inf]>
    >>> width.value = -1
    >>> width.value, 2 * width + 1
    (0, 1)
    """

    brute_step: Number | None
    user_data: Any
    stderr: float | None
    correl: dict[str, float] | None
    init_value: Number | None

    #: Place among the values that a fit finds for the tied parameters.
    _slot = 0

    @overload
    def __init__(
        self,
        name: str,
        value: Any = None,
        vary: bool | None = True,
        min: Any = None,
        max: Any = None,
        expr: str | None = None,
        brute_step: Any = None,
        user_data: Any = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        value: Any = None,
        vary: bool | None = True,
        min: Any = None,
        max: Any = None,
        name: str | None = None,
        expr: str | None = None,
        brute_step: Any = None,
        user_data: Any = None,
    ) -> None: ...

    def __init__(self, *args: Any, **kws: Any) -> None:
        order = _ORDER_1X if args and isinstance(args[0], str) else _ORDER_MANUAL
        self._set_up(**_bind_arguments(order, args, kws))

    def _set_up(
        self,
        name: str | None = None,
        value: Any = None,
        vary: bool | None = True,
        min: Any = None,
        max: Any = None,
        expr: str | None = None,
        brute_step: Any = None,
        user_data: Any = None,
    ) -> None:
        self._name = None if name is None else check_name(name)
        self._owner: Parameters | None = None
        self._tie = _parsed(expr, name)
        self._vary = (vary is None or flag(vary, name)) and self._tie is None
        self._min, self._max = bound(min, name, "min"), bound(max, name, "max")
        check_bounds(self._min, self._max, name)
        self._val: Number | None = None
        if value is not None:
            self._val = clipped(number(value, name), self._min, self._max)
        self.init_value = self._val
        self.brute_step = None if brute_step is None else number(brute_step, name, "brute_step")
        self.user_data = user_data
        self.stderr = None
        self.correl = None

    @property
    def name(self) -> str | None:
        """Name; fixed while the Parameter is in a `Parameters`."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        if name == self._name:
            return
        if self._owner is not None:
            raise ParameterNameError(
                f"{label(self._name)}: it is named by its place in its Parameters; to rename it, use "
                f"params[{name!r}] = params.pop({self._name!r}) and adapt the expressions that use it"
            )
        self._name = None if name is None else check_name(name)

    @property
    def value(self) -> float:
        """Value; that of the expression, up to date, where there is one."""
        if self._tie is not None and self._owner is not None:
            self._owner._refresh(self)
        return self._val  # type: ignore[return-value]  # None only until it gets a value

    @value.setter
    def value(self, value: Any) -> None:
        self._val = None if value is None else clipped(number(value, self._name), self._min, self._max)
        self._untie()
        self._changed()

    @property
    def vary(self) -> bool:
        """Whether a fit varies the value."""
        return self._vary

    @vary.setter
    def vary(self, vary: bool) -> None:
        vary = flag(vary, self._name)
        if vary:
            self._settle()
            self._untie()
        self._vary = vary

    @property
    def min(self) -> Number:
        """Lower bound, ``-inf`` for none; the value is moved up to it."""
        return self._min

    @min.setter
    def min(self, low: Any) -> None:
        self._set_bounds(bound(low, self._name, "min"), self._max)

    @property
    def max(self) -> Number:
        """Upper bound, ``inf`` for none; the value is moved down to it."""
        return self._max

    @max.setter
    def max(self, high: Any) -> None:
        self._set_bounds(self._min, bound(high, self._name, "max"))

    def _set_bounds(self, low: Number, high: Number) -> None:
        check_bounds(low, high, self._name)
        if (low, high) == (self._min, self._max):
            return
        self._min, self._max = low, high
        if self._val is not None:
            self._val = clipped(self._val, low, high)
        self._changed(structure=self._tie is not None)

    @property
    def expr(self) -> str | None:
        """Expression that gives the value, or None."""
        return None if self._tie is None else self._tie.text

    @expr.setter
    def expr(self, text: str | None) -> None:
        tie = _parsed(text, self._name)
        if tie is None:
            self._settle()
            self._untie()
        else:
            self._tie, self._vary = tie, False
            self._changed(structure=True)

    def _settle(self) -> None:
        """Bring the value of a tied parameter up to date where it can be, before the tie goes."""
        if self._tie is not None and self._owner is not None and not self._owner._is_settled:
            with suppress(ExpressionError):
                self._val = self.value

    def _untie(self) -> None:
        if self._tie is not None:
            self._tie = None
            self._changed(structure=True)

    def _changed(self, structure: bool = False) -> None:
        if self._owner is not None:
            self._owner._stale = True
            self._owner._evaluated = None
            if structure:
                self._owner._program = None

    def set(
        self,
        value: Any = None,
        vary: bool | None = None,
        min: Any = None,
        max: Any = None,
        expr: str | None = None,
        brute_step: Any = None,
        is_init_value: bool = True,
    ) -> None:
        """Set several attributes at once, or none of them if one is invalid; None leaves one as it is.

        Parameters
        ----------
        value : float, optional
            As in `Parameter`, in any unit, as are the bounds.
        vary : bool, optional
            As in `Parameter`.
        min, max : float, optional
            As in `Parameter`; ``-inf`` and ``inf`` remove a bound.
        expr : str, optional
            As in `Parameter`; ``''`` removes the expression.
        brute_step : float, optional
            As in `Parameter`; 0 removes it.
        is_init_value : bool, optional
            Whether `value` is also the new `init_value` (default True).

        Raises
        ------
        ParameterError
            The bounds cross, or a value is not a real number.

        Examples
        --------
        >>> par = Parameter("a", 1.0)
        >>> par.set(value=12, min=10, max=20)
        >>> par
        <Parameter 'a', value=12, bounds=[10:20]>
        """
        low = self._min if min is None else number(min, self._name, "min")
        high = self._max if max is None else number(max, self._name, "max")
        check_bounds(low, high, self._name)
        new = None if value is None else number(value, self._name)
        step = self.brute_step if brute_step is None else number(brute_step, self._name, "brute_step") or None
        varied = None if vary is None else flag(vary, self._name)
        _parsed(expr, self._name)
        # Everything has been checked: from here on nothing fails half way.
        self._set_bounds(low, high)
        if new is not None:
            self.value = new
            self.init_value = self._val if is_init_value else self.init_value
        if varied is not None:
            self.vary = varied
        if expr is not None:
            self.expr = expr
        self.brute_step = step

    # Other packages are known to read these three.

    @property
    def _expr_ast(self) -> ast.AST | None:
        return None if self._tie is None else self._tie.tree

    @property
    def _expr_deps(self) -> list[str]:
        return [] if self._tie is None else list(self._tie.names)

    def _getval(self) -> Any:
        return self.value

    def __getstate__(self) -> dict[str, Any]:
        self._settle()
        state = self.__dict__.copy()
        del state["_owner"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _owner=None)

    def __copy__(self) -> Self:
        self._settle()
        return self._twin()

    def _twin(self) -> Self:
        """A copy; the value of a tied one may be out of date."""
        new = self.__class__.__new__(self.__class__)
        new.__dict__.update(self.__dict__)
        new._owner = None
        if self.correl is not None:
            new.correl = dict(self.correl)
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        self._settle()
        return self._deep_twin(memo)

    def _deep_twin(self, memo: dict[int, Any]) -> Self:
        new = self._twin()
        memo[id(self)] = new
        if self.user_data is not None:
            new.user_data = copy.deepcopy(self.user_data, memo)
        if len(self.__dict__) > len(_OWN_ATTRIBUTES):
            _deepen(new, memo)
        return new

    def __repr__(self) -> str:
        return f"<Parameter {self._name!r}, {', '.join(self._described())}>"

    def _described(self) -> Iterator[str]:
        try:
            value = f"value={self.value!r}"
        except ExpressionError:
            value = "value=? (the expression has no value)"
        if self.stderr is not None:
            value += f" +/- {self.stderr:.3g}"
        elif not self._vary and self._tie is None:
            value += " (fixed)"
        yield value
        yield f"bounds=[{self._min}:{self._max}]"
        if self._tie is not None:
            yield f"expr={self._tie.text!r}"
        if self.brute_step is not None:
            yield f"brute_step={self.brute_step}"


def _deepen(par: Parameter, memo: dict[int, Any]) -> None:
    """Replace what a subclass has added to a copied Parameter by copies, too."""
    added = par.__dict__.keys() - _OWN_ATTRIBUTES
    par.__dict__.update({key: copy.deepcopy(par.__dict__[key], memo) for key in added})


def _parsed(text: str | None, name: str | None) -> Expression | None:
    """The expression that `text` is; None and '' stand for none."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise ParameterError(
            f"{label(name)}: expr must be text such as '2*a + b', but is {text!r:.80} of type "
            f"{type(text).__name__}; put it in quotes, or set the value instead"
        )
    return parse(text, name or "") if text else None


def _bind_arguments(order: tuple[str, ...], args: tuple[Any, ...], kws: dict[str, Any]) -> dict[str, Any]:
    """Match positional arguments with their names, with the errors of a plain signature."""
    settings = dict(zip(order, args))
    unknown = [key for key in kws if key not in order]
    twice = [key for key in kws if key in settings]
    if len(args) > len(order) or unknown or twice:
        problem = (
            f"got an unknown argument {unknown[0]!r}{close_matches(unknown[0], order)}"
            if unknown
            else f"got {twice[0]!r} twice"
            if twice
            else f"takes at most {len(order)} arguments, got {len(args)}"
        )
        raise TypeError(f"Parameter() {problem}; the arguments are {', '.join(order)}")
    return {**settings, **kws}


_OWN_ATTRIBUTES = frozenset(vars(Parameter()))


#: Attributes of a Parameters whose tied parameters wait for their values.
_NOTHING_EVALUATED: dict[str, Any] = {"_stale": True, "_seen": -1, "_evaluated": None}


class Parameters(dict[str, Parameter]):
    """A dictionary of `Parameter` objects by name, and the expressions that tie them.

    Parameters
    ----------
    usersyms : dict, optional
        Functions and values that expressions may use by name, besides the built-in mathematics.

    Notes
    -----
    Keys are valid Python identifiers, values are `Parameter` objects.  A Parameter that is already in
    another `Parameters` is copied.  An expression may use the names of all parameters, also of those
    added later.

    Examples
    --------
    >>> params = Parameters()
    >>> params.add("frac_1", value=0.3, min=0, max=1)
    >>> params.add("frac_2", expr="1 - frac_1")
    >>> params["frac_1"].value = 0.25
    >>> params["frac_2"].value
    0.75
    """

    _delay_asteval = False  # read and set by code written for 1.x; expressions are always evaluated late

    def __init__(self, usersyms: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        if usersyms is not None:
            _check_symbols(usersyms)
        self._namespace = Namespace(usersyms)
        self._program: Program | None = None
        self._stale = True
        self._seen = -1
        #: Values that a fit has found for the tied parameters, by their `_slot`, until something changes.
        self._evaluated: Sequence[float] | None = None
        #: Counts the fits that have written here, so that each can tell whether it was the last.
        self._generation = 0

    def __setitem__(self, name: str, par: Parameter) -> None:
        name = _check_entry(name, par)
        if par is self.get(name):
            return
        if par._owner is not None:
            par = copy.copy(par)
        par.name = name
        self._enter(name, par)

    def _enter(self, name: str, par: Parameter) -> None:
        """Take a Parameter of that name that is in no other Parameters."""
        present = self.get(name)
        if present is not None:
            present._settle()
            present._owner = None
        super().__setitem__(name, par)
        par._owner = self
        self._restructured()

    def __missing__(self, name: str) -> Parameter:
        hint = close_matches(str(name), self) or f"; there are {', '.join(map(repr, self)) or 'none'}"
        raise ParameterNameError(f"no parameter is named {name!r:.80}{hint:.200}")

    def __delitem__(self, name: str) -> None:
        self.pop(name)

    @overload
    def pop(self, name: str, /) -> Parameter: ...

    @overload
    def pop(self, name: str, default: Any, /) -> Any: ...

    def pop(self, name: str, *default: Any) -> Any:
        """Remove a parameter and return it, free to enter another `Parameters`.

        Parameters
        ----------
        name : str
            Name of the parameter.
        *default : object
            What is returned where there is no such parameter.

        Returns
        -------
        Parameter
            What was removed, or the default.

        Raises
        ------
        ParameterNameError
            There is no such parameter, and no default.

        Examples
        --------
        >>> params = create_params(a=1, b=2)
        >>> params.pop("a").value, list(params)
        (1, ['b'])
        """
        if name not in self:
            return default[0] if default else self.__missing__(name)
        par = self[name]
        par._settle()
        super().__delitem__(name)
        par._owner = None
        self._restructured()
        return par

    def popitem(self) -> tuple[str, Parameter]:
        """Remove the last parameter and return it with its name.

        Returns
        -------
        name : str
            Its name.
        par : Parameter
            Free to enter another `Parameters`.

        Raises
        ------
        ParameterNameError
            There are no parameters.

        Examples
        --------
        >>> create_params(a=1, b=2).popitem()
        ('b', <Parameter 'b', value=2, bounds=[-inf:inf]>)
        """
        if not self:
            raise ParameterNameError("popitem: there are no parameters left")
        name = next(reversed(self))
        return name, self.pop(name)

    def clear(self) -> None:
        """Remove all parameters.

        Examples
        --------
        >>> params = create_params(a=1, b=2)
        >>> params.clear()
        >>> params
        Parameters()
        """
        for par in self.values():
            par._settle()
        for par in self.values():
            par._owner = None
        super().clear()
        self._restructured()

    def setdefault(self, name: str, default: Any = None) -> Parameter:
        """Return the parameter `name`, after adding `default` under it where there is none.

        Parameters
        ----------
        name : str
            Name of the parameter.
        default : Parameter
            What is added where there is none of that name.

        Returns
        -------
        Parameter
            The one that is there now.

        Examples
        --------
        >>> params = create_params(a=1)
        >>> params.setdefault("a", Parameter(5)).value, params.setdefault("b", Parameter(5)).value
        (1, 5)
        """
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, *others: Any, **kws: Any) -> None:
        """Add the parameters of `others`, and their symbols; replaces those of the same name.

        Parameters
        ----------
        *others : Parameters, mapping or iterable of (name, Parameter)
            A Parameter that is in another `Parameters` is copied.
        **kws : Parameter
            Further ones, by name.

        Raises
        ------
        ParameterError, ParameterNameError
            An entry is not a Parameter, or its name is invalid; then nothing is added.

        Examples
        --------
        >>> params = create_params(a=1, b=2)
        >>> params.update(create_params(b=3), c=Parameter(4))
        >>> params.valuesdict()
        {'a': 1, 'b': 3, 'c': 4}
        """
        merged: dict[str, Any] = {}
        for other in (*others, kws):
            merged.update(_named(other))
        for name, par in merged.items():
            _check_entry(name, par)
        for other in others:
            if isinstance(other, Parameters):
                self._learn_symbols(other)
        for name, par in merged.items():
            self[name] = par

    def __add__(self, other: Parameters) -> Self:
        new = self.copy()
        new += copy.copy(other)
        return new

    def __iadd__(self, other: Parameters) -> Self:
        if not isinstance(other, Parameters):
            raise ParameterError(
                f"only a Parameters can be added to a Parameters, not {type(other).__name__}; "
                "use add(), add_many() or update()"
            )
        self.update(other)
        return self

    def __or__(self, other: Any) -> Self:  # type: ignore[override]
        if not isinstance(other, Mapping):
            return NotImplemented
        new = self.copy()
        new.update(other)
        return new

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]
        self.update(other)
        return self

    def add(
        self,
        name: str | Parameter,
        value: Any = None,
        vary: bool | None = True,
        min: Any = None,
        max: Any = None,
        expr: str | None = None,
        brute_step: Any = None,
        user_data: Any = None,
    ) -> None:
        """Add a parameter, or replace the one of that name.

        Parameters
        ----------
        name : str or Parameter
            Its name; or a Parameter, and then the other arguments are not looked at.
        value, vary, min, max, expr, brute_step, user_data : optional
            Its attributes, see `Parameter`.

        Raises
        ------
        ParameterError
            The bounds cross, or a value is not a real number.
        ParameterNameError
            The name is no identifier.

        Examples
        --------
        >>> params = Parameters()
        >>> params.add("amplitude", value=10, min=0)
        >>> params.add(Parameter("center", 5.0))
        >>> list(params)
        ['amplitude', 'center']
        """
        if isinstance(name, Parameter):
            self[check_name(name.name)] = name
            return
        par = _new_parameter(name, value, vary, min, max, expr, brute_step, user_data)
        self._enter(check_name(par._name), par)

    def add_many(self, *parlist: Any) -> None:
        """Add several parameters; if one is invalid, none is added.

        Parameters
        ----------
        *parlist : tuple or Parameter
            Each a Parameter, or a tuple ``(name, value, vary, min, max, expr, brute_step, user_data)``
            of which the last entries may be missing.  One list of these is also accepted.

        Examples
        --------
        >>> params = Parameters()
        >>> params.add_many(("amp", 10, True, 0), ("cen", 1.2, True, 0.5, 2.0))
        >>> params.add_many(("wid", None, False, None, None, "cen/2"))
        >>> params["wid"].value
        0.6
        """
        entries = [_parameter_of(entry) for entry in _entries(parlist)]
        for par in entries:
            self.add(par)

    def set(self, **kws: Any) -> None:
        """Set values, or several attributes, by name of the parameter; if one is invalid, none is set.

        Parameters
        ----------
        **kws : float, dict or Parameter
            Of each parameter the value, or the keywords of `Parameter.set`.  A parameter that does not
            exist is added, from its value, the keywords of `add`, or a Parameter.

        Examples
        --------
        >>> params = create_params(a=1, b=2)
        >>> params.set(a=3, b={"value": 4, "min": 0})
        >>> params.valuesdict()
        {'a': 3, 'b': 4}
        """
        changes = {
            name: _setting(name, given, _SETTABLE if name in self else _ORDER_1X[1:])
            for name, given in kws.items()
        }
        added = [_added(name, change) for name, change in changes.items() if name not in self]
        present = [(self[name], change) for name, change in changes.items() if name in self]
        for par, change in present:
            copy.copy(par).set(**change)  # finds what is invalid while nothing has changed
        for par, change in present:
            par.set(**change)
        for par in added:
            self.add(par)

    def valuesdict(self) -> dict[str, float]:
        """Return a plain dictionary of the values by name.

        Returns
        -------
        dict
            In the order of the parameters; tied ones are up to date.

        Examples
        --------
        >>> create_params(a=1, b={"expr": "2*a"}).valuesdict()
        {'a': 1, 'b': 2.0}
        """
        return {name: par.value for name, par in self.items()}

    def eval(self, expr: str) -> Any:
        """Return the value of an expression of the parameters.

        Parameters
        ----------
        expr : str
            As that of a tied parameter; it may use all names, and the user's symbols.

        Returns
        -------
        float or other
            Its value now.

        Raises
        ------
        ExpressionError
            It cannot be understood, or has no value.

        Examples
        --------
        >>> create_params(a=1.5, b=2.0).eval("a * sqrt(b + 2)")
        3.0
        """
        if not isinstance(expr, str):
            raise ExpressionError(f"an expression must be text such as '2*a + b', not {expr!r:.80}")
        # Only what is needed is evaluated; the other names are there for hints in errors.
        values = dict.fromkeys(self, math.nan) | {
            name: self[name].value for name in self._reached(parse(expr))
        }
        return evaluate_text(expr, values, self._namespace)

    def update_constraints(self) -> None:
        """Evaluate all expressions now instead of at the next reading.

        Raises
        ------
        ExpressionError
            Naming the first parameter whose expression has no value.

        Examples
        --------
        >>> create_params(a=2, b={"expr": "2*c"}).update_constraints()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lmfit.errors.ExpressionError: parameter 'b': ...'c'...
        """
        self._evaluate(self._compiled())
        self._stale, self._seen = False, self._namespace.version

    def pretty_repr(self, oneline: bool = False) -> str:
        """Return the parameters as text, one a line or all in one.

        Parameters
        ----------
        oneline : bool, optional
            Whether to return the same as ``repr``.

        Returns
        -------
        str
            Without a newline at the end.

        Examples
        --------
        >>> print(create_params(a=1, b={"value": 2, "min": 0}).pretty_repr())
        Parameters({
            'a': <Parameter 'a', value=1, bounds=[-inf:inf]>,
            'b': <Parameter 'b', value=2, bounds=[0:inf]>,
        })
        """
        if oneline:
            return repr(self)
        lines = (folded(f"{name!r}: {par!r},", "    ") for name, par in self.items())
        return "\n".join(["Parameters({", *lines, "})"])

    def pretty_print(
        self,
        oneline: bool = False,
        colwidth: int = 8,
        precision: int = 4,
        fmt: str = "g",
        columns: Iterable[str] = ("value", "min", "max", "stderr", "vary", "expr", "brute_step"),
    ) -> None:
        """Print the parameters as a table.

        Parameters
        ----------
        oneline : bool, optional
            Print the one-line representation instead.
        colwidth : int, optional
            Width of a column in characters.
        precision : int, optional
            Digits of numbers.
        fmt : {'g', 'e', 'f'}, optional
            Format code of numbers.
        columns : list of str, optional
            Attributes to show.

        Examples
        --------
        >>> create_params(a=1, b={"value": 2.5, "min": 0}).pretty_print(columns=["value", "min"])
        Name     Value      Min
        a            1     -inf
        b          2.5        0
        """
        if oneline:
            print(self.pretty_repr(oneline=True))
        else:
            print(printfuncs.params_table(self, colwidth, precision, fmt, list(columns)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.items())!r})" if self else f"{type(self).__name__}()"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show many parameters one below the other, in IPython."""
        text = repr(self)
        printer.text(text if len(text) <= LINE_WIDTH else self.pretty_repr())

    def _repr_html_(self) -> str | None:
        try:
            return printfuncs.params_html_table(self)
        except ExpressionError:
            return None  # notebooks then show the text

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        refuse_view(copy)
        return np.array([par.value for par in self.values()], dtype=dtype)

    def create_uvars(self, covar: Any = None) -> dict[str, Any]:
        """Return the parameters as numbers with uncertainty of the package ``uncertainties``.

        Parameters
        ----------
        covar : array_like, shape (n, n), optional
            Covariance of the n varied parameters, in their order; their own `stderr` and `correl`
            by default.

        Returns
        -------
        dict
            Numbers by name.  Their errors follow each other through later calculations; those of
            parameters that are fixed, or have no error, are 0.

        Raises
        ------
        ParameterError
            `covar` has another shape.
        ImportError
            The package ``uncertainties`` is not installed.

        Examples
        --------
        >>> params = create_params(a=1.5, b={"expr": "2*a"})
        >>> params["a"].stderr = 0.2
        >>> numbers = params.create_uvars()
        >>> print(numbers["b"], numbers["b"] - 2 * numbers["a"])
        3.0+/-0.4 0.0+/-0
        """
        varied = [name for name, par in self.items() if par.vary]
        given = _uncertain.covariance_of(self, varied) if covar is None else np.array(covar, dtype=float)
        if given.size != len(varied) ** 2:
            raise ParameterError(
                f"covar must have a row and a column for each of {', '.join(varied)}, not shape {given.shape}"
            )
        given = given.reshape(len(varied), len(varied))
        values = {name: number(value, name) for name, value in self.valuesdict().items()}
        return _uncertain.correlated_numbers(values, varied, given, self._compiled())

    @property
    def _asteval(self) -> Interpreter:
        """The interpreter of the expressions, which also knows the values of the parameters."""
        interpreter = self._namespace.interpreter
        interpreter.symtable.background = _Values(self)
        return interpreter

    def _learn_symbols(self, other: Parameters) -> None:
        """Add the user's symbols of another Parameters; functions from its interpreter then run in ours."""
        for name, value in other._namespace.user_symbols().items():
            own = self._namespace.interpreter.adopt(value) if is_procedure(value) else value
            self._namespace.symbols[name] = own

    def _restructured(self) -> None:
        self._program = None
        self._stale = True
        self._evaluated = None

    def _compiled(self) -> Program:
        if self._program is None:
            self._program = self._program_of(self._ties())
        return self._program

    def _ties(self) -> dict[str, Expression]:
        return {name: par._tie for name, par in self.items() if par._tie is not None}

    def _program_of(self, ties: dict[str, Expression]) -> Program:
        bounds = {name: (self[name]._min, self[name]._max) for name in ties}
        bounded = {name: (lo, hi) for name, (lo, hi) in bounds.items() if lo > -math.inf or hi < math.inf}
        return Program(ties, self.keys(), self._namespace, bounded)

    @property
    def _is_settled(self) -> bool:
        """Whether every tied parameter holds the value of its expression."""
        return self._evaluated is None and not self._stale and self._seen == self._namespace.version

    def _refresh(self, par: Parameter) -> None:
        """Bring all tied parameters up to date, or at least `par`."""
        if self._evaluated is not None:
            par._val = self._evaluated[par._slot]
            return
        if not self._stale and self._seen == self._namespace.version:
            return
        with suppress(ExpressionError):
            self.update_constraints()
            return
        # Another expression may be to blame, or not be complete yet.
        assert par._tie is not None
        ties = self._ties()
        needed = [str(par.name), *self._reached(par._tie)]
        self._evaluate(self._program_of({name: ties[name] for name in needed if name in ties}))

    def _evaluate(self, program: Program) -> None:
        values = program.evaluate([self._input(name) for name in program.inputs])
        for name, value in zip(program.order, values, strict=True):
            self[name]._val = value

    def _input(self, name: str) -> float:
        value = self[name]._val
        if value is None:
            users = sorted(user for user, tie in self._ties().items() if name in tie.names)
            raise ExpressionError(
                f"parameter {users[0] if users else name!r}: its expression uses {name!r}, which has no "
                f"value; set params[{name!r}].value first"
            )
        return float(value)  # compiled expressions count on it: powers of integers can run away

    def _reached(self, expression: Expression) -> list[str]:
        """The parameters that an expression uses, directly or not."""
        ties, inside = self._ties(), dict(self._namespace.signature)
        found: dict[str, None] = {}
        waiting = list(expression.names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found[name] = None
            if name in ties:
                waiting.extend(ties[name].names)
            elif name not in self:
                # A function that was defined in the interpreter may use parameters itself.
                waiting.extend(inside.get(name, ())[1:])
        return [name for name in found if name in self]

    def copy(self) -> Self:
        """Return an independent copy; only the user's symbols are the same objects.

        Returns
        -------
        lmfit.Parameters
            Of the same class.

        Examples
        --------
        >>> params = create_params(a=1)
        >>> params.copy()["a"].value = 5
        >>> params["a"].value
        1
        """
        return copy.copy(self)

    def __copy__(self) -> Self:
        new = self.__class__.__new__(self.__class__)
        namespace = self._namespace.copy()
        program = None if self._program is None else self._program.moved_to(namespace)
        new.__dict__.update(self.__dict__, _namespace=namespace, _program=program, **_NOTHING_EVALUATED)
        new._take_copies(self, {})
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        new = _blank(self.__class__)
        memo[id(self)] = new
        new.__dict__.update(copy.deepcopy(self._carried(), memo))
        new._take_copies(self, memo)
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return _blank, (self.__class__,), self._carried(), None, iter(self.items())

    def _carried(self) -> dict[str, Any]:
        """Attributes that go with a copy; the others are found again from the parameters."""
        found_again = {"_program", *_NOTHING_EVALUATED}
        return {key: value for key, value in self.__dict__.items() if key not in found_again}

    def _take_copies(self, pars: Parameters, memo: dict[int, Any]) -> None:
        for name, par in pars.items():
            # Tied ones are evaluated again where they are read first.
            twin = memo[id(par)] if id(par) in memo else par._deep_twin(memo)
            twin._owner = self
            super().__setitem__(name, twin)

    def dumps(self, **kws: Any) -> str:
        """Return the parameters as JSON text.

        Parameters
        ----------
        **kws
            For `json.dumps`.

        Returns
        -------
        str
            What `loads` reads, on any machine.

        Raises
        ------
        ParameterError
            A `user_data` is not plain data; the message names its parameter.

        Notes
        -----
        Functions among the user's symbols are not stored; a warning names them.

        Examples
        --------
        >>> params = create_params(a={"value": 1.5, "min": 0}, b={"expr": "2*a"})
        >>> Parameters().loads(params.dumps()) == params
        True
        """
        return _params_json.dumps(self, self._namespace.user_symbols(), **kws)

    def loads(self, s: str, **kws: Any) -> Self:
        """Replace the content by that of JSON text from `dumps`, also of lmfit 1.x.

        The user's symbols that are already here stay.  Nothing in the text is executed: functions that
        1.x stored as pickles are ignored, and a warning names them.

        Parameters
        ----------
        s : str
            The text.
        **kws
            For `json.loads`.

        Returns
        -------
        Self
            The same object.

        Raises
        ------
        ParameterError
            The text is not what `dumps` writes; then nothing has changed.

        Examples
        --------
        >>> Parameters().loads(create_params(a={"value": 1.5, "min": 0}).dumps())
        Parameters([('a', <Parameter 'a', value=1.5, bounds=[0:inf]>)])
        """
        symbols, settings = _params_json.loads(s, self._namespace, **kws)
        new = Parameters(symbols)
        try:
            for setting in settings:
                par = _new_parameter(**setting.arguments)
                vars(par).update(setting.results)
                new.add(par)
        except MinimizerException as error:
            raise ParameterError(f"parameters cannot be read: {error}") from error
        self.clear()
        self.update(new)
        return self

    def dump(self, fp: IO[str], **kws: Any) -> int:
        """Write `dumps` to an open text file; return the number of characters.

        Parameters
        ----------
        fp : file
            Open for writing text.
        **kws
            For `json.dumps`.

        Returns
        -------
        int
            Number of characters.

        Examples
        --------
        >>> from io import StringIO
        >>> file = StringIO()
        >>> create_params(a=1.5).dump(file) == len(file.getvalue())
        True
        >>> _ = file.seek(0)
        >>> Parameters().load(file)["a"].value
        1.5
        """
        return fp.write(self.dumps(**kws))

    def load(self, fp: IO[str], **kws: Any) -> Self:
        """Read an open text file as `loads` does.

        Parameters
        ----------
        fp : file
            Open for reading text.
        **kws
            For `json.loads`.

        Returns
        -------
        Self
            The same object.
        """
        return self.loads(fp.read(), **kws)


class _Values(Mapping[str, Any]):
    """The values of parameters by name, as the interpreter sees them."""

    def __init__(self, params: Parameters) -> None:
        self._params = params

    def __getitem__(self, name: str) -> Any:
        return self._params[name].value

    def __contains__(self, name: object) -> bool:
        return name in self._params

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)


def _blank(cls: type[_P]) -> _P:
    """An empty Parameters, also of a subclass whose constructor needs arguments."""
    new: _P = cls.__new__(cls)
    Parameters.__init__(new)
    return new


def _check_entry(name: object, par: object) -> str:
    valid = check_name(name)
    if not isinstance(par, Parameter):
        raise ParameterError(
            f"parameter {name!r}: a Parameters holds Parameter objects, not {type(par).__name__} "
            f"({par!r:.80}); use params.add({name!r}, value=...) or params[{name!r}].value = ..."
        )
    return valid


def _check_symbols(given: object) -> None:
    """Refuse symbols that no expression could name."""
    if not isinstance(given, Mapping):
        raise ParameterError(
            "usersyms must be a dictionary, of functions and values for expressions by name, not "
            f"{given!r:.80}; to add parameters use add(), add_many() or update()"
        )
    for name in given:
        if not valid_symbol_name(name):
            raise ParameterError(f"usersyms: {name!r:.80} is no Python identifier; choose another name")


def _named(given: Any) -> dict[Any, Any]:
    """What update() was given as a dictionary."""
    try:
        return dict(given)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"update() takes Parameters, dictionaries and pairs (name, Parameter), not {given!r:.80}"
        ) from error


def _new_parameter(name: str, *args: Any, **kws: Any) -> Parameter:
    """What ``Parameter(name, ...)`` makes, without looking for the order of the arguments."""
    par = Parameter.__new__(Parameter)
    par._set_up(name, *args, **kws)
    return par


def _entries(parlist: tuple[Any, ...]) -> Iterable[Any]:
    """What add_many() was given one by one, or as one list."""
    if (
        len(parlist) == 1
        and isinstance(parlist[0], Iterable)
        and not isinstance(parlist[0], (str, Parameter))
    ):
        entries = list(parlist[0])
        if not (entries and isinstance(entries[0], str)):
            return entries
    return parlist


def _parameter_of(entry: Any) -> Parameter:
    if isinstance(entry, Parameter):
        check_name(entry.name)
        return entry
    if isinstance(entry, (tuple, list)) and entry:
        return Parameter(check_name(entry[0]), *entry[1:])
    raise ParameterError(
        f"add_many() takes tuples (name, value, vary, min, max, expr, brute_step, user_data) and Parameter "
        f"objects, not {entry!r:.80}"
    )


def _setting(name: str, given: Any, known: Iterable[str]) -> Mapping[str, Any]:
    """The keywords that set a parameter, from what the user gave for it."""
    if not isinstance(given, Mapping):
        return {"value": given}
    for key in given:
        if key not in known:
            raise ParameterError(
                f"parameter {name!r}: unknown attribute {key!r}{close_matches(str(key), known)}; "
                f"known are {', '.join(known)}"
            )
    return given


def _added(name: str, setting: Mapping[str, Any]) -> Parameter:
    given = setting.get("value")
    if isinstance(given, Parameter) and len(setting) == 1:
        par = copy.copy(given)
        par.name = name
        return par
    return _new_parameter(name, **setting)


def create_params(**kws: Any) -> Parameters:
    """Return `Parameters` from keywords: numbers, or dictionaries of attributes.

    Parameters
    ----------
    **kws : float, dict or Parameter
        By name a value; or the keywords of `Parameters.add`; or a Parameter.

    Returns
    -------
    lmfit.Parameters
        In the order of the keywords.

    Raises
    ------
    ParameterError
        An attribute is unknown or invalid.

    Examples
    --------
    >>> params = create_params(amp=10, cen={"value": 5, "min": 0}, wid={"expr": "cen / 4"})
    >>> params["wid"].value
    1.25
    """
    params = Parameters()
    params.set(**kws)
    return params
