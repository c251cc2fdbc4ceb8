"""Reports, compared letter by letter with the files in tests/golden.

After a change of format that is meant, write the files anew and read the difference:

    LMFIT_WRITE_GOLDEN=1 python -m pytest tests/test_printfuncs.py
    git diff tests/golden

The reports read plain attributes, so the tests use plain objects: no fit is run here.
"""

import contextlib
import io
import itertools
import math
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from lmfit import printfuncs
from lmfit._intervals import ConfidenceIntervals, Interval, Limit, Missing
from lmfit.printfuncs import (
    ci_html_table,
    ci_report,
    correl_table,
    fit_report,
    fitreport_html_table,
    getfloat_attr,
    params_html_table,
    params_table,
    report_ci,
    report_errors,
    report_fit,
)

GOLDEN = Path(__file__).parent / "golden"
NAN, INF = math.nan, math.inf


def check_golden(name, text):
    path = GOLDEN / name
    if os.environ.get("LMFIT_WRITE_GOLDEN"):
        path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    assert text.rstrip("\n") + "\n" == path.read_text(encoding="utf-8")


def par(value, **attributes):
    defaults = {
        "vary": True,
        "min": -INF,
        "max": INF,
        "expr": None,
        "brute_step": None,
        "stderr": None,
        "correl": None,
        "init_value": value,
        "user_data": None,
    }
    return SimpleNamespace(value=value, **(defaults | attributes))


def fit(params, **attributes):
    defaults = {
        "method": "leastsq",
        "success": True,
        "aborted": False,
        "errorbars": True,
        "message": "Fit succeeded.",
        "nfev": 10,
        "ndata": 100,
        "nvarys": 2,
        "chisqr": 0.71668024,
        "redchi": 0.00731306,
        "aic": -489.829569,
        "bic": -484.619228,
    }
    return SimpleNamespace(params=params, **(defaults | attributes))


def basic():
    """Return the parameters of the manual's example 4.2 after the fit."""
    return {
        "a": par(0.0999204, stderr=0.0001932, init_value=0.1, correl={"b": 0.6008}),
        "b": par(2.0018903, stderr=0.0119601, init_value=1, correl={"a": 0.6008}),
    }


def exponentials():
    """Return the parameters of the manual's example 4.3 after the fit."""
    numbers = {
        "a1": (2.61101, 0.32796, 5),
        "a2": (-4.51293, 0.39919, -5),
        "t1": (1.56948, 0.33450, 2),
        "t2": (10.96137, 1.26387, 5),
    }
    correl = {("a1", "a2"): -0.9929, ("a1", "t1"): 0.9127, ("a1", "t2"): -0.9965, ("a2", "t1"): -0.0887,
              ("a2", "t2"): 0.1799, ("t1", "t2"): -0.5810}  # fmt: skip
    params = {name: par(v, stderr=s, init_value=i, correl={}) for name, (v, s, i) in numbers.items()}
    for (one, two), size in correl.items():
        params[one].correl[two] = params[two].correl[one] = size
    return params


def every_kind():
    """Return parameters of every kind: free, fixed, tied, undetermined, at a bound, without a value."""
    return {
        "amplitude": par(-1.83166008, stderr=0.04841853, init_value=1, correl={"zero": 0.25}),
        "zero": par(0.0, stderr=0.01, init_value=0.1, correl={"amplitude": 0.25}),
        "tiny": par(4.5e-13, stderr=2.1e-15, init_value=1e-13, min=0),
        "huge": par(6.02214076e23, stderr=3.1e18, init_value=6e23),
        "fixed": par(3, vary=False),
        "minus": par(-2.5e-7, vary=False),
        "unused": par(0.5, init_value=0.5),
        "edge": par(5.0, init_value=7, min=5, max=10),
        "tied": par(-3.66332016, vary=False, expr="2*amplitude", stderr=0.09683706),
        "long_expression": par(1.0, vary=False, expr="0.3989423*amplitude/max(1e-15, unused)**2", stderr=0.1),
        "valueless": par(None, init_value=None),
    }


