"""Model and CompositeModel: signatures, hints, parameters, curves, and what their errors say."""

import functools
import inspect
import math
import operator
from typing import Annotated

import numpy as np
import pytest

from lmfit import Parameter, Parameters
from lmfit.errors import FitWarning, NonFiniteError
from lmfit.lineshapes import gaussian, linear
from lmfit.model import CompositeModel, Model, ModelCallError, ModelError, ModelNameError

X = np.linspace(0, 5, 21)
Y = 3 * X + 1 + 0.01 * np.sin(37 * X)


def line(x, a, b=2.0):
    return a * x + b


def fails(x, c):
    raise ValueError("mine")


def peak_and_line():
    return Model(gaussian, prefix="g_") + Model(linear, prefix="l_")


class TestSignature:
    def test_first_argument_is_the_variable_the_others_are_parameters(self):
        model = Model(line)
        assert model.independent_vars == ["x"]
        assert model.param_names == ["a", "b"]
        assert model.def_vals == {"b": 2.0}
        assert model._func_allargs == ["x", "a", "b"]
        assert not model._func_haskeywords

    def test_defaults_that_are_no_numbers_make_options(self):
        def f(x, a, b=2, flag=True, kind="sine", other=None):
            return a * x

        model = Model(f)
        assert model.param_names == ["a", "b"]
        assert model.independent_vars == ["x", "flag", "kind", "other"]
        assert model.independent_vars_defvals == {"flag": True, "kind": "sine", "other": None}

    def test_independent_vars_are_taken_as_said(self):
        def f(x, y=None, a=1, kind="s"):
            return x * a

        model = Model(f, independent_vars=["x"])
        assert (model.independent_vars, model.param_names) == (["x"], ["a"])

    def test_any_argument_can_be_the_variable(self):
        model = Model(lambda a, t, b: a * t + b, independent_vars=["t"])
        assert model.param_names == ["a", "b"]
        assert model.eval(t=2.0, a=3, b=1) == 7

    def test_param_names_leave_the_others_at_their_defaults(self):
        model = Model(line, param_names=["a"])
        assert model.param_names == ["a"]
        assert model.eval(x=np.arange(3.0), a=3).tolist() == [2, 5, 8]

    def test_keyword_only_arguments(self):
        def f(x, a, *, b=1, c):
            return a * x + b * c

        model = Model(f)
        assert model.param_names == ["a", "b", "c"]
        assert model.eval(x=2.0, a=3, b=4, c=5) == 26

    def test_a_function_with_any_keywords_takes_any_parameters(self):
        model = Model(lambda x, **kws: kws["a"] * x + kws["b"], param_names=["a", "b"])
        assert model.eval(x=2, a=3, b=1) == 7

    @pytest.mark.parametrize("name", ["__call__", "method"])
    def test_objects_and_methods(self, name):
        class Line:
            def __call__(self, x, a=1, b=2):
                return a * x + b

            method = __call__

        model = Model(Line() if name == "__call__" else Line().method)
        assert model.param_names == ["a", "b"]
        assert model.eval(x=2.0) == 4

    def test_partial_functions(self):
        assert Model(functools.partial(line, b=4)).make_params()["b"].value == 4

    def test_functions_that_cannot_be_hashed(self):
        class Line:
            __hash__ = None

            def __call__(self, x, a, b=2.0):
                return a * x + b

        expected = Model(line).fit(Y, x=X, a=1).best_values
        assert Model(Line()).param_names == ["a", "b"]
        for method in ("leastsq", "varpro"):
            assert Model(Line()).fit(Y, x=X, a=1, method=method).best_values == pytest.approx(expected)

    def test_functions_made_in_the_interpreter(self):
        params = Parameters()
        params._asteval("def line(x, a, b=2):\n    return a*x + b")
        model = Model(params._asteval.symtable["line"])
        assert (model.independent_vars, model.param_names, model.def_vals) == (["x"], ["a", "b"], {"b": 2})
        expected = Model(line).fit(Y, x=X, a=1).best_values
        assert model.fit(Y, x=X, a=1).best_values == pytest.approx(expected)

    def test_functions_that_do_not_say_what_they_take(self):
        with pytest.raises(ModelError, match=r"arguments of 'max' are not known .* wrap it in a function"):
            Model(max)

    def test_any_name_is_for_a_function_that_takes_all(self):
        model = Model(lambda x, amplitude, **others: amplitude * x + others.get("amplitud", 0))
        assert model.eval(x=1, amplitude=2, amplitud=5) == 7

    def test_a_parameter_as_default_is_a_hint(self):
        hint = Parameter("any", 3, min=0)
        params = Model(lambda x, a=hint: a * x).make_params()
        assert (params["a"].name, params["a"].value, params["a"].min) == ("a", 3, 0)

    def test_hints_in_defaults_and_annotations(self):
        def f(x, a: dict(value=3, min=0), b=dict(value=2, vary=False), c: Annotated[float, {"max": 9}] = 1.0):  # noqa: B006, C408
            return a * x + b + c

        params = Model(f).make_params()
        assert (params["a"].value, params["a"].min) == (3, 0)
        assert (params["b"].value, params["b"].vary) == (2, False)
        assert (params["c"].value, params["c"].max) == (1.0, 9)

    def test_postponed_annotations_are_read(self):
        namespace = {}
        exec(
            "from __future__ import annotations\ndef f(x, a: dict(min=0), b: Unknown = 1): return a*x",
            namespace,
        )
        exec("from __future__ import annotations\ndef g(x, a: dict(min=0)): return a*x", namespace)
        assert Model(namespace["f"]).param_names == ["a", "b"]
        assert Model(namespace["g"]).make_params()["a"].min == 0

    @pytest.mark.parametrize(
        "func, kws, message",
        [
            (lambda x, *args: x, {}, r"takes '\*args'"),
            (math.sin, {}, "by position only"),
            (
                line,
                {"independent_vars": ["t"]},
                "independent variable 't' is no argument of the function 'line'",
            ),
            (line, {"param_names": ["aa"]}, "parameter 'aa' is no argument.*its arguments are x, a, b"),
            (lambda x, data: x, {}, "argument 'data', which is an argument of Model.fit"),
            (line, {"prefix": "1_"}, "prefix '1_' must begin like a name"),
            (line, {"colour": 3}, "'colour', which is no argument"),
            (line, {"nan_policy": "omitt"}, "did you mean 'omit'"),
            (line, {"independent_vars": 3}, "independent_vars must be a list of names, not 3"),
            (line, {"param_names": "slope"}, "param_names must be a list of names, not 'slope'"),
        ],
    )
    def test_what_cannot_be_a_model(self, func, kws, message):
        with pytest.raises(ModelError, match=message):
            Model(func, **kws)

    def test_what_is_no_function(self):
        with pytest.raises(TypeError, match="must be a function, not 3"):
            Model(3)
        with pytest.raises(TypeError, match="dfunc must be a function"):
            Model(line, dfunc=3)

    def test_help_shows_the_arguments_of_the_constructor(self):
        assert list(inspect.signature(Model).parameters)[:3] == ["func", "independent_vars", "param_names"]
        assert list(inspect.signature(CompositeModel).parameters)[:3] == ["left", "right", "op"]


