"""Saving: models and results as JSON and pickles, files of lmfit 1.x, and files that want to do harm."""

import base64
import functools
import json
import operator
import os
import pickle
import subprocess
import sys
import types
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import special

from lmfit import models
from lmfit._plain_data import PlainDataError
from lmfit.errors import FitWarning
from lmfit.jsonutils import Lookup, decode4js, encode4js, find_importer, import_from, import_path
from lmfit.lineshapes import gaussian, linear
from lmfit.model import (
    CompositeModel,
    Model,
    ModelError,
    load_model,
    load_modelresult,
    save_model,
    save_modelresult,
)

FILES = Path(__file__).parent / "data"
X = np.linspace(0.5, 10, 41)


def decay(x, amplitude, rate=0.5, kind="plain"):
    return amplitude * np.exp(-rate * x)


def decay_slopes(x, amplitude, rate=0.5, kind="plain"):
    return [np.exp(-rate * x), -x * amplitude * np.exp(-rate * x)]


class Decay(Model):
    def __init__(self, scale, prefix=""):
        super().__init__(lambda x, amplitude: scale * amplitude * x, prefix=prefix)


class Own(CompositeModel):
    pass


def built_in():
    """One of each built-in model, with the arguments that some need."""
    arguments = {models.SplineModel: [np.linspace(0, 11, 6)], models.PolynomialModel: [3]}
    arguments |= {models.ExpressionModel: ["a*x + b*exp(-x/4)"]}
    classes = dict.fromkeys(models.lmfit_models.values())
    made = [cls(*arguments.get(cls, [])) for cls in classes]
    return [*made, models.StepModel(form="erf", prefix="s_"), models.ThermalDistributionModel(form="fermi")]


def values_of(model):
    rng = np.random.default_rng(len(model.param_names))
    return {name: 1.0 + rng.random() for name in model.param_names}


def variables_of(model):
    return {name: X for name in model.independent_vars if name != "form"}


def same(one, two):
    return np.array_equal(one, two, equal_nan=True)


@pytest.mark.parametrize("model", built_in(), ids=repr)
@pytest.mark.parametrize("way", ["json", "pickle"])
class TestRoundTrip:
    def test_of_built_in_models(self, model, way):
        model.set_param_hint(model._param_root_names[0], value=3.25, max=1e6)
        other = model.loads(model.dumps()) if way == "json" else pickle.loads(pickle.dumps(model))
        assert type(other) is type(model)
        assert repr(other) == repr(model)
        assert other.make_params() == model.make_params()
        values, variables = values_of(model), variables_of(model)
        assert same(other.eval(**values, **variables), model.eval(**values, **variables))

    def test_of_their_results(self, model, way):
        values, variables = values_of(model), variables_of(model)
        rng = np.random.default_rng(7)
        with np.errstate(all="ignore"):
            data = np.broadcast_to(model.eval(**values, **variables), X.shape)
            data = np.where(np.isfinite(data), data, 0.0) + 0.01 * rng.normal(size=41)
        params = model.make_params(**values)
        result = model.fit(data, params, nan_policy="omit", max_nfev=30, **variables)
        if way == "json":
            other = load_text(result.dumps())
        else:
            other = pickle.loads(pickle.dumps(result))
        assert same(other.best_fit, result.best_fit)
        assert same(other.eval(), result.eval())
        assert same(other.residual, result.residual)
        assert same(other.init_fit, result.init_fit)
        assert other.fit_report() == result.fit_report()
        assert other.summary()["chisqr"] == result.chisqr


def load_text(text):
    return Model(linear).fit(X, x=X).loads(text)


