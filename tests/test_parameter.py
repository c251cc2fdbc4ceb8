"""Parameter and Parameters: chapter 2 of the manual, and everything around it."""

import copy
import math
import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import lmfit
from lmfit import Parameter, Parameters, create_params
from lmfit._number_like import NumberLike
from lmfit.errors import (
    ExpressionError,
    MinimizerException,
    ParameterError,
    ParameterNameError,
)
from lmfit.parameter import valid_symbol_name

FIELDS = ("name", "value", "vary", "expr", "min", "max", "brute_step", "stderr", "correl", "init_value")


def state(params):
    """Return all that is known of a Parameters, whether its expressions have values or not."""
    return [repr(par) + repr([par.vary, par.stderr, par.correl, par.init_value]) for par in params.values()]


def settings_of(par):
    return [getattr(par, field) for field in FIELDS]


# The manual, 2.2 and 2.3.


def test_signature_of_the_manual():
    par = Parameter(1.5, False, 0, 2, "width", None)
    assert settings_of(par)[:6] == ["width", 1.5, False, None, 0, 2]
    assert settings_of(Parameter(value=2, min=1.0e-10))[:6] == [None, 2, True, None, 1.0e-10, math.inf]
    assert settings_of(Parameter())[:6] == [None, None, True, None, -math.inf, math.inf]


def test_signature_of_1x():
    par = Parameter("width", 1.5, False, 0, 2, None, 0.1, "note")
    assert settings_of(par)[:7] == ["width", 1.5, False, None, 0, 2, 0.1]
    assert par.user_data == "note"
    assert Parameter("width").value is None
    assert Parameter(name="width", value=3).value == 3


@pytest.mark.parametrize(
    "args, kws, problem",
    [
        ((1,), {"nam": "a"}, "unknown argument 'nam'; did you mean 'name'"),
        (("a",), {"name": "b"}, "'name' twice"),
        ((1, True, 0, 5, "a", None, None, None, 9), {}, "at most 8 arguments, got 9"),
    ],
)
def test_wrong_arguments(args, kws, problem):
    with pytest.raises(TypeError, match=problem):
        Parameter(*args, **kws)


def test_add():
    p = Parameters()
    p.add("myvar", value=1, vary=True)
    assert (p["myvar"].value, p["myvar"].vary, p["myvar"].name) == (1, True, "myvar")


def test_attributes_can_be_changed_later():
    params = Parameters()
    params.add("amp", value=10, vary=False)
    params.add("decay", value=0.007, min=0.0)
    params["amp"].vary = True
    params["decay"].max = 0.10
    assert params["amp"].vary
    assert (params["decay"].min, params["decay"].max) == (0.0, 0.10)


def test_add_many_as_printed():
    p = Parameters()
    # Name, value, vary, min, max and expr of each.
    p.add_many(("amp1",    10,   True, None, None, None),
               ("cen1",    1.2,   True,  0.5,  2.0, None),
               ("wid1",    0.8,   True,  0.1, None, None),
               ("amp2",    7.5,   True, None, None, None),
               ("cen2",    1.9,   True,  1.0,  3.0, None),
               ("wid2",   None, False, None, None, "2*wid1/3"))  # fmt: skip
    assert list(p) == ["amp1", "cen1", "wid1", "amp2", "cen2", "wid2"]
    assert p["wid2"].value == 2 * 0.8 / 3
    assert (p["cen2"].min, p["cen2"].max, p["wid1"].max) == (1.0, 3.0, math.inf)


def test_params_by_item_as_in_3_2():
    params = Parameters()
    params["period"] = Parameter(value=2, min=1.0e-10)
    assert params["period"].name == "period"


def test_values_are_parameters_and_keys_are_names():
    params = create_params(a=1)
    with pytest.raises(ParameterError, match=r"parameter 'b': .*not int \(3\); use params.add\('b', value"):
        params["b"] = 3
    with pytest.raises(KeyError, match="valid Python identifier"):
        params["2b"] = Parameter(3)
    assert list(params) == ["a"]


# Names.


@pytest.mark.parametrize("name", ["a", "_", "_1", "Amp_1", "é", "μ", "match", "print", "x" * 300])
def test_good_names(name):
    params = Parameters()
    params.add(name, 2.0)
    params.add("tied", expr=f"2*{name}")
    assert valid_symbol_name(name)
    assert params["tied"].value == 4.0


@pytest.mark.parametrize(
    "name",
    ["", "1a", "a b", "a.b", "a-b", "a\n", "lambda", "None", "class", "__debug__", "µ", "ﬁt", None, 5, b"a"],
)
def test_bad_names(name):
    assert not valid_symbol_name(name)
    params = create_params(a=1)
    operations = (
        lambda: params.add(name, 1),
        lambda: params.add_many(("b", 1), (name, 1)),
        lambda: params.__setitem__(name, Parameter(1)),
        lambda: params.setdefault(name, Parameter(1)),
        lambda: params.update({"b": Parameter(2), name: Parameter(1)}),
    )
    for operation in operations:
        with pytest.raises(
            ParameterNameError, match=r"valid Python identifier .* no reserved word; "
        ) as caught:
            operation()
        assert isinstance(caught.value, KeyError)
        assert repr(name) in str(caught.value)
    assert state(params) == state(create_params(a=1))


def test_a_name_that_python_reads_as_another_one():
    with pytest.raises(KeyError, match=r"reads this one as 'μ' \('\\u03bc'\), write it so"):
        Parameter("µ", 1.0)


def test_names_are_plain_strings():
    params = Parameters()
    params[np.str_("a")] = Parameter(1)
    assert type(next(iter(params))) is type(params["a"].name) is str


def test_a_parameter_in_use_is_not_renamed():
    params = create_params(a=1)
    params["a"].name = "a"
    with pytest.raises(ParameterNameError, match=r"params\['b'\] = params.pop\('a'\)"):
        params["a"].name = "b"
    free = Parameter(1)
    free.name = "c"
    with pytest.raises(KeyError, match="'1c'"):
        free.name = "1c"
    assert (params["a"].name, free.name) == ("a", "c")


# Values, bounds and what is no number.