def intervals():
    """Return the limits that the manual prints in example 4.3."""
    limits = {
        "a1": (2.11696, 2.33696, 2.61101, 3.06631, 4.28728),
        "a2": (-6.39492, -5.05982, -4.51293, -4.19528, -3.97850),
        "t2": (8.00414, 9.62688, 10.96137, 12.17947, 13.34824),
        "t1": (1.07036, 1.28482, 1.56948, 1.97534, 2.64341),
    }
    return {name: list(zip((0.95, 0.68, 0.0, 0.68, 0.95), row, strict=True)) for name, row in limits.items()}


def usual_intervals():
    """Return the limits that the manual prints in example 4.2."""
    probs = (0.997, 0.95, 0.674, 0.0, 0.674, 0.95, 0.997)
    limits = {
        "a": (0.09916, 0.09916, 0.09916, 0.09992, 0.10069, 0.10069, 0.10069),
        "b": (1.96591, 1.97831, 1.99041, 2.00189, 2.01337, 2.02547, 2.03787),
    }
    return {name: list(zip(probs, row, strict=True)) for name, row in limits.items()}


# The manual's reports.


def test_report_errors_prints_example_4_2(capsys):
    report_errors(basic())
    assert capsys.readouterr().out == (
        "  a:      0.09992+/- 0.00019 (initial= 0.100000)\n"
        "  b:      2.00189+/- 0.01196 (initial= 1.000000)\n"
        "Correlations:\n"
        "  C(a, b)                                = 0.601\n"
    )


def test_report_errors_prints_example_4_3(capsys):
    report_errors(exponentials(), show_correl=False)
    assert capsys.readouterr().out == (
        "  a1:      2.61101+/- 0.32796 (initial= 5.000000)\n"
        "  a2:     -4.51293+/- 0.39919 (initial= -5.000000)\n"
        "  t1:      1.56948+/- 0.33450 (initial= 2.000000)\n"
        "  t2:      10.96137+/- 1.26387 (initial= 5.000000)\n"
    )


def test_report_errors_of_every_kind(capsys):
    report_errors(every_kind(), modelpars={"amplitude": par(-1.8), "fixed": 3})
    check_golden("report_errors.txt", capsys.readouterr().out)


def test_report_errors_sorts_correlations_by_size(capsys):
    report_errors(exponentials())
    out = capsys.readouterr().out
    assert re.findall(r"C\((.*?)\)\s+= (\S+)", out) == [
        ("a1, t2", "-0.997"),
        ("a1, a2", "-0.993"),
        ("a1, t1", "0.913"),
        ("t1, t2", "-0.581"),
        ("a2, t2", "0.180"),
    ]


def test_report_errors_takes_a_result(capsys):
    report_errors(fit(basic()))
    assert "C(a, b)" in capsys.readouterr().out


def test_report_ci_prints_example_4_2(capsys):
    report_ci(usual_intervals())
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["99.70%", "95.00%", "67.40%", "0.00%", "67.40%", "95.00%", "99.70%"],
        ["a", "0.09916", "0.09916", "0.09916", "0.09992", "0.10069", "0.10069", "0.10069"],
        ["b", "1.96591", "1.97831", "1.99041", "2.00189", "2.01337", "2.02547", "2.03787"],
    ]


def test_report_ci_prints_example_4_3(capsys):
    report_ci(intervals())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[0::2]] == [["95.00%", "68.00%", "0.00%", "68.00%", "95.00%"]] * 4
    assert lines[1] == "a1    2.11696    2.33696    2.61101    3.06631    4.28728"
    assert lines[3] == "a2   -6.39492   -5.05982   -4.51293   -4.19528   -3.97850"
    assert lines[5].split() == ["t2", "8.00414", "9.62688", "10.96137", "12.17947", "13.34824"]
    assert lines[7].split() == ["t1", "1.07036", "1.28482", "1.56948", "1.97534", "2.64341"]


