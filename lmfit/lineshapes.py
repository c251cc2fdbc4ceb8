r"""Line shapes: pure functions of arrays, each with its analytic derivatives.

All functions take the points first and then their parameters, and return one value per point.

x : ndarray, shape (n,)
    Points, in any unit; a single number does too.
parameters : float, or ndarray that broadcasts against `x`
    With parameters of shape (m, 1) the result has the shape (m, n): many curves in one call.
    `center` and the widths have the unit of `x`, `amplitude` that of the data, times that of `x`
    where it is an area.

In the formulas :math:`u = (x - \mu)/\sigma` with :math:`\mu` the `center` and :math:`\sigma` the width
`sigma`, and :math:`A` is the `amplitude`.  A width of zero is taken as `tiny`, so that a search may touch
the bound at zero: no shape divides by zero, and none warns.  So is a negative width, but where the formula
has a meaning for it (`step`, `exponential`, `breit_wigner`, `dho`, the thermal distributions).

The derivatives of a function are had from `with_derivatives`, which shares the work between them and the
value:

>>> both = with_derivatives(gaussian)
>>> value, slopes = both(np.array([-1.0, 0.0, 1.0]), 1.0, 0.0, 1.0)
>>> value.round(3), slopes[2].round(3)
(array([0.242, 0.399, 0.242]), array([ 0.   , -0.399,  0.   ]))

`linear_parameters` says in which parameters a function is linear.

Next to each function stands the one with its derivatives; they are to be read together.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi, sqrt
from typing import Any, TypeAlias, TypeVar

import numpy as np
from scipy.special import beta as beta_function
from scipy.special import betaln, erf, erfc, erfcx, expit, gammaln, loggamma, psi, wofz, xlogy

from ._derivatives import Array

#: A number, or an array that broadcasts against the points.
Values: TypeAlias = Any
#: A value, and its derivatives in the order of the parameters.
Both: TypeAlias = tuple[Values, list[Values]]

functions = (
    "gaussian", "gaussian2d", "lorentzian", "voigt", "pvoigt", "moffat", "pearson4", "pearson7",
    "breit_wigner", "damped_oscillator", "dho", "logistic", "lognormal", "students_t", "expgaussian",
    "doniach", "skewed_gaussian", "skewed_voigt", "thermal_distribution", "bose", "fermi", "step",
    "rectangle", "exponential", "powerlaw", "linear", "parabolic", "sine", "expsine", "split_lorentzian",
)  # fmt: skip

__all__ = [*functions, "donaich", "functions", "linear_parameters", "not_zero", "tiny", "with_derivatives"]  # noqa: PLE0604

#: The smallest width, and the smallest number that is divided by.
tiny = 1.0e-15
log2 = log(2.0)
s2 = sqrt(2.0)
s2pi = sqrt(2.0 * pi)
_SQRT_PI = sqrt(pi)
#: Where |z| exceeds the root of this, the expansion of the Faddeeva function is exact to rounding.
_FAR = 225.0

_F = TypeVar("_F", bound=Callable[..., Any])

_registry: dict[Callable[..., Any], tuple[Callable[..., Both], tuple[str, ...]]] = {}


def with_derivatives(func: Callable[..., Any]) -> Callable[..., Both] | None:
    """Return the function that gives the value of a line shape and its derivatives.

    Parameters
    ----------
    func : callable
        One of the functions of this module, or an object that has a method of this name.

    Returns
    -------
    callable or None
        ``both(x, *parameters, **options)`` takes the arguments of `func` and returns its value and a list
        with one derivative per numeric parameter, in the order of the signature; each is a number or an
        array that broadcasts to the shape of the value.  A `gamma` that is None has none.  None for
        functions that are not known here.

    Examples
    --------
    >>> value, (slope, intercept) = with_derivatives(linear)(np.array([1.0, 2.0]), 3.0, 4.0)
    >>> value, slope, intercept
    (array([ 7., 10.]), array([1., 2.]), 1.0)
    """
    entry = _registry.get(func)
    return getattr(func, "with_derivatives", None) if entry is None else entry[0]


def linear_parameters(func: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the parameters that a line shape is linear in, all at once.

    Parameters
    ----------
    func : callable
        One of the functions of this module, or an object that has an attribute of this name.

    Returns
    -------
    tuple of str
        Empty for functions that are not known here.

    Examples
    --------
    >>> linear_parameters(gaussian), linear_parameters(linear)
    (('amplitude',), ('slope', 'intercept'))
    """
    entry = _registry.get(func)
    return getattr(func, "linear_parameters", ()) if entry is None else entry[1]


def register(func: Callable[..., Any], *linear: str) -> Callable[[_F], _F]:
    """Make a decorator that enters a function as the derivatives of `func`; it is linear in those named.

    Parameters
    ----------
    func : callable
        The line shape.
    *linear : str
        Parameters that it is linear in, all at once.

    Returns
    -------
    callable
        The decorator, which returns the function as it is.

    Examples
    --------
    >>> with_derivatives(gaussian) is _gaussian
    True
    """

    def enter(both: _F) -> _F:
        _registry[func] = both, linear
        return both

    return enter


def not_zero(value: Values) -> Values:
    """Return `value`, or `tiny` with its sign where it is smaller than that.

    Parameters
    ----------
    value : float or ndarray
        What is to be divided by, in any unit.

    Returns
    -------
    float or ndarray
        In the shape of `value`.

    Examples
    --------
    >>> not_zero(-3.0), not_zero(-1e-20)
    (-3.0, -1e-15)
    """
    if isinstance(value, float):
        return value if not abs(value) < tiny else float(np.copysign(tiny, value))
    return np.copysign(np.maximum(tiny, np.abs(value)), value)


def _positive(value: Values) -> Values:
    """Return `value`, but `tiny` at the least."""
    # For one number Python's `max` takes a tenth of the time of NumPy's; in this order it keeps NaN.
    return max(value, tiny) if isinstance(value, float) else np.maximum(value, tiny)


def _quiet(func: _F) -> _F:
    """Let a function go to infinity without a warning: that is its value, and the fit deals with it."""
    return np.errstate(over="ignore", divide="ignore", invalid="ignore")(func)


def gaussian(x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0) -> Values:
    r"""Return a Gaussian of area `amplitude`.

    .. math:: \frac{A}{\sigma\sqrt{2\pi}}\, e^{-u^2/2}

    Its full width at half maximum is :math:`2\sigma\sqrt{2\ln 2} \approx 2.3548\,\sigma`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position of the maximum, in the unit of `x`.
    sigma : float or ndarray, optional
        Standard deviation, in the unit of `x`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> gaussian(np.array([0.0, 1.0]), amplitude=1.0, center=0.0, sigma=1.0).round(4)
    array([0.3989, 0.242 ])
    """
    sigma = _positive(sigma)
    t = x - center
    return np.exp(t * t * (-0.5 / (sigma * sigma))) * (amplitude / (s2pi * sigma))