@pytest.mark.parametrize(
    "given, value",
    [
        (2, 2), (2.5, 2.5), (True, 1), (np.float32(0.5), 0.5), (np.int8(3), 3), (np.bool_(True), 1),
        (np.array(1.5), 1.5), (np.array([7]), 7), (Parameter("x", 4), 4), (math.inf, math.inf),
    ],
)  # fmt: skip
def test_values_become_python_numbers(given, value):
    par = Parameter("a", given)
    assert par.value == value
    assert type(par.value) in (int, float)


NO_NUMBERS = [
    math.nan, np.float64("nan"), "1", b"1", 1j, np.complex128(1), [1.0], (1, 2), {}, np.array([1.0, 2.0]),
    np.array([]), np.array("1"), np.array([1j]), np.ma.masked, np.datetime64("2020"), 10**400, ...,
    Parameter("x"), print,
]  # fmt: skip


@pytest.mark.parametrize("given", NO_NUMBERS, ids=lambda given: f"{given!r:.30}")
@pytest.mark.parametrize("role", ["value", "min", "max", "brute_step"])
def test_what_is_no_number_is_refused(given, role):
    rule = rf"parameter 'a': {role} must be a real number, but is .*; (give|convert)"
    with pytest.raises(ParameterError, match=rule) as caught:
        Parameter("a", **{"value": 0.5, role: given})
    assert isinstance(caught.value, ValueError)
    params = create_params(a={"value": 0.5, "min": 0, "max": 1, "brute_step": 0.1})
    par, before = params["a"], state(params)
    with pytest.raises(ParameterError, match=rule):
        par.set(**{"value": 0.25, "vary": False, role: given})
    if role != "brute_step":
        with pytest.raises(ParameterError, match=rule):
            setattr(par, role, given)
    assert state(params) == before


@pytest.mark.parametrize(
    "low, high", [(2.0, 1.0), (1, 1), (math.inf, None), (None, -math.inf), (math.inf, -math.inf)]
)
def test_bounds_without_room(low, high):
    with pytest.raises(
        ParameterError, match=r"parameter 'a': min \(.*\) must be below max \(.*\); (exchange|set vary)"
    ):
        Parameter("a", 1.0, min=low, max=high)


def test_crossed_bounds_change_nothing():
    params = create_params(a={"value": 0.5, "min": 0, "max": 1}, b={"expr": "a"})
    before = state(params)
    for change in ({"min": 2}, {"max": -1}, {"min": 1}, {"min": 0.75, "max": 0.25}):
        with pytest.raises(ParameterError, match="'a': min"):
            params["a"].set(**change, value=0.75)
    for attribute, bound in (("min", 2), ("max", -1)):
        with pytest.raises(ParameterError, match=r"set both at once with set\(min"):
            setattr(params["a"], attribute, bound)
    assert state(params) == before


def test_values_are_clipped():
    par = Parameter("a", 5, min=0, max=2)
    assert (par.value, par.init_value) == (2, 2)
    par.value = -1
    assert par.value == 0
    par.min = 1
    assert par.value == 1
    par.set(min=-5, max=0.5)
    assert par.value == 0.5
    par.set(value=99, max=10)
    assert par.value == 10


def test_none_and_infinity_stand_for_no_bound():
    par = Parameter("a", 1, min=0, max=2)
    par.min = par.max = None
    assert (par.min, par.max) == (-math.inf, math.inf)
    par.set(min=0, max=2)
    par.set(min=None, max=None)  # leaves them
    assert (par.min, par.max) == (0, 2)
    par.set(min=-np.inf, max=np.inf)
    assert (par.min, par.max) == (-math.inf, math.inf)


def test_value_none_is_no_value():
    par = Parameter("a", 1)
    par.value = None
    assert par.value is None
    assert repr(par) == "<Parameter 'a', value=None, bounds=[-inf:inf]>"


@pytest.mark.parametrize("given", ["False", "", [0], np.array([True, False]), {}])
def test_vary_is_true_or_false(given):
    par = Parameter("a", 1)
    for operation in (
        lambda: setattr(par, "vary", given),
        lambda: par.set(value=2, vary=given),
        lambda: Parameter("a", vary=given),
    ):
        with pytest.raises(ParameterError, match="parameter 'a': vary must be True or False, but is"):
            operation()
    assert (par.value, par.vary) == (1, True)


def test_vary_takes_numpy_booleans_and_integers():
    assert Parameter("a", vary=np.bool_(False)).vary is False
    assert Parameter("a", vary=1).vary is True
    assert Parameter("a", vary=None).vary is True


# Value, vary and expr.


def tied():
    return create_params(a=2.0, b={"expr": "3*a"})


def test_expr_unsets_vary():
    params = create_params(a=2.0, b=1.0)
    params["b"].expr = "3*a"
    assert (params["b"].vary, params["b"].value) == (False, 6.0)
    assert Parameter("a", 1, vary=True, expr="2").vary is False


@pytest.mark.parametrize(
    "change, expected",
    [
        (lambda par: setattr(par, "value", 7), (7, False, None)),
        (lambda par: setattr(par, "vary", True), (6.0, True, None)),
        (lambda par: setattr(par, "vary", False), (6.0, False, "3*a")),
        (lambda par: setattr(par, "expr", ""), (6.0, False, None)),
        (lambda par: setattr(par, "expr", None), (6.0, False, None)),
        (lambda par: setattr(par, "expr", "a"), (2.0, False, "a")),
        (lambda par: par.set(), (6.0, False, "3*a")),
        (lambda par: par.set(expr=""), (6.0, False, None)),
        (lambda par: par.set(vary=True), (6.0, True, None)),
        (lambda par: par.set(value=7), (7, False, None)),
        (lambda par: par.set(value=7, vary=True), (7, True, None)),
        (lambda par: par.set(value=7, expr="a"), (2.0, False, "a")),
        (lambda par: par.set(vary=True, expr="a"), (2.0, False, "a")),
        (lambda par: par.set(min=7), (7, False, "3*a")),
        (lambda par: par.set(max=5), (5, False, "3*a")),
    ],
)
def test_value_vary_and_expr(change, expected):
    params = tied()
    par = params["b"]
    change(par)
    assert (par.value, par.vary, par.expr) == expected
    params["a"].value = 4.0
    if par.expr is None:
        assert par.value == expected[0]