def test_report_ci_has_aligned_columns(capsys):
    report_ci(usual_intervals() | {"c": [(p, 1e7 * v) for p, v in usual_intervals()["b"]]})
    assert len({len(line) for line in capsys.readouterr().out.splitlines()}) == 1


def test_nothing_to_report_prints_nothing(capsys):
    report_ci({})
    report_errors({})
    assert capsys.readouterr().out == ""
    assert ci_report({}) == ""


# The reports of 1.x.


def test_fit_report_as_1_x_prints_it():
    check_golden("fit_report.txt", fit_report(fit(basic(), rsquared=0.99902627)))


def test_fit_report_of_parameters_has_no_statistics():
    report = fit_report(basic())
    assert report.startswith("[[Variables]]\n    a:  0.09992040 +/- 1.9320e-04 (0.19%) (init = 0.1)\n")


def test_fit_report_of_every_kind():
    reasons = {
        "unused": "has no effect on the residual",
        "edge": "is at its lower bound (5): widen the bound, fix the parameter, or read the confidence "
        "interval, which is right at bounds",
    }
    message = "The limit of 10 calls was reached before the fit converged: raise max_nfev or start closer."
    result = fit(every_kind(), success=False, errorbars=False, message=message, undetermined=reasons)
    report = fit_report(result, modelpars={"amplitude": -1.8, "tied": par(4)})
    check_golden("fit_report_every_kind.txt", report)


def test_fit_report_lines_fit_the_page():
    reasons = {"unused": "why " * 40}
    result = fit(every_kind(), success=False, message="many words " * 30, undetermined=reasons)
    report = fit_report(result, modelpars=dict.fromkeys(every_kind(), 1.2345678), ci=intervals())
    assert max(map(len, report.splitlines())) <= 80


def test_long_names_and_expressions_fit_the_page():
    names = [f"a_name_of_27_characters_{number:03d}" for number in range(12)]
    params = {name: par(1.5, stderr=0.1, correl=dict.fromkeys(names, 0.5)) for name in names}
    params["total"] = par(18.0, vary=False, expr="+".join(names), stderr=0.3)
    params["power"] = par(18.0, vary=False, expr=f"1e-5*{names[0]}**2 - 3.5e+10*exp({names[1]}, {names[2]})")
    ci = {name: intervals()["a1"] for name in names}
    for mode in ("list", "table"):
        lines = fit_report(fit(params), correl_mode=mode, ci=ci).splitlines()
        assert max(map(len, lines)) <= 80
    report = "".join(line.strip() for line in lines)
    assert f"== '{params['total'].expr}'" in report
    assert params["power"].expr.replace(" ", "") in report.replace(" ", "")
    assert report.count("| Variable") == 12


@st.composite
def large_fits(draw):
    """Parameters with long names and expressions, numbers of every size, and limits."""
    number = st.floats(-1e300, 1e300, allow_subnormal=False)
    name = st.text("abcdefgh_", min_size=1, max_size=30)
    names = draw(st.lists(name, min_size=2, max_size=9, unique=True))
    correl = dict.fromkeys(names, draw(st.floats(-1, 1)))
    error = st.none() | number.map(abs)
    params = {
        name: par(draw(number), stderr=draw(error), correl=correl, init_value=draw(number), min=-draw(number))
        for name in names
    }
    expr = " + ".join(f"arctan2({one}, -1e-10*{two})" for one, two in itertools.combinations(names, 2))
    params["sum"] = par(draw(number), vary=False, expr=expr, stderr=draw(error))
    levels = draw(st.lists(st.floats(0.01, 0.999999), min_size=1, max_size=5, unique=True))
    sides = [(level, draw(number)) for level in [*sorted(levels, reverse=True), 0.0, *sorted(levels)]]
    return params, dict.fromkeys(names, sides)


@given(large_fits())
def test_nothing_leaves_the_page(made):
    params, ci = made
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        report_errors(params, modelpars=params)
        report_ci(ci)
    texts = [
        printed.getvalue(),
        fit_report(fit(params), modelpars=params, min_correl=0, ci=ci),
        fit_report(fit(params), correl_mode="table"),
        ci_report(ci),
        ci_report(ci, with_offset=False, ndigits=12),
        params_table(params),
    ]
    for text in texts:
        assert max(map(len, text.splitlines())) <= 80
        for name in params:
            assert re.search(rf"\b{name}\b", text) or name not in ci


