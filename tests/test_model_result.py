"""ModelResult: attributes, reports, bands, weights of all kinds against closed forms, labels, fits again."""

import copy
import pickle
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from helpers import linear_solution

from lmfit import _bands, models
from lmfit.lineshapes import gaussian, linear
from lmfit.model import Model, ModelError, ModelResult

X = np.linspace(0, 10, 41)
NOISE = np.random.default_rng(1).normal(size=41)
DATA = gaussian(X, 8, 4.6, 0.9) + linear(X, 0.3, 1.0) + 0.05 * NOISE
START = {"g_amplitude": 7, "g_center": 4, "g_sigma": 1, "l_slope": 0.2, "l_intercept": 1.5}


def peak_and_line():
    return Model(gaussian, prefix="g_") + Model(linear, prefix="l_")


def line_fit(data, x=X, **kws):
    return Model(linear).fit(data, x=x, slope=0, intercept=0, **kws)


def line_data():
    return 0.3 * X + 1 + 0.2 * NOISE


@pytest.fixture
def result():
    return peak_and_line().fit(DATA, x=X, weights=1 / 0.05, **START)


def unknown_peak(x, amplitude, center, sigma):
    return gaussian(x, amplitude, center, sigma)


class TestAttributes:
    def test_of_1x(self, result):
        assert (result.ndata, result.nvarys, result.nfree, result.method) == (41, 5, 36, "leastsq")
        assert result.success
        assert not result.aborted
        assert result.errorbars
        assert result.init_values == START
        assert list(result.best_values) == list(START)
        assert result.values["g_center"] == result.params["g_center"].value
        assert result.init_params["g_center"].value == 4
        assert result.var_names == list(START)
        assert result.covar.shape == (5, 5)
        assert result.userkws["x"] is X
        assert result.userargs[0] is result.data
        assert result.userargs[1] == result.weights == 20
        assert [part.prefix for part in result.components] == ["g_", "l_"]
        assert result.residual == pytest.approx((DATA - result.best_fit) * 20)
        assert result.userfcn(result.params) == pytest.approx(result.residual)
        assert result.chisqr == pytest.approx(np.sum(result.residual**2))
        assert result.init_fit == pytest.approx(result.model.eval(x=X, **START))
        assert result.flatchain is None
        assert result.ci_out is result.dely is None
        assert result.uvars["g_center"].nominal_value == result.params["g_center"].value

    def test_rsquared_has_no_weights(self, result):
        expected = 1 - np.sum((DATA - result.best_fit) ** 2) / np.sum((DATA - DATA.mean()) ** 2)
        assert result.rsquared == pytest.approx(expected)

    def test_unknown_ones_are_named_with_matches(self, result):
        with pytest.raises(AttributeError, match="no attribute 'chisq'; did you mean 'chisqr'"):
            result.chisq
        with pytest.raises(AttributeError, match="there is no fit yet, call fit"):
            ModelResult(peak_and_line(), result.init_params).chisqr

    def test_constructor_of_1x(self):
        model = Model(linear)
        result = ModelResult(model, model.make_params(), data=line_data(), fcn_kws={"x": X})
        assert result.fit().params["slope"].value == pytest.approx(
            line_fit(line_data()).params["slope"].value
        )

    def test_text(self, result):
        assert repr(result).startswith(
            "<ModelResult of (Model(gaussian, prefix='g_') + Model(linear, prefix='l_'))"
        )

    def test_the_minimizer_can_fit_on(self, result):
        assert result.minimizer.nelder().chisqr == pytest.approx(result.chisqr, rel=1e-6)
        assert result.leastsq().chisqr == pytest.approx(result.chisqr)


