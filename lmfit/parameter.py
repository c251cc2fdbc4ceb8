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
import keyword
import math
import operator
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from . import _params_json, _uncertain, printfuncs
from ._derivatives import Array, vector_jacobian
from ._expressions import Expression, Namespace, Program, evaluate_text, parse
from .errors import ExpressionError, ParameterError, ParameterNameError, close_matches

if TYPE_CHECKING:
    import ast

    from asteval import Interpreter
    from typing_extensions import Self

__all__ = ["Parameter", "Parameters", "create_params", "valid_symbol_name"]

Number: TypeAlias = float | int

_ORDER_MANUAL = ("value", "vary", "min", "max", "name", "expr", "brute_step", "user_data")
_ORDER_1X = ("name", "value", "vary", "min", "max", "expr", "brute_step", "user_data")


def valid_symbol_name(name: object) -> bool:
    """Return whether `name` can name a parameter: an identifier that is no reserved word.

    Examples
    --------
    >>> [valid_symbol_name(name) for name in ("amp_1", "1amp", "lambda", "a b")]
    [True, False, False, False]
    """
    return (
        isinstance(name, str)
        and name.isidentifier()
        and not keyword.iskeyword(name)
        # Python's parser normalises names, so that another spelling would never be found again.
        and unicodedata.normalize("NFKC", name) == name
    )


def _check_name(name: object) -> str:
    if not valid_symbol_name(name):
        raise ParameterNameError(
            f"parameter {name!r}: a name must be a valid Python identifier (letters, digits and '_', "
            "not starting with a digit) and no reserved word; choose another name"
        )
    return str(name)


def _label(name: str | None) -> str:
    return f"parameter {name!r}" if name else "parameter (without a name)"


def _number(given: Any, name: str | None, role: str = "value") -> Number:
    """Return `given` as a Python number, or say why it is none."""
    if type(given) is float or type(given) is int:
        number: Number = given
    elif isinstance(given, Parameter):
        number = _number(given.value, name, role)
    else:
        number = _converted(given, name, role)
    if number != number:
        raise ParameterError(f"{_label(name)}: {role} must be a number, but is NaN; give a finite number")
    return number


def _converted(given: Any, name: str | None, role: str) -> Number:
    rule = f"{_label(name)}: {role} must be a real number, but is {given!r} of type {type(given).__name__}"
    if isinstance(given, (str, bytes)):
        raise ParameterError(f"{rule}; convert it with float() first")
    try:
        item = np.asarray(given).item() if hasattr(given, "__array__") else given
        if isinstance(item, complex):
            raise TypeError("complex")
        return item if isinstance(item, int) else float(item)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{rule}; give a single number") from error


def _bound(given: Any, name: str | None, role: str, default: float) -> Number:
    return default if given is None else _number(given, name, role)


def _check_bounds(low: Number, high: Number, name: str | None) -> None:
    if not low < high:
        remedy = "set vary=False to hold a value" if low == high else "exchange them"
        raise ParameterError(f"{_label(name)}: min ({low!r}) must be below max ({high!r}); {remedy}")


def _clipped(value: Number, low: Number, high: Number) -> Number:
    return low if value < low else high if value > high else value


def _forward(operation: Callable[[Any, Any], Any]) -> Callable[[Parameter, Any], Any]:
    def method(self: Parameter, other: Any) -> Any:
        return operation(self.value, other)

    return method


def _reflected(operation: Callable[[Any, Any], Any]) -> Callable[[Parameter, Any], Any]:
    def method(self: Parameter, other: Any) -> Any:
        return operation(other, self.value)

    return method


def _unary(operation: Callable[[Any], Any]) -> Callable[[Parameter], Any]:
    def method(self: Parameter) -> Any:
        return operation(self.value)

    return method