def test_limits_stand_closer_before_they_are_split():
    sides = [(0.997, 1.0), (0.95, 2.0), (0.68, 3.0), (0.0, 4.0), (0.68, 5.0), (0.95, 6.0), (0.997, 7.0)]
    reports = [ci_report({"x" * length: sides}).splitlines() for length in (8, 9, 15, 16)]
    assert [(len(lines), max(map(len, lines))) for lines in reports] == [(2, 80), (2, 74), (2, 80), (4, 54)]
    assert "_BEST_" in reports[3][0]
    assert "_BEST_" not in reports[3][2]


class Terminal(io.StringIO):
    """What a user looks at, with an encoding."""

    def __init__(self, encoding):
        super().__init__()
        self._encoding = encoding

    encoding = property(lambda self: self._encoding)

    def isatty(self):
        return True


@pytest.mark.parametrize("encoding,sign", [("utf-8", "±"), ("latin-1", "±"), ("ascii", "+/-"), (None, "+/-")])
def test_sign_on_a_terminal(encoding, sign):
    params = {"b": par(2.00189, stderr=0.01196)}
    with contextlib.redirect_stdout(Terminal(encoding)) as terminal:
        report_errors(params)
        report_fit(params)
    errors, *report = terminal.getvalue().splitlines()
    assert errors == f"  b:      2.00189{sign} 0.01196 (initial= 2.001890)"
    assert report[1] == f"    b:  2.00189000 {sign} 0.01196000 (0.60%) (init = 2.00189)"
    assert "+/-" in fit_report(params)


def test_no_sign_in_files(tmp_path):
    with (tmp_path / "report.txt").open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        report_fit({"b": par(2.0, stderr=0.1)})
    assert "2.00000000 +/- 0.10000000" in (tmp_path / "report.txt").read_text()


def test_fit_report_sorted_by_name_or_key():
    params = {name: par(1.0) for name in ("p10", "P2", "p1")}
    reports = [fit_report(params, sort_pars=order) for order in (False, True, len)]
    shown = [re.findall(r"^    (\w+):", report, re.MULTILINE) for report in reports]
    assert shown == [["p10", "P2", "p1"], ["p1", "P2", "p10"], ["P2", "p1", "p10"]]


def test_correlations_name_pairs_in_the_order_shown():
    report = fit_report(exponentials(), sort_pars=lambda name: name[::-1], min_correl=0)
    assert "C(a1, t1) = +0.9127" in report
    assert "C(t1, a2) = -0.0887" in report


def test_fit_report_with_correlation_table():
    check_golden("fit_report_table.txt", fit_report(exponentials(), correl_mode="table"))


@pytest.mark.parametrize("least,count", [(0.0, 6), (0.1, 5), (0.6, 3), (0.999, 0)])
def test_small_correlations_are_left_out(least, count):
    report = fit_report(exponentials(), min_correl=least)
    assert report.count("C(") == count
    assert (f"(unreported correlations are < {least:.3f})" in report) == (count > 0)


def test_correlations_with_fixed_or_missing_parameters_are_left_out():
    params = exponentials()
    params["a1"].vary = False
    del params["t2"]
    assert re.findall(r"C\(.*?\)", fit_report(params, min_correl=0)) == ["C(a2, t1)"]


def test_unknown_correl_mode():
    with pytest.raises(ValueError, match="correl_mode must be 'list' or 'table', not 'tabel'"):
        fit_report(basic(), correl_mode="tabel")


def test_success_is_silent_and_failure_shows_the_message():
    assert "succeeded" not in fit_report(fit(basic()))
    assert "##  Warning: the fit did not succeed:\n    Why?\n" in fit_report(
        fit(basic(), success=False, message="Why?")
    )
    aborted = fit(basic(), success=False, aborted=True, message="Fit aborted by the user.")
    assert "##  Warning: the fit was aborted:\n    Fit aborted by the user.\n" in fit_report(aborted)