@register(gaussian, "amplitude")
def _gaussian(x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0) -> Both:
    sigma = _positive(sigma)
    u = (x - center) * (1.0 / sigma)
    square = u * u
    unit = np.exp(-0.5 * square) * (1.0 / (s2pi * sigma))
    slope = unit * (amplitude / sigma)
    return unit * amplitude, [unit, slope * u, slope * (square - 1.0)]


def gaussian2d(
    x: Array,
    y: Array = 0.0,  # type: ignore[assignment]
    amplitude: Values = 1.0,
    centerx: Values = 0.0,
    centery: Values = 0.0,
    sigmax: Values = 1.0,
    sigmay: Values = 1.0,
) -> Values:
    r"""Return the product of a Gaussian of `x` and one of `y`, of volume `amplitude`.

    Parameters
    ----------
    x : ndarray or float
        First coordinate of the points.
    y : ndarray or float, optional
        Second coordinate; broadcasts against `x`.
    amplitude : float or ndarray, optional
        Volume, in the unit of the data times those of `x` and of `y`.
    centerx : float or ndarray, optional
        Position of the maximum along `x`.
    centery : float or ndarray, optional
        Position of the maximum along `y`.
    sigmax : float or ndarray, optional
        Standard deviation along `x`.
    sigmay : float or ndarray, optional
        Standard deviation along `y`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> round(float(gaussian2d(0.0, 0.0)), 6)
    0.159155
    """
    return gaussian(x, 1.0, centerx, sigmax) * gaussian(y, amplitude, centery, sigmay)


@register(gaussian2d, "amplitude")
def _gaussian2d(
    x: Array,
    y: Values = 0.0,
    amplitude: Values = 1.0,
    centerx: Values = 0.0,
    centery: Values = 0.0,
    sigmax: Values = 1.0,
    sigmay: Values = 1.0,
) -> Both:
    along_x, (_, d_centerx, d_sigmax) = _gaussian(x, 1.0, centerx, sigmax)
    along_y, (unit_y, d_centery, d_sigmay) = _gaussian(y, amplitude, centery, sigmay)
    return along_x * along_y, [
        along_x * unit_y,
        d_centerx * along_y,
        along_x * d_centery,
        d_sigmax * along_y,
        along_x * d_sigmay,
    ]


def lorentzian(x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0) -> Values:
    r"""Return a Lorentzian (Cauchy distribution) of area `amplitude`.

    .. math:: \frac{A}{\pi\sigma}\, \frac{1}{1 + u^2}

    Its full width at half maximum is :math:`2\sigma`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position of the maximum, in the unit of `x`.
    sigma : float or ndarray, optional
        Half width at half maximum, in the unit of `x`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> lorentzian(np.array([0.0, 1.0])).round(4)
    array([0.3183, 0.1592])
    """
    sigma = _positive(sigma)
    u = (x - center) * (1.0 / sigma)
    return (amplitude / (pi * sigma)) / (1.0 + u * u)


@register(lorentzian, "amplitude")
def _lorentzian(x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0) -> Both:
    sigma = _positive(sigma)
    u = (x - center) * (1.0 / sigma)
    unit = 1.0 / (1.0 + u * u)
    d_amplitude = unit * (1.0 / (pi * sigma))
    # 2 u^2/(1 + u^2) - 1 = 1 - 2/(1 + u^2)
    slope = d_amplitude * (amplitude / sigma)
    return d_amplitude * amplitude, [d_amplitude, slope * unit * u * 2.0, slope * (1.0 - 2.0 * unit)]


def split_lorentzian(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, sigma_r: Values = 1.0
) -> Values:
    r"""Return a Lorentzian of half width `sigma` below the centre and `sigma_r` above, of area `amplitude`.

    .. math:: \frac{2A}{\pi(\sigma + \sigma_r)}\, \frac{1}{1 + u^2},
        \qquad u = \frac{x - \mu}{\sigma} \text{ below } \mu,\ \frac{x - \mu}{\sigma_r} \text{ above}

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position of the maximum, in the unit of `x`.
    sigma : float or ndarray, optional
        Half width below the centre, in the unit of `x`.
    sigma_r : float or ndarray, optional
        Half width above the centre, in the unit of `x`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> split_lorentzian(np.array([-1.0, 0.0, 1.0]), 1.0, 0.0, 1.0, 2.0).round(4)
    array([0.1061, 0.2122, 0.1698])
    """
    sigma, sigma_r = _positive(sigma), _positive(sigma_r)
    t = x - center
    u = np.where(t < 0.0, t * (1.0 / sigma), t * (1.0 / sigma_r))
    return (2.0 / pi * amplitude / (sigma + sigma_r)) / (1.0 + u * u)


@register(split_lorentzian, "amplitude")
def _split_lorentzian(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, sigma_r: Values = 1.0
) -> Both:
    sigma, sigma_r = _positive(sigma), _positive(sigma_r)
    t = x - center
    below = t < 0.0
    width = np.where(below, sigma, sigma_r)
    u = t / width
    unit = 1.0 / (1.0 + u * u)
    d_amplitude = unit * (2.0 / pi / (sigma + sigma_r))
    value = d_amplitude * amplitude
    d_center = value * unit * u * 2.0 / width
    d_both = value * (-1.0 / (sigma + sigma_r))
    d_own = d_center * u
    return value, [
        d_amplitude,
        d_center,
        d_both + np.where(below, d_own, 0.0),
        d_both + np.where(below, 0.0, d_own),
    ]


def voigt(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, gamma: Values = None
) -> Values:
    r"""Return a Voigt profile of area `amplitude`: a Gaussian convolved with a Lorentzian.

    .. math:: \frac{A}{\sigma\sqrt{2\pi}}\, \mathrm{Re}\,w(z),
        \qquad z = \frac{x - \mu + i\gamma}{\sigma\sqrt 2}

    with :math:`w` the Faddeeva function.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position of the maximum, in the unit of `x`.
    sigma : float or ndarray, optional
        Standard deviation of the Gaussian, in the unit of `x`.
    gamma : float or ndarray, optional
        Half width of the Lorentzian, in the unit of `x`; by default it equals `sigma`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> voigt(np.array([0.0, 1.0])).round(4)
    array([0.2087, 0.1658])
    """
    sigma = _positive(sigma)
    gamma = sigma if gamma is None else gamma
    z = (x - center + 1j * gamma) * (1.0 / (s2 * sigma))
    return wofz(z).real * (amplitude / (s2pi * sigma))


@register(voigt, "amplitude")
def _voigt(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, gamma: Values = None
) -> Both:
    sigma = _positive(sigma)
    z = (x - center + 1j * (sigma if gamma is None else gamma)) * (1.0 / (s2 * sigma))
    w, dw, dzw = _faddeeva(z)
    d_amplitude = w.real * (1.0 / (s2pi * sigma))
    slope = amplitude / (s2pi * sigma) / (s2 * sigma)
    d_sigma = dzw.real * (-s2 * slope)
    d_gamma = dw.imag * -slope
    own = [d_sigma + d_gamma] if gamma is None else [d_sigma, d_gamma]
    return d_amplitude * amplitude, [d_amplitude, dw.real * -slope, *own]


