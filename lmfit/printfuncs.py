"""Reports of fits, as text and as HTML.

Two dialects are spoken here.  `report_errors` and `report_ci` print what the manual of
release 0.5 shows; `fit_report` and `ci_report` return the text known from lmfit 1.x,
with more to say where a fit went wrong: which parameters have no standard error and why,
and what the optimiser had to tell.

The functions read plain attributes (``value``, ``stderr``, ``chisqr``, ...), so anything
that has them can be reported: a result, a `Minimizer` that was run, or a dictionary of
parameters.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, Protocol

from ._format import (
    LINE_WIDTH,
    alphanumeric_sort,
    blocks,
    boxed_table,
    column_table,
    decimal_spec,
    fold,
    gformat,
    gformat_to,
    html_table,
    paired,
    relative_error,
    to_float,
    wrap,
)
from .errors import close_matches

__all__ = [
    "CORREL_HEAD",
    "alphanumeric_sort",
    "ci_html_table",
    "ci_report",
    "correl_table",
    "fit_report",
    "fitreport_html_table",
    "getfloat_attr",
    "gformat",
    "params_html_table",
    "params_table",
    "report_ci",
    "report_errors",
    "report_fit",
]

CORREL_HEAD = "[[Correlations]] (unreported correlations are < %.3f)"
CI_HEAD = "[[Confidence Intervals]] (! = more than 20% off the standard error)"
TABLE_COLUMNS = ("value", "min", "max", "stderr", "vary", "expr", "brute_step")
ONE_SIGMA = math.erf(math.sqrt(0.5))
CI_TOLERANCE = 0.2
# Three limits on each side and the best value.
USUAL_COLUMNS = 7

# What the columns of the limits in fit_report leave for names; longer ones stand on lines of their own.
LONGEST_BESIDE_LIMITS = 26

# Left side of a correlation in the manual's report: "  C(a, b)", then "= 0.601" in column 42.
_CORREL_WIDTH = 40

Limits = Mapping[str, Iterable[tuple[float, float]]]
Row = list[tuple[float, float]]
Correlation = tuple[str, str, float]


class ParameterLike(Protocol):
    """What a report needs to know of a parameter."""

    @property
    def value(self) -> Any: ...
    @property
    def vary(self) -> bool: ...
    @property
    def min(self) -> float: ...
    @property
    def max(self) -> float: ...
    @property
    def expr(self) -> str | None: ...
    @property
    def stderr(self) -> float | None: ...
    @property
    def correl(self) -> Mapping[str, float] | None: ...
    @property
    def init_value(self) -> Any: ...
    @property
    def brute_step(self) -> Any: ...


ParametersLike = Mapping[str, ParameterLike]
SortKey = Callable[[str], Any]


def report_errors(params: Any, modelpars: Mapping[str, Any] | None = None, show_correl: bool = True) -> None:
    """Print values with their standard errors, one parameter to a line, then the larger correlations.

    The layout is that of release 0.5: in parentheses where the value comes from, and below the list the
    pairs of variables whose coefficient exceeds 0.1 in size, the most strongly correlated first.

    Parameters
    ----------
    params : Parameters or result
        Whatever holds the parameters: themselves, or anything with an attribute ``params``.
    modelpars : dict, optional
        The truth, as for simulated data: by name a number or a parameter, printed as ``model_value``.
    show_correl : bool, optional
        False ends the report after the list.

    Examples
    --------
    >>> from types import SimpleNamespace as Par
    >>> b = Par(value=2.00189, stderr=0.01196, init_value=1, vary=True, expr=None, correl=None)
    >>> report_errors({"b": b})
      b:      2.00189+/- 0.01196 (initial= 1.000000)
    """
    pars = _parameters(params)
    width = _longest(pars)
    lines = [line for name, par in pars.items() for line in _error_lines(name, par, width, modelpars or {})]
    correls = _correlations(pars, list(pars), 0.1) if show_correl else []
    if correls:
        lines += ["Correlations:", *_pair_lines(correls, "  ", _CORREL_WIDTH, ".3f")]
    _show(lines)


def report_fit(params: Any, **kws: Any) -> None:
    """Print what `fit_report` returns.

    Parameters
    ----------
    params : Parameters or result
        Passed on as the first argument.
    **kws
        Passed on by keyword.

    Examples
    --------
    >>> from types import SimpleNamespace as Par
    >>> report_fit({"b": Par(value=2.0, stderr=0.01, init_value=1, vary=True, expr=None, correl=None)})
    [[Variables]]
        b:  2.00000000 +/- 0.01000000 (0.50%) (init = 1)
    """
    _show([fit_report(params, **kws)])


def report_ci(ci: Limits) -> None:
    """Print confidence limits in the layout of release 0.5.

    Each parameter has a line with its limits, the best value in the middle.  The probabilities stand
    above: once where each parameter has three limits on either side, as in example 4.2 of the manual, and
    with any other number of limits above every line, as in example 4.3.

    Parameters
    ----------
    ci : dict
        As `conf_interval` returns it: by name, in ascending order, pairs ``(probability, value)``, among
        them that of the best value, whose probability is 0.

    Examples
    --------
    >>> report_ci({"b": [(0.674, 1.99041), (0.0, 2.00189), (0.674, 2.01337)]})
          67.40%      0.00%     67.40%
    b    1.99041    2.00189    2.01337
    """
    rows = _rows(ci)
    cells = {name: _value_cells(row, 5) for name, row in rows.items()}
    first = _longest(rows)
    labels = {name: name.ljust(first) for name in rows}
    repeat = any(len(row) != USUAL_COLUMNS for row in rows.values())
    _show(_limit_lines(_groups(rows, "0.00%", repeat), cells, labels, " " * first, 11))


def ci_report(ci: Limits, with_offset: bool = True, ndigits: int = 5) -> str:
    """Return confidence limits as text, by default as distances from the best value.

    Parameters
    ----------
    ci : dict
        As `conf_interval` returns it: by name, in ascending order, pairs ``(probability, value)``, among
        them that of the best value, whose probability is 0.
    with_offset : bool, optional
        True writes signed distances beside the best value, False the limits themselves.
    ndigits : int, optional
        How many decimals; where so many would not tell the limits apart, numbers get an exponent.

    Returns
    -------
    str
        One line per parameter, however many limits it has; a line of probabilities comes first, and again
        before each parameter that has others than the one above it.

    Examples
    --------
    >>> print(ci_report({"b": [(0.674, 1.99041), (0.0, 2.00189), (0.674, 2.01337)]}))
          67.40%    _BEST_    67.40%
     b:  -0.01148   2.00189  +0.01148
    """
    if not hasattr(ndigits, "__index__") or ndigits < 0:
        raise TypeError(f"ndigits must be a number of decimals, not {ndigits!r}")
    rows = _rows(ci)
    make = _offset_cells if with_offset else _value_cells
    cells = {name: make(row, ndigits) for name, row in rows.items()}
    first = _longest(rows)
    labels = {name: f" {name:<{first}}:" for name in rows}
    # Above the names there is no colon, as in 1.x.
    return "\n".join(_limit_lines(_groups(rows, "_BEST_"), cells, labels, " " * (first + 1), ndigits + 5))


def fit_report(
    inpars: Any,
    modelpars: Mapping[str, Any] | None = None,
    show_correl: bool = True,
    min_correl: float = 0.1,
    sort_pars: bool | SortKey = False,
    correl_mode: str = "list",
    ci: Limits | None = None,
) -> str:
    """Describe a fit in words and numbers.

    Sections in this order, those without content left out: how well and at what cost it fits; warnings,
    which quote the optimiser where it did not converge and say of every variable without standard error
    why it has none; the parameters; the correlations; the confidence limits.

    Parameters
    ----------
    inpars : Parameters or result
        A result is reported in full; of Parameters alone there are no statistics and no warnings.
    modelpars : dict, optional
        The truth, as for simulated data: by name a number or a parameter, added to the line of each.
    show_correl : bool, optional
        False leaves out the correlations.
    min_correl : float, optional
        Correlations smaller than this in size are not listed.
    sort_pars : bool or callable, optional
        False keeps the order of the parameters.  True sorts them by name, such that p2 comes before p10.
        A callable takes a name and returns what to sort by.
    correl_mode : {'list', 'table'}, optional
        A list of pairs, beginning with the strongest correlation, or the full matrix in a frame.
    ci : dict, optional
        Limits from `conf_interval`, `bootstrap_interval` or `credible_interval`.  The section added for
        them has the standard error of each parameter beside its distances from the best value to the limits.
        An exclamation mark stands where, at the level closest to one sigma, one of the two differs by more
        than 20 % from what the standard error makes of that level.  Missing limits have their reasons.

    Returns
    -------
    str
        The lines of the report, without a newline at the end.

    Raises
    ------
    TypeError
        There are no parameters in `inpars`.
    ValueError
        `correl_mode` is neither of the two.

    Examples
    --------
    >>> from types import SimpleNamespace as Par
    >>> b = Par(value=2.0, stderr=0.01, init_value=1, vary=True, expr=None, correl=None)
    >>> c = Par(value=4.0, stderr=0.04, init_value=0, vary=False, expr="b**2", correl=None)
    >>> print(fit_report({"b": b, "c": c}))
    [[Variables]]
        b:  2.00000000 +/- 0.01000000 (0.50%) (init = 1)
        c:  4.00000000 +/- 0.04000000 (1.00%) == 'b**2'
    >>> limits = {"b": [(0.6827, 1.991), (0.0, 2.0), (0.6827, 2.013)]}
    >>> print(fit_report({"b": b}, ci=limits))
    [[Variables]]
        b:  2.00000000 +/- 0.01000000 (0.50%) (init = 1)
    [[Confidence Intervals]] (! = more than 20% off the standard error)
        name  std. error    level       lower       upper
        b        0.01000   68.27%   -0.009000    +0.01300  !
    """
    if correl_mode not in ("list", "table"):
        raise ValueError(f"correl_mode must be 'list' or 'table', not {correl_mode!r}")
    params = _parameters(inpars)
    names = _ordered(params, sort_pars)
    lines = [] if isinstance(inpars, Mapping) else [*_statistics(inpars), *_troubles(inpars, params)]
    width = _longest(names)
    lines.append("[[Variables]]")
    lines += [line for name in names for line in _variable_lines(name, params[name], width, modelpars or {})]
    if show_correl:
        lines += _correlation_lines(params, names, min_correl, correl_mode)
    if ci:
        lines += _interval_lines(params, names, ci)
    return "\n".join(lines)


def correl_table(params: ParametersLike) -> str:
    """Return the full matrix of correlation coefficients, drawn with a frame.

    Columns that do not fit on the page follow below, in tables of their own.

    Parameters
    ----------
    params : Parameters
        Those that are variables and know their correlations become rows and columns.

    Returns
    -------
    str
        Empty if there are none.

    Examples
    --------
    >>> from lmfit.models import LinearModel
    >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
    >>> print(correl_table(result.params))
    +-----------+-----------+-----------+
    | Variable  | slope     | intercept |
    +-----------+-----------+-----------+
    | slope     | +1.0000   | -0.7746   |
    | intercept | -0.7746   | +1.0000   |
    +-----------+-----------+-----------+
    """
    names = _correlated(params, list(params))
    if not names:
        return ""
    rows = [["Variable", *names]]
    for one in names:
        sizes = [1.0 if one == two else _correlation(params, one, two) for two in names]
        rows.append([one, *("" if size is None else f"{size:+.4f}" for size in sizes)])
    cell = max(len(rows[0][0]), _longest(names))
    # A cell has a frame of three characters, and fit_report indents the table by two.
    places = blocks([cell + 3] * len(names), LINE_WIDTH - 3 - (cell + 3))
    tables = ([[row[0], *(row[1 + place] for place in block)] for row in rows] for block in places)
    return "\n".join(boxed_table(table, cell) for table in tables)


def params_table(
    params: ParametersLike,
    colwidth: int = 8,
    precision: int = 4,
    fmt: str = "g",
    columns: Sequence[str] = TABLE_COLUMNS,
) -> str:
    """Return attributes of parameters in columns, with a row for each parameter in the order of the names.

    Parameters
    ----------
    params : Parameters
        The rows.
    colwidth : int, optional
        Every column has at least so many characters, more where its contents need them.
    precision : int, optional
        Digits behind the point, or with ``fmt='g'`` in all.
    fmt : {'g', 'e', 'f'}, optional
        Type of the format of numbers.
    columns : sequence of str, optional
        Names of attributes, from the left.

    Returns
    -------
    str
        The first line holds the titles.

    Examples
    --------
    >>> from lmfit import create_params
    >>> print(params_table(create_params(a=1, b={"value": 2.5, "min": 0}), columns=["value", "min"]))
    Name     Value      Min
    a            1     -inf
    b          2.5        0
    """
    unknown = [column for name in params for column in columns if column not in dir(params[name])]
    if unknown:
        raise ValueError(
            f"there is no column {unknown[0]!r}{close_matches(str(unknown[0]), TABLE_COLUMNS)}; "
            f"choose among {', '.join(TABLE_COLUMNS)}"
        )
    if fmt not in ("g", "e", "f"):
        raise ValueError(f"fmt must be 'g', 'e' or 'f', not {fmt!r}")
    rows = [["Name", *(column.title() for column in columns)]]
    for name in sorted(params):
        values = (getattr(params[name], column) for column in columns)
        rows.append([name, *(_table_cell(value, f".{precision}{fmt}") for value in values)])
    return column_table(rows, colwidth)


def getfloat_attr(obj: Any, attr: str, length: int = 11) -> str:
    """Return the text that stands for an attribute of a result in a report.

    Parameters
    ----------
    obj : object
        The result.
    attr : str
        Name of the attribute.
    length : int, optional
        Number of characters for a float, see `gformat`.

    Returns
    -------
    str
        'unknown' for None and for what is not there; a whole number with all its digits.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> result = SimpleNamespace(nfev=12, chisqr=0.5)
    >>> [getfloat_attr(result, name) for name in ("nfev", "chisqr", "aic")]
    ['12', '0.50000000', 'unknown']
    """
    value = getattr(obj, attr, None)
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return gformat(value, length).strip()
    return str(value) if isinstance(value, Real) else repr(value)


def fitreport_html_table(result: Any, show_correl: bool = True, min_correl: float = 0.1) -> str:
    """Return as HTML what `fit_report` says in text; notebooks display results by it.

    Parameters
    ----------
    result : Parameters or result
        Parameters alone have neither statistics nor warnings.
    show_correl : bool, optional
        False leaves out the table of correlations.
    min_correl : float, optional
        Correlations smaller than this in size are left out.

    Returns
    -------
    str
        ``<table>`` elements, one below the other: statistics, warnings, parameters, correlations.

    Examples
    --------
    >>> from lmfit.models import LinearModel
    >>> result = LinearModel().fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
    >>> fitreport_html_table(result).count("<table")
    3
    """
    params = _parameters(result)
    statistics = [] if isinstance(result, Mapping) else _statistics_rows(result)
    tables = [html_table("Fit Statistics", [], statistics)] if statistics else []
    blocks = _trouble_blocks(result, params)
    troubles = [(name or title, reason) for title, rows in blocks for name, reason in rows]
    if troubles:
        tables.append(html_table("Warnings", [], troubles, text_columns=2))
    tables.append(params_html_table(params))
    correls = _correlations(params, list(params), min_correl) if show_correl else []
    if correls:
        title = f"Correlations (unreported values are < {min_correl:.3f})"
        rows = [(one, two, f"{size:+.4f}") for one, two, size in correls]
        tables.append(html_table(title, ["parameter 1", "parameter 2", "correlation"], rows, text_columns=2))
    return "\n".join(tables)


def params_html_table(params: ParametersLike) -> str:
    """Return the values, errors, bounds and expressions of parameters as HTML.

    Parameters
    ----------
    params : Parameters
        The rows.  Errors, expressions and brute steps have columns only if a parameter has one.

    Returns
    -------
    str
        A ``<table>`` element.

    Examples
    --------
    >>> from lmfit import create_params
    >>> params_html_table(create_params(a=1, b=2)).count("<tr")
    3
    """
    pars = params.values()
    columns: dict[str, Callable[[ParameterLike], str]] = {"value": lambda par: gformat(par.value).strip()}
    if any(par.stderr is not None for par in pars):
        columns["standard error"] = lambda par: "" if par.stderr is None else gformat(par.stderr).strip()
        columns["relative error"] = lambda par: relative_error(par.value, par.stderr)
    columns["initial value"] = lambda par: _short(par.init_value)
    columns["min"] = lambda par: gformat(par.min).strip()
    columns["max"] = lambda par: gformat(par.max).strip()
    columns["vary"] = lambda par: str(bool(par.vary))
    if any(par.expr for par in pars):
        columns["expression"] = lambda par: par.expr or ""
    if any(par.brute_step is not None for par in pars):
        columns["brute step"] = lambda par: _short(par.brute_step)
    rows = ([name, *(cell(par) for cell in columns.values())] for name, par in params.items())
    return html_table("Parameters", ["name", *columns], rows)


def ci_html_table(ci: Limits) -> str:
    """Return confidence limits as HTML, for notebooks.

    Parameters
    ----------
    ci : dict
        As for `ci_report`.

    Returns
    -------
    str
        A ``<table>`` element; another one starts where the probabilities change from one parameter to
        the next.

    Examples
    --------
    >>> ci_html_table({"b": [(0.674, 1.99041), (0.0, 2.00189), (0.674, 2.01337)]}).count("<tr")
    2
    """
    rows = _rows(ci)
    tables = (
        (["name", *heads], [[name, *_value_cells(rows[name], 5)] for name in names])
        for heads, names in _groups(rows, "best")
    )
    return "\n".join(html_table("Confidence Intervals", header, body) for header, body in tables)


def _show(lines: Sequence[str]) -> None:
    """Print lines, with the sign ± on a terminal that knows it."""
    if lines:
        text = "\n".join(lines)
        print(text.replace("+/-", "±") if _shows("±") else text)


def _shows(sign: str) -> bool:
    """Tell whether the output is a terminal, not a file or a pipe, whose encoding has the sign."""
    try:
        sign.encode(sys.stdout.encoding)
        return sys.stdout.isatty()
    except (AttributeError, TypeError, LookupError, UnicodeEncodeError):
        # What stands in for the output need not have all of these.
        return False


def _parameters(source: Any) -> ParametersLike:
    """Return the parameters of a result or of a Minimizer; parameters are returned as they are."""
    params = source if isinstance(source, Mapping) else getattr(source, "params", None)
    if not isinstance(params, Mapping):
        kind = type(source).__name__
        raise TypeError(f"a report needs Parameters or the result of a fit, not {kind!r}: pass result.params")
    return params


def _longest(names: Iterable[str]) -> int:
    return max(map(len, names), default=0)


def _ordered(params: ParametersLike, sort_pars: bool | SortKey) -> list[str]:
    if callable(sort_pars):
        return sorted(params, key=sort_pars)
    return sorted(params, key=alphanumeric_sort) if sort_pars else list(params)


def _varied(par: ParameterLike) -> bool:
    return bool(par.vary) and not par.expr


def _short(value: Any) -> str:
    """Write a number as a user would type it; '?' where there is none."""
    number = to_float(value)
    return "?" if number is None else f"{number:.7g}"


def _model_value(name: str, modelpars: Any) -> float | None:
    """Return the true value of a parameter, given as a number or as a parameter."""
    if not isinstance(modelpars, Mapping):
        raise TypeError(
            f"modelpars must be the true values by name, such as {{{name!r}: 1.0}}, not {modelpars!r}"
        )
    true = modelpars.get(name)
    return to_float(getattr(true, "value", true))


def _error_lines(name: str, par: ParameterLike, width: int, modelpars: Mapping[str, Any]) -> list[str]:
    """Return what `report_errors` says of a parameter."""
    value, error = paired(par.value, par.stderr)
    error = "" if par.stderr is None and not _varied(par) else f"+/- {error}"
    notes = [_origin(par)]
    true = _model_value(name, modelpars)
    if true is not None:
        notes.append(f"model_value= {_initial(true)}")
    note = ", ".join(filter(None, notes))
    start = f"  {name + ':':<{width + 1}}     "
    return _with_notes(f"{start}{value}{error}", [f"({note})"] if note else [], len(start))


def _origin(par: ParameterLike) -> str:
    """Tell where the value of a parameter comes from."""
    if par.expr:
        return f"= {par.expr}"
    if not par.vary:
        return "fixed"
    initial = to_float(par.init_value)
    return "" if initial is None else f"initial= {_initial(initial)}"


def _initial(number: float) -> str:
    return f"{number:f}" if number == 0 or 1e-4 <= abs(number) < 1e9 else f"{number:.6g}"


def _statistics_rows(result: Any) -> list[tuple[str, str]]:
    """Return labels and values of the goodness-of-fit statistics."""
    rows = [
        ("# fitting method", str(getattr(result, "method", "unknown"))),
        ("# function evals", getfloat_attr(result, "nfev")),
        ("# data points", getfloat_attr(result, "ndata")),
        ("# variables", getfloat_attr(result, "nvarys")),
        ("chi-square", getfloat_attr(result, "chisqr")),
        ("reduced chi-square", getfloat_attr(result, "redchi")),
        ("Akaike info crit", getfloat_attr(result, "aic")),
        ("Bayesian info crit", getfloat_attr(result, "bic")),
    ]
    if getattr(result, "rsquared", None) is not None:
        rows.append(("R-squared", getfloat_attr(result, "rsquared")))
    return rows


def _statistics(result: Any) -> list[str]:
    return ["[[Fit Statistics]]", *(f"    {label:<18} = {text}" for label, text in _statistics_rows(result))]


def _troubles(result: Any, params: ParametersLike) -> list[str]:
    """Return the warnings of a report, wrapped to the width of the page."""
    lines = []
    for title, rows in _trouble_blocks(result, params):
        lines.append(f"##  Warning: {title}:")
        width = _longest(name for name, _reason in rows)
        for name, reason in rows:
            start = f"{name + ':':<{width + 1}}  " if name else ""
            lines += wrap(start + reason, hanging=" " * min(len(start), 24))
    return lines


def _trouble_blocks(result: Any, params: ParametersLike) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what went wrong: titles, and below each pairs of a name and a reason."""
    blocks = []
    if not getattr(result, "success", True):
        title = "the fit was aborted" if getattr(result, "aborted", False) else "the fit did not succeed"
        message = str(getattr(result, "message", None) or "no reason was given")
        blocks.append((title, [("", message)]))
    missing = _without_error(result, params)
    if missing:
        blocks.append(("uncertainties could not be estimated", list(missing.items())))
    return blocks


