"""Models: from a Python function, or several combined, to parameters, curves and fits.

A `Model` has a function and knows which of its arguments are independent variables and which are
parameters.  Models combined by ``+``, ``-``, ``*``, ``/`` or any function of two arrays are a
`CompositeModel`, which is a Model itself.

What is evaluated many times is first made into a tree of nodes (`_evaluation`); a fit minimises an
`_objective.Objective` and ends in a `ModelResult`.
"""

from __future__ import annotations

import copy
import itertools
import operator
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import IO, TYPE_CHECKING, Any, ClassVar

import numpy as np

from . import _model_json, lineshapes
from ._blame import blamed, check_no_text
from ._check_jac import compared
from ._evaluation import Call, Node, Other, Product, Quotient, Sum, Term, bound_call
from ._format import column_table, folded
from ._guess import guessed
from ._has_text import HasText
from ._model_arguments import (
    check_mapping,
    checked_policy,
    checked_prefix,
    listed,
    name_of,
    names_in,
    override,
    renamed,
    some_derivatives,
    with_default,
)  # fmt: skip
from ._model_result import ModelResult
from ._rules import valid_symbol_name
from ._signature import HINTS, Signature, hints_of, roles_of, signature_of
from .errors import FitWarning, ModelCallError, ModelError, ModelNameError, close_matches
from .parameter import Parameter, Parameters

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from typing_extensions import Self

    from ._batch_result import BatchResult

__all__ = [
    "CompositeModel",
    "Model",
    "ModelCallError",
    "ModelError",
    "ModelNameError",
    "ModelResult",
    "load_model",
    "load_modelresult",
    "save_model",
    "save_modelresult",
]


class _Remade:
    """Notes what a constructor is given, which is enough to make a model of any class again.

    This is not done by `Model` itself, as `help` and notebooks would show the arguments of its ``__new__``.
    """

    _made_with: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kws: Any) -> Self:
        """Make an object that knows its arguments."""
        self = super().__new__(cls)
        self._made_with = args, kws
        return self


