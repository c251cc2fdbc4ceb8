"""Constraint expressions: parsing, order, values, errors, speed paths, symbols and copies."""

import ast
import copy
import math
import pickle
import subprocess
import sys
import threading
import warnings

import fuzz_expressions
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmfit._expressions import Expression, Namespace, Program, SymbolTable, evaluate_text, parse
from lmfit._functions import MATHEMATICS, SCALARS
from lmfit.errors import AbortFitException, ExpressionDomainError, ExpressionError

MANUAL_FUNCTIONS = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "ceil",
    "copysign",
    "cos",
    "cosh",
    "degrees",
    "exp",
    "fabs",
    "factorial",
    "floor",
    "fmod",
    "frexp",
    "fsum",
    "hypot",
    "isinf",
    "isnan",
    "ldexp",
    "log",
    "log10",
    "log1p",
    "max",
    "min",
    "modf",
    "pow",
    "radians",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
]


def program(ties, names=(), symbols=None, bounds=None):
    """Return the program of ties that are given as texts."""
    namespace = symbols if isinstance(symbols, Namespace) else Namespace(symbols)
    expressions = {name: parse(text, name) for name, text in ties.items()}
    return Program(expressions, [*names, *ties], namespace, bounds or {})


def value(text, symbols=None, **values):
    """Return the value of one expression and check that all ways give the same."""
    made = program({"result": text}, values, symbols)
    inputs = [values[name] for name in made.inputs]
    (result,) = made.evaluate(inputs)
    (reference,) = made._interpret(inputs)
    assert type(result) is float
    assert result == reference or (math.isnan(result) and math.isnan(reference))
    return result


def is_compiled(text, symbols=None, **values):
    return not program({"result": text}, values, symbols)._plan.compiled.slow


def message(text, symbols=None, error=ExpressionError, **values):
    with pytest.raises(error) as caught:
        value(text, symbols, **values)
    return str(caught.value)


def test_overview_example():
    assert value("1-frac_curve1", frac_curve1=0.3) == 1 - 0.3


@pytest.mark.parametrize("name", MANUAL_FUNCTIONS)
def test_every_function_of_the_manual_is_known(name):
    assert callable(MATHEMATICS[name])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("abs(-a)", 2.5),
        ("acos(0.5)", math.acos(0.5)),
        ("acosh(a)", math.acosh(2.5)),
        ("asin(0.5)", math.asin(0.5)),
        ("asinh(a)", math.asinh(2.5)),
        ("atan(a)", math.atan(2.5)),
        ("atan2(a, -1)", math.atan2(2.5, -1)),
        ("atanh(0.5)", math.atanh(0.5)),
        ("ceil(a)", 3),
        ("copysign(a, -1)", -2.5),
        ("cos(a)", math.cos(2.5)),
        ("cosh(a)", math.cosh(2.5)),
        ("degrees(a)", math.degrees(2.5)),
        ("exp(a)", math.exp(2.5)),
        ("fabs(-a)", 2.5),
        ("factorial(5)", 120),
        ("factorial(a + 0.5)", 6),
        ("floor(a)", 2),
        ("fmod(7, a)", 2.0),
        ("frexp(a)[1]", 2),
        ("fsum([0.1]*10)", 1.0),
        ("hypot(3, 4)", 5.0),
        ("isinf(inf) + isinf(a)", 1),
        ("isnan(nan) + isnan(a)", 1),
        ("ldexp(a, 3)", 20.0),
        ("log(a)", math.log(2.5)),
        ("log(8, 2)", 3.0),
        ("log10(a)", math.log10(2.5)),
        ("log1p(a)", math.log1p(2.5)),
        ("max(a, 0.001)", 2.5),
        ("min(a, 0.001)", 0.001),
        ("modf(a)[0]", 0.5),
        ("pow(a, 2)", 6.25),
        ("radians(a)", math.radians(2.5)),
        ("sin(a)", math.sin(2.5)),
        ("sinh(a)", math.sinh(2.5)),
        ("sqrt(a)", math.sqrt(2.5)),
        ("tan(a)", math.tan(2.5)),
        ("tanh(a)", math.tanh(2.5)),
        ("trunc(-a)", -2),
        ("e", math.e),
        ("pi", math.pi),
    ],
)
def test_functions_of_the_manual(text, expected):
    assert value(text, a=2.5) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("a + b", "a - b", "a * b", "a / b", "a ** b", "a // b", "a % b", "-a", "+a", "a and b", "a or b"),
        *("a == b", "a > b", "a >= b", "a < b", "a <= b", "a != b", "not a", "a < b < 9", "1 < a > b"),
        *("int(a) & 5", "int(a) | 8", "int(a) ^ 1", "int(a) << 2", "int(a) >> 1", "~int(a)"),
        *("a in (3.0, 4.0)", "a not in [3.0, 4.0]", "(a > 1) is True", "a is not None", "a is None"),
        *("(a, b)[1]", "[a, b, 3][-1]", "[a, b][a > b]", "((a, b), (b, a))[1][0]", "[a, b, 3][0:2][1]"),
        *("a if b > 100 else b", "a if b/2. < 100 else b", "a if b else 0", "(2.0 - a**2)"),
    ],
)
def test_operators_do_what_python_does(text):
    expected = eval(text, {"a": 3.0, "b": 2.0, "int": int})
    assert value(text, a=3.0, b=2.0) == float(expected)


