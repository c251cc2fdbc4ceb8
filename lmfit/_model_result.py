"""The result of the fit of a Model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from . import _bands, _model_json, _model_plots, printfuncs
from ._blame import blamed, check_no_text
from ._fit_data import FitData, prepared
from ._format import folded, wrap
from ._has_intervals import HasIntervals
from ._has_text import HasText
from ._linear_model import roles
from ._model_arguments import check_mapping, override
from ._objective import Objective
from .errors import ModelError, close_matches
from .minimizer import Minimizer
from .parameter import Parameters
from .result import MinimizerResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from typing_extensions import Self

    from .model import Model

__all__ = ["ModelResult"]


class ModelFitter(Minimizer):
    """A Minimizer that leaves the Parameters it is given, the start values, as they are."""

    def _write_back(self, result: MinimizerResult, settings: Any) -> None:
        self.result, self._last_settings = result, settings
        self._params, self._generation = result.params, result.params._generation


class ModelResult(HasText, HasIntervals):
    """The result of the fit of a Model; it has a `Minimizer`, and all attributes of its result.

    Parameters
    ----------
    model : Model
        What is fitted.
    params : Parameters
        Start values; not changed.
    data, weights : array_like, optional
        What is fitted to; can be given to `fit` instead.
    method : str, optional
        Name of the engine.
    fcn_args : tuple, optional
        Data and weights.
    fcn_kws : dict, optional
        Independent variables and options.
    iter_cb, scale_covar, nan_policy, calc_covar, max_nfev, timeout, progress : optional
        As of `Model.fit`.
    coerce_farray, sigma, covariance : optional
        As of `Model.fit`.
    **fit_kws
        Options of the engine.

    Attributes
    ----------
    params : Parameters
        Best values, errors and correlations.
    best_fit, init_fit : ndarray, Series or DataArray
        The curves at the best values and at the start values.
    best_values, init_values : dict
        Values of the model's parameters.
    init_params : Parameters
        Start values.
    data, weights
        What was fitted, without what is missing.
    residual : ndarray
        Data minus best fit, weighted.
    rsquared : float
        Part of the variance of the data that the model explains.
    result : MinimizerResult
        The fit; all of its attributes (`chisqr`, `covar`, `success`, ...) can be read here too.
    ci_out : ConfidenceIntervals or None
        What `conf_interval` found.
    dely, dely_comps, dely_predicted
        What `eval_uncertainty` found.

    Examples
    --------
    >>> import numpy as np
    >>> from lmfit.models import LinearModel
    >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=np.arange(3.0), slope=1, intercept=0)
    >>> result.success, round(result.params["slope"].value, 6)
    (True, 1.95)
    >>> result.best_fit.round(2), round(result.rsquared, 4)
    (array([1.05, 3.  , 4.95]), 0.998)
    """

    _saved_by = "save_modelresult"

    def __init__(
        self,
        model: Model,
        params: Parameters,
        data: Any = None,
        weights: Any = None,
        method: str = "leastsq",
        fcn_args: Sequence[Any] | None = None,
        fcn_kws: Mapping[str, Any] | None = None,
        iter_cb: Callable[..., Any] | None = None,
        scale_covar: bool = True,
        nan_policy: str = "raise",
        calc_covar: bool = True,
        max_nfev: int | None = None,
        timeout: float | None = None,
        progress: bool = False,
        coerce_farray: bool = True,
        sigma: Any = None,
        covariance: Any = None,
        **fit_kws: Any,
    ) -> None:
        self.model = model
        self.method = method
        self.nan_policy = nan_policy
        self.scale_covar = scale_covar
        self.iter_cb, self.calc_covar, self.max_nfev = iter_cb, calc_covar, max_nfev
        self.timeout, self.progress, self.coerce_farray = timeout, progress, coerce_farray
        self.fit_kws = fit_kws
        self.params = self.init_params = params
        self.userargs: tuple[Any, ...] = tuple(fcn_args) if fcn_args else (data, weights)
        self.userkws: dict[str, Any] = dict(fcn_kws or {})
        self._errors_given = {"sigma": sigma, "covariance": covariance}
        self._restart()

    def _restart(self) -> None:
        """Forget what was found."""
        for name in _CURVES:
            self.__dict__.pop(name, None)
        self.result: MinimizerResult | None = None
        self._minimizer: Minimizer | None = None
        self._fit_data = FitData(np.empty(0))
        self.init_values: dict[str, Any] = {}
        self.best_values: dict[str, float] = {}
        self.ci_out: Any = None
        self.dely: Any = None
        self.dely_comps: Any = None
        self.dely_predicted: Any = None

    def fit(
        self,
        data: Any = None,
        params: Any = None,
        weights: Any = None,
        method: str | None = None,
        nan_policy: str | None = None,
        **kwargs: Any,
    ) -> ModelResult:
        """Fit, or fit again, by default from the values that were found before.

        Parameters
        ----------
        data, params, weights, method, nan_policy : optional
            Those of the last fit by default.
        **kwargs
            Independent variables and options, start values, `sigma` and `covariance`.

        Returns
        -------
        ModelResult
            This object.

        Examples
        --------
        >>> from lmfit.lineshapes import linear
        >>> from lmfit.model import Model
        >>> result = Model(linear).fit([1.0, 3.0, 5.1], x=[0, 1, 2])
        >>> round(result.fit([1.0, 3.0, 5.2]).params["slope"].value, 6)
        2.1
        """
        before = dict(vars(self))
        try:
            self.method = method or self.method
            self.nan_policy = nan_policy or self.nan_policy
            self._fit_again(data, params, weights, kwargs)
        except BaseException:
            # What was found before goes with the arguments of before.
            vars(self).clear()
            vars(self).update(before)
            raise
        self.model.post_fit(self)
        return self

    def _fit_again(self, data: Any, params: Any, weights: Any, kwargs: dict[str, Any]) -> None:
        self._note_errors(weights, kwargs)
        params = self.params if params is None else params
        if kwargs or params is not self.params or self.result is not None:
            params, variables = self.model._started(params, kwargs, verbose=False)
            self.userkws = {**self.userkws, **variables}
        data, weights = self.userargs[0] if data is None else data, self.userargs[1]
        self._restart()
        self.params = self.init_params = params
        errors = {"weights": weights, **self._errors_given}
        self._fit_data = prepared(
            data, self.userkws, nan_policy=self.nan_policy, coerce=self.coerce_farray, **errors
        )
        self.userargs = (self._fit_data.original, self._fit_data.weights)
        self.userkws = dict(self._fit_data.variables)
        self._search()

    def _note_errors(self, weights: Any, kwargs: dict[str, Any]) -> None:
        """Replace what is known of the errors of the data by what is given now."""
        given = {"weights": weights, **self.model._settings(kwargs)}
        new = {name: given.pop(name, None) for name in ("weights", "sigma", "covariance")}
        vars(self).update(given)
        if any(value is not None for value in new.values()):
            self.userargs = (self.userargs[0], new.pop("weights"))
            self._errors_given = new
        elif self._fit_data.origin == "sigma":
            self._errors_given = dict.fromkeys(self._errors_given)  # the weights stand for them

    def _search(self) -> None:
        fitter = self._minimizer = self._fitter()
        try:
            found = self.result = fitter.minimize(self.method, **self.fit_kws)
        except (TypeError, ValueError) as error:
            reason = blamed(self.model, self.init_params, self.userkws, error)
            if reason is error:
                raise
            raise reason from error
        self.params = found.params
        names = self.model.param_names
        self.init_values = {name: self.init_params[name].value for name in names}
        self.best_values = {name: found.params[name].value for name in names}

    def _fitter(self) -> Minimizer:
        """The Minimizer of this fit."""
        fit_data, model = self._fit_data, self.model
        node = model._node(fit_data.variables)
        objective = Objective(node, model.param_names, fit_data, functools.partial(roles, model))
        # Each engine takes it if it can use it.
        known: dict[str, Any] = {}
        if objective.differentiable:
            known = {"Dfun": objective.derivative, "col_deriv": True}
        return ModelFitter(
            objective,
            self.init_params,
            fcn_args=self.userargs,
            fcn_kws=self.userkws,
            iter_cb=self.iter_cb,
            scale_covar=self.scale_covar,
            nan_policy=self.nan_policy,
            calc_covar=self.calc_covar,
            max_nfev=self.max_nfev,
            timeout=self.timeout,
            progress=self.progress,
            **known,
        )

    @classmethod
    def _restored(
        cls,
        model: Model,
        init_params: Parameters,
        fit_data: FitData,
        found: MinimizerResult,
        parts: Mapping[str, Mapping[str, Any]],
    ) -> Self:
        """Make the result of a fit from what a file says of it."""
        settings = dict(parts["settings"])
        fit_kws = settings.pop("fit_kws", {})
        args = (fit_data.original, fit_data.weights)
        self = cls(model, init_params, fcn_args=args, fcn_kws=fit_data.variables, **settings, **fit_kws)
        self._fit_data, self.result, self.params = fit_data, found, found.params
        self.best_values, self.init_values = dict(parts["values"]["best"]), dict(parts["values"]["init"])
        vars(self).update({name: value for name, value in parts["curves"].items() if value is not None})
        return self

    @property
    def minimizer(self) -> Minimizer:
        """The Minimizer of the fit, which can also do others."""
        if self._minimizer is None:
            self._minimizer = self._fitter()
            self._minimizer.result = self.result
        return self._minimizer

    @property
    def userfcn(self) -> Callable[..., Any] | None:
        """The objective: data minus model, weighted."""
        return self.minimizer.userfcn

    @property
    def data(self) -> Any:
        """The data, without what is missing."""
        return self.userargs[0]

    @property
    def weights(self) -> Any:
        """The weights, those of data that are missing left out; None without weights."""
        return self.userargs[1]

    @property
    def components(self) -> list[Model]:
        """The components of the model."""
        return self.model.components

    @property
    def values(self) -> dict[str, Any]:
        """Plain dictionary of the values of all parameters."""
        return self.params.valuesdict()

    @functools.cached_property
    def best_fit(self) -> Any:
        """The curve at the best values, with the labels of the data."""
        return self._curve(self.best_values)

    @functools.cached_property
    def init_fit(self) -> Any:
        """The curve at the start values, with the labels of the data."""
        return self._curve(self.init_values)

    def _curve(self, values: Mapping[str, Any]) -> Any:
        curve = np.asarray(self.model.eval(values, **self.userkws))
        shape = self._fit_data.data.shape
        return self._fit_data.labelled(
            curve if curve.shape == shape else np.broadcast_to(curve, shape).copy()
        )

    @property
    def rsquared(self) -> float:
        """Part of the variance of the data that the model explains, without weights."""
        data = self._fit_data.data
        unexplained = float(np.sum(np.abs(data - np.asarray(self.best_fit)) ** 2))
        variation = float(np.sum(np.abs(data - data.mean()) ** 2))
        return 1.0 - unexplained / variation if variation else np.nan

    def __getattr__(self, name: str) -> Any:
        # Only called for what is no attribute of its own.
        found = None if name.startswith("__") else self.__dict__.get("result")
        if name in _ABSENT:
            return getattr(found, name, None)
        if found is not None and hasattr(found, name):
            return getattr(found, name)
        if not name.startswith("_") and callable(getattr(Minimizer, name, None)):
            return getattr(self.minimizer, name)
        known = name in MinimizerResult.__dataclass_fields__
        hint = "; there is no fit yet, call fit()" if known else close_matches(name, dir(self))
        raise AttributeError(f"a {type(self).__name__} has no attribute {name!r}{hint}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *MinimizerResult.__dataclass_fields__})

    def __getstate__(self) -> dict[str, Any]:
        # The Minimizer, which holds functions, is made again when it is needed.
        return {**self.__dict__, "_minimizer": None, "iter_cb": None}

    def __repr__(self) -> str:
        state = "no fit yet" if self.result is None else self.result._state()
        return folded(f"<{type(self).__name__} of {self.model.name}: {state}>")

    def eval(self, params: Any = None, **kwargs: Any) -> Any:
        """Return the curve at the best values, or at others.

        Parameters
        ----------
        params : Parameters, optional
            The best values by default.
        **kwargs
            Independent variables and options that are to differ from those of the fit, and values of
            parameters.

        Returns
        -------
        ndarray, Series or DataArray
            With the labels of the data, if the independent variables are those of the fit.

        Examples
        --------
        >>> import numpy as np
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.0, 5.0], x=np.arange(3.0), slope=1, intercept=0)
        >>> result.eval(x=np.array([10.0])).round(6)
        array([21.])
        """
        curve = self.model.eval(self._values(params), **{**self.userkws, **kwargs})
        return curve if self._elsewhere(kwargs) else self._fit_data.labelled(curve)

    def eval_components(self, params: Any = None, **kwargs: Any) -> dict[str, Any]:
        """Return the curve of each component, by its prefix or name.

        Parameters
        ----------
        params : Parameters, optional
            As of `eval`.
        **kwargs
            As of `eval`.

        Returns
        -------
        dict of str to ndarray
            In the order of the parts.

        Examples
        --------
        >>> import numpy as np
        >>> from lmfit.models import ConstantModel, LinearModel
        >>> model = LinearModel(prefix="l_") + ConstantModel(prefix="c_")
        >>> params = model.make_params(l_slope=1, l_intercept={"value": 0, "vary": False})
        >>> parts = model.fit([1.0, 3.0, 5.0], params, x=np.arange(3.0)).eval_components()
        >>> parts["l_"].round(6), parts["c_"].round(6)
        (array([0., 2., 4.]), array([1., 1., 1.]))
        """
        return self.model.eval_components(self._values(params), **{**self.userkws, **kwargs})

    def _point(self, params: Any) -> Parameters:
        """The best values, or others."""
        check_mapping("params", params)
        if isinstance(params, Parameters):
            return params
        point = self.params.copy()
        for name, value in (params or {}).items():
            override(point, name, value)
        return point

    def _values(self, params: Any) -> Any:
        return self.params if params is None else params

    def _elsewhere(self, kwargs: Mapping[str, Any]) -> bool:
        """Whether keywords change the independent variables of the fit."""
        return any(name in self.userkws or name not in self.model.param_names for name in kwargs)

    def eval_uncertainty(
        self,
        params: Any = None,
        sigma: float = 1,
        dscale: float = 0.01,
        *,
        sigma_new: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Return the half width of the confidence band of the curve, see `lmfit._bands`.

        Parameters
        ----------
        params : Parameters, optional
            Where the curve is linearised; the best values by default.
        sigma : float, optional
            Below 1 the probability that the band holds the true curve at a point; from 1 on a number of
            standard deviations.
        dscale : float, optional
            Step of numerical derivatives in units of the standard error, where no others are known.
        sigma_new : array_like, optional
            Standard errors of the new measurements that `dely_predicted` is for: one number, or one for each
            point.  They are on the footing of the `sigma` of the fit, and scaled as it is.
        **kwargs
            Independent variables and options that are to differ from those of the fit.

        Returns
        -------
        ndarray
            Also kept as `dely`.  `dely_comps` is a dictionary of the same for each component;
            `dely_predicted` is the half width of the band that holds a new measurement.

        Raises
        ------
        ModelError
            The fit has no covariance.

        Notes
        -----
        Without `sigma_new` a new measurement is taken to have the error of the data of the fit: one over its
        weight, times the root of reduced chi-square if errors are scaled so.  Elsewhere than at the data,
        where there is no weight, it is taken to have their mean variance.  Variables at a bound and others
        without standard error are taken as fixed.

        The curve is taken as linear in the parameters.  Where their errors are so large that it is not, the
        bands hold less than they say.

        Examples
        --------
        >>> import numpy as np
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9, 7.0], x=np.arange(4.0), slope=1, intercept=0)
        >>> result.eval_uncertainty(sigma=0.95).round(3)
        array([0.342, 0.224, 0.224, 0.342])
        """
        found, model = self.result, self.model
        if found is None or found.covar is None:
            raise ModelError("there is no covariance to make a band from: fit with calc_covar=True")
        point = self._point(params)
        variables = model._arguments(point, {**self.userkws, **kwargs})[1]
        check_no_text(model, variables)
        scaled = bool(self.scale_covar)
        nfree, redchi = self._scale_of_errors
        width = _bands.coverage_factor(sigma, nfree if scaled else None)
        covariance = np.nan_to_num(found.covar, nan=0.0)
        nodes = {"": model._node(variables), **model._nodes_of_parts(variables)}
        variances = {}
        for key, node in nodes.items():
            slopes = _bands.jacobian_of_curve(node, model.param_names, point, found.var_names, dscale)
            variances[key] = _bands.curve_variance(slopes, covariance)
        total = variances.pop("")
        if sigma_new is None:
            error = self._single_error(total.shape, self._elsewhere(kwargs))
        else:
            error = _bands.errors_of_new(sigma_new, total.shape)
        error = error * (np.sqrt(redchi) if scaled else 1.0)
        self.dely = width * _bands.total_error(total, 0.0)
        self.dely_comps = {key: width * _bands.total_error(part, 0.0) for key, part in variances.items()}
        self.dely_predicted = width * _bands.total_error(total, error)
        return self.dely

    @property
    def _scale_of_errors(self) -> tuple[int, float]:
        """Degrees of freedom, and the variance of data of unit weight."""
        assert self.result is not None
        return self.result.nfree, self.result.redchi

    def _single_error(self, shape: tuple[int, ...], elsewhere: bool) -> Any:
        """Standard errors of single data: 1 without weights."""
        errors = self._fit_data.errors
        if errors is None:
            return 1.0
        if elsewhere or shape != np.shape(errors):
            parts = [np.sqrt(np.mean(np.square(part))) for part in (np.real(errors), np.imag(errors))]
            return parts[0] + 1j * parts[1] if np.iscomplexobj(errors) else parts[0]
        return errors

    def fit_report(
        self,
        modelpars: Mapping[str, Any] | None = None,
        show_correl: bool = True,
        min_correl: float = 0.1,
        sort_pars: Any = False,
        correl_mode: str = "list",
    ) -> str:
        """Return a report: the model, statistics, values with errors, and correlations.

        Parameters
        ----------
        modelpars : dict, optional
            The truth, as of `lmfit.fit_report`.
        show_correl : bool, optional
            False leaves out the correlations.
        min_correl : float, optional
            Correlations smaller than this in size are not listed.
        sort_pars : bool or callable, optional
            As of `lmfit.fit_report`.
        correl_mode : {'list', 'table'}, optional
            As of `lmfit.fit_report`.

        Returns
        -------
        str
            The lines of the report, without a newline at the end.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
        >>> print(result.fit_report(show_correl=False).partition("[[Variables]]")[2])
            slope:      1.95000000 +/- 0.08660254 (4.44%) (init = 1)
            intercept:  1.05000000 +/- 0.11180340 (10.65%) (init = 0)
        """
        report = printfuncs.fit_report(self, modelpars, show_correl, min_correl, sort_pars, correl_mode)
        note = self._weighting_note()
        head = ["[[Model]]", folded(self.model.name, "    "), *wrap(note)]
        return "\n".join([*head, report])

    def _weighting_note(self) -> str:
        """Say what the errors of the data were taken to be, where the user gave errors and not weights."""
        origin = self._fit_data.origin
        if origin not in ("sigma", "covariance"):
            return ""
        what = "weights = 1/sigma" if origin == "sigma" else "residual whitened by the covariance of the data"
        scaled = "scaled by the root of reduced chi-square (scale_covar=False: as given)"
        return f"{what}; errors of the parameters {scaled if self.scale_covar else 'as given, not scaled'}"

    def _repr_html_(self, show_correl: bool = True, min_correl: float = 0.1) -> str:
        note = escape(self._weighting_note())
        return (
            f"<h2>Fit Result</h2><p>Model: {escape(self.model.name)}</p>{f'<p>{note}</p>' if note else ''}"
            f"{printfuncs.fitreport_html_table(self, show_correl=show_correl, min_correl=min_correl)}"
        )

    def summary(self) -> dict[str, Any]:
        """Return the result as a dictionary of plain values.

        Returns
        -------
        dict
            The attributes of the result, and ``params``: for each parameter a tuple (name, value, vary,
            expr, min, max, brute_step, stderr, correl, init_value, user_data).

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
        >>> result.summary()["ndata"], [par[0] for par in result.summary()["params"]]
        (3, ['slope', 'intercept'])
        """
        found = {name: getattr(self, name, None) for name in _SUMMARY}
        found["model"] = self.model._reprstring(long=True)
        pars = self.params.values()
        return {**found, "params": [tuple(getattr(par, name) for name in _PARAMETER) for par in pars]}

    def to_dataframe(self, of: str = "params") -> Any:
        """Return the result as a pandas DataFrame.

        Parameters
        ----------
        of : {'params', 'data'}, optional
            'params': a row for each parameter with its value, error, start value, bounds, ...
            'data': a row for each of the data with independent variables, data, weights, fit, components and
            residual.

        Returns
        -------
        pandas.DataFrame
            Rows by name of the parameter, or by number or label of the datum.

        Raises
        ------
        ImportError
            The package pandas is not installed.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
        >>> result.to_dataframe()[["value", "stderr"]].round(3)
                   value  stderr
        slope       1.95   0.087
        intercept   1.05   0.112
        """
        pd = _pandas()
        if of == "params":
            rows = [[getattr(par, name) for name in _TABLE] for par in self.params.values()]
            return pd.DataFrame(rows, index=list(self.params), columns=_TABLE)
        if of != "data":
            raise ValueError(f"of must be 'params' or 'data', not {of!r}")
        return pd.DataFrame(self._columns(), index=getattr(self.data, "index", None))

    def _columns(self) -> dict[str, Any]:
        """What there is for each of the data."""
        size = self._fit_data.data.size
        found = {name: value for name, value in self.userkws.items() if np.size(value) == size}
        found |= {"data": self.data, "weights": self.weights, "best_fit": self.best_fit}
        if len(self.components) > 1:
            found |= self.eval_components()
        found["residual"] = self.result.residual if self.result is not None else None
        return {
            name: np.broadcast_to(value, self._fit_data.data.shape).ravel()
            if np.size(value) != size
            else np.ravel(value)
            for name, value in found.items()
            if value is not None and np.size(value) in (1, size)
        }

    def dumps(self, **kws: Any) -> str:
        """Return the result as JSON text.

        Parameters
        ----------
        **kws
            As of `Model.dumps`.

        Returns
        -------
        str
            What `loads` and `load_modelresult` read.

        Raises
        ------
        ModelError
            A function cannot be imported by its name.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
        >>> again = ModelResult(LinearModel(), result.params).loads(result.dumps())
        >>> again.params == result.params
        True
        """
        return _model_json.dumps_result(self, **kws)

    def loads(
        self, s: str, funcdefs: Mapping[str, Callable[..., Any]] | None = None, **kws: Any
    ) -> ModelResult:
        """Become the result in JSON text, see `lmfit.model.load_modelresult`.

        Parameters
        ----------
        s : str
            The text.
        funcdefs : dict, optional
            As of `lmfit.model.load_modelresult`.
        **kws
            As of `lmfit.model.load_modelresult`.

        Returns
        -------
        ModelResult
            This object.
        """
        vars(self).update(vars(_model_json.loads_result(s, funcdefs, **kws)))
        return self

    def load(
        self, fp: IO[str], funcdefs: Mapping[str, Callable[..., Any]] | None = None, **kws: Any
    ) -> ModelResult:
        """Become the result in an open text file.

        Parameters
        ----------
        fp : file
            Open for reading text.
        funcdefs : dict, optional
            As of `lmfit.model.load_modelresult`.
        **kws
            As of `lmfit.model.load_modelresult`.

        Returns
        -------
        ModelResult
            This object.

        Examples
        --------
        >>> from io import StringIO
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
        >>> ModelResult(LinearModel(), result.params).load(StringIO(result.dumps())).chisqr == result.chisqr
        True
        """
        _model_json.check_file(fp, "read", "load_modelresult")
        return self.loads(fp.read(), funcdefs, **kws)

    def plot_fit(self, ax: Axes | None = None, *args: Any, **kws: Any) -> Axes:
        """Draw data and fitted curve.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; the current axes by default.
        *args, **kws
            `datafmt`, `fitfmt`, `initfmt`, `xlabel`, `ylabel`, `yerr` (error bars; those of the weights by
            default), `numpoints` (of the curve), `data_kws`, `fit_kws`, `init_kws`, `ax_kws`, `show_init`,
            `parse_complex` ('abs', 'angle', 'real' or 'imag'), `title`.

        Returns
        -------
        Axes
            With the data, the curve and a legend.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
        >>> ax = result.plot_fit(xlabel="time (s)", ylabel="counts")
        >>> ax.get_xlabel(), len(ax.lines)
        ('time (s)', 2)
        """
        return _model_plots.plot_fit(self, ax, *args, **kws)

    def plot_residuals(self, ax: Axes | None = None, *args: Any, **kws: Any) -> Axes:
        """Draw fitted curve minus data.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; the current axes by default.
        *args, **kws
            `datafmt`, `yerr`, `data_kws`, `fit_kws` (of the line at zero), `ax_kws`, `parse_complex`,
            `title`.

        Returns
        -------
        Axes
            With the residuals and a line at zero.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
        >>> result.plot_residuals().get_title()
        'Model(linear)'
        """
        return _model_plots.plot_residuals(self, ax, *args, **kws)

    def plot(self, *args: Any, **kws: Any) -> Figure:
        """Draw the fit and, above it, its residuals.

        Parameters
        ----------
        *args, **kws
            `datafmt`, `fitfmt`, `initfmt`, `xlabel`, `ylabel`, `yerr`, `numpoints`, `fig`, `data_kws`,
            `fit_kws`, `init_kws`, `ax_res_kws`, `ax_fit_kws`, `fig_kws`, `show_init`, `parse_complex`,
            `title`.

        Returns
        -------
        Figure
            With the axes of the residuals and those of the fit.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
        >>> len(result.plot(numpoints=50).axes)
        2
        """
        return _model_plots.plot(self, *args, **kws)


#: Curves that are calculated when they are read.
_CURVES = ("best_fit", "init_fit")
#: Attributes that 1.x always has.
_ABSENT = ("flatchain", "user_options", "jacfcn", "last_internal_values")
_SUMMARY = (
    "model", "method", "ndata", "nvarys", "nfree", "chisqr", "redchi", "aic", "bic", "rsquared", "nfev",
    "max_nfev", "aborted", "errorbars", "success", "message", "lmdif_message", "ier", "nan_policy",
    "scale_covar", "calc_covar", "ci_out", "col_deriv", "flatchain", "call_kws", "var_names",
    "user_options", "kws", "init_values", "best_values",
)  # fmt: skip
_PARAMETER = (
    "name", "value", "vary", "expr", "min", "max", "brute_step", "stderr", "correl", "init_value",
    "user_data",
)  # fmt: skip
_TABLE = ["value", "stderr", "init_value", "min", "max", "vary", "expr"]


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("a table needs the package pandas: pip install lmfit[data]") from error
    return pd
