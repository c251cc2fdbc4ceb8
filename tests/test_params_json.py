"""Parameters as JSON: strict, complete, safe, and able to read what lmfit 1.x wrote.

The files data/lmfit_1x_*.json were written by lmfit 1.3.4.
"""

import io
import json
import math
import pickle
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmfit import Parameter, Parameters, create_params
from lmfit._plain_data import decoded, encoded, is_plain
from lmfit.errors import FitWarning, MinimizerException, ParameterError

DATA = Path(__file__).parent / "data"
FIELDS = [
    "name",
    "value",
    "vary",
    "expr",
    "min",
    "max",
    "brute_step",
    "stderr",
    "correl",
    "init_value",
    "user_data",
]


def state(params):
    """Return all that is known of the parameters, with NaN equal to itself."""
    return repr([[getattr(par, field) for field in FIELDS] for par in params.values()])


def strict(text):
    """Parse JSON and refuse what the standard does not know."""

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def everything():
    params = Parameters({"speed": 2.5, "table": [1, 2.5]})
    params.add("plain", 1.5)
    params.add("integer", 3, vary=False, min=0)
    params.add("both", 0.1, min=-1.0, max=1.0, brute_step=0.25)
    params.add("infinite", math.inf)
    params.add("unset")
    params.add("tied", expr="plain*speed + table[1]", min=-100)
    params.add("data", 1.0, user_data={"range": (0.0, math.inf), "nested": [None, True, {"x": "y"}]})
    params["plain"].stderr = 0.01
    params["plain"].correl = {"both": -0.5, "data": math.nan}
    params["both"].stderr = math.inf
    params["plain"].value = 1.75  # no longer the initial value
    return params


def loaded(name, **usersyms):
    return Parameters(usersyms or None).loads((DATA / f"lmfit_1x_{name}.json").read_text())


# Our own format.


def test_text_is_strict_json_with_a_version():
    data = strict(everything().dumps())
    assert data["version"] == 2
    assert data["unique_symbols"] == {"speed": 2.5, "table": [1, 2.5]}
    assert data["params"][0][:6] == ["plain", 1.75, True, None, None, None]


def test_round_trip_keeps_everything():
    params = everything()
    again = Parameters().loads(params.dumps())
    assert list(again) == list(params)
    assert state(again) == state(params)
    assert again["tied"].value == 1.75 * 2.5 + 2.5
    assert again["data"].user_data == {"range": (0.0, math.inf), "nested": [None, True, {"x": "y"}]}
    assert again.dumps() == params.dumps()


def test_dump_and_load_use_open_files():
    params, file = everything(), io.StringIO()
    assert params.dump(file, indent=1) == len(file.getvalue())
    file.seek(0)
    assert state(Parameters().load(file)) == state(params)


def test_keywords_go_to_json():
    params = create_params(a=1)
    assert "\n  " in params.dumps(indent=2)
    assert Parameters().loads(params.dumps(), parse_int=float)["a"].value.hex() == "0x1.0000000000000p+0"


@pytest.mark.parametrize("expr", ["missing + 1", "1j*a", "sqrt(-a)", "b"])
def test_a_tie_without_a_value_is_stored_without_one(expr):
    params = create_params(a=1, b={"expr": expr})
    again = Parameters().loads(params.dumps())
    strict(params.dumps())
    assert (again["b"].expr, again["b"].vary) == (expr, False)
    assert repr(again) == repr(params)


def test_functions_among_the_symbols_are_lost_with_a_warning():
    params = Parameters({"double": lambda x: 2 * x, "kept": 1.5, "other": print})
    with pytest.warns(FitWarning, match=r"'double', 'other'.*usersyms") as caught:
        text = params.dumps()
    assert caught[0].filename == __file__
    assert strict(text)["unique_symbols"] == {"kept": 1.5}


def test_symbols_given_before_loading_stay():
    text = create_params(a=2, b={"expr": "double(a)"}).dumps()
    again = Parameters({"double": lambda x: 2 * x}).loads(text)
    assert again["b"].value == 4


def test_the_interpreter_leaves_nothing_behind():
    params = create_params(a=1, b={"expr": "2*a"})
    text = params.dumps()
    params._asteval("a + b")
    assert params.dumps() == text


@pytest.mark.parametrize("thing", [..., {1: 2}, {"x": print}, [1, {2}], np.array([None])], ids=repr)
def test_user_data_that_is_no_plain_data_is_refused(thing):
    params = create_params(a=1, b={"value": 2, "user_data": thing})
    with pytest.raises(ParameterError, match=r"'b': user_data .* convert or remove"):
        params.dumps()


def test_user_data_in_a_circle_is_refused():
    params, circle = create_params(a=1), []
    circle.append(circle)
    params["a"].user_data = circle
    with pytest.raises(ParameterError, match="'a': user_data"):
        params.dumps()