def _faddeeva(z: Values) -> tuple[Values, Values, Values]:
    r"""Return :math:`w(z)`, :math:`w'(z)` and :math:`(z w(z))'`.

    From :math:`w' = -2zw + 2i/\sqrt\pi` (Abramowitz and Stegun, 7.1.20); far from zero, where these terms
    cancel, from the derivative of the asymptotic expansion (7.1.23)
    :math:`w \sim \frac{i}{\sqrt\pi z} \sum_k \frac{(2k - 1)!!}{(2z^2)^k}`.
    """
    w = wofz(z)
    dw = 2j / _SQRT_PI - 2.0 * z * w
    dzw = w + z * dw
    far = (z.real * z.real + z.imag * z.imag > _FAR) & (z.imag >= 0.0)
    if np.any(far):
        # With q = 1/(2 z^2) and the terms (2k - 1)!! q^k:
        # w' = -i/(sqrt(pi) z^2) sum (2k + 1) term, (zw)' = -i/(sqrt(pi) z) sum 2k term
        z = np.where(far, z, 16.0)
        q = 0.5 / (z * z)
        terms = [np.ones_like(q)]
        for k in range(1, 9):
            terms.append(terms[-1] * q * (2 * k - 1))
        factor = -1j / (_SQRT_PI * z)
        dw = np.where(far, factor / z * sum((2 * k + 1) * term for k, term in enumerate(terms)), dw)
        dzw = np.where(far, factor * sum(2 * k * term for k, term in enumerate(terms)), dzw)
    return w, dw, dzw


def pvoigt(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, fraction: Values = 0.5
) -> Values:
    r"""Return a pseudo-Voigt profile of area `amplitude`: a Gaussian and a Lorentzian of the same width.

    .. math:: (1 - \alpha)\, \mathrm{gaussian}(x; A, \mu, \sigma/\sqrt{2\ln 2})
        + \alpha\, \mathrm{lorentzian}(x; A, \mu, \sigma)

    with :math:`\alpha` the `fraction` of the Lorentzian.  The full width at half maximum is :math:`2\sigma`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position of the maximum, in the unit of `x`.
    sigma : float or ndarray, optional
        Half width at half maximum, in the unit of `x`.
    fraction : float or ndarray, optional
        Share of the Lorentzian, from 0 to 1.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> pvoigt(np.array([0.0, 1.0])).round(4)
    array([0.394, 0.197])
    """
    sigma = _positive(sigma)
    return gaussian(x, (1.0 - fraction) * amplitude, center, sigma * (1.0 / sqrt(2.0 * log2))) + lorentzian(
        x, fraction * amplitude, center, sigma
    )


@register(pvoigt, "amplitude")
def _pvoigt(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, fraction: Values = 0.5
) -> Both:
    ratio = 1.0 / sqrt(2.0 * log2)
    sigma = _positive(sigma)
    _, (gauss, gauss_center, gauss_sigma) = _gaussian(x, amplitude, center, sigma * ratio)
    _, (loren, loren_center, loren_sigma) = _lorentzian(x, amplitude, center, sigma)
    rest = 1.0 - fraction
    unit = rest * gauss + fraction * loren
    return amplitude * unit, [
        unit,
        rest * gauss_center + fraction * loren_center,
        rest * ratio * gauss_sigma + fraction * loren_sigma,
        amplitude * (loren - gauss),
    ]


@_quiet
def moffat(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, beta: Values = 1.0
) -> Values:
    r"""Return a Moffat function of height `amplitude` (A. F. J. Moffat, Astron. Astrophys. 3 (1969) 455).

    .. math:: A\, (1 + u^2)^{-\beta}

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Height, in the unit of the data.
    center : float or ndarray, optional
        Position of the maximum, in the unit of `x`.
    sigma : float or ndarray, optional
        Width, in the unit of `x`.
    beta : float or ndarray, optional
        Exponent :math:`\beta`, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> moffat(np.array([0.0, 1.0]), beta=2.0)
    array([1.  , 0.25])
    """
    u = (x - center) / _positive(sigma)
    return amplitude * (1.0 + u * u) ** -beta


@register(moffat, "amplitude")
@_quiet
def _moffat(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, beta: Values = 1.0
) -> Both:
    sigma = _positive(sigma)
    u = (x - center) / sigma
    base = 1.0 + u * u
    unit = base**-beta
    value = amplitude * unit
    d_center = value * (2.0 * beta / sigma) * u / base
    return value, [unit, d_center, d_center * u, -value * np.log(base)]


def pearson4(
    x: Array,
    amplitude: Values = 1.0,
    center: Values = 0.0,
    sigma: Values = 1.0,
    expon: Values = 1.0,
    skew: Values = 0.0,
) -> Values:
    r"""Return a Pearson type IV distribution of area `amplitude`.

    .. math:: \frac{A}{\sigma\,\mathrm{B}(m - \frac12, \frac12)}
        \left|\frac{\Gamma(m + i\nu/2)}{\Gamma(m)}\right|^2 (1 + u^2)^{-m}\, e^{-\nu \arctan u}

    with :math:`m > \frac12` the exponent `expon` and :math:`\nu` the `skew`.  The maximum is at
    :math:`\mu - \sigma\nu/2m`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position :math:`\mu`, in the unit of `x`.
    sigma : float or ndarray, optional
        Width, in the unit of `x`.
    expon : float or ndarray, optional
        Exponent :math:`m`, without unit.
    skew : float or ndarray, optional
        Skewness :math:`\nu`, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> pearson4(np.array([0.0, 1.0]), expon=1.5, skew=0.0).round(4)
    array([0.5   , 0.1768])
    """
    sigma = _positive(sigma)
    u = (x - center) / sigma
    exponent = _pearson4_norm(expon, skew) - expon * np.log1p(u * u) - skew * np.arctan(u)
    return np.exp(exponent) * (amplitude / sigma)


@register(pearson4, "amplitude")
def _pearson4(
    x: Array,
    amplitude: Values = 1.0,
    center: Values = 0.0,
    sigma: Values = 1.0,
    expon: Values = 1.0,
    skew: Values = 0.0,
) -> Both:
    sigma = _positive(sigma)
    u = (x - center) / sigma
    base, log_base, angle = 1.0 + u * u, np.log1p(u * u), np.arctan(u)
    unit = np.exp(_pearson4_norm(expon, skew) - expon * log_base - skew * angle) * (1.0 / sigma)
    value = amplitude * unit
    digamma = psi(expon + 0.5j * skew)
    norm_expon = 2.0 * digamma.real - psi(expon) - psi(not_zero(expon - 0.5))
    steep = (2.0 * expon * u + skew) / base
    slope = value * (1.0 / sigma)
    return value, [
        unit,
        slope * steep,
        slope * (steep * u - 1.0),
        value * (norm_expon - log_base),
        value * (-digamma.imag - angle),
    ]


def _pearson4_norm(expon: Values, skew: Values) -> Values:
    """Return the logarithm of the factor that makes the area of a Pearson IV distribution one."""
    gammas = 2.0 * (loggamma(expon + 0.5j * skew).real - gammaln(expon))
    return gammas - betaln(not_zero(expon - 0.5), 0.5)