def test_peaks_of_the_manual_in_any_order():
    made = program(
        {
            "amp_2": "(2.0 - amp_1**2)",
            "cen_2": "cen_1 * wid_2 / max(wid_1, 0.001)",
            "wid_2": "sqrt(pi)*wid_1",
        },
        ["amp_1", "cen_1", "wid_1"],
    )
    values = dict(zip(made.order, made.evaluate([0.5, 2.2, 0.2]), strict=True))
    assert values["amp_2"] == 1.75
    assert values["wid_2"] == math.sqrt(math.pi) * 0.2
    assert values["cen_2"] == 2.2 * values["wid_2"] / 0.2


def test_one_line_if_of_the_manual():
    text = "param_a if test_val/2. > 100 else param_b"
    assert value(text, param_a=1.0, param_b=2.0, test_val=202.0) == 1.0
    assert value(text, param_a=1.0, param_b=2.0, test_val=198.0) == 2.0


def test_function_put_into_the_symbol_table():
    def lorentzian(x, amp, cen, wid):
        return amp / (1 + ((x - cen) / wid) ** 2)

    namespace = Namespace()
    namespace.interpreter.symtable["lorentzian"] = lorentzian
    assert value("lorentzian(1.0, a, 0.0, b)", namespace, a=3.0, b=0.5) == lorentzian(1.0, 3.0, 0.0, 0.5)


def test_names_are_free_names_in_order():
    assert parse("b*f(a) + b + c").names == ("b", "f", "a", "c")
    assert parse("sum([x*k for x in y if x > z])").names == ("sum", "y", "z", "k")
    assert parse("[x for x in x]").names == ("x",)
    assert parse("(lambda u, v=w: u + v + q)(1)").names == ("w", "q")
    assert parse("{k: v for k, v in pairs}").names == ("pairs",)
    assert parse("[i*j for i in r for j in s(i)]").names == ("r", "s")


def test_parsing_is_cached_and_the_expression_immutable():
    assert parse("a + b") is parse("a + b", owner="x")
    assert parse("  a + b\n").text == "a + b"
    with pytest.raises(AttributeError):
        parse("a").text = "b"
    assert copy.deepcopy(parse("a + 1")) == pickle.loads(pickle.dumps(parse("a + 1"))) == parse("a + 1")
    assert isinstance(parse("a"), Expression)
    assert isinstance(parse("a").tree, ast.Expression)


@pytest.mark.parametrize(
    "text, column",
    [("2*a +", 5), ("a b", 2), ("1 + a.real", 5), ("(a", 0), ("a + f'{b}'", 4), ("é + b.c", 5), ("a = 2", 2)],
)
def test_a_caret_shows_the_place(text, column):
    with pytest.raises(ExpressionError) as caught:
        parse(text, "wid")
    first, shown, caret = str(caught.value).split("\n")
    assert first.startswith(f"parameter 'wid': cannot parse {text!r}: ")
    assert shown == f"    {text}"
    assert caret.index("^") - 4 == column


def test_caret_in_the_second_line_and_in_a_long_text():
    with pytest.raises(ExpressionError, match=r"\n    b\.c\)\n     \^"):
        parse("(a +\nb.c)")
    with pytest.raises(ExpressionError) as caught:
        parse("a + " * 200 + "b.c" + " + a" * 200)
    lines = str(caught.value).split("\n")
    assert max(map(len, lines)) < 300
    assert lines[1][lines[2].index("^")] == "."


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_empty_text(text):
    with pytest.raises(ExpressionError, match=r"parameter 'b': cannot parse '': it is empty"):
        parse(text, "b")


@pytest.mark.parametrize(
    "text",
    [
        "a;b",
        "x = 1",
        "a b",
        "import os",
        "1a",
        "a +* b",
        "\0",
        "'abc",
        "a\\",
        "lambda: (yield)",
        "x := 2",
        "é" + "(",
    ],
)
def test_what_is_no_expression(text):
    with pytest.raises(ExpressionError, match="cannot parse"):
        parse(text)


def test_parsing_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert value("1if a else 0", a=1.0) == 1.0
        with pytest.raises(ExpressionError, match="not callable"):
            value("2(a)", a=1.0)
        with pytest.raises(ExpressionError, match="subscriptable"):
            value("2[0] + a", a=1.0)


def test_order_inputs_and_dependencies():
    made = program({"d": "c + x", "c": "2*b", "b": "a + 1", "k": "3"}, ["x", "unused", "a"])
    assert made.inputs == ("x", "a")
    assert made.order.index("b") < made.order.index("c") < made.order.index("d")
    assert made.dependencies("d") == {"x", "a"}
    assert made.dependencies("c") == {"a"}
    assert made.dependencies("k") == frozenset()
    assert made.dependencies("a") == {"a"}
    assert dict(zip(made.order, made.evaluate([10.0, 1.0]), strict=True)) == {
        "b": 2.0,
        "c": 4.0,
        "d": 14.0,
        "k": 3.0,
    }


def test_no_ties_and_no_inputs():
    assert list(program({}, ["a"]).evaluate([])) == []
    assert list(program({"k": "2*pi"}).evaluate([])) == [2 * math.pi]


def test_a_chain_of_a_thousand():
    ties = {f"p{i}": f"p{i - 1} + 1" for i in range(1, 1001)}
    made = program(dict(reversed(ties.items())), ["p0"])
    assert made.evaluate([0.5])[-1] == 1000.5
    assert made.dependencies("p1000") == {"p0"}


def test_circles_are_shown():
    with pytest.raises(ExpressionError, match="b → c → b") as caught:
        program({"b": "c + a", "c": "2*b"}, ["a"])
    assert str(caught.value).startswith("parameter 'b': ")
    assert "'c + a'" in str(caught.value)
    with pytest.raises(ExpressionError, match="x → x"):
        program({"x": "x + 1"})


