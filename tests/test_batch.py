"""Many data sets at once: against `Model.fit` one by one, in all shapes, by all executors, with faults."""

import functools
import math
import multiprocessing
import os
import pickle
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from helpers import ZARR_2
from hypothesis import given, settings
from hypothesis import strategies as st

from lmfit import BatchResult, create_params, fit_many, minimize
from lmfit._batch_run import spans
from lmfit._batch_ties import Ties
from lmfit._signature import ModelError
from lmfit.errors import MinimizerException, ParameterError
from lmfit.lineshapes import gaussian
from lmfit.model import Model, ModelResult
from lmfit.models import ConstantModel, GaussianModel

X = np.linspace(-5.0, 5.0, 36)
MODEL = GaussianModel() + ConstantModel()
START = {"amplitude": 3.0, "center": 0.0, "sigma": 1.0, "c": 0.5}
#: What `START` stands for in the tests of everything but the fit itself.
QUICK = {**START, "x": X}


def spectra(*shape, seed=1, noise=0.05):
    rng = np.random.default_rng(seed)
    ranges = ((2.0, 6.0), (-1.0, 1.0), (0.6, 1.2), (0.1, 1.0))
    amplitude, center, sigma, c = (rng.uniform(*ends, (*shape, 1)) for ends in ranges)
    return gaussian(X, amplitude, center, sigma) + c + rng.normal(0.0, noise, (*shape, X.size))


def peak(x, amplitude, center, sigma, c):
    return amplitude / (sigma * math.sqrt(2.0 * math.pi)) * np.exp(-0.5 * ((x - center) / sigma) ** 2) + c


def peak_for_numbers(x, amplitude, center, sigma, c):
    """Works for numbers only, as many functions do."""
    if sigma <= 0.0:
        return np.full(x.shape, np.nan)
    return peak(x, float(amplitude), float(center), float(sigma), float(c))


def peak_mixing_fits(x, amplitude, center, sigma, c):
    """Takes arrays without an error, but mixes the fits."""
    shape = np.exp(-0.5 * ((x - center) / sigma) ** 2)
    return amplitude * shape / np.sum(shape) + c


def assert_same(many, alone, index, names=None, rtol=1e-4):
    """One fit of many is the one made alone: values to 1e-5 of their errors."""
    assert many.success[index] == alone.success
    for name in names or many.param_names:
        par = alone.params[name]
        value, error = many.values[name][index], many.stderr[name][index]
        expected = math.nan if par.stderr is None else par.stderr
        np.testing.assert_allclose(error, expected, rtol=rtol, atol=1e-12)
        size = expected if expected > 0.0 else abs(par.value) + 1e-9
        assert abs(value - par.value) <= 1e-5 * size, name
    np.testing.assert_allclose(many.chisqr[index], alone.chisqr, rtol=1e-8)
    np.testing.assert_allclose(many.redchi[index], alone.redchi, rtol=1e-8)
    assert many.ndata[index] == alone.ndata


def assert_equal(result, other):
    """Two results are the same to the last bit."""
    np.testing.assert_array_equal(np.asarray(result._table), np.asarray(other._table))


