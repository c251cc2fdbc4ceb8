"""Global fits: one call does what the concatenated problem written by hand does."""

import pickle
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from helpers import errors, linear_solution, values

from lmfit import Minimizer, MinimizerException, Parameters
from lmfit._model_result import ModelResult
from lmfit.global_model import GlobalModel
from lmfit.lineshapes import exponential, gaussian, linear, lorentzian
from lmfit.model import Model, ModelError
from lmfit.models import ExpressionModel, GaussianModel, LinearModel

rng = np.random.default_rng(3)
KEYS = ["a", "b", "c", "d", "e"]
X = {key: np.linspace(-5.0, 5.0, 41 + 7 * i) for i, key in enumerate(KEYS)}
SIGMA = {key: rng.uniform(0.05, 0.15, x.size) for key, x in X.items()}
PEAK = Model(gaussian) + Model(linear)
SHARED = {"center": 0.4, "sigma": 1.3, "slope": 0.1}
GLOBAL = GlobalModel(dict.fromkeys(KEYS, PEAK), shared=list(SHARED))
TRUTH = GLOBAL.make_params(**SHARED)
for number, key in enumerate(KEYS):
    TRUTH[f"{key}_amplitude"].value = 3.0 + number
    TRUTH[f"{key}_intercept"].value = 1.0 - 0.2 * number
DATA = {key: y + SIGMA[key] * rng.normal(size=y.size) for key, y in GLOBAL.eval(TRUTH, x=X).items()}


def start():
    return GLOBAL.make_params(
        amplitude=2.0, center=0.0, sigma={"value": 1.0, "min": 0.01}, slope=0.0, intercept=0.5
    )


class ByHand:
    """The concatenated problem: names, residuals, derivatives and their order written out."""

    def __init__(self, weighted):
        ones = {key: np.ones_like(x) for key, x in X.items()}
        self.errors = SIGMA if weighted else ones

    def params(self):
        params = Parameters()
        for name, value, low in (("center", 0.0, -np.inf), ("sigma", 1.0, 0.01), ("slope", 0.0, -np.inf)):
            params.add(name, value=value, min=low)
        for key in KEYS:
            params.add(f"{key}_amplitude", value=2.0)
            params.add(f"{key}_intercept", value=0.5)
        return params

    @staticmethod
    def unit(p, x):
        width = p["sigma"].value
        return np.exp(-((x - p["center"]) ** 2) / 2.0 / width**2) / (np.sqrt(2.0 * np.pi) * width)

    def residual(self, p):
        blocks = []
        for key, x in X.items():
            curve = p[f"{key}_amplitude"] * self.unit(p, x) + p["slope"] * x + p[f"{key}_intercept"]
            blocks.append((DATA[key] - curve) / self.errors[key])
        return np.concatenate(blocks)

    def derivatives(self, p):
        width = p["sigma"].value
        columns = {name: np.zeros(sum(map(len, X.values()))) for name in p}
        first = 0
        for key, x in X.items():
            here = slice(first, first + len(x))
            unit, u = self.unit(p, x), (x - p["center"]) / width
            peak = p[f"{key}_amplitude"] * unit
            columns[f"{key}_amplitude"][here] = -unit / self.errors[key]
            columns[f"{key}_intercept"][here] = -1.0 / self.errors[key]
            columns["center"][here] = -peak * u / width / self.errors[key]
            columns["sigma"][here] = -peak * (u**2 - 1.0) / width / self.errors[key]
            columns["slope"][here] = -x / self.errors[key]
            first += len(x)
        return columns


@pytest.mark.parametrize("method, digits", [("leastsq", 1e-8), ("least_squares", 1e-7), ("varpro", 1e-7)])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "sigma"])
def test_equals_the_problem_written_by_hand(weighted, method, digits):
    kws = {"sigma": SIGMA, "scale_covar": False} if weighted else {}
    hand = ByHand(weighted)
    expected = Minimizer(hand.residual, hand.params(), scale_covar=not weighted).leastsq(
        Dfun=hand.derivatives
    )
    if method == "leastsq":
        kws["fit_kws"] = {"retry": False}  # from the same start, and not from better amplitudes
    fit = GLOBAL.fit(DATA, start(), x=X, method=method, **kws)
    assert fit.var_names == expected.var_names
    np.testing.assert_allclose(values(fit), values(expected), rtol=digits)
    np.testing.assert_allclose(errors(fit), errors(expected), rtol=digits)
    np.testing.assert_allclose(fit.covar, expected.covar, atol=digits * np.abs(expected.covar).max())
    np.testing.assert_allclose(fit.residual, expected.residual, atol=digits)
    assert (fit.ndata, fit.nvarys, fit.nfree) == (expected.ndata, 13, expected.nfree)
    assert fit.chisqr == pytest.approx(expected.chisqr, rel=1e-12)
    assert fit.aic == pytest.approx(expected.aic, rel=1e-10)