def _without_error(result: Any, params: ParametersLike) -> dict[str, str]:
    """Return the variables that have no standard error, with the reasons."""
    reasons = dict(getattr(result, "undetermined", None) or {})
    if reasons or getattr(result, "errorbars", True):
        return reasons
    missing = [name for name, par in params.items() if _varied(par) and par.stderr is None]
    symptoms = {name: _symptom(params[name]) for name in missing}
    known = {name: symptom for name, symptom in symptoms.items() if symptom}
    return known or ({"": ", ".join(missing)} if missing else {})


def _symptom(par: ParameterLike) -> str:
    """Describe what is conspicuous about a variable without standard error."""
    value = to_float(par.value)
    if value is None:
        return "no value"
    for bound, side in ((par.min, "lower"), (par.max, "upper")):
        if math.isfinite(bound) and math.isclose(value, bound, rel_tol=1e-6, abs_tol=1e-12):
            return f"at its {side} bound"
    return "at its initial value" if value == to_float(par.init_value) else ""


def _variable_lines(name: str, par: ParameterLike, width: int, modelpars: Mapping[str, Any]) -> list[str]:
    """Return what `fit_report` says of a parameter."""
    start = f"    {name + ':':<{width + 1}} "
    relative = relative_error(par.value, par.stderr) if _varied(par) or par.expr else ""
    notes = [f"({relative})"] if relative else []
    true = _model_value(name, modelpars)
    notes += [_kind(par)] if true is None else [f"{_kind(par)},", f"model_value = {_short(true)}"]
    return _with_notes(start + _value_text(par), notes, len(start) + 1)