class TestAgainstOneByOne:
    @pytest.mark.parametrize(
        "model",
        [
            MODEL,
            Model(peak),
            Model(peak_for_numbers),
            Model(peak_mixing_fits),
        ],
        ids=["known", "differences", "numbers only", "mixing"],
    )
    def test_values_and_errors(self, model):
        data = spectra(6)
        result = model.fit_many(data, x=X, **START)
        assert result.success.all()
        for i, row in enumerate(data):
            assert_same(result, model.fit(row, x=X, **START), i)

    def test_products(self):
        model = GaussianModel() * Model(lambda x, depth: 1.0 + depth * np.cos(4.0 * x))
        rng = np.random.default_rng(2)
        data = gaussian(X, 4.0, rng.uniform(-0.5, 0.5, (4, 1)), 1.0) * (1.0 + 0.1 * np.cos(4.0 * X))
        data += rng.normal(0.0, 0.02, data.shape)
        begin = {"amplitude": 3.0, "center": 0.0, "sigma": 1.2, "depth": 0.0}
        result = model.fit_many(data, x=X, **begin)
        for i, row in enumerate(data):
            assert_same(result, model.fit(row, x=X, **begin), i)

    def test_functions_for_numbers_are_called_for_each_fit(self):
        shapes = set()

        def watched(x, a, b):
            shapes.add(np.shape(a))
            return float(a) * x + float(b)

        result = Model(watched).fit_many(np.array([2 * X, 3 * X + 1]), x=X, a=1, b=0)
        np.testing.assert_allclose(result.values["a"], [2.0, 3.0])
        assert () in shapes
        assert (2, 1) not in shapes

    def test_functions_for_arrays_are_called_for_all_fits(self):
        shapes = []

        def watched(x, a, b):
            shapes.append(np.shape(a))
            return a * x + b

        Model(watched).fit_many(np.arange(1.0, 501.0)[:, np.newaxis] * X, x=X, a=1, b=0)
        assert max(shapes) == (500, 1)
        assert len(shapes) < 250

    @settings(max_examples=20, derandomize=True)
    @given(
        st.integers(0, 10_000),
        st.sets(st.sampled_from(["bounds", "tie", "fixed", "weights", "mask", "starts", "x"])),
    )
    def test_bounds_ties_weights_masks_and_starts(self, seed, chosen):
        """Any combination of settings, each fit with its own."""
        data, params, weights, x = self.cases(seed, chosen)
        result = MODEL.fit_many(data, params, weights, x=x)
        for i, row in enumerate(data):
            own = MODEL.make_params()
            for name, setting in params.items():
                own[name].set(**{what: v[i] if np.ndim(v) else v for what, v in setting.items()})
            alone = MODEL.fit(
                row, own, weights=None if weights is None else weights[i], x=x[i], nan_policy="omit"
            )
            if result.chisqr[i] < alone.chisqr * (1.0 - 1e-6) or not alone.success:
                assert result.success[i]
                continue  # the one made alone has not found the minimum
            assert_same(result, alone, i)

    def cases(self, seed, chosen):
        """Data, parameters, weights and independent variable of four fits."""
        rng = np.random.default_rng(seed)
        data = spectra(4, seed=seed)
        params = {name: {"value": value} for name, value in START.items()}
        if "bounds" in chosen:
            params["c"] |= {"value": 0.7, "min": np.array([0.0, 0.3, 0.6, -1.0])}
            params["amplitude"] |= {"value": np.full(4, 2.9), "max": rng.uniform(3.0, 6.0, 4)}
        if "tie" in chosen:
            params["center"] = {"expr": "0.3 * sigma if sigma > 0 else 0.0"}
        elif "fixed" in chosen:
            params["center"] = {"value": rng.uniform(-0.5, 0.5, 4), "vary": False}
        if "starts" in chosen:
            params["sigma"]["value"] = rng.uniform(0.7, 1.1, 4)
        if "mask" in chosen:
            data[rng.random(data.shape) < 0.15] = np.nan
        weights = rng.uniform(0.5, 2.0, data.shape) if "weights" in chosen else None
        x = X + rng.uniform(-0.1, 0.1, (4, 1)) if "x" in chosen else np.tile(X, (4, 1))
        return data, params, weights, x

    def test_scale_covar(self):
        data = spectra(3)
        result = MODEL.fit_many(data, weights=20.0, scale_covar=False, **QUICK)
        for i, row in enumerate(data):
            assert_same(result, MODEL.fit(row, weights=np.full(X.size, 20.0), scale_covar=False, **QUICK), i)

    def test_covariance(self):
        data = spectra(2)
        result = MODEL.fit_many(data, **QUICK)
        assert result.covar.shape == (2, 4, 4)
        for i, row in enumerate(data):
            np.testing.assert_allclose(result.covar[i], MODEL.fit(row, **QUICK).covar, rtol=1e-4, atol=1e-12)

    def test_complex_data(self):
        def response(f, f0, q):
            return 1.0 / (1.0 + 2.0j * q * (f - f0))

        model, f = Model(response), np.linspace(0.0, 2.0, 30)
        rng = np.random.default_rng(3)
        data = response(f, rng.uniform(0.9, 1.1, (4, 1)), 5.0)
        data = data + 0.01 * (rng.normal(size=data.shape) + 1j * rng.normal(size=data.shape))
        data[1, 4] = np.nan
        result = model.fit_many(data, f=f, f0=1.0, q=4.0)
        for i, row in enumerate(data):
            assert_same(result, model.fit(row, f=f, f0=1.0, q=4.0, nan_policy="omit"), i)
        real = model.fit_many(data.real[:1], f=f, f0=1.0, q=4.0)
        assert_same(real, model.fit(data.real[0], f=f, f0=1.0, q=4.0), 0)

    def test_derivatives_by_the_user(self):
        calls = []

        def slopes(x, a, b):
            calls.append(np.shape(a))
            return [x, 1.0]

        model = Model(lambda x, a, b: a * x + b, dfunc=slopes)
        result = model.fit_many(np.array([2 * X, 3 * X + 1]), x=X, a=1, b=0)
        np.testing.assert_allclose(result.values["a"], [2.0, 3.0])
        assert (2, 1) in calls
        assert (result.nfev < 5).all()

    def test_derivatives_that_take_only_numbers_are_left_alone(self):
        model = Model(
            lambda x, a, b: a * x + b, dfunc=lambda x, a, b: [x, np.full(len(x), float(a) / float(a))]
        )
        result = model.fit_many(np.array([2 * X, 3 * X + 1]), x=X, a=1, b=0)
        np.testing.assert_allclose(result.values["b"], [0.0, 1.0], atol=1e-9)

    def test_derivatives_of_functions_for_numbers(self):
        model = Model(
            lambda x, a, b: float(a) * x + float(b),
            dfunc=lambda x, a, b: [x * float(1), np.ones_like(x) * bool(b + 9)],
        )
        result = model.fit_many(np.array([2 * X, 3 * X + 1]), x=X, a=1, b=0)
        np.testing.assert_allclose(result.values["b"], [0.0, 1.0], atol=1e-9)
        assert (result.nfev < 5).all()

    def test_variables_that_only_others_use(self):
        params = MODEL.make_params(**START)
        params.add("fwhm_half", value=1.1)
        params["sigma"].set(expr="fwhm_half / 1.17741")
        data = spectra(3)
        result = MODEL.fit_many(data, params, x=X)
        assert result.var_names == ["amplitude", "center", "c", "fwhm_half"]
        for i, row in enumerate(data):
            assert_same(result, MODEL.fit(row, params, x=X), i)

    def test_no_effect_and_full_correlation_are_told(self):
        model = Model(lambda x, a, b, useless: (a + b) * x + 0.0 * useless)
        result = model.fit_many(np.array([2 * X, 3 * X]), x=X, a=1.0, b=1.0, useless=1.0)
        assert result.undetermined("a")[0] == "fully correlated with other variables"
        assert result.undetermined("useless").tolist() == ["no effect on the residual"] * 2
        assert np.isnan(result.stderr["a"]).all()
        np.testing.assert_allclose(result.values["a"] + result.values["b"], [2.0, 3.0])

    def test_held_by_a_bound(self):
        result = MODEL.fit_many(spectra(2), x=X, **{**START, "c": {"value": 2.0, "min": 1.5}})
        assert result.values["c"].tolist() == [1.5, 1.5]
        assert np.isnan(result.stderr["c"]).all()
        assert result.undetermined("c")[1] == "at its lower bound"
        assert result.undetermined("sigma")[1] == ""
        assert result.success.all()