@_quiet
def pearson7(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, expon: Values = 1.0
) -> Values:
    r"""Return a Pearson type VII distribution of area `amplitude`.

    .. math:: \frac{A}{\sigma\,\mathrm{B}(m - \frac12, \frac12)}\, (1 + u^2)^{-m}

    with :math:`m > \frac12` the exponent `expon`: a Lorentzian for 1, a Gaussian in the limit.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position of the maximum, in the unit of `x`.
    sigma : float or ndarray, optional
        Width, in the unit of `x`.
    expon : float or ndarray, optional
        Exponent :math:`m`, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> pearson7(np.array([0.0, 1.0]), expon=1.0).round(4)
    array([0.3183, 0.1592])
    """
    sigma = _positive(sigma)
    u = (x - center) / sigma
    return (1.0 + u * u) ** -expon * (amplitude / (sigma * beta_function(not_zero(expon - 0.5), 0.5)))


@register(pearson7, "amplitude")
@_quiet
def _pearson7(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, expon: Values = 1.0
) -> Both:
    sigma = _positive(sigma)
    u = (x - center) / sigma
    base = 1.0 + u * u
    excess = not_zero(expon - 0.5)
    unit = base**-expon * (1.0 / (sigma * beta_function(excess, 0.5)))
    value = amplitude * unit
    slope = value * (1.0 / sigma)
    steep = 2.0 * expon * u / base
    return value, [
        unit,
        slope * steep,
        slope * (steep * u - 1.0),
        value * (psi(expon) - psi(excess) - np.log(base)),
    ]


def breit_wigner(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, q: Values = 1.0
) -> Values:
    r"""Return a Breit-Wigner-Fano resonance (U. Fano, Phys. Rev. 124 (1961) 1866, eq. 21).

    .. math:: A\, \frac{(q\sigma/2 + x - \mu)^2}{(\sigma/2)^2 + (x - \mu)^2}

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Value far from the resonance, in the unit of the data.
    center : float or ndarray, optional
        Position of the resonance, in the unit of `x`.
    sigma : float or ndarray, optional
        Full width of the resonance, in the unit of `x`.
    q : float or ndarray, optional
        Fano's asymmetry, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> breit_wigner(np.array([0.0, 1.0]), q=2.0)
    array([4. , 3.2])
    """
    half = 0.5 * not_zero(sigma)
    t = x - center
    top = q * half + t
    return amplitude * (top * top) / (half * half + t * t)


@register(breit_wigner, "amplitude")
def _breit_wigner(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, q: Values = 1.0
) -> Both:
    half = 0.5 * not_zero(sigma)
    u = (x - center) / half
    ratio = 1.0 / (1.0 + u * u)
    top = q + u
    unit = top * top * ratio
    # In terms of u: d unit/d u = 2 (q + u)(1 - q u)/(1 + u^2)^2
    slope = amplitude / half * 2.0 * top * (1.0 - q * u) * (ratio * ratio)
    return amplitude * unit, [unit, -slope, -0.5 * slope * u, amplitude * 2.0 * top * ratio]


def damped_oscillator(x: Array, amplitude: Values = 1.0, center: Values = 1.0, sigma: Values = 0.1) -> Values:
    r"""Return the amplitude of a driven, damped oscillator as a function of the frequency `x`.

    .. math:: \frac{A}{\sqrt{[1 - (x/\mu)^2]^2 + (2\sigma x/\mu)^2}}

    Here `sigma` is the damping ratio, without unit.

    Parameters
    ----------
    x : ndarray or float
        Frequencies, in any unit.
    amplitude : float or ndarray, optional
        Value at frequency zero, in the unit of the data.
    center : float or ndarray, optional
        Frequency of the oscillator without damping, in the unit of `x`.
    sigma : float or ndarray, optional
        Damping ratio, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> damped_oscillator(np.array([0.0, 1.0]), sigma=0.1)
    array([1., 5.])
    """
    r = x / not_zero(center)
    return amplitude / np.hypot(1.0 - r * r, 2.0 * not_zero(sigma) * r)


@register(damped_oscillator, "amplitude")
def _damped_oscillator(x: Array, amplitude: Values = 1.0, center: Values = 1.0, sigma: Values = 0.1) -> Both:
    center, sigma = not_zero(center), not_zero(sigma)
    r = x / center
    square = r * r
    detuning = 1.0 - square
    unit = 1.0 / np.hypot(detuning, 2.0 * sigma * r)
    value = amplitude * unit
    slope = value * unit * unit * square
    return value, [unit, slope * (4.0 * sigma * sigma - 2.0 * detuning) / center, slope * (-4.0 * sigma)]


@_quiet
def dho(
    x: Array, amplitude: Values = 1.0, center: Values = 1.0, sigma: Values = 1.0, gamma: Values = 1.0
) -> Values:
    r"""Return the scattering law of a damped harmonic oscillator at a temperature.

    .. math:: \frac{A\sigma}{\pi\,[1 - e^{-x/\gamma}]}
        \left[\frac{1}{(x - \mu)^2 + \sigma^2} - \frac{1}{(x + \mu)^2 + \sigma^2}\right]

    with `gamma` the temperature in the unit of `x`; at ``x = 0`` it is the limit.

    Parameters
    ----------
    x : ndarray or float
        Energies, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Energy of the oscillator, in the unit of `x`.
    sigma : float or ndarray, optional
        Half width of each line, in the unit of `x`.
    gamma : float or ndarray, optional
        Temperature :math:`kT`, in the unit of `x`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> dho(np.array([0.0, 1.0])).round(4)
    array([0.3183, 0.4028])
    """
    sigma = not_zero(sigma)
    lines = (x - center) ** 2 + sigma * sigma, (x + center) ** 2 + sigma * sigma
    return _bose_factor(x, gamma)[0] * (4.0 / pi * amplitude * sigma * center) / (lines[0] * lines[1])


@register(dho, "amplitude")
@_quiet
def _dho(
    x: Array, amplitude: Values = 1.0, center: Values = 1.0, sigma: Values = 1.0, gamma: Values = 1.0
) -> Both:
    sigma = not_zero(sigma)
    minus, plus = (x - center) ** 2 + sigma * sigma, (x + center) ** 2 + sigma * sigma
    bose_factor, d_bose_factor = _bose_factor(x, gamma)
    rest = 4.0 / pi / minus / plus
    scale = bose_factor * rest
    d_center = 1.0 + 2.0 * center * ((x - center) / minus - (x + center) / plus)
    d_sigma = 1.0 - 2.0 * sigma * sigma * (1.0 / minus + 1.0 / plus)
    return scale * (amplitude * sigma * center), [
        scale * (sigma * center),
        scale * d_center * (amplitude * sigma),
        scale * d_sigma * (amplitude * center),
        rest * d_bose_factor * (amplitude * sigma * center),
    ]