def test_without_reasons_the_symptoms_are_shown():
    report = fit_report(fit(every_kind(), errorbars=False))
    assert (
        "##  Warning: uncertainties could not be estimated:\n"
        "    unused:     at its initial value\n"
        "    edge:       at its lower bound\n"
        "    valueless:  no value\n"
    ) in report


def test_without_symptoms_the_names_are_shown():
    params = {name: par(1.0, init_value=2.0) for name in ("x", "y")}
    report = fit_report(fit(params, errorbars=False))
    assert "##  Warning: uncertainties could not be estimated:\n    x, y\n" in report


def test_no_variables_no_warning():
    report = fit_report(fit({"a": par(1, vary=False)}, errorbars=False, nvarys=0))
    assert "Warning" not in report
    assert report.endswith("    a:  1 (fixed)")


def test_percent_errors_of_zero_and_negative_values():
    lines = fit_report(every_kind()).splitlines()
    assert "    amplitude:       -1.83166008 +/- 0.04841853 (2.64%) (init = 1)" in lines
    assert "    zero:             0.00000000 +/- 0.01000000 (init = 0.1)" in lines


def test_confidence_limits_beside_standard_errors():
    check_golden("fit_report_ci.txt", fit_report(exponentials(), show_correl=False, ci=intervals()))


def test_only_parameters_far_from_their_standard_error_are_flagged():
    params = {name: par(2.0, stderr=1.0) for name in ("near", "far", "open")} | {"none": par(2.0)}
    limits = {"near": (1.15, 3.15), "far": (1.1, 3.3), "none": (1.0, 9.0), "open": (-INF, 3.0)}
    ci = {name: ((0.6827, low), (0.0, 2.0), (0.6827, high)) for name, (low, high) in limits.items()}
    report = fit_report(params, ci=ci)
    assert re.findall(r"(\w+) .*!$", report, re.MULTILINE) == ["far", "open"]


def test_standard_error_is_scaled_to_the_level_of_the_limits():
    ci = {"x": [(0.9545, -2.0), (0.0, 0.0), (0.9545, 2.0)]}
    assert "!" not in fit_report({"x": par(0.0, stderr=1.0)}, ci=ci).splitlines()[-1]


def test_missing_limits_are_shown():
    ci = {"x": [(0.95, -INF), (0.68, NAN), (0.0, 2.0), (0.68, 3.0)], "y": []}
    lines = fit_report({"x": par(2.0), "y": par(1.0)}, ci=ci).splitlines()
    assert lines[-2].split() == ["x", "none", "68.00%", "nan", "+1.000"]
    assert lines[-1].split() == ["95.00%", "-inf", "nan"]


def test_missing_limits_have_their_reasons():
    flat = "chi-square stays below the level however far the parameter goes"
    rows = {
        "a": [
            Limit(0.95, -1, -INF, Missing.FLAT, flat),
            Limit(0.68, -1, -INF, Missing.FLAT, flat),
            Limit(0.68, 1, 3.0),
            Limit(0.95, 1, NAN, Missing.NOT_CONVERGED, "a refit did not converge"),
        ],
        "b": [Limit(0.68, -1, 1.5, reason="a note on a limit that was found"), Limit(0.68, 1, 2.5)],
    }
    ci = ConfidenceIntervals({name: Interval(2.0, tuple(limits)) for name, limits in rows.items()})
    params = {"a": par(2.0, stderr=1.0), "b": par(2.0, stderr=0.5)}
    check_golden("fit_report_missing.txt", fit_report(params, ci=ci))


def test_limits_without_reasons_are_not_explained():
    assert "Missing" not in fit_report({"x": par(2.0)}, ci={"x": [(0.68, NAN), (0.0, 2.0), (0.68, 3.0)]})


@pytest.mark.parametrize("with_offset", [True, False])
def test_ci_report(with_offset):
    check_golden(f"ci_report_{with_offset}.txt", ci_report(usual_intervals(), with_offset=with_offset))