class TestTies:
    def test_functions_that_look_at_all_fits_are_given_one_by_one(self):
        params = create_params(a=1.0)
        params._asteval.symtable["highest"] = lambda x: np.max(x) + 0.0 * x
        params.add("t", expr="highest(a)")
        assert Ties(params).evaluate({"a": np.array([1.0, 3.0, 2.0])})["t"].tolist() == [1.0, 3.0, 2.0]

    def test_copies_for_other_processes(self):
        ties = Ties(create_params(a=2.0, t={"expr": "2*a"}))
        for made in (pickle.dumps(ties), ties.evaluate({"a": 1.0}) and pickle.dumps(ties)):
            assert pickle.loads(made).evaluate({"a": np.array([1.0, 3.0])})["t"].tolist() == [2.0, 6.0]

    @pytest.mark.parametrize(
        "text",
        [
            "a + 2*b", "sqrt(a)/b", "max(a, b)", "min(1, a, b)", "a if a > b else b", "exp(-a)*sin(b)",
            "a**b", "1 if a else b", "a and b", "[a, b][0]", "sum([a, b])", "3", "f(a)",
            "where(a > b, a, -b)",
        ],
    )  # fmt: skip
    def test_arrays_give_what_numbers_give(self, text):
        params = create_params(a=1.5, b=0.5)
        params._asteval.symtable["f"] = math.floor
        params.add("t", expr=text, min=-1.0, max=2.5)
        rng = np.random.default_rng(4)
        a, b = rng.uniform(0.1, 3.0, 20), rng.uniform(0.1, 3.0, 20)
        found = np.broadcast_to(Ties(params).evaluate({"a": a, "b": b})["t"], 20)
        for i in range(20):
            params["a"].value, params["b"].value = a[i], b[i]
            assert found[i] == pytest.approx(params["t"].value, rel=1e-14)

    def test_where_there_is_no_value_there_is_nan(self):
        for text in ("log(a)", "log(a) if a != 7 else [1][0]"):
            params = create_params(a=1.0, t={"expr": text})
            found = Ties(params).evaluate({"a": np.array([1.0, -1.0])})["t"]
            assert found[0] == 0.0
            assert np.isnan(found[1])