def test_circle_is_shown_in_the_direction_of_use():
    with pytest.raises(ExpressionError) as caught:
        program({"b": "c", "c": "d", "d": "b"})
    assert any(circle in str(caught.value) for circle in ("b → c → d → b", "c → d → b → c", "d → b → c → d"))
    assert all(tie in str(caught.value) for tie in ("b = 'c'", "c = 'd'", "d = 'b'"))


def test_all_unknown_names_are_reported_with_close_matches():
    with pytest.raises(ExpressionError) as caught:
        program({"b": "sgima + foo(a)", "c": "sqqrt(a) + mine"}, ["a", "sigma"], {"mines": 1.0})
    text = str(caught.value)
    assert (
        "parameter 'b': cannot evaluate 'sgima + foo(a)': unknown name 'sgima'; did you mean 'sigma'" in text
    )
    assert "'foo'" in text
    assert "parameter 'c'" in text
    assert "did you mean 'sqrt'" in text
    assert "did you mean 'mines'" in text


def test_parameters_hide_functions_and_symbols():
    assert value("e + pi", e=1.0, pi=2.0) == 3.0
    assert value("2*scale", {"scale": 5.0}, scale=1.0) == 2.0
    assert value("beta*gamma", beta=2.0, gamma=3.0) == 6.0
    assert value("sum + len", sum=1.0, len=2.0) == 3.0
    assert "not callable" in message("sqrt(2)", sqrt=1.0)


def test_names_that_mean_something_to_python():
    names = ("F", "R", "P", "I", "v0", "v1", "values", "evaluate", "op_Add", "f_sqrt", "_", "self", "print")
    values = {name: float(index) for index, name in enumerate(names, 1)}
    assert value(" + ".join(names), **values) == sum(values.values())


@pytest.mark.parametrize(
    "text, expected",
    [
        ("sqrt(-a)", math.nan),
        ("log(0*a)", -math.inf),
        ("log(-a)", math.nan),
        ("exp(1000*a)", math.inf),
        ("acos(2*a)", math.nan),
        ("atanh(a)", math.inf),
        ("sin(inf*a)", math.nan),
        ("cosh(1000*a)", math.inf),
        ("log1p(-a)", -math.inf),
        ("pow(-a, 0.5)", math.nan),
        ("pow(0*a, -1)", math.inf),
        ("fmod(a, 0)", math.nan),
        ("floor(inf*a)", math.inf),
        ("exp2(5000*a)", math.inf),
        ("max(log(0), a)", 1.0),
        ("inf - inf*a", math.nan),
        ("1e308*10*a", math.inf),
    ],
)
def test_limits_of_functions_are_those_of_ieee_arithmetic(text, expected):
    assert is_compiled(text, a=1.0)
    result = value(text, a=1.0)
    assert result == expected or (math.isnan(result) and math.isnan(expected))


@pytest.mark.parametrize(
    "text",
    [
        "1/(a-1)",
        "1//(a-1)",
        "1%(a-1)",
        "0.0**-a",
        "1e200**(2*a)",
        "(-a)**0.5",
        "2**5000*a",
        "(1+2j)*a",
        "10.0**400",
    ],
)
def test_points_without_a_real_value(text):
    shown = message(text, error=ExpressionDomainError, a=1.0)
    assert shown.startswith(f"parameter 'result': cannot evaluate {text!r}")


def test_message_shows_the_values():
    made = program({"b": "1/(a-1)"}, ["a"])
    with pytest.raises(ExpressionDomainError) as caught:
        made.evaluate([1.0])
    assert str(caught.value) == "parameter 'b': cannot evaluate '1/(a-1)' (a=1.0): float division by zero"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("count, more", [(12, ""), (13, "and 1 more"), (20, "and 8 more")])
def test_message_shows_at_most_twelve_values(count, more):
    names = [f"p{number}" for number in range(count)]
    said = message(f"1/({'+'.join(names)}-{count})", error=ExpressionDomainError, **dict.fromkeys(names, 1.0))
    assert said.count("=1.0") == 12
    assert said.count("more") == bool(more)
    assert more in said


def test_the_error_names_the_tie_that_failed():
    made = program({"x": "a + 1", "y": "log(x)", "z": "y/(x - 2)"}, ["a"])
    with pytest.raises(
        ExpressionDomainError, match=r"parameter 'z': cannot evaluate 'y/\(x - 2\)' \(y=0.69.*, x=2.0\)"
    ):
        made.evaluate([1.0])


@pytest.mark.parametrize(
    "text, words",
    [
        ("'abc'", "type str"),
        ("None", "type NoneType"),
        ("(a, a)", "type tuple"),
        ("[a]", "type list"),
        ("array([a, a])", r"array of shape \(2,\)"),
        ("1j*a", "complex"),
        ("sqrt", "number|function"),
        ("sqrt*a", "unsupported operand"),
        ("a(2)", "not callable"),
        ("nothing(a)", "type NoneType"),
    ],
)
def test_results_that_are_no_real_number(text, words):
    with pytest.raises(ExpressionError, match=f"parameter 'result': cannot evaluate .*({words})"):
        value(text, {"nothing": lambda x: None}, a=1.0)


@pytest.mark.parametrize(
    "made",
    [
        True,
        3,
        np.float64(3.5),
        np.float32(0.5),
        np.int8(3),
        np.array(2.5),
        np.array([2.5]),
        np.array([[4]]),
        np.bool_(True),
    ],
)
def test_results_that_become_a_float(made):
    result = value("f(a)", {"f": lambda x: made}, a=1.0)
    assert result == float(np.asarray(made).reshape(()))