class TestOptions:
    def test_options_of_the_constructor_are_used(self):
        def f(x, a, kind="up"):
            return a * x if kind == "up" else -a * x

        model = Model(f, kind="down")
        assert model.opts == {"kind": "down"}
        assert model.eval(x=2.0, a=3) == -6
        assert model.eval(x=2.0, a=3, kind="up") == 6
        assert "kind='down'" in repr(model)
        assert "kind" not in model.name

    def test_a_number_fixes_a_parameter(self):
        model = Model(line, b=5)
        assert model.param_names == ["a"]
        assert model.eval(x=1.0, a=2) == 7

    def test_a_dictionary_is_a_hint(self):
        assert Model(line, b={"value": 3, "min": 0}).make_params(a=1)["b"].min == 0
        assert not Model(line, b=Parameter("b", 3, vary=False)).make_params(a=1)["b"].vary


class TestHints:
    def test_hints_are_kept_without_prefix(self):
        model = Model(line, prefix="p_")
        model.set_param_hint("a", value=3, min=0)
        model.set_param_hint("p_b", vary=False)
        model.set_param_hint("a", max=10)
        assert model.param_hints == {"a": {"value": 3, "min": 0, "max": 10}, "b": {"vary": False}}

    def test_unknown_hints_are_refused(self):
        with pytest.raises(ModelError, match="no hint 'mn'; did you mean 'min'"):
            Model(line).set_param_hint("a", mn=3)

    @pytest.mark.parametrize(
        "name, hint, message",
        [
            ("a", {"min": "x"}, "parameter 'a': min must be a real number"),
            ("a", {"min": 3, "max": 1}, "parameter 'a': min .3. must be below max .1."),
            (3, {"value": 1}, "needs the name of a parameter, not 3"),
        ],
    )
    def test_hints_that_would_fail_later(self, name, hint, message):
        with pytest.raises(ValueError, match=message):
            Model(line).set_param_hint(name, **hint)

    def test_names_that_are_no_arguments_make_further_parameters(self):
        model = Model(line, prefix="p_")
        model.set_param_hint("twice", expr="2*p_a")
        assert model.make_params(a=3)["p_twice"].value == 6

    def test_expressions_follow_the_prefix(self):
        model = Model(line, prefix="p_")
        model.set_param_hint("twice", expr="2*p_a + p_b")
        model.prefix = "q_"
        assert model.param_names == ["q_a", "q_b"]
        assert model.make_params(a=3)["q_twice"].value == 8
        assert model.copy(prefix="").make_params(a=3)["twice"].value == 8

    def test_hints_of_parts_are_those_of_the_composite(self):
        model = peak_and_line()
        model.left.set_param_hint("sigma", min=0)
        model.set_param_hint("g_sigma", max=3)
        model.param_hints["l_slope"] = {"vary": False}
        assert dict(model.param_hints) == {"g_sigma": {"min": 0, "max": 3}, "l_slope": {"vary": False}}
        params = model.make_params()
        assert (params["g_sigma"].min, params["g_sigma"].max) == (0, 3)
        assert not params["l_slope"].vary
        assert model.left.param_hints == {"sigma": {"min": 0}}
        assert len(model.param_hints) == 2
        assert repr(model.param_hints) == "{'g_sigma': {'min': 0, 'max': 3}, 'l_slope': {'vary': False}}"
        del model.param_hints["l_slope"]
        assert model.make_params()["l_slope"].vary
        with pytest.raises(KeyError, match="l_slope"):
            del model.param_hints["l_slope"]

    def test_a_new_prefix_of_a_part_reaches_the_composite(self):
        model = peak_and_line()
        model.left.set_param_hint("sigma", min=0)
        model.left.prefix = "h_"
        assert model.param_names[:3] == ["h_amplitude", "h_center", "h_sigma"]
        assert model.make_params()["h_sigma"].min == 0

    def test_they_can_be_printed(self, capsys):
        model = Model(line)
        model.set_param_hint("a", value=3, expr="b*2")
        model.print_param_hints()
        assert capsys.readouterr().out.split() == ["Name", "Value", "Min", "Max", "Vary", "Expr", "a", "3",
                                                   "-inf", "inf", "True", "b*2"]  # fmt: skip