class TestData:
    def test_any_shape_and_axis(self):
        data = spectra(2, 3)
        whole = MODEL.fit_many(data, **QUICK)
        assert whole.shape == whole.values["center"].shape == (2, 3)
        assert whole.covar.shape == (2, 3, 4, 4)
        for axis in (0, 1, -3):
            moved = MODEL.fit_many(np.moveaxis(data, -1, axis), axis=axis, **QUICK)
            assert_equal(moved, whole)

    def test_a_single_fit(self):
        data = spectra(1)[0]
        result = MODEL.fit_many(data, **QUICK)
        assert result.shape == ()
        assert_same(result, MODEL.fit(data, **QUICK), ())
        assert isinstance(result[()], ModelResult)
        with pytest.raises(TypeError, match="no length"):
            len(result)

    def test_lists_integers_and_masked_arrays(self):
        counts = np.round(100.0 * spectra(2)).astype(int)
        start = {**START, "amplitude": 300.0, "c": 50.0}
        plain = MODEL.fit_many(counts.astype(float), x=X, **start)
        assert_equal(MODEL.fit_many(counts, x=X, **start), plain)
        assert_equal(MODEL.fit_many(counts.tolist(), x=X.tolist(), **start), plain)
        missing = np.zeros(counts.shape, dtype=bool)
        missing[0, 3:9] = True
        masked = MODEL.fit_many(np.ma.array(counts, mask=missing), x=X, **start)
        assert_equal(masked, MODEL.fit_many(np.where(missing, np.nan, counts), x=X, **start))
        assert masked.ndata.tolist() == [X.size - 6, X.size]
        assert_same(masked, masked[0], 0)

    def test_weight_zero_masks(self):
        data = spectra(2)
        weights = np.ones(X.size)
        weights[:5] = 0.0
        result = MODEL.fit_many(data, weights=weights, **QUICK)
        assert result.ndata.tolist() == [X.size - 5] * 2
        assert_same(result, MODEL.fit(data[1, 5:], x=X[5:], **START), 1)
        assert_same(result, result[1], 1)

    def test_weights_go_with_the_axis(self):
        data, weights = spectra(2, 3), np.random.default_rng(5).uniform(0.5, 2.0, (2, 3, X.size))
        whole = MODEL.fit_many(data, weights=weights, **QUICK)
        moved = MODEL.fit_many(np.moveaxis(data, -1, 0), weights=np.moveaxis(weights, -1, 0), axis=0, **QUICK)
        assert_equal(moved, whole)
        assert_same(whole, whole[1, 2], (1, 2))

    def test_missing_independent_variables_are_missing_data(self):
        data, x = spectra(2), np.tile(X, (2, 1))
        x[0, :4] = np.nan
        result = MODEL.fit_many(data, x=x, **START)
        assert result.ndata.tolist() == [X.size - 4, X.size]
        assert_same(result, MODEL.fit(data[0, 4:], x=X[4:], **START), 0)

    def test_dataarray(self):
        data = xr.DataArray(
            spectra(2, 3),
            dims=("y", "x", "energy"),
            coords={
                "y": [0.5, 1.5],
                "energy": ("energy", X, {"units": "eV"}),
                "stage": ("x", [1.0, 2.0, 3.0]),
            },
        )
        start = xr.DataArray([0.9, 1.0, 1.1], dims="x")
        result = MODEL.fit_many(
            data.transpose("energy", "y", "x"), axis="energy", **{**START, "sigma": start}
        )
        center = result.values["center"]
        assert center.dims == ("y", "x")
        assert center.coords["y"].values.tolist() == [0.5, 1.5]
        assert center.coords["stage"].dims == ("x",)
        assert_equal(result, MODEL.fit_many(data.values, x=X, **{**START, "sigma": start.values}))
        assert_same(result, MODEL.fit(data.values[1, 2], x=X, **{**START, "sigma": 1.1}), (1, 2))
        assert isinstance(result[1, 2], ModelResult)

    def test_dataframe(self):
        table = pd.DataFrame(spectra(3), index=pd.Index(["a", "b", "c"], name="sample"), columns=X)
        result = MODEL.fit_many(table, **START)
        assert result.values["center"].index.tolist() == ["a", "b", "c"]
        assert_equal(result, MODEL.fit_many(table.to_numpy(), **QUICK))
        assert_equal(MODEL.fit_many(table.T, axis=0, **START), result)
        assert MODEL.fit_many(table.loc["a"], **START).shape == ()

    def test_starting_from_another_result(self):
        data = spectra(3)
        data[1] = np.nan
        first = MODEL.fit_many(data, **QUICK)
        again = MODEL.fit_many(data, first, x=X)
        np.testing.assert_allclose(again.values["center"], first.values["center"], rtol=1e-7)
        assert (again.nfev[[0, 2]] < first.nfev[[0, 2]]).all()

    def test_guessed_starts(self):
        data = spectra(3, seed=6)
        data[0, 2:4] = np.nan
        data[2] = np.nan
        result = MODEL.fit_many(data, x=X, init="guess")
        assert result.success.tolist() == [True, True, False]
        assert_same(result, MODEL.fit(data[1], MODEL.guess(data[1], x=X), x=X), 1)

    def test_no_guess(self):
        class Clueless(GaussianModel):
            def guess(self, data, x=None, **kws):
                raise ValueError("too flat")

        result = Clueless().fit_many(spectra(2), x=X, init="guess")
        assert not result.success.any()
        assert result.message.tolist() == ["no start values could be found"] * 2

    def test_starts_from_neighbours(self):
        """A line that drifts out of reach of the common start."""
        places = np.linspace(-3.5, 3.5, 45)
        rng = np.random.default_rng(7)
        data = gaussian(X, 1.0, places[:, np.newaxis], 0.3) + rng.normal(0.0, 0.01, (45, X.size))
        start = {"amplitude": 1.0, "center": 0.0, "sigma": 0.3}
        far = GaussianModel().fit_many(data, x=X, **start)
        near = GaussianModel().fit_many(data, x=X, init="neighbour", chunk=45, **start)
        assert np.abs(far.values["center"] - places).max() > 1.0
        assert near.chisqr.sum() < far.chisqr.sum()
        assert np.median(np.abs(near.values["center"] - places)) < 0.05

    def test_one_and_two_fits_have_neighbours_too(self):
        for count in (1, 2, 3):
            data = spectra(count)
            result = MODEL.fit_many(data, init="neighbour", **{**QUICK, "c": {"value": 0.5, "min": 0.0}})
            expected = MODEL.fit_many(data, **QUICK)
            np.testing.assert_allclose(result.values["center"], expected.values["center"], rtol=1e-6)