class TestReports:
    def test_layout(self, result):
        lines = result.fit_report().splitlines()
        assert lines[:3] == ["[[Model]]", f"    {result.model.name}", "[[Fit Statistics]]"]
        assert "    R-squared          = 0.99891832" in lines
        assert any(line.startswith("    g_center:     4.59") for line in lines)

    def test_errors_of_the_data_are_mentioned(self):
        given = line_fit(line_data(), sigma=0.2).fit_report()
        assert (
            "weights = 1/sigma; errors of the parameters scaled by the root of reduced\n    chi-sq" in given
        )
        exact = line_fit(line_data(), covariance=0.04 * np.eye(41), scale_covar=False)
        assert "whitened by the covariance of the data; errors of the parameters as\n" in exact.fit_report()
        assert "1/sigma" in line_fit(line_data(), sigma=0.2)._repr_html_()
        assert "sigma;" not in line_fit(line_data(), weights=5).fit_report()

    def test_html_is_escaped(self):
        result = Model(lambda x, a: a * x).fit(X, x=X, a=2)
        assert "Model(&lt;lambda&gt;)" in result._repr_html_()

    def test_summary(self, result):
        summary = result.summary()
        assert summary["chisqr"] == result.chisqr
        assert summary["rsquared"] == result.rsquared
        assert summary["params"][1][:3] == ("g_center", result.params["g_center"].value, True)

    def test_intervals(self, result):
        report = result.ci_report(sigmas=[1], p_names=["g_center"])
        assert "g_center" in report
        assert list(result.ci_out) == ["g_center"]
        assert result.ci_report() == result.ci_report(ndigits=5)

    def test_tables(self, result):
        table = result.to_dataframe()
        assert table.loc["g_center", "value"] == result.params["g_center"].value
        data = result.to_dataframe("data")
        assert list(data) == ["x", "data", "weights", "best_fit", "g_", "l_", "residual"]
        assert data["best_fit"].to_numpy() == pytest.approx((data["g_"] + data["l_"]).to_numpy())
        with pytest.raises(ValueError, match="'params' or 'data'"):
            result.to_dataframe("fit")