class TestMakeParams:
    def test_values_dictionaries_and_parameters(self):
        params = Model(line).make_params(a={"value": 3, "min": 0}, b=Parameter("q", 4, max=5))
        assert (params["a"].value, params["a"].min) == (3, 0)
        assert (params["b"].value, params["b"].max, params["b"].name) == (4, 5, "b")

    def test_names_may_lack_the_prefix_but_full_names_win(self):
        model = Model(line, prefix="p_")
        assert model.make_params(a=3)["p_a"].value == 3
        assert model.make_params(a=3, p_a=4)["p_a"].value == 4

    def test_a_value_wins_over_an_expression(self):
        model = Model(line)
        model.set_param_hint("b", expr="2*a")
        assert model.make_params(a=3)["b"].value == 6
        assert model.make_params(a=3, b=1)["b"].expr is None
        assert model.make_params(a=3, b={"expr": "3*a"})["b"].value == 9

    def test_what_has_no_default_has_no_value(self):
        assert Model(line).make_params()["a"].value is None

    def test_misspelt_names_are_found(self):
        with pytest.raises(
            ModelCallError, match="no parameter or variable 'amplitud'; did you mean 'amplitude'"
        ):
            Model(gaussian).make_params(amplitud=3)

    def test_they_can_be_printed(self, capsys):
        Model(line).make_params(verbose=True)
        assert capsys.readouterr().out == ' - Adding parameter "a"\n - Adding parameter "b"\n'