@pytest.mark.parametrize("expr", ["2*", "a.real", "import os", "   ", 3, ["a"], Parameter("x", 1)])
def test_a_bad_expression_changes_nothing(expr):
    params = tied()
    before = state(params)
    for operation in (
        lambda: setattr(params["a"], "expr", expr),
        lambda: params["a"].set(value=5, min=0, expr=expr),
        lambda: params.set(b=1, a={"expr": expr}),
        lambda: params.add("c", expr=expr),
    ):
        with pytest.raises(ValueError, match=r"parameter '[ac]': "):
            operation()
    assert state(params) == before


def test_init_value():
    par = Parameter("a", 1)
    par.value = 2
    assert par.init_value == 1
    par.set(value=3)
    assert par.init_value == 3
    par.set(value=4, is_init_value=False)
    assert (par.value, par.init_value) == (4, 3)


def test_brute_step():
    par = Parameter("a", 1)
    par.set(brute_step=0.5)
    assert par.brute_step == 0.5
    par.set(value=2)
    assert par.brute_step == 0.5
    par.set(brute_step=0)
    assert par.brute_step is None


def test_a_free_parameter_keeps_its_expression():
    par = Parameter("a", 1.0, expr="2*b")
    assert (par.value, par.expr, par.vary) == (1.0, "2*b", False)
    params = create_params(b=3.0)
    params["a"] = par
    assert par.value == 6.0


# A number.


OPERATIONS = [
    lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y, lambda x, y: x // y,
    lambda x, y: x % y, lambda x, y: x**y, divmod, lambda x, y: x == y, lambda x, y: x != y,
    lambda x, y: x < y, lambda x, y: x <= y, lambda x, y: x > y, lambda x, y: x >= y,
]  # fmt: skip
OTHERS = [
    3, 2.5, np.float64(2.5), np.float32(1.5), np.int64(3), np.array([1.0, 2.5, 4.0]), np.array(2.5),
    np.array([1, 2], np.float32), np.ma.array([1.0, 2.0], mask=[True, False]),
]  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("other", [*OTHERS, Parameter("y", 2)], ids=repr)
@pytest.mark.parametrize("value", [2.5, 3])
def test_arithmetic_and_comparison(operation, other, value):
    par, plain = Parameter("x", value), getattr(other, "value", other)
    for found, expected in (
        (operation(par, other), operation(value, plain)),
        (operation(other, par), operation(plain, value)),
    ):
        np.testing.assert_array_equal(found, expected)
        assert type(found) is type(expected)
        assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)


@given(st.floats(allow_nan=False))
def test_conversions(value):
    par = Parameter("x", value)
    assert (float(par), complex(par), -par, +par, abs(par), bool(par)) == (
        value, complex(value), -value, value, abs(value), bool(value),
    )  # fmt: skip
    if math.isfinite(value):
        assert (int(par), round(par), math.trunc(par)) == (int(value), round(value), math.trunc(value))
        assert (math.floor(par), math.ceil(par)) == (math.floor(value), math.ceil(value))
        assert round(par, 2) == round(value, 2)


def test_formats():
    par = Parameter("x", 1234.5678, min=0)
    assert f"{par:.2f} {par:10.3e}|" == "1234.57  1.235e+03|"
    assert "%.1f %d" % (par, par) == "1234.6 1234"  # noqa: UP031
    assert f"{par}" == repr(par) == "<Parameter 'x', value=1234.5678, bounds=[0:inf]>"


def test_numpy_takes_it_as_a_number():
    par, x = Parameter("x", 2.0), np.array([1.0, 2.0])
    assert np.sin(par) == np.sin(2.0)
    assert np.isclose(par, 2)
    assert np.asarray(par, dtype=np.float32).dtype == np.float32
    np.testing.assert_array_equal(np.array([par, Parameter("y", 3)]), [2.0, 3.0])
    x *= par
    np.testing.assert_array_equal(x, [2.0, 4.0])
    np.testing.assert_array_equal(np.array(par, copy=True), 2.0)


@pytest.mark.parametrize(
    "thing", [Parameter("x", 2.0), create_params(a=1, b=2)], ids=["Parameter", "Parameters"]
)
def test_an_array_is_always_a_copy(thing):
    with pytest.raises(ValueError, match="copy"):
        thing.__array__(copy=False)  # what NumPy 2 calls for np.array(thing, copy=False)


def test_it_is_not_hashable():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Parameter("x", 1))
    assert Parameter("x", 1) in [2, 1]


@pytest.mark.parametrize(
    "operation",
    [
        float, int, abs, round, math.floor, lambda x: x + 1, lambda x: 2 / x, lambda x: x < 1,
        lambda x: f"{x:.2f}", lambda x: x**2, lambda x: -x, lambda x: divmod(1, x),
    ],
)  # fmt: skip
def test_a_number_without_a_value(operation):
    with pytest.raises(ParameterError, match="parameter 'x': it has no value; set its value"):
        operation(Parameter("x"))


def test_without_a_value_it_can_still_be_compared():
    par = Parameter("x")
    assert par == None  # noqa: E711
    assert par != 1
    assert not par


def test_operands_that_are_no_numbers():
    with pytest.raises(TypeError):
        Parameter("x", 1) + "text"
    assert (Parameter("x", 1) == "text") is False


def test_repr():
    par = Parameter("x", 1.5, min=0, brute_step=0.1)
    assert repr(par) == "<Parameter 'x', value=1.5, bounds=[0:inf], brute_step=0.1>"
    par.vary = False
    assert repr(par) == "<Parameter 'x', value=1.5 (fixed), bounds=[0:inf], brute_step=0.1>"
    par.stderr = 0.0123456
    assert repr(par) == "<Parameter 'x', value=1.5 +/- 0.0123, bounds=[0:inf], brute_step=0.1>"
    assert repr(tied()["b"]) == "<Parameter 'b', value=6.0, bounds=[-inf:inf], expr='3*a'>"