def test_equals_the_problem_written_by_hand_without_derivatives():
    hand = ByHand(weighted=False)
    expected = Minimizer(hand.residual, hand.params()).leastsq()
    np.testing.assert_allclose(values(FIT), values(expected), rtol=1e-8)
    np.testing.assert_allclose(errors(FIT), errors(expected), rtol=1e-7)


FIT = GLOBAL.fit(DATA, start(), x=X)


def test_finds_the_truth():
    pulls = [(FIT.params[name].value - TRUTH[name].value) / FIT.params[name].stderr for name in FIT.var_names]
    assert np.abs(pulls).max() < 4.0


def test_start_values_are_left_alone():
    params = start()
    GLOBAL.fit(DATA, params, x=X)
    assert params["center"].value == 0.0
    assert params["center"].stderr is None


def test_linear_models_against_closed_form():
    """Two straight lines with one slope."""
    line = GlobalModel({"a": LinearModel(), "b": LinearModel()}, shared=["slope"])
    x = {"a": np.arange(6.0), "b": np.arange(9.0)}
    data = {"a": 2.0 * x["a"] + 1.0 + rng.normal(size=6), "b": 2.0 * x["b"] - 1.0 + rng.normal(size=9)}
    fit = line.fit(data, x=x)
    first = np.concatenate([np.ones(6), np.zeros(9)])
    design = np.column_stack([np.concatenate([x["a"], x["b"]]), first, 1.0 - first])
    expected = linear_solution(design, np.concatenate([data["a"], data["b"]]))
    assert list(fit.params) == ["slope", "a_intercept", "b_intercept"]
    np.testing.assert_allclose(values(fit), expected.values, rtol=1e-9)
    np.testing.assert_allclose(errors(fit), expected.stderr, rtol=1e-9)


def test_different_models_and_lengths():
    both = GlobalModel(
        {"peak": Model(gaussian), "decay": Model(exponential)},
        shared={"a": {"peak": "sigma", "decay": "decay"}},
    )
    assert both.param_names == ["a", "peak_amplitude", "peak_center", "decay_amplitude"]
    x = {"peak": np.linspace(-4.0, 4.0, 33), "decay": np.linspace(0.0, 5.0, 17)}
    data = {"peak": gaussian(x["peak"], 3.0, 0.2, 1.5), "decay": exponential(x["decay"], 2.0, 1.5)}
    fit = both.fit(data, x=x)
    assert fit.params["a"].value == pytest.approx(1.5, rel=1e-8)
    assert fit["peak"].params["sigma"].value == fit["decay"].params["decay"].value


def test_shared_by_some():
    model = GlobalModel(dict.fromkeys("abc", Model(gaussian)), shared={"center": ["a", "c"]})
    assert model.names["b"]["center"] == "b_center"
    assert model.names["c"]["center"] == "center"
    assert model.shared == {"center": {"a": "center", "c": "center"}}


def test_expressions_between_data_sets():
    model = GlobalModel(dict.fromkeys("ab", Model(gaussian)), shared=["center"])
    x = np.linspace(-5.0, 5.0, 61)
    data = {"a": gaussian(x, 3.0, 0.3, 1.0), "b": gaussian(x, 4.0, 0.3, 1.7)}
    params = model.make_params(b_sigma={"expr": "a_sigma + 0.7"}, amplitude=2.0)
    fit = model.fit(data, params, x=x, a_sigma=1.2)
    assert fit.params["a_sigma"].value == pytest.approx(1.0, rel=1e-8)
    assert fit["b"].params["sigma"].value == pytest.approx(1.7, rel=1e-8)
    assert fit.nvarys == 4