def test_scalars_of_numpy_behave_as_numbers():
    symbols = {"zero": np.float64(0.0), "f": lambda x: np.float64(0.0) * x}
    assert "division" in message("a/zero", symbols, ExpressionDomainError, a=1.0)
    assert "division" in message("a/f(a)", symbols, ExpressionDomainError, a=1.0)
    assert "complex" in message("(f(a) - 2)**0.5", symbols, ExpressionDomainError, a=1.0)


def test_arrays_work_element_by_element():
    table = {"x": np.array([1.0, 4.0, 9.0])}
    assert value("sum(sqrt(x))*a", table, a=2.0) == 12.0
    assert value("max(x/0)", table) == math.inf
    assert value("sum(where(x > 2, x, 0))", table) == 13.0
    assert value("mean(x[1:])", table) == 6.5
    assert value("dot(x, x)", table) == 98.0
    assert value("norm([3, 4])*a", a=1.0) == 5.0
    assert value("interp(a, [0, 1], [10, 20])", a=0.5) == 15.0
    assert value("trapezoid(x**0, x)", table) == 8.0
    assert value("clip(a, 0, 1)", a=7.0) == 1.0
    assert value("std([1, 2, 3], ddof=1)") == 1.0
    assert value("sum(array([[1, 2], [3, 4]]), axis=0)[1]") == 6.0
    assert value("sum(array([[1, 2], [3, 4]])*array([1, 2]))") == 16.0
    assert math.isnan(value("mean([])"))
    assert value("sum(round(x/7, 1))", table) == pytest.approx(0.1 + 0.6 + 1.3)
    assert value("sum(linspace(0, a, 5))", a=2.0) == 5.0
    assert value("sum(arange(4)) + sum(arange(1, 2, 0.25))") == 6.0 + 5.5
    assert value("sum([k*v for k, v in enumerate(reversed(x), 1)])", table) == 9.0 + 8.0 + 3.0
    assert value("len({v % 3 for v in x if v > 1})", table) == 2.0
    with pytest.raises(ExpressionError, match=r"int\(\) needs one number, not an array"):
        value("int(x)", table)
    with pytest.raises(ExpressionError, match="needs two arrays of one dimension and the same length"):
        value("trapezoid(x, [1, 2])", table)


@pytest.mark.parametrize("name", sorted(SCALARS))
def test_both_faces_of_a_function_agree(name):
    function = MATHEMATICS[name]
    for x in (0.5, 1.0, 3.0):
        args = (
            (x,)
            if name not in {"atan2", "copysign", "fmod", "hypot", "max", "min", "pow", "power", "arctan2"}
            else (x, 2.0)
        )
        with np.errstate(all="ignore"):
            try:
                of_number = function(*args)
            except (TypeError, ValueError):
                continue
            if name in {"max", "min", "float", "int", "bool"}:
                continue
            of_array = function(*(np.array([arg]) for arg in args))[0]
        assert of_number == pytest.approx(float(of_array), nan_ok=True)


@pytest.mark.parametrize("text", ["erfcx(a)", "real(wofz(1j*a))", "exp(a**2)*erfc(a)"])
def test_error_functions(text):
    assert value(text, a=0.7) == pytest.approx(0.525930337349441, rel=1e-12)


def test_values_are_clipped_before_others_use_them():
    made = program(
        {"b": "10*a", "c": "b + 1", "d": "a"}, ["a"], bounds={"b": (0.0, 5.0), "d": (-math.inf, 0.25)}
    )
    by_name = lambda a: dict(zip(made.order, made.evaluate([a]), strict=True))
    assert by_name(1.0) == {"b": 5.0, "c": 6.0, "d": 0.25}
    assert by_name(-1.0) == {"b": 0.0, "c": 1.0, "d": -1.0}
    assert by_name(0.2) == {"b": 2.0, "c": 3.0, "d": 0.2}
    assert list(made._interpret([1.0])) == list(made.evaluate([1.0]))
    nothing = program({"b": "a"}, ["a"], bounds={"b": (0.0, 5.0)})
    assert math.isnan(nothing.evaluate([math.nan])[0])


def test_values_may_be_an_array_and_must_be_as_many_as_inputs():
    made = program({"c": "a/b"}, ["a", "b"])
    assert made.evaluate(np.array([1.0, 4.0])) == (0.25,)
    with pytest.raises(ExpressionDomainError, match="division by zero"):
        made.evaluate(np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="needs 2 values, got 1"):
        made.evaluate([1.0])


def test_sum_of_hundreds_of_terms():
    names = [f"fraction_{i}" for i in range(900)]
    text = "1 - (" + " + ".join(names) + ")"
    made = program({"rest": text}, names)
    assert made.evaluate([0.001] * 900)[0] == pytest.approx(0.1)
    assert made._interpret([0.001] * 900)[0] == made.evaluate([0.001] * 900)[0]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2*a + b",
            "sqrt(pi)*a",
            "a if b > 1 else 0",
            "max(a, 0.001)*b",
            "a < b <= 3",
            "not a or b",
            "f(a, k=b)",
        ),
        *(
            "a**b",
            "floor(a) % 3",
            "(a, b)[a > b]",
            "scale*a",
            "sum([a, b])",
            "a in (1, b)",
            "2**10*a",
            "table[1]*a",
        ),
    ],
)
def test_simple_expressions_are_compiled(text):
    symbols = {"f": lambda x, k: x + k, "scale": 2.0, "table": [1.0, 2.0]}
    assert is_compiled(text, symbols, a=1.5, b=2.0)
    value(text, symbols, a=1.5, b=2.0)