# A dictionary.


def test_order_and_replacement():
    params = create_params(a=1, b=2, c=3)
    old = params["b"]
    params["b"] = Parameter(9)
    assert list(params) == ["a", "b", "c"]
    assert (params["b"].value, old.value) == (9, 2)
    params.add("a", 5)
    assert list(params) == ["a", "b", "c"]
    params["d"] = params.pop("a")
    assert list(params) == ["b", "c", "d"]
    assert (params["d"].name, params["d"].value) == ("d", 5)


def test_missing_names():
    params = create_params(amplitude=1, sigma=2)
    with pytest.raises(KeyError, match="no parameter is named 'sgima'; did you mean 'sigma'"):
        params["sgima"]
    for operation in (
        lambda: params.pop("x"),
        lambda: params.__delitem__("x"),
        lambda: Parameters().popitem(),
    ):
        with pytest.raises(ParameterNameError):
            operation()
    assert params.get("x") is None
    assert params.get("x", 5) == params.pop("x", 5) == 5
    assert params.pop("x", None) is None
    assert "x" not in params


def test_setdefault():
    params = create_params(a=1)
    assert params.setdefault("a", Parameter(5)).value == 1
    assert params.setdefault("b", Parameter(5)) is params["b"]
    with pytest.raises(ParameterError, match="parameter 'c'"):
        params.setdefault("c")
    assert list(params) == ["a", "b"]


def test_update_and_merging():
    left, right = Parameters({"k": 2.0}), Parameters({"half": lambda x: x / 2})
    left.add_many(("a", 1.0), ("b", 2.0))
    right.add_many(("b", 3.0), ("c", None, None, None, None, "half(a)"))
    for merged in (left + right, left | right):
        assert type(merged) is Parameters
        assert list(merged) == ["a", "b", "c"]
        assert (merged["b"].value, merged["c"].value, merged.eval("k*b")) == (3.0, 0.5, 6.0)
    for operation in (lambda p: p.update(right), lambda p: p.__iadd__(right), lambda p: p.__ior__(right)):
        params = left.copy()
        operation(params)
        assert state(params) == state(left + right)
    assert left["b"].value == 2.0
    assert right["b"]._owner is right
    assert (left | {"z": Parameter(1)})["z"].value == 1


def test_in_place_merging_keeps_the_object():
    params = same = create_params(a=1)
    params += create_params(b=2)
    params |= {"c": Parameter(3)}
    params.update([("d", Parameter(4))], e=Parameter(5))
    assert params is same
    assert params.valuesdict() == {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}


def test_merging_with_itself():
    params = tied()
    params += params
    assert state(params) == state(tied())


@pytest.mark.parametrize("other", [5, {"b": Parameter(1)}, [1], None])
def test_only_parameters_are_added(other):
    params = create_params(a=1)
    with pytest.raises(ParameterError, match=r"only a Parameters can be added .*use add\(\)"):
        params += other
    assert list(params) == ["a"]


def test_union_with_something_else():
    with pytest.raises(TypeError, match="unsupported operand"):
        create_params(a=1) | 5


def test_a_parameter_is_in_one_parameters_only():
    one, two = create_params(a={"value": 1, "min": 0}), Parameters()
    two["a"] = two["b"] = one["a"]
    assert one["a"] is not two["a"] is not two["b"]
    assert (two["b"].name, two["b"].min) == ("b", 0)
    one["a"].value = 5
    assert (two["a"].value, two["b"].value) == (1, 1)
    free = Parameter(3)
    two["c"] = free
    assert two["c"] is free
    two.add(free)
    assert list(two) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "remove",
    [
        lambda params: params.pop("b"),
        lambda params: params.popitem(),
        lambda params: params.clear(),
        lambda params: params.__delitem__("b"),
        lambda params: params.__setitem__("b", Parameter(0)),
        lambda params: params.loads('{"params": []}'),
    ],
)
def test_what_is_removed_is_free_and_keeps_its_value(remove):
    params = tied()
    par, params["a"].value = params["b"], 5.0
    remove(params)
    assert (par.value, par.expr, par.name) == (15.0, "3*a", "b")
    par.name = "c"
    other = create_params(a=1.0)
    other["c"] = par
    assert other["c"] is par
    assert par.value == 3.0


def test_clear_settles_all_values():
    params = create_params(a=1.0, b={"expr": "2*a"}, c={"expr": "2*b"})
    pars, params["a"].value = list(params.values()), 5.0
    params.clear()
    assert [par.value for par in pars] == [5.0, 10.0, 20.0]
    assert not params


def test_fromkeys_copies():
    params = Parameters.fromkeys(["a", "b"], Parameter(3))
    assert params["a"] is not params["b"]
    assert params.valuesdict() == {"a": 3, "b": 3}


# Making and setting several at once.


def test_add_with_a_parameter():
    params = Parameters()
    par = Parameter("a", 1, min=0)
    params.add(par)
    assert params["a"] is par
    with pytest.raises(KeyError, match="parameter None"):
        params.add(Parameter(1))


@pytest.mark.parametrize(
    "entries",
    [
        (("a", 1), ("b", 2, False)),
        ([("a", 1), ("b", 2, False)],),
        ((("a", 1), ("b", 2, False)),),
        (["a", 1], ["b", 2, False]),
        (Parameter("a", 1), ("b", 2, False)),
        ([Parameter("a", 1), Parameter("b", 2, False)],),
        (entry for entry in [("a", 1), ("b", 2, False)]),
    ],
)
def test_add_many(entries):
    params = Parameters()
    params.add_many(*entries)
    assert params.valuesdict() == {"a": 1, "b": 2}
    assert not params["b"].vary


def test_add_many_adopts_parameters_and_takes_the_last_of_a_name():
    params, par = Parameters(), Parameter("b", 5)
    params.add_many(Parameter("a", 1), ("a", 2), par)
    assert params.valuesdict() == {"a": 2, "b": 5}
    assert params["b"] is par
    params.add_many(("z",))
    params.add_many([])
    params.add_many()
    assert params["z"].value is None