def _bose_factor(x: Array, gamma: Values) -> tuple[Array, Array]:
    """Return x/(1 - exp(-x/gamma)), which is gamma at zero, and its derivative with respect to gamma."""
    gamma = _positive(gamma)
    # Beyond 700 the exponential overflows, and long before that it is all or nothing.
    t = np.clip(x / gamma, -700.0, 700.0)
    t = np.where(np.abs(t) < tiny, tiny, t)
    half = 0.5 * t / np.sinh(0.5 * t)
    return np.where(np.abs(t) < 700.0, gamma * t, x) / -np.expm1(-t), half * half


def logistic(x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0) -> Values:
    r"""Return a logistic step of height `amplitude`.

    .. math:: A\, \left[1 - \frac{1}{1 + e^u}\right]

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Height, in the unit of the data.
    center : float or ndarray, optional
        Where half the height is reached, in the unit of `x`.
    sigma : float or ndarray, optional
        Width, in the unit of `x`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> logistic(np.array([-1.0, 0.0, 1.0])).round(4)
    array([0.2689, 0.5   , 0.7311])
    """
    return amplitude * expit((x - center) / _positive(sigma))


@register(logistic, "amplitude")
def _logistic(x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0) -> Both:
    sigma = _positive(sigma)
    u = (x - center) / sigma
    unit, slope = _logistic_edge(u)
    d_center = slope * (-amplitude / sigma)
    return amplitude * unit, [unit, d_center, d_center * u]


def lognormal(x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0) -> Values:
    r"""Return a log-normal distribution of area `amplitude`.

    .. math:: \frac{A}{x\sigma\sqrt{2\pi}}\, e^{-u^2/2}, \qquad u = \frac{\ln x - \mu}{\sigma}

    It vanishes where `x` is not positive.  `center` and `sigma` belong to the logarithm of `x`.

    Parameters
    ----------
    x : ndarray or float
        Points; a unit makes `center` depend on it.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Mean of the logarithm of `x`, without unit.
    sigma : float or ndarray, optional
        Standard deviation of the logarithm of `x`, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> lognormal(np.array([-1.0, 1.0, 2.0])).round(4)
    array([0.    , 0.3989, 0.1569])
    """
    inside = np.maximum(x, tiny)
    unit = gaussian(np.log(inside), amplitude, center, sigma) / inside
    return np.where(x > 0.0, unit, 0.0)


@register(lognormal, "amplitude")
def _lognormal(x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0) -> Both:
    inside = np.maximum(x, tiny)
    weight = np.where(x > 0.0, 1.0 / inside, 0.0)
    value, slopes = _gaussian(np.log(inside), amplitude, center, sigma)
    return value * weight, [slope * weight for slope in slopes]


def students_t(x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0) -> Values:
    r"""Return Student's t-distribution of area `amplitude`, with `sigma` degrees of freedom.

    .. math:: \frac{A\,\Gamma(\frac{\sigma + 1}{2})}{\sqrt{\sigma\pi}\,\Gamma(\frac{\sigma}{2})}
        \left[1 + \frac{(x - \mu)^2}{\sigma}\right]^{-\frac{\sigma + 1}{2}}

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position of the maximum, in the unit of `x`.
    sigma : float or ndarray, optional
        Degrees of freedom, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> students_t(np.array([0.0, 1.0])).round(4)
    array([0.3183, 0.1592])
    """
    sigma = _positive(sigma)
    t = x - center
    norm = amplitude / (np.sqrt(sigma) * beta_function(0.5 * sigma, 0.5))
    return norm * (1.0 + t * t / sigma) ** (-0.5 * (sigma + 1.0))


@register(students_t, "amplitude")
def _students_t(x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0) -> Both:
    sigma = _positive(sigma)
    t = x - center
    ratio = t * t / sigma
    unit = (1.0 + ratio) ** (-0.5 * (sigma + 1.0)) / (np.sqrt(sigma) * beta_function(0.5 * sigma, 0.5))
    value = amplitude * unit
    steep = (sigma + 1.0) / sigma / (1.0 + ratio)
    norm = psi(0.5 * (sigma + 1.0)) - psi(0.5 * sigma) - 1.0 / sigma
    return value, [unit, value * steep * t, 0.5 * value * (norm - np.log1p(ratio) + steep * ratio)]


@_quiet
def expgaussian(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, gamma: Values = 1.0
) -> Values:
    r"""Return a Gaussian convolved with an exponential decay of rate `gamma`, of area `amplitude`.

    .. math:: \frac{A\gamma}{2}\, e^{\gamma\sigma(\gamma\sigma/2 - u)}\,
        \mathrm{erfc}\left(\frac{\gamma\sigma - u}{\sqrt 2}\right)

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position of the maximum of the Gaussian, in the unit of `x`.
    sigma : float or ndarray, optional
        Standard deviation of the Gaussian, in the unit of `x`.
    gamma : float or ndarray, optional
        Rate of the decay, in the inverse unit of `x`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> expgaussian(np.array([0.0, 1.0])).round(4)
    array([0.2616, 0.3033])
    """
    sigma = _positive(sigma)
    return 0.5 * amplitude * gamma * _exp_erfc((x - center) / sigma, gamma * sigma)


@register(expgaussian, "amplitude")
@_quiet
def _expgaussian(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, gamma: Values = 1.0
) -> Both:
    sigma = _positive(sigma)
    u, v = (x - center) / sigma, gamma * sigma
    shape = _exp_erfc(u, v)
    peak = 2.0 / s2pi * np.exp(-0.5 * u * u)
    d_u, d_v = peak - v * shape, (v - u) * shape - peak
    half = 0.5 * amplitude
    return half * gamma * shape, [
        0.5 * gamma * shape,
        half * (-gamma / sigma) * d_u,
        half * gamma * (gamma * d_v - u / sigma * d_u),
        half * (shape + v * d_v),
    ]


def _exp_erfc(u: Values, v: Values) -> Values:
    """Return exp(v^2/2 - u v) erfc((v - u)/sqrt(2)), with the part that cannot overflow on each side."""
    a = (v - u) * (1.0 / s2)
    right = np.exp(-0.5 * u * u) * erfcx(np.maximum(a, 0.0))
    return np.where(a > 0.0, right, np.exp(np.where(a > 0.0, 0.0, v * (0.5 * v - u))) * erfc(a))


@_quiet
def doniach(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, gamma: Values = 0.0
) -> Values:
    r"""Return the asymmetric line of photoemission from metals.

    .. math:: \frac{A}{\sigma^{1 - \gamma}}\,
        \frac{\cos\left[\pi\gamma/2 + (1 - \gamma)\arctan u\right]}{(1 + u^2)^{(1 - \gamma)/2}}

    with `gamma` the asymmetry (S. Doniach and M. Šunjić, J. Phys. C 3 (1970) 285): for zero it is a
    Lorentzian of height :math:`A/\sigma`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Scale :math:`A`: the height times :math:`\sigma^{1 - \gamma}` where `gamma` is 0.
    center : float or ndarray, optional
        Position :math:`\mu`, in the unit of `x`.
    sigma : float or ndarray, optional
        Width, in the unit of `x`.
    gamma : float or ndarray, optional
        Asymmetry, from 0 to 1, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> doniach(np.array([-1.0, 0.0, 1.0]), gamma=0.1).round(4)
    array([0.6242, 0.9877, 0.4754])
    """
    sigma = _positive(sigma)
    u = (x - center) / sigma
    power = 1.0 - gamma
    phase = 0.5 * pi * gamma + power * np.arctan(u)
    return amplitude * np.cos(phase) * (sigma * np.sqrt(1.0 + u * u)) ** -power


