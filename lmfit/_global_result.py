"""The result of a global fit, and the part of it that belongs to one data set."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from . import _global_json, _model_json, plotting, printfuncs
from ._fit_data import FitData
from ._format import folded, wrap
from ._global_names import OwnNames, by_data_set, renamed
from ._global_objective import GlobalObjective
from ._has_intervals import HasIntervals
from ._has_text import HasText
from ._model_result import ModelResult
from ._rules import check_setting
from ._statistics import goodness_of_fit
from .errors import ModelError, close_matches
from .minimizer import Minimizer
from .parameter import Parameter, Parameters
from .result import MinimizerResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from typing_extensions import Self

    from ._derivatives import Array
    from .global_model import GlobalModel
    from .model import Model

__all__ = ["DataSetResult", "GlobalResult"]


class DataSetResult(ModelResult):
    """What a global fit found for one data set.

    It can do what a `ModelResult` can; its parameters have the names that they have in the model of the data
    set, and errors and correlations from the global fit.  Its statistics are those of its own data: `chisqr`,
    `ndata`, `rsquared`, `residual`, and `nfree` and `redchi`, for which the variables are shared out among
    the data sets in proportion to their numbers of data.

    Examples
    --------
    >>> from lmfit import GlobalModel
    >>> from lmfit.models import LinearModel
    >>> both = GlobalModel(dict.fromkeys(["a", "b"], LinearModel()), shared=["slope"])
    >>> result = both.fit({"a": [1.0, 3.1, 5.0], "b": [4.0, 6.0, 7.9]}, x=[0, 1, 2], slope=1, intercept=0)
    >>> result["b"].ndata, round(result["b"].params["intercept"].value, 3)
    (3, 3.992)
    """

    _whole: MinimizerResult

    @property
    def _scale_of_errors(self) -> tuple[int, float]:
        """Degrees of freedom, and the variance of data of unit weight: those of the global fit."""
        return self._whole.nfree, self._whole.redchi

    def conf_interval(self, **kwargs: Any) -> Any:
        """Refuse: the limits of a parameter depend on all data sets.

        Parameters
        ----------
        **kwargs
            Not looked at.

        Returns
        -------
        None
            Never.

        Raises
        ------
        ModelError
            Always; ask the `GlobalResult`.

        Examples
        --------
        >>> from lmfit import GlobalModel
        >>> from lmfit.models import LinearModel
        >>> result = GlobalModel({"a": LinearModel()}).fit({"a": [1.0, 3.0]}, x=[0, 1], slope=1, intercept=0)
        >>> result["a"].conf_interval()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lmfit.errors.ModelError: confidence limits depend on all data sets: call conf_interval() of the ...
        """
        raise ModelError(
            "confidence limits depend on all data sets: call conf_interval() of the global result"
        )

    def fit(self, *args: Any, **kwargs: Any) -> ModelResult:
        """Refuse: a fit of this data set alone is one of its model.

        Parameters
        ----------
        *args, **kwargs
            Not looked at.

        Returns
        -------
        None
            Never.

        Raises
        ------
        ModelError
            Always; use the model.
        """
        raise ModelError(
            "this is a part of a global fit; fit this data set alone by result[name].model.fit()"
        )


@dataclass(frozen=True)
class Search:
    """How a global fit is made: engine, and settings of the Minimizer.

    Attributes
    ----------
    method : str
        Name of the engine.
    settings : dict
        Settings of the `Minimizer`.
    options : dict
        Options of the engine.
    """

    method: str
    settings: dict[str, Any]
    options: dict[str, Any]


class GlobalResult(HasText, HasIntervals):
    """The result of the fit of a `GlobalModel`; ``result[name]`` is the part of one data set.

    All attributes of the `MinimizerResult` (`chisqr`, `covar`, `success`, ...) can be read here too.

    Attributes
    ----------
    model : GlobalModel
    params : Parameters
        Best values, errors and correlations.
    init_params : Parameters
        Start values.
    result : MinimizerResult
    data, weights, best_fit, init_fit, residuals : dict
        By the name of the data set.
    residual : ndarray
        The residuals of all data sets, one after the other.
    rsquared : float
        Part of the variance of the data, about the mean of each data set, that the models explain.
    parts : dict
        The `DataSetResult` of each data set.
    minimizer : Minimizer
        Of the fit, which can also do others.
    ci_out : ConfidenceIntervals or None
        What `conf_interval` found.

    Examples
    --------
    >>> from lmfit import GlobalModel
    >>> from lmfit.models import LinearModel
    >>> both = GlobalModel(dict.fromkeys(["a", "b"], LinearModel()), shared=["slope"])
    >>> result = both.fit({"a": [1.0, 3.1, 5.0], "b": [4.0, 6.0, 7.9]}, x=[0, 1, 2], slope=1, intercept=0)
    >>> print(result.success, result.method)
    True leastsq
    >>> result.keys(), result.ndata, round(result.params["slope"].value, 3)
    (['a', 'b'], 6, 1.975)
    >>> {key: round(value, 1) for key, value in result.eval(x=10.0).items()}
    {'a': 20.8, 'b': 23.7}
    """

    _saved_by = "save_modelresult"

    def __init__(
        self,
        model: GlobalModel,
        init_params: Parameters,
        names: OwnNames,
        fit_data: Mapping[str, FitData],
        search: Search,
    ) -> None:
        self.model, self.init_params = model, init_params
        self._names, self._fit_data, self._how = names, dict(fit_data), search
        self._minimizer: Minimizer | None = None
        self.ci_out: Any = None
        self.result: MinimizerResult = self.minimizer.minimize(search.method, **search.options)
        self.params = self.result.params

    @classmethod
    def _restored(
        cls,
        model: GlobalModel,
        init_params: Parameters,
        names: OwnNames,
        fit_data: Mapping[str, FitData],
        search: Search,
        found: MinimizerResult,
        ci_out: Any,
    ) -> Self:
        """Make the result of a fit from what a file says of it."""
        self = cls.__new__(cls)
        self.model, self.init_params = model, init_params
        self._names, self._fit_data, self._how = names, dict(fit_data), search
        self._minimizer, self.ci_out = None, ci_out
        self.result, self.params = found, found.params
        return self

    @property
    def minimizer(self) -> Minimizer:
        """The Minimizer of the fit, which can also do others."""
        if self._minimizer is None:
            objective = self.model._objective(self._fit_data)
            known: dict[str, Any] = {}
            if objective.differentiable:
                known = {"Dfun": objective.derivative, "col_deriv": True}
            self._minimizer = Minimizer(
                objective,
                self.init_params.copy(),
                fcn_args=(self.data, self.weights),
                **{**self._how.settings, **known},
            )
            self._minimizer.result = self.__dict__.get("result")
        return self._minimizer

    def __getitem__(self, key: str) -> DataSetResult:
        """Return the part of one data set."""
        if key not in self.parts:
            hint = close_matches(str(key), self.parts) or "."
            raise ModelError(f"there is no data set {key!r}{hint} The data sets are {', '.join(self.parts)}")
        return self.parts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fit_data)

    def __len__(self) -> int:
        return len(self._fit_data)

    def __contains__(self, key: object) -> bool:
        return key in self._fit_data

    def keys(self) -> list[str]:
        """Return the names of the data sets.

        Returns
        -------
        list of str
            In the order of the models.
        """
        return list(self._fit_data)

    @functools.cached_property
    def parts(self) -> dict[str, DataSetResult]:
        """What was found for each data set."""
        full, place = self._full_covariance()
        return {key: self._part(key, residual, full, place) for key, residual in self.residuals.items()}

    @property
    def data(self) -> dict[str, Any]:
        """The data, without what is missing."""
        return {key: found.original for key, found in self._fit_data.items()}

    @property
    def weights(self) -> dict[str, Any]:
        """The weights; None without."""
        return {key: found.weights for key, found in self._fit_data.items()}

    @property
    def best_fit(self) -> dict[str, Any]:
        """The curves at the best values, with the labels of the data."""
        return {key: part.best_fit for key, part in self.parts.items()}

    @property
    def init_fit(self) -> dict[str, Any]:
        """The curves at the start values, with the labels of the data."""
        return {key: part.init_fit for key, part in self.parts.items()}

    @property
    def residuals(self) -> dict[str, Array]:
        """The residual of each data set: data minus model, weighted."""
        objective = self.minimizer.userfcn
        assert isinstance(objective, GlobalObjective)
        found = {key: part(self.params) for key, part in objective.parts.items()}
        if self._how.settings["nan_policy"] == "omit":
            return {key: residual[np.isfinite(residual)] for key, residual in found.items()}
        return found

    @property
    def rsquared(self) -> float:
        """Part of the variance of the data, about the mean of each data set, that the models explain."""
        unexplained = variation = 0.0
        for part in self.parts.values():
            data = part._fit_data.data
            unexplained += float(np.sum(np.abs(data - np.asarray(part.best_fit)) ** 2))
            variation += float(np.sum(np.abs(data - data.mean()) ** 2))
        return 1.0 - unexplained / variation if variation else math.nan

    @property
    def best_values(self) -> dict[str, float]:
        """Best values of all parameters."""
        return self.params.valuesdict()

    def __getattr__(self, name: str) -> Any:
        # Only called for what is no attribute of its own.
        found = None if name.startswith("__") else self.__dict__.get("result")
        if found is not None and hasattr(found, name):
            return getattr(found, name)
        raise AttributeError(
            f"a {type(self).__name__} has no attribute {name!r}{close_matches(name, dir(self))}"
        )

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *MinimizerResult.__dataclass_fields__})

    def __getstate__(self) -> dict[str, Any]:
        # The Minimizer, which holds functions, is made again when it is needed.
        settings = {**self._how.settings, "iter_cb": None}
        how = Search(self._how.method, settings, self._how.options)
        return {**self.__dict__, "_minimizer": None, "_how": how}

    def __repr__(self) -> str:
        return folded(
            f"<{type(self).__name__} of {len(self)} data sets ({', '.join(self)}): {self.result._state()}>"
        )

    def eval(self, params: Any = None, **kwargs: Any) -> dict[str, Any]:
        """Return the curve of each data set at the best values, or at others.

        Parameters
        ----------
        params : Parameters, optional
            Of the global fit.
        **kwargs
            Independent variables and options that are to differ from those of the fit, each one for all
            data sets or a dictionary by their names.

        Returns
        -------
        dict of str to ndarray
            By the name of the data set.
        """
        return self._each("eval", params, kwargs)

    def eval_components(self, params: Any = None, **kwargs: Any) -> dict[str, dict[str, Any]]:
        """Return the curves of the components of each data set.

        Parameters
        ----------
        params : Parameters, optional
            As of `eval`.
        **kwargs
            As of `eval`.

        Returns
        -------
        dict of str to dict
            By the name of the data set; in each the curves by prefix or name.

        Examples
        --------
        >>> from lmfit import GlobalModel
        >>> from lmfit.models import ConstantModel, LinearModel
        >>> model = LinearModel(prefix="l_") + ConstantModel(prefix="c_")
        >>> both = GlobalModel(dict.fromkeys(["a", "b"], model), shared=["l_slope"])
        >>> params = both.make_params(l_slope=1, l_intercept={"value": 0, "vary": False}, c_c=0)
        >>> result = both.fit({"a": [1.0, 3.0, 5.0], "b": [4.0, 6.0, 8.0]}, params, x=[0, 1, 2])
        >>> parts = result.eval_components()
        >>> parts["b"]["l_"].round(6) + 0.0
        array([0., 2., 4.])
        """
        return self._each("eval_components", params, kwargs)

    def eval_uncertainty(
        self, params: Any = None, sigma: float = 1, *, sigma_new: Any = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Return the half width of the confidence band of each data set.

        Parameters
        ----------
        params : Parameters, optional
            As of `eval`.
        sigma : float, optional
            Below 1 a probability, from 1 on a number of standard deviations.
        sigma_new : array_like or mapping, optional
            As of `ModelResult.eval_uncertainty`: one for all data sets or a dictionary by their names.
        **kwargs
            As of `eval`.

        Returns
        -------
        dict of str to ndarray
            By the name of the data set.

        Raises
        ------
        ModelError
            The fit has no covariance.

        Examples
        --------
        >>> from lmfit import GlobalModel
        >>> from lmfit.models import LinearModel
        >>> both = GlobalModel(dict.fromkeys(["a", "b"], LinearModel()), shared=["slope"])
        >>> result = both.fit({"a": [1.0, 3.1, 5.0], "b": [4.0, 6.0, 7.9]}, x=[0, 1, 2], slope=1, intercept=0)
        >>> result.eval_uncertainty(sigma=0.95)["a"].round(3)
        array([0.146, 0.11 , 0.146])
        """
        errors = by_data_set(sigma_new, self.parts, "sigma_new")
        each = {key: {"sigma": sigma, "sigma_new": error} for key, error in errors.items()}
        return self._each("eval_uncertainty", params, kwargs, each)

    def _each(
        self,
        method: str,
        params: Any,
        kwargs: Mapping[str, Any],
        settings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        if params is not None and not isinstance(params, Parameters):
            raise ModelError(f"params must be Parameters of the global fit, not {params!r:.80}")
        variables = self.model._variables_of(kwargs, complete=False)
        found = {}
        for key, part in self.parts.items():
            own = None if params is None else _own(params, self._names[key], self.model.models[key])
            found[key] = getattr(part, method)(own, **variables[key], **(settings or {}).get(key, {}))
        return found

    def fit_report(self, *args: Any, **kws: Any) -> str:
        """Return a report: the models, statistics, those of each data set, values with errors, correlations.

        Parameters
        ----------
        *args, **kws
            As of `lmfit.fit_report` after the first.

        Returns
        -------
        str
            The lines of the report, without a newline at the end.

        Examples
        --------
        >>> from lmfit import GlobalModel
        >>> from lmfit.models import LinearModel
        >>> both = GlobalModel(dict.fromkeys(["a", "b"], LinearModel()), shared=["slope"])
        >>> result = both.fit({"a": [1.0, 3.1, 5.0], "b": [4.0, 6.0, 7.9]}, x=[0, 1, 2], slope=1, intercept=0)
        >>> print(result.fit_report(show_correl=False).partition("[[Data Sets]]")[2])
        """
        shared = f"shared: {', '.join(self.model.shared) or 'nothing'}"
        head = ["[[Model]]", *wrap(f"{len(self)} data sets: {', '.join(self)}"), *wrap(shared)]
        body = printfuncs.fit_report(self, *args, **kws).split("[[Variables]]", 1)
        sections = [line for part in self._statistics() for line in part]
        return "\n".join([*head, body[0] + "\n".join([*sections, "[[Variables]]" + body[1]])])

    def _statistics(self) -> list[list[str]]:
        """The lines of the report for each data set."""
        return [
            [
                f"[[Data Set {key!r}]]",
                folded(part.model.name, "    "),
                *(
                    f"    {label:<18} = {printfuncs.getfloat_attr(part, name)}"
                    for label, name in _STATISTICS.items()
                ),
            ]
            for key, part in self.parts.items()
        ]

    def _repr_html_(self, show_correl: bool = True, min_correl: float = 0.1) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in (key, *_cells(part))) + "</tr>"
            for key, part in self.parts.items()
        )
        head = "".join(f"<th>{label}</th>" for label in ("data set", *_STATISTICS))
        return (
            f"<h2>Global Fit</h2><p>shared: {escape(', '.join(self.model.shared) or 'nothing')}</p>"
            f"<table><tr>{head}</tr>{rows}</table>"
            f"{printfuncs.fitreport_html_table(self, show_correl=show_correl, min_correl=min_correl)}"
        )

    def dumps(self, **kws: Any) -> str:
        """Return the result as JSON text.

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
        >>> result = both.fit({"a": [1.0, 3.1, 5.0], "b": [4.0, 6.0, 7.9]}, x=[0, 1, 2], slope=1, intercept=0)
        >>> again = GlobalResult.loads(result.dumps())
        >>> again.params == result.params, again["b"].ndata
        (True, 3)
        """
        return _global_json.dumps_result(self, **kws)

    @classmethod
    def loads(
        cls, s: str, funcdefs: Mapping[str, Callable[..., Any]] | None = None, trusted: bool = False
    ) -> GlobalResult:
        """Return the result in JSON text.

        Parameters
        ----------
        s : str
            What `dumps` returned.
        funcdefs, trusted : optional
            As of `lmfit.model.load_model`.

        Returns
        -------
        GlobalResult
            A new one.

        Raises
        ------
        ModelError
            The text is no such result, or a function cannot be found.
        """
        found = _model_json.loads_result(s, funcdefs, trusted=trusted)
        _model_json.check_kind("the text", found, "GlobalResult")
        return cast("GlobalResult", found)

    @classmethod
    def load(
        cls, fp: IO[str], funcdefs: Mapping[str, Callable[..., Any]] | None = None, trusted: bool = False
    ) -> GlobalResult:
        """Return the result in an open text file.

        Parameters
        ----------
        fp : file
            Open for reading text.
        funcdefs, trusted : optional
            As of `lmfit.model.load_model`.

        Returns
        -------
        GlobalResult
            A new one.

        Examples
        --------
        >>> from io import StringIO
        >>> from lmfit import GlobalModel
        >>> from lmfit.models import LinearModel
        >>> model = GlobalModel({"a": LinearModel()})
        >>> result = model.fit({"a": [1.0, 3.1, 5.0]}, x=[0, 1, 2], slope=1, intercept=0)
        >>> GlobalResult.load(StringIO(result.dumps())).chisqr == result.chisqr
        True
        """
        _model_json.check_file(fp, "read", "load_modelresult")
        return cls.loads(fp.read(), funcdefs, trusted)

    def plot(self, columns: int = 3, fig_kws: Mapping[str, Any] | None = None, **kws: Any) -> Figure:
        """Draw the fit of each data set with its residuals above it.

        Parameters
        ----------
        columns : int, optional
            Largest number of data sets side by side.
        fig_kws : dict, optional
            Arguments of the figure.
        **kws
            As of `ModelResult.plot`, the same for all data sets.

        Returns
        -------
        Figure
            With two axes for each data set.

        Examples
        --------
        >>> from lmfit import GlobalModel
        >>> from lmfit.models import LinearModel
        >>> both = GlobalModel(dict.fromkeys(["a", "b"], LinearModel()), shared=["slope"])
        >>> result = both.fit({"a": [1.0, 3.1, 5.0], "b": [4.0, 6.0, 7.9]}, x=[0, 1, 2], slope=1, intercept=0)
        >>> len(result.plot().axes), len(result.plot_fit().lines)
        (4, 4)
        """
        check_setting("columns", columns, 1, "a number of at least 1")
        columns = min(int(columns), len(self))
        rows = math.ceil(len(self) / columns)
        size = {"figsize": (4.0 * columns, 3.6 * rows), "layout": "constrained"}
        figure: Figure = plotting._pyplot().figure(**{**size, **(fig_kws or {})})
        panels = figure.subfigures(rows, columns, squeeze=False).ravel()
        for panel, (key, part) in zip(panels, self.parts.items()):
            part.plot(fig=panel, **{"title": key, **kws})
        return figure

    def plot_fit(self, ax: Axes | None = None, **kws: Any) -> Axes:
        """Draw data and curves of all data sets into the same axes.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; the current axes by default.
        **kws
            As of `ModelResult.plot_fit`, the same for all data sets.

        Returns
        -------
        Axes
            With data, curves and a legend.
        """
        for index, (key, part) in enumerate(self.parts.items()):
            own = {
                "data_kws": {"color": f"C{index}", "label": key, **kws.get("data_kws", {})},
                "fit_kws": {"color": f"C{index}", "label": "_nolegend_", **kws.get("fit_kws", {})},
            }
            ax = part.plot_fit(ax, **{"title": "", **kws, **own})
        assert ax is not None
        return ax

    def _full_covariance(self) -> tuple[Array | None, dict[str, int]]:
        """The covariance of the variables and the tied parameters, and where each of them stands."""
        found = self.result
        if found.covar is None:
            return None, {}
        _, problem, _ = self.minimizer.search_again(found)
        place = {name: index for index, name in enumerate([*found.var_names, *problem.tied_names])}
        errors = np.array([self.params[name].stderr or 0.0 for name in found.var_names])
        by_variables = np.eye(len(errors))
        if problem.tied_names:
            tied = problem.tied_gradient(
                np.array([self.params[name].value for name in found.var_names]), errors
            )
            by_variables = np.vstack([by_variables, np.nan_to_num(tied)])
        return by_variables @ np.nan_to_num(found.covar) @ by_variables.T, place

    def _part(self, key: str, residual: Array, full: Array | None, place: Mapping[str, int]) -> DataSetResult:
        model, names, found = self.model.models[key], self._names[key], self.result
        params, start = (_own(given, names, model) for given in (self.params, self.init_params))
        own = [name for name in model.param_names if params[name].stderr and names[name] in place]
        rows = [place[names[name]] for name in own]
        share = round(found.nvarys * len(residual) / max(1, found.ndata))
        of_part = replace(
            found,
            **vars(goodness_of_fit(float(residual @ residual), len(residual), share)),
            params=params,
            residual=residual,
            var_names=own,
            nvarys=len(own),
            init_values={name: start[name].value for name in own},
            covar=None if full is None else full[np.ix_(rows, rows)],
        )
        values = {
            when: {name: given[name].value for name in model.param_names}
            for when, given in (("best", params), ("init", start))
        }
        settings = {"method": self._how.method, "scale_covar": found.scale_covar}
        part = DataSetResult._restored(
            model, start, self._fit_data[key], of_part, {"settings": settings, "values": values, "curves": {}}
        )
        part._whole = found
        return part


_STATISTICS = {
    "# data points": "ndata", "chi-square": "chisqr", "reduced chi-square": "redchi", "R-squared": "rsquared",
}  # fmt: skip


def _cells(part: DataSetResult) -> list[str]:
    return [printfuncs.getfloat_attr(part, name) for name in _STATISTICS.values()]


def _own(params: Parameters, names: Mapping[str, str], model: Model) -> Parameters:
    """Parameters by the names that they have in the model of one data set.

    Those that the model derives from others keep their expressions.
    """
    found = Parameters()
    other = {name: own for own, name in names.items()}
    for own, name in names.items():
        par = params[name]
        expr = renamed(par.expr, other) if par.expr and own not in model.param_names else None
        value = None if expr else par.value
        copied = Parameter(name=own, value=value, vary=bool(par.vary), min=par.min, max=par.max, expr=expr)
        copied.stderr, copied.init_value = par.stderr, par.init_value
        if par.correl:
            copied.correl = {other[key]: value for key, value in par.correl.items() if key in other}
        found[own] = copied
    return found