@pytest.mark.parametrize(
    "bad", [("1c",), ("c", "x"), ("c", 1, True, 2, 1), Parameter(1), "c", 5, (), None, ("c",) * 9]
)
def test_add_many_adds_all_or_nothing(bad):
    params = create_params(a=1)
    with pytest.raises((MinimizerException, TypeError)):
        params.add_many(("a", 7), ("b", 2), bad)
    assert state(params) == state(create_params(a=1))


def test_create_params():
    params = create_params(
        a=1, b={"value": 2, "min": 0, "vary": False}, c={"expr": "a+b"}, d=Parameter("x", 4)
    )
    assert params.valuesdict() == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert params["d"].name == "d"
    with pytest.raises(ParameterError, match="parameter 'a': unknown attribute 'val'; did you mean 'value'"):
        create_params(a={"val": 1})


def test_set_of_several():
    params = create_params(a=1, b=2)
    params.set(a=3, b={"value": 4, "min": 0, "is_init_value": False}, c={"expr": "a*b"}, d=Parameter(6))
    assert params.valuesdict() == {"a": 3, "b": 4, "c": 12, "d": 6}
    assert (params["a"].init_value, params["b"].init_value, params["b"].min) == (3, 2, 0)
    params.set(a=Parameter("x", 9), b=None)
    assert (params["a"].value, params["b"].value) == (9, 4)


@pytest.mark.parametrize(
    "bad", ["x", math.nan, {"min": 5, "max": 1}, {"val": 1}, {"expr": "a+"}, {"vary": "no"}, {"user_data": 1}]
)
@pytest.mark.parametrize("name", ["b", "new"])
def test_set_of_several_is_all_or_nothing(name, bad):
    if (name, bad) == ("new", {"user_data": 1}):
        bad = {"is_init_value": True}
    params = create_params(a=1, b=2)
    with pytest.raises(MinimizerException, match=f"parameter '{name}'"):
        params.set(a=7, other=8, **{name: bad})
    assert state(params) == state(create_params(a=1, b=2))


def test_update_is_all_or_nothing():
    params = create_params(a=1)
    for bad in ({"b": 3}, {"1b": Parameter(3)}):
        with pytest.raises(MinimizerException):
            params.update(Parameters({"f": 1.0}), {"a": Parameter(9), **bad})
    assert state(params) == state(create_params(a=1))
    assert not params._namespace.user_symbols()


# Tied parameters are always up to date.


def test_tied_values_follow_every_change():
    params = create_params(a=2.0, b={"expr": "3*a"}, c={"expr": "b + 1"})
    c = params["c"]
    assert c.value == 7.0
    params["a"].value = 3.0
    assert c.value == 10.0
    params["a"].set(value=4.0)
    assert c.value == 13.0
    params["a"].max = 1.0
    assert c.value == 4.0
    params["b"].expr = "5*a"
    assert c.value == 6.0
    params["b"].max = 2.0
    assert c.value == 3.0
    params["b"].value = 0.5
    assert c.value == 1.5
    params["b"] = Parameter(8.0)
    assert c.value == 9.0
    params.add("b", 9.0)
    assert c.value == 10.0
    params["b"] = Parameter(expr="a + 1")
    assert c.value == 3.0
    params.set(a=0.0)
    assert c.value == 2.0
    params.update(create_params(a=0.5))
    assert c.value == 2.5
    del params["b"]
    with pytest.raises(ExpressionError, match=r"parameter 'c'.*unknown name 'b'"):
        _ = c.value
    params["b"] = Parameter(1.0)
    assert c.value == 2.0


def test_forward_references():
    params = Parameters()
    params.add("bounded", expr="param_a if test_val/2. > 100 else param_b")
    with pytest.raises(ExpressionError, match=r"parameter 'bounded'.*'param_a'.*'param_b'"):
        _ = params["bounded"].value
    params.add_many(("param_a", 1.0), ("param_b", 2.0), ("test_val", 300.0))
    assert params["bounded"].value == 1.0
    params["test_val"].value = 10.0
    assert params["bounded"].value == 2.0


def test_tied_values_follow_the_symbols():
    params = Parameters({"f": lambda x: 2 * x})
    params.add("a", 3.0)
    params.add("b", expr="f(a)")
    assert params["b"].value == 6.0
    params._asteval.symtable["f"] = lambda x: 10 * x
    assert params["b"].value == 30.0
    params._asteval("def f(x): return x + a")
    assert params["b"].value == 6.0
    params["a"].value = 4.0
    assert params["b"].value == 8.0
    del params._asteval.symtable["f"]
    with pytest.raises(ExpressionError, match="'f'"):
        _ = params["b"].value
    params._asteval.symtable["f"] = abs
    assert params["b"].value == 4.0


def test_functions_from_the_interpreter_reach_other_ties():
    params = create_params(a=1.0, b={"expr": "2*a"}, broken={"expr": "missing"})
    params._asteval("def f(x): return x + b")
    params.add("c", expr="f(1)")
    assert params["c"].value == 3.0
    params["a"].value = 5.0
    assert (params["c"].value, params.eval("f(0)")) == (11.0, 10.0)


def test_recursive_functions_from_the_interpreter():
    params = create_params(a=3.0, broken={"expr": "missing"})
    params._asteval("def f(n): return n if n < 2 else g(n - 1) + a\ndef g(n): return f(n)")
    params.add("b", expr="f(3)")
    assert (params["b"].value, params.eval("f(2)")) == (7.0, 4.0)


def test_merged_functions_from_the_interpreter_use_the_new_parameters():
    other = create_params(a=1.0)
    other._asteval("def f(x): return x*a")
    other.add("b", expr="f(2)")
    params = create_params(z=0.0)
    params.update(other)
    params["a"].value = 7.0
    assert (params["b"].value, params.eval("f(1)"), params._asteval("f(3)")) == (14.0, 7.0, 21.0)
    assert other["b"].value == 2.0