class TestModels:
    def test_changed_after_it_was_made(self):
        model = Model(decay, prefix="a_", dfunc=decay_slopes, kind="other")
        model.prefix, model.name, model.nan_policy = "b_", "mine", "omit"
        model.set_param_hint("rate", expr="b_amplitude / 3")
        for other in (model.loads(model.dumps()), pickle.loads(pickle.dumps(model))):
            assert repr(other) == "Model(mine, prefix='b_', kind='other')"
            assert other.nan_policy == "omit"
            assert other.differentiable
            assert other.make_params(amplitude=6)["b_rate"].value == 2

    def test_composites(self):
        peak = models.GaussianModel(prefix="p_") + models.LinearModel(prefix="l_")
        for sign in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow):
            model = sign(peak, Model(decay, prefix="d_"))
            model.set_param_hint("p_center", max=10)
            values = values_of(model)
            for other in (model.loads(model.dumps()), pickle.loads(pickle.dumps(model))):
                assert same(other.eval(x=X, **values), model.eval(x=X, **values))
                assert repr(other) == repr(model)
                assert other.make_params()["p_center"].max == 10

    def test_long_sums(self):
        model = Model(linear, prefix="m0_")
        for i in range(1, 1200):
            model = model + Model(linear, prefix=f"m{i}_")
        for other in (model.loads(model.dumps()), pickle.loads(pickle.dumps(model))):
            assert other.param_names == model.param_names

    def test_own_classes_and_operators(self):
        model = Own(Decay(3, prefix="a_"), Model(linear, prefix="b_"), decayed_sum)
        for other in (model.loads(model.dumps()), pickle.loads(pickle.dumps(model))):
            assert type(other) is Own
            assert same(other.eval(x=X, a_amplitude=2.0), model.eval(x=X, a_amplitude=2.0))

    def test_files(self, tmp_path):
        model = models.VoigtModel(prefix="v_")
        save_model(model, tmp_path / "model.json")
        assert load_model(tmp_path / "model.json").param_names == model.param_names
        with open(tmp_path / "other.json", "w") as file:
            model.dump(file)
        with open(tmp_path / "other.json") as file:
            assert model.load(file).make_params() == model.make_params()

    def test_functions_without_a_path(self, tmp_path):
        model = Model(lambda x, a: a * x)
        with pytest.raises(
            ModelError, match="define it with def at the top of a module, or save with trusted=True"
        ):
            save_model(model, tmp_path / "model.json")
        save_model(model, tmp_path / "model.json", trusted=True)
        with pytest.raises(ModelError, match="stored as code, which is not executed; give it with funcdefs="):
            load_model(tmp_path / "model.json")
        assert load_model(tmp_path / "model.json", trusted=True).eval(x=3, a=2) == 6
        assert load_model(tmp_path / "model.json", funcdefs={"<lambda>": decay}).func is decay

    def test_pickles_of_lambdas_say_what_to_do(self):
        model = Model(lambda x, a: a * x) + Model(linear)
        with pytest.raises(ModelError, match=r"not be sent to another process.*define it with def"):
            pickle.dumps(model)
        assert cloudpickle.loads(cloudpickle.dumps(model)).eval(x=3.0, a=2, slope=0) == 6

    def test_in_a_new_process(self, tmp_path, monkeypatch):
        (tmp_path / "shapes.py").write_text("def shape(x, a):\n    return a * x\n")
        monkeypatch.syspath_prepend(tmp_path)
        save_model(Model(import_from("shapes", "shape")), tmp_path / "m.json")
        code = """
import lmfit.model as m
try:
    m.load_model("m.json")
except m.ModelError as error:
    print(error)
print(m.load_model("m.json", trusted=True).eval(x=3, a=2))
print(m.load_model("m.json").eval(x=3, a=2))
"""
        refused, trusted, imported = run(code, tmp_path)
        assert "import your own module before loading" in refused
        assert (trusted, imported) == ("6", "6")

    def test_classes_without_a_path(self):
        class Local(Model):
            pass

        with pytest.raises(ModelError, match="class 'Local' cannot be imported by its name; define it at"):
            Local(gaussian).dumps()

    def test_arguments_that_are_no_plain_data(self):
        model = Model(decay, kind=object())
        with pytest.raises(ModelError, match="an argument that it was made with is no plain data"):
            model.dumps()


def decayed_sum(left, right):
    return left + right


def run(code, folder):
    """Run code in another process; return the lines that it prints."""
    paths = os.pathsep.join([str(Path(__file__).resolve().parents[1]), str(folder)])
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