class TestFaults:
    def test_missing_data_are_told(self):
        data = spectra(4)
        data[1] = np.nan
        data[2, 3:] = np.inf
        result = MODEL.fit_many(data, **QUICK)
        assert result.success.tolist() == [True, False, False, True]
        assert result.message[1] == "no data: all are missing, masked or without weight"
        assert result.message[2] == "fewer data than variables"
        assert result.ndata.tolist() == [X.size, 0, 3, X.size]
        for name in result.param_names:
            assert np.isnan(result.values[name][1:3]).all()
            assert np.isnan(result.stderr[name][1:3]).all()
        assert np.isnan(result.covar[1]).all()
        assert_equal(MODEL.fit_many(data[[0, 3]], **QUICK), type("", (), {"_table": result._table[[0, 3]]}))

    def test_an_exception_in_one_fit(self):
        def picky(x, a, b):
            if np.any(a > 5.0):
                raise OverflowError("a is too large")
            return a * x + b

        data = np.array([1.0, 6.0, 3.0])[:, np.newaxis] * X
        result = Model(picky).fit_many(data, x=X, a=1, b=0)
        assert result.success.tolist() == [True, False, True]
        assert result.message[1] == "the model function raised an exception (OverflowError: a is too large)"
        with pytest.raises(
            MinimizerException, match=r"fit \[1\] failed: .*OverflowError: a is too large.*errors='nan'"
        ):
            Model(picky).fit_many(data, x=X, errors="raise", a=1, b=0)

    def test_failures_can_be_errors(self):
        data = spectra(2, 3)
        data[1, 2] = np.nan
        with pytest.raises(MinimizerException, match=r"fit \[1, 2\] failed: no data"):
            MODEL.fit_many(data, errors="raise", chunk=2, **QUICK)
        assert MODEL.fit_many(data[0], errors="raise", **QUICK).success.all()

    def test_starts_without_value(self):
        model = Model(lambda x, a: np.sqrt(a - 2.0) * x)
        result = model.fit_many(np.array([X, X]), x=X, a=np.array([4.0, 1.0]))
        assert result.success.tolist() == [True, False]
        assert result.message[1] == "the model is not finite at the start values"

    def test_notebooks_show_the_summary(self):
        result = MODEL.fit_many(np.array([QUICK["x"] ** 0, np.full(len(X), np.nan)]), **QUICK)
        shown = result._repr_html_()
        assert shown.startswith("<p>2 fits, ")
        assert "no data" in shown

    def test_an_interruption_returns_what_is_finished(self):
        calls = []

        def interrupted(x, a):
            calls.append(1)
            if np.any(a > 50.0):
                raise KeyboardInterrupt
            return a * x

        data = np.array([1.0, 2.0, 100.0, 3.0])[:, np.newaxis] * X
        result = Model(interrupted).fit_many(data, x=X, a=1.5, chunk=1)
        assert result.success.tolist() == [True, True, False, False]
        assert set(result.message[2:]) == {"not fitted: interrupted from the keyboard"}
        with pytest.raises(KeyboardInterrupt):
            Model(interrupted).fit_many(data, x=X, a=1.5, chunk=1, errors="raise")

    @pytest.mark.parametrize("moment", [1, 5], ids=["between fits", "within a fit"])
    def test_ctrl_c_ends_all_fits_of_an_objective(self, moment):
        t, calls = np.arange(5.0), []

        def residual(params, target):
            calls.append(target)
            if calls.count(3.0) == moment:
                raise KeyboardInterrupt
            return params["a"] * t - target * t

        result = fit_many(residual, create_params(a=1), [(float(k),) for k in range(1, 7)])
        assert result.success.tolist() == [True, True, False, False, False, False]
        assert all("interrupted" in text for text in result.message[2:])
        assert max(calls) == 3.0
        calls.clear()
        with pytest.raises(KeyboardInterrupt):
            fit_many(residual, create_params(a=1), [(3.0,)], errors="raise")

    @pytest.mark.parametrize(
        "change, error, text",
        [
            ({"x": X[:-1]}, ModelError, r"shape \(35,\), but each fit has 36 data"),
            ({"sigmaa": 1.0}, ModelError, "no parameter or variable 'sigmaa'; did you mean 'sigma'"),
            ({"errors": "ignore"}, ValueError, "errors must be one of 'nan', 'raise', not 'ignore'"),
            ({"init": "best"}, ValueError, "init must be one of 'params', 'guess', 'neighbour', not 'best'"),
            ({"axis": 2}, ModelError, r"axis=2 does not exist in data of shape \(2, 36\)"),
            ({"axis": "energy"}, ModelError, "axis='energy' is the name of a dimension"),
            ({"weights": np.ones((3, 36))}, ModelError, r"weights have shape \(3, 36\); needed is \(2, 36\)"),
            ({"sigma": np.ones(3)}, ModelError, r"'sigma': its value has shape \(3,\).*\(2,\) of the fits"),
            (
                {"sigma": {"value": 1.0, "min": np.array([0.0, 3.0]), "max": 2.0}}, ParameterError,
                r"'sigma': min \(3.0\) must be below max \(2.0\), in fit \[1\]",
            ),
            (
                {"params": {"fwhm": {"expr": "2*sigma", "min": np.ones(2)}}}, ParameterError,
                "'fwhm': it is tied by '2\\*sigma', and can have no array for its min",
            ),
            (
                {name: {"value": 1.0, "vary": False} for name in START}, ModelError,
                "no parameter is varied",
            ),
        ],
    )  # fmt: skip
    def test_what_is_wrong_with_all_fits_is_an_error(self, change, error, text):
        with pytest.raises(error, match=text):
            MODEL.fit_many(spectra(2), **{**QUICK, **change})

    def test_data_that_are_none(self):
        with pytest.raises(ModelError, match="single number"):
            MODEL.fit_many(3.0, **QUICK)
        with pytest.raises(ModelError, match=r"no data to fit: data have shape \(0, 36\)"):
            MODEL.fit_many(np.empty((0, 36)), **QUICK)
        with pytest.raises(ModelError, match="no dimension 'enrgy'; did you mean 'energy'"):
            MODEL.fit_many(xr.DataArray(spectra(2), dims=("x", "energy")), axis="enrgy", **QUICK)
        data, other = xr.DataArray(spectra(2), dims=("x", "energy")), xr.DataArray(np.ones(2), dims="z")
        with pytest.raises(ModelError, match="has the dimension 'z'"):
            MODEL.fit_many(data, **{**QUICK, "sigma": other})