def test_a_broken_tie_does_not_disturb_the_others():
    params = create_params(
        a=1.0, b={"expr": "2*a"}, c={"expr": "missing"}, d={"expr": "e"}, e={"expr": "d"}, f={"expr": "1j*a"},
        g={"expr": "[a]"}, h={"expr": "unset"}, i={"expr": "c + 1"}, j={"expr": "b + 1"}, unset=None,
    )  # fmt: skip
    for name in "cdefghi":
        with pytest.raises(ExpressionError, match=r"parameter '\w'"):
            _ = params[name].value
    for value in (1.0, 5.0):
        params["a"].value = value
        assert (params["b"].value, params["j"].value, params.eval("b+j")) == (
            2 * value,
            2 * value + 1,
            4 * value + 1,
        )
    assert repr(params).count("value=?") == 7
    assert "missing" in params.pretty_repr()
    assert params._repr_html_() is None
    twin = pickle.loads(pickle.dumps(copy.deepcopy(params)))
    assert repr(twin) == repr(params)
    with pytest.raises(ExpressionError, match="parameter"):
        params.update_constraints()


def test_a_missing_value_is_named():
    params = create_params(a=None, b={"expr": "a + 1"})
    with pytest.raises(
        ExpressionError, match=r"parameter 'b': .*uses 'a', which has no value; set params\['a'\]"
    ):
        _ = params["b"].value
    params["a"].value = 2
    assert params["b"].value == 3


def test_a_circle_is_shown():
    params = create_params(a={"expr": "b"}, b={"expr": "a"})
    with pytest.raises(ExpressionError, match=r"a → b → a|b → a → b"):
        _ = params["a"].value
    params["b"].value = 2
    assert params["a"].value == 2


def test_integers_cannot_run_away():
    with pytest.raises(ExpressionError, match="parameter 'b'"):
        _ = create_params(a=9, b={"expr": "a**a**a**a"})["b"].value


def test_a_symbol_that_reads_the_parameters():
    params = tied()
    params._asteval.symtable["of_b"] = lambda: params["b"].value
    params.add("c", expr="of_b()")
    assert params["c"].value == params["b"].value == 6.0


def test_bounds_of_tied_parameters():
    params = create_params(a=2.0, b={"expr": "3*a", "max": 5}, c={"expr": "b"})
    assert (params["b"].value, params["c"].value) == (5, 5)
    params["b"].max = None
    assert (params["b"].value, params["c"].value) == (6, 6)


def test_reading_evaluates_only_after_a_change():
    calls = []
    params = Parameters({"f": lambda x: calls.append(x) or x})
    params.add("a", 1.0)
    params.add("b", expr="f(a)")
    for _ in range(3):
        assert params["b"].value == 1.0
    assert len(calls) == 1
    params.update_constraints()
    assert params["b"].value == 1.0
    assert len(calls) == 2
    params["a"].value = 2.0
    params["a"].vary = False
    assert len(calls) == 2
    assert params["b"].value == 2.0
    assert len(calls) == 3


def test_setting_what_is_there_already_costs_nothing():
    params = tied()
    program = params._compiled()
    params["b"].set(min=-np.inf)
    params["a"].value = 5
    assert params._compiled() is program


# Interpreter and eval.


def test_eval():
    params = tied()
    assert params.eval("a*b + sqrt(4)") == 14.0
    assert params.eval("[a, b > a]") == [2.0, True]
    params.set(amplitude=1, broken={"expr": "missing"})
    with pytest.raises(ExpressionError, match="unknown name 'amplitud'; did you mean 'amplitude'"):
        params.eval("amplitud")


def test_the_interpreter_knows_the_parameters():
    params = tied()
    interpreter = params._asteval
    assert interpreter("a + b") == 8.0
    params["a"].value = 5.0
    assert (interpreter("b"), interpreter.symtable["b"]) == (15.0, 15.0)
    del params["b"]
    assert "b" not in interpreter.symtable
    assert not interpreter.user_defined_symbols()


def test_names_that_1x_code_reads():
    par = tied()["b"]
    assert par._expr_deps == ["a"]
    assert type(par._expr_ast).__name__ == "Expression"
    assert par._getval() == 6.0
    assert Parameter("x", 1)._expr_ast is None
    assert Parameter("x", 1)._expr_deps == []
    assert Parameters._delay_asteval is False


# Copies.


def rich():
    params = Parameters({"k": [1.0, 2.0]})
    params.add("a", 1.5, min=0, max=2, brute_step=0.5, user_data={"list": [1]})
    params.add("b", expr="a*k[1]")
    params["a"].stderr, params["a"].correl = 0.1, {"c": 0.5}
    return params


COPIES = [copy.copy, copy.deepcopy, Parameters.copy, lambda params: pickle.loads(pickle.dumps(params))]


@pytest.mark.parametrize("duplicate", COPIES)
def test_copies_are_equal_and_independent(duplicate):
    params = rich()
    params["a"].value = 1.25
    twin = duplicate(params)
    assert type(twin) is Parameters
    assert state(twin) == state(params)
    assert twin == params
    twin["a"].value = 2.0
    twin["a"].correl["c"] = 0.0
    twin["a"].user_data["list"].append(2)
    twin["b"].expr = "a"
    twin.add("new", 1)
    twin._asteval.symtable["k"] = 0
    assert state(params) != state(twin)
    params["a"].value = 1.5
    assert state(params) == state(rich())
    assert params["a"].user_data == {"list": [1]}
    assert list(params) == ["a", "b"]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda par: pickle.loads(pickle.dumps(par))])
def test_copies_of_one_parameter_are_free(duplicate):
    params = rich()
    params["a"].value = 2.0
    par = duplicate(params["b"])
    assert (par.value, par.expr, par._owner) == (4.0, "a*k[1]", None)
    par.value = 7
    assert params["b"].value == 4.0
    assert settings_of(duplicate(params["a"])) == settings_of(params["a"])


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda things: pickle.loads(pickle.dumps(things))])
@pytest.mark.parametrize("forward", [True, False])
def test_parameter_and_parameters_copied_together_belong_together(duplicate, forward):
    params = tied()
    things = [params, params["a"]] if forward else [params["a"], params]
    twins = duplicate(things)
    twin, par = twins if forward else twins[::-1]
    assert twin["a"] is par
    par.value = 10
    assert twin["b"].value == 30