def test_numpy_numbers_are_numbers():
    params = create_params(a=np.float32(0.5), b=np.int64(3))
    params["a"].stderr, params["a"].correl = np.float64(0.1), {"b": np.float32(0.25)}
    params["b"].user_data = [np.float64(2.5), np.int8(1), np.bool_(True)]
    again = Parameters().loads(params.dumps())
    assert again["a"].correl == {"b": 0.25}
    assert again["b"].user_data == [2.5, 1, True]


# Plain data.

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.just("__class__"), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(PLAIN)
def test_plain_data_round_trip(value):
    again = decoded(strict(json.dumps(encoded(value), allow_nan=False)))
    assert repr(again) == repr(value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.array([0.5, math.inf, math.nan], np.float32),
        np.array([[1 + 2j, math.inf]]),
        np.array([True, False]),
        np.empty((0, 3)),
        np.array(1.5),
    ],
    ids=repr,
)
def test_arrays_round_trip(array):
    again = decoded(strict(json.dumps(encoded(array), allow_nan=False)))
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(again, array)


def test_what_is_not_plain():
    assert not any(map(is_plain, (print, object(), b"", {1}, {1: 2}, np.array(["x"]), np.datetime64("2020"))))


# Texts that are not what dumps() writes.

ROW = '["a", 1, true, null, 0, 5, null, null, null, null, null]'


def wrapped(row, symbols="{}", version=2):
    return f'{{"version": {version}, "unique_symbols": {symbols}, "params": [{row}]}}'


HOSTILE = {
    "empty": "",
    "truncated": wrapped(ROW)[:-5],
    "not an object": "[1, 2]",
    "no params": '{"version": 2}',
    "params no list": '{"params": {"a": 1}}',
    "unknown version": wrapped(ROW, version=3),
    "odd version": wrapped(ROW, version='["2"]'),
    "deep": "[" * 100_000,
    "deep data": wrapped(
        '["a", 1, true, null, 0, 5, null, null, null, null, ' + "[" * 5000 + "]" * 5000 + "]"
    ),
    "huge integer": wrapped('["a", ' + "9" * 5000 + ", true, null, 0, 5]"),
    "big integer": wrapped('["a", ' + "9" * 500 + ", true, null, 0, 5]"),
    "row no list": wrapped('{"name": "a"}'),
    "short row": wrapped('["a", 1]'),
    "name no text": wrapped(ROW.replace('"a"', "5")),
    "name a list": wrapped(ROW.replace('"a"', "[]")),
    "name null": wrapped(ROW.replace('"a"', "null")),
    "name reserved": wrapped(ROW.replace('"a"', '"lambda"')),
    "twice": wrapped(f"{ROW}, {ROW}"),
    "value text": wrapped(ROW.replace("1,", '"1",', 1)),
    "value nan": wrapped(ROW.replace("1,", "NaN,", 1)),
    "value true": wrapped(ROW.replace("1,", "true,", 1)),
    "value list": wrapped(ROW.replace("1,", "[1],", 1)),
    "vary text": wrapped(ROW.replace("true", '"False"')),
    "crossed": wrapped(ROW.replace("0, 5", "5, 0")),
    "expr number": wrapped(ROW.replace("true, null", "false, 5")),
    "expr broken": wrapped(ROW.replace("true, null", 'false, "a+"')),
    "expr attack": wrapped(ROW.replace("true, null", "false, \"__import__('os').system('x')\"")),
    "stderr text": wrapped('["a", 1, true, null, 0, 5, null, "x"]'),
    "correl list": wrapped('["a", 1, true, null, 0, 5, null, null, [1]]'),
    "correl text": wrapped('["a", 1, true, null, 0, 5, null, null, {"b": "x"}]'),
    "init_value text": wrapped('["a", 1, true, null, 0, 5, null, null, null, "x"]'),
    "symbols list": wrapped(ROW, "[]"),
    "symbols tuple": wrapped(ROW, '{"__class__": "Tuple", "value": []}'),
    "unknown class": wrapped(ROW, '{"f": {"__class__": "Callable", "value": "gASV"}}'),
    "class a list": wrapped(ROW, '{"f": {"__class__": ["Tuple"], "value": []}}'),
    "float text": wrapped(ROW, '{"f": {"__class__": "Float", "value": "1e5"}}'),
    "float list": wrapped(ROW, '{"f": {"__class__": "Float", "value": []}}'),
    "array of objects": wrapped(
        ROW, '{"f": {"__class__": "NDArray", "__dtype__": "O", "__shape__": [1], "value": [1]}}'
    ),
    "array too big": wrapped(
        ROW, '{"f": {"__class__": "NDArray", "__dtype__": "f8", "__shape__": [1000000000], "value": [1]}}'
    ),
    "array without shape": wrapped(ROW, '{"f": {"__class__": "NDArray", "__dtype__": "f8", "value": [1]}}'),
    "ragged complex array": wrapped(
        ROW, '{"f": {"__class__": "NDArray", "__dtype__": "c16", "__shape__": [1], "value": [1]}}'
    ),
    "1.x symbols list": wrapped(ROW, "[]", version=1),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_and_changes_nothing(text):
    params = everything()
    before, symbols = state(params), params._namespace.user_symbols()
    objects = list(params.values())
    with pytest.raises(ParameterError, match="parameters cannot be read"):
        params.loads(text)
    assert state(params) == before
    assert params._namespace.user_symbols() == symbols
    assert all(par is old for par, old in zip(params.values(), objects, strict=True))


def test_the_parameter_that_is_to_blame_is_named():
    with pytest.raises(ParameterError, match=r"cannot be read: parameter 'a': min \(5\) must be below"):
        Parameters().loads(HOSTILE["crossed"])


@given(st.data())
def test_damaged_text_gives_parameters_or_an_error_of_ours(data):
    text = everything().dumps()
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 12)))
    damaged = text[:start] + data.draw(st.text('[]{}",:0e-nul', max_size=3)) + text[stop:]
    with suppress(ParameterError):
        repr(Parameters().loads(damaged))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=8))