class TestEval:
    def test_values_by_name_win_over_params(self):
        model = Model(line)
        params = model.make_params(a=1, b=2)
        assert model.eval(params, x=1.0) == 3
        assert model.eval(params, x=1.0, a=10) == 12
        assert model.eval({"a": 5, "b": 0}, x=1.0) == 5

    def test_defaults_of_the_function_and_of_hints(self):
        model = Model(line)
        assert model.eval(x=1.0, a=1) == 3
        model.set_param_hint("b", value=7)
        assert model.eval(x=1.0, a=1) == 8

    def test_lists_are_arrays(self):
        assert Model(line).eval(x=[1, 2], a=1).tolist() == [3, 4]

    def test_tied_parameters_are_evaluated(self):
        model = Model(line)
        params = model.make_params(a=1, b={"expr": "10*a"})
        assert model.eval(params, x=0.0) == 10

    def test_parameters_of_other_models_are_ignored(self):
        values = peak_and_line().make_params().valuesdict()
        assert Model(linear, prefix="l_").eval(x=2.0, **values) == 2

    @pytest.mark.parametrize(
        "kws, message",
        [
            ({"x": 1.0}, "no value for 'a'"),
            ({"a": 1.0}, "the independent variable 'x' is missing"),
            ({"a": 1.0, "xx": 1.0}, "no parameter or variable 'xx'|'x' is missing"),
        ],
    )
    def test_what_is_missing_is_named(self, kws, message):
        with pytest.raises(ModelCallError, match=message):
            Model(line).eval(**kws)

    def test_function_arguments_by_name(self):
        model = Model(line, prefix="p_")
        params = model.make_params(a=3)
        assert model.make_funcargs(params, {"x": 5}) == {"x": 5, "a": 3, "b": 2.0}
        assert model.make_funcargs(params, {"x": 5, "p_a": 4})["a"] == 4
        assert model._make_all_args(params, x=5) == {"p_x": 5, "p_a": 3, "p_b": 2.0}
        both = model + Model(linear, prefix="l_")
        given = both._make_all_args(params, x=5, l_slope=7, l_intercept=8)
        assert given == {"p_x": 5, "p_a": 3, "p_b": 2.0, "l_x": 5, "l_slope": 7, "l_intercept": 8}
        assert both._param_names == both.param_names == ["p_a", "p_b", "l_slope", "l_intercept"]

    def test_a_subclass_may_evaluate_as_it_likes(self):
        class Shifted(Model):
            def eval(self, params=None, **kwargs):
                return super().eval(params, **kwargs) + 100

        class Doubled(Model):
            def make_funcargs(self, params=None, kwargs=None, strip=True):
                found = super().make_funcargs(params, kwargs, strip)
                return {**found, "a": 2 * found["a"]}

        assert Shifted(line).eval(x=1.0, a=1) == 103
        assert (Shifted(line) + Model(linear, prefix="l_")).eval(x=1.0, a=1) == 104
        assert Doubled(line).eval(x=1.0, a=1) == 4
        assert Model(linear).differentiable
        assert not Shifted(linear).differentiable
        result = Shifted(line).fit(Y, x=X, a=1)
        assert result.params["b"].value == pytest.approx(1 - 100, abs=0.01)
        assert Doubled(line).fit(Y, x=X, a=1).params["a"].value == pytest.approx(1.5, abs=0.01)


