r"""Which variables a residual is linear in: as its function says, or found by trying.

A residual that is linear in a variable changes in proportion to it,

.. math::  \frac{r(x + h e_j) - r(x)}{h} = \frac{r(x + h' e_j) - r(x)}{h'} ,

and one that is linear in several at once changes by the sum of what each of them does when all are
moved together; :math:`a \cdot b` does not.  Steps are large, half the value itself, so that what is
curved is seen to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ._derivatives import Array, Domain, Residual, norm

__all__ = ["Linearity", "found_by_trying"]

#: Difference between two slopes, relative to them, that is rounding.
_TOLERANCE = 1e-7
#: Change of the residual, relative to its size, that is large enough to tell.
_VISIBLE = 1e-6
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
    reasons = dict(known.reasons)
    changes: dict[str, tuple[int, float, Array]] = {}
    for name in known.unknown:
        index = names.index(name)
        step, change, reason = trial.alone(index)
        if reason:
            reasons[name] = reason
        else:
            changes[name] = index, step, change
    first: dict[str, tuple[int, float, Array]] = {}
    if changes:
        first = {
            name: (index, *trial.once(index)) for index, name in enumerate(names) if name in known.linear
        }
    together = {**first, **changes}
    if len(together) > 1 and changes and not trial.together(together.values()):
        together = first
        for name, entry in changes.items():
            if not together or trial.together([*together.values(), entry]):
                together = {**together, name: entry}
            else:
                reasons[name] = f"it multiplies another that is, one of {', '.join(map(repr, together))}"
    return Linearity((*known.linear, *(name for name in together if name in changes)), (), reasons)


class _Trial:
    """A residual that is tried at points around one."""

    def __init__(self, residual: Residual, x: list[float], at_x: Array, domain: Domain) -> None:
        self._residual, self._x, self._at_x = residual, x, at_x
        self._room = list(zip((domain.lower - x).tolist(), (domain.upper - x).tolist()))
        self._reach = domain.reach.tolist()

    def alone(self, index: int) -> tuple[float, Array, str]:
        """A step of one variable, the change by it, and why the residual is not linear in it."""
        step, other = self._steps(index)
        change, changed = self._change([(index, step)]), self._change([(index, other)])
        slope, other_slope = change / step, changed / other
        size = max(norm(slope), norm(other_slope))
        if not np.isfinite(size):
            return (
                step,
                change,
                f"the residual is not finite at {self._x[index] + step:g} or {self._x[index] + other:g}",
            )
        if norm(change) <= _VISIBLE * norm(self._at_x) or norm(changed) <= _VISIBLE * norm(self._at_x):
            return step, change, "its effect is too small to tell"
        curved = norm(slope - other_slope) > _TOLERANCE * size
        return step, change, "its effect is not proportional to it" if curved else ""

    def once(self, index: int) -> tuple[float, Array]:
        """A step of one variable, and the change by it."""
        step, _ = self._steps(index)
        return step, self._change([(index, step)])

    def together(self, entries: Iterable[tuple[int, float, Array]]) -> bool:
        """Whether several steps at once change the residual by the sum of what they do alone."""
        entries = list(entries)
        change = self._change([(index, step) for index, step, _ in entries])
        expected = np.sum([alone for _, _, alone in entries], axis=0)
        size = max(norm(alone) for _, _, alone in entries)
        return norm(change - expected) <= _TOLERANCE * max(size, norm(self._at_x))

    def _steps(self, index: int) -> tuple[float, float]:
        """Two steps of one variable that stay within its bounds."""
        low, high = self._room[index]
        step = _STEP * (abs(self._x[index]) or self._reach[index] or 1.0)
        if high >= step and -low >= step:
            return step, -step
        side = high if high >= -low else low
        step = min(step, 0.5 * abs(side)) * (1.0 if side > 0.0 else -1.0)
        return step, 2.0 * step

    def _change(self, steps: Iterable[tuple[int, float]]) -> Array:
        point = self._x.copy()
        for index, step in steps:
            point[index] += step
        return np.asarray(self._residual(point) - self._at_x)