def deadly(x, a):
    """Kills the process that evaluates it close to a = 7."""
    if np.any(np.abs(a - 7.0) < 0.1) and multiprocessing.parent_process() is not None:
        os._exit(1)
    return a * x


class Inline(Executor):
    """Runs at once what it is given, in the same process, as slowly started workers may not."""

    def __init__(self):
        self.sizes = []

    def submit(self, function, /, *args, **kwargs):
        self.sizes.append(len(args[-1].data))
        future = Future()
        future.set_result(function(*args, **kwargs))
        return future


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        yield executor


class TestExecutors:
    def test_results_are_the_same_to_the_last_bit(self, processes):
        data = spectra(5, 40)
        data[1, 3] = np.nan
        serial = MODEL.fit_many(data, **QUICK)
        with ThreadPoolExecutor(2) as threads:
            for executor in (processes, threads, Inline()):
                for chunk in (None, 33):
                    assert_equal(MODEL.fit_many(data, executor=executor, chunk=chunk, **QUICK), serial)

    def test_chunks(self):
        executor = Inline()
        MODEL.fit_many(spectra(10), executor=executor, chunk=4, **QUICK)
        assert executor.sizes == [4, 4, 2]
        assert spans(100_000, 512, None, False)[0] == (0, 15625)
        assert len(spans(10_000, 512, None, True)) >= 16

    def test_functions_without_a_name_travel_too(self, processes):
        model = Model(lambda x, a: a * x)
        result = model.fit_many(np.array([2 * X, 3 * X]), x=X, a=1, executor=processes)
        np.testing.assert_allclose(result.values["a"], [2.0, 3.0])

    def test_a_worker_that_dies(self):
        data = np.array([2.0, 7.0])[:, np.newaxis] * X
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
            result = Model(deadly).fit_many(data, x=X, a=2.1, chunk=1, executor=executor)
            assert "not fitted: the worker process died" in result.message[1]
            assert np.isnan(result.values["a"][1])
            with pytest.raises(MinimizerException, match="the worker process died"):
                Model(deadly).fit_many(data, x=X, a=2.1, executor=executor, errors="raise")

    def test_errors_of_the_work_itself_are_not_hidden(self):
        class Broken(Executor):
            def submit(self, function, /, *args, **kwargs):
                future = Future()
                future.set_exception(ZeroDivisionError("in the worker"))
                return future

        with pytest.raises(ZeroDivisionError, match="in the worker"):
            MODEL.fit_many(spectra(2), executor=Broken(), **QUICK)

    def test_progress(self, capsys):
        MODEL.fit_many(spectra(10), progress=True, chunk=4, **QUICK)
        shown = capsys.readouterr().err
        assert "10/10" in shown
        assert "fits/s" in shown
        MODEL.fit_many(spectra(2), **QUICK)
        assert capsys.readouterr().err == ""

    def test_progress_needs_tqdm(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
        with pytest.raises(ImportError, match=r"lmfit\[progress\]"):
            MODEL.fit_many(spectra(2), progress=True, **QUICK)


@pytest.fixture(scope="module")
def mapped():
    data = xr.DataArray(
        spectra(3, 4),
        dims=("y", "x", "energy"),
        coords={"y": [0.0, 0.5, 1.0], "energy": X, "x": list("abcd")},
    )
    data[1, 2] = np.nan
    return MODEL.fit_many(data, **START)


class TestResult:
    def test_single_fits(self, mapped):
        full = mapped[2, -1]
        assert isinstance(full, ModelResult)
        assert_same(mapped, full, (2, 3))
        assert full.nfev < 20
        assert not mapped[1, 2 - 1].aborted
        with pytest.raises(IndexError, match=r"shape \(3, 4\): 2 indices"):
            mapped[1]
        with pytest.raises(IndexError):
            mapped[3, 0]

    def test_representation(self, mapped):
        assert repr(mapped) == "<BatchResult: 12 fits of amplitude, center, sigma, c; 1 failed>"
        assert len(mapped) == 3
        assert mapped.size == 12

    def test_summary(self, mapped):
        lines = mapped.summary().splitlines()
        assert lines[0] == "12 fits, 11 succeeded, 1 failed"
        assert lines[1] == "    1: no data: all are missing, masked or without weight (first at [1, 2])"
        worst = int(np.nanargmax(mapped.redchi.values))
        assert lines[2].endswith(f"{np.nanmax(mapped.redchi):.4g} at {[worst // 4, worst % 4]}")
        assert "\ncenter " in mapped.summary()

    def test_summary_of_nothing(self):
        result = MODEL.fit_many(np.full((2, X.size), np.nan), **QUICK)
        assert result.summary().splitlines()[0] == "2 fits, 0 succeeded, 2 failed"

    def test_dataframe(self, mapped):
        table = mapped.to_dataframe()
        assert table.index.names == ["y", "x"]
        assert table.loc[(0.5, "b"), "center"] == mapped.values["center"].sel(y=0.5, x="b")
        assert table.loc[(0.5, "b"), "center_stderr"] == mapped.stderr["center"].sel(y=0.5, x="b")
        assert table["success"].sum() == 11
        assert table["message"].iloc[6].startswith("no data")
        plain = MODEL.fit_many(spectra(2, 2), **QUICK).to_dataframe()
        assert plain.index.tolist() == [(0, 0), (0, 1), (1, 0), (1, 1)]
        assert MODEL.fit_many(spectra(1)[0], **QUICK).to_dataframe().shape[0] == 1

    def test_dataframe_of_a_dataframe(self):
        index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["sample", "run"])
        result = MODEL.fit_many(pd.DataFrame(spectra(2), index=index, columns=X), **START)
        assert result.to_dataframe().index.names == ["sample", "run"]
        assert result.values["c"].loc["b", 2] == result.to_dataframe().loc[("b", 2), "c"]

    def test_dataset(self, mapped):
        found = mapped.to_xarray(units={"center": "eV"})
        assert found["center"].attrs == {"long_name": "center", "units": "eV"}
        assert found["center_stderr"].attrs["units"] == "eV"
        assert found["covar"].dims == ("y", "x", "variable", "variable_2")
        variance = found["covar"].sel(variable="center", variable_2="center")
        np.testing.assert_allclose(np.sqrt(variance), mapped.stderr["center"])
        assert found.sizes["y"] == 3
        assert list(found.coords["x"].values) == list("abcd")
        assert "units" not in found["sigma"].attrs
        with pytest.raises(ModelError, match="no parameter 'centre'; did you mean 'center'"):
            mapped.to_xarray(units={"centre": "eV"})

    def test_dataset_can_be_written(self, mapped, tmp_path):
        mapped.to_xarray().to_zarr(tmp_path / "result.zarr", **ZARR_2)
        again = xr.open_zarr(tmp_path / "result.zarr")
        np.testing.assert_array_equal(again["center"], mapped.values["center"])

    @pytest.mark.parametrize("data", ["mapped", "plain", "series"])
    def test_files(self, mapped, tmp_path, data):
        table = pd.DataFrame(spectra(2), index=pd.Index(["a", "b"], name="sample"), columns=X)
        result = {
            "mapped": lambda: mapped,
            "plain": lambda: MODEL.fit_many(spectra(2), **QUICK),
            "series": lambda: MODEL.fit_many(table, **START),
        }[data]()
        result.save(tmp_path / "result.npz")
        again = BatchResult.load(tmp_path / "result.npz")
        assert_equal(again, result)
        assert again.params == result.params
        assert type(again.values["center"]) is type(result.values["center"])
        assert again.summary() == result.summary()
        if data == "mapped":
            xr.testing.assert_equal(again.values["center"], result.values["center"])
            assert not again.values["center"].attrs
        with pytest.raises(ModelError, match="loaded from a file"):
            again[(0,) * len(again.shape)]

    def test_files_keep_texts(self, tmp_path):
        result = Model(lambda x, a: a * x if np.all(a < 5) else 1 / 0).fit_many([6 * X, X], x=X, a=1)
        result.save(tmp_path / "result.npz")
        assert BatchResult.load(tmp_path / "result.npz").message.tolist() == result.message.tolist()
        assert "ZeroDivisionError" in result.message[0]

    def test_other_files(self, tmp_path):
        path = tmp_path / "other.npz"
        np.savez(path, table=X)
        with pytest.raises(ModelError, match=r"other\.npz is no file of BatchResult\.save"):
            BatchResult.load(path)
        path.write_text("text")
        with pytest.raises(ModelError, match="is no file of"):
            BatchResult.load(path)

    def test_coordinates_that_cannot_be_stored(self, tmp_path):
        index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
        result = MODEL.fit_many(pd.DataFrame(spectra(2), index=index, columns=X), **START)
        with pytest.raises(ModelError, match="'fit' holds tuple, which cannot be stored"):
            result.save(tmp_path / "result.npz")

    def test_maps(self, mapped):
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(1, 3)
        ax = mapped.plot_map("center", ax=axes[0], label="eV", cmap="viridis")
        assert ax is axes[0]
        (mesh,) = ax.collections
        np.testing.assert_array_equal(
            np.ma.filled(mesh.get_array(), np.nan).ravel(), mapped.values["center"].values.ravel()
        )
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
        mapped.plot_map("redchi", ax=axes[1])
        mapped.plot_map("center", "stderr", ax=axes[2])
        assert figure.axes[-1].get_ylabel() == "standard error of center"
        plt.close(figure)

    def test_lines(self):
        import matplotlib.pyplot as plt

        result = MODEL.fit_many(spectra(5), **QUICK)
        figure, ax = plt.subplots()
        result.plot_map("sigma", ax=ax)
        (container,) = ax.containers
        assert container.has_yerr
        np.testing.assert_array_equal(container.lines[0].get_ydata(), result.values["sigma"])
        plt.close(figure)

    def test_maps_that_cannot_be_drawn(self, mapped):
        with pytest.raises(ModelError, match="'centre' is neither a parameter nor a statistic; did you mean"):
            mapped.plot_map("centre")
        with pytest.raises(ValueError, match="what must be 'value' or 'stderr'"):
            mapped.plot_map("center", "error")
        with pytest.raises(ValueError, match=r"shape \(1, 1, 2\)"):
            MODEL.fit_many(spectra(1, 1, 2), **QUICK).plot_map("center")
        with pytest.raises(ModelError, match="'centre' is no variable of these fits; did you mean 'center'"):
            mapped.undetermined("centre")

    @pytest.mark.parametrize(
        "package, extra, call",
        [
            ("pandas", "data", lambda result: result.to_dataframe()),
            ("xarray", "data", lambda result: result.to_xarray()),
            ("matplotlib.pyplot", "plot", lambda result: result.plot_map("center")),
        ],
    )
    def test_missing_packages(self, monkeypatch, package, extra, call):
        result = MODEL.fit_many(spectra(2), **QUICK)
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ImportError, match=rf"lmfit\[{extra}\]"):
            call(result)


