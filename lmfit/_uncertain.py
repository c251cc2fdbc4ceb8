"""Parameters as correlated numbers of the package ``uncertainties``.

The varied parameters have the errors of a fit, the fixed ones are exact, and the tied
ones follow by linear propagation, with their derivatives by the varied ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._derivatives import Array, vector_jacobian
from ._expressions import Program
from .errors import ExpressionDomainError

__all__ = ["correlated_numbers", "covariance_of"]


def covariance_of(params: Mapping[str, Any], names: Sequence[str]) -> Array:
    """Return the covariance of parameters from their `stderr` and `correl`, NaN where there is none.

    Parameters
    ----------
    params : Parameters
        What a fit has left.
    names : sequence of str
        Names of the n parameters.

    Returns
    -------
    ndarray, shape (n, n)
    """
    errors = np.array([params[name].stderr for name in names], dtype=float)
    correlations = np.eye(len(names))
    for row, name in enumerate(names):
        known = params[name].correl or {}
        for column, other in enumerate(names):
            if row != column:
                correlations[row, column] = known.get(other, 0.0)
    return correlations * np.outer(errors, errors)


def correlated_numbers(
    values: Mapping[str, float], names: Sequence[str], covar: Array, program: Program
) -> dict[str, Any]:
    """Return numbers whose errors follow each other through later calculations.

    Parameters
    ----------
    values : dict
        Values of all parameters by name.
    names : sequence of str
        Names of the n varied parameters.
    covar : ndarray, shape (n, n)
        Their covariance; those with NaN on the diagonal are taken as exact.
    program : Program
        The ties.

    Returns
    -------
    dict
        `uncertainties.UFloat` objects, in the order of `values`.

    Raises
    ------
    ImportError
        The package ``uncertainties`` is not installed.
    """
    try:
        from uncertainties import correlated_values
    except ImportError as error:
        raise ImportError(
            "numbers with uncertainty need the package 'uncertainties': pip install uncertainties"
        ) from error
    if not values:
        return {}
    known = [j for j, variance in enumerate(np.diag(covar)) if variance > 0]
    moving, covar = [names[j] for j in known], covar[np.ix_(known, known)]
    places = [list(values).index(name) for name in moving]
    # ufloat(x, 0) would warn; a number among correlated ones may well be exact.
    full = np.zeros((len(values), len(values)))
    full[np.ix_(places, places)] = covar
    numbers = dict(zip(values, correlated_values(list(values.values()), full), strict=True))
    shifts = [numbers[name] - values[name] for name in moving]
    slopes = _slopes(values, moving, np.sqrt(np.diag(covar)), program)
    for name, row in zip(program.order, slopes.tolist(), strict=True):
        numbers[name] += sum(slope * shift for slope, shift in zip(row, shifts, strict=True) if slope)
    return numbers


def _slopes(values: Mapping[str, float], names: list[str], scale: Array, program: Program) -> Array:
    """The derivatives of the tied parameters by others, whatever the bounds of these."""

    def tied(point: list[float]) -> Sequence[float]:
        moved = {**values, **dict(zip(names, point, strict=True))}
        try:
            return program.evaluate([moved[name] for name in program.inputs])
        except ExpressionDomainError:
            return [math.nan] * len(program.order)

    if not program.order:
        return np.empty((0, len(names)))
    return vector_jacobian(tied, np.array([values[name] for name in names], dtype=float), scale)