def _with_notes(line: str, notes: Sequence[str], indent: int) -> list[str]:
    """Add notes to a line, or below the value where they would leave the page."""
    lines = [line]
    # Where the name takes most of the line, what stands below it has to start further left.
    margin = " " * (indent if indent <= LINE_WIDTH // 2 else 8)
    for note in notes:
        if len(lines[-1]) + 1 + len(note) <= LINE_WIDTH:
            lines[-1] += f" {note}"
        else:
            lines += fold(note, margin)
    return lines


def _kind(par: ParameterLike) -> str:
    """Tell what determines the value: an expression, the user, or the fit."""
    if par.expr:
        return f"== '{par.expr}'"
    return f"(init = {_short(par.init_value)})" if par.vary else "(fixed)"


def _value_text(par: ParameterLike) -> str:
    """Return the value and its error; a fixed value as it was typed."""
    number = to_float(par.value)
    if number is None:
        return f" {par.value}"
    if not (par.vary or par.expr):
        return f"{number: .7g}"
    if par.stderr is None:
        return gformat(number)
    return f"{gformat_to(number, par.stderr)} +/-{gformat(par.stderr)}"


def _correlation(params: ParametersLike, one: str, two: str) -> float | None:
    """Return a coefficient from whichever of the two parameters knows it."""
    for first, second in ((one, two), (two, one)):
        size = to_float((params[first].correl or {}).get(second))
        if size is not None:
            return size
    return None


def _correlated(params: ParametersLike, names: Sequence[str]) -> list[str]:
    return [name for name in names if params[name].correl and _varied(params[name])]


def _correlations(params: ParametersLike, names: Sequence[str], least: Any) -> list[Correlation]:
    """Return each pair of variables once, the strongest correlation first."""
    if not isinstance(least, (int, float)):
        raise TypeError(f"min_correl must be a number between 0 and 1, not {least!r}")
    rank = {name: place for place, name in enumerate(names)}
    pairs: dict[tuple[str, str], float] = {}
    for one in _correlated(params, names):
        for two, size in (params[one].correl or {}).items():
            if two != one and two in rank and _varied(params[two]) and abs(size) >= least:
                pair = (one, two) if rank[one] < rank[two] else (two, one)
                pairs.setdefault(pair, float(size))
    return sorted(((one, two, size) for (one, two), size in pairs.items()), key=lambda pair: -abs(pair[2]))


def _correlation_lines(params: ParametersLike, names: Sequence[str], least: float, mode: str) -> list[str]:
    """Return the part of `fit_report` on correlations; nothing if there are none."""
    if mode == "table":
        table = correl_table({name: params[name] for name in names})
        return ["[[Correlations]]", *(f"  {line}" for line in table.splitlines())] if table else []
    correls = _correlations(params, names, least)
    width = _longest(f"    C({one}, {two})" for one, two, _size in correls)
    lines = _pair_lines(correls, "    ", min(width, LINE_WIDTH - len(" = +1.0000")), "+.4f")
    return [CORREL_HEAD % least, *lines] if lines else []


def _pair_lines(correls: Sequence[Correlation], indent: str, width: int, spec: str) -> list[str]:
    """Return a line for each correlation, or two, where its names do not fit side by side."""
    lines = []
    for one, two, size in correls:
        pair = f"{indent}C({one}, {two})"
        if len(pair) > width and len(f"{pair} = {size:{spec}}") > LINE_WIDTH:
            lines.append(f"{indent}C({one},")
            pair = f"{indent}  {two})"
        lines.append(f"{pair:<{width}} = {size:{spec}}")
    return lines


def _rows(ci: Limits) -> dict[str, Row]:
    """Return limits as lists of plain numbers."""
    if not isinstance(ci, Mapping):
        raise TypeError(f"a report of limits needs what conf_interval() returned, not {ci!r:.80}")
    return {name: [(float(prob), float(value)) for prob, value in row] for name, row in ci.items()}


def _groups(rows: Mapping[str, Row], best: str, repeat: bool = False) -> list[tuple[list[str], list[str]]]:
    """Return the titles of columns, and the names of the parameters that follow each other with these.

    Titles are probabilities, and `best` for the best value; `repeat` gives each name titles of its own.
    """
    groups: list[tuple[list[str], list[str]]] = []
    for name, row in rows.items():
        heads = [f"{level:.2%}" if level else best for level, _value in row]
        if repeat or not groups or heads != groups[-1][0]:
            groups.append((heads, []))
        groups[-1][1].append(name)
    return groups


def _limit_lines(
    groups: Sequence[tuple[list[str], list[str]]],
    cells: Mapping[str, list[str]],
    labels: Mapping[str, str],
    corner: str,
    usual: int,
) -> list[str]:
    """Lay out limits: columns of the usual width, or closer to each other, or split, to fit the page."""
    room = LINE_WIDTH - _longest(labels.values())
    rows = [*(heads for heads, _names in groups), *cells.values()]
    needed = 1 + max((len(cell) for row in rows for cell in row), default=0)
    most = max(map(len, rows), default=0)
    width = max(needed, min(usual, room // max(most, 1)))
    lines = []
    for heads, names in groups:
        for block in blocks([width] * len(heads), room):
            titled = [(corner, heads)] if heads else []
            for label, row in [*titled, *((labels[name], cells[name]) for name in names)]:
                lines.append(label + "".join(row[place].rjust(width) for place in block))
    return lines


def _best(row: Row) -> float:
    """Return the value of probability 0; nan for an empty row."""
    return min(row, key=lambda pair: pair[0], default=(0.0, math.nan))[1]


def _value_cells(row: Row, ndigits: int) -> list[str]:
    spec = decimal_spec([value for _prob, value in row], _best(row), ndigits)
    return [format(value, spec) for _prob, value in row]


def _offset_cells(row: Row, ndigits: int) -> list[str]:
    """Format limits relative to the best value, which itself is shown in full."""
    best = _best(row)
    spec = decimal_spec([value for _prob, value in row], best, ndigits)
    short = spec if spec.endswith("f") else f".{max(ndigits - 1, 0)}e"
    cells = []
    for prob, value in row:
        # A limit that is missing has no distance, and a sign in front of nan says nothing.
        offset = bool(prob) and not math.isnan(value - best)
        cells.append(format(value - best, f"+{short}") if offset else format(value, spec))
    return cells


def _interval_lines(params: ParametersLike, names: Sequence[str], ci: Limits) -> list[str]:
    """Return the part of `fit_report` that holds standard errors against confidence limits."""
    known = [name for name in names if name in ci]
    width = max(4, min(_longest(known), LONGEST_BESIDE_LIMITS))
    lines = [CI_HEAD, f"    {'name':<{width}}  std. error    level       lower       upper"]
    for name in known:
        rows = _interval_rows(to_float(params[name].stderr), _two_sided(ci[name]))
        if rows and len(name) > width:
            rows = ["", *rows]
        labels = [name, *[""] * len(rows)]
        lines += [f"    {label:<{width}}  {row}".rstrip() for label, row in zip(labels, rows)]
    return lines + _missing_limit_lines(known, ci)


def _interval_rows(error: float | None, levels: Mapping[float, tuple[float, float]]) -> list[str]:
    """Return for each level the distances to its limits, beside the first one the standard error."""
    nearest = min(levels, key=lambda level: abs(level - ONE_SIGMA), default=None)
    rows: list[str] = []
    for level, (lower, upper) in sorted(levels.items()):
        shown = "" if rows else "none" if error is None else _four(error)
        flag = "  !" if level == nearest and _differs(error, level, lower, upper) else ""
        rows.append(f"{shown:>10}  {level:>7.2%}  {_four(lower, '+'):>10}  {_four(upper, '+'):>10}{flag}")
    return rows


def _missing_limit_lines(names: Sequence[str], ci: Limits) -> list[str]:
    """Say of the limits that are not finite why, where `ci` knows: one paragraph for each reason."""
    lost: dict[tuple[str, str], list[str]] = {}
    for name in names:
        row, reasons = list(ci[name]), getattr(ci, "status", {}).get(name, [])
        best = min(range(len(row)), key=lambda place: row[place][0], default=0)
        for place, ((level, value), reason) in enumerate(zip(row, reasons)):
            if reason and not math.isfinite(value):
                side = "lower" if place < best else "upper"
                lost.setdefault((name, reason), []).append(f"{side} {level:.2%}")
    lines = []
    for (name, reason), limits in lost.items():
        lines += wrap(f"{name}, {', '.join(limits)}: {reason}", hanging="  ")
    return ["[[Missing Limits]]", *lines] if lines else []


def _four(number: float, sign: str = "") -> str:
    """Write four digits of a number."""
    return "nan" if math.isnan(number) else format(number, f"{sign}#.4g").rstrip(".")


def _two_sided(row: Iterable[tuple[float, float]]) -> dict[float, tuple[float, float]]:
    """Return for each probability the distances of its lower and upper limit."""
    pairs = [(float(prob), float(value)) for prob, value in row]
    if not pairs:
        return {}
    place, (_prob, best) = min(enumerate(pairs), key=lambda item: item[1][0])
    lower, upper = dict(pairs[:place]), dict(pairs[place + 1 :])
    sides = {level: (lower.get(level, math.nan), upper.get(level, math.nan)) for level in lower | upper}
    return {level: (low - best, high - best) for level, (low, high) in sides.items()}


def _differs(error: float | None, level: float, lower: float, upper: float) -> bool:
    """Tell whether limits are more than 20 % away from those of a normal distribution."""
    if error is None or not 0 < level < 1:
        return False
    # Only reports with intervals need the quantile, and the module is slow to import.
    from statistics import NormalDist

    expected = error * NormalDist().inv_cdf(0.5 + level / 2)
    return any(abs(abs(side) - expected) > CI_TOLERANCE * expected for side in (lower, upper))


def _table_cell(value: Any, spec: str) -> str:
    number = to_float(value)
    return str(value) if number is None else format(number, spec)
