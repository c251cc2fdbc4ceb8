"""A package that builds on lmfit, as its author would write it; checked by mypy, and run by the tests.

What a call returns is known to the type checker, but for curves, which are arrays or what the user's data are
(Series, DataArray), and for arithmetic with a Parameter, whose other operand may be an array.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmfit import (
    BatchResult,
    GlobalModel,
    Minimizer,
    MinimizerResult,
    Model,
    Parameter,
    Parameters,
    ci_report,
    conf_interval,
    conf_interval2d,
    create_params,
    fit_many,
    fit_report,
    minimize,
)
from lmfit.bootstrap import BootstrapIntervals, bootstrap_interval
from lmfit.confidence import ConfidenceIntervals, ConfidenceRegion
from lmfit.errors import MinimizerException
from lmfit.global_model import DataSetResult, GlobalResult
from lmfit.model import CompositeModel, ModelResult
from lmfit.models import ConstantModel, GaussianModel

if sys.version_info >= (3, 11):
    from typing import assert_type
else:
    from typing_extensions import assert_type

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Decay:
    """An exponential decay, with its data."""

    time: Array
    signal: Array

    def start(self) -> Parameters:
        params = create_params(height=float(self.signal[0]), life={"value": 1.0, "min": 0.0})
        params.add("rate", expr="1 / life")
        assert_type(params["life"], Parameter)
        assert_type(params["life"].value, float)
        assert_type(params["life"].min, float | int)
        assert_type(params["life"].expr, str | None)
        return params

    def residual(self, params: Parameters, scale: float = 1.0) -> Array:
        height, life = params["height"].value, params["life"].value
        return np.asarray(height * np.exp(-self.time / life) - self.signal) / scale

    def fitted(self) -> Minimizer:
        out = minimize(self.residual, self.start(), kws={"scale": 0.1})
        assert_type(out, Minimizer)
        assert_type(out.chisqr, float)
        assert_type(out.success, bool)
        assert_type(out.params.valuesdict(), dict[str, float])
        return out


def lifetime(decay: Decay) -> tuple[float, float]:
    """Return the life time and its standard error."""
    fitter = Minimizer(decay.residual, decay.start(), scale_covar=True)
    result = fitter.leastsq()
    assert_type(result, MinimizerResult)
    assert_type(fitter.minimize("nelder"), MinimizerResult)
    assert_type(result.redchi, float)
    assert_type(result.var_names, list[str])
    assert_type(result.undetermined, dict[str, str])
    if result.covar is None or not result.errorbars:
        raise MinimizerException(f"no errors: {result.message}")
    error = result.params["life"].stderr
    assert_type(error, float | None)
    return result.params["life"].value, error or 0.0


def limits(decay: Decay) -> tuple[float, float]:
    """Return the 95 % limits of the life time."""
    fit = decay.fitted()
    ci = conf_interval(fit, "life", 0.95)
    assert_type(ci, ConfidenceIntervals)
    both, trace = conf_interval(fit, sigmas=[1, 2], trace=True)
    assert_type(both, ConfidenceIntervals)
    assert_type(trace["life"]["height"], Array)
    region = conf_interval2d(fit, "height", "life", 4, 3)
    assert_type(region, ConfidenceRegion)
    assert_type(region.grid, Array)
    assert_type(bootstrap_interval(fit, n=20, sigmas=0.5, seed=1), BootstrapIntervals)
    assert_type(ci_report(ci), str)
    assert_type(ci.limit("life", 0.95, side=1).missing, str)
    return ci.limit("life", 0.95, side=-1).value, ci.limit("life", 0.95, side=1).value


def peak(energy: Array, counts: Array) -> ModelResult:
    """Fit a peak on a constant background."""
    model = GaussianModel(prefix="peak_") + ConstantModel(prefix="base_")
    assert_type(model, CompositeModel)
    params = model.guess(counts, x=energy)
    assert_type(params, Parameters)
    result = model.fit(counts, params, x=energy)
    assert_type(result, ModelResult)
    assert_type(result.best_values, dict[str, float])
    assert_type(result.rsquared, float)
    assert_type(result.aic, float)
    assert_type(result.fit_report(), str)
    assert_type(result.conf_interval(sigmas=0.95), ConfidenceIntervals)
    return result


def line(x: Array, slope: float, offset: float = 0.0) -> Array:
    """Return a straight line, as a function that a Model is made of."""
    return slope * x + offset


def slopes(x: Array, rows: Array) -> tuple[BatchResult, GlobalResult]:
    """Fit lines to many rows, and two of them at once with the same slope."""
    model = Model(line)
    batch = model.fit_many(rows, x=x, slope=1.0)
    assert_type(batch, BatchResult)
    means = fit_many(lambda params, row: row - params["mean"].value, create_params(mean=1), list(rows))
    assert_type(means, BatchResult)
    both = GlobalModel({"first": model, "last": model}, shared=["slope"])
    result = both.fit({"first": rows[0], "last": rows[-1]}, x=x, slope=1.0)
    assert_type(result, GlobalResult)
    assert_type(result["first"], DataSetResult)
    assert_type(result.chisqr, float)
    return batch, result


def main() -> str:
    """Do all of it once, and return the report of the first fit."""
    rng = np.random.default_rng(1)
    x = np.linspace(0.0, 4.0, 60)
    decay = Decay(x, 3.0 * np.exp(-x / 1.5) + rng.normal(0.0, 0.02, x.size))
    life, error = lifetime(decay)
    low, high = limits(decay)
    assert low < life < high
    assert 0.0 < error < 0.05
    result = peak(x, 2.0 + np.exp(-((x - 2.0) ** 2) * 8.0) + rng.normal(0.0, 0.01, x.size))
    assert abs(result.params["peak_center"].value - 2.0) < 0.01
    batch, together = slopes(x, np.array([[2.0], [3.0]]) * x)
    assert batch.values["slope"].round(6).tolist() == [2.0, 3.0]
    assert abs(together.params["slope"].value - 2.5) < 1e-6
    return fit_report(decay.fitted())


if __name__ == "__main__":
    print(main())