class TestWeights:
    """Against linear least squares in closed form: values and errors."""

    @staticmethod
    def check(result, design, data):
        expected = linear_solution(design, data)
        assert list(result.best_values.values()) == pytest.approx(expected.values, rel=1e-9)
        factor = 1.0 if result.scale_covar else expected.redchi**-0.5
        errors = [par.stderr for par in result.params.values()]
        assert errors == pytest.approx(factor * expected.stderr, rel=1e-7)
        assert result.chisqr == pytest.approx(expected.chisqr, rel=1e-9)

    def test_weights_of_a_table_are_those_of_a_list(self):
        def plane(x, y, a, b):
            return a * x + b * y

        x, y = np.meshgrid(np.arange(6.0), np.arange(5.0))
        z, weights = 2 * x - y + np.sin(7 * x * y), 1 / (1 + x)
        table = Model(plane, independent_vars=["x", "y"]).fit(z, x=x, y=y, a=1, b=1, weights=weights)
        flat = {"x": x.ravel(), "y": y.ravel(), "weights": weights.ravel()}
        column = Model(plane, independent_vars=["x", "y"]).fit(z.ravel(), a=1, b=1, **flat)
        assert table.best_values == pytest.approx(column.best_values, rel=1e-12)
        np.testing.assert_allclose(table.covar, column.covar, rtol=1e-10)
        assert table.best_fit.shape == (5, 6)

    def test_a_table_needs_pandas(self, result, monkeypatch):
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(ImportError, match=r"needs the package pandas: pip install lmfit\[data\]"):
            result.to_dataframe()

    @pytest.mark.parametrize("scale_covar", [True, False])
    @pytest.mark.parametrize("how", ["weights", "sigma", "number"])
    def test_weights_and_errors(self, how, scale_covar):
        weights = 1 / (0.1 + 0.05 * X) if how != "number" else np.full(41, 5.0)
        given = {
            "weights": {"weights": weights},
            "sigma": {"sigma": 1 / weights},
            "number": {"weights": 5.0},
        }[how]
        design = np.column_stack([X, np.ones(41)])
        result = line_fit(line_data(), scale_covar=scale_covar, **given)
        self.check(result, design * weights[:, np.newaxis], line_data() * weights)
        assert np.broadcast_to(result._fit_data.errors, 41) == pytest.approx(1 / weights)

    def test_covariance(self):
        distance = np.abs(np.subtract.outer(X, X))
        covariance = 0.04 * np.exp(-distance / 2) + 0.01 * np.eye(41)
        inverse = np.linalg.inv(np.linalg.cholesky(covariance))
        design = np.column_stack([X, np.ones(41)])
        result = line_fit(line_data(), covariance=covariance, scale_covar=False)
        self.check(result, inverse @ design, inverse @ line_data())
        assert result._fit_data.errors == pytest.approx(np.full(41, 0.05**0.5))

    @pytest.mark.parametrize("kind", ["none", "real", "complex", "covariance", "both covariances"])
    def test_complex_data(self, kind):
        model = Model(lambda x, a, b: a * x + 1j * b * x + 1j * a)
        data = (0.5 + 2j) * X + 0.5j + 0.1 * NOISE + 0.3j * NOISE[::-1]
        design = np.block([[X[:, np.newaxis], np.zeros((41, 1))], [np.ones((41, 1)), X[:, np.newaxis]]])
        weights = 1 / (0.1 + 0.05 * X)
        root = np.tril(np.random.default_rng(5).normal(size=(82, 82)), -1) * 0.1 + np.eye(82)
        covariance, single = root @ root.T, root[:41, :41] @ root[:41, :41].T
        whiten, given = {
            "none": (np.eye(82), {}),
            "real": (np.diag(np.tile(weights, 2)), {"weights": weights}),
            "complex": (
                np.diag([*weights, *(2 * weights + X)]),
                {"weights": weights + 1j * (2 * weights + X)},
            ),
            "covariance": (np.kron(np.eye(2), np.linalg.inv(root[:41, :41])), {"covariance": single}),
            "both covariances": (np.linalg.inv(root), {"covariance": covariance}),
        }[kind]
        result = model.fit(data, x=X, a=1, b=1, **given)
        assert result.ndata == 82
        self.check(result, whiten @ design, whiten @ np.concatenate([data.real, data.imag]))

    def test_complex_sigma(self):
        model = Model(lambda x, a, b: a * x + 1j * b)
        data = 2 * X + 3j + NOISE + 2j * NOISE[::-1]
        sigma = (1 + X) + 2j
        one = model.fit(data, x=X, a=1, b=1, sigma=sigma)
        two = model.fit(data, x=X, a=1, b=1, weights=1 / sigma.real + 1j / sigma.imag)
        assert one.best_values == pytest.approx(two.best_values)
        assert one._fit_data.errors == pytest.approx(sigma)

    @pytest.mark.parametrize("kind", ["data", "weights", "variable", "masked", "covariance", "all"])
    def test_missing_data(self, kind):
        data, weights, x = line_data(), 1 + X, X.copy()
        missing = np.zeros(41, dtype=bool)
        given = {"weights": weights}
        if kind in ("data", "all", "covariance"):
            data[3] = np.nan
            missing[3] = True
        if kind in ("weights", "all"):
            weights[5] = np.nan
            missing[5] = True
        if kind in ("variable", "all"):
            x[7] = np.nan
            missing[7] = True
        policy = "omit"
        if kind == "masked":
            missing[10:13] = True
            data[11] = np.nan
            data, policy = np.ma.masked_array(data, missing), "raise"
        matrix = np.diag(1 / weights)
        if kind == "covariance":
            root = np.tril(np.random.default_rng(6).normal(size=(41, 41)), -1) * 0.1 + np.eye(41)
            given = {"covariance": root @ root.T}
        present = ~missing
        result = line_fit(data, x=x, nan_policy=policy, **given)
        assert result.ndata == result.best_fit.size == result.userkws["x"].size == present.sum()
        if kind == "covariance":
            whiten = np.linalg.inv(np.linalg.cholesky(given["covariance"][np.ix_(present, present)]))
        else:
            whiten = np.linalg.inv(matrix[np.ix_(present, present)])
        design = np.column_stack([X, np.ones(41)])[present]
        self.check(result, whiten @ design, whiten @ np.asarray(data)[present])

    def test_all_missing(self):
        with pytest.raises(ValueError, match="all of them are missing"):
            line_fit(np.full(41, np.nan), nan_policy="omit")

    def test_missing_data_of_tables_and_dictionaries(self):
        data = line_data()
        data[4] = np.nan
        model = Model(lambda table, a: a * table["x"])
        for table in ({"x": X}, pd.DataFrame({"x": X})):
            assert model.fit(data, table=table, a=1, nan_policy="omit").ndata == 40
        points = Model(lambda points, a: a * points.sum(axis=0))
        assert points.fit(data, points=np.array([X, X]), a=1, nan_policy="omit").ndata == 40


