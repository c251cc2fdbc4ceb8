"""Parameters as correlated numbers of the package ``uncertainties``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._derivatives import Array

__all__ = ["correlated_numbers"]


def correlated_numbers(
    values: Mapping[str, float], variables: Sequence[str], covar: Array, tied: Mapping[str, Array]
) -> dict[str, Any]:
    """Return numbers whose errors follow each other through later calculations.

    Parameters
    ----------
    values : dict
        Values of all parameters by name.
    variables : list of str
        Names of the n variables with a standard error.
    covar : ndarray, shape (n, n)
        Their covariance.
    tied : dict
        Of each tied parameter the derivatives by the variables, shape (n,).

    Returns
    -------
    dict
        `uncertainties.UFloat` objects, or plain numbers for parameters without error.
    """
    try:
        from uncertainties import correlated_values
    except ImportError as error:
        raise ImportError("numbers with uncertainty need the package 'uncertainties': pip install uncertainties") from error
    numbers: dict[str, Any] = dict(values)
    if variables:
        centre = np.array([values[name] for name in variables])
        free = dict(zip(variables, correlated_values(centre, covar)))
        numbers.update(free)
        for name, gradient in tied.items():
            shifts = (slope * (free[var] - values[var]) for var, slope in zip(variables, gradient) if slope)
            numbers[name] = values[name] + sum(shifts)
    return numbers
