r"""Confidence and prediction bands of a fitted curve.

To first order in the errors of the variables, with covariance *C* and the Jacobian *J* of the curve *f*,

.. math::  \sigma_f^2(x) = J(x)\, C\, J(x)^T, \qquad \sigma_y^2(x) = \sigma_f^2(x) + \sigma^2(x)

are the variances of the curve and of a new measurement at *x*, where :math:`\sigma(x)` is the error of a
single measurement.  The band at probability *p* is the standard deviation times the quantile
:math:`(1 + p)/2` of Student's distribution, or of the normal one where the errors of the data are known
and not estimated from the fit (G. A. F. Seber and C. J. Wild, *Nonlinear Regression*, 1989, section 5.1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from ._evaluation import Node
from ._fit_data import numbers
from .errors import ModelError
from .parameter import Parameters

__all__ = ["coverage_factor", "curve_variance", "errors_of_new", "jacobian_of_curve", "total_error"]

Array = np.ndarray[Any, Any]


def coverage_factor(sigma: Any, nfree: int | None) -> float:
    """Return by how many standard deviations a band is wide.

    Parameters
    ----------
    sigma : float
        Below 1 a probability, from 1 on a number of standard deviations of a normal distribution.
    nfree : int or None
        Degrees of freedom from which the errors of the data are estimated; None where they are known.

    Examples
    --------
    >>> round(coverage_factor(2, None), 6), round(coverage_factor(0.95, 10), 3)
    (2.0, 2.228)
    """
    if not isinstance(sigma, (int, float, np.number)) or not 0 < sigma < math.inf:
        raise ValueError(f"sigma must be a probability or a number of standard deviations, not {sigma!r}")
    probability = sigma if sigma < 1 else math.erf(sigma / math.sqrt(2.0))
    quantile = 0.5 * (1.0 + probability)
    return float(ndtri(quantile) if nfree is None else stdtrit(nfree, quantile))


def jacobian_of_curve(
    node: Node, names: Sequence[str], params: Parameters, variables: Sequence[str], dscale: Any
) -> Array:
    """Return the derivatives of a curve by the variables, shape (n, ...).

    Parameters
    ----------
    node : Node
    names : sequence of str
        Parameters of the model.
    params : Parameters
        The point.
    variables : sequence of str
        Those that were fitted; others may be tied to them.
    dscale : float
        Step of numerical derivatives, in units of the standard error.
    """
    if not isinstance(dscale, (int, float, np.number)) or not 0 < dscale < math.inf:
        raise ValueError(f"dscale must be a positive number of standard errors, not {dscale!r}")
    steps = [_Step(params, names, variable, dscale) for variable in variables]
    if not node.differentiable:
        return np.array(
            [(_value(node, step.above) - _value(node, step.below)) / step.length for step in steps]
        )
    at_point = [params[name].value for name in names]
    curve = np.asarray(node.forward(at_point))
    rows = np.zeros((len(names), *curve.shape), dtype=np.result_type(curve.dtype, np.float64))
    node.backward(1.0, list(rows))
    slopes = np.array([step.slopes(names) for step in steps])
    found: Array = np.tensordot(slopes, rows, axes=1)
    return found


def curve_variance(jacobian: Array, covariance: Array) -> Array:
    """Return the variance of a curve; for complex ones that of real and imaginary part.

    Examples
    --------
    >>> curve_variance(np.array([[1.0, 2.0], [0.0, 1.0]]), np.eye(2))
    array([1., 5.])
    """
    if jacobian.dtype.kind == "c":
        real, imaginary = curve_variance(jacobian.real, covariance), curve_variance(jacobian.imag, covariance)
        return np.asarray(real + 1j * imaginary)
    return np.asarray(np.maximum(np.einsum("i...,ij,j...->...", jacobian, covariance, jacobian), 0.0))


def total_error(variance: Array, error: Any) -> Array:
    """Return the standard deviation of a curve of which each point has a further error."""
    if np.iscomplexobj(variance) or np.iscomplexobj(error):
        imaginary = np.imag(error) if np.iscomplexobj(error) else error
        real = total_error(np.real(variance), np.real(error))
        return np.asarray(real + 1j * total_error(np.imag(variance), imaginary))
    return np.asarray(np.sqrt(variance + np.square(error)))


def errors_of_new(sigma_new: Any, shape: tuple[int, ...]) -> Array:
    """Return standard errors of new measurements, checked: one number, or an array of the shape of the curve.

    Examples
    --------
    >>> errors_of_new([0.1, 0.2], (2,))
    array([0.1, 0.2])
    """
    errors = numbers("sigma_new", sigma_new)
    if errors.shape not in ((), shape):
        raise ModelError(f"sigma_new has shape {errors.shape}, but the curve has shape {shape}")
    if not (np.isfinite(errors) & (np.real(errors) >= 0.0) & (np.imag(errors) >= 0.0)).all():
        raise ModelError(
            f"sigma_new, standard errors of new measurements, must be from 0 on, not {sigma_new!r:.80}"
        )
    return errors


class _Step:
    """The model's parameters on both sides of a point, along one variable, within its bounds."""

    def __init__(self, params: Parameters, names: Sequence[str], variable: str, dscale: Any) -> None:
        self.variable, par = variable, params[variable]
        size = dscale * (par.stderr or abs(par.value) or 1.0)
        low, high = max(par.min, par.value - size), min(par.max, par.value + size)
        self.length = high - low
        self.tied = any(params[name].expr for name in names)
        self.below, self.above = (_values(params, names, variable, value) for value in (low, high))

    def slopes(self, names: Sequence[str]) -> list[float]:
        """Derivatives of the parameters by the variable."""
        if not self.tied:
            return [float(name == self.variable) for name in names]
        return [
            1.0 if name == self.variable else (high - low) / self.length
            for name, low, high in zip(names, self.below, self.above)
        ]


def _values(params: Parameters, names: Sequence[str], variable: str, value: float) -> list[float]:
    moved = params.copy()
    moved[variable].value = value
    return [moved[name].value for name in names]


def _value(node: Node, values: list[float]) -> Array:
    return np.asarray(node.value(values))