class TestBands:
    def test_of_a_line(self):
        result = line_fit(line_data())
        design = np.column_stack([X, np.ones(41)])
        variance = np.einsum("ij,jk,ik->i", design, linear_solution(design, line_data()).covar, design)
        band = result.eval_uncertainty(sigma=0.95)
        quantile = 2.0226909  # of Student's distribution for 39 degrees of freedom
        assert band == pytest.approx(quantile * np.sqrt(variance), rel=1e-6)
        assert result.dely is band
        assert result.dely_predicted == pytest.approx(quantile * np.sqrt(variance + result.redchi), rel=1e-6)

    def test_sigma_is_a_probability_or_a_number_of_deviations(self):
        result = line_fit(line_data(), sigma=0.2, scale_covar=False)
        one = result.eval_uncertainty(sigma=1)
        assert result.eval_uncertainty(sigma=0.6826894921) == pytest.approx(one)
        assert result.eval_uncertainty(sigma=2) == pytest.approx(2 * one)
        for wrong in (0, "x"):
            with pytest.raises(ValueError, match="sigma must be a probability"):
                result.eval_uncertainty(sigma=wrong)

    def test_components(self, result):
        result.eval_uncertainty()
        assert list(result.dely_comps) == ["g_", "l_"]
        design = np.column_stack([X, np.ones(41)])
        expected = np.einsum("ij,jk,ik->i", design, result.covar[3:, 3:], design) ** 0.5
        assert result.dely_comps["l_"] / result.dely_comps["l_"][0] == pytest.approx(expected / expected[0])

    def test_weights_are_the_errors_of_predictions(self):
        sigma = 0.1 + 0.05 * X
        result = line_fit(line_data(), sigma=sigma, scale_covar=False)
        band = result.eval_uncertainty()
        assert result.dely_predicted**2 == pytest.approx(band**2 + sigma**2)
        elsewhere = result.eval_uncertainty(x=np.array([20.0]))
        assert result.dely_predicted**2 == pytest.approx(elsewhere**2 + np.mean(sigma**2))

    @pytest.mark.parametrize("scale_covar", [False, True])
    def test_errors_of_new_measurements(self, scale_covar):
        sigma = 0.1 + 0.05 * X
        result = line_fit(line_data(), sigma=sigma, scale_covar=scale_covar)
        result.eval_uncertainty()
        as_before = result.dely_predicted
        result.eval_uncertainty(sigma_new=sigma)
        np.testing.assert_allclose(result.dely_predicted, as_before, rtol=1e-12)
        factor = result.redchi if scale_covar else 1.0
        quantile = _bands.coverage_factor(1, result.nfree if scale_covar else None)
        band = result.eval_uncertainty(x=np.array([20.0, 30.0]), sigma_new=[0.3, 0.0])
        expected = band**2 + quantile**2 * factor * np.array([0.09, 0.0])
        np.testing.assert_allclose(result.dely_predicted**2, expected)

    @pytest.mark.parametrize("wrong", [[0.1, 0.2], -1.0, np.nan, "x"])
    def test_errors_of_new_measurements_that_make_no_sense(self, wrong):
        with pytest.raises(ModelError, match="sigma_new"):
            line_fit(line_data()).eval_uncertainty(sigma_new=wrong)

    def test_bands_of_a_linear_model_hold_at_any_noise(self):
        """What they miss for other models with large errors is the curvature of these."""
        rng = np.random.default_rng(4)
        x = np.linspace(-1, 1, 9)
        model, held = models.QuadraticModel(), []
        for _ in range(400):
            result = model.fit(100 * rng.normal(size=9), x=x, a=0, b=0, c=0)
            held.append(np.mean(np.abs(result.best_fit) <= result.eval_uncertainty(sigma=0.9)))
        assert abs(np.mean(held) - 0.9) < 3.5 * np.std(held) / np.sqrt(len(held))

    @pytest.mark.parametrize("tied", [False, True])
    def test_numerical_derivatives_agree(self, tied):
        params = peak_and_line().make_params(**START)
        if tied:
            params["l_intercept"].expr = "g_sigma * 1.2"
        numeric = Model(unknown_peak, prefix="g_")
        expected = peak_and_line().fit(DATA, params, x=X).eval_uncertainty()
        found = (numeric + Model(linear, prefix="l_")).fit(DATA, params, x=X).eval_uncertainty()
        assert found == pytest.approx(expected, rel=1e-4)

    def test_of_complex_curves(self):
        model = Model(lambda x, a, b: a * x + 1j * b)
        result = model.fit(2 * X + 3j + NOISE + 2j * NOISE[::-1], x=X, a=1, b=1)
        band = result.eval_uncertainty()
        assert band.imag == pytest.approx(np.full(41, band.imag[0]))
        assert band.real[-1] / band.real[1] == pytest.approx(40)

    def test_without_covariance(self):
        with pytest.raises(ModelError, match="calc_covar=True"):
            line_fit(line_data(), calc_covar=False).eval_uncertainty()

    @pytest.mark.parametrize("weighted", [False, True])
    def test_coverage(self, weighted):
        """Over simulated data the bands hold the curve, and new data, as often as they say."""
        rng = np.random.default_rng(11)
        x = np.linspace(-3, 3, 15)
        truth = gaussian(x, 5, 0.2, 1)
        sigma = 0.01 + 0.01 * np.abs(x) if weighted else np.full(15, 0.01)
        model = Model(gaussian)
        given = {"sigma": sigma, "scale_covar": False} if weighted else {}
        held = []
        for _ in range(400):
            result = model.fit(truth + sigma * rng.normal(size=15), x=x, amplitude=5, center=0.2, **given)
            band = result.eval_uncertainty(sigma=0.9)
            measured = truth + sigma * rng.normal(size=15)
            inside = np.abs(result.best_fit - truth) <= band
            predicted = np.abs(result.best_fit - measured) <= result.dely_predicted
            held.append([inside.mean(), predicted.mean()])
        rate, error = np.mean(held, axis=0), np.std(held, axis=0) / np.sqrt(len(held))
        assert (np.abs(rate - 0.9) < 3.5 * error).all()
        assert error.max() < 0.015


