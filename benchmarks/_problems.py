"""The decaying sine of the manual (chapter 2), as SciPy and as lmfit are given it."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmfit import Parameters

X = np.linspace(0.0, 15.0, 301)
DATA = 5.0 * np.sin(2.0 * X - 0.1) * np.exp(-X * X * 0.025) + np.random.default_rng(0).normal(
    0.0, 0.2, X.size
)
START = (10.0, 0.2, 3.0, 0.007)


def residual_vars(vars: Any, x: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Return the residual for a list of values."""
    amp = vars[0]
    phaseshift = vars[1]
    freq = vars[2]
    decay = vars[3]

    model = amp * np.sin(x * freq + phaseshift) * np.exp(-x * x * decay)

    return data - model


def residual_params(params: Any, x: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Return the residual for Parameters."""
    amp = params["amp"].value
    pshift = params["phase"].value
    freq = params["frequency"].value
    decay = params["decay"].value

    model = amp * np.sin(x * freq + pshift) * np.exp(-x * x * decay)

    return data - model


def parameters() -> Parameters:
    """Make the parameters with the manual's starting values, without bounds."""
    params = Parameters()
    params.add("amp", value=10)
    params.add("decay", value=0.007)
    params.add("phase", value=0.2)
    params.add("frequency", value=3.0)
    return params


def bounded_parameters() -> Parameters:
    """Make the parameters with the bounds of the manual's section 2.1."""
    params = parameters()
    params["decay"].min = 0.0
    params["decay"].max = 0.10
    params["frequency"].max = 10
    return params
