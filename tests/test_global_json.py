"""Global models and their results come back from JSON as they were, and from hostile text not at all."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers import values

from lmfit import lineshapes
from lmfit.global_model import GlobalModel, GlobalResult
from lmfit.model import Model, ModelError, load_model, load_modelresult, save_model, save_modelresult
from lmfit.models import ConstantModel, ExpressionModel, GaussianModel, LinearModel

X = {"a": np.linspace(-3.0, 3.0, 31), "b": np.linspace(-2.0, 4.0, 40)}
PEAK = GaussianModel(prefix="g_") + ConstantModel()
BOTH = GlobalModel(
    {"a": PEAK, "b": PEAK - LinearModel(prefix="l_")},
    shared={"mu": dict.fromkeys("ab", "g_center"), "s": dict.fromkeys("ab", "g_sigma")},
)


def result(**given):
    rng = np.random.default_rng(2)
    params = BOTH.make_params(
        mu=0.3, s=0.9, g_amplitude=3.0, c=1.0, b_l_slope=0.1, b_l_intercept={"value": 0.2, "vary": False}
    )
    data = {key: y + 0.05 * rng.normal(size=y.size) for key, y in BOTH.eval(params, x=X).items()}
    return BOTH.fit(data, params, x=X, **given)


FIT = result(sigma=0.05, scale_covar=False)


def again(fit):
    return GlobalResult.loads(fit.dumps())


def test_a_model():
    read = GlobalModel.loads(BOTH.dumps())
    assert repr(read) == repr(BOTH)
    assert (read.shared, read.names, read.param_names) == (BOTH.shared, BOTH.names, BOTH.param_names)
    for key, curve in read.eval(FIT.params, x=X).items():
        np.testing.assert_array_equal(curve, BOTH.eval(FIT.params, x=X)[key])


def test_a_result():
    read = again(FIT)
    np.testing.assert_array_equal(values(read), values(FIT))
    assert read.params == FIT.params
    assert read.init_params == FIT.init_params
    assert read.fit_report() == FIT.fit_report()
    np.testing.assert_array_equal(read.covar, FIT.covar)
    np.testing.assert_array_equal(read.residual, FIT.residual)
    for key in FIT:
        for name in ("best_fit", "init_fit", "data", "weights"):
            np.testing.assert_array_equal(getattr(read, name)[key], getattr(FIT, name)[key])
        np.testing.assert_allclose(read.residuals[key], FIT.residuals[key], rtol=1e-12, atol=1e-12)
        assert read[key].params == FIT[key].params
    for key, width in read.eval_uncertainty(sigma=2).items():
        np.testing.assert_array_equal(width, FIT.eval_uncertainty(sigma=2)[key])


def test_text_does_not_change_when_it_is_read_and_written():
    assert again(FIT).dumps() == FIT.dumps()
    assert json.loads(FIT.dumps(indent=1)) == json.loads(FIT.dumps())


def test_a_result_can_go_on():
    fit = result()
    found = fit.conf_interval(p_names=["mu"])
    read = again(fit)
    assert read.ci_report() == fit.ci_report()
    assert {**read.ci_out} == {**found}
    np.testing.assert_allclose(read.minimizer.leastsq().params["mu"].value, fit.params["mu"].value)


def test_settings_come_back():
    fit = result(method="least_squares", fit_kws={"loss": "soft_l1"}, max_nfev=500)
    read = again(fit)
    assert read._how == fit._how
    assert read.residual.tolist() == fit.residual.tolist()


def test_labels_come_back():
    frame = pd.DataFrame({"a": X["a"] * 2 + 1, "b": X["a"] * 2 - 1}, index=X["a"])
    lines = GlobalModel(dict.fromkeys("ab", LinearModel()), shared=["slope"])
    fit = lines.fit(frame, x=X["a"], slope=1, intercept=0)
    pd.testing.assert_series_equal(again(fit).best_fit["a"], fit.best_fit["a"], check_names=False)


def test_missing_and_complex_data():
    data = {"a": [1.0, np.nan, 5.0], "b": [1.0 + 1j, 3.0, 5.0]}
    lines = GlobalModel(dict.fromkeys("ab", LinearModel()), shared=["slope"])
    fit = lines.fit(data, x=[0, 1, 2], slope=1, intercept=0, nan_policy="omit")
    np.testing.assert_array_equal(again(fit)["b"].data, fit["b"].data)
    assert again(fit)["a"].ndata == 2


def test_files(tmp_path):
    save_model(BOTH, tmp_path / "model.json")
    save_modelresult(FIT, tmp_path / "result.json")
    assert isinstance(load_model(tmp_path / "model.json"), GlobalModel)
    assert load_modelresult(tmp_path / "result.json").params == FIT.params
    with (tmp_path / "result.json").open() as file:
        assert GlobalResult.load(file).params == FIT.params


@pytest.mark.parametrize("read", [GlobalModel.loads, GlobalResult.loads])
@pytest.mark.parametrize(
    "text, message",
    [
        (3, "must be given as text, not as 3"),
        ("", "no valid JSON"),
        ("{}", "not written by"),
        ('{"format": "lmfit global model", "version": 99}', "version 99|it holds"),
        ('{"format": "lmfit global model", "version": 3}', "KeyError: 'models'|it holds"),
        ('{"format": "lmfit result of a global model", "version": 3, "models": {}}', "KeyError|it holds"),
        (
            '{"format": "lmfit result of a global model", "version": 3, "models": 3, "shared": 3}',
            "read|holds",
        ),
    ],
)
def test_what_cannot_be_read(read, text, message):
    with pytest.raises(ModelError, match=message):
        read(text)


@pytest.mark.parametrize("missing", ["models", "params", "names", "data", "fit", "settings", "shared"])
def test_a_damaged_result(missing):
    stored = json.loads(FIT.dumps())
    for damage in (None, 3, {"a": 3}):
        with pytest.raises(ModelError):
            GlobalResult.loads(json.dumps({**stored, missing: damage}))
    del stored[missing]
    with pytest.raises(ModelError, match=f"KeyError: '{missing}'"):
        GlobalResult.loads(json.dumps(stored))


def test_a_model_of_one_data_set_is_no_global_one():
    with pytest.raises(TypeError, match=r"must be a GlobalModel, not \(Model"):
        GlobalModel.loads(PEAK.dumps())
    with pytest.raises(
        ModelError, match=r"it holds an lmfit result of a global model; .* load_modelresult\(\)"
    ):
        GlobalModel.loads(FIT.dumps())


def test_a_hostile_file_executes_nothing():
    hostile = BOTH.dumps().replace("lmfit.models:GaussianModel", "os:system")
    with pytest.raises(ModelError, match="'system' of the module 'os' is not looked up"):
        GlobalModel.loads(hostile)
    script = GlobalModel({"a": ExpressionModel("f(x)*a", None, "def f(x): return x")}).dumps()
    with pytest.raises(ModelError, match="init_script, which is code and is not executed"):
        GlobalModel.loads(script)
    assert GlobalModel.loads(script, trusted=True).models["a"].eval(x=2.0, a=3.0) == 6.0


def test_functions_that_cannot_be_imported():
    lines = GlobalModel({"a": Model(lambda x, a: a * x)})
    with pytest.raises(ModelError, match="'<lambda>' cannot be imported"):
        lines.dumps()
    code = lines.dumps(trusted=True)
    with pytest.raises(ModelError, match="stored as code, which is not executed"):
        GlobalModel.loads(code)
    assert GlobalModel.loads(code, trusted=True).eval({"a_a": 2.0}, x=3.0) == {"a": 6.0}
    own = GlobalModel.loads(code, funcdefs={"<lambda>": lineshapes.powerlaw})
    assert own.models["a"].func is lineshapes.powerlaw


def test_names_that_are_no_text():
    with pytest.raises(ModelError, match="names of its data sets are text; they are 1, 2"):
        GlobalModel(dict.fromkeys([1, 2], LinearModel()), shared=["slope", "intercept"]).dumps()