def test_tied_parameters_have_errors_in_their_part():
    noisy = {"a": gaussian(X["a"], 3.0, 0.3, 1.0), "b": gaussian(X["a"], 4.0, 0.3, 2.0)}
    noisy = {key: y + rng.normal(0.0, 0.02, y.size) for key, y in noisy.items()}
    model = GlobalModel(dict.fromkeys("ab", Model(gaussian)), shared=["center"])
    fit = model.fit(noisy, model.make_params(b_sigma={"expr": "2 * a_sigma"}), x=X["a"])
    part = fit["b"]
    assert part.params["sigma"].stderr == pytest.approx(2.0 * fit.params["a_sigma"].stderr, rel=1e-6)
    assert part.var_names == ["amplitude", "center", "sigma"]
    np.testing.assert_allclose(np.sqrt(np.diag(part.covar)), errors(part), rtol=1e-6)
    free = model.fit(noisy, fit.params, x=X["a"], b_sigma={"expr": "", "vary": True})
    assert free.nvarys == 5


def test_derived_parameters():
    model = GlobalModel(dict.fromkeys("ab", GaussianModel()), shared=["sigma"])
    params = model.make_params()
    assert {name for name, par in params.items() if par.expr} == {"fwhm", "a_height", "b_height"}
    assert params["a_height"].expr == "0.3989422804014327*a_amplitude/max(1e-15, sigma)"
    fit = model.fit({key: DATA[key] for key in "ab"}, params, x={key: X[key] for key in "ab"})
    assert fit["a"].params["fwhm"].value == fit.params["fwhm"].value
    assert fit["b"].params["height"].stderr == fit.params["b_height"].stderr
    assert fit["b"].params["height"].expr == "0.3989422804014327*amplitude/max(1e-15, sigma)"


def test_derived_parameters_that_differ():
    """The same name, from shared parameters, but by another formula."""
    one, two = Model(gaussian), Model(gaussian)
    one.set_param_hint("width", expr="2 * sigma")
    two.set_param_hint("width", expr="3 * sigma")
    params = GlobalModel({"a": one, "b": two}, shared=["sigma"]).make_params(sigma=2.0)
    assert (params["width"].value, params["b_width"].value) == (4.0, 6.0)


def test_make_params():
    params = GLOBAL.make_params(amplitude=3.0, b_amplitude=4.0, sigma={"value": 2.0, "min": 0.5})
    assert [params[f"{key}_amplitude"].value for key in KEYS] == [3.0, 4.0, 3.0, 3.0, 3.0]
    assert (params["sigma"].value, params["sigma"].min) == (2.0, 0.5)
    assert list(params)[:3] == ["center", "sigma", "slope"]


def test_hints_of_the_models():
    peak = Model(gaussian)
    peak.set_param_hint("sigma", min=0.1, value=2.0)
    params = GlobalModel({"a": peak, "b": Model(gaussian)}).make_params()
    assert (params["a_sigma"].min, params["a_sigma"].value) == (0.1, 2.0)
    assert params["b_sigma"].min == -np.inf


def test_guess():
    model = GlobalModel(dict.fromkeys(KEYS, GaussianModel() + LinearModel()), shared=list(SHARED))
    params = model.guess(DATA, x=X)
    assert params["center"].value == pytest.approx(0.4, abs=0.5)
    assert params["e_amplitude"].value > params["a_amplitude"].value
    fit = model.fit(DATA, params, x=X)
    assert fit.chisqr == pytest.approx(FIT.chisqr, rel=1e-8)


def test_start_values_by_name():
    fit = GLOBAL.fit(DATA, x=X, amplitude=2.0, a_amplitude=2.5, sigma=1.0, center=0.1)
    assert fit.init_values["a_amplitude"] == 2.5
    assert fit.init_values["b_amplitude"] == 2.0
    assert fit.chisqr == pytest.approx(FIT.chisqr, rel=1e-10)


@pytest.mark.parametrize("sigma", [SIGMA, 0.1])
def test_sigma_may_be_a_parameter_and_the_errors_of_the_data(sigma):
    model = GlobalModel(dict.fromkeys(KEYS, PEAK), shared=["center"])
    given = {"sigma": sigma} if isinstance(sigma, dict) else {"weights": 1.0 / sigma}
    fit = model.fit(DATA, model.make_params(sigma=1.0), x=X, **given)
    weights = fit.weights["a"]
    np.testing.assert_allclose(weights, 1.0 / (sigma["a"] if isinstance(sigma, dict) else sigma))
    assert fit.params["a_sigma"].value != 0.1