def test_other_json_gives_an_error_of_ours(value):
    for data in (value, {"params": value}, {"params": [["a", value, value, value, value, value]]}):
        with suppress(ParameterError):
            Parameters().loads(json.dumps(data))


# What lmfit 1.x wrote.


def test_file_of_1x():
    params = loaded("plain")
    assert list(params) == ["amp", "cen", "low", "unset", "wid", "area"]
    amp, cen, low, unset, wid, area = params.values()
    assert (amp.value, amp.min, amp.max, amp.vary, amp.brute_step) == (10.5, 0, 20, True, 0.5)
    assert (cen.value, cen.vary, cen.min, cen.max) == (2, False, -math.inf, math.inf)
    assert cen.user_data == {"unit": "eV", "range": [0, math.inf]}
    assert (low.value, low.min, low.max) == (-3.0, -math.inf, 0)
    assert unset.value is None
    assert (wid.expr, wid.vary, wid.min, wid.value) == ("amp/cen", False, 1, 5.25)
    assert area.value == pytest.approx(math.sqrt(2 * math.pi) * 10.5 * 5.25)
    amp.value = 1.0
    assert wid.value == 1  # the bound


def test_file_of_1x_after_a_fit():
    params = loaded("fitted")
    slope = params["slope"]
    assert slope.stderr > 0
    assert -1 < slope.correl["offset"] == params["offset"].correl["slope"] < 0
    assert slope.init_value == 1.0 != slope.value
    assert params["root"].value == -params["offset"].value / slope.value
    assert params["fixed"].stderr == 0
    assert state(Parameters().loads(params.dumps())) == state(params)


def test_symbols_of_1x():
    with pytest.warns(FitWarning, match="symbols 'double' were stored by lmfit 1.x as code") as caught:
        params = loaded("symbols")
    assert len(caught) == 1
    symbols = params._namespace.user_symbols()
    assert sorted(symbols) == ["curve", "pair", "speed", "steps"]
    assert (symbols["speed"], symbols["steps"], symbols["pair"]) == (299792458.0, [1, 2, 3], (1.5, 2))
    np.testing.assert_array_equal(symbols["curve"], [0.5, 1.5])
    assert params["c"].value == 299792458.0 * 1.5 + 2
    with pytest.raises(MinimizerException, match=r"parameter 'b'.*unknown name 'double'"):
        _ = params["b"].value


def test_symbols_of_1x_that_are_given_again():
    params = loaded("symbols", double=lambda x: 2 * x)
    assert params["b"].value == 3.0


def test_parameters_of_a_model_of_1x():
    params = loaded("voigt")
    assert params["v_fwhm"].value == pytest.approx(3.6012906381881353)
    assert params["v_height"].value == pytest.approx(0.20870928052036772)
    assert not params._namespace.user_symbols()


def test_pickles_in_files_of_1x_are_never_decoded(monkeypatch):
    def refuse(*args, **kws):
        raise AssertionError("a pickle was decoded")

    for name in ("loads", "load", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    with pytest.warns(FitWarning, match="double"):
        loaded("symbols")


def test_loading_replaces_parameters_in_place():
    params = Parameters({"k": 3.0})
    params.add("old", 1.0)
    old = params["old"]
    assert params.loads(create_params(new={"expr": "k"}).dumps()) is params
    assert list(params) == ["new"]
    assert params["new"].value == 3.0
    other = Parameters()
    other["moved"] = old  # it is free again
    assert other["moved"] is old


def test_a_parameter_without_a_value_stays_so():
    params = Parameters()
    params.add("a")
    params["b"] = Parameter(-math.inf)
    again = Parameters().loads(params.dumps())
    assert (again["a"].value, again["b"].value) == (None, -math.inf)
