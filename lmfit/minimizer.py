"""The driver of a fit: from Parameters and an objective to a result.

`Minimizer` holds what is to be fitted.  Each of its fitting methods compiles a
`Problem`, hands it to an engine, computes statistics and errors at the best point,
writes the Parameters back and returns a `MinimizerResult`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _engines
from ._conclusion import INTERRUPTED, concluded
from ._derivatives import Array
from ._engines import LACKING, Engine, Objective, Outcome
from ._format import folded
from ._problem import Policy, Problem
from ._progress import shown
from ._robust import reducer
from ._rules import switch
from .errors import AbortFitException, MinimizerException, ParameterError
from .parameter import Parameter, Parameters
from .result import Candidate, MinimizerResult, ReadsResult

if TYPE_CHECKING:
    from asteval import Interpreter

__all__ = ["Candidate", "Minimizer", "MinimizerException", "MinimizerResult", "minimize"]


#: What the example of an engine's method shows, and where SciPy is too old for the engine.
_WORKS = """>>> result = fitter.{method}({shown})
        >>> result.method, round(result.params["a"].value, 1)
        ({name!r}, 2.0)"""
_LACKS = """>>> fitter.{method}()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        ValueError: the engine {name!r} needs SciPy ... or newer, not ..."""


def _engine_method(name: str, shown: str = "") -> Callable[..., MinimizerResult]:
    """Make the method of `Minimizer` that fits with the engine named so; `shown`: options in its example."""

    def fit(self: Minimizer, params: Any = None, max_nfev: int | None = None, **kws: Any) -> MinimizerResult:
        return self._fit(name, params, {"max_nfev": max_nfev, **kws})

    fit.__name__ = name.replace("-", "_")
    fit.__qualname__ = f"Minimizer.{fit.__name__}"
    example = _LACKS if name in LACKING else _WORKS
    fit.__doc__ = f"""Fit with the engine {name!r}, see the table of engines in the documentation.

        Parameters
        ----------
        params : Parameters, optional
            Replaces those given before.
        max_nfev : int, optional
            Largest number of evaluations.
        **kws
            Options of the engine, and any of the settings of the Minimizer for this fit only.

        Returns
        -------
        MinimizerResult
            Also kept as `result`.

        Examples
        --------
        >>> from lmfit import create_params
        >>> params = create_params(a={{"value": 1.5, "min": 0, "max": 4}})
        >>> fitter = Minimizer(lambda p: [10 * (p["a"] - 2.0), 1.0], params, scale_covar=False)
        {example.format(method=fit.__name__, shown=shown, name=name)}
        """
    return fit


class Minimizer(ReadsResult):
    """What is to be fitted, and the methods that fit it.

    Parameters
    ----------
    userfcn : callable
        The objective, ``userfcn(params, *fcn_args, **fcn_kws)``; returns the residual, an array
        (real or complex, of any shape) whose sum of squares is minimised.
    params : Parameters
        Also a plain dictionary or a list of Parameter objects.  Updated in place when a fit ends.
    fcn_args : sequence, optional
        Positional arguments of `userfcn`.
    fcn_kws : dict, optional
        Keyword arguments of `userfcn`.
    iter_cb : callable, optional
        ``iter_cb(params, iteration, residual, *fcn_args, **fcn_kws)``, called after each evaluation
        of the search; ends it by returning True.
    scale_covar : bool, optional
        Whether to scale the errors such that reduced chi-square is 1 (default), as is right where
        the errors of the data are not known.
    nan_policy : {'raise', 'omit', 'propagate'}, optional
        'raise' (default): a residual that is not finite is an error at the start and a rejected step
        later.  'omit': such data are left out.  'propagate': they are handed to the engine.
    reduce_fcn : callable or str, optional
        ``reduce_fcn(residual) -> float``, what engines that minimise a number minimise instead of the sum
        of squares; or 'neglogcauchy', 'negentropy', 'soft_l1', 'huber', 'cauchy', 'arctan' (see
        `lmfit._robust`).
    calc_covar : bool, optional
        Whether to estimate errors (default True).
    max_nfev : int, optional
        Largest number of evaluations of a search; ``1000 * (nvarys + 1)`` for ``leastsq``.
    timeout : float, optional
        Longest duration of a search in seconds.
    progress : bool, optional
        Whether to show a bar with the number of evaluations, the lowest chi-square and the rate.
    **kws
        Options for the engines, each of which takes those that it knows.

    Attributes
    ----------
    result : MinimizerResult or None
        That of the last fit, whose attributes can be read on the Minimizer too.

    Examples
    --------
    >>> import numpy as np
    >>> from lmfit import create_params
    >>> x = np.linspace(0, 4, 20)
    >>> data = 3.0 * np.exp(-x / 1.5)
    >>> def residual(params, x, data):
    ...     return params["amp"] * np.exp(-x / params["tau"]) - data
    >>> fitter = Minimizer(residual, create_params(amp=1, tau=1), fcn_args=(x, data))
    >>> bool(fitter.leastsq())
    True
    >>> round(fitter.params["tau"].value, 6)
    1.5
    """

    def __init__(
        self,
        userfcn: Callable[..., Any] | None = None,
        params: Any = None,
        fcn_args: Sequence[Any] | None = None,
        fcn_kws: Mapping[str, Any] | None = None,
        iter_cb: Callable[..., Any] | None = None,
        scale_covar: bool = True,
        nan_policy: str = "raise",
        reduce_fcn: str | Callable[[Array], float] | None = None,
        calc_covar: bool = True,
        max_nfev: int | None = None,
        timeout: float | None = None,
        progress: bool = False,
        **kws: Any,
    ) -> None:
        self.userfcn = userfcn
        self.userargs: Sequence[Any] = () if fcn_args is None else _positional(fcn_args)
        self.userkws: Mapping[str, Any] = fcn_kws if fcn_kws is not None else {}
        self.iter_cb = iter_cb
        self.scale_covar = scale_covar
        self.nan_policy = nan_policy
        self.reduce_fcn = reduce_fcn
        self.calc_covar = calc_covar
        self.max_nfev = max_nfev
        self.timeout = timeout
        self.progress = progress
        self.kws = kws
        self.result: MinimizerResult | None = None
        self._last_settings: _Settings | None = None
        self._generation = 0
        self._originals: list[Parameter] = []
        self._params = Parameters()
        if params is not None:
            self.params = params

    @property
    def params(self) -> Parameters:
        """The Parameters of the next fit; once another fit has overwritten them, those of the last result."""
        if self.result is not None and self._params._generation != self._generation:
            return self.result.params
        return self._params

    @params.setter
    def params(self, params: Any) -> None:
        adopted, self._originals = _as_parameters(params)
        symbols = self._params._namespace.user_symbols()
        if symbols:  # an empty update, too, would have the expressions compiled again
            adopted._namespace.symbols.update(symbols)
        self._params = adopted
        self._generation = adopted._generation if self.result is not None else 0

    @property
    def asteval(self) -> Interpreter:
        """The interpreter of the expressions; functions put into its ``symtable`` can be used in them."""
        return self._params._asteval

    @property
    def values(self) -> dict[str, float]:
        """Plain dictionary of the values of all parameters."""
        return self.params.valuesdict()

    def prepare_fit(self, params: Any = None) -> MinimizerResult | None:
        """Check parameters, bounds and expressions; called by the fitting methods.

        Parameters
        ----------
        params : Parameters, optional
            Replaces those given before.

        Returns
        -------
        MinimizerResult or None
            That of the last fit.

        Raises
        ------
        MinimizerException
            Something is not ready for a fit; the message says what.

        Examples
        --------
        >>> from lmfit import create_params
        >>> fitter = Minimizer(lambda p: p["a"] - 2.0, create_params(a={"expr": "2*b"}))
        >>> fitter.prepare_fit()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lmfit.errors.ExpressionError: parameter 'a': ...'b'...
        """
        if params is not None:
            self.params = params
        self._compiled(_engines.find("leastsq"), Policy(), {}, self._params)
        return self.result

    def __getattr__(self, name: str) -> Any:
        # Only called for what is no attribute of the Minimizer itself.
        # Python asks for special methods such as __getstate__, which are no attributes of a fit.
        result = None if name.startswith("__") else self.__dict__.get("result")
        if result is None:
            fitted = name in MinimizerResult.__dataclass_fields__
            hint = "; there is no result yet: call leastsq() or minimize() first" if fitted else ""
            raise AttributeError(f"a {type(self).__name__} has no attribute {name!r}{hint}")
        return getattr(result, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(dir(self.result) if self.result is not None else ())})

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        state = "no fit yet" if self.result is None else self.result._state()
        name = getattr(self.userfcn, "__name__", type(self.userfcn).__name__)
        return folded(f"<{type(self).__name__} of {name}: {state}>")

    def minimize(self, method: str = "leastsq", params: Any = None, **kws: Any) -> MinimizerResult:
        """Fit with the engine named `method`.

        Parameters
        ----------
        method : str, optional
            Name of an engine; its keyword ``engine`` means the same.
        params : Parameters, optional
            Replaces those given before.
        **kws
            Options of the engine, and any of the settings of the Minimizer for this fit only.

        Returns
        -------
        MinimizerResult
            Also kept as `result`.

        Raises
        ------
        ValueError
            There is no engine of that name.
        TypeError
            The engine has no such option.
        MinimizerException
            Something is not ready for a fit, or the residual is not finite at the start.

        Examples
        --------
        >>> from lmfit import create_params
        >>> fitter = Minimizer(lambda p: [p["a"] - 2.0, p["b"] - p["a"]], create_params(a=1, b=1))
        >>> fitter.minimize("nelder").method, round(fitter.params["b"].value, 3)
        ('nelder', 2.0)
        """
        engine = _engines.find(kws.pop("engine", method))
        # Through the method of that name, which a subclass may have overridden.
        fit = getattr(type(self), engine.name.replace("-", "_"), None)
        return fit(self, params=params, **kws) if fit is not None else self._fit(engine.name, params, kws)

    def leastsq(self, params: Any = None, max_nfev: int | None = None, **kws: Any) -> MinimizerResult:
        """Fit by the Levenberg-Marquardt method of MINPACK, `scipy.optimize.leastsq`.

        Parameters
        ----------
        params : Parameters, optional
            Replaces those given before.
        max_nfev : int, optional
            Largest number of evaluations, also ``maxfev``; ``1000 * (nvarys + 1)`` by default.
        **kws
            Keywords of `scipy.optimize.leastsq`; `xtol` and `ftol` are 1e-7 by default, 1e-10 where
            derivatives are given.  ``Dfun(params, *fcn_args, **fcn_kws)`` gives the derivatives of the
            residual by the variables (with ``col_deriv=True`` one row each), or by all parameters, or a
            dictionary of them by name.  ``polish=False`` leaves the solution as MINPACK finds it,
            ``retry=False`` searches only once.

        Returns
        -------
        MinimizerResult
            Also kept as `result`.

        Examples
        --------
        >>> import numpy as np
        >>> from lmfit import create_params
        >>> x = np.linspace(0, 1, 11)
        >>> fitter = Minimizer(lambda p: p["a"] * x + p["b"] - 3 * x, create_params(a=1, b=1))
        >>> result = fitter.leastsq(Dfun=lambda p: {"a": x, "b": np.ones(11)})
        >>> result.success, round(result.params["a"].value, 6)
        (True, 3.0)
        """
        return self._fit("leastsq", params, {"max_nfev": max_nfev, **kws})

    def scalar_minimize(
        self, method: str = "nelder", params: Any = None, max_nfev: int | None = None, **kws: Any
    ) -> MinimizerResult:
        """Fit with an engine that minimises a number.

        Parameters
        ----------
        method : str, optional
            Name of the engine, by default the simplex method of Nelder and Mead.
        params : Parameters, optional
            Replaces those given before.
        max_nfev : int, optional
            Largest number of evaluations.
        **kws
            As of `minimize`.

        Returns
        -------
        MinimizerResult
            Also kept as `result`.

        Raises
        ------
        ValueError
            The engine needs a residual.

        Examples
        --------
        >>> from lmfit import create_params
        >>> fitter = Minimizer(lambda p: (p["a"] - 2.0) ** 2 + 1.0, create_params(a=1))
        >>> round(fitter.scalar_minimize("powell").params["a"].value, 3)
        2.0
        """
        if _engines.find(method).objective is not Objective.SCALAR:
            raise ValueError(f"engine {method!r} minimises a residual, not a number; use minimize()")
        return self.minimize(method, params, max_nfev=max_nfev, **kws)

    least_squares = _engine_method("least_squares")
    varpro = _engine_method("varpro")
    nelder = _engine_method("nelder")
    powell = _engine_method("powell")
    lbfgsb = _engine_method("lbfgsb")
    cg = _engine_method("cg")
    bfgs = _engine_method("bfgs")
    newton = _engine_method("newton")
    tnc = _engine_method("tnc")
    cobyla = _engine_method("cobyla")
    cobyqa = _engine_method("cobyqa")
    slsqp = _engine_method("slsqp")
    trust_ncg = _engine_method("trust-ncg")
    trust_exact = _engine_method("trust-exact")
    trust_krylov = _engine_method("trust-krylov")
    trust_constr = _engine_method("trust-constr")
    dogleg = _engine_method("dogleg")
    differential_evolution = _engine_method("differential_evolution", "seed=1")
    basinhopping = _engine_method("basinhopping", "seed=1")
    dual_annealing = _engine_method("dual_annealing", "seed=1")
    anneal = _engine_method("anneal", "seed=1")
    shgo = _engine_method("shgo")
    direct = _engine_method("direct")
    brute = _engine_method("brute", "Ns=21")
    ampgo = _engine_method("ampgo", "totaliter=2, seed=1")
    multistart = _engine_method("multistart", "seed=1")
    emcee = _engine_method("emcee", "steps=100, burn=50, nwalkers=20, seed=1")

    def _fit(self, method: str, params: Any, kws: Mapping[str, Any]) -> MinimizerResult:
        if params is not None:
            self.params = params
        engine = _engines.find(method)
        given = {key: value for key, value in kws.items() if value is not None}
        policy, flags, options = self._settings(engine, given)
        settings = _Settings(engine, policy, dict(options))
        with shown(policy, flags["progress"], engine.name) as watching:
            problem = self._compiled(engine, watching, options, self._params)
            problem.previous = self.result
            self._mark_start(problem)
            outcome, aborted = _run(engine, problem, options)
        problem.finish()
        result = concluded(problem, engine, outcome, aborted, flags, options)
        try:
            self._write_back(result, settings)
        except BaseException:  # Ctrl-C at the worst moment must not leave the parameters half written
            self._write_back(result, settings)
            raise
        return result

    def search_again(self, result: MinimizerResult | None = None) -> tuple[Engine, Problem, dict[str, Any]]:
        """Return the problem of a fit at its best point, ready to be searched again with its settings.

        For what refits, such as confidence intervals: neither the parameters nor the result of the
        Minimizer are touched by what is done with it.  Callback and limits are those of no search.

        Parameters
        ----------
        result : MinimizerResult, optional
            That of the fit; the last one by default.

        Returns
        -------
        engine : Engine
            The one that fitted.
        problem : Problem
            Not yet evaluated.
        options : dict
            For the engine.

        Raises
        ------
        MinimizerException
            There has been no fit.

        Examples
        --------
        >>> from lmfit import create_params
        >>> fitter = Minimizer(lambda p: [p["a"] - 2.0, 1.0], create_params(a=1))
        >>> _ = fitter.leastsq()
        >>> engine, problem, options = fitter.search_again()
        >>> engine.name, problem.names
        ('leastsq', ['a'])
        """
        found = self.result if result is None else result
        if found is None:
            raise MinimizerException("there is no fit yet to start from; call minimize() or leastsq() first")
        settings = self._last_settings
        if settings is None or found is not self.result:
            engine = _engines.find(found.method)
            policy, _, options = self._settings(engine, dict(found.call_kws))
            settings = _Settings(engine, policy, options)
        quiet = replace(settings.policy, iter_cb=None, timeout=None, max_nfev=math.inf)
        options = dict(settings.options)
        return settings.engine, self._compiled(settings.engine, quiet, options, found.params), options

    def _settings(
        self, engine: Engine, given: dict[str, Any]
    ) -> tuple[Policy, dict[str, bool], dict[str, Any]]:
        """Tell settings of this fit from options of the engine."""
        given = _flat(given)
        kws = {**_flat(self.kws), **given}
        flags = {key: switch(key, kws.pop(key, getattr(self, key))) for key in _FLAGS}
        # SciPy's names for the limit, but for engines to which they mean something else.
        names = [key for key in ("max_nfev", "maxfev", "maxfun") if key not in engine.options]
        limit = next(filter(None, [kws.pop(key, None) for key in names]), self.max_nfev)
        policy = Policy(
            nan_policy=kws.pop("nan_policy", self.nan_policy),
            reduce_fcn=reducer(kws.pop("reduce_fcn", self.reduce_fcn)),
            iter_cb=kws.pop("iter_cb", self.iter_cb),
            timeout=kws.pop("timeout", self.timeout),
            max_nfev=limit or math.inf,
            per_variable=math.inf if limit else engine.evaluations,
        )
        _engines.check_options(engine, {key: value for key, value in kws.items() if key in given})
        return policy, flags, _engines.usable_options(engine, kws)

    def _compiled(
        self, engine: Engine, policy: Policy, options: dict[str, Any], params: Parameters
    ) -> Problem:
        if not callable(self.userfcn):
            raise MinimizerException(
                f"the objective must be a function of the parameters, not {_shown(self.userfcn)}; "
                "give one, Minimizer(userfcn, params)"
            )
        if not params:
            raise MinimizerException("there are no parameters to fit; give them, Minimizer(userfcn, params)")
        problem = Problem(
            self.userfcn,
            params,
            _positional(self.userargs),
            _keywords("kws", self.userkws or {}),
            policy,
            derivative=_derivative(engine, options),
            column_derivatives=bool(options.pop("col_deriv", False)),
            scalar=engine.objective is Objective.SCALAR,
            curvature=_function("hess", options.pop("hess", None)),
        )
        if engine.needs_bounds:
            _check_bounds(engine, problem)
        return problem

    def _mark_start(self, problem: Problem) -> None:
        """Note the start values, but keep those of a fit that is only continued."""
        last = (
            self.result.params
            if self.result is not None and self._params._generation == self._generation
            else {}
        )
        for name, value in zip(problem.names, problem.start):
            if name not in last or last[name]._val != value:
                problem.params[name].init_value = value

    def _write_back(self, result: MinimizerResult, settings: _Settings) -> None:
        self.result, self._last_settings = result, settings
        for par in (*self._params.values(), *self._originals):
            found = result.params[str(par.name)]
            par._val, par.init_value = found._val, found.init_value
            par.stderr, par.correl = found.stderr, copy.copy(found.correl)
        self._params._generation += 1
        self._generation = self._params._generation


MinimizerResult.register(Minimizer)


class _Settings(NamedTuple):
    """How a fit is made, once those of the Minimizer and of the call have been told apart."""

    engine: Engine
    policy: Policy
    options: dict[str, Any]


#: Settings that are true or false, of a Minimizer and of each fit.
_FLAGS = ("scale_covar", "calc_covar", "progress")


def _flat(kws: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords, with those in a dictionary ``options``, as SciPy has them, among the others."""
    if "options" not in kws:
        return dict(kws)
    named = _keywords("options", kws["options"])
    return {**{key: value for key, value in kws.items() if key != "options"}, **named}