def test_data_that_refers_back():
    params = create_params(a=1)
    params["a"].user_data = params
    for duplicate in (copy.deepcopy, lambda params: pickle.loads(pickle.dumps(params))):
        twin = duplicate(params)
        assert twin["a"].user_data is twin


class Length(Parameter):
    """A parameter with a unit."""

    def __init__(self, name, value, unit):
        self.unit = [unit]
        super().__init__(name, value=value)


class Lengths(Parameters):
    """Parameters with a title, whose constructor needs it."""

    def __init__(self, title):
        super().__init__()
        self.title = [title]


@pytest.mark.parametrize("duplicate", COPIES)
def test_subclasses_survive(duplicate):
    params = Lengths("rods")
    params["a"] = Length("a", 2.0, "mm")
    params.add("b", expr="2*a")
    twin = duplicate(params)
    assert (type(twin), type(twin["a"])) == (Lengths, Length)
    assert (twin.title, twin["a"].unit, twin["b"].value) == (["rods"], ["mm"], 4.0)
    if duplicate in (copy.deepcopy, COPIES[-1]):
        assert twin.title is not params.title
    assert twin["a"].unit is not params["a"].unit
    assert type(twin + params) is Lengths


def test_user_symbols_of_a_deepcopy():
    data, function = [1.0], lambda x: x
    params = Parameters({"data": data, "f": function})
    assert params.copy()._namespace.user_symbols()["data"] is data
    deep = copy.deepcopy(params)._namespace.user_symbols()
    assert deep["data"] is not data
    assert deep["f"] is function


def test_a_fit_takes_subclasses():
    params = Lengths("rods")
    params["a"] = Length("a", 2.0, "mm")
    out = lmfit.minimize(lambda p: p["a"] - np.array([1.0, 3.0, 5.0]), params)
    assert out.params["a"].value == pytest.approx(3.0)
    assert type(out.params["a"]) is Length


# Output.


def test_valuesdict():
    values = tied().valuesdict()
    assert type(values) is dict
    assert values == {"a": 2.0, "b": 6.0}


def test_pretty_print(capsys):
    params = tied()
    params.pretty_print()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Name", "Value", "Min", "Max", "Stderr", "Vary", "Expr", "Brute_Step"]
    assert [line.split()[0] for line in lines[1:]] == ["a", "b"]
    params.pretty_print(columns=["value", "expr"], precision=2, fmt="e")
    assert "6.00e+00" in capsys.readouterr().out
    params.pretty_print(oneline=True)
    assert capsys.readouterr().out == f"{params!r}\n"


def test_long_names_and_expressions_fit_the_page(capsys):
    names = [f"parameter_with_a_long_name_{number}" for number in range(4)]
    params = create_params(**{name: {"value": 1 / 3, "min": -1e9} for name in names})
    params.add("total", expr=" + ".join(params))
    params.pretty_print()
    table = capsys.readouterr().out
    params.pretty_print(colwidth=20, precision=12)
    wide = capsys.readouterr().out
    for text in (table, wide, params.pretty_repr()):
        assert max(map(len, text.splitlines())) <= 80
        assert params["total"].expr in " ".join(text.split())
    assert [line.split() for line in table.splitlines() if line.startswith("Name")] == [
        ["Name", "Value", "Min", "Max"],
        ["Name", "Stderr", "Vary", "Brute_Step"],
        ["Name", "Expr"],
    ]


def test_text_and_html():
    params = tied()
    assert params.pretty_repr(oneline=True) == repr(params)
    assert params.pretty_repr().count("\n") == 3
    assert "<table" in params._repr_html_()
    assert repr(Parameters()) == "Parameters()"
    assert params._ipython_key_completions_() == ["a", "b"]


def test_array_of_the_values():
    params = tied()
    np.testing.assert_array_equal(np.array(params), [2.0, 6.0])
    assert np.asarray(params, dtype=np.float32).dtype == np.float32
    assert np.array(create_params(a=None)).dtype == object


# Numbers with uncertainty.


def fitted():
    params = create_params(a={"value": 2.0, "min": 2.0}, b=3.0, fixed={"value": 4.0, "vary": False})
    params.set(product={"expr": "a*b*fixed"}, sum={"expr": "a + b"}, constant={"expr": "2*fixed"})
    for name, stderr, other in (("a", 0.1, "b"), ("b", 0.2, "a")):
        params[name].stderr, params[name].correl = stderr, {other: 0.5}
    return params


def test_create_uvars():
    params = fitted()
    numbers = params.create_uvars()
    assert list(numbers) == list(params)
    assert {name: number.n for name, number in numbers.items()} == params.valuesdict()
    assert numbers["a"].s == pytest.approx(0.1)  # at its bound
    assert numbers["sum"].s == pytest.approx(math.sqrt(0.1**2 + 0.2**2 + 2 * 0.5 * 0.1 * 0.2))
    assert (numbers["fixed"].s, numbers["constant"].s) == (0, 0)
    assert (numbers["product"] - 4 * numbers["a"] * numbers["b"]).s == pytest.approx(0, abs=1e-8)


def test_create_uvars_from_a_covariance():
    numbers = fitted().create_uvars([[0.04, 0.0], [0.0, 0.09]])
    assert (numbers["a"].s, numbers["b"].s) == pytest.approx((0.2, 0.3))
    assert numbers["sum"].s == pytest.approx(math.sqrt(0.13))
    with pytest.raises(ParameterError, match=r"covar .* each of a, b, not shape \(1, 2\)"):
        fitted().create_uvars([[0.04, 0.0]])


def test_the_interpreter_knows_all_values():
    params = create_params(a=2.0, b={"expr": "3*a"})
    known = params._asteval.symtable.background
    assert dict(known) == {"a": 2.0, "b": 6.0}
    assert len(known) == 2
    assert params._asteval("a + b") == 8.0


def test_errors_of_values_that_are_there_pass():
    class Imaginary(NumberLike):
        value, name = 1j, "imaginary"

    with pytest.raises(TypeError, match="complex"):
        float(Imaginary())