class TestLabels:
    def test_series(self):
        data = pd.Series(line_data(), index=pd.date_range("2020-01-01", periods=41), name="signal")
        result = line_fit(data, x=pd.Series(X, index=data.index))
        for curve in (result.best_fit, result.init_fit, result.eval(), result.eval(slope=3)):
            assert isinstance(curve, pd.Series)
            assert curve.index.equals(data.index)
            assert curve.name == "signal"
        assert isinstance(result.residual, np.ndarray)
        assert isinstance(result.userkws["x"], np.ndarray)
        assert isinstance(result.eval(x=np.array([1.0])), np.ndarray)
        assert result.to_dataframe("data").index.equals(data.index)

    def test_labels_bring_variables_and_weights_into_order(self):
        data = pd.Series(line_data(), index=[f"point {i}" for i in range(41)])
        shuffled = np.random.default_rng(2).permutation(41)
        x, weights = pd.Series(X, index=data.index), pd.Series(1 + X, index=data.index)
        expected = line_fit(data, x=x, weights=weights).best_values
        assert line_fit(data, x=x.iloc[shuffled], weights=weights.iloc[shuffled]).best_values == expected
        assert line_fit(data, x=pd.Series(X)).best_values == line_fit(data).best_values

    def test_series_with_missing_data(self):
        data = pd.Series(line_data(), index=np.arange(100, 141))
        data.loc[103] = np.nan
        result = line_fit(data, nan_policy="omit")
        assert list(result.best_fit.index) == [*range(100, 103), *range(104, 141)]

    def test_series_for_the_function(self):
        seen = []
        model = Model(lambda x, a: seen.append(type(x)) or a * x)
        data = pd.Series(X)
        assert isinstance(model.fit(data, x=data, a=2, coerce_farray=False).best_fit, pd.Series)
        assert set(seen) == {pd.Series}

    def test_data_arrays(self):
        data = xr.DataArray(line_data(), dims="time", coords={"time": X}, name="signal")
        result = line_fit(data, x=data.time)
        assert result.best_fit.identical(data.copy(data=result.best_fit.to_numpy()))
        data[3] = np.nan
        assert line_fit(data, x=data.time, nan_policy="omit").best_fit.sizes == {"time": 40}

    def test_data_arrays_of_two_dimensions(self):
        x, y = np.meshgrid(np.arange(5.0), np.arange(4.0))
        data = xr.DataArray(2 * x - y, dims=("row", "column"))
        model = Model(lambda x, y, a, b: a * x + b * y, independent_vars=["x", "y"])
        assert model.fit(data, x=x, y=y, a=1, b=1).best_fit.dims == ("row", "column")
        data[1, 2] = np.nan
        omitted = model.fit(data, x=x, y=y, a=1, b=1, nan_policy="omit")
        assert omitted.ndata == 19
        assert omitted.best_values == pytest.approx({"a": 2, "b": -1})