class TestComposite:
    def test_curves_and_numbers_add_up(self):
        model = (
            Model(gaussian) + Model(lambda x, c: c) - Model(lambda x, d: np.float32(d)) + Model(lambda e: e)
        )
        values = {"amplitude": 2.0, "center": 1.0, "sigma": 0.5}
        found = model.eval(x=X, **values, c=4.0, d=2.5, e=1)
        np.testing.assert_allclose(found, gaussian(X, **values) + 2.5, rtol=1e-14)

    def test_values_of_all_operators(self):
        one, two = Model(line), Model(linear, prefix="l_")
        values = {"a": 3.0, "b": 1.0, "l_slope": 2.0, "l_intercept": 5.0}
        left, right = one.eval(x=X, a=3.0, b=1.0), two.eval(x=X, l_slope=2.0, l_intercept=5.0)
        for combine in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow):
            assert combine(one, two).eval(x=X, **values) == pytest.approx(combine(left, right))
        assert CompositeModel(one, two, np.maximum).eval(x=X, **values) == pytest.approx(
            np.maximum(left, right)
        )

    def test_nested_signs(self):
        parts = [Model(line, prefix=f"m{i}_") for i in range(4)]
        model = parts[0] - (parts[1] - (parts[2] + parts[3]))
        values = {f"m{i}_{name}": 10.0**i for i in range(4) for name in ("a", "b")}
        assert model.eval(x=0.0, **values) == 1 - (10 - (100 + 1000))

    def test_the_first_curve_is_not_changed(self):
        kept = np.ones(3)
        model = Model(lambda x, a: kept) + Model(linear, prefix="l_") + Model(linear, prefix="m_")
        model.eval(x=np.zeros(3), a=1, l_intercept=1.0, m_intercept=1.0)
        assert kept.tolist() == [1, 1, 1]

    def test_description(self):
        model = peak_and_line()
        assert model.name == "(Model(gaussian, prefix='g_') + Model(linear, prefix='l_'))"
        assert [part.prefix for part in model.components] == ["g_", "l_"]
        assert (model.left, model.right) == tuple(model.components)
        assert model.op is operator.add
        assert model.independent_vars == ["x"]
        assert "maximum" in repr(CompositeModel(model.left, model.right, np.maximum))

    def test_components_by_prefix_or_name(self):
        model = Model(gaussian) + Model(linear, prefix="l_")
        parts = model.eval_components(x=X, center=2.0, l_slope=3.0)
        assert list(parts) == ["gaussian", "l_"]
        assert sum(parts.values()) == pytest.approx(model.eval(x=X, center=2.0, l_slope=3.0))

    def test_parts_may_have_different_variables(self):
        model = Model(lambda x, a: a * x) + Model(lambda t, b: b * t, prefix="q_")
        assert model.independent_vars == ["x", "t"]
        assert model.eval(x=1.0, t=2.0, a=3, q_b=5) == 13

    def test_equal_names_are_refused(self):
        with pytest.raises(ModelNameError, match=r"both have 'a', 'b'; give them different prefixes"):
            Model(line) + Model(line)
        with pytest.raises(NameError):
            Model(line) + Model(line)

    @pytest.mark.parametrize("right, op", [(3, operator.add), (Model(linear), 3)])
    def test_what_cannot_be_combined(self, right, op):
        with pytest.raises(ModelError, match="3"):
            CompositeModel(Model(line), right, op)

    def test_long_sums_need_no_recursion(self):
        model = Model(line, prefix="p0_")
        for i in range(1, 1500):
            model = model + Model(line, prefix=f"p{i}_")
        assert model.eval(x=1.0, **dict.fromkeys(model.param_names, 1.0)) == 3000
        assert len(model.make_params()) == 3000
        assert len(model.copy().components) == 1500
        assert model.name.count("Model") == 1500

    def test_copies_are_independent(self):
        model = peak_and_line()
        model.set_param_hint("g_sigma", min=0)
        other = model.copy()
        other.left.prefix = "h_"
        other.set_param_hint("l_slope", min=0)
        assert model.param_names[0] == "g_amplitude"
        assert "l_slope" not in model.param_hints

    def test_post_fit_is_called_for_all_parts(self):
        class Noting(Model):
            def post_fit(self, fitresult):
                fitresult.notes = [*getattr(fitresult, "notes", []), self.prefix]

        model = Noting(linear, prefix="a_") + Noting(gaussian, prefix="b_")
        assert model.fit(Y, x=X, b_center=2.0).notes == ["a_", "b_"]


class TestCopy:
    def test_keeps_hints_and_settings(self):
        model = Model(line, prefix="a_", nan_policy="omit", name="mine")
        model.set_param_hint("a", min=0)
        other = model.copy(prefix="b_")
        other.set_param_hint("a", max=1)
        assert other.param_names == ["b_a", "b_b"]
        assert (other.nan_policy, other.name) == ("omit", "Model(mine, prefix='b_')")
        assert model.param_hints["a"] == {"min": 0}

    def test_settings_given_to_the_copy_win(self):
        other = Model(line, nan_policy="omit", name="mine").copy(nan_policy="propagate", name="yours")
        assert (other.nan_policy, other.name) == ("propagate", "Model(yours)")