@register(doniach, "amplitude")
@_quiet
def _doniach(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, gamma: Values = 0.0
) -> Both:
    sigma = _positive(sigma)
    u = (x - center) / sigma
    power, angle, base = 1.0 - gamma, np.arctan(u), 1.0 + u * u
    radius = sigma * np.sqrt(base)
    phase = 0.5 * pi * gamma + power * angle
    size = radius**-power
    unit = size * np.cos(phase)
    value, other = amplitude * unit, amplitude * size * np.sin(phase)
    d_u = -power * (u * value + other) / base
    d_gamma = value * np.log(radius) - other * (0.5 * pi - angle)
    return value, [unit, d_u * (-1.0 / sigma), (power * value + u * d_u) * (-1.0 / sigma), d_gamma]


def donaich(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, gamma: Values = 0.0
) -> Values:
    """Return `doniach`, whose name was spelled so in releases before 1.0.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        As of `doniach`.
    center : float or ndarray, optional
        As of `doniach`.
    sigma : float or ndarray, optional
        As of `doniach`.
    gamma : float or ndarray, optional
        As of `doniach`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> donaich(np.array([-1.0, 0.0, 1.0]), gamma=0.1).round(4)
    array([0.6242, 0.9877, 0.4754])
    """
    return doniach(x, amplitude, center, sigma, gamma)


register(donaich, "amplitude")(_doniach)


def skewed_gaussian(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, gamma: Values = 0.0
) -> Values:
    r"""Return a skew normal distribution of area `amplitude`.

    .. math:: \frac{A}{\sigma\sqrt{2\pi}}\, e^{-u^2/2} \left[1 + \mathrm{erf}(\gamma u/\sqrt 2)\right]

    with `gamma` the skewness: the longer tail is above the centre where it is positive.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position :math:`\mu`, in the unit of `x`: the maximum where `gamma` is 0.
    sigma : float or ndarray, optional
        Standard deviation where `gamma` is 0, in the unit of `x`.
    gamma : float or ndarray, optional
        Skewness, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> skewed_gaussian(np.array([-1.0, 0.0, 1.0]), gamma=2.0).round(4)
    array([0.011 , 0.3989, 0.4729])
    """
    return gaussian(x, amplitude, center, sigma) * _skewed(x, center, sigma, gamma)


@register(skewed_gaussian, "amplitude")
def _skewed_gaussian(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, gamma: Values = 0.0
) -> Both:
    return _times_skew(_gaussian(x, amplitude, center, sigma), x, center, sigma, gamma)


def skewed_voigt(
    x: Array,
    amplitude: Values = 1.0,
    center: Values = 0.0,
    sigma: Values = 1.0,
    gamma: Values = None,
    skew: Values = 0.0,
) -> Values:
    r"""Return a Voigt profile skewed as `skewed_gaussian` is.

    .. math:: \mathrm{voigt}(x; A, \mu, \sigma, \gamma) \left[1 + \mathrm{erf}(\beta u/\sqrt 2)\right]

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Area, in the unit of the data times that of `x`.
    center : float or ndarray, optional
        Position :math:`\mu`, in the unit of `x`: the maximum where `skew` is 0.
    sigma : float or ndarray, optional
        Standard deviation of the Gaussian, in the unit of `x`.
    gamma : float or ndarray, optional
        Half width of the Lorentzian, in the unit of `x`; by default it equals `sigma`.
    skew : float or ndarray, optional
        Skewness :math:`\beta`, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> skewed_voigt(np.array([-1.0, 0.0, 1.0]), skew=2.0).round(4)
    array([0.0075, 0.2087, 0.324 ])
    """
    return voigt(x, amplitude, center, sigma, gamma) * _skewed(x, center, sigma, skew)


@register(skewed_voigt, "amplitude")
def _skewed_voigt(
    x: Array,
    amplitude: Values = 1.0,
    center: Values = 0.0,
    sigma: Values = 1.0,
    gamma: Values = None,
    skew: Values = 0.0,
) -> Both:
    return _times_skew(_voigt(x, amplitude, center, sigma, gamma), x, center, sigma, skew)


def _skewed(x: Array, center: Values, sigma: Values, skew: Values) -> Values:
    """Return the factor 1 + erf(skew (x - center)/(sqrt(2) sigma))."""
    return 1.0 + erf((x - center) * (skew / (s2 * _positive(sigma))))


def _times_skew(symmetric: Both, x: Array, center: Values, sigma: Values, skew: Values) -> Both:
    """Multiply a peak and its derivatives (amplitude, center, sigma, ...) by the skewing factor."""
    value, (d_amplitude, d_center, d_sigma, *others) = symmetric
    sigma = _positive(sigma)
    u = (x - center) / sigma
    factor = 1.0 + erf(u * (skew / s2))
    slope = value * np.exp(-0.5 * (skew * u) ** 2) * (2.0 / s2pi)
    d_u = slope * (-skew / sigma)
    return value * factor, [
        d_amplitude * factor,
        d_center * factor + d_u,
        d_sigma * factor + d_u * u,
        *(other * factor for other in others),
        slope * u,
    ]


@_quiet
def thermal_distribution(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, kt: Values = 1.0, form: str = "bose"
) -> Values:
    r"""Return a thermal distribution of the energy `x`.

    .. math:: \frac{1}{A\, e^{(x - \mu)/kT} + C}

    Parameters
    ----------
    x : ndarray or float
        Energies, in any unit.
    amplitude : float or ndarray, optional
        Factor :math:`A` of the exponential, in the inverse unit of the data.
    center : float or ndarray, optional
        Chemical potential, in the unit of `x`.
    kt : float or ndarray, optional
        Temperature :math:`kT`, in the unit of `x`.
    form : {'bose', 'maxwell', 'fermi'}, optional
        The constant :math:`C` is -1, 0 or 1.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Raises
    ------
    ValueError
        If `form` is none of these.

    Examples
    --------
    >>> thermal_distribution(np.array([0.0, 1.0]), form="fermi").round(4)
    array([0.5   , 0.2689])
    """
    return 1.0 / not_zero(amplitude * np.exp((x - center) / not_zero(kt)) + _thermal_constant(form))


@register(thermal_distribution)
@_quiet
def _thermal_distribution(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, kt: Values = 1.0, form: str = "bose"
) -> Both:
    kt = not_zero(kt)
    # Beyond 300 the value is zero and the product below would be infinity times zero.
    u = np.minimum((x - center) / kt, 300.0)
    boltzmann = np.exp(u)
    value = 1.0 / not_zero(amplitude * boltzmann + _thermal_constant(form))
    unit = boltzmann * value * value
    d_center = unit * (amplitude / kt)
    return value, [-unit, d_center, d_center * u]