@pytest.mark.parametrize(
    "text", ["sum([x for x in (a, b)])", "a is None", "f(*[a])", "'x' == 'y' or a", "max(a, b, key=abs)"]
)
def test_others_run_in_the_interpreter(text):
    assert not is_compiled(text, {"f": abs}, a=1.0, b=2.0)
    value(text, {"f": abs}, a=1.0, b=2.0)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("sqrt(2*a)", 2.0),
        ("factorial(a) + erfcx(0)", 3.0),
        ("f(a) - g", 1.0),
        ("a**3 % 3 + 2**a", 6.0),
        ("[a, 5][1]", 5.0),
        ("1e9*a", 99.0),  # its bound
        ("-a", -1.0),
    ],
)
def test_the_first_way_to_evaluate_is_enough(text, expected):
    made = program({"b": text}, ["a"], {"f": lambda x: 2 * x, "g": 3.0}, {"b": (-1.0, 99.0)})
    assert made.evaluate([2.0]) == (expected,)
    made._careful = made._interpret = None
    assert made.evaluate([2.0]) == (expected,)


@pytest.mark.parametrize(
    "text, expected", [("log(a)", -math.inf), ("exp(1000 + a)", math.inf), ("f(a)", 0.0)]
)
def test_the_limits_of_functions_need_no_interpreter(text, expected):
    """The second way is the one that is used; functions of the user may raise once, too."""
    raising = iter([ZeroDivisionError])

    def once(x):
        for error in raising:
            raise error
        return x

    made = program({"b": text}, ["a"], {"f": once})
    made._interpret = None
    assert made.evaluate([0.0]) == (expected,)


@pytest.mark.parametrize(
    "bounds, clipped", [((-1.0, 2.0), (-1.0, 0.5, 2.0)), ((-math.inf, 2.0), (-3.0, 0.5, 2.0))]
)
def test_the_last_way_clips_as_the_first(bounds, clipped):
    made = program({"b": "a", "c": "10*b"}, ["a"], bounds={"b": bounds})
    for a, b in zip((-3.0, 0.5, 3.0), clipped):
        assert tuple(made.evaluate([a])) == tuple(made._interpret([a])) == (b, 10 * b)