def _keywords(name: str, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a dictionary of keywords, but is {_shown(given)}")
    return given


def _positional(given: Any) -> Sequence[Any]:
    """The further arguments of the objective; a dictionary or a text would come apart."""
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise TypeError(
            "args must be a tuple of the objective's arguments after the parameters, such as args=(x, data), "
            f"but is {_shown(given)}"
        )
    return tuple(given)


def _function(name: str, given: Any) -> Callable[..., Any] | None:
    if given is not None and not callable(given):
        raise TypeError(f"{name} must be a function {name}(params, *args, **kws), not {_shown(given)}")
    function: Callable[..., Any] | None = given
    return function


def _derivative(engine: Engine, options: dict[str, Any]) -> Callable[..., Any] | None:
    """Take the user's derivatives, known as ``Dfun`` and as ``jac``, from the options."""
    derivative = _function("Dfun", options.pop("Dfun", None))
    if callable(options.get("jac")):
        derivative = options.pop("jac")
    if "jac" in options and "jac" not in engine.options:
        raise TypeError(f"jac must be a function jac(params, *args, **kws), not {options['jac']!r}")
    return derivative


def _check_bounds(engine: Engine, problem: Problem) -> None:
    """Refuse variables without finite bounds, all of them in one message."""
    finite = np.isfinite(problem.domain.lower) & np.isfinite(problem.domain.upper)
    without = [name for name, good in zip(problem.names, finite) if not good]
    if without:
        raise ParameterError(
            f"engine {engine.name!r} needs finite bounds of all variables; set min and max of "
            f"{', '.join(map(repr, without))}"
        )


def _shown(value: Any) -> str:
    """What a value is, for a message: large ones by their type."""
    return (
        repr(value) if value is None or isinstance(value, (str, int, float)) else f"a {type(value).__name__}"
    )


def _as_parameters(params: Any) -> tuple[Parameters, list[Parameter]]:
    """Parameters as they are; of a dictionary or a list, a Parameters and the objects to be updated."""
    if isinstance(params, Parameters):
        return params, []
    if isinstance(params, Mapping):
        named = list(params.items())
    elif isinstance(params, Iterable) and not isinstance(params, (str, bytes)):
        named = [(getattr(par, "name", None), par) for par in params]
    else:
        raise ParameterError(
            f"params must be a Parameters, or a dictionary or list of Parameter, not {_shown(params)}"
        )
    adopted = Parameters()
    for index, (name, par) in enumerate(named):
        problem = (
            f"a Parameter is needed, not {_shown(par)}"
            if not isinstance(par, Parameter)
            else "the Parameter has no name"
            if name is None
            else f"a Parameter named {name!r} comes twice"
            if name in adopted
            else ""
        )
        if problem:
            entry = repr(name) if isinstance(params, Mapping) else f"entry {index}"
            raise ParameterError(f"params, {entry}: {problem}")
        adopted[str(name)] = copy.copy(par)
    for name, par in named:
        par.name = par.name or name
    return adopted, [par for _, par in named]


def _run(engine: Engine, problem: Problem, options: dict[str, Any]) -> tuple[Outcome, bool]:
    """Let the engine search; an interrupted search is an outcome like any other."""
    try:
        problem.begin()
        if not problem.names:
            return Outcome(True, _NO_VARIABLES, extras={"ier": 0, "lmdif_message": _NO_VARIABLES}), False
        outcome = engine.run(problem.view(engine.space), dict(options))
        return outcome, outcome.aborted
    except AbortFitException as reason:
        return Outcome(False, str(reason) or "the objective asked for it", extras=_STOPPED), True
    except KeyboardInterrupt:
        if problem.best is None:
            raise
        return Outcome(False, INTERRUPTED, extras={**_STOPPED, "lmdif_message": INTERRUPTED}), True


_NO_VARIABLES = "there are no variables: the residual was evaluated once"
#: MINPACK's code for a search that the user ended.
_STOPPED = {"ier": -1, "lmdif_message": "the search was ended by the user"}


def minimize(
    fcn: Callable[..., Any],
    params: Any,
    *positional: Any,
    args: Any = None,
    kws: Any = None,
    engine: str | None = None,
    method: str | None = None,
    **settings: Any,
) -> Minimizer:
    """Find the values of the parameters for which the sum of squares of the residual is least.

    Parameters
    ----------
    fcn : callable
        The objective, ``fcn(params, *args, **kws)``, which returns the residual: an array, real or
        complex, of any shape but of constant length.
    params : Parameters
        Also a dictionary or a list of Parameter objects.  On return they hold the best values and,
        where these could be estimated, standard errors and correlations.
    *positional
        The order is that of the manual: `args`, `kws`, `engine`; or, where the third argument is a
        string, that of lmfit 1.x: `method`, `args`, `kws`.  Then follow in both `iter_cb`,
        `scale_covar`, `nan_policy`, `reduce_fcn`, `calc_covar` and `max_nfev`.
    args : tuple, optional
        Positional arguments of `fcn`.
    kws : dict, optional
        Keyword arguments of `fcn`.
    engine, method : str, optional
        Name of the engine, 'leastsq' by default.
    **settings
        Settings of the `Minimizer`, and options of the engine, such as ``ftol``.

    Returns
    -------
    Minimizer
        Also to be read as the `MinimizerResult` of the fit (``out.chisqr``, ``out.success``, ...).

    Raises
    ------
    MinimizerException
        Something is not ready for a fit, or the residual is not finite at the start.
    ValueError
        There is no engine of that name.
    TypeError
        The engine has no such option.

    Examples
    --------
    >>> import numpy as np
    >>> from lmfit import Parameters, minimize
    >>> x = np.linspace(0, 4, 20)
    >>> data = 3.0 * np.exp(-x / 1.5)
    >>> params = Parameters()
    >>> params.add("amp", value=1, min=0)
    >>> params.add("tau", value=1, min=0)
    >>> out = minimize(lambda p, x, y: p["amp"] * np.exp(-x / p["tau"]) - y, params, args=(x, data))
    >>> out.success, round(params["amp"].value, 6), round(params["tau"].value, 6)
    (True, 3.0, 1.5)
    """
    given = {"args": args, "kws": kws, "engine": engine, "method": method}
    named = {key: value for key, value in given.items() if value is not None}
    call = _in_order(positional, {**named, **settings})
    method = _one_method(call)
    fitter = Minimizer(fcn, params, call.pop("args", None), call.pop("kws", None), **call)
    # Options for this fit must be known to its engine; those kept for later fits need not be.
    fitter.minimize(method, **{key: value for key, value in call.items() if key in fitter.kws})
    return fitter


_AFTER = ("iter_cb", "scale_covar", "nan_policy", "reduce_fcn", "calc_covar", "max_nfev")
_ORDER_MANUAL = ("args", "kws", "engine", *_AFTER)
_ORDER_1X = ("method", "args", "kws", *_AFTER)


def _in_order(positional: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `minimize` after the first two, by name."""
    order = _ORDER_1X if positional and isinstance(positional[0], str) else _ORDER_MANUAL
    if len(positional) > len(order):
        raise TypeError(
            f"minimize() takes at most {len(order) + 2} positional arguments: fcn, params, {', '.join(order)}"
        )
    call = {key: value for key, value in zip(order, positional) if value is not None}
    twice = [key for key in call if key in named]
    if twice:
        raise TypeError(f"minimize() got {twice[0]!r} twice, by position and by name")
    return {**call, **named}


def _one_method(call: dict[str, Any]) -> str:
    """Take the name of the engine, given as ``engine`` or as ``method``, from the arguments."""
    engine, method = call.pop("engine", None), call.pop("method", None)
    if engine and method and engine != method:
        raise TypeError(
            f"engine={engine!r} and method={method!r} are one setting; for the method of an engine, as of "
            f"least_squares, give options={{'method': {method!r}}}"
        )
    return str(method or engine or "leastsq")