def _thermal_constant(form: str) -> float:
    return float(_choice(form, {"bose": -1.0, "maxwell": 0.0, "fermi": 1.0}))


def _choice(form: str, forms: dict[str, Any]) -> Any:
    try:
        return forms[form.lower()]
    except (KeyError, AttributeError):
        raise ValueError(f"form must be one of {', '.join(map(repr, forms))}, got {form!r}") from None


@_quiet
def bose(x: Array, amplitude: Values = 1.0, center: Values = 0.0, kt: Values = 1.0) -> Values:
    r"""Return the Bose-Einstein distribution of the energy `x`.

    .. math:: \frac{A}{e^{(x - \mu)/kT} - 1}

    Parameters
    ----------
    x : ndarray or float
        Energies, in any unit.
    amplitude : float or ndarray, optional
        Scale, in the unit of the data.
    center : float or ndarray, optional
        Chemical potential, in the unit of `x`.
    kt : float or ndarray, optional
        Temperature :math:`kT`, in the unit of `x`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> bose(np.array([1.0, 2.0])).round(4)
    array([0.582 , 0.1565])
    """
    return amplitude / not_zero(np.expm1((x - center) / not_zero(kt)))


@register(bose, "amplitude")
@_quiet
def _bose(x: Array, amplitude: Values = 1.0, center: Values = 0.0, kt: Values = 1.0) -> Both:
    kt = not_zero(kt)
    u = np.minimum((x - center) / kt, 700.0)
    unit = 1.0 / not_zero(np.expm1(u))
    d_center = unit * (1.0 + unit) * (amplitude / kt)
    return amplitude * unit, [unit, d_center, d_center * u]


def fermi(x: Array, amplitude: Values = 1.0, center: Values = 0.0, kt: Values = 1.0) -> Values:
    r"""Return the Fermi-Dirac distribution of the energy `x`.

    .. math:: \frac{A}{e^{(x - \mu)/kT} + 1}

    Parameters
    ----------
    x : ndarray or float
        Energies, in any unit.
    amplitude : float or ndarray, optional
        Scale, in the unit of the data.
    center : float or ndarray, optional
        Chemical potential, in the unit of `x`.
    kt : float or ndarray, optional
        Temperature :math:`kT`, in the unit of `x`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> fermi(np.array([0.0, 1.0])).round(4)
    array([0.5   , 0.2689])
    """
    return amplitude * expit((center - x) / not_zero(kt))


@register(fermi, "amplitude")
def _fermi(x: Array, amplitude: Values = 1.0, center: Values = 0.0, kt: Values = 1.0) -> Both:
    kt = not_zero(kt)
    u = (center - x) / kt
    unit, slope = _logistic_edge(u)
    d_center = slope * (amplitude / kt)
    return amplitude * unit, [unit, d_center, -d_center * u]


def step(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, form: str = "linear"
) -> Values:
    r"""Return a step from zero to `amplitude` at `center`.

    .. math:: A\,S(u), \qquad S(u) = \begin{cases}
        \min[1, \max(0, u + \frac12)] & \text{linear} \\
        \frac12 + \frac1\pi \arctan u & \text{atan} \\
        \frac12 [1 + \mathrm{erf}(u)] & \text{erf} \\
        1 - 1/(1 + e^u) & \text{logistic}
        \end{cases}

    A negative width makes the step fall.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Height, in the unit of the data.
    center : float or ndarray, optional
        Middle of the edge, in the unit of `x`.
    sigma : float or ndarray, optional
        Width of the edge, in the unit of `x`.
    form : {'linear', 'atan', 'arctan', 'erf', 'logistic'}, optional
        Shape of the edge.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Raises
    ------
    ValueError
        If `form` is none of these.

    Examples
    --------
    >>> step(np.array([-1.0, 0.0, 0.25, 1.0]))
    array([0.  , 0.5 , 0.75, 1.  ])
    """
    return amplitude * _choice(form, _EDGES)((x - center) / not_zero(sigma))[0]


@register(step, "amplitude")
def _step(
    x: Array, amplitude: Values = 1.0, center: Values = 0.0, sigma: Values = 1.0, form: str = "linear"
) -> Both:
    sigma = not_zero(sigma)
    u = (x - center) / sigma
    unit, slope = _choice(form, _EDGES)(u)
    d_center = slope * (-amplitude / sigma)
    return amplitude * unit, [unit, d_center, d_center * u]


def rectangle(
    x: Array,
    amplitude: Values = 1.0,
    center1: Values = 0.0,
    sigma1: Values = 1.0,
    center2: Values = 1.0,
    sigma2: Values = 1.0,
    form: str = "linear",
) -> Values:
    r"""Return a step up to `amplitude` at `center1` and down again at `center2`.

    .. math:: A \left[S\left(\frac{x - \mu_1}{\sigma_1}\right)
        + S\left(\frac{\mu_2 - x}{\sigma_2}\right) - 1\right]

    with :math:`S` as in `step`, but for the linear form, whose edges are twice as wide here:
    :math:`S(u) = \min[1, \max(0, (u + 1)/2)]`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Height, in the unit of the data.
    center1 : float or ndarray, optional
        Middle of the rising edge, in the unit of `x`.
    sigma1 : float or ndarray, optional
        Width of the rising edge, in the unit of `x`.
    center2 : float or ndarray, optional
        Middle of the falling edge, in the unit of `x`.
    sigma2 : float or ndarray, optional
        Width of the falling edge, in the unit of `x`.
    form : {'linear', 'atan', 'arctan', 'erf', 'logistic'}, optional
        Shape of the edges.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Raises
    ------
    ValueError
        If `form` is none of these.

    Examples
    --------
    >>> rectangle(np.array([-1.0, 0.0, 2.0, 4.0]), center1=0.0, center2=4.0)
    array([0. , 0.5, 1. , 0.5])
    """
    edge = _choice(form, _WIDE_EDGES)
    up, down = edge((x - center1) / _positive(sigma1))[0], edge((center2 - x) / _positive(sigma2))[0]
    return amplitude * (up + down - 1.0)


@register(rectangle, "amplitude")
def _rectangle(
    x: Array,
    amplitude: Values = 1.0,
    center1: Values = 0.0,
    sigma1: Values = 1.0,
    center2: Values = 1.0,
    sigma2: Values = 1.0,
    form: str = "linear",
) -> Both:
    edge = _choice(form, _WIDE_EDGES)
    sigma1, sigma2 = _positive(sigma1), _positive(sigma2)
    u1, u2 = (x - center1) / sigma1, (center2 - x) / sigma2
    (up, rise), (down, fall) = edge(u1), edge(u2)
    unit = up + down - 1.0
    d_center1, d_center2 = rise * (-amplitude / sigma1), fall * (amplitude / sigma2)
    return amplitude * unit, [unit, d_center1, d_center1 * u1, d_center2, -d_center2 * u2]


def _linear_edge(u: Array) -> tuple[Array, Array]:
    return np.clip(u + 0.5, 0.0, 1.0), np.where(np.abs(u) < 0.5, 1.0, 0.0)