def test_simple_expressions_never_load_asteval():
    code = (
        "import sys; from lmfit._expressions import *;"
        "p = Program({'b': parse('2*a + log(a)')}, ['a', 'b'], Namespace({'f': abs}), {}); p.evaluate([0.0]);"
        "Namespace({'f': abs}).copy(); assert 'asteval' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_compiled_code_is_shared_between_programs():
    first, second = (program({"b": "3*a + 1.25"}, ["a"]) for _ in range(2))
    assert first._plan is second._plan
    assert program({"b": "3*a + 1.25"}, ["a"], {"k": 1.0})._plan is not first._plan
    assert program({"b": "3*a + 1.25"}, ["a"], bounds={"b": (0.0, 1.0)}).evaluate([5.0]) == (1.0,)
    assert program({"b": "3*a + 1.25"}, ["a"], bounds={"b": (0.0, 2.0)}).evaluate([5.0]) == (2.0,)


def test_fast_slow_and_fast_again():
    ties = {"b": "2*a", "c": "sum([b*x for x in range(3)])", "d": "c + sqrt(b)"}
    made = program(ties, ["a"])
    assert made._plan.compiled.slow == ("c",)
    assert made.evaluate([2.0]) == (4.0, 12.0, 14.0)
    with pytest.raises(ExpressionError, match="parameter 'c'"):
        program({**ties, "c": "[b][5]*[1 for i in (1, 2)][0]"}, ["a"]).evaluate([2.0])


def test_functions_of_the_user_run_once_per_evaluation():
    calls = []
    made = program({"b": "count(a)", "c": "2*b"}, ["a"], {"count": lambda x: calls.append(x) or x})
    made.evaluate([1.5])
    assert calls == [1.5]


def test_errors_of_the_users_functions_are_chained_and_others_pass():
    def fails(x):
        raise LookupError("no such isotope")

    with pytest.raises(ExpressionError, match=r"parameter 'b': .*no such isotope") as caught:
        program({"b": "fails(a)"}, ["a"], {"fails": fails}).evaluate([1.0])
    assert isinstance(caught.value.__cause__, LookupError)

    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        program({"b": "f(a)"}, ["a"], {"f": interrupted}).evaluate([1.0])
    with pytest.raises(KeyboardInterrupt):
        program({"b": "[f(a) for i in (1,)][0]"}, ["a"], {"f": interrupted}).evaluate([1.0])


def test_random_expressions_give_the_same_both_ways():
    kinds = fuzz_expressions.run(cases=1500, seed=20)
    assert min(kinds["value"], kinds["error"], kinds["interpreted"]) > 100


@st.composite
def texts(draw, depth=3):
    leaf = st.one_of(
        st.sampled_from(["a", "b", "c", "pi", "inf", "nan"]),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.integers(-3, 300).map(str),
    )
    if depth == 0:
        return draw(leaf)
    inner = texts(depth=depth - 1)
    form = draw(st.integers(0, 6))
    left, right = draw(inner), draw(inner)
    if form == 0:
        return draw(leaf)
    if form <= 3:
        operator = draw(st.sampled_from(["+", "-", "*", "/", "**", "//", "%", "<<", "&", "<", "==", "or"]))
        return f"({left} {operator} {right})"
    if form == 4:
        return f"({left} if {right} else {draw(inner)})"
    if form == 5:
        return f"{draw(st.sampled_from(['max', 'atan2', 'hypot', 'pow', 'fmod']))}({left}, {right})"
    return f"{draw(st.sampled_from(sorted(SCALARS)))}({left})"


@settings(max_examples=300, deadline=None)
@given(texts(), st.lists(st.floats(), min_size=3, max_size=3))
def test_generated_expressions_give_the_same_both_ways(text, values):
    made = program({"t": text}, ["a", "b", "c"])
    inputs = values[: len(made.inputs)]
    assert fuzz_expressions.outcome(made.evaluate, inputs) == fuzz_expressions.outcome(
        made._interpret, inputs
    )


def test_version_changes_with_every_mutation():
    table = SymbolTable()
    mutations = [
        lambda: table.__setitem__("a", 1),
        lambda: table.update(b=2, c=3, d=4),
        lambda: table.setdefault("x", 1),
        lambda: table.pop("a"),
        lambda: table.__delitem__("b"),
        table.popitem,
        lambda: table.__ior__({"k": 1}),
        table.clear,
    ]
    for mutate in mutations:
        before = table.version
        mutate()
        assert table.version > before
    before = table.version
    table.setdefault("sqrt", 1)
    assert table.version == before
    assert table["sqrt"](4) == 2.0


def test_restored_table_has_its_old_version():
    table = SymbolTable(a=1)
    table["b"] = 2
    version = table.version
    with table.overlaid({"a": 5, "c": 6}):
        assert (table["a"], table["c"]) == (5, 6)
        table["d"] = 7
    assert table == {"a": 1, "b": 2}
    assert table.version == version


def test_table_shows_the_users_symbols_and_finds_all():
    table = SymbolTable(mine=1)
    assert list(table) == ["mine"]
    assert "sin" in table
    assert table.get("sin")(0) == 0.0
    assert table.get("none", 5) == 5
    with pytest.raises(KeyError):
        table["none"]
    table.background = {"amp": 2.0}
    assert table["amp"] == 2.0
    assert "amp" in table
    assert list(table) == ["mine"]


def test_changed_symbols_are_seen_at_once():
    namespace = Namespace({"k": 2.0, "f": lambda x: x})
    made = program({"b": "k*f(a)"}, ["a"], namespace)
    assert made.evaluate([3.0]) == (6.0,)
    namespace.symbols["k"] = 10.0
    assert made.evaluate([3.0]) == (30.0,)
    namespace.interpreter.symtable["f"] = lambda x: x + 1
    assert made.evaluate([3.0]) == (40.0,)
    namespace.symbols["k"] = np.array([1.0])
    assert made.evaluate([3.0]) == (4.0,)
    namespace.interpreter("def f(x): return -x")
    assert made.evaluate([3.0]) == (-3.0,)
    del namespace.symbols["k"]
    with pytest.raises(ExpressionError, match="unknown name 'k'"):
        made.evaluate([3.0])


def test_users_symbols_hide_mathematics():
    namespace = Namespace({"sqrt": lambda x: 100 * x, "pi": 3.0})
    assert value("sqrt(pi)*a", namespace, a=1.0) == 300.0
    del namespace.symbols["sqrt"]
    assert value("sqrt(pi)*a", namespace, a=1.0) == math.sqrt(3.0)


def test_lookup_and_membership():
    namespace = Namespace({"c": 3e8})
    assert namespace.lookup("c") == 3e8
    assert namespace.lookup("sin")(0.0) == 0.0
    assert "c" in namespace
    assert "cos" in namespace
    assert "nothing" not in namespace
    with pytest.raises(KeyError):
        namespace.lookup("nothing")
    assert namespace.user_symbols() == {"c": 3e8}


def test_the_interpreter_works_on_the_same_symbols():
    namespace = Namespace({"k": 2.0})
    interpreter = namespace.interpreter
    assert interpreter is namespace.interpreter
    assert interpreter.symtable is namespace.symbols
    assert repr(namespace) == "Namespace(k)"
    assert interpreter.run("3*k") == 6.0
    assert interpreter("z = 3*k") is None
    interpreter("def f(x):\n    return x**2 + z")
    assert namespace.user_symbols()["z"] == 6.0
    assert interpreter.user_defined_symbols() == {"k", "z", "f"}
    assert interpreter.symtable is namespace.symbols
    assert interpreter("f(3)") == 15.0
    assert interpreter.symtable is namespace.symbols
    assert set(namespace.user_symbols()) == {"k", "z", "f"}
    assert namespace.symbols["f"](2.0) == 10.0


def test_statements():
    interpreter = Namespace().interpreter
    interpreter(
        """
total, n = 0, 0
for i in range(10):
    if i == 2:
        continue
    if i == 5:
        break
    total += i
else:
    total = -1
while n < 7:
    n += 1
    if n % 2:
        continue
    total += 100
table = [0, 0]
table[1] = total
(p, q) = table
def power(x, n=2):
    for i in range(10):
        if i == n:
            return x**i
    return 0
squares = [power(x) for x in range(4)]
pairs = {k: v for k, v in zip((1, 2), (3, 4))}
"""
    )
    symbols = interpreter.symtable
    assert (symbols["total"], symbols["q"], symbols["squares"]) == (308, 308, [0, 1, 4, 9])
    assert symbols["pairs"] == {1: 3, 2: 4}
    assert interpreter("power(2, n=5)") == 32
    assert interpreter("power(2, 11)") == 0
    assert not {"i", "x", "k", "v"} & {name for name in symbols if name != "i"}


@pytest.mark.parametrize(
    "body",
    [
        "while True:\n  x += 1\n  if x > 5:\n   return x",
        "while x < 9:\n  x += 1\n  if x > 5:\n   break\n else:\n  x = 0\n return -x",
        "for i in range(9):\n  try:\n   if i == 3: break\n  except KeyError: pass\n  else: x = i\n return x",
        "for i in range(9):\n  try:\n   if i % 2: continue\n   x += i\n  finally: x += 100\n return x",
        "try: return x\n except KeyError: pass\n else: log[0] = 1\n finally:\n  log[1:] = [-x, twice(4)]",
        "try:\n  return x\n finally:\n  return 7",
        "try:\n  return 1/0\n finally:\n  return 7",
        "for i in range(3):\n  try: x = 1/0\n  finally: break\n return x",
        "try:\n  try: x = 1/0\n  finally: log[0] = 1\n except ZeroDivisionError:\n  return 5",
        "try:\n  return x/0\n except KeyError:\n  return 1\n except ZeroDivisionError:\n  return 2",
        "try:\n  raise KeyError\n except (TypeError, KeyError):\n  return 5",
        "try:\n  raise TypeError\n except:\n  return 3",
    ],
)
def test_blocks_end_as_those_of_python(body):
    text = f"log = [0, 0, 0]\ndef twice(x):\n return 2*x\ndef f(x):\n {body}"
    interpreter, python = Namespace().interpreter, {}
    interpreter(text)
    exec(text, python)
    assert interpreter("f(1)") == python["f"](1)
    assert interpreter.symtable["log"] == python["log"]


def test_an_exception_that_is_not_caught_passes_the_finally_block():
    interpreter = Namespace().interpreter
    interpreter(
        "log = [0]\ndef f(x):\n try:\n  return 1/x\n except KeyError:\n  return 0\n finally:\n  log[0] += 1"
    )
    assert interpreter("f(4)") == 0.25
    with pytest.raises(ExpressionError, match="division by zero"):
        interpreter("f(0)")
    assert interpreter.symtable["log"] == [2]


def test_a_caught_exception_is_its_message():
    interpreter = Namespace().interpreter
    interpreter("def f(x):\n try:\n  return 1/x\n except ZeroDivisionError as why:\n  return why")
    assert interpreter("f(0)") == "division by zero"


def test_errors_of_the_library_pass_unchanged():
    def abort(x):
        raise AbortFitException("enough")

    namespace = Namespace({"abort": abort})
    namespace.interpreter("def f(x):\n return abort(x)")
    for run in (
        lambda: namespace.interpreter("f(1)"),
        lambda: namespace.symbols["f"](1),
        lambda: evaluate_text("abort(1)", {}, namespace),
        lambda: program({"b": "abort(a)"}, ["a"], namespace).evaluate([1.0]),
        lambda: program({"b": "[abort(a)][0]"}, ["a"], namespace).evaluate([1.0]),
        lambda: program({"b": "sqrt(-a) + abort(a)"}, ["a"], namespace).evaluate([1.0]),
    ):
        with pytest.raises(AbortFitException, match=r"^enough$"):
            run()


def test_errors_of_statements():
    interpreter = Namespace().interpreter
    interpreter("def f(x):\n  try:\n    return 1/x\n  except ZeroDivisionError:\n    return -1")
    assert interpreter("f(0)") == -1
    assert interpreter("f(4)") == 0.25
    interpreter("def g(x):\n  if x < 0:\n    raise ValueError('negative')\n  return x")
    with pytest.raises(ExpressionError, match="negative"):
        interpreter("g(-1)")
    assert len(interpreter.error) == 1
    assert interpreter("g(1)") == 1
    assert interpreter.error == []
    with pytest.raises(ExpressionError, match="negative"):
        interpreter.symtable["g"](-1.0)
    for text in ("1/0", "nothing", "def f(:", "return 3", "g()", "g(1, 2, 3)", "assert 1 > 2", "del nothing"):
        with pytest.raises(ExpressionError):
            interpreter(text)
    with pytest.raises(ExpressionError, match="Starred is not allowed in expressions"):
        interpreter("p, *q = [1, 2, 3]")
    with pytest.raises(ExpressionError, match=r"ValueError$"):
        interpreter("raise ValueError")


def test_nothing_is_written_to_stderr(capfd):
    interpreter = Namespace().interpreter
    for text in ("1/0", "x +", "nothing(2)"):
        with pytest.raises(ExpressionError):
            interpreter(text)
        with pytest.raises(ExpressionError):
            interpreter.eval(text, show_errors=True)
    with pytest.raises(ExpressionError):
        program({"b": "1/a"}, ["a"]).evaluate([0.0])
    assert capfd.readouterr() == ("", "")


def test_procedures_in_expressions():
    namespace = Namespace({"k": 2.0})
    namespace.interpreter("def f(x, y=1):\n    return k*x + y")
    assert value("f(a)", namespace, a=3.0) == 7.0
    assert value("(f if a > 1 else abs)(a)", namespace, a=3.0) == 7.0
    assert value("f(a, y=b)", namespace, a=3.0, b=5.0) == 11.0
    namespace.interpreter("def bad(x): return 1/(x - 1)")
    made = program({"b": "bad(a)"}, ["a"], namespace)
    with pytest.raises(ExpressionDomainError, match=r"parameter 'b': .*\(a=1.0\): .*division by zero"):
        made.evaluate([1.0])
    assert made.evaluate([3.0]) == (0.5,)


def test_procedures_see_parameters_and_make_them_inputs():
    namespace = Namespace()
    namespace.interpreter("def inner(x): return x*slope")
    namespace.interpreter("def line(x):\n    unused = inner(x)\n    return unused + offset")
    made = program({"y": "line(x)", "offset": "2*o"}, ["slope", "o", "x", "unused"], namespace)
    assert made.inputs == ("slope", "o", "x")
    assert made.order == ("offset", "y")
    assert made.evaluate([10.0, 0.5, 3.0]) == (1.0, 31.0)
    namespace.interpreter("def line(x): return x")
    assert made.inputs == ("o", "x")
    assert dict(zip(made.order, made.evaluate([0.5, 3.0]), strict=True)) == {"y": 3.0, "offset": 1.0}


def test_a_million_calls_do_not_use_up_the_budget():
    namespace = Namespace()
    namespace.interpreter.max_steps = 300
    namespace.interpreter("def f(x):\n  for i in range(10):\n    x = x + 1\n  return x")
    made = program({"b": "f(a)"}, ["a"], namespace)
    for _ in range(50):
        assert made.evaluate([0.0]) == (10.0,)
        assert namespace.symbols["f"](1) == 11
    with pytest.raises(ExpressionError, match="more than 300 steps"):
        namespace.interpreter("for i in range(1000): f(i)")


def test_comprehension_variables_do_not_leak_or_collide():
    assert value("sum([a for a in (1, 2)]) + a", a=5.0) == 8.0
    assert value("sum([e*k for e in (1, 2)])", {"k": 2.0}) == 6.0
    assert value("sum(x for x in (a, 2))", a=1.0) == 3.0
    assert value("(lambda x, y=2: x*y)(a)", a=3.0) == 6.0


def test_evaluate_text():
    namespace = Namespace({"k": 3.0})
    assert evaluate_text("a*k", {"a": 2.0}, namespace) == 6.0
    assert evaluate_text("(a, 'x', a > 1)", {"a": 2.0}, namespace) == (2.0, "x", True)
    assert evaluate_text("array([a, k])", {"a": 2.0}, namespace).tolist() == [2.0, 3.0]
    assert namespace.user_symbols() == {"k": 3.0}
    with pytest.raises(ExpressionError, match="unknown name 'ab'; did you mean 'abs'"):
        evaluate_text("ab", {"a": 2.0}, namespace)
    with pytest.raises(
        ExpressionDomainError, match=r"cannot evaluate '1/a' \(a=0.0\): float division by zero"
    ):
        evaluate_text("1/a", {"a": 0.0, "b": 1.0}, namespace)
    with pytest.raises(ExpressionError, match="cannot parse"):
        evaluate_text("1 +", {}, namespace)


def module_level(x):
    return 7 * x


def test_copies_share_symbols_and_nothing_else():
    namespace = Namespace({"table": [1.0], "f": module_level})
    namespace.interpreter("def g(x): return x + k")
    namespace.interpreter("k = 1")
    other = namespace.copy()
    assert other.symbols["table"] is namespace.symbols["table"]
    other.symbols["k"] = 100
    assert namespace.interpreter("g(1)") == 2
    assert other.interpreter("g(1)") == 101
    assert copy.copy(namespace).interpreter("g(1)") == 2
    assert "table" in copy.deepcopy(namespace).symbols
    assert copy.deepcopy(namespace).symbols["table"] is not namespace.symbols["table"]
    assert copy.deepcopy(namespace.interpreter)("g(1)") == 2


def test_a_copy_without_procedures_makes_no_interpreter():
    namespace = Namespace({"f": module_level})
    assert namespace.interpreter("f(1)") == 7
    assert namespace.copy()._interpreter is None


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_carries_the_users_symbols(protocol):
    namespace = Namespace({"k": 2.0, "f": module_level, "x": np.arange(3.0)})
    namespace.interpreter("def g(x, n=2):\n    return k*x**n")
    namespace.interpreter("h = lambda x: x + 1")
    loaded = pickle.loads(pickle.dumps(namespace, protocol))
    assert list(loaded.user_symbols()) == ["k", "f", "x", "g", "h"]
    assert loaded.interpreter("f(1) + g(3) + h(1) + sum(x)") == 7 + 18 + 2 + 3
    again = pickle.loads(pickle.dumps(namespace.interpreter, protocol))
    assert again("h(1)") == 2
    table = pickle.loads(pickle.dumps(SymbolTable(a=1), protocol))
    assert isinstance(table, SymbolTable)
    assert table == {"a": 1}


def test_a_symbol_that_cannot_be_pickled_is_named(monkeypatch):
    for other in ("cloudpickle", "dill"):  # which pickle more, and which another test may have loaded
        monkeypatch.delitem(sys.modules, other, raising=False)
    with pytest.raises(pickle.PicklingError, match="user symbol 'shape' cannot be pickled"):
        pickle.dumps(Namespace({"k": 1.0, "shape": lambda x: x}))


def test_threads_may_share_a_namespace():
    namespace = Namespace()
    namespace.interpreter("def f(x):\n  y = x\n  for i in range(5):\n    y = y + a\n  return y")
    made = program({"b": "f(a)"}, ["a"], namespace)
    wrong = []

    def work(a):
        wrong.extend(result for _ in range(30) if (result := made.evaluate([a])) != (6 * a,))

    threads = [threading.Thread(target=work, args=(float(a),)) for a in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
