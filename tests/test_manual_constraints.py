"""Chapter 5 of the manual, statement by statement, through the public interface."""

import math

import numpy as np
import pytest

from lmfit import Minimizer, Parameters, minimize
from lmfit.errors import ExpressionError

A, B, N = 0.75, 2.5, 3

OPERATORS = {
    "a + b": A + B,
    "a - b": A - B,
    "a * b": A * B,
    "a / b": A / B,
    "a ** b": A**B,
    "n & 1": N & 1,
    "n | 4": N | 4,
    "n ^ 2": N ^ 2,
    "n << 2": N << 2,
    "n >> 1": N >> 1,
    "b % a": B % A,
    "a and b": B,
    "0 or a": A,
    "a == b": 0.0,
    "a > b": 0.0,
    "a >= b": 0.0,
    "a < b": 1.0,
    "a <= b": 1.0,
    "a != b": 1.0,
    "~n": ~N,
    "not a": 0.0,
    "n is None": 0.0,
    "n is not None": 1.0,
    "n in (1, 2, 3)": 1.0,
    "n not in (1, 2, 3)": 0.0,
}

FUNCTIONS = {
    "abs(-a)": A,
    "acos(a)": math.acos(A),
    "acosh(b)": math.acosh(B),
    "asin(a)": math.asin(A),
    "asinh(a)": math.asinh(A),
    "atan(a)": math.atan(A),
    "atan2(a, b)": math.atan2(A, B),
    "atanh(a)": math.atanh(A),
    "ceil(a)": 1.0,
    "copysign(a, -b)": -A,
    "cos(a)": math.cos(A),
    "cosh(a)": math.cosh(A),
    "degrees(a)": math.degrees(A),
    "exp(a)": math.exp(A),
    "fabs(-a)": A,
    "factorial(n)": 6.0,
    "floor(b)": 2.0,
    "fmod(b, a)": math.fmod(B, A),
    "frexp(b)[0]": math.frexp(B)[0],
    "fsum([a, b])": A + B,
    "hypot(a, b)": math.hypot(A, B),
    "isinf(a)": 0.0,
    "isnan(a)": 0.0,
    "ldexp(a, n)": math.ldexp(A, N),
    "log(a)": math.log(A),
    "log10(a)": math.log10(A),
    "log1p(a)": math.log1p(A),
    "max(a, b)": B,
    "min(a, b)": A,
    "modf(b)[1]": 2.0,
    "pow(a, b)": A**B,
    "radians(a)": math.radians(A),
    "sin(a)": math.sin(A),
    "sinh(a)": math.sinh(A),
    "sqrt(a)": math.sqrt(A),
    "tan(a)": math.tan(A),
    "tanh(a)": math.tanh(A),
    "trunc(b)": 2.0,
    "e": math.e,
    "pi": math.pi,
}


@pytest.mark.parametrize("expr, value", (OPERATORS | FUNCTIONS).items())
def test_operators_functions_and_constants(expr, value):
    """5.2: they give what Python gives, and a number."""
    params = Parameters()
    params.add_many(("a", A), ("b", B), ("n", N, False), ("tied", None, False, None, None, expr))
    assert params["tied"].value == pytest.approx(value, rel=1e-15)
    assert isinstance(params["tied"].value, float)


def test_fractions_that_add_to_one():
    """5.1: the constrained value is updated at each step of the fit."""
    pars = Parameters()
    pars.add("frac_curve1", value=0.5, min=0, max=1)
    pars.add("frac_curve2", expr="1-frac_curve1")
    sums = []
    x = np.linspace(0, 1, 11)

    def residual(params):
        first, second = params["frac_curve1"].value, params["frac_curve2"].value
        sums.append(first + second)
        return first * x + second * x**2 - (0.3 * x + 0.7 * x**2)

    minimize(residual, pars)
    assert sums == pytest.approx([1.0] * len(sums), abs=1e-15)
    assert pars["frac_curve2"].value == pytest.approx(0.7)


def test_expressions_of_other_parameters_in_any_order():
    """5.2: cen_2 uses wid_2, which is defined after it."""
    pars = Parameters()
    pars.add("amp_1", value=0.5, min=0, max=1)
    pars.add("cen_1", value=2.2)
    pars.add("wid_1", value=0.2)
    pars.add("amp_2", expr="(2.0 - amp_1**2)")
    pars.add("cen_2", expr="cen_1 * wid_2 / max(wid_1, 0.001)")
    pars.add("wid_2", expr="sqrt(pi)*wid_1")
    assert pars["amp_2"].value == 1.75
    assert pars["wid_2"].value == pytest.approx(0.2 * math.sqrt(math.pi))
    assert pars["cen_2"].value == pytest.approx(2.2 * math.sqrt(math.pi))


@pytest.mark.parametrize("test_val, expected", [(300.0, 1.0), (100.0, 2.0)])
def test_if_expression(test_val, expected):
    """5.2: equivalent to the if-else statement over two lines."""
    pars = Parameters()
    pars.add_many(("param_a", 1.0), ("param_b", 2.0), ("test_val", test_val))
    pars.add("bounded", expr="param_a if test_val/2. > 100 else param_b")
    assert pars["bounded"].value == expected


def lorentzian(x, amp, cen, wid):
    "lorentzian function: wid = half-width at half-max"
    return amp / (1 + ((x - cen) / wid) ** 2)


def test_functions_of_the_user():
    """5.3: a Python function put into the symbol table of an empty Minimizer."""
    fitter = Minimizer()
    fitter.asteval.symtable["lorentzian"] = lorentzian
    pars = Parameters()
    pars.add("amp", 2.0)
    pars.add("half", expr="lorentzian(3, amp, 1, 2)")
    fitter.userfcn = lambda params: np.array([params["half"].value - 4.0, 0.0, 0.0])
    fitter.prepare_fit(params=pars)
    fitter.leastsq()
    assert pars["amp"].value == pytest.approx(8.0)
    assert pars["half"].value == pytest.approx(4.0)


def test_any_python_symbol_can_be_preloaded():
    """5.3: the flat namespace is one dictionary; tables of numbers can be indexed."""
    pars = Parameters(usersyms={"table": (10.0, 20.0, 30.0)})
    pars.add("n", 2, vary=False)
    pars.add("looked_up", expr="table[n]")
    assert pars["looked_up"].value == 30.0
    pars._asteval.symtable["table"] = [1.0, 2.0, 3.0]
    assert pars["looked_up"].value == 3.0


def test_the_interpreter_runs_statements():
    """5.3: loops, conditionals and functions."""
    fitter = Minimizer(lambda params: np.zeros(3), Parameters())
    fitter.asteval("""
def triangular(n):
    total = 0
    for i in range(n + 1):
        if i > 0:
            total += i
    return total
""")
    fitter.params.add("n", 4, vary=False)
    fitter.params.add("t", expr="triangular(n)")
    assert fitter.params["t"].value == 10.0


@pytest.mark.parametrize("code", ["class Thing:\n    pass", "import os", "from os import system"])
def test_what_asteval_does_not_support(code):
    """5.3: no class statement and no import."""
    with pytest.raises(ExpressionError):
        Minimizer().asteval(code)