def test_ci_report_as_1_x_prints_it():
    one_sigma = 0.6826894921370859
    ci = {"a": [(one_sigma, 1.98497), (0.0, 1.99572), (one_sigma, 2.00647)], "long": [(0.0, 1)]}
    assert ci_report({"a": ci["a"]}).splitlines() == [
        "      68.27%    _BEST_    68.27%",
        " a:  -0.01075   1.99572  +0.01075",
    ]
    assert ci_report(ci, with_offset=False, ndigits=2).splitlines()[1] == " a   :   1.98   2.00   2.01"


def test_ci_report_of_odd_numbers():
    ci = {
        "open": [(0.95, -INF), (0.68, NAN), (0.0, 3.0), (0.68, 4.0), (0.95, INF)],
        "tiny": [(0.95, 1e-13), (0.68, 2e-13), (0.0, 3e-13), (0.68, 4e-13), (0.95, 5e-13)],
        "large": [(0.95, -1e10), (0.68, 1e3), (0.0, 2e3), (0.68, 3e3), (0.95, 1.5e10)],
        "sharp": [(0.95, 0.999998), (0.68, 0.999999), (0.0, 1.0), (0.68, 1.000001), (0.95, 1.000002)],
        "other": [(0.5, 1.0), (0.0, 2.0), (0.5, 3.0)],
        "empty": [],
    }
    check_golden("ci_report_odd.txt", f"{ci_report(ci)}\n{ci_report(ci, with_offset=False)}")


def test_report_fit_prints(capsys):
    report_fit(fit(basic()), show_correl=False)
    assert capsys.readouterr().out == fit_report(fit(basic()), show_correl=False) + "\n"


def test_correl_table_of_uncorrelated_parameters_is_empty():
    assert correl_table(every_kind() | {"amplitude": par(1), "zero": par(0)}) == ""
    assert "Correlations" not in fit_report({"a": par(1.0)}, correl_mode="table")


def test_correlations_that_are_not_known_are_blank():
    params = {
        "a": par(1.0, correl={"b": 0.5}),
        "b": par(1.0, correl={"a": 0.5}),
        "c": par(1.0, correl={"d": 0}),
    }
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in correl_table(params).splitlines()]
    assert cells[3] == ["a", "+1.0000", "+0.5000", ""]
    assert cells[5] == ["c", "", "", "+1.0000"]


def test_correlation_table_in_blocks():
    names = [f"p{number}" for number in range(9)]
    params = {name: par(1.0, correl={other: 0.1 * i for i, other in enumerate(names)}) for name in names}
    table = correl_table(params).splitlines()
    headers = [line.replace("|", " ").split() for line in table if "Variable" in line]
    assert headers == [["Variable", *names[:5]], ["Variable", *names[5:]]]
    assert max(map(len, table)) <= 78
    assert len([line for line in table if line.startswith("| p3")]) == 2


def test_params_table():
    params = every_kind() | {"step": par(1, brute_step=0.1)}
    check_golden("params_table.txt", params_table(params))


def test_params_table_options():
    table = params_table(basic(), colwidth=12, precision=2, fmt="e", columns=["value", "init_value"])
    assert table.splitlines() == [
        "Name         Value   Init_Value",
        "a         9.99e-02     1.00e-01",
        "b         2.00e+00     1.00e+00",
    ]


# What may be reported, and what may not.


def test_a_minimizer_that_was_not_run_has_unknown_statistics():
    report = fit_report(SimpleNamespace(params={"a": par(1.0)}))
    assert "    # function evals   = unknown\n" in report
    assert "Warning" not in report


def test_what_has_no_parameters_is_refused():
    with pytest.raises(TypeError, match="Parameters or the result of a fit, not 'int'"):
        fit_report(3)
    with pytest.raises(TypeError, match="not 'SimpleNamespace'"):
        report_errors(SimpleNamespace(params=None))


