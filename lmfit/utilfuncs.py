r"""The peak functions of release 0.5, under their old names.

In all of them `cen` is the centre and `wid` the half width at half maximum.  `amp`
is the height in `gauss`, `loren`, `pvoigt` and `pearson7`, and the area in the
functions whose name ends in ``_area``.

With :math:`z = (x - x_0)/w`, the functions of unit height are

.. math::

    \mathrm{gauss} = 2^{-z^2}, \qquad \mathrm{loren} = \frac{1}{1 + z^2}, \qquad
    \mathrm{pvoigt} = f\,\mathrm{gauss} + (1 - f)\,\mathrm{loren}, \qquad
    \mathrm{pearson7} = \left[1 + z^2 (2^{1/m} - 1)\right]^{-m} .
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammaln

from ._derivatives import Array

__all__ = [
    "gauss",
    "gauss_area",
    "loren",
    "loren_area",
    "pearson7",
    "pearson7_area",
    "pvoigt",
    "pvoigt_area",
]

#: Areas of the functions of unit height and unit half width.
_GAUSS_AREA = math.sqrt(math.pi / math.log(2.0))
_LOREN_AREA = math.pi


def gauss(x: Array, amp: float, cen: float, wid: float) -> Array:
    """Return a Gaussian of height `amp`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amp : float
        Height, in the unit of the data.
    cen : float
        Position of the maximum, in the unit of `x`.
    wid : float
        Half width at half maximum, in the unit of `x`.

    Returns
    -------
    ndarray
        Values, in the shape of `x`.

    Examples
    --------
    >>> gauss(np.array([5.0, 7.0]), amp=3.0, cen=5.0, wid=2.0)
    array([3. , 1.5])
    """
    return np.asarray(amp * np.exp2(-(((x - cen) / wid) ** 2)))


def loren(x: Array, amp: float, cen: float, wid: float) -> Array:
    """Return a Lorentzian of height `amp`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amp : float
        Height, in the unit of the data.
    cen : float
        Position of the maximum, in the unit of `x`.
    wid : float
        Half width at half maximum, in the unit of `x`.

    Returns
    -------
    ndarray
        Values, in the shape of `x`.

    Examples
    --------
    >>> loren(np.array([5.0, 7.0]), amp=3.0, cen=5.0, wid=2.0)
    array([3. , 1.5])
    """
    return np.asarray(amp / (1.0 + ((x - cen) / wid) ** 2))


def pvoigt(x: Array, amp: float, cen: float, wid: float, frac: float) -> Array:
    """Return a pseudo-Voigt function of height `amp`: `frac` of a Gaussian, the rest a Lorentzian.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amp : float
        Height, in the unit of the data.
    cen : float
        Position of the maximum, in the unit of `x`.
    wid : float
        Half width at half maximum, in the unit of `x`.
    frac : float
        Share of the Gaussian in the height, from 0 to 1.

    Returns
    -------
    ndarray
        Values, in the shape of `x`.

    Examples
    --------
    >>> pvoigt(np.array([5.0, 7.0]), amp=3.0, cen=5.0, wid=2.0, frac=0.3)
    array([3. , 1.5])
    """
    return frac * gauss(x, amp, cen, wid) + (1.0 - frac) * loren(x, amp, cen, wid)


def pearson7(x: Array, amp: float, cen: float, wid: float, expon: float) -> Array:
    """Return a Pearson VII function of height `amp`: Lorentzian for `expon` 1, Gaussian for infinity.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amp : float
        Height, in the unit of the data.
    cen : float
        Position of the maximum, in the unit of `x`.
    wid : float
        Half width at half maximum, in the unit of `x`.
    expon : float
        Exponent :math:`m`, without unit.

    Returns
    -------
    ndarray
        Values, in the shape of `x`.

    Examples
    --------
    >>> pearson7(np.array([5.0, 7.0]), amp=3.0, cen=5.0, wid=2.0, expon=1.5)
    array([3. , 1.5])
    """
    scaled = ((x - cen) / wid) ** 2 * np.expm1(np.log(2.0) / expon)
    return np.asarray(amp * np.exp(-expon * np.log1p(scaled)))


def gauss_area(x: Array, amp: float, cen: float, wid: float) -> Array:
    """Return a Gaussian of area `amp`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amp : float
        Area, in the unit of the data times that of `x`.
    cen : float
        Position of the maximum, in the unit of `x`.
    wid : float
        Half width at half maximum, in the unit of `x`.

    Returns
    -------
    ndarray
        Values, in the shape of `x`.

    Examples
    --------
    >>> round(float(gauss_area(np.linspace(-50, 50, 1001), amp=3.0, cen=0.0, wid=2.0).sum()) * 0.1, 12)
    3.0
    """
    return gauss(x, amp / (_GAUSS_AREA * wid), cen, wid)


def loren_area(x: Array, amp: float, cen: float, wid: float) -> Array:
    """Return a Lorentzian of area `amp`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amp : float
        Area, in the unit of the data times that of `x`.
    cen : float
        Position of the maximum, in the unit of `x`.
    wid : float
        Half width at half maximum, in the unit of `x`.

    Returns
    -------
    ndarray
        Values, in the shape of `x`.

    Examples
    --------
    >>> loren_area(np.array([0.0]), amp=np.pi, cen=0.0, wid=2.0)
    array([0.5])
    """
    return loren(x, amp / (_LOREN_AREA * wid), cen, wid)


def pvoigt_area(x: Array, amp: float, cen: float, wid: float, frac: float) -> Array:
    """Return a pseudo-Voigt function of area `amp`, of which `frac` is that of the Gaussian.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amp : float
        Area, in the unit of the data times that of `x`.
    cen : float
        Position of the maximum, in the unit of `x`.
    wid : float
        Half width at half maximum, in the unit of `x`.
    frac : float
        Share of the Gaussian in the area, from 0 to 1.

    Returns
    -------
    ndarray
        Values, in the shape of `x`.

    Examples
    --------
    >>> pvoigt_area(np.array([0.0]), amp=np.pi, cen=0.0, wid=2.0, frac=0.0)
    array([0.5])
    """
    return frac * gauss_area(x, amp, cen, wid) + (1.0 - frac) * loren_area(x, amp, cen, wid)


def pearson7_area(x: Array, amp: float, cen: float, wid: float, expon: float) -> Array:
    """Return a Pearson VII function of area `amp`; `expon` must be above 1/2, or it has none.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amp : float
        Area, in the unit of the data times that of `x`.
    cen : float
        Position of the maximum, in the unit of `x`.
    wid : float
        Half width at half maximum, in the unit of `x`.
    expon : float
        Exponent :math:`m`, without unit.

    Returns
    -------
    ndarray
        Values, in the shape of `x`.

    Examples
    --------
    >>> pearson7_area(np.array([0.0]), amp=np.pi, cen=0.0, wid=2.0, expon=1.0).round(12)
    array([0.5])
    """
    log_ratio = gammaln(expon - 0.5) - gammaln(expon)
    area = np.sqrt(np.pi / np.expm1(np.log(2.0) / expon)) * np.exp(log_ratio)
    return pearson7(x, amp / (area * wid), cen, wid, expon)
