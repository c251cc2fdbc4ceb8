r"""Bounded parameters as functions of unbounded internal variables.

Many optimisers know nothing of bounds.  They are given an internal variable *u*
that may take any value, and the parameter is a function of it whose range is
the allowed interval, as in MINUIT (F. James and M. Roos, *Minuit*, Comput. Phys.
Commun. 10 (1975) 343; section 1.3.1 of the MINUIT manual):

=================  ===============================================
bounds             value
=================  ===============================================
none               :math:`v = u`
below              :math:`v = l + s\,(\sqrt{w^2 + 1} - 1)`
above              :math:`v = h - s\,(\sqrt{w^2 + 1} - 1)`
both               :math:`v = l + (h - l)\,\sin^2 w`
=================  ===============================================

MINUIT takes *s* = 1 and *w* = *u*, which makes a parameter of 1e-13 with a lower
bound of 0 all but immovable.  Here *s* is the distance of the start value from
its bound, and *w* is an affine function of *u* chosen such that *u* = 1 at the
start value and :math:`dv/du` there is the magnitude of the parameter.  Close to
its start value a bounded parameter therefore moves like an unbounded one of
magnitude 1, whatever its unit.

Squares and roots are written such that the distance to the nearer bound keeps
its full relative precision.

The map is flat at a bound, where an optimiser would never leave; a start value
on a bound is moved inside by a hundredth of the natural length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Bounded", "transform"]

_NUDGE = 1e-2


@dataclass(frozen=True)
class Bounded:
    """The map between a bounded value and its internal variable *u*.

    Subclasses hold the curve ``value(w)``; this class holds the affine map
    ``w = w0 + slope * (u - 1)``.
    """

    w0: float
    slope: float

    def to_internal(self, value: float) -> float:
        """Return *u* of an allowed `value`."""
        return 1.0 + (self._inverse(value) - self.w0) / self.slope

    def from_internal(self, u: float) -> float:
        """Return the value, inside the bounds, of any finite *u*."""
        return self._curve(self.w0 + self.slope * (u - 1.0))

    def derivative(self, u: float) -> float:
        """Return ``dv/du``."""
        return self.slope * self._slope(self.w0 + self.slope * (u - 1.0))

    def _inverse(self, value: float) -> float:
        raise NotImplementedError

    def _curve(self, w: float) -> float:
        raise NotImplementedError

    def _slope(self, w: float) -> float:
        raise NotImplementedError


@dataclass(frozen=True)
class OneSided(Bounded):
    """A bound on one side: ``value = bound + length * (sqrt(w**2 + 1) - 1)``.

    `length` is positive above a lower bound and negative below an upper one.
    """

    bound: float
    length: float

    def _inverse(self, value: float) -> float:
        distance = (value - self.bound) / self.length
        return math.sqrt(distance * (distance + 2.0))

    def _curve(self, w: float) -> float:
        return self.bound + self.length * (w / (math.hypot(w, 1.0) + 1.0)) * w

    def _slope(self, w: float) -> float:
        return self.length * w / math.hypot(w, 1.0)


@dataclass(frozen=True)
class TwoSided(Bounded):
    """Bounds on both sides: ``value = lower + (upper - lower) * sin(w)**2``."""

    lower: float
    upper: float

    def _inverse(self, value: float) -> float:
        return math.atan2(math.sqrt(value - self.lower), math.sqrt(self.upper - value))

    def _curve(self, w: float) -> float:
        sine, cosine = math.sin(w), math.cos(w)
        width = self.upper - self.lower
        if sine * sine < 0.5:
            return self.lower + width * sine * sine
        return self.upper - width * cosine * cosine

    def _slope(self, w: float) -> float:
        return (self.upper - self.lower) * math.sin(2.0 * w)


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
    length = abs(value - bound) or abs(bound) or 1.0
    start = value if value != bound else bound + sign * _NUDGE * length
    curve = OneSided(w0=0.0, slope=1.0, bound=bound, length=sign * length)
    w0 = curve._inverse(start)
    return OneSided(w0, _magnitude(start, bound) / curve._slope(w0), bound, sign * length)


def _two_sided(value: float, lower: float, upper: float) -> TwoSided:
    nudge = _NUDGE * (upper - lower)
    start = lower + nudge if value == lower else upper - nudge if value == upper else value
    curve = TwoSided(w0=0.0, slope=1.0, lower=lower, upper=upper)
    w0 = curve._inverse(start)
    return TwoSided(w0, _magnitude(start, lower, upper) / curve._slope(w0), lower, upper)


def _magnitude(start: float, *bounds: float) -> float:
    """The length by which *u* is measured: the value's own size, or less close to a bound."""
    room = min(abs(start - bound) for bound in bounds)
    return min(abs(start), room) if start else room