def test_no_parameters():
    assert fit_report({}) == "[[Variables]]"
    assert params_table({}) == "Name     Value      Min      Max   Stderr     Vary     Expr Brute_Step"
    assert "<caption>Parameters</caption>" in params_html_table({})


def test_many_parameters():
    params = {f"p{i}": par(float(i), stderr=0.1, correl={f"p{i + 1}": 0.5}) for i in range(300)}
    report = fit_report(params, sort_pars=True)
    assert report.count("+/-") == 300
    assert report.count("C(") == 299


def test_values_stay_beside_names_that_leave_no_room():
    name = "x" * 60
    lines = fit_report({name: par(1.0, stderr=0.1)}).splitlines()
    assert lines[1:] == [f"    {name}:  1.00000000 +/- 0.10000000", "        (10.00%) (init = 1)"]


def test_unicode_names(capsys):
    params = {"größe": par(1.0, stderr=0.1, correl={"σ": 0.5}), "σ": par(2.0, stderr=0.1)}
    report_errors(params)
    assert "  σ:          2.00000+/- 0.10000" in capsys.readouterr().out
    assert "C(größe, σ) = +0.5000" in fit_report(params)


@pytest.mark.parametrize("value,stderr", [(NAN, NAN), (INF, None), (1.0, INF), (1e300, 1e-300), (5e-324, 1)])
def test_numbers_at_the_edge(value, stderr, capsys):
    params = {"x": par(value, stderr=stderr, correl={"y": NAN}), "y": par(None, stderr=0.1)}
    report_errors(params)
    assert "Correlations" not in capsys.readouterr().out
    result = fit(params, chisqr=NAN, redchi=INF, aic=-INF, nfev=None)
    assert "    chi-square         = nan\n" in fit_report(result)
    assert "C(" not in fit_report(result)
    assert params_table(params)
    assert_valid_html(fitreport_html_table(result))


def test_getfloat_attr():
    obj = SimpleNamespace(i=3, f=1.5, n=None, s="str", nan=NAN)
    assert [getfloat_attr(obj, name) for name in ("i", "f", "n", "s", "nan", "missing")] == [
        "3", "1.50000000", "unknown", "'str'", "nan", "unknown",
    ]  # fmt: skip


def test_names_that_other_packages_import():
    assert set(printfuncs.__all__) <= set(dir(printfuncs))
    assert printfuncs.CORREL_HEAD % 0.1 == "[[Correlations]] (unreported correlations are < 0.100)"


# Notebooks.


class TagChecker(HTMLParser):
    """Collects the cells and fails where tags are not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.cells = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data


def assert_valid_html(text):
    checker = TagChecker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    return checker.cells


def test_fitreport_html_table():
    html = fitreport_html_table(fit(exponentials(), success=False, message="Too many calls."))
    assert_valid_html(html)
    check_golden("fit_report.html", html)


def test_params_html_table():
    html = params_html_table(every_kind() | {"step": par(1, brute_step=0.1)})
    assert_valid_html(html)
    check_golden("params.html", html)


def test_ci_html_table():
    html = ci_html_table(usual_intervals() | {"t1": intervals()["t1"]})
    assert_valid_html(html)
    check_golden("ci.html", html)


def test_html_is_escaped():
    evil = "<script>alert('1 & 2')</script>"
    params = {"a": par(1.0), "b": par(1.0, vary=False, expr="a if a<1 else 2")}
    params[evil] = par(1.0, correl={"a": 0.5})
    result = fit(params, success=False, message=evil, undetermined={evil: evil}, method=evil)
    html = fitreport_html_table(result) + ci_html_table({evil: [(0.0, 1.0)]})
    assert "<script>" not in html
    cells = assert_valid_html(html)
    assert cells.count(evil) == 7
    assert "a if a<1 else 2" in cells


def test_html_without_correlations():
    assert "Correlations" in fitreport_html_table(fit(basic()))
    assert "Correlations" not in fitreport_html_table(fit(basic()), show_correl=False)
    assert "Correlations" not in fitreport_html_table(fit(basic()), min_correl=0.7)
    assert "Fit Statistics" not in fitreport_html_table(basic())