class TestResults:
    def fit(self, **kws):
        model = models.GaussianModel(prefix="g_") + models.LinearModel(prefix="l_")
        data = model.eval(x=X, g_amplitude=8, g_center=4.6, g_sigma=0.9, l_slope=0.3, l_intercept=1)
        data = data + 0.05 * np.random.default_rng(1).normal(size=41)
        return model.fit(kws.pop("data", data), x=kws.pop("x", X), g_center=4.0, **kws)

    @pytest.mark.parametrize("errors", ["none", "weights", "sigma", "covariance"])
    def test_everything_is_kept(self, errors, tmp_path):
        given = {"weights": 1 + X, "sigma": 0.05, "covariance": np.eye(41)}
        result = self.fit(**{name: value for name, value in given.items() if name == errors})
        result.eval_uncertainty()
        result.conf_interval(p_names=["g_center"], sigmas=[1])
        save_modelresult(result, tmp_path / "result.json")
        other = load_modelresult(tmp_path / "result.json")
        assert other.fit_report() == result.fit_report()
        assert other.ci_report() == result.ci_report()
        assert same(other.dely, result.dely)
        assert same(other.eval_uncertainty(), result.dely)
        assert other.params == result.params
        assert other.init_params == result.init_params
        assert other.covar.tolist() == result.covar.tolist()
        found, expected = (fit.conf_interval(p_names=["l_slope"], sigmas=[1]) for fit in (other, result))
        assert np.array(found["l_slope"]) == pytest.approx(np.array(expected["l_slope"]), rel=1e-6)
        assert other.fit().chisqr == pytest.approx(result.chisqr)

    def test_labels_are_kept(self):
        index = pd.date_range("2020-01-01", periods=41, name="day")
        data = pd.Series(np.sqrt(X), index=index, name="signal")
        other = load_text(self.fit(data=data).dumps())
        pd.testing.assert_series_equal(other.best_fit, self.fit(data=data).best_fit, check_freq=False)
        array = xr.DataArray(np.sqrt(X), dims="t", coords={"t": X, "run": 3}, name="signal")
        assert load_text(self.fit(data=array).dumps()).best_fit.identical(self.fit(data=array).best_fit)
        frame = pd.DataFrame({"x": X})
        result = Model(of_frame).fit(2 * X, table=frame, a=1.0)
        assert load_text(result.dumps()).eval(a=3).tolist() == (3 * X).tolist()

    def test_complex_data(self):
        result = Model(complex_line).fit((1 + 2j) * X, x=X, a=1.0, weights=2 + 1j)
        other = load_text(result.dumps())
        assert same(other.best_fit, result.best_fit)
        assert other.weights == 2 + 1j

    def test_no_function_is_called(self):
        calls = []
        text = Model(decay).fit(np.exp(-X), x=X, amplitude=1).dumps()
        other = (
            Model(decay)
            .fit(np.exp(-X), x=X, amplitude=2)
            .loads(text, funcdefs={"decay": lambda x, amplitude, rate: calls.append(x) or x})
        )
        assert other.best_fit.shape == (41,)
        assert other.fit_report()
        assert other.rsquared > 0.9
        assert not calls

    def test_what_cannot_be_stored_is_named(self):
        result = self.fit(fit_kws={"Dfun": None})
        result.fit_kws = {"watcher": open}
        result.fit_kws["watcher"] = object()
        with pytest.warns(FitWarning, match="settings 'watcher' are no plain data"):
            result.dumps()


def of_frame(table, a):
    return a * table["x"].to_numpy()


def complex_line(x, a):
    return a * (1 + 2j) * x