def _wide_linear_edge(u: Array) -> tuple[Array, Array]:
    value, slope = _linear_edge(0.5 * u)
    return value, 0.5 * slope


def _arctan_edge(u: Array) -> tuple[Array, Array]:
    return 0.5 + np.arctan(u) * (1.0 / pi), (1.0 / pi) / (1.0 + u * u)


def _erf_edge(u: Array) -> tuple[Array, Array]:
    return 0.5 * (1.0 + erf(u)), np.exp(-u * u) * (1.0 / _SQRT_PI)


def _logistic_edge(u: Array) -> tuple[Array, Array]:
    value = expit(u)
    return value, value * expit(-u)


#: Each gives the value and the slope of an edge from 0 to 1.
_EDGES = {
    "linear": _linear_edge,
    "atan": _arctan_edge,
    "arctan": _arctan_edge,
    "erf": _erf_edge,
    "logistic": _logistic_edge,
}
_WIDE_EDGES = {**_EDGES, "linear": _wide_linear_edge}


@_quiet
def exponential(x: Array, amplitude: Values = 1.0, decay: Values = 1.0) -> Values:
    r"""Return an exponential decay.

    .. math:: A\, e^{-x/\tau}

    with `decay` the time :math:`\tau` in which it falls to 1/e.

    Parameters
    ----------
    x : ndarray or float
        Points, such as times, in any unit.
    amplitude : float or ndarray, optional
        Value at ``x = 0``, in the unit of the data.
    decay : float or ndarray, optional
        Time of the decay :math:`\tau`, in the unit of `x`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> exponential(np.array([0.0, 2.0]), decay=2.0).round(4)
    array([1.    , 0.3679])
    """
    return amplitude * np.exp(-x / not_zero(decay))


@register(exponential, "amplitude")
@_quiet
def _exponential(x: Array, amplitude: Values = 1.0, decay: Values = 1.0) -> Both:
    decay = not_zero(decay)
    u = x / decay
    unit = np.exp(-u)
    value = amplitude * unit
    return value, [unit, value * u * (1.0 / decay)]


@_quiet
def powerlaw(x: Array, amplitude: Values = 1.0, exponent: Values = 1.0) -> Values:
    r"""Return a power law :math:`A\, x^k`, with :math:`k` the `exponent`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Value at ``x = 1``, in the unit of the data.
    exponent : float or ndarray, optional
        Exponent :math:`k`, without unit.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> powerlaw(np.array([1.0, 2.0]), amplitude=3.0, exponent=2.0)
    array([ 3., 12.])
    """
    return amplitude * np.power(x, exponent)


@register(powerlaw, "amplitude")
@_quiet
def _powerlaw(x: Array, amplitude: Values = 1.0, exponent: Values = 1.0) -> Both:
    unit = np.power(x, exponent)
    # xlogy is zero at x = 0, as is the limit for positive exponents.
    return amplitude * unit, [unit, amplitude * xlogy(unit, x)]


def linear(x: Array, slope: Values = 1.0, intercept: Values = 0.0) -> Values:
    """Return the straight line ``slope * x + intercept``.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    slope : float or ndarray, optional
        Slope, in the unit of the data by that of `x`.
    intercept : float or ndarray, optional
        Value at ``x = 0``, in the unit of the data.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> linear(np.array([0.0, 1.0]), slope=2.0, intercept=1.0)
    array([1., 3.])
    """
    return slope * x + intercept


@register(linear, "slope", "intercept")
def _linear(x: Array, slope: Values = 1.0, intercept: Values = 0.0) -> Both:
    return slope * x + intercept, [x, 1.0]


def parabolic(x: Array, a: Values = 0.0, b: Values = 0.0, c: Values = 0.0) -> Values:
    """Return the parabola ``a * x**2 + b * x + c``.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    a : float or ndarray, optional
        Factor of the square.
    b : float or ndarray, optional
        Slope at ``x = 0``.
    c : float or ndarray, optional
        Value at ``x = 0``, in the unit of the data.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> parabolic(np.array([0.0, 2.0]), a=1.0, b=1.0, c=1.0)
    array([1., 7.])
    """
    return (a * x + b) * x + c


@register(parabolic, "a", "b", "c")
def _parabolic(x: Array, a: Values = 0.0, b: Values = 0.0, c: Values = 0.0) -> Both:
    return (a * x + b) * x + c, [x * x, x, 1.0]


def sine(x: Array, amplitude: Values = 1.0, frequency: Values = 1.0, shift: Values = 0.0) -> Values:
    r"""Return a sine wave.

    .. math:: A \sin(f x + \phi)

    with :math:`f` the `frequency`, in radians per unit of `x`, and :math:`\phi` the `shift`, in radians.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Height, in the unit of the data.
    frequency : float or ndarray, optional
        Radians per unit of `x`.
    shift : float or ndarray, optional
        Phase at ``x = 0`` in radians.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> sine(np.array([0.0, 0.25]), amplitude=2.0, frequency=2.0 * np.pi)
    array([0., 2.])
    """
    return amplitude * np.sin(frequency * x + shift)


@register(sine, "amplitude")
def _sine(x: Array, amplitude: Values = 1.0, frequency: Values = 1.0, shift: Values = 0.0) -> Both:
    phase = frequency * x + shift
    unit, d_shift = np.sin(phase), amplitude * np.cos(phase)
    return amplitude * unit, [unit, d_shift * x, d_shift]


@_quiet
def expsine(
    x: Array, amplitude: Values = 1.0, frequency: Values = 1.0, shift: Values = 0.0, decay: Values = 0.0
) -> Values:
    r"""Return a sine wave that decays.

    .. math:: A \sin(f x + \phi)\, e^{-k x}

    with :math:`k` the rate `decay`; the others as in `sine`.

    Parameters
    ----------
    x : ndarray or float
        Points, in any unit.
    amplitude : float or ndarray, optional
        Height at ``x = 0`` without decay, in the unit of the data.
    frequency : float or ndarray, optional
        Radians per unit of `x`.
    shift : float or ndarray, optional
        Phase at ``x = 0`` in radians.
    decay : float or ndarray, optional
        Rate :math:`k`, in the inverse unit of `x`.

    Returns
    -------
    ndarray or float
        Values, in the shape to which the points and the parameters broadcast.

    Examples
    --------
    >>> expsine(np.array([0.0, 0.25]), frequency=2.0 * np.pi, decay=4.0).round(4)
    array([0.    , 0.3679])
    """
    return amplitude * np.sin(frequency * x + shift) * np.exp(-x * decay)


@register(expsine, "amplitude")
@_quiet
def _expsine(
    x: Array, amplitude: Values = 1.0, frequency: Values = 1.0, shift: Values = 0.0, decay: Values = 0.0
) -> Both:
    phase = frequency * x + shift
    envelope = np.exp(-x * decay)
    unit, d_shift = envelope * np.sin(phase), amplitude * envelope * np.cos(phase)
    value = amplitude * unit
    return value, [unit, d_shift * x, d_shift, -x * value]