def test_create_uvars_where_an_expression_ends():
    params = create_params(a={"value": 1.0, "min": 1.0}, c={"expr": "(a - 1)**1.5 + 3*a"})
    assert params.create_uvars([[0.01]])["c"].s == pytest.approx(0.3, rel=1e-2)


def test_create_uvars_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "uncertainties", None)
    with pytest.raises(ImportError, match="package 'uncertainties': pip install uncertainties"):
        fitted().create_uvars()


def test_create_uvars_without_errors():
    params = fitted()
    params["a"].stderr = None
    assert params.create_uvars()["a"].s == 0
    assert params.create_uvars()["sum"].s == pytest.approx(0.2)
    assert Parameters().create_uvars() == {}
    assert create_params(a={"expr": "3"}).create_uvars()["a"].n == 3
    with pytest.raises(ParameterError, match="parameter 'a'"):
        create_params(a=None).create_uvars()


def test_create_uvars_where_a_tie_has_values_on_one_side_only():
    params = create_params(a=0.0, root={"expr": "log(1 + a)"})
    params["a"].stderr = 0.1
    assert params.create_uvars()["root"].s == pytest.approx(0.1)


# Any sequence of operations, against a model that is too simple to be wrong.

NAMES = st.sampled_from(["a", "b", "c", "d"])
VALUES = st.integers(-3, 3).map(float)
EXPRESSIONS = st.sampled_from(["a + 1", "2*b", "c - d", "d", "3", "missing", "a*k", "b if a > 0 else c"])


class Operations(RuleBasedStateMachine):
    """Parameters under any operations; the model has plain attributes and evaluates at each reading."""

    def __init__(self):
        super().__init__()
        self.params, self.model, self.k = Parameters({"k": 2.0}), {}, 2.0

    def expected(self, name, above=()):
        """Return the value, or None where there is none."""
        entry = self.model[name]
        if entry.expr is None:
            return entry.value
        if name in above:
            return None
        code = compile(entry.expr, "<model>", "eval")
        scope = {"k": self.k}
        for used in code.co_names:
            if used in self.model:
                scope[used] = self.expected(used, (*above, name))
        if any(used not in scope or scope[used] is None for used in code.co_names):
            return None
        return clip(float(eval(code, scope)), entry)

    @rule(name=NAMES, value=VALUES | st.none(), vary=st.booleans(), low=VALUES | st.none())
    def add(self, name, value, vary, low):
        self.params.add(name, value, vary, min=low)
        entry = SimpleNamespace(
            value=value, vary=vary, min=-math.inf if low is None else low, max=math.inf, expr=None
        )
        entry.value = None if value is None else clip(value, entry)
        self.model[name] = entry

    @rule(name=NAMES, expr=EXPRESSIONS)
    def add_tied(self, name, expr):
        self.params[name] = Parameter(expr=expr)
        self.model[name] = SimpleNamespace(value=None, vary=False, min=-math.inf, max=math.inf, expr=expr)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), value=VALUES)
    def set_value(self, data, value):
        name = data.draw(st.sampled_from(sorted(self.model)))
        self.params[name].value = value
        self.model[name].value, self.model[name].expr = clip(value, self.model[name]), None

    @precondition(lambda self: self.model)
    @rule(data=st.data(), expr=EXPRESSIONS)
    def set_expr(self, data, expr):
        name = data.draw(st.sampled_from(sorted(self.model)))
        self.params[name].set(expr=expr)
        self.model[name].expr, self.model[name].vary = expr, False

    @precondition(lambda self: self.model)
    @rule(data=st.data(), low=VALUES, high=VALUES)
    def set_bounds(self, data, low, high):
        name = data.draw(st.sampled_from(sorted(self.model)))
        entry = self.model[name]
        if low >= high:
            with pytest.raises(ParameterError, match=f"'{name}': min"):
                self.params[name].set(min=low, max=high, value=1, vary=True, expr="3")
            return
        self.params[name].set(min=low, max=high)
        entry.min, entry.max = low, high
        entry.value = None if entry.value is None else clip(entry.value, entry)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def vary_again(self, data):
        name = data.draw(st.sampled_from(sorted(self.model)))
        entry, value = self.model[name], self.expected(name)
        if value is None and entry.expr is not None:
            return  # the value before the expression, which the model does not know
        self.params[name].vary = True
        entry.value, entry.vary, entry.expr = value, True, None

    @precondition(lambda self: self.model)
    @rule(data=st.data(), new=NAMES)
    def rename(self, data, new):
        name = data.draw(st.sampled_from(sorted(self.model)))
        self.params[new] = self.params.pop(name)
        self.model[new] = self.model.pop(name)

    @rule(name=NAMES)
    def remove(self, name):
        assert (self.params.pop(name, None) is None) == (self.model.pop(name, None) is None)

    @rule(value=VALUES)
    def change_symbol(self, value):
        self.params._asteval.symtable["k"] = self.k = value

    @rule(duplicate=st.sampled_from([*COPIES, lambda params: type(params)({"k": 0.0}).loads(params.dumps())]))
    def copy(self, duplicate):
        self.params = duplicate(self.params)
        for name, entry in self.model.items():
            if entry.expr is not None:
                entry.value = self.expected(name)

    @rule(name=NAMES, value=VALUES)
    def merge(self, name, value):
        self.params += create_params(**{name: value})
        self.model[name] = SimpleNamespace(value=value, vary=True, min=-math.inf, max=math.inf, expr=None)

    @invariant()
    def agree(self):
        assert list(self.params) == list(self.model)
        for name, entry in self.model.items():
            par = self.params[name]
            assert (par.name, par.vary, par.expr, par.min, par.max) == (
                name, entry.vary, entry.expr, entry.min, entry.max,
            )  # fmt: skip
            expected = self.expected(name)
            if expected is None and entry.expr is not None:
                with pytest.raises(ExpressionError):
                    _ = par.value
            else:
                assert par.value == expected
        assert repr(self.params).count("value=?") == sum(
            entry.expr is not None and self.expected(name) is None for name, entry in self.model.items()
        )


def clip(value, entry):
    return min(max(value, entry.min), entry.max)


TestOperations = Operations.TestCase
TestOperations.settings = settings(max_examples=60, stateful_step_count=25)