class TestFilesOf1x:
    def test_model(self):
        model = load_model(FILES / "model_1x.sav")
        assert repr(model) == "(Model(gaussian, prefix='g_') + Model(linear, prefix='l_'))"
        params = model.make_params()
        assert (params["g_sigma"].min, params["g_fwhm"].expr) == (0, "2.3548200*g_sigma")
        assert same(model.eval(params, x=X), gaussian(X) + linear(X))

    def test_result(self):
        result = load_modelresult(FILES / "modelresult_1x.sav")
        assert result.best_fit[:3] == pytest.approx(
            [1.0147994612423905, 1.1635021302667274, 1.3131398629828865]
        )
        assert result.params["g_center"].value == 4.59763967116877
        assert result.chisqr == pytest.approx(5.629186503927238)
        assert "g_height:     3.56437813" in result.fit_report()
        assert result.weights == 20
        assert result.fit().chisqr == pytest.approx(5.629186503927238)

    def test_expression(self):
        model = load_model(FILES / "expression_1x.sav")
        assert model.param_names == ["a", "tau"]
        assert model.eval(x=0.0, a=3, tau=1) == 3

    @staticmethod
    def changed(**changes):
        """A stored model of 1.x with another function."""
        stored = json.loads((FILES / "model_1x.sav").read_text())["value"][0]
        state = stored["value"][0]
        state["funcdef"].update(changes)
        state["funcname"] = changes.get("__name__", state["funcname"])
        return json.dumps(stored)

    def test_functions_of_other_modules(self):
        reference = base64.b64encode(pickle.dumps(decay)).decode()
        text = self.changed(__name__="decay", value=reference).replace(
            '["amplitude", "center", "sigma"]', '["amplitude", "rate"]'
        )
        assert Model(linear).loads(text).func is decay

    def test_functions_without_pickle(self):
        assert Model(linear).loads(self.changed(value=None, importer="lmfit.lineshapes")).func is gaussian

    @pytest.mark.parametrize("pickled", [True, False])
    def test_code_is_not_executed(self, pickled):
        text = self.changed(__name__="mine", value=bomb() if pickled else "no base64")
        with pytest.raises(
            ModelError, match=r"'mine' is stored by lmfit 1\.x as code, which is not executed"
        ):
            Model(linear).loads(text)
        assert Model(linear).loads(text, funcdefs={"mine": gaussian}).func is gaussian

    def test_polynomials(self):
        text = self.changed(__name__="polynomial", value=bomb()).replace(
            '["amplitude", "center", "sigma"]', '["c0", "c1", "c2"]'
        )
        model = Model(linear).loads(text)
        assert isinstance(model, models.PolynomialModel)
        assert model.param_names == ["g_c0", "g_c1", "g_c2"]

    @pytest.mark.parametrize(
        "text",
        [
            '{"__class__": "Tuple", "value": [1, null, null]}',
            '{"__class__": "Tuple"}',
            '{"__class__": "lmfit.ModelResult"}',
        ],
    )
    def test_damaged(self, text):
        with pytest.raises(ModelError, match="cannot be read"):
            load_text(text) if "ModelResult" in text else Model(linear).loads(text)


class Bomb:
    """What creates a file named 'harm' when it is unpickled."""

    def __reduce__(self):
        return os.system, ("echo > harm",)


def bomb():
    return base64.b64encode(pickle.dumps(Bomb())).decode()


def harmful():
    """Stored models that ask for what should not be done."""
    plain = json.loads(Model(decay).dumps())
    (part,) = plain["parts"]

    def with_function(stored):
        return {**plain, "parts": [{**part, "args": [stored]}]}

    paths = [
        "os:system", "os:popen", "builtins:eval", "subprocess:call", "posix:system", "numpy:fromfile",
        "numpy.testing:runstring", "pandas:read_pickle", "lmfit.model:load_model", "helpers:np.save",
        "lmfit.jsonutils:import_from", "lmfit.lineshapes:np.load", "antigravity:geohash", "no_such_module:f",
    ]  # fmt: skip
    for path in paths:
        yield with_function({"__class__": "Import", "value": path})
    yield with_function({"__class__": "Pickle", "__name__": "f", "value": bomb()})
    for path in ("subprocess:Popen", "lmfit.jsonutils:Lookup", "lmfit.model:load_model", "zipfile:ZipFile"):
        yield {**plain, "parts": [{**part, "class": path}]}
    expression = {
        "class": "lmfit.models:ExpressionModel",
        "args": ["a*x"],
        "kws": {"init_script": "open('harm', 'w')"},
    }
    yield {**plain, "parts": [{**part, **expression}]}
    by_position = {**expression, "args": ["a*x", ["x"], "y = 3"], "kws": {}}
    yield {**plain, "parts": [{**part, **by_position}]}
    yield {**plain, "parts": [{**part, "state": {"func": {"__class__": "Import", "value": "os:system"}}}]}
    yield {**plain, "parts": [{**part, "state": {"eval": 3}}]}
    composite = {
        "class": "lmfit.model:CompositeModel",
        "op": {"__class__": "Import", "value": "os:system"},
        "state": {},
    }
    other = json.loads(Model(linear).dumps())["parts"][0]
    yield {**plain, "parts": [part, other, composite]}