def decay(params, t, y):
    return params["n"] * np.exp(-t / params["tau"]) - y


def start():
    return create_params(n=1.0, tau={"value": 1.0, "min": 0.1}, half={"expr": "tau*log(2)"})


def curves():
    rng = np.random.default_rng(8)
    sets = []
    for tau, size in ((1.0, 20), (2.0, 30), (3.0, 25)):
        t = np.linspace(0.0, 6.0, size)
        sets.append((t, 4.0 * np.exp(-t / tau) + rng.normal(0.0, 0.02, size)))
    return sets


class TestObjectives:
    def test_each_is_a_fit_of_its_own(self):
        result = fit_many(decay, start(), curves())
        assert result.shape == (3,)
        for i, dataset in enumerate(curves()):
            alone = minimize(decay, start(), args=dataset)
            for name in ("n", "tau", "half"):
                assert result.values[name][i] == alone.params[name].value
                assert result.stderr[name][i] == alone.params[name].stderr
            np.testing.assert_array_equal(result.covar[i], alone.covar)
            assert result.chisqr[i] == alone.chisqr
            assert result.nfev[i] == alone.nfev
            assert result.ndata[i] == alone.ndata
            assert result[i].params["tau"].value == pytest.approx(alone.params["tau"].value, rel=1e-8)

    def test_forms_of_data_sets(self):
        expected = fit_many(decay, start(), curves())
        named = [{"t": t, "y": y} for t, y in curves()]
        assert_equal(fit_many(decay, start(), named), expected)
        single = fit_many(
            lambda params, data: decay(params, *data), start(), [list(pair) for pair in curves()]
        )
        assert_equal(single, expected)

    def test_failures(self):
        sets = curves()
        sets[1] = (sets[1][0], np.full(30, np.nan))
        result = fit_many(decay, start(), sets)
        assert result.success.tolist() == [True, False, True]
        assert result.message[1].startswith("the model function raised an exception (NonFiniteError: ")
        assert np.isnan(result.values["tau"][1])
        with pytest.raises(MinimizerException, match=r"fit \[1\] failed"):
            fit_many(decay, start(), sets, errors="raise")
        few = fit_many(decay, start(), curves(), max_nfev=3)
        assert not few.success.any()
        assert few.message[0].startswith("the fit did not succeed (")
        with pytest.raises(ValueError, match="errors must be one of"):
            fit_many(decay, start(), curves(), errors="ignore")

    def test_an_objective_that_takes_other_arguments_is_an_error(self):
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'y'"):
            fit_many(decay, start(), [np.ones(3)])

    def test_any_iterable_will_do(self):
        assert_equal(fit_many(decay, start(), iter(curves())), fit_many(decay, start(), curves()))
        assert fit_many(decay, start(), []).shape == (0,)

    def test_reasons_without_errors(self):
        result = fit_many(
            lambda p, y: p["a"] * X + p["b"] - y,
            create_params(a={"value": 1.0, "min": 0.5}, b=1.0),
            [0.1 * X + 2.0 + 0.01 * np.sin(X)],
        )
        assert result.success.all()
        assert result.undetermined("a").tolist() == ["at its lower bound"]
        assert result.undetermined("b").tolist() == [""]

    def test_executors_and_seeds(self, processes):
        def ends(executor, seed, chunk):
            box = create_params(n={"value": 1, "min": 0, "max": 9}, tau={"value": 1, "min": 0.1, "max": 9})
            return fit_many(
                decay, box, curves(), method="differential_evolution", seed=seed, executor=executor,
                chunk=chunk, maxiter=3, polish=False,
            )  # fmt: skip

        serial = ends(None, 3, None)
        assert_equal(ends(processes, 3, 1), serial)
        assert not np.array_equal(ends(None, 4, None)._table, serial._table)

    def test_results_of_processes(self, processes):
        assert_equal(
            fit_many(decay, start(), curves(), executor=processes, chunk=1),
            fit_many(decay, start(), curves()),
        )

    def test_other_objects_travel(self, processes):
        bound = functools.partial(decay, t=curves()[0][0])
        result = fit_many(bound, start(), [{"y": curves()[0][1]}], executor=processes)
        assert result.success.all()