def test_weights_of_some_data_sets():
    fit = GLOBAL.fit(DATA, start(), x=X, weights={"a": 1.0 / SIGMA["a"]})
    assert fit.weights["b"] is None
    np.testing.assert_allclose(fit.residuals["a"], (DATA["a"] - fit.best_fit["a"]) / SIGMA["a"])


def test_parts():
    assert (len(FIT), list(FIT), FIT.keys(), "a" in FIT, "x" in FIT) == (5, KEYS, KEYS, True, False)
    part = FIT["c"]
    assert isinstance(part, ModelResult)
    np.testing.assert_array_equal(part.data, DATA["c"])
    np.testing.assert_allclose(part.best_fit, FIT.best_fit["c"])
    np.testing.assert_allclose(part.residual, part.data - part.best_fit, atol=1e-14)
    np.testing.assert_array_equal(np.concatenate(list(FIT.residuals.values())), FIT.residual)
    assert part.chisqr == pytest.approx(np.sum(part.residual**2))
    assert sum(part.chisqr for part in FIT.parts.values()) == pytest.approx(FIT.chisqr)
    assert sum(part.ndata for part in FIT.parts.values()) == FIT.ndata
    assert part.params["amplitude"].stderr == FIT.params["c_amplitude"].stderr
    assert part.params["sigma"].correl["amplitude"] == FIT.params["sigma"].correl["c_amplitude"]
    assert 0.9 < part.rsquared < FIT.rsquared + 0.1
    assert "c_amplitude" not in part.params


def test_what_a_part_cannot_do():
    with pytest.raises(ModelError, match=r"call conf_interval\(\) of the global result"):
        FIT["a"].conf_interval()
    with pytest.raises(ModelError, match=r"result\[name\]\.model\.fit"):
        FIT["a"].fit(DATA["a"])


def test_uncertainty_of_curves():
    """Against the band of the whole problem, by derivatives written out."""
    bands = FIT.eval_uncertainty(sigma=1)
    part, index = FIT["b"], {name: place for place, name in enumerate(FIT.var_names)}
    rows = np.zeros((len(index), X["b"].size))
    at_best = FIT.params.valuesdict()
    for name in ("center", "sigma", "slope", "b_amplitude", "b_intercept"):
        step = 1e-5
        moved = [
            GLOBAL.eval({**at_best, name: at_best[name] + sign * step}, x=X)["b"] for sign in (1.0, -1.0)
        ]
        rows[index[name]] = (moved[0] - moved[1]) / (2.0 * step)
    from scipy.special import stdtrit

    width = stdtrit(FIT.nfree, 0.5 + 0.5 * 0.682689492137086)
    expected = np.sqrt(np.einsum("ik,ij,jk->k", rows, FIT.covar, rows))
    np.testing.assert_allclose(bands["b"], width * expected, rtol=1e-6)
    predicted = width * np.sqrt(expected**2 + FIT.redchi)
    np.testing.assert_allclose(part.dely_predicted, predicted, rtol=1e-6)


def test_errors_of_new_measurements():
    FIT.eval_uncertainty(sigma_new={"b": 0.5})
    band, other = FIT["b"].dely, FIT["a"].dely_predicted
    np.testing.assert_allclose(
        FIT["b"].dely_predicted ** 2 - band**2, (FIT["b"].dely_predicted ** 2 - band**2)[0]
    )
    FIT.eval_uncertainty(sigma_new=0.5)
    assert not np.allclose(FIT["a"].dely_predicted, other)


def test_curves_elsewhere():
    fine = np.linspace(-1.0, 1.0, 5)
    curves = FIT.eval(x=fine)
    np.testing.assert_allclose(curves["a"], PEAK.eval(FIT["a"].params, x=fine))
    assert {key: curve.shape for key, curve in FIT.eval(x={"a": fine}).items()}["b"] == X["b"].shape
    np.testing.assert_allclose(FIT.eval(TRUTH, x=X)["d"], GLOBAL.eval(TRUTH, x=X)["d"])
    assert set(FIT.eval_components()["a"]) == {"gaussian", "linear"}
    np.testing.assert_allclose(FIT.init_fit["a"], GLOBAL.eval(FIT.init_params, x=X)["a"])


