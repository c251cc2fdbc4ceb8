"""Variables that can change places.

Where a model is a sum of terms of one kind, such as two exponentials, two of them can be
exchanged without any effect.  Every minimum then has a twin, often far away, and
what is known of the one holds for the other.

Which variables make up a term nobody has said.  The terms follow each other, as in *a, b, a', b'*,
or are interlaced, as in *a, a', b, b'*; in either case two of them are sequences of the same stride.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice

import numpy as np

from ._derivatives import Array

__all__ = ["exchanges"]

#: Relative difference of two costs that are the same but for rounding.
_SAME = 1e-9


def exchanges(
    cost: Callable[[Array], float], x: Array, moving: Collection[int], most: int | None = None
) -> list[Array]:
    """Return the exchanges of two terms that leave the cost at a point as it is.

    Parameters
    ----------
    cost : callable
        What is minimised, ``cost(x) -> float``.
    x : ndarray, shape (n,)
        The point, at which no two variables are equal.
    moving : collection of int
        Variables one of which has to change.
    most : int, optional
        Largest number of exchanges to try; each costs one evaluation.

    Returns
    -------
    list of ndarray of int, shape (n,)
        `p`, such that ``cost(x[p]) == cost(x)``.

    Examples
    --------
    >>> two_lines = lambda v: (v[0] - 1) * (v[1] - 2) + (v[2] - 1) * (v[3] - 2)
    >>> [p.tolist() for p in exchanges(two_lines, np.array([3.0, 5.0, 7.0, 4.0]), moving=[0])]
    [[2, 3, 0, 1]]
    """
    known = cost(x)
    candidates = (p for p in _permutations(len(x)) if any(p[j] != j for j in moving))
    return [p for p in islice(candidates, most) if abs(cost(x[p]) - known) <= _SAME * abs(known)]


def _permutations(n: int) -> Iterator[np.ndarray]:
    """All exchanges of two disjoint sequences of the same stride and length."""
    for first in range(n):
        for second in range(first + 1, n):
            for stride in range(1, n):
                for length in range(1 if stride == 1 else 2, 1 + len(range(second, n, stride))):
                    steps = stride * np.arange(length)
                    if not np.isin(second, first + steps):
                        p = np.arange(n)
                        p[first + steps], p[second + steps] = second + steps, first + steps
                        yield p