class Model(HasText, _Remade):
    """A function, its independent variables and its parameters.

    Parameters
    ----------
    func : callable
        The function; it returns the curve, an array, for given independent variables and parameters.
    independent_vars : list of str, optional
        Arguments that are independent variables; by default the first one, and options: those whose
        default is no number.
    param_names : list of str, optional
        Arguments that are parameters; by default the others with no default or with a number as default.
        If `func` has ``**kws``, any names.
    nan_policy : {'raise', 'omit', 'propagate'}, optional
        What a fit does with data that are not finite.
    prefix : str, optional
        Put in front of the names of the parameters, so that models can be combined.
    name : str, optional
        Name of the model; that of the function by default.
    dfunc : callable, optional
        ``dfunc`` takes the same arguments as `func` and returns a sequence of its derivatives by the
        parameters, in the order of `param_names`.
    **kws
        Values of options of `func`; for a parameter, a number, which then is fixed, or a hint.

    Attributes
    ----------
    independent_vars : list of str
        Independent variables and options.
    param_hints : dict
        Attributes that parameters get when they are made, by name without prefix.
    opts : dict
        Options given once and for all.

    Raises
    ------
    ModelError
        `func` cannot be used as a model, or has no argument of a name that was given.

    Notes
    -----
    A default, or an annotation, that is a dictionary is a hint: ``tau={"value": 1, "min": 0}``,
    ``tau: dict(min=0) = 1``.

    Examples
    --------
    >>> def decay(t, amplitude, tau: dict(min=0)):
    ...     return amplitude * np.exp(-t / tau)
    >>> model = Model(decay)
    >>> model.independent_vars, model.param_names
    (['t'], ['amplitude', 'tau'])
    >>> t = np.linspace(0, 5, 50)
    >>> result = model.fit(3 * np.exp(-t / 1.5), t=t, amplitude=1, tau=1)
    >>> round(result.params["tau"].value, 6)
    1.5
    """

    #: Forms that an option `form` of a built-in model knows.
    valid_forms: ClassVar[tuple[str, ...]] = ()
    #: Whether it is made of other models.
    is_composite: ClassVar[bool] = False
    #: Whether a subclass has its own way to evaluate.
    _evaluates_itself: ClassVar[bool] = False
    #: How often the prefix of any model was changed.
    _renamings: ClassVar[int] = 0
    _dfunc: Call | None = None
    independent_vars: list[str]
    _param_root_names: list[str]

    def __init__(
        self,
        func: Call,
        independent_vars: Sequence[str] | None = None,
        param_names: Sequence[str] | None = None,
        nan_policy: str = "raise",
        prefix: str = "",
        name: str | None = None,
        dfunc: Call | None = None,
        **kws: Any,
    ) -> None:
        if not callable(func):
            raise TypeError(
                f"the first argument of {type(self).__name__}() must be a function, not {func!r:.80}"
            )
        if dfunc is not None and not callable(dfunc):
            raise TypeError(f"dfunc must be a function that returns the derivatives, not {dfunc!r:.80}")
        self.func, self._dfunc = func, dfunc
        self._name = str(name) if name is not None else name_of(func)
        self._prefix = checked_prefix(prefix)
        self.nan_policy = checked_policy(nan_policy)
        self.param_hints: MutableMapping[str, dict[str, Any]] = {}
        self.def_vals: dict[str, Any] = {}
        self.independent_vars_defvals: dict[str, Any] = {}
        self._said = (
            names_in("independent_vars", independent_vars),
            names_in("param_names", param_names),
        )
        self.opts = kws
        self._parse_params()

    def _parse_params(self) -> None:
        """Read independent variables, parameters, defaults and hints from the signature."""
        signature = self._signature = signature_of(self.func)
        options, hints = self._told_apart(self.opts, signature)
        roles = roles_of(self.func, *self._said, options)
        self.independent_vars = list(roles.independent)
        self._param_root_names = list(roles.parameters)
        self.opts = options
        self._func_allargs = list(signature.arguments)
        self._func_haskeywords = signature.takes_any
        defaults = {**signature.defaults, **options}
        self.independent_vars_defvals = {
            name: defaults[name] for name in roles.independent if name in defaults
        }
        self.def_vals = {
            name: signature.defaults[name]
            for name in roles.parameters
            if name in signature.defaults and signature.defaults[name] is not None
        }
        for name in roles.parameters if hints or signature.hints else ():
            hint = {**signature.hints.get(name, {}), **hints.get(name, {})}
            if hint:
                self.set_param_hint(name, **hint)

    def _told_apart(
        self, kws: Mapping[str, Any], signature: Signature
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Tell options for the function from hints for its parameters."""
        options, hints = {}, {}
        for name, given in kws.items():
            if name not in signature.arguments and not signature.takes_any:
                known = [
                    *signature.arguments,
                    "independent_vars",
                    "param_names",
                    "nan_policy",
                    "prefix",
                    "name",
                ]
                raise ModelCallError(
                    f"{type(self).__name__}() got {name!r}, which is no argument of the function "
                    f"{self._name!r}{close_matches(name, known)}"
                )
            is_hint = isinstance(given, Parameter) or (isinstance(given, dict) and given.keys() <= set(HINTS))
            if is_hint and name not in (self._said[0] or ()):
                hints[name] = hints_of(given, name)
            else:
                options[name] = given
        return options, hints

    @property
    def name(self) -> str:
        """How the model describes itself."""
        return self._reprstring(long=False)

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    def _reprstring(self, long: bool = True) -> str:
        parts = [self._name]
        if self._prefix:
            parts.append(f"prefix={self._prefix!r}")
        if long:
            parts += [f"{name}={value!r:.60}" for name, value in self.opts.items()]
        return f"Model({', '.join(parts)})"

    def __repr__(self) -> str:
        return folded(self._reprstring())

    @property
    def prefix(self) -> str:
        """What stands in front of the names of the parameters."""
        return self._prefix

    @prefix.setter
    def prefix(self, prefix: str) -> None:
        new = checked_prefix(prefix)
        roots = [*(self._param_root_names), *self.param_hints]
        self.param_hints = {
            name: renamed(hint, roots, self._prefix, new) for name, hint in self.param_hints.items()
        }
        self._prefix = new
        Model._renamings += 1
        self._set_paramhints_prefix()

    def _set_paramhints_prefix(self) -> None:
        """Called when the prefix has changed; for subclasses whose hints depend on it."""

    def _strip_prefix(self, name: str) -> str:
        return name.removeprefix(self._prefix) if self._prefix else name

    @property
    def param_names(self) -> list[str]:
        """Names of the parameters, with the prefix."""
        return [self._prefix + name for name in self._param_root_names]

    @property
    def _full_names(self) -> tuple[str, ...]:
        return tuple(self.param_names)

    @property
    def _param_names(self) -> list[str]:
        return self.param_names

    @property
    def components(self) -> list[Model]:
        """The models that this one is made of: of a plain Model, itself."""
        return [self]

    @property
    def differentiable(self) -> bool:
        """Whether the derivatives by all parameters are known in closed form."""
        return self._derivative_source() is not None

    def copy(self, **kwargs: Any) -> Self:
        """Return an independent copy.

        Parameters
        ----------
        **kwargs
            Arguments of the constructor that are to differ, such as ``prefix``.

        Returns
        -------
        Model
            Of the same class.

        Examples
        --------
        >>> from lmfit.lineshapes import gaussian
        >>> Model(gaussian, prefix="a_").copy(prefix="b_").param_names
        ['b_amplitude', 'b_center', 'b_sigma']
        """
        args, kws = self._made_with
        prefix = kwargs.pop("prefix", self._prefix)
        new = type(self)(*args, **{**kws, **kwargs})
        new._prefix, new.param_hints = self._prefix, copy.deepcopy(self.param_hints)
        new.prefix = prefix
        if "nan_policy" not in kwargs:
            new.nan_policy = self.nan_policy
        if "name" not in kwargs:
            new._name = self._name
        new.opts = {**self.opts, **{name: value for name, value in new.opts.items() if name in kwargs}}
        return new

    def set_param_hint(self, name: str, **kwargs: Any) -> None:
        """Set attributes that a parameter gets when it is made.

        Parameters
        ----------
        name : str
            Name of the parameter, with or without prefix.  A name that is no argument of the function
            makes a parameter that only stands beside the others, commonly with an `expr`.
        **kwargs
            `value`, `vary`, `min`, `max`, `expr`, `brute_step`, `user_data`.

        Raises
        ------
        ModelError
            There is no such attribute.

        Examples
        --------
        >>> from lmfit.lineshapes import gaussian
        >>> model = Model(gaussian, prefix="g_")
        >>> model.set_param_hint("sigma", min=0)
        >>> model.set_param_hint("area_2", expr="2 * g_amplitude")
        >>> params = model.make_params(amplitude=3)
        >>> params["g_sigma"].min, params["g_area_2"].value
        (0, 6.0)
        """
        if not valid_symbol_name(name):
            raise ModelError(f"a hint needs the name of a parameter, not {name!r:.80}")
        name = self._strip_prefix(name)
        hint = {**self.param_hints.get(name, {}), **hints_of(kwargs, name)}
        Parameter(name, **hint)  # finds at once what would be an error later
        self.param_hints[name] = hint

    def print_param_hints(self, colwidth: int = 8) -> None:
        """Print the hints as a table.

        Parameters
        ----------
        colwidth : int, optional
            Width of a column in characters.

        Examples
        --------
        >>> from lmfit.lineshapes import gaussian
        >>> model = Model(gaussian)
        >>> model.set_param_hint("sigma", value=1, min=0)
        >>> model.print_param_hints()
        Name      Value      Min      Max     Vary     Expr
        sigma         1        0      inf     True
        """
        columns = ("value", "min", "max", "vary", "expr")
        rows = [["Name", *(column.title() for column in columns)]]
        missing = {"value": "nan", "min": "-inf", "max": "inf", "vary": True, "expr": ""}
        for name, hint in sorted(self.param_hints.items()):
            rows.append([name, *(str(hint.get(column, missing[column])) for column in columns)])
        print(column_table(rows, colwidth))

    def make_params(self, verbose: bool = False, **kwargs: Any) -> Parameters:
        """Return new Parameters with the defaults of the function and the hints.

        Parameters
        ----------
        verbose : bool, optional
            Whether to print what is made.
        **kwargs
            Values by name, or dictionaries of attributes: ``make_params(sigma=dict(value=1, min=0))``.
            Of a model that is no composite, the names may lack the prefix.

        Returns
        -------
        lmfit.Parameters
            New ones; those of the function first, in the order of its arguments.

        Raises
        ------
        ModelCallError
            A name looks like that of a parameter, but is none.

        Examples
        --------
        >>> from lmfit.lineshapes import gaussian
        >>> params = Model(gaussian).make_params(center=3, sigma={"value": 0.5, "min": 0})
        >>> params.valuesdict()
        {'amplitude': 1.0, 'center': 3, 'sigma': 0.5}
        """
        given = self._by_full_name(kwargs)
        hints = self._all_hints()
        defaults = self._all_defaults()
        names = [*self.param_names, *(name for name in hints if name not in defaults)]
        self._check_unknown(kwargs, given.keys() - set(names))
        params = Parameters()
        for name in names:
            setting = (
                {**hints.get(name, {}), **hints_of(given[name], name)}
                if name in given
                else hints.get(name, {})
            )
            if verbose:
                print(f' - Adding parameter "{name}"')
            params.add(name, **with_default(setting, given.get(name), defaults.get(name)))
        return params

    def _by_full_name(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Values of parameters by their full names; what has no prefix gets it."""
        roots = {*(self._param_root_names), *self.param_hints} if self._prefix else ()
        bare = {self._prefix + name: value for name, value in given.items() if name in roots}
        return {**bare, **{name: value for name, value in given.items() if name not in roots}}

    def _all_hints(self) -> dict[str, dict[str, Any]]:
        """Hints by the full name of the parameter."""
        return {self._prefix + name: hint for name, hint in self.param_hints.items()}

    def _all_defaults(self) -> dict[str, Any]:
        """Default value of each parameter, or None, by its full name."""
        return {self._prefix + name: self.def_vals.get(name) for name in self._param_root_names}

    def _other_arguments(self) -> set[str]:
        """Names of independent variables and options."""
        return {*(self.independent_vars), *self._func_allargs} - {*(self._param_root_names)}

    def _check_unknown(self, given: Iterable[str], unknown: Iterable[str], warn: bool = False) -> None:
        """Refuse names that look like misspelt ones; what belongs to something else is only ignored."""
        if self._func_haskeywords:
            return
        for name in unknown:
            candidates = {*self.param_names, *self._other_arguments()} - set(given)
            hint = close_matches(name, sorted(candidates))
            if hint:
                raise ModelCallError(f"{self.name} has no parameter or variable {name!r}{hint}")
            if warn:
                warnings.warn(
                    f"{name!r} is no parameter or variable of {self.name} and is ignored",
                    FitWarning,
                    stacklevel=4,
                )

    def guess(self, data: Any, x: Any = None, negative: bool = False, **kws: Any) -> Parameters:
        """Return Parameters with start values estimated from data.

        Built-in models can do that, and sums of them.  Dips are found as well as peaks, with any offset or
        slope below; points may be in any order, with gaps, and those that are not finite are left out.

        Parameters
        ----------
        data : array_like
            What is to be fitted, of any shape.
        x : array_like
            Independent variable, of the shape of `data`.
        negative : bool, optional
            Whether a single peak must be a dip; without it the data decide.
        **kws
            Other independent variables, and values of parameters that are to be kept.

        Returns
        -------
        lmfit.Parameters
            New ones, as `make_params` makes them.

        Raises
        ------
        GuessError
            There are no data, or an independent variable is missing or has another size.
        NotImplementedError
            Nothing is known about the function; use `make_params`.

        Examples
        --------
        >>> from lmfit.lineshapes import linear, lorentzian
        >>> x = np.linspace(0, 10, 51)
        >>> model = Model(lorentzian) + Model(linear)
        >>> params = model.guess(8 - x - lorentzian(x, 3, 4, 0.6), x=x)
        >>> [round(value, 1) for value in params.valuesdict().values()]
        [-3.0, 4.0, 0.6, -1.0, 8.0]
        """
        return guessed(self, data, x, negative, kws)

    def make_funcargs(
        self, params: Any = None, kwargs: Mapping[str, Any] | None = None, strip: bool = True
    ) -> dict[str, Any]:
        """Return the arguments that the function is called with.

        Parameters
        ----------
        params : Parameters, optional
            Values of the parameters.
        kwargs : mapping, optional
            Independent variables and options; values of parameters win over those in `params`.
        strip : bool, optional
            Whether the names of `kwargs` may have the prefix.

        Returns
        -------
        dict
            By name of the argument, without prefix.

        Examples
        --------
        >>> model = Model(lambda x, a, b: a * x + b, prefix="l_")
        >>> model.make_funcargs(model.make_params(a=1, b=2), {"x": 3.0})
        {'x': 3.0, 'a': 1, 'b': 2}
        """
        names = {self._strip_prefix(name) if strip else name: value for name, value in (kwargs or {}).items()}
        values, variables = self._arguments(params, names)
        return {**self._fixed(variables), **dict(zip(self._param_root_names, values))}

    def _make_all_args(self, params: Any = None, **kwargs: Any) -> dict[str, Any]:
        """The arguments of the function by name, with the prefix of the parameters."""
        return {self._prefix + name: value for name, value in self.make_funcargs(params, kwargs).items()}

    def eval(self, params: Any = None, **kwargs: Any) -> Any:
        """Return the curve.

        Parameters
        ----------
        params : Parameters or mapping, optional
            Values of the parameters.
        **kwargs
            Independent variables and options, and values of parameters, which win over those in `params`.

        Returns
        -------
        ndarray or other
            What the function returns.

        Raises
        ------
        ModelCallError
            A parameter or an independent variable has no value.

        Examples
        --------
        >>> Model(lambda x, a, b: a * x + b).eval(x=np.array([1.0, 2.0]), a=3, b=1)
        array([4., 7.])
        """
        if type(self).make_funcargs is not Model.make_funcargs:
            return self.func(**self.make_funcargs(params, kwargs))
        values, variables = self._arguments(params, kwargs)
        try:
            return self._own_node(variables, differentiate=False).value(values)
        except (TypeError, ValueError) as error:
            reason = blamed(self, params, kwargs, error)
            if reason is error:
                raise
            raise reason from error

    def eval_components(self, params: Any = None, **kwargs: Any) -> dict[str, Any]:
        """Return the curve of each component by its prefix, or by its name where it has none.

        Parameters
        ----------
        params : Parameters or mapping, optional
            As of `eval`.
        **kwargs
            As of `eval`.

        Returns
        -------
        dict of str to ndarray
            Of a plain model, only its own curve.

        Examples
        --------
        >>> from lmfit.lineshapes import linear
        >>> Model(linear, prefix="l_").eval_components(x=np.array([0.0, 1.0]), slope=2, intercept=1)
        {'l_': array([1., 3.])}
        """
        return {self._prefix or self._name: self.eval(params, **kwargs)}

    def _arguments(self, params: Any, kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Values of all parameters in order, and the independent variables and options."""
        names = self.param_names
        given = self._by_full_name(kwargs)
        check_mapping("params", params)
        inside = given.keys() & set(names)
        variables = {name: listed(value) for name, value in given.items() if name not in inside}
        known = self._other_arguments()
        unknown = [name for name in variables if name not in known and name not in (params or ())]
        if unknown:
            self._check_unknown(kwargs, unknown)
        if isinstance(params, Parameters) and not inside and params.keys() >= set(names):
            return [params[name].value for name in names], variables
        values = {**self._start_values(), **(params or {}), **given}
        missing = [name for name in names if values.get(name) is None]
        if missing:
            raise ModelCallError(
                f"{self.name}: no value for {', '.join(map(repr, missing))}; give it by name or in params"
            )
        return [getattr(value, "value", value) for value in map(values.__getitem__, names)], variables

    def _start_values(self) -> dict[str, Any]:
        """Values that the hints and defaults give, by full name."""
        hints = self._all_hints()
        return {
            name: hints[name]["value"] if "value" in hints.get(name, {}) else default
            for name, default in self._all_defaults().items()
        }

    def _fixed(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments of the function other than parameters."""
        fixed = dict(self.opts)
        for name in self.independent_vars:
            if variables.get(name) is not None:
                fixed[name] = variables[name]
            elif name not in fixed:
                if name not in self.independent_vars_defvals:
                    state = "None" if name in variables else f"missing{close_matches(name, variables)}"
                    raise ModelCallError(
                        f"{self.name}: the independent variable {name!r} is {state}; "
                        f"give it as a keyword, {name}=..."
                    )
                fixed[name] = variables.get(name, self.independent_vars_defvals[name])
        if len(fixed) < len(variables) or self._func_haskeywords:
            known, roots = self._func_allargs, self._param_root_names
            others = variables if self._func_haskeywords else variables.keys() & known
            fixed.update({name: variables[name] for name in others if name not in roots})
        return fixed

    def _node(self, variables: Mapping[str, Any], first: int = 0, differentiate: bool = True) -> Node:
        """Return the model with its independent variables bound to it.

        Parameters
        ----------
        variables : mapping
        first : int
            Place of the model's first parameter among all parameters.
        differentiate : bool
            Whether derivatives will be needed.
        """
        if self._evaluates_itself:
            return self._opaque(variables, first)
        return self._own_node(variables, first, differentiate)

    def _own_node(self, variables: Mapping[str, Any], first: int = 0, differentiate: bool = True) -> Node:
        """The same as `_node`, whatever a subclass has for `eval`."""
        fixed = self._fixed(variables)
        roots = self._param_root_names
        call = bound_call(self.func, self._signature, roots, fixed)
        if not differentiate:
            return Term(call, first, roots)
        return Term(call, first, self.param_names, self._both(call, fixed))

    def _nodes_of_parts(self, variables: Mapping[str, Any]) -> dict[str, Node]:
        """Return the components with their variables bound, by prefix or name, for all parameters."""
        return {self._prefix or self._name: self._node(variables)}

    def _opaque(self, variables: Mapping[str, Any], first: int) -> Node:
        """A node that evaluates as a subclass wants it."""
        names = self.param_names

        def call(*values: float) -> Any:
            return self.eval(**dict(zip(names, values)), **variables)

        return Term(call, first, names)

    def __init_subclass__(cls, **kws: Any) -> None:
        super().__init_subclass__(**kws)
        cls._evaluates_itself = cls.eval is not Model.eval or cls.make_funcargs is not Model.make_funcargs

    def _derivative_source(self) -> Call | None:
        """The user's derivatives, or those of the line shape with its value."""
        if self._evaluates_itself:
            return None
        if self._dfunc is not None:
            return self._dfunc
        try:
            return lineshapes.with_derivatives(self.func)
        except TypeError:  # cannot be hashed
            return None

    def _both(self, call: Call, fixed: Mapping[str, Any]) -> Call | None:
        """Return a function of the parameters that gives the curve and its derivatives."""
        source, signature, roots = self._derivative_source(), self._signature, self._param_root_names
        if source is None:
            return None
        if self._dfunc is not None:
            derivatives = bound_call(source, signature_of(source), roots, fixed)
            return lambda *values: (call(*values), derivatives(*values))
        both = bound_call(source, signature, roots, fixed)
        after_points = itertools.dropwhile(self.independent_vars.__contains__, signature.arguments)
        numbers = [name for name in after_points if name in roots or not signature.is_option(name)]
        return both if numbers == roots else some_derivatives(both, [numbers.index(name) for name in roots])

    def fit(
        self,
        data: Any,
        params: Any = None,
        weights: Any = None,
        method: str = "leastsq",
        iter_cb: Call | None = None,
        scale_covar: bool = True,
        verbose: bool = False,
        fit_kws: Mapping[str, Any] | None = None,
        nan_policy: str | None = None,
        calc_covar: bool = True,
        max_nfev: int | None = None,
        coerce_farray: bool = True,
        **kwargs: Any,
    ) -> ModelResult:
        """Fit the model to data.

        Parameters
        ----------
        data : array_like
            Real or complex, of any shape; a Series or DataArray gives results with its labels.
        params : Parameters, optional
            Start values; not changed.  Made by `make_params` if left out.
        weights : array_like, optional
            What the difference of data and model is multiplied by.  For complex data complex weights
            have one for the real and one for the imaginary part.
        method : str, optional
            Name of the engine.
        iter_cb : callable, optional
            ``iter_cb(params, iteration, residual, data, weights, **variables)`` after each evaluation.
        scale_covar : bool, optional
            Whether to scale the errors such that reduced chi-square is 1 (default), as is right where
            the errors of the data are not known.
        verbose : bool, optional
            Whether to print the parameters that are made.
        fit_kws : dict, optional
            Options of the engine.
        nan_policy : {'raise', 'omit', 'propagate'}, optional
            What to do with data that are not finite; that of the model by default.
        calc_covar : bool, optional
            Whether to estimate errors (default True).
        max_nfev : int, optional
            Largest number of evaluations.
        coerce_farray : bool, optional
            Whether to hand the function arrays of floats for lists, Series and arrays of other types.
        **kwargs
            Independent variables and options; start values, which win over those in `params`; and, where
            the model has no argument of that name, `sigma`, the standard errors of the data (1/weights),
            `covariance` of the data, shape (n, n), `timeout` in seconds and `progress`, a bar.  An array
            for `sigma` always means the errors of the data.

        Returns
        -------
        ModelResult
            Values, errors, statistics and curves.

        Raises
        ------
        ModelError
            Data, weights and variables do not fit together.
        ModelCallError
            A name is misspelt, or a value is missing.

        Examples
        --------
        >>> model = Model(lambda x, a, b: a * x + b)
        >>> result = model.fit([1.0, 3.0, 5.1], x=[0, 1, 2], a=1, b=0)
        >>> round(result.params["a"].value, 6)
        2.05
        """
        for what, given in (("params", params), ("fit_kws", fit_kws)):
            check_mapping(what, given)
        settings = self._settings(kwargs)
        params, variables = self._started(params, kwargs, verbose)
        result = ModelResult(
            self,
            params,
            weights=weights,
            method=method,
            fcn_kws=variables,
            iter_cb=iter_cb,
            scale_covar=scale_covar,
            nan_policy=nan_policy or self.nan_policy,
            calc_covar=calc_covar,
            max_nfev=max_nfev,
            coerce_farray=coerce_farray,
            **settings,
            **(fit_kws or {}),
        )
        return result.fit(data)

    def _settings(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Take from the keywords those that are settings of a fit and no arguments of the model."""
        given = [name for name in _SETTINGS if name in kwargs]
        if not given:
            return {}
        own = {*self.param_names, *(self._param_root_names), *self._other_arguments()}
        taken = [name for name in given if name not in own]
        if "sigma" in own and np.ndim(kwargs.get("sigma", 0.0)) > 0:
            taken.append("sigma")
        return {name: kwargs.pop(name) for name in taken}

    def _started(
        self, params: Any, kwargs: Mapping[str, Any], verbose: bool
    ) -> tuple[Parameters, dict[str, Any]]:
        """Parameters of one's own to start a fit from, and the independent variables."""
        names = self.param_names
        given = self._by_full_name(kwargs)
        known = params if isinstance(params, Parameters) else {**self._all_hints(), **dict.fromkeys(names)}
        start = {name: given.pop(name) for name in [*given] if name in known or name in names}
        if isinstance(params, Parameters):
            params = params.copy()
            for name, value in start.items():
                override(params, name, value)
        else:
            check_mapping("params", params)
            params = self.make_params(verbose=verbose, **{**(params or {}), **start})
        absent = [name for name in names if name not in params]
        if absent:
            hints = "".join(close_matches(name, params) for name in absent[:1])
            raise ModelError(
                f"{self.name}: params have no {', '.join(map(repr, absent))}{hints}; make_params() makes them"
            )
        valueless = [name for name in names if params[name].expr is None and params[name]._val is None]
        if valueless:
            raise ModelError(
                f"{self.name}: no start value for {', '.join(map(repr, valueless))}; give it by name, "
                f"{valueless[0]}=..., or in params"
            )
        others = self._other_arguments()
        unknown = [name for name in given if name not in others]
        if unknown:
            self._check_unknown(kwargs, unknown, warn=True)
        return params, {
            name: value for name, value in given.items() if name not in unknown or self._func_haskeywords
        }

    def fit_many(
        self,
        data: Any,
        params: Any = None,
        weights: Any = None,
        *,
        axis: int | str = -1,
        executor: Executor | None = None,
        chunk: int | None = None,
        errors: str = "nan",
        init: str = "params",
        progress: bool = False,
        seed: int | None = None,
        scale_covar: bool = True,
        **kwargs: Any,
    ) -> BatchResult:
        """Fit the model to each of many data sets: a map, a cube or a series of spectra.

        Parameters
        ----------
        data : array_like
            Of any shape, with one fit for each line along `axis`.  Data that are NaN or masked are left out.
            A DataArray or DataFrame gives results with its labels; a Dask array, also within a DataArray,
            is fitted lazily and block by block.
        params : Parameters, mapping or BatchResult, optional
            Start values, bounds, and what is fixed or tied.  In a mapping, and in `kwargs`, `value`, `min`
            and `max` may be arrays that broadcast to the shape of the fits.  Of a BatchResult its values
            are taken.
        weights : array_like, optional
            Factors of the residuals, of the shape of the data or one for each point.  0 masks a point, which
            then does not count as a datum.
        axis : int or str, optional
            Along which the points of one fit lie; of a DataArray also the name.
        executor : concurrent.futures.Executor, optional
            Whose workers share the fits: processes, threads, ``dask.distributed.Client.get_executor()``,
            ``mpi4py.futures``.  No result depends on it.
        chunk : int, optional
            Number of fits that are handed to a worker at a time.
        errors : {'nan', 'raise'}, optional
            Whether fits that fail are NaN with a message (default), or an error.
        init : {'params', 'guess', 'neighbour'}, optional
            Where each fit starts: at `params`; at what the model guesses from its data, which takes longer
            than the fit; or at the solution of a neighbour along the last dimension, where that is better.
        progress : bool, optional
            Whether to show a bar.
        seed : int, optional
            Not used by these fits, which draw no random numbers; see `lmfit.fit_many`.
        scale_covar : bool, optional
            As of `fit`.
        **kwargs
            Independent variables and options; those of the shape of the data are different for each fit.
            The coordinates of a DataArray along `axis` are used where the variable is not given.  And start
            values.

        Returns
        -------
        BatchResult
            Arrays in the shape of the fits; ``result[i, j]`` is the full result of one of them.

        Raises
        ------
        ModelError
            Shapes do not match, or the model cannot be evaluated.
        MinimizerException
            A fit failed, and `errors` is 'raise'.

        Notes
        -----
        The fits converge where those of `fit` do, but are made some hundred at a time by NumPy, if the
        function takes parameters that are arrays of shape (m, 1).  Those of most functions do; it is tried
        out.

        Examples
        --------
        >>> from lmfit.lineshapes import gaussian
        >>> x = np.linspace(-4, 4, 41)
        >>> spectra = gaussian(x, amplitude=3.0, center=np.array([[-0.5], [0.0], [0.5]]), sigma=1.0)
        >>> result = Model(gaussian).fit_many(spectra, x=x, amplitude=1, center=0, sigma=1)
        >>> result.values["center"].round(6) + 0.0
        array([-0.5,  0. ,  0.5])
        """
        from .batch import fit_many_models

        return fit_many_models(
            self, data, params, weights,
            axis=axis, executor=executor, chunk=chunk, errors=errors, init=init, progress=progress, seed=seed,
            scale_covar=scale_covar, **kwargs,
        )  # fmt: skip

    def post_fit(self, fitresult: ModelResult) -> None:
        """Do something at the end of each fit; for subclasses to override.

        Parameters
        ----------
        fitresult : ModelResult
            What was found; may be changed.

        Examples
        --------
        >>> class Line(Model):
        ...     def post_fit(self, fitresult):
        ...         fitresult.params.add("root", expr="-b / a")
        >>> result = Line(lambda x, a, b: a * x + b).fit([-2.0, 0.0, 2.0], x=[0, 1, 2], a=1, b=0)
        >>> round(result.params["root"].value, 6)
        1.0
        """

    def check_jac(self, params: Any = None, rtol: float = 1e-6, **kwargs: Any) -> dict[str, float]:
        """Compare the derivatives with finite differences.

        Parameters
        ----------
        params : Parameters or mapping, optional
            The point at which to compare, as of `eval`.
        rtol : float, optional
            Largest difference that is accepted, relative to the largest element of the column.
        **kwargs
            As of `eval`.

        Returns
        -------
        dict
            The relative difference for each parameter.

        Raises
        ------
        ModelError
            Columns differ by more; the message names them, the worst first.  Or there are no derivatives.

        Examples
        --------
        >>> model = Model(lambda x, a, b: a * x + b, dfunc=lambda x, a, b: [x, 2.0])
        >>> model.check_jac(x=np.array([1.0, 2.0]), a=1, b=1)
        Traceback (most recent call last):
        lmfit.errors.ModelError: the derivative of Model(<lambda>) by 'b' is wrong, at index 0: 2 is given, \
        1 is the difference quotient
        """
        values, variables = self._arguments(params, kwargs)
        check_no_text(self, variables)
        return compared(self._node(variables), self.param_names, values, rtol, self.name)

    def _in_order(self) -> Iterator[Model]:
        """Yield all models that this one is made of, each after its parts, and at last itself."""
        yield self

    def __reduce__(self) -> tuple[Any, ...]:
        _model_json.check_picklable(self)
        args, kws = self._made_with
        return _remade, (type(self), args, kws), self._state()

    def _state(self) -> dict[str, Any]:
        """What may have changed since the model was made."""
        return {name: self.__dict__[name] for name in _STATE}

    def dumps(self, **kws: Any) -> str:
        """Return the model as JSON text.

        Parameters
        ----------
        **kws
            For `json.dumps`; and ``trusted=True`` to store functions that cannot be imported, such as
            lambdas, by the package cloudpickle.

        Returns
        -------
        str
            What `loads` and `load_model` read.

        Raises
        ------
        ModelError
            A function cannot be imported by its name.

        Examples
        --------
        >>> from lmfit.models import GaussianModel
        >>> text = GaussianModel(prefix="g_").dumps()
        >>> Model(lambda x: x).loads(text)
        Model(gaussian, prefix='g_')
        """
        return _model_json.dumps(self, **kws)

    def loads(self, s: str, funcdefs: Mapping[str, Call] | None = None, **kws: Any) -> Model:
        """Return the model in JSON text, see `load_model`; this one stays as it is.

        Parameters
        ----------
        s : str
            The text.
        funcdefs : dict, optional
            As of `load_model`.
        **kws
            As of `load_model`.

        Returns
        -------
        Model
            A new one.
        """
        found: Model = _model_json.loads(s, funcdefs, **kws)
        return found

    def load(self, fp: IO[str], funcdefs: Mapping[str, Call] | None = None, **kws: Any) -> Model:
        """Return the model in an open text file, see `load_model`; this one stays as it is.

        Parameters
        ----------
        fp : file
            Open for reading text.
        funcdefs : dict, optional
            As of `load_model`.
        **kws
            As of `load_model`.

        Returns
        -------
        Model
            A new one.

        Examples
        --------
        >>> from io import StringIO
        >>> from lmfit.models import GaussianModel
        >>> Model(lambda x: x).load(StringIO(GaussianModel(prefix="g_").dumps()))
        Model(gaussian, prefix='g_')
        """
        _model_json.check_file(fp, "read", "load_model")
        return self.loads(fp.read(), funcdefs, **kws)

    def __add__(self, other: Model) -> CompositeModel:
        return CompositeModel(self, other, operator.add)

    def __sub__(self, other: Model) -> CompositeModel:
        return CompositeModel(self, other, operator.sub)

    def __mul__(self, other: Model) -> CompositeModel:
        return CompositeModel(self, other, operator.mul)

    def __truediv__(self, other: Model) -> CompositeModel:
        return CompositeModel(self, other, operator.truediv)

    def __pow__(self, other: Model) -> CompositeModel:
        return CompositeModel(self, other, operator.pow)


class CompositeModel(Model):
    """Two models combined by a function of their curves.

    Parameters
    ----------
    left, right : Model
        The parts; no parameter of one may have the name of one of the other.
    op : callable
        ``op(left_curve, right_curve)``; the operators ``+ - * /`` of models are the ones of `operator`.
    name : str, optional
        How the model describes itself.
    nan_policy : {'raise', 'omit', 'propagate'}, optional
        That of `left` by default.

    Attributes
    ----------
    left, right, op
        As given.
    components : list of Model
        The parts that are no composites, in order.

    Raises
    ------
    ModelNameError
        Both models have a parameter of the same name.

    Examples
    --------
    >>> from lmfit.lineshapes import gaussian, linear
    >>> model = Model(gaussian, prefix="peak_") + Model(linear, prefix="line_")
    >>> model.param_names
    ['peak_amplitude', 'peak_center', 'peak_sigma', 'line_slope', 'line_intercept']
    """

    is_composite = True
    _known_ops: ClassVar[dict[Call, str]] = {
        operator.add: "+",
        operator.sub: "-",
        operator.mul: "*",
        operator.truediv: "/",
        operator.pow: "**",
    }

    def __init__(
        self, left: Model, right: Model, op: Call, name: str | None = None, nan_policy: str | None = None
    ) -> None:
        for part in (left, right):
            if not isinstance(part, Model):
                raise ModelError(
                    f"CompositeModel: {part!r:.80} is no Model; for a number take ConstantModel(prefix='c_')"
                )
        if not callable(op):
            raise ModelError(f"CompositeModel: the operator {op!r:.80} is no function of two arrays")
        _check_distinct(left, right)
        self.left, self.right, self.op, self.func = left, right, op, op
        self._name, self._prefix = name or "", ""
        self.nan_policy = checked_policy(nan_policy or left.nan_policy)
        self._leaves = (*_leaves_of(left), *_leaves_of(right))
        self._own_hints: dict[str, dict[str, Any]] = {}
        self._renaming = -1
        self._names: tuple[str, ...] = ()
        self._parse_params()

    def _parse_params(self) -> None:
        """Collect what the parts have."""
        left, right = self.left, self.right
        self.param_hints = _CompositeHints(self)
        self._param_root_names = []
        self.opts = {}
        self.independent_vars = list(dict.fromkeys([*left.independent_vars, *right.independent_vars]))
        self.independent_vars_defvals = {**left.independent_vars_defvals, **right.independent_vars_defvals}
        self.def_vals = {**left.def_vals, **right.def_vals}
        self._func_allargs = [*left._func_allargs, *right._func_allargs]
        self._func_haskeywords = left._func_haskeywords or right._func_haskeywords
        self._others = left._other_arguments() | right._other_arguments()

    def _reprstring(self, long: bool = True) -> str:
        texts: list[str] = []
        for part in self._in_order():
            if isinstance(part, CompositeModel):
                right, left = texts.pop(), texts.pop()
                sign = part._known_ops.get(part.op) or name_of(part.op)
                texts.append(f"Model({part._name})" if part._name else f"({left} {sign} {right})")
            else:
                texts.append(part._reprstring(long))
        return texts[0]

    @property
    def param_names(self) -> list[str]:
        """Names of the parameters of all parts."""
        return list(self._full_names)

    @property
    def _full_names(self) -> tuple[str, ...]:
        if self._renaming != Model._renamings:
            self._names = (*self.left._full_names, *self.right._full_names)
            self._renaming = Model._renamings
        return self._names

    @property
    def components(self) -> list[Model]:
        """The models that this one is made of, in order."""
        return list(self._leaves)

    @property
    def differentiable(self) -> bool:
        """Whether the derivatives by all parameters are known in closed form."""
        known = self.op in _DIFFERENTIABLE and not self._evaluates_itself
        return known and self.left.differentiable and self.right.differentiable

    def _state(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("_own_hints", "nan_policy", "_name")}

    def copy(self, **kwargs: Any) -> Self:
        """Return an independent copy, with independent copies of the parts.

        Parameters
        ----------
        **kwargs
            `name` or `nan_policy`, if they are to differ.

        Returns
        -------
        CompositeModel
            Of the same class.

        Examples
        --------
        >>> from lmfit.lineshapes import gaussian, linear
        >>> model = Model(gaussian) + Model(linear)
        >>> model.copy(name="peak and line")
        Model(peak and line)
        """
        new: Self = _assembled(self._dismantled(Model.copy))
        for name, value in kwargs.items():
            setattr(new, {"name": "_name"}.get(name, name), value)
        return new

    def _dismantled(self, taking: Callable[[Model], Model]) -> list[Any]:
        """What `_assembled` makes a composite of; `taking` is done to each model that is none."""
        return [
            (type(part), part.op, copy.deepcopy(part._state()))
            if isinstance(part, CompositeModel)
            else taking(part)
            for part in self._in_order()
        ]

    def _in_order(self) -> Iterator[Model]:
        stack: list[tuple[Model, bool]] = [(self, False)]
        while stack:  # not by recursion: sums can be long chains
            part, done = stack.pop()
            if isinstance(part, CompositeModel) and not done:
                stack += [(part, True), (part.right, False), (part.left, False)]
            else:
                yield part

    def __reduce__(self) -> tuple[Any, ...]:
        return _assembled, (self._dismantled(lambda part: part),)

    def _all_hints(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for part in self._in_order():
            if isinstance(part, CompositeModel):
                for name, hint in part._own_hints.items():
                    found[name] = {**found.get(name, {}), **hint}
            else:
                found.update(part._all_hints())
        return found

    def _all_defaults(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in self._leaves:
            found.update(part._all_defaults())
        return found

    def _by_full_name(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return dict(given)

    def _other_arguments(self) -> set[str]:
        return self._others

    def _make_all_args(self, params: Any = None, **kwargs: Any) -> dict[str, Any]:
        return {**self.left._make_all_args(params, **kwargs), **self.right._make_all_args(params, **kwargs)}

    def eval_components(self, params: Any = None, **kwargs: Any) -> dict[str, Any]:
        """Return the curve of each component by its prefix, or by its name where it has none.

        Parameters
        ----------
        params : Parameters or mapping, optional
            As of `eval`.
        **kwargs
            As of `eval`.

        Returns
        -------
        dict of str to ndarray
            In the order of the parts.

        Examples
        --------
        >>> from lmfit.lineshapes import gaussian, linear
        >>> model = Model(gaussian, prefix="g_") + Model(linear, prefix="l_")
        >>> parts = model.eval_components(model.make_params(l_slope=2), x=np.array([0.0, 1.0]))
        >>> list(parts), parts["l_"]
        (['g_', 'l_'], array([0., 2.]))
        """
        values, variables = self._arguments(params, kwargs)
        return {key: node.value(values) for key, node in self._nodes_of_parts(variables).items()}

    def _nodes_of_parts(self, variables: Mapping[str, Any]) -> dict[str, Node]:
        nodes, first = {}, 0
        for part in self._leaves:
            nodes[part._prefix or part._name] = part._node(variables, first)
            first += len(part.param_names)
        return nodes

    def _own_node(self, variables: Mapping[str, Any], first: int = 0, differentiate: bool = True) -> Node:
        parts = list(_summands(self)) if self.op in _SIGNS else [(True, self.left), (True, self.right)]
        terms = []
        for plus, part in parts:
            terms.append((plus, part._node(variables, first, differentiate)))
            first += len(part._param_root_names or part._full_names)
        if self.op in _SIGNS:
            return Sum(terms)
        (_, left), (_, right) = terms
        kind = _DIFFERENTIABLE.get(self.op)
        return Other(left, right, self.op) if kind is None else kind(left, right)

    def post_fit(self, fitresult: ModelResult) -> None:
        """Let the parts do what they do at the end of a fit.

        Parameters
        ----------
        fitresult : ModelResult
            What was found; may be changed.

        Examples
        --------
        >>> class Line(Model):
        ...     def post_fit(self, fitresult):
        ...         print("slope", round(fitresult.params["a"].value, 6))
        >>> model = Line(lambda x, a: a * x) + Model(lambda x, c: c + 0 * x)
        >>> _ = model.fit([-2.0, 0.0, 2.0], x=[0, 1, 2], a=1, c=0)
        slope 2.0
        """
        self.left.post_fit(fitresult)
        self.right.post_fit(fitresult)


class _CompositeHints(MutableMapping[str, dict[str, Any]]):
    """The hints of all parts of a composite; what is set here is the composite's own."""

    def __init__(self, model: CompositeModel) -> None:
        self._model = model

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self._model._all_hints()[name]

    def __setitem__(self, name: str, hint: dict[str, Any]) -> None:
        self._model._own_hints[name] = hint

    def __delitem__(self, name: str) -> None:
        del self._model._own_hints[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._model._all_hints())

    def __len__(self) -> int:
        return len(self._model._all_hints())

    def __repr__(self) -> str:
        return repr(self._model._all_hints())


#: Operators that leave a composite a sum, and whether the right part is added.
_SIGNS: dict[Call, bool] = {operator.add: True, operator.sub: False}
#: Operators whose derivatives are known.
_DIFFERENTIABLE: dict[Call, Any] = {
    operator.add: Sum, operator.sub: Sum, operator.mul: Product, operator.truediv: Quotient,
}  # fmt: skip
#: Keywords of `Model.fit` that a model may also have as names of parameters.
_SETTINGS = ("sigma", "covariance", "timeout", "progress")
#: Attributes of a model that can be set after it was made.
_STATE = ("param_hints", "nan_policy", "opts", "_prefix", "_name")


def save_model(model: Model, fname: str, **kws: Any) -> None:
    """Write a model into a file, as JSON.

    Parameters
    ----------
    model : Model or GlobalModel
        Its function must be importable, or be a built-in one.
    fname : str
        Name of the file.
    **kws
        As of `Model.dumps`.

    Raises
    ------
    ModelError
        A function cannot be imported by its name.

    Examples
    --------
    >>> import os, tempfile
    >>> from lmfit.models import GaussianModel
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "peak.json")
    ...     save_model(GaussianModel(prefix="g_"), path)
    ...     load_model(path)
    Model(gaussian, prefix='g_')
    """
    _model_json.check_kind("model", model, "Model", "GlobalModel")
    _model_json.write(fname, model.dumps(**kws))


def load_model(fname: str, funcdefs: Mapping[str, Call] | None = None, trusted: bool = False) -> Model:
    """Return the model in a file that `save_model` wrote, also that of lmfit 1.x.

    Parameters
    ----------
    fname : str
        Name of the file.
    funcdefs : dict, optional
        Functions by their names, for those that cannot be found or may not be looked for.
    trusted : bool, optional
        Whether modules may be imported and stored code be executed, as the file asks.  By default only
        functions of lmfit and of the user's own modules that have been imported already are looked up,
        and nothing is executed.

    Returns
    -------
    Model
        A new one.

    Raises
    ------
    ModelError
        The file is no stored model, or a function cannot be found; the message says what to do.

    Examples
    --------
    >>> import os, tempfile
    >>> model = Model(lambda x, a: a * x, name="ray")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "ray.json")
    ...     save_model(model, path, trusted=True)
    ...     load_model(path, trusted=True).param_names
    ['a']
    """
    found: Model = _model_json.loads(_model_json.read(fname), funcdefs, trusted=trusted)
    return found


def save_modelresult(modelresult: ModelResult, fname: str, **kws: Any) -> None:
    """Write the result of a fit into a file, as JSON.

    Parameters
    ----------
    modelresult : ModelResult or GlobalResult
        After a fit; the function of its model must be importable.
    fname : str
        Name of the file.
    **kws
        As of `Model.dumps`.

    Raises
    ------
    ModelError
        A function cannot be imported by its name.

    Examples
    --------
    >>> import os, tempfile
    >>> from lmfit.models import LinearModel
    >>> result = LinearModel().fit([1.0, 3.0, 5.0], x=[0, 1, 2], slope=1, intercept=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "line.json")
    ...     save_modelresult(result, path)
    ...     load_modelresult(path).params == result.params
    True
    """
    _model_json.check_kind("modelresult", modelresult, "ModelResult", "GlobalResult")
    _model_json.write(fname, modelresult.dumps(**kws))


def load_modelresult(
    fname: str, funcdefs: Mapping[str, Call] | None = None, trusted: bool = False
) -> ModelResult:
    """Return the result of a fit from a file that `save_modelresult` wrote, also that of lmfit 1.x.

    Parameters
    ----------
    fname : str
        Name of the file.
    funcdefs : dict, optional
        As of `load_model`.
    trusted : bool, optional
        As of `load_model`.

    Returns
    -------
    ModelResult
        It can be evaluated, plotted and fitted again.

    Raises
    ------
    ModelError
        The file is no stored result, or a function cannot be found.

    Examples
    --------
    >>> import os, tempfile
    >>> from lmfit.models import LinearModel
    >>> result = LinearModel().fit([1.0, 3.0, 5.0], x=[0, 1, 2], slope=1, intercept=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "line.json")
    ...     save_modelresult(result, path)
    ...     load_modelresult(path).eval(x=np.array([10.0])).round(6)
    array([21.])
    """
    found: ModelResult = _model_json.loads_result(_model_json.read(fname), funcdefs, trusted=trusted)
    return found


def _remade(cls: type[Model], args: tuple[Any, ...], kws: dict[str, Any]) -> Model:
    return cls(*args, **kws)


def _assembled(parts: Sequence[Any]) -> Any:
    """Put the parts of a composite together again, each after what it consists of."""
    models: list[Model] = []
    for part in parts:
        if isinstance(part, Model):
            models.append(part)
        else:
            cls, op, state = part
            right, left = models.pop(), models.pop()
            models.append(cls(left, right, op))
            models[-1].__dict__.update(state)
    return models[0]


def _check_distinct(left: Model, right: Model) -> None:
    clash = set(right._full_names).intersection(left._full_names)
    if clash:
        names = ", ".join(map(repr, sorted(clash)))
        raise ModelNameError(
            f"{left.name} and {right.name} both have {names}; give them different prefixes, like prefix='a_'"
        )


def _leaves_of(model: Model) -> tuple[Model, ...]:
    return model._leaves if isinstance(model, CompositeModel) else (model,)


def _summands(model: Model) -> Iterator[tuple[bool, Model]]:
    """Yield the terms of a sum and whether they are added, without recursion."""
    stack = [(True, model)]
    while stack:
        plus, part = stack.pop()
        if isinstance(part, CompositeModel) and part.op in _SIGNS and not part._evaluates_itself:
            stack += [(plus == _SIGNS[part.op], part.right), (plus, part.left)]
        else:
            yield plus, part