def test_confidence_intervals():
    found = FIT.conf_interval(p_names=["center", "a_amplitude"], sigmas=[1])
    for name in ("center", "a_amplitude"):
        (_, low), (_, best), (_, high) = found[name]
        assert best == FIT.params[name].value
        assert high - best == pytest.approx(FIT.params[name].stderr, rel=0.1)
        assert best - low == pytest.approx(FIT.params[name].stderr, rel=0.1)
    assert "a_amplitude" in FIT.ci_report()


def test_report():
    report = FIT.fit_report()
    assert report.startswith(
        "[[Model]]\n    5 data sets: a, b, c, d, e\n    shared: center, sigma, slope\n[[Fit Statistics]]"
    )
    sections = [line for line in report.splitlines() if line.startswith("[[")]
    assert sections == [
        "[[Model]]", "[[Fit Statistics]]", *(f"[[Data Set {key!r}]]" for key in KEYS), "[[Variables]]",
        "[[Correlations]] (unreported correlations are < 0.100)",
    ]  # fmt: skip
    assert (
        f"    # data points      = {X['c'].size}\n    chi-square         = {FIT['c'].chisqr:.8g}"[:60]
        in report
    )
    assert "<h2>Global Fit</h2>" in FIT._repr_html_()


def test_repr():
    assert repr(FIT).startswith("<GlobalResult of 5 data sets (a, b, c, d, e): leastsq succeeded")
    assert max(map(len, repr(FIT).splitlines())) <= 80
    assert repr(GlobalModel({"a": Model(linear)})) == "GlobalModel({'a': Model(linear)}, shared=[])"


def test_long_names_fit_the_page():
    prefixes = ("first_of_the_components_", "second_of_the_components_")
    peaks = GaussianModel(prefix=prefixes[0]) + GaussianModel(prefix=prefixes[1])
    model = GlobalModel({"morning": peaks, "evening": peaks}, shared=["first_of_the_components_center"])
    x = np.linspace(0.0, 9.0, 40)
    starts = {f"{prefix}center": center for prefix, center in zip(prefixes, (3, 6))}
    data = peaks.eval(x=x, **starts)
    fit = model.fit({"morning": data, "evening": 2 * data}, x=x, **starts)
    many = peaks.fit_many([data, 2 * data], x=x, **starts)
    expression = ExpressionModel("*".join(f"(a_number_{i}+x)" for i in range(9)))
    shown = [fit.fit_report(min_correl=0.5), fit["evening"].fit_report(min_correl=0.5), many.summary(),
             *map(repr, (peaks, model, fit, fit["evening"], many, expression))]  # fmt: skip
    for text in shown:
        assert max(map(len, text.splitlines())) <= 80
    assert repr(peaks).split() == str(peaks.name).split()


def test_plots():
    figure = FIT.plot(columns=3)
    assert len(figure.subfigs) == 6
    assert [len(panel.axes) for panel in figure.subfigs] == [2] * 5 + [0]
    plt.figure()
    axes = FIT.plot_fit()
    assert len(axes.lines) == 10
    assert axes.get_legend() is not None
    plt.close("all")


def test_pickle():
    again = pickle.loads(pickle.dumps(FIT))
    np.testing.assert_array_equal(values(again), values(FIT))
    np.testing.assert_array_equal(again["b"].best_fit, FIT["b"].best_fit)
    assert again.fit_report() == FIT.fit_report()
    limits = [np.array(fit.conf_interval(p_names=["center"])["center"]) for fit in (again, FIT)]
    np.testing.assert_allclose(*limits, rtol=1e-6)
    assert pickle.loads(pickle.dumps(GLOBAL)).param_names == GLOBAL.param_names


def test_frame_as_data():
    x = np.linspace(-5.0, 5.0, 41)
    model = GlobalModel(dict.fromkeys(["a", "b"], PEAK), shared=["center"])
    frame = pd.DataFrame({"a": DATA["a"], "b": 2.0 * DATA["a"]}, index=x)
    fit = model.fit(frame, x=x)
    assert isinstance(fit.best_fit["a"], pd.Series)
    assert fit.params["b_amplitude"].value == pytest.approx(2.0 * fit.params["a_amplitude"].value, rel=1e-6)