class Parameter:
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
        low, high = _bound(min, name, "min", -math.inf), _bound(max, name, "max", math.inf)
        _check_bounds(low, high, name)
        self._name = None if name is None else _check_name(name)
        self._owner: Parameters | None = None
        self._tie: Expression | None = parse(expr, name or "") if expr else None
        self._vary = (vary is None or bool(vary)) and self._tie is None
        self._min, self._max = low, high
        self._val: Number | None = None if value is None else _clipped(_number(value, name), low, high)
        self.init_value = self._val
        self.brute_step = None if brute_step is None else _number(brute_step, name, "brute_step")
        self.user_data = user_data
        self.stderr = None
        self.correl = None

    # ---- the four rules: value within bounds, bounds in order, tie or vary

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
                f"{_label(self._name)}: it is named by its place in its Parameters; to rename it, use "
                f"params[{name!r}] = params.pop({self._name!r}) and adapt the expressions that use it"
            )
        self._name = None if name is None else _check_name(name)

    @property
    def value(self) -> Any:
        """Value; that of the expression, up to date, where there is one."""
        if self._tie is not None and self._owner is not None:
            self._owner._refresh(self)
        return self._val

    @value.setter
    def value(self, value: Any) -> None:
        self._val = None if value is None else _clipped(_number(value, self._name), self._min, self._max)
        self._untie()
        self._changed()

    @property
    def vary(self) -> bool:
        """Whether a fit varies the value."""
        return self._vary

    @vary.setter
    def vary(self, vary: bool) -> None:
        if vary:
            self._settle()
            self._untie()
        self._vary = bool(vary)

    @property
    def min(self) -> Number:
        """Lower bound, ``-inf`` for none; the value is moved up to it."""
        return self._min

    @min.setter
    def min(self, low: Any) -> None:
        self._set_bounds(_bound(low, self._name, "min", -math.inf), self._max)

    @property
    def max(self) -> Number:
        """Upper bound, ``inf`` for none; the value is moved down to it."""
        return self._max

    @max.setter
    def max(self, high: Any) -> None:
        self._set_bounds(self._min, _bound(high, self._name, "max", math.inf))

    def _set_bounds(self, low: Number, high: Number) -> None:
        _check_bounds(low, high, self._name)
        self._min, self._max = low, high
        if self._val is not None:
            self._val = _clipped(self._val, low, high)
        self._changed(structure=self._tie is not None)

    @property
    def expr(self) -> str | None:
        """Expression that gives the value, or None."""
        return None if self._tie is None else self._tie.text

    @expr.setter
    def expr(self, text: str | None) -> None:
        if text:
            self._tie = parse(text, self._name or "")
            self._vary = False
            self._changed(structure=True)
        else:
            self._settle()
            self._untie()

    def _settle(self) -> None:
        """Bring the value of a tied parameter up to date where it can be, before the tie goes."""
        try:
            self._val = self.value
        except ExpressionError:
            return

    def _untie(self) -> None:
        if self._tie is not None:
            self._tie = None
            self._changed(structure=True)

    def _changed(self, structure: bool = False) -> None:
        if self._owner is not None:
            self._owner._stale = True
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
        """Set several attributes at once; None leaves one as it is.

        Parameters
        ----------
        value, vary, min, max, expr
            As in `Parameter`; ``min=-inf`` and ``max=inf`` remove a bound, ``expr=''`` the expression.
        brute_step : float, optional
            As in `Parameter`; 0 removes it.
        is_init_value : bool, optional
            Whether `value` is also the new `init_value` (default True).

        Examples
        --------
        >>> par = Parameter("a", 1.0)
        >>> par.set(value=12, min=10, max=20)
        >>> par
        <Parameter 'a', value=12, bounds=[10:20]>
        """
        low = self._min if min is None else _number(min, self._name, "min")
        high = self._max if max is None else _number(max, self._name, "max")
        _check_bounds(low, high, self._name)
        number = None if value is None else _number(value, self._name)
        step = None if not brute_step else _number(brute_step, self._name, "brute_step")
        if expr:
            parse(expr, self._name or "")
        # Everything has been checked: from here on nothing fails half way.
        self._set_bounds(low, high)
        if number is not None:
            self.value = number
            self.init_value = self._val if is_init_value else self.init_value
        if vary is not None:
            self.vary = vary
        if expr is not None:
            self.expr = expr
        if brute_step is not None:
            self.brute_step = step

    # ---- internals that other packages are known to read

    @property
    def _expr_ast(self) -> ast.AST | None:
        return None if self._tie is None else self._tie.tree

    @property
    def _expr_deps(self) -> list[str]:
        return [] if self._tie is None else list(self._tie.names)

    def _getval(self) -> Any:
        return self.value

    # ---- copies

    def _state(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_owner"]
        if self._tie is not None:
            state["_tie"] = self._tie.text
        return state

    def __getstate__(self) -> dict[str, Any]:
        self._settle()
        return self._state()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._owner = None
        text = state["_tie"]
        self._tie = parse(text, self._name or "") if text else None

    def __copy__(self) -> Self:
        self._settle()
        new = self.__class__.__new__(self.__class__)
        new.__dict__.update(self.__dict__)
        new._owner = None
        if self.correl is not None:
            new.correl = dict(self.correl)
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        new = copy.copy(self)
        if self.user_data is not None:
            new.user_data = copy.deepcopy(self.user_data, memo)
        return new

    # ---- a number

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

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else repr(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self.value, dtype=dtype)

    def __bool__(self) -> bool:
        return bool(self.value)

    __hash__ = None  # type: ignore[assignment]  # it compares by a value that changes
    __float__ = _unary(float)
    __int__ = __trunc__ = _unary(int)
    __complex__ = _unary(complex)
    __round__ = _forward(round)
    __abs__ = _unary(abs)
    __neg__ = _unary(operator.neg)
    __pos__ = _unary(operator.pos)
    __floor__ = _unary(math.floor)
    __ceil__ = _unary(math.ceil)

    __eq__ = _forward(operator.eq)  # type: ignore[assignment]  # elementwise for arrays
    __ne__ = _forward(operator.ne)  # type: ignore[assignment]
    __lt__ = _forward(operator.lt)
    __le__ = _forward(operator.le)
    __gt__ = _forward(operator.gt)
    __ge__ = _forward(operator.ge)

    __add__, __radd__ = _forward(operator.add), _reflected(operator.add)
    __sub__, __rsub__ = _forward(operator.sub), _reflected(operator.sub)
    __mul__, __rmul__ = _forward(operator.mul), _reflected(operator.mul)
    __truediv__, __rtruediv__ = _forward(operator.truediv), _reflected(operator.truediv)
    __floordiv__, __rfloordiv__ = _forward(operator.floordiv), _reflected(operator.floordiv)
    __mod__, __rmod__ = _forward(operator.mod), _reflected(operator.mod)
    __pow__, __rpow__ = _forward(operator.pow), _reflected(operator.pow)
    __divmod__, __rdivmod__ = _forward(divmod), _reflected(divmod)


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
        self._namespace = Namespace(usersyms)
        self._program: Program | None = None
        self._stale = True
        self._seen = -1
        #: Counts the fits that have written here, so that each can tell whether it was the last.
        self._generation = 0

    # ---- a dictionary

    def __setitem__(self, name: str, par: Parameter) -> None:
        _check_name(name)
        if not isinstance(par, Parameter):
            raise ParameterError(
                f"parameter {name!r}: a Parameters holds Parameter objects, not {type(par).__name__} ({par!r}); "
                f"use params.add({name!r}, value=...) or params[{name!r}].value = ..."
            )
        present = self.get(name)
        if par is present:
            return
        if par._owner is not None:
            par = copy.copy(par)
        par.name = name
        if present is not None:
            present._owner = None
        super().__setitem__(name, par)
        par._owner = self
        self._restructured()

    def __missing__(self, name: str) -> Parameter:
        raise ParameterNameError(f"no parameter is named {name!r}{close_matches(str(name), self)}")

    def __delitem__(self, name: str) -> None:
        self.pop(name)

    def pop(self, name: str, *default: Any) -> Any:
        """Remove a parameter and return it, free to enter another `Parameters`."""
        if name not in self:
            return default[0] if default else self.__missing__(name)
        par = self[name]
        par._settle()
        super().__delitem__(name)
        par._owner = None
        self._restructured()
        return par

    def popitem(self) -> tuple[str, Parameter]:
        """Remove the last parameter and return it with its name."""
        if not self:
            raise ParameterNameError("popitem: there are no parameters left")
        name = next(reversed(self))
        return name, self.pop(name)

    def clear(self) -> None:
        """Remove all parameters."""
        for name in list(self):
            self.pop(name)

    def setdefault(self, name: str, default: Any = None) -> Parameter:
        """Return the parameter `name`, after adding `default` under it where there is none."""
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, *others: Any, **kws: Any) -> None:
        """Add copies of the parameters of `others`, and their symbols; replaces those of the same name.

        Parameters
        ----------
        *others : Parameters, mapping or iterable of (name, Parameter)
        **kws : Parameter
        """
        merged: dict[str, Any] = {}
        for other in (*others, kws):
            merged.update(other)
        for name, par in merged.items():
            _check_name(name)
            if not isinstance(par, Parameter):
                self[name] = par  # raises, before anything has changed
        for other in others:
            if isinstance(other, Parameters):
                self._namespace.symbols.update(other._namespace.user_symbols())
        for name, par in merged.items():
            self[name] = par

    def __add__(self, other: Parameters) -> Self:
        new = copy.copy(self)
        new += other
        return new

    def __iadd__(self, other: Parameters) -> Self:  # type: ignore[misc,override]
        if not isinstance(other, Parameters):
            raise ParameterError(
                f"only a Parameters can be added to a Parameters, not {type(other).__name__}; use add() or add_many()"
            )
        self.update(other)
        return self

    __or__ = __add__  # type: ignore[assignment]
    __ior__ = __iadd__  # type: ignore[assignment]

    # ---- making parameters

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
            Its name and, in the following arguments, the attributes of `Parameter`; or a Parameter.

        Examples
        --------
        >>> params = Parameters()
        >>> params.add("amplitude", value=10, min=0)
        >>> params.add(Parameter("center", 5.0))
        >>> list(params)
        ['amplitude', 'center']
        """
        if isinstance(name, Parameter):
            self[_check_name(name.name)] = name
            return
        par = Parameter.__new__(Parameter)
        par._set_up(_check_name(name), value, vary, min, max, expr, brute_step, user_data)
        self[name] = par

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
        >>> params.add_many(("amp", 10, True, 0), ("cen", 1.2, True, 0.5, 2.0), ("wid", None, False, None, None, "cen/2"))
        >>> params["wid"].value
        0.6
        """
        if len(parlist) == 1 and isinstance(parlist[0], list):
            parlist = tuple(parlist[0])
        checked = Parameters()
        for entry in parlist:
            checked.add(entry) if isinstance(entry, Parameter) else checked.add(*entry)
        for entry, par in zip(parlist, checked.values()):
            self.add(entry if isinstance(entry, Parameter) else par)

    def set(self, **kws: Any) -> None:
        """Set values, or several attributes, of parameters by name.

        Examples
        --------
        >>> params = create_params(a=1, b=2)
        >>> params.set(a=3, b={"value": 4, "min": 0})
        >>> params.valuesdict()
        {'a': 3, 'b': 4}
        """
        for name in kws:
            if name not in self:
                self.__missing__(name)
        for name, setting in kws.items():
            if isinstance(setting, Mapping):
                self[name].set(**setting)
            else:
                self[name].set(value=setting)

    # ---- reading

    def valuesdict(self) -> dict[str, Any]:
        """Return a plain dictionary of the values by name."""
        return {name: par.value for name, par in self.items()}

    def eval(self, expr: str) -> Any:
        """Return the value of an expression of the parameters.

        Examples
        --------
        >>> create_params(a=1.5, b=2.0).eval("a * sqrt(b + 2)")
        3.0
        """
        return evaluate_text(expr, self.valuesdict(), self._namespace)

    def update_constraints(self) -> None:
        """Evaluate all expressions now instead of at the next reading.

        Raises
        ------
        ExpressionError
            Naming the first parameter whose expression has no value.
        """
        self._evaluate(self._compiled())
        self._stale = False

    def pretty_repr(self, oneline: bool = False) -> str:
        """Return the parameters as text, one a line or all in one."""
        if oneline:
            return repr(self)
        return "\n".join(["Parameters({", *(f"    {name!r}: {par!r}," for name, par in self.items()), "})"])

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
        colwidth, precision, fmt : optional
            Width of a column, and digits and format code of numbers.
        columns : list of str, optional
            Attributes to show.
        """
        if oneline:
            print(self.pretty_repr(oneline=True))
        else:
            print(printfuncs.params_table(self, colwidth, precision, fmt, list(columns)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.items())!r})" if self else f"{type(self).__name__}()"

    def _repr_html_(self) -> str:
        return printfuncs.params_html_table(self)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array([par.value for par in self.values()], dtype=dtype)

    def create_uvars(self, covar: Any = None) -> dict[str, Any]:
        """Return the parameters as numbers with uncertainty of the package ``uncertainties``.

        Parameters
        ----------
        covar : ndarray, optional
            Covariance of the varied parameters, in their order; their own `stderr` and `correl` by default.
        """
        variables = [name for name, par in self.items() if par.vary]
        if covar is None:
            covar = [[self._covariance(name, other) for other in variables] for name in variables]
        covar = np.asarray(covar, dtype=float)
        known = [j for j, variance in enumerate(np.diag(covar)) if variance == variance]
        names = [variables[j] for j in known]
        tied = {name: self._gradient(name, names) for name in self._ties()}
        return _uncertain.correlated_numbers(self.valuesdict(), names, covar[np.ix_(known, known)], tied)

    def _covariance(self, name: str, other: str) -> float:
        par, stderr = self[name], self[other].stderr
        if par.stderr is None or stderr is None:
            return math.nan
        return par.stderr * stderr * (1.0 if name == other else (par.correl or {}).get(other, 0.0))

    def _gradient(self, tied: str, variables: list[str]) -> Array:
        """Derivatives of a tied parameter by some variables."""
        twin = self.copy()

        def value(point: list[float]) -> Array:
            for name, number in zip(variables, point):
                twin[name].value = number
            return np.array([twin[tied].value], dtype=float)

        centre = np.array([self[name].value for name in variables], dtype=float)
        return vector_jacobian(value, centre, np.array([self[name].stderr for name in variables]))[0]

    # ---- evaluation

    @property
    def _asteval(self) -> Interpreter:
        """The interpreter of the expressions; its ``symtable`` also holds the values."""
        interpreter = self._namespace.interpreter
        for name, par in self.items():
            if par._tie is None:
                dict.__setitem__(interpreter.symtable, name, par._val)
        return interpreter

    def _restructured(self) -> None:
        self._program = None
        self._stale = True

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

    def _refresh(self, par: Parameter) -> None:
        """Bring the tied parameters, or at least `par`, up to date."""
        if not self._stale and self._seen == self._namespace.version:
            return
        try:
            self._evaluate(self._compiled())
        except ExpressionError:
            # Another expression may be to blame, or not be complete yet.
            self._evaluate(self._program_of(self._needed(cast(str, par.name))))
        else:
            self._stale = False
            self._seen = self._namespace.version

    def _evaluate(self, program: Program) -> None:
        for name, value in zip(program.order, program.evaluate([self._input(name) for name in program.inputs])):
            self[name]._val = value

    def _input(self, name: str) -> float:
        value = self[name]._val
        if value is None:
            users = sorted(user for user, tie in self._ties().items() if name in tie.names)
            raise ExpressionError(
                f"parameter {users[0] if users else name!r}: its expression uses {name!r}, which has no value; "
                f"set params[{name!r}].value first"
            )
        return value

    def _needed(self, name: str) -> dict[str, Expression]:
        """The expressions that the parameter `name` needs, directly or not."""
        ties = self._ties()
        needed, waiting = {}, [name]
        while waiting:
            current = waiting.pop()
            if current in ties and current not in needed:
                needed[current] = ties[current]
                waiting.extend(ties[current].names)
        return needed

    # ---- copies and files

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def copy(self) -> Self:
        """Return an independent copy."""
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        new = self.__class__.__new__(self.__class__)
        memo[id(self)] = new
        new.__dict__.update(self.__dict__)
        new._namespace = self._namespace.copy()
        new._restructured()
        for name, par in self.items():
            twin = par.__deepcopy__(memo)
            twin._owner = new
            dict.__setitem__(new, name, twin)
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        state = {key: value for key, value in self.__dict__.items() if key not in ("_program", "_stale", "_seen")}
        return _restored, (self.__class__, state, list(self.values()))

    def dumps(self, **kws: Any) -> str:
        """Return the parameters as JSON text.

        Parameters
        ----------
        **kws
            For `json.dumps`.

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

        Nothing in the text is executed; symbols that 1.x stored as pickles are ignored.
        """
        symbols, settings = _params_json.loads(s, **kws)
        new = Parameters(symbols)
        for setting in settings:
            par = Parameter.__new__(Parameter)
            par._set_up(**setting.attributes)
            par.stderr, par.correl, par.init_value = setting.stderr, setting.correl, setting.init_value
            par._val = setting.value if par._tie is not None else par._val
            new.add(par)
        self.clear()
        self.update(new)
        return self

    def dump(self, fp: IO[str], **kws: Any) -> int:
        """Write `dumps` to an open text file; return the number of characters."""
        return fp.write(self.dumps(**kws))

    def load(self, fp: IO[str], **kws: Any) -> Self:
        """Read an open text file as `loads` does."""
        return self.loads(fp.read(), **kws)


def _restored(cls: type[Parameters], state: dict[str, Any], pars: list[Parameter]) -> Parameters:
    new = cls.__new__(cls)
    new.__dict__.update(state)
    new._seen = -1
    new._restructured()
    for par in pars:
        new[cast(str, par.name)] = par
    return new


def create_params(**kws: Any) -> Parameters:
    """Return `Parameters` from keywords: numbers, or dictionaries of attributes.

    Examples
    --------
    >>> params = create_params(amp=10, cen={"value": 5, "min": 0}, wid={"expr": "cen / 4"})
    >>> params["wid"].value
    1.25
    """
    params = Parameters()
    for name, setting in kws.items():
        if isinstance(setting, Parameter):
            params[name] = copy.copy(setting)
        elif isinstance(setting, Mapping):
            params.add(name, **setting)
        else:
            params.add(name, value=setting)
    return params