class TestHarm:
    @pytest.mark.parametrize("data", list(harmful()), ids=lambda data: json.dumps(data["parts"][0])[:60])
    def test_nothing_is_executed(self, data, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        before = set(sys.modules)
        with pytest.raises(ModelError):
            Model(linear).loads(json.dumps(data))
        assert not list(tmp_path.iterdir())
        assert "antigravity" not in set(sys.modules) - before

    def test_a_pickle_would_have_done_harm(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        pickle.loads(base64.b64decode(bomb()))
        assert (tmp_path / "harm").exists()

    @pytest.mark.parametrize(
        "text",
        [
            "", "[1, 2", "3", "[]", "{}", "[" * 100_000,
            '{"format": "lmfit model", "version": 99}',
            '{"format": "lmfit model", "version": 3}',
            '{"format": "lmfit model", "version": 3, "parts": []}',
            '{"format": "lmfit model", "version": 3, "parts": [3]}',
            '{"format": "lmfit result of a model", "version": 3}',
        ],
    )  # fmt: skip
    def test_what_is_no_stored_model(self, text):
        with pytest.raises(ModelError, match="cannot be read"):
            Model(linear).loads(text)
        with pytest.raises(ModelError, match="cannot be read"):
            load_text(text)

    def test_a_file_that_is_no_text(self, tmp_path):
        (tmp_path / "model.sav").write_bytes(b"\x80\x04\xff")
        with pytest.raises(ModelError, match=r"model\.sav' is no text"):
            load_model(tmp_path / "model.sav")

    def test_a_damaged_result(self):
        text = Model(linear).fit(X, x=X).dumps()
        for key in ("data", "fit", "params"):
            broken = json.loads(text)
            broken[key] = {"values": 3}
            with pytest.raises(ValueError, match="cannot be read"):
                load_text(json.dumps(broken))


class TestEncoding:
    @pytest.mark.parametrize(
        "value",
        [None, True, 3, 2.5, float("inf"), 1 + 2j, "text", [1, "a"], (1, (2, 3)), {"a": {"b": [1]}},
         {"__class__": "Float", "x": 1}],
    )  # fmt: skip
    def test_plain_data(self, value):
        assert decode4js(json.loads(json.dumps(encode4js(value)))) == value

    def test_arrays(self):
        for array in (X, X.astype(np.float32), np.arange(6).reshape(2, 3), X * 1j, np.array([True])):
            other = decode4js(json.loads(json.dumps(encode4js(array))))
            assert other.dtype == array.dtype
            assert same(other, array)

    def test_tables(self):
        frame = pd.DataFrame({"x": [1.5, 2.5], "name": ["a", "b"], "n": [1, 2]}, index=[10, 20])
        pd.testing.assert_frame_equal(decode4js(json.loads(json.dumps(encode4js(frame)))), frame)

    def test_functions(self):
        assert decode4js(encode4js(decay)) is decay
        assert decode4js(encode4js([gaussian])) == [gaussian]
        assert encode4js(np.sqrt)["value"] == "numpy:sqrt"
        assert (find_importer(decay), import_path(decay)) == (__name__, f"{__name__}:decay")
        assert import_from("lmfit.lineshapes", "gaussian") is gaussian
        assert (
            decode4js({"__class__": "Import", "value": "os.path:join"}, Lookup(trusted=True)) is os.path.join
        )

    def test_ufuncs_of_scipy_and_what_has_no_name(self):
        assert import_path(special.erf) == "scipy.special:erf"
        assert import_path(functools.partial(gaussian, center=0)) is None

    def test_functions_of_the_prompt_are_the_users_own(self, monkeypatch):
        for name in ("__main__", "made_in_memory"):
            module = types.ModuleType(name)
            exec("def curve(x, a): return a*x", module.__dict__)
            monkeypatch.setitem(sys.modules, name, module)
        assert Lookup().imported("__main__:curve") is sys.modules["__main__"].curve
        with pytest.raises(ModelError, match="'curve' of the module 'made_in_memory' is not looked up"):
            Lookup().imported("made_in_memory:curve")

    def test_functions_as_code_need_cloudpickle(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "cloudpickle", None)
        with pytest.raises(ImportError, match="package cloudpickle: pip install cloudpickle"):
            encode4js(lambda x: x, trusted=True)

    @pytest.mark.parametrize("value", [object(), {1: 2}, np.array(["a"])])
    def test_what_is_no_data(self, value):
        with pytest.raises(TypeError, match="plain data"):
            encode4js(value)

    @pytest.mark.parametrize(
        "stored", [{"__class__": "Series"}, {"__class__": "Import"}, {"__class__": "Mystery"}]
    )
    def test_damaged(self, stored):
        with pytest.raises(PlainDataError):
            decode4js(stored)

    def test_names_that_are_gone(self):
        with pytest.raises(ModelError, match=r"no 'gausian'; did you mean 'gaussian'.*was it renamed"):
            Lookup(trusted=True).imported("lmfit.lineshapes:gausian")
        with pytest.raises(ModelError, match="cannot be imported"):
            Lookup(trusted=True).imported("no_such_module:f")