def test_missing_data_of_one_set():
    data = {**DATA, "b": np.where(np.arange(X["b"].size) == 5, np.nan, DATA["b"])}
    with pytest.raises(MinimizerException, match=r"data set 'b': data: 1 of 48 values are not finite"):
        GLOBAL.fit(data, start(), x=X)
    fit = GLOBAL.fit(data, start(), x=X, nan_policy="omit")
    assert (fit["b"].ndata, fit["a"].ndata) == (47, 41)
    assert fit.residual.size == FIT.residual.size - 1


def test_complex_data_beside_real_ones():
    resonance = Model(lambda x, re, im, f: (re + 1j * im) / (1.0 + 2j * (x - f)))
    both = GlobalModel({"z": resonance, "y": Model(lorentzian)}, shared={"f": {"z": "f", "y": "center"}})
    x = np.linspace(-4.0, 4.0, 31)
    data = {"z": (2.0 - 1j) / (1.0 + 2j * (x - 0.5)), "y": lorentzian(x, 3.0, 0.5, 1.2)}
    fit = both.fit(data, x=x, re=1.0, im=0.0, f=0.2)
    assert fit.ndata == 3 * 31
    assert fit.params["f"].value == pytest.approx(0.5, rel=1e-8)
    assert fit["z"].params["im"].value == pytest.approx(-1.0, rel=1e-8)


def test_derivatives_are_blocks():
    fit = GLOBAL.fit(DATA, start(), x=X, max_nfev=200)
    objective, params = fit.minimizer.userfcn, fit.params
    objective(params)
    table = objective.derivative(params)
    assert table.shape == (13, FIT.ndata)
    row = table[fit.var_names.index("b_amplitude")]
    where = objective.slices["b"]
    assert np.flatnonzero(row).tolist() == list(range(where.start, where.stop))
    name, step = "sigma", 1e-6
    moved = []
    for sign in (1.0, -1.0):
        there = params.copy()
        there[name].value += sign * step
        moved.append(objective(there))
    np.testing.assert_allclose(table[1], (moved[0] - moved[1]) / (2.0 * step), atol=1e-7)


def test_callback_and_limits():
    seen = []
    fit = GLOBAL.fit(DATA, start(), x=X, iter_cb=lambda p, i, r, data, weights: seen.append(sorted(data)))
    assert seen[0] == KEYS
    assert fit.nfev >= len(seen) > 0
    assert GLOBAL.fit(DATA, start(), x=X, max_nfev=2).aborted
    without = GLOBAL.fit(DATA, start(), x=X, calc_covar=False)
    assert without["a"].covar is None
    assert without["a"].params["amplitude"].stderr is None
    assert GLOBAL.fit(DATA, start(), x=X, fit_kws={"ftol": 1e-3}).call_kws["ftol"] == 1e-3


def test_one_data_set_is_its_model():
    single, own = GlobalModel({"a": PEAK}).fit({"a": DATA["a"]}, x=X["a"]), PEAK.fit(DATA["a"], x=X["a"])
    np.testing.assert_allclose(values(single), values(own), rtol=1e-10)
    np.testing.assert_allclose(errors(single), errors(own), rtol=1e-10)
    np.testing.assert_allclose(single["a"].eval_uncertainty(), own.eval_uncertainty(), rtol=1e-8)


