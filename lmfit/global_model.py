"""Global fits: several data sets, each with a model of its own, and parameters that they share.

A `GlobalModel` has a model for each data set and says which parameters are the same in several of them.  All
data are fitted at once; the result has a part for each data set.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import IO, Any, cast

import numpy as np

from . import _global_json, _model_json
from ._blame import check_no_text
from ._fit_data import FitData, prepared
from ._format import folded
from ._global_names import OwnNames, Sharing, by_data_set, merged, model_names, sharing
from ._global_objective import GlobalObjective
from ._global_result import DataSetResult, GlobalResult, Search
from ._has_text import HasText
from ._linear_model import Roles, roles
from ._objective import Objective
from ._signature import ModelCallError, hints_of
from .errors import MinimizerException, ModelError, close_matches
from .model import Model
from .parameter import Parameters

__all__ = ["DataSetResult", "GlobalModel", "GlobalResult"]


class GlobalModel(HasText):
    """Models of several data sets, and which parameters these share.

    Parameters
    ----------
    models : mapping of str to Model
        The model of each data set, by a name that a parameter's name can begin with.  It may be the same
        model for all: ``dict.fromkeys(["a", "b"], model)``.
    shared : iterable of str, or mapping, optional
        Parameters that are the same in all data sets whose models have them.  For those that only some data
        sets share, a mapping to their names, ``{"center": ["a", "b"]}``; where the models call them
        differently, ``{"width": {"a": "sigma", "b": "g_sigma"}}``.

    Attributes
    ----------
    models : dict
        As given.
    shared : dict
        For each shared parameter the data sets, and its name in the model of each.
    names : dict
        For each data set and each parameter of its model the name in the global fit: as it is where it is
        shared, else with the name of the data set in front, ``a_amplitude``.
    param_names : list of str
        The parameters of the global fit.
    independent_vars : list of str
        Those of all models.

    Raises
    ------
    ModelError
        A shared parameter, or a data set that shares it, does not exist; or names are not unique.

    Examples
    --------
    >>> from lmfit.lineshapes import gaussian
    >>> peak = Model(gaussian)
    >>> both = GlobalModel({"a": peak, "b": peak}, shared=["center", "sigma"])
    >>> both.param_names
    ['center', 'sigma', 'a_amplitude', 'b_amplitude']
    >>> x = np.linspace(-5.0, 5.0, 41)
    >>> data = {"a": gaussian(x, 3.0, 0.5, 1.2), "b": gaussian(x, 7.0, 0.5, 1.2)}
    >>> result = both.fit(data, x=x)
    >>> round(result.params["center"].value, 6), round(result["b"].params["amplitude"].value, 6)
    (0.5, 7.0)
    """

    def __init__(self, models: Mapping[str, Model], shared: Iterable[str] | Mapping[str, Any] = ()) -> None:
        if not hasattr(models, "items") or not models:
            raise ModelError(
                "GlobalModel needs a dictionary with a model for each data set, such as "
                "{'a': model, 'b': model}"
            )
        for key, model in models.items():
            if not isinstance(model, Model):
                raise ModelError(
                    f"GlobalModel: for the data set {key!r} a Model is needed, not {model!r:.80}"
                )
        self.models = dict(models)
        names = {key: model.param_names for key, model in models.items()}
        self.shared: Sharing = sharing(names, shared)
        self.names: OwnNames = model_names(names, self.shared)

    @property
    def param_names(self) -> list[str]:
        """Names of the parameters of the global fit, those that are shared first."""
        listed = [*self.shared, *(name for own in self.names.values() for name in own.values())]
        return list(dict.fromkeys(listed))

    @property
    def independent_vars(self) -> list[str]:
        """Independent variables and options of all models."""
        return list(
            dict.fromkeys(name for model in self.models.values() for name in model.independent_vars or ())
        )

    def __repr__(self) -> str:
        listed = ", ".join(f"{key!r}: {model.name}" for key, model in self.models.items())
        return folded(f"GlobalModel({{{listed}}}, shared={list(self.shared)})")

    def make_params(self, **kwargs: Any) -> Parameters:
        """Return new Parameters with the defaults and hints of the models.

        Parameters
        ----------
        **kwargs
            Values, or dictionaries of attributes, by the name in the global fit; or by the name in a model,
            for all data sets at once.  ``make_params(a_amplitude=3, sigma={"value": 1, "min": 0})``.

        Returns
        -------
        lmfit.Parameters
            New ones, in the order of `param_names`, derived ones last.

        Raises
        ------
        ModelCallError
            There is no such parameter.

        Notes
        -----
        Parameters that a model derives from others, such as `fwhm`, are made for each data set, and only
        once where all that they are derived from is shared.

        Examples
        --------
        >>> from lmfit.lineshapes import gaussian
        >>> both = GlobalModel(dict.fromkeys(["a", "b"], Model(gaussian)), shared=["center", "sigma"])
        >>> both.make_params(a_amplitude=3, sigma={"value": 1, "min": 0}).valuesdict()
        {'center': 0.0, 'sigma': 1, 'a_amplitude': 3, 'b_amplitude': 1.0}
        """
        return self._made({key: model.make_params() for key, model in self.models.items()}, kwargs)[0]

    def guess(self, data: Any, **kwargs: Any) -> Parameters:
        """Return Parameters with start values from data, if all models know how.

        Parameters
        ----------
        data : mapping
            The data by the names of the data sets.
        **kwargs
            Independent variables, one for all or a dictionary by the names of the data sets; values of
            parameters, as of `make_params`.  A shared parameter gets the median of what is guessed.

        Returns
        -------
        lmfit.Parameters
            New ones, as `make_params` makes them.

        Raises
        ------
        GuessError
            Data are missing, or do not go with their variables.
        NotImplementedError
            Nothing is known about one of the models; use `make_params`.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> both = GlobalModel(dict.fromkeys(["a", "b"], LinearModel()), shared=["slope"])
        >>> x = np.arange(5.0)
        >>> params = both.guess({"a": 2 * x + 1, "b": 2 * x - 1}, x=x)
        >>> {name: round(value, 6) for name, value in params.valuesdict().items()}
        {'slope': 2.0, 'a_intercept': 1.0, 'b_intercept': -1.0}
        """
        data = by_data_set(data, self.models, "data", self.models)
        given, start = self._told_apart(kwargs)
        variables = self._variables_of(given)
        guessed = {key: model.guess(data[key], **variables[key]) for key, model in self.models.items()}
        params, _ = self._made(guessed, {})
        for name, places in self.shared.items():
            if not params[name].expr:
                params[name].value = float(
                    np.median([guessed[key][own].value for key, own in places.items()])
                )
        self._set(params, start)
        return params

    def own_params(self, key: str, params: Any) -> dict[str, Any]:
        """Return the values of the parameters of one data set's model, by their names there.

        Parameters
        ----------
        key : str
            Name of the data set.
        params : Parameters or mapping
            Of the global fit.

        Returns
        -------
        dict of str to float
            By the name in the model.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> both = GlobalModel(dict.fromkeys(["a", "b"], LinearModel()), shared=["slope"])
        >>> both.own_params("b", {"slope": 2.0, "a_intercept": 1.0, "b_intercept": -1.0})
        {'slope': 2.0, 'intercept': -1.0}
        """
        _check_mapping("params", params, "Parameters or a dictionary of values")
        if key not in self.models:
            hint = close_matches(str(key), self.models) or "."
            raise ModelError(f"there is no data set {key!r}{hint} The data sets are {', '.join(self.models)}")
        _check_present(self.names[key].values(), params)
        return {own: getattr(params[name], "value", params[name]) for own, name in self.names[key].items()}

    def eval(self, params: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the curve of each data set.

        Parameters
        ----------
        params : Parameters
            Of the global fit.
        **kwargs
            Independent variables and options, one for all or a dictionary by the names of the data sets.

        Returns
        -------
        dict of str to ndarray
            By the name of the data set.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> both = GlobalModel(dict.fromkeys(["a", "b"], LinearModel()), shared=["slope"])
        >>> both.eval(both.make_params(slope=2, a_intercept=1, b_intercept=-1), x=np.array([0.0, 1.0]))
        {'a': array([1., 3.]), 'b': array([-1.,  1.])}
        """
        variables = self._variables_of(kwargs)
        return {
            key: model.eval(self.own_params(key, params), **variables[key])
            for key, model in self.models.items()
        }

    def fit(
        self,
        data: Any,
        params: Any = None,
        weights: Any = None,
        method: str = "leastsq",
        iter_cb: Callable[..., Any] | None = None,
        scale_covar: bool = True,
        fit_kws: Mapping[str, Any] | None = None,
        nan_policy: str | None = None,
        calc_covar: bool = True,
        max_nfev: int | None = None,
        coerce_farray: bool = True,
        covariance: Any = None,
        timeout: float | None = None,
        progress: bool = False,
        **kwargs: Any,
    ) -> GlobalResult:
        """Fit all data sets at once.

        Parameters
        ----------
        data : mapping of str to array_like
            The data by the names of the data sets, in a dictionary or the columns of a DataFrame; of any
            shapes and lengths.
        params : Parameters, optional
            Start values; not changed.  Made by `make_params` if left out.
        weights : array_like or mapping, optional
            As of `Model.fit`: one for all data sets or a dictionary by their names, in which those that
            have none may be left out.  See also `sigma` below.
        method, iter_cb, scale_covar, fit_kws, nan_policy, calc_covar, max_nfev, coerce_farray : optional
            As of `Model.fit`.  The call is ``iter_cb(params, iteration, residual, data, weights)``.
            Without a `nan_policy` that of each model holds.
        covariance : array_like or mapping, optional
            That of the data, given as `weights` are.
        timeout, progress : optional
            As of `Model.fit`.
        **kwargs
            Independent variables and options, each one for all data sets or a dictionary by their names; and
            start values, as of `make_params`, which win over those in `params`; and `sigma`, the standard
            errors of the data (1/weights).  Where there is a parameter of that name, a number or a
            dictionary of attributes is for the parameter.

        Returns
        -------
        GlobalResult
            ``result[name]`` is the part of one data set.

        Raises
        ------
        ModelError
            Data are missing, or for a data set that does not exist, or do not go with their variables.
        ModelCallError
            There is no variable and no parameter of a name that is given.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> both = GlobalModel(dict.fromkeys(["a", "b"], LinearModel()), shared=["slope"])
        >>> data = {"a": [1.0, 3.0, 5.0], "b": [4.0, 6.0]}
        >>> result = both.fit(data, x={"a": [0, 1, 2], "b": [0, 1]}, slope=1, intercept=0)
        >>> {name: round(value, 6) for name, value in result.params.valuesdict().items()}
        {'slope': 2.0, 'a_intercept': 1.0, 'b_intercept': 4.0}
        """
        _check_mapping("fit_kws", fit_kws or {}, "a dictionary of options of the engine")
        data = by_data_set(data, self.models, "data", self.models)
        sigma = self._errors_of_data(kwargs)
        errors = {
            what: by_data_set(of_data, self.models, what)
            for what, of_data in (("weights", weights), ("sigma", sigma), ("covariance", covariance))
        }
        given, start = self._told_apart(kwargs)
        variables = self._variables_of(given)
        fit_data = {
            key: self._prepared(key, data, variables, errors, nan_policy, coerce_farray)
            for key in self.models
        }
        settings = {
            "iter_cb": iter_cb, "scale_covar": scale_covar, "calc_covar": calc_covar, "max_nfev": max_nfev,
            "timeout": timeout, "progress": progress, "nan_policy": nan_policy or self._common_policy(),
        }  # fmt: skip
        params, names = self._started(params, start)
        return GlobalResult(self, params, names, fit_data, Search(method, settings, dict(fit_kws or {})))

    def dumps(self, **kws: Any) -> str:
        """Return the model as JSON text.

        Parameters
        ----------
        **kws
            As of `Model.dumps`.

        Returns
        -------
        str
            For `loads`.

        Raises
        ------
        ModelError
            A function cannot be imported by its name, or a data set has a name that is no text.

        Examples
        --------
        >>> from lmfit import GlobalModel
        >>> from lmfit.models import LinearModel
        >>> both = GlobalModel(dict.fromkeys(["a", "b"], LinearModel()), shared=["slope"])
        >>> GlobalModel.loads(both.dumps())
        GlobalModel({'a': Model(linear), 'b': Model(linear)}, shared=['slope'])
        """
        return _global_json.dumps(self, **kws)

    @classmethod
    def loads(
        cls, s: str, funcdefs: Mapping[str, Callable[..., Any]] | None = None, trusted: bool = False
    ) -> GlobalModel:
        """Return the model in JSON text.

        Parameters
        ----------
        s : str
            What `dumps` returned.
        funcdefs, trusted : optional
            As of `lmfit.model.load_model`.

        Returns
        -------
        GlobalModel
            A new one.

        Raises
        ------
        ModelError
            The text is no such model, or a function cannot be found.
        """
        found = _model_json.loads(s, funcdefs, trusted=trusted)
        _model_json.check_kind("the text", found, "GlobalModel")
        return cast("GlobalModel", found)

    @classmethod
    def load(
        cls, fp: IO[str], funcdefs: Mapping[str, Callable[..., Any]] | None = None, trusted: bool = False
    ) -> GlobalModel:
        """Return the model in an open text file.

        Parameters
        ----------
        fp : file
            Open for reading text.
        funcdefs, trusted : optional
            As of `lmfit.model.load_model`.

        Returns
        -------
        GlobalModel
            A new one.

        Examples
        --------
        >>> from io import StringIO
        >>> from lmfit import GlobalModel
        >>> from lmfit.models import LinearModel
        >>> GlobalModel.load(StringIO(GlobalModel({"a": LinearModel()}).dumps()))
        GlobalModel({'a': Model(linear)}, shared=[])
        """
        _model_json.check_file(fp, "read", "load_model")
        return cls.loads(fp.read(), funcdefs, trusted)

    def _errors_of_data(self, kwargs: dict[str, Any]) -> Any:
        """Take `sigma` from the keywords, if it is not for a parameter or variable of that name."""
        sigma: Any = kwargs.get("sigma")
        names = {name for own in self.names.values() for both in own.items() for name in both}
        ours = "sigma" in names or "sigma" in self.independent_vars
        by_names = isinstance(sigma, Mapping) and not sigma.keys() - self.models.keys()
        if ours and not by_names and np.ndim(sigma) == 0:
            return None
        return kwargs.pop("sigma", None)

    def _prepared(
        self,
        key: str,
        data: Mapping[str, Any],
        variables: Mapping[str, Mapping[str, Any]],
        errors: Mapping[str, Mapping[str, Any]],
        nan_policy: str | None,
        coerce: bool,
    ) -> FitData:
        """The data of one data set, checked; what is wrong is said with its name."""
        policy = nan_policy or self.models[key].nan_policy
        own_errors = {what: of_each[key] for what, of_each in errors.items()}
        try:
            check_no_text(self.models[key], variables[key])
            return prepared(data[key], variables[key], **own_errors, nan_policy=policy, coerce=coerce)
        except MinimizerException as error:
            raise type(error)(f"data set {key!r}: {error}") from error

    def _common_policy(self) -> str:
        policies = {model.nan_policy for model in self.models.values()}
        return policies.pop() if len(policies) == 1 else "raise"

    def _started(self, params: Any, start: Mapping[str, Any]) -> tuple[Parameters, OwnNames]:
        """Parameters to start from, of one's own, and the names of those of each data set."""
        made, names = self._made({key: model.make_params() for key, model in self.models.items()}, {})
        if params is not None:
            _check_mapping("params", params, "Parameters or a dictionary of values")
            made = params.copy() if isinstance(params, Parameters) else self.make_params(**params)
        self._set(made, start)
        _check_present(self.param_names, made)
        empty = [name for name in self.param_names if made[name].expr is None and made[name]._val is None]
        if empty:
            raise ModelError(
                f"no start value for {', '.join(map(repr, empty))}; give it by name, {empty[0]}=..., or in "
                "params"
            )
        present = {key: {own: name for own, name in of.items() if name in made} for key, of in names.items()}
        return made, present

    def _made(self, made: Mapping[str, Parameters], given: Mapping[str, Any]) -> tuple[Parameters, OwnNames]:
        params, names = merged(made, self.names, self.shared)
        self._set(params, given)
        return params, names

    def _set(self, params: Parameters, given: Mapping[str, Any]) -> None:
        """Give parameters values or attributes, by their names in the global fit or in a model."""
        for name, value in given.items():
            everywhere = [own[name] for own in self.names.values() if name in own]
            targets = [name] if name in params else dict.fromkeys(everywhere)
            if not targets:
                known = {*params, *(own for of_model in self.names.values() for own in of_model)}
                raise ModelCallError(
                    f"there is no variable and no parameter {name!r}{close_matches(name, known) or '.'} "
                    f"The parameters are {', '.join(params)}"
                )
            for target in targets:
                params[target].set(**hints_of(value, target))

    def _told_apart(self, kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Independent variables and options, and the rest, which are values of parameters."""
        others = {name for model in self.models.values() for name in model._other_arguments()}
        ours = set(self.param_names)
        variables = {name: value for name, value in kwargs.items() if name in others and name not in ours}
        return variables, {name: value for name, value in kwargs.items() if name not in variables}

    def _variables_of(self, given: Mapping[str, Any], complete: bool = True) -> dict[str, dict[str, Any]]:
        """For each data set the independent variables and options of its model."""
        found: dict[str, dict[str, Any]] = {key: {} for key in self.models}
        for name, value in given.items():
            users = [key for key, model in self.models.items() if name in model._other_arguments()]
            if not users:
                hint = close_matches(name, self.independent_vars) or "."
                raise ModelCallError(
                    f"there is no variable {name!r}{hint} "
                    f"The variables are {', '.join(self.independent_vars)}"
                )
            for key, own in self._of_variable(name, value, users, complete).items():
                found[key][name] = own
        return found

    def _of_variable(self, name: str, value: Any, users: list[str], complete: bool) -> dict[str, Any]:
        """One variable for each data set that has it; a dictionary with other keys is the variable itself."""
        if not isinstance(value, Mapping) or not value.keys() & self.models.keys():
            return dict.fromkeys(users, value)
        of_each = by_data_set(value, self.models, name, users if complete else ())
        return {key: of_each[key] for key in users if key in value}

    def _objective(self, fit_data: Mapping[str, FitData]) -> GlobalObjective:
        return GlobalObjective(
            {
                key: Objective(
                    model._node(fit_data[key].variables),
                    [self.names[key][own] for own in model.param_names],
                    fit_data[key],
                    functools.partial(_roles, model, self.names[key]),
                )
                for key, model in self.models.items()
            }
        )


def _check_present(names: Iterable[str], params: Mapping[str, Any]) -> None:
    absent = [name for name in names if name not in params]
    if absent:
        raise ModelError(
            f"params have no {', '.join(map(repr, absent))}{close_matches(absent[0], params)}; make them "
            "with make_params() of the GlobalModel"
        )


def _check_mapping(what: str, given: Any, rule: str) -> None:
    if not isinstance(given, Mapping):
        raise ModelError(f"{what} must be {rule}, not {given!r:.80}")


def _roles(model: Model, names: Mapping[str, str], free: Collection[str]) -> Roles:
    """The roles of the parameters of one model, by their names in the global fit."""
    own_free = [own for own, name in names.items() if name in free]
    return {names[own]: reason for own, reason in roles(model, own_free).items()}