class TestFitArguments:
    def test_variables_of_other_shapes_reach_the_function_as_they_are(self):
        seen = {}

        def curve(x, a, table, ragged, things):
            seen.update(table=table, ragged=ragged, things=things)
            return a * x + table[3]

        data = np.where(np.arange(21) == 3, np.nan, 3 * X + 3)
        given = {"table": np.arange(7.0), "ragged": [[1, 2], [3]], "things": np.array([None, seen])}
        model = Model(curve, independent_vars=["x", *given])
        assert model.fit(data, x=X, a=1, nan_policy="omit", **given).best_values["a"] == pytest.approx(3)
        assert all(seen[name] is value for name, value in given.items())

    def test_params_are_left_alone(self):
        model = Model(line)
        params = model.make_params(a=1)
        before = params.copy()
        result = model.fit(Y, params, x=X)
        assert params == before
        assert result.params["a"].value == pytest.approx(3, abs=1e-3)
        assert result.init_params == before

    def test_values_win_over_params(self):
        params = Model(line).make_params(a=1, b=2)
        result = Model(line).fit(Y, params, x=X, a=7, b=Parameter("b", 3, vary=False))
        assert result.init_values == {"a": 7, "b": 3}
        assert not result.params["b"].vary

    def test_a_dictionary_of_values(self):
        assert Model(line).fit(Y, {"a": 1}, x=X).params["a"].value == pytest.approx(3, abs=1e-3)

    @pytest.mark.parametrize(
        "call, message",
        [
            (lambda model: model.fit(Y, x=X), "no start value for 'a'; give it by name, a=..."),
            (lambda model: model.fit(Y, a=1), "the independent variable 'x' is missing"),
            (lambda model: model.fit(Y, Parameters(), x=X), "params have no 'a', 'b'"),
            (lambda model: model.fit(Y, x=X[:-1], a=1), r"shape \(20,\), but the data have shape \(21,\)"),
            (lambda model: model.fit(Y, x=X, a=1, weights=[1, 2]), r"weights have shape \(2,\)"),
            (lambda model: model.fit(None, x=X, a=1), "data is None"),
            (lambda model: model.fit([], x=[], a=1), r"data have shape \(0,\)"),
            (lambda model: model.fit(["p", "q"], x=X, a=1), "data must be numbers"),
            (lambda model: model.fit(np.array(["2020-01-01"], "M8[D]"), x=X, a=1), "times are no numbers"),
            (lambda model: model.fit(Y, x=X, a=1, weights="x"), "weights must be numbers"),
            (lambda model: model.fit(Y, x=None, a=1), "the independent variable 'x' is None"),
            (
                lambda model: model.fit(Y, 3, x=X),
                "params must be Parameters or a dictionary.*, not 3",
            ),
            (lambda model: model.eval(3, x=X), "params must be Parameters"),
            (lambda model: model.fit(Y, x=X, a=1, fit_kws=3), "fit_kws must be a dictionary, not 3"),
            (lambda model: Model(lambda x, a: None).fit(Y, x=X, a=1), "returned None"),
            (lambda model: Model(lambda x, a: "text").fit(Y, x=X, a=1), "values of type .*, not a curve"),
            (
                lambda model: (model + Model(lambda x, c: [[c], [c, c]])).fit(Y, x=X, a=1, c=1),
                "values of type list, not a curve",
            ),
            (lambda model: (model + Model(fails)).fit(Y, x=X, a=1, c=1), r"^mine$"),
            (
                lambda model: model.fit(Y, x=X, a=1, sigma=1, covariance=np.eye(21)),
                "sigma and covariance say",
            ),
            (lambda model: model.fit(Y, x=X, a=1, sigma=0.0), "must be above 0"),
            (lambda model: model.fit(Y, x=X, a=1, sigma=-X - 1), "must be above 0, but is -1.0 at index 0"),
            (lambda model: model.fit(Y, x=X, a=1, covariance=np.eye(3)), r"covariance has shape \(3, 3\)"),
            (lambda model: model.fit(Y, x=X, a=1, covariance=-np.eye(21)), "positive definite"),
            (lambda model: model.fit(Y, x=X, a=1, covariance=1j * np.eye(21)), "must be real"),
            (
                lambda model: model.fit(Y, x=X, a=1, weights=1j * Y),
                "weights are complex, but the data are real",
            ),
            (lambda model: model.fit(Y, x=X, a=1, nan_policy="drop"), "nan_policy"),
        ],
    )
    def test_errors_say_what_is_wrong(self, call, message):
        with pytest.raises(ValueError, match=message):
            call(Model(line))

    def test_names_that_look_misspelt_are_refused(self):
        with pytest.raises(ModelCallError, match="did you mean 'amplitude'"):
            Model(gaussian).fit(Y, x=X, amplitud=3)

    def test_names_that_belong_elsewhere_are_ignored_with_a_warning(self):
        with pytest.warns(FitWarning, match="'zz' is no parameter or variable of Model"):
            Model(line).fit(Y, x=X, a=1, zz=3)

    def test_sigma_is_a_parameter_where_the_model_has_one(self):
        model = Model(gaussian)
        assert model.fit(Y, x=X, sigma=2.0, center=3.0).init_values["sigma"] == 2.0
        assert model.fit(Y, x=X, sigma=np.full(21, 2.0), center=3.0).weights.tolist() == [0.5] * 21
        assert Model(line).fit(Y, x=X, sigma=2.0, a=1).weights == 0.5

    def test_options_of_the_engine(self):
        assert Model(line).fit(Y, x=X, a=1, fit_kws={"xtol": 1e-3}).call_kws["xtol"] == 1e-3
        with pytest.raises(TypeError, match="'tolerance'"):
            Model(line).fit(Y, x=X, a=1, fit_kws={"tolerance": 1e-3})

    def test_limits_and_callback(self):
        seen = []

        def watch(params, iteration, residual, data, weights, **variables):
            seen.append((data is not None, weights, list(variables)))
            return iteration >= 3

        result = Model(line).fit(Y, x=X, a=1, iter_cb=watch)
        assert result.aborted
        assert seen[0] == (True, None, ["x"])
        assert Model(line).fit(Y, x=X, a=1, max_nfev=2).aborted
        assert Model(line).fit(Y, x=X, a=1, timeout=100).success

    @pytest.mark.parametrize("method", ["leastsq", "least_squares", "nelder", "lbfgsb", "powell"])
    def test_engines_agree(self, method):
        result = Model(line).fit(Y, x=X, a=1, method=method)
        assert result.method == method
        assert result.params["a"].value == pytest.approx(3.0000931568, rel=1e-6)
        assert result.params["a"].stderr > 0

    def test_dictionaries_and_scalars_as_variables(self):
        model = Model(lambda point, q, a: a * q * point["x"], independent_vars=["point", "q"])
        result = model.fit(6 * X, point={"x": X}, q=2, a=1)
        assert result.params["a"].value == pytest.approx(3)

    def test_two_dimensional_data(self):
        x, y = np.meshgrid(np.arange(5.0), np.arange(4.0))
        model = Model(lambda x, y, a, b: a * x + b * y, independent_vars=["x", "y"])
        result = model.fit(2 * x - y, x=x, y=y, a=1, b=1)
        assert result.best_fit.shape == (4, 5)
        assert result.ndata == 20
        assert result.best_values == pytest.approx({"a": 2, "b": -1})

    def test_a_model_that_gives_one_number(self):
        result = Model(lambda x, c: c).fit([1.0, 2.0, 6.0], x=[0, 1, 2], c=0)
        assert result.params["c"].value == pytest.approx(3)
        assert result.best_fit.tolist() == pytest.approx([3, 3, 3])

    def test_data_that_are_not_finite(self):
        data = Y.copy()
        data[3] = np.nan
        with pytest.raises(
            NonFiniteError, match=r"data: 1 of 21 values are not finite, the first \(nan\) at index 3"
        ):
            Model(line).fit(data, x=X, a=1)
        with pytest.raises(NonFiniteError, match="weights: 1 of 21"):
            Model(line).fit(Y, x=X, a=1, weights=data)
        assert Model(line, nan_policy="omit").fit(data, x=X, a=1).ndata == 20


def test_no_prefix_may_be_none():
    assert Model(lambda x, a: a * x, prefix=None).param_names == ["a"]


def test_a_range_is_an_array():
    model = Model(lambda x, a: a * x)
    assert model.fit([0.0, 2.0, 4.0], x=range(3), a=1).best_values["a"] == pytest.approx(2)
    np.testing.assert_array_equal(model.eval(x=range(3), a=2), [0, 2, 4])
