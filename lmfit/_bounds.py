r"""Bounded parameters as functions of unbounded internal variables.

Many optimisers know nothing of bounds.  They are given an internal variable *u*
that may take any value, and the parameter is a function of it whose range is the
allowed interval, an idea of MINUIT (F. James and M. Roos, *Minuit*, Comput. Phys.
Commun. 10 (1975) 343):

=================  ===============================================
bounds             value
=================  ===============================================
none               :math:`v = u`
below              :math:`v = l + s \ln(1 + e^w)`
above              :math:`v = h - s \ln(1 + e^{-w})`
both               :math:`v = l + s\,[\ln(1 + e^w) - \ln(1 + e^{w - (h - l)/s})]`
=================  ===============================================

All of them are straight lines away from the bounds.  MINUIT itself takes a sine and a
square root, which turn back at the bound: a step
that is too long comes out somewhere inside, so that an optimiser whose minimum lies
on a bound reduces all its steps until it crawls.  The curves here are monotone.  A
step that is too long ends on the bound and stays there, while the other variables go
on; whether it should leave the bound again is seen from the derivatives at the end
(`_gauss_newton`).  On random problems with active bounds this takes a tenth of the
evaluations.

*w* is an affine function of *u*, chosen such that *u* = 1 at the start value and
:math:`dv/du` there is the magnitude of the parameter, and *s* is the distance of the
start value from the nearer bound.  Close to its start a bounded parameter therefore moves
like an unbounded one of magnitude 1, be its value 1e-13 or 1e13.  The distance to
the nearer bound keeps its full relative precision.

The curves are flat at a bound, where an optimiser would never leave.  For a start
value on a bound *s* is a hundredth of its magnitude, and it is moved inside by that:
to where the curve is straight, so that it can leave in one step.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, expm1, log, log1p

from ._cached import cached_property

__all__ = ["Bounded", "transform"]

#: By this fraction of its magnitude a start value is moved off its bound.
_NUDGE = 1e-2
#: From this *w* on the curve is a straight line, to the last digit.
_STRAIGHT = 40.0
#: Fraction of the natural length that is as good as on the bound.
_CLOSE = 1e-9


@dataclass(frozen=True)
class Bounded:
    """The map between a bounded value and its internal variable *u*.

    Subclasses hold the curve ``value(w)``; this class holds the affine map
    ``w = w0 + slope * (u - 1)``.
    """

    w0: float
    slope: float

    def to_internal(self, value: float) -> float:
        """Return *u* of an allowed `value`; of one on a bound, that of a value close to it."""
        return 1.0 + (self._inverse(value) - self.w0) / self.slope

    @cached_property
    def from_internal(self) -> Callable[[float], float]:
        """The function that gives the value, inside the bounds, of any finite *u*."""
        # It is called at every step of a fit, and therefore in one piece with its constants at hand.
        return self._curve()

    def derivative(self, u: float) -> float:
        """Return ``dv/du``."""
        return self.slope * self._slope(self.w0 + self.slope * (u - 1.0))

    @abstractmethod
    def _curve(self) -> Callable[[float], float]:
        """The function of *u* that gives the value."""

    @abstractmethod
    def _inverse(self, value: float) -> float:
        """Return *w* of a value."""

    @abstractmethod
    def _slope(self, w: float) -> float:
        """Return the derivative of the curve."""


@dataclass(frozen=True)
class OneSided(Bounded):
    """A bound on one side: ``value = bound + length * log(1 + exp(w))``.

    `length` is positive above a lower bound and negative below an upper one (*w* then has the
    opposite sign of the table's).
    """

    bound: float
    length: float

    def _curve(self) -> Callable[[float], float]:
        w0, slope, bound, length = self.w0, self.slope, self.bound, self.length

        def value(u: float) -> float:
            w = w0 + slope * (u - 1.0)
            return bound + length * (w + log1p(exp(-w)) if w > 0.0 else log1p(exp(w)))

        return value

    def _inverse(self, value: float) -> float:
        distance = max((value - self.bound) / self.length, _CLOSE)
        return _log_expm1(distance)

    def _slope(self, w: float) -> float:
        return self.length * _logistic(w)


@dataclass(frozen=True)
class TwoSided(Bounded):
    """Bounds on both sides: ``lower + length * (log(1 + exp(w)) - log(1 + exp(w - ratio)))``.

    `ratio` is the width of the interval in units of `length`.
    """

    lower: float
    upper: float
    length: float
    ratio: float

    def _curve(self) -> Callable[[float], float]:
        w0, slope, length, ratio = self.w0, self.slope, self.length, self.ratio
        lower, upper, middle = self.lower, self.upper, 0.5 * self.ratio
        fallen = exp(-ratio)
        rest = 1.0 - fallen

        def value(u: float) -> float:
            w = w0 + slope * (u - 1.0)
            # The curve is symmetrical; the distance to the nearer bound is computed.
            beyond = w > middle
            if beyond:
                w = ratio - w
            if w < _STRAIGHT:  # both logarithms in one
                rise = exp(w)
                distance = length * log1p(rest * rise / (1.0 + fallen * rise))
            else:
                distance = length * w
            if beyond:
                found = upper - distance
                return lower if found < lower else found  # noqa: FURB136 - faster than max
            found = lower + distance
            return upper if found > upper else found  # noqa: FURB136

        return value

    def _inverse(self, value: float) -> float:
        return _two_sided_w((value - self.lower) / self.length, (self.upper - value) / self.length)

    def _slope(self, w: float) -> float:
        return self.length * _two_sided_slope(w, self.ratio)


def _two_sided_w(below: float, above: float) -> float:
    """*w* of a value by its distances to the lower and to the upper bound."""
    return _log_expm1(max(below, _CLOSE)) - log(-expm1(-max(above, _CLOSE)))


def _two_sided_slope(w: float, ratio: float) -> float:
    w = min(w, ratio - w)  # by symmetry
    return _logistic(w) - _logistic(w - ratio)


def _log_expm1(distance: float) -> float:
    """``log(exp(distance) - 1)``, the inverse of ``log(1 + exp(w))``."""
    return distance + log(-expm1(-distance))


def _logistic(w: float) -> float:
    rise = exp(-abs(w))
    return (1.0 if w > 0.0 else rise) / (1.0 + rise)


#: *w* of a value one length away from its bound, as every start with one bound is.
_ONE_LENGTH = _log_expm1(1.0)


def transform(value: float, lower: float, upper: float) -> Bounded | None:
    """Return the map for a parameter that starts at `value`; None if unbounded.

    Parameters
    ----------
    value : float
        Start value, inside or on the bounds.
    lower, upper : float
        Bounds, ``-inf`` and ``inf`` where there is none; ``lower < upper``.

    Examples
    --------
    >>> bounded = transform(1e-13, 0.0, math.inf)
    >>> math.isclose(bounded.from_internal(1.0), 1e-13)
    True
    >>> bounded.from_internal(-50.0) >= 0.0
    True
    >>> transform(3.0, -math.inf, math.inf) is None
    True
    """
    below, above = math.isfinite(lower), math.isfinite(upper)
    if below and above:
        return _two_sided(value, lower, upper)
    if below:
        return _one_sided(value, lower, 1.0)
    if above:
        return _one_sided(value, upper, -1.0)
    return None


def _one_sided(value: float, bound: float, sign: float) -> OneSided:
    room = abs(value - bound)
    magnitude = min(abs(value), room) if value and room else room or abs(bound) or 1.0
    length = sign * (room or _NUDGE * magnitude)
    slope = magnitude / (length * _logistic(_ONE_LENGTH))
    return OneSided(_ONE_LENGTH, slope, bound, length)


def _two_sided(value: float, lower: float, upper: float) -> TwoSided:
    width = upper - lower
    room = min(value - lower, upper - value)
    magnitude = min(abs(value), room) if value and room else room or min(abs(value) or 1.0, 0.5 * width)
    length = room or _NUDGE * magnitude
    start = lower + length if value == lower else upper - length if value == upper else value
    ratio = width / length
    w0 = _two_sided_w((start - lower) / length, (upper - start) / length)
    slope = magnitude / (length * _two_sided_slope(w0, ratio))
    return TwoSided(w0, slope, lower, upper, length, ratio)
