r"""Which variables a residual is linear in: as its function says, or found by trying.

A residual that is linear in a variable changes in proportion to it,

.. math::  \frac{r(x + h e_j) - r(x)}{h} = \frac{r(x + h' e_j) - r(x)}{h'} ,

and one that is linear in several at once changes by the sum of what each of them does when all are
moved together; :math:`a \cdot b` does not.  Steps are large, half the value itself, so that what is
curved is seen to be, and larger where that has no visible effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ._derivatives import Array, Domain, Residual, norm

__all__ = ["NOTHING", "Linearity", "found_by_trying", "kept_visible"]

#: A residual that is larger than this fraction of the data's spread explains nothing of it.
NOTHING = 0.9
#: Effect that a term begins with, relative to the strongest, and the part of it below which it is weak.
_SEEN, _WEAK = 0.3, 0.1

#: Difference between two slopes, relative to them, that is rounding.
_TOLERANCE = 1e-7
#: Change of the residual, relative to its size, that is large enough to tell.
_VISIBLE = 1e-6
#: A change that is this much larger than one that can just be seen is clear.
_CLEAR = 1e3
#: Length of a step, relative to the value.
_STEP = 0.5


@dataclass(frozen=True)
class Linearity:
    """What is known of a residual before it is evaluated.

    Attributes
    ----------
    linear : tuple of str
        Variables that it is linear in, all at once.
    unknown : tuple of str
        Variables that it may be linear in.
    reasons : mapping
        The other variables, and why it is not linear in each.
    """

    linear: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)


def kept_visible(best: Array, start: Array, lengths: Array, low: Array, high: Array) -> Array:
    """Return the best values of linear variables as values to start from.

    A term that these would leave out, as its shape is not right yet and others stand for it, would never
    come back: one that is weak, or turned to the other sign, or on the wrong side of a bound, begins with a
    visible effect, of the sign of its start.

    Parameters
    ----------
    best, start : ndarray, shape (k,) or (k, m)
        Values of k variables, in m fits.
    lengths : ndarray
        Lengths of their columns of the Jacobian.
    low, high : ndarray
        Their bounds.

    Examples
    --------
    >>> best, start, lengths = np.array([50.0, -1.0]), np.array([1.0, 1.0]), np.array([2.0, 1.0])
    >>> kept_visible(best, start, lengths, np.zeros(2), np.full(2, np.inf))
    array([50., 30.])
    """
    effect = np.abs(best) * lengths
    least = _SEEN * effect.max(axis=0)
    visible = np.where(start < 0.0, -least, least) / np.where(lengths > 0.0, lengths, np.inf)
    turned = best * start < 0.0
    lost = (effect < np.where(turned, 1.0, _WEAK) * least) | (best <= low) | (best >= high)
    return np.clip(np.where(lost, visible, best), low, high)


def found_by_trying(
    residual: Residual,
    x: Sequence[float],
    at_x: Array,
    names: Sequence[str],
    known: Linearity,
    domain: Domain,
) -> Linearity:
    """Return what is known, with the unknown variables tried.

    Parameters
    ----------
    residual : callable
        ``residual(list of n floats) -> array of m floats``; may hold NaN.
    x : sequence of float
        A point, n values.
    at_x : ndarray, shape (m,)
        The residual there.
    names : sequence of str
        Names of the n variables.
    known : Linearity
    domain : Domain
        Bounds and sizes of the variables.

    Examples
    --------
    >>> t = np.linspace(0.0, 1.0, 5)
    >>> def residual(v):
    ...     return v[0] * np.exp(-v[1] * t) + v[2]
    >>> names = ["a", "rate", "offset"]
    >>> x = [1.0, 2.0, 0.5]
    >>> everything = Linearity(unknown=("a", "rate", "offset"))
    >>> found = found_by_trying(residual, x, residual(x), names, everything, Domain.unbounded(3))
    >>> found.linear, found.reasons
    (('a', 'offset'), {'rate': 'its effect is not proportional to it'})
    """
    trial = _Trial(residual, list(x), at_x, domain)
    reasons, moves = dict(known.reasons), {}
    for name in known.unknown:
        moves[name], reasons[name] = trial.alone(names.index(name))
    moves = {name: move for name, move in moves.items() if not reasons[name]}
    chosen = {name: trial.moved(names.index(name)) for name in known.linear} if moves else {}
    if trial.together([*chosen.values(), *moves.values()]):
        chosen |= moves
    for name, move in moves.items():
        if name not in chosen and trial.together([*chosen.values(), move]):
            chosen[name] = move
        elif name not in chosen:
            reasons[name] = f"it multiplies another that is, one of {', '.join(map(repr, chosen))}"
    linear = (*known.linear, *(name for name in moves if name in chosen))
    return Linearity(linear, (), {name: reason for name, reason in reasons.items() if reason})


@dataclass(frozen=True)
class _Move:
    """A step of one variable, and the change of the residual by it."""

    index: int
    step: float
    change: Array


class _Trial:
    """A residual that is tried at points around one."""

    def __init__(self, residual: Residual, x: list[float], at_x: Array, domain: Domain) -> None:
        self._residual, self._x, self._at_x = residual, x, at_x
        self._room = list(zip((domain.lower - x).tolist(), (domain.upper - x).tolist()))
        self._reach = domain.reach.tolist()

    def alone(self, index: int) -> tuple[_Move, str]:
        """A move of one variable, and why the residual is not linear in it; empty if it is."""
        move, other = self._pair(index, _STEP * self._size(index))
        effect, visible = min(norm(move.change), norm(other.change)), _VISIBLE * norm(self._at_x)
        if 0.0 < effect <= visible:  # an amplitude, perhaps, that starts orders of magnitude too small
            move, other = self._pair(index, min(abs(move.step), abs(other.step)) * _CLEAR * visible / effect)
            effect = min(norm(move.change), norm(other.change))
        slopes = move.change / move.step, other.change / other.step
        size = max(map(norm, slopes))
        if not np.isfinite(size):
            points = " or ".join(f"{self._x[index] + step:g}" for step in (move.step, other.step))
            return move, f"the residual is not finite at {points}"
        if effect <= visible:
            return move, "its effect is too small to tell"
        curved = norm(slopes[0] - slopes[1]) > _TOLERANCE * size
        return move, "its effect is not proportional to it" if curved else ""

    def moved(self, index: int) -> _Move:
        """A move of one variable."""
        return self._moved(index, self._steps(index, _STEP * self._size(index))[0])

    def together(self, moves: Sequence[_Move]) -> bool:
        """Whether several moves at once change the residual by the sum of what they do alone."""
        if len(moves) < 2:
            return True
        change = self._change({move.index: move.step for move in moves})
        expected = np.sum([move.change for move in moves], axis=0)
        size = max(norm(self._at_x), *(norm(move.change) for move in moves))
        return norm(change - expected) <= _TOLERANCE * size

    def _size(self, index: int) -> float:
        return abs(self._x[index]) or self._reach[index] or 1.0

    def _pair(self, index: int, step: float) -> tuple[_Move, _Move]:
        first, second = self._steps(index, step)
        return self._moved(index, first), self._moved(index, second)

    def _steps(self, index: int, step: float) -> tuple[float, float]:
        """Two steps of one variable, of about this length, that stay within its bounds."""
        low, high = self._room[index]
        if high >= step and -low >= step:
            return step, -step
        side = high if high >= -low else low
        step = min(step, 0.5 * abs(side)) * (1.0 if side > 0.0 else -1.0)
        return step, 2.0 * step

    def _moved(self, index: int, step: float) -> _Move:
        return _Move(index, step, self._change({index: step}))

    def _change(self, steps: Mapping[int, float]) -> Array:
        point = self._x.copy()
        for index, step in steps.items():
            point[index] += step
        return np.asarray(self._residual(point) - self._at_x)