class TestAgain:
    def test_from_the_best_values(self, result):
        before = dict(result.best_values)
        assert result.fit(DATA + 0.1) is result
        assert result.init_values == before
        assert result.weights == 20

    def test_with_other_settings(self, result):
        first = result.chisqr
        result.fit(method="nelder", g_center=4.5)
        assert result.method == "nelder"
        assert result.init_values["g_center"] == 4.5
        assert result.chisqr == pytest.approx(first, rel=1e-6)
        assert result.fit(weights=np.full(41, 10.0)).chisqr == pytest.approx(first / 4, rel=1e-6)

    def test_with_other_errors(self):
        result = line_fit(line_data(), sigma=0.2)
        first = result.chisqr
        assert result.fit().chisqr == pytest.approx(first)
        assert result.fit(sigma=0.1).chisqr == pytest.approx(4 * first)
        assert result.fit(covariance=0.04 * np.eye(41)).chisqr == pytest.approx(first)
        assert result.fit(line_data() + 1).chisqr == pytest.approx(first)

    def test_with_other_variables(self):
        result = line_fit(line_data())
        assert result.fit(line_data()[:10], x=X[:10]).ndata == 10
        assert result.best_fit.shape == (10,)


class TestCopies:
    def test_pickles_and_copies(self, result):
        result.eval_uncertainty()
        for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result), copy.copy(result)):
            assert (other.best_fit == result.best_fit).all()
            assert other.fit_report() == result.fit_report()
            assert (other.dely == result.dely).all()
            assert other.ci_report(sigmas=[1], p_names=["g_center"])
            assert other.fit().success


class TestFigures:
    @pytest.fixture(autouse=True)
    def _closed(self):
        yield
        import matplotlib.pyplot as plt

        plt.close("all")

    def test_fit_and_residuals(self, result):
        figure = result.plot(show_init=True, numpoints=200, ylabel="counts", title="peak")
        residuals, fit = figure.axes
        assert (fit.get_xlabel(), fit.get_ylabel(), residuals.get_title()) == ("x", "counts", "peak")
        assert max(len(line.get_xdata()) for line in fit.lines) == 200

    def test_in_given_axes(self, result):
        import matplotlib.pyplot as plt

        _, ax = plt.subplots()
        assert result.plot_fit(ax, datafmt="s", data_kws={"color": "k"}) is ax
        assert result.plot_residuals(ax=ax, yerr=np.ones(41)) is ax

    @pytest.mark.parametrize("part", ["abs", "angle", "real", "imag"])
    def test_parts_of_complex_numbers(self, part):
        result = Model(lambda x, a, b: a * x + 1j * b).fit(2 * X + 3j + NOISE, x=X, a=1, b=1)
        drawn = result.plot_fit(parse_complex=part).lines
        expected = {"abs": np.abs, "angle": np.angle, "real": np.real, "imag": np.imag}[part](result.best_fit)
        assert any(np.array_equal(line.get_ydata(), expected) for line in drawn)
        result.plot_residuals(parse_complex=part)
        with pytest.raises(ValueError, match="parse_complex must be one of"):
            result.plot_fit(parse_complex="phase")

    def test_what_has_no_abscissa(self):
        x, y = np.meshgrid(np.arange(5.0), np.arange(4.0))
        result = models.Gaussian2dModel().fit(x, x=x, y=y)
        with pytest.raises(ModelError, match="one independent variable"):
            result.plot_fit()


@pytest.mark.parametrize(
    "given", [{"data": [1.0, 2.0]}, {"weights": "x"}, {"params": 3}, {"x": "t"}, {"method": "nope"}]
)
def test_a_fit_that_fails_leaves_what_was_found_before(given):
    x = np.linspace(0.0, 1.0, 11)
    result = Model(linear).fit(2 * x + 1, x=x, slope=1, intercept=0)
    report, curve, settings = result.fit_report(), result.best_fit, dict(result.userkws)
    with pytest.raises((TypeError, ValueError)):
        result.fit(**given)
    assert result.fit_report() == report
    assert result.best_fit is curve
    assert result.userkws == settings
    assert result.fit().success
    assert result.eval_uncertainty().shape == (11,)


def test_band_at_a_dictionary_of_values():
    x = np.linspace(0.0, 1.0, 11)
    result = Model(gaussian).fit(gaussian(x, 1, 0.5, 0.2) + x / 50, x=x, sigma=0.2)
    moved = result.params.copy()
    moved["sigma"].value = 0.3
    np.testing.assert_array_equal(result.eval_uncertainty({"sigma": 0.3}), result.eval_uncertainty(moved))