def with_keyword(**kws):
    return lambda: GLOBAL.fit(DATA, start(), x=X, **kws)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: GlobalModel({}), "needs a dictionary with a model for each data set"),
        (lambda: GlobalModel({"a": gaussian}), "for the data set 'a' a Model is needed"),
        (
            lambda: GlobalModel({"a": PEAK}, shared=["centre"]),
            r"shared: no model has a parameter 'centre'; did you mean 'center'\? Their parameters are amp",
        ),
        (
            lambda: GlobalModel({"one": PEAK, "two": PEAK}, shared={"center": ["one", "too"]}),
            r"shared, 'center': there is no data set 'too'; did you mean 'two'\? The data sets are one, two",
        ),
        (
            lambda: GlobalModel({"a": PEAK}, shared={"w": {"a": "sgima"}}),
            r"shared, 'w': the model of the data set 'a' has no parameter 'sgima'; did you mean 'sigma'",
        ),
        (lambda: GlobalModel({"a": PEAK}, shared={"a b": {"a": "sigma"}}), "'a b' cannot be the name"),
        (
            lambda: GlobalModel({"a": PEAK}, shared={"w": {"a": "sigma"}, "v": {"a": "sigma"}}),
            "'sigma' of the data set 'a' would be both 'w' and 'v'",
        ),
        (lambda: GlobalModel({"1": PEAK}), r"data set '1': '1_amplitude' cannot be .* for example 'd1'"),
        (
            lambda: GlobalModel({"a": Model(lambda x, b_c: x, name="f"), "a_b": Model(lambda x, c: x)}),
            r"would be called 'a_b_c': one of the data set 'a_b' and one of 'a'",
        ),
        (
            lambda: GLOBAL.fit({key: DATA[key] for key in "abcd"}, x=X),
            "data: nothing is given for the data set 'e'",
        ),
        (
            lambda: GLOBAL.fit({**DATA, "f": 1}, x=X),
            r"data: there is no data set 'f'\. The data sets are a, b, c",
        ),
        (
            lambda: GLOBAL.fit(DATA["a"], x=X),
            "data must be a dictionary with the data of a, b, c, d, e, not ndarray",
        ),
        (
            lambda: GLOBAL.fit(DATA, x={"a": X["a"]}),
            "x: nothing is given for the data set 'b', 'c', 'd', 'e'",
        ),
        (lambda: GLOBAL.fit(DATA), r"variable 'x' is missing"),
        (with_keyword(centre=1), r"there is no variable and no parameter 'centre'; did you mean 'center'"),
        (with_keyword(weights={"z": 1}), "weights: there is no data set 'z'"),
        (lambda: GLOBAL.eval(TRUTH, X=X), r"there is no variable 'X'.* The variables are x"),
        (lambda: GLOBAL.fit(DATA, PEAK.make_params(), x=X), "params have no 'a_amplitude'"),
        (lambda: GLOBAL.make_params(a_amp=1), "no parameter 'a_amp'; did you mean 'a_amplitude'"),
        (
            lambda: GlobalModel({"a": PEAK}, shared=3),
            "shared must be names of parameters, or a mapping of them, not 3",
        ),
        (
            lambda: GlobalModel({"a": PEAK}, shared={"w": "sigma"}),
            r"'w': a list of data sets, or .* not 'sigma'",
        ),
        (lambda: GlobalModel({"a": PEAK}, shared={"w": 3}), r"shared, 'w': a list of data sets, or .* not 3"),
        (lambda: GLOBAL.fit(DATA, 3, x=X), "params must be Parameters or a dictionary of values, not 3"),
        (with_keyword(fit_kws=3), "fit_kws must be a dictionary of options of the engine, not 3"),
        (lambda: GLOBAL.eval({"center": 1}, x=X), "params have no 'a_amplitude', 'sigma', 'slope'"),
        (lambda: FIT.eval({"center": 1}), "params must be Parameters of the global fit"),
        (lambda: FIT["aa"], r"there is no data set 'aa'; did you mean 'a'\? The data sets are a, b, c, d, e"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ModelError, match=message):
        call()


def test_wrong_number_of_columns():
    with pytest.raises(ValueError, match="columns must be a number of at least 1, but is 0"):
        FIT.plot(columns=0)


def test_no_start_value():
    model = GlobalModel({"a": Model(lambda x, k: k * x, name="f")})
    with pytest.raises(ModelError, match=r"no start value for 'a_k'; give it by name, a_k=\.\.\."):
        model.fit({"a": DATA["a"]}, x=X["a"])


def test_lengths_that_do_not_match():
    with pytest.raises(ModelError, match=r"data set 'b': weights have shape \(3,\)"):
        GLOBAL.fit(DATA, start(), x=X, weights={"b": np.ones(3)})


def test_unknown_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'chisq'; did you mean 'chisqr'"):
        _ = FIT.chisq


def test_a_dictionary_as_the_variable_itself():
    model = Model(lambda v, k: k * v["t"], independent_vars=["v"])
    both = GlobalModel({"a": model, "b": model}, shared=["k"])
    t = np.arange(1.0, 5.0)
    fit = both.fit({"a": 2.0 * t, "b": 2.0 * t}, v={"t": t}, k=1.0)
    assert fit.params["k"].value == pytest.approx(2.0)


def test_no_warnings_of_numpy():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert GLOBAL.fit(DATA, start(), x=X, method="varpro").success
