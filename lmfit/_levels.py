r"""How probable a rise of the cost is, and back.

A model with *q* parameters fixed has a cost :math:`c_f` above the least one, :math:`c_0`.
With *N* data and *P* variables, *F* of the manual's section 4.1,

.. math::  F(q, N - P) = \left(\frac{\chi_f^2}{\chi_0^2} - 1\right) \frac{N - P}{q} ,

has Fisher's distribution if the errors are normal with one unknown size.  Where the
size is known, and the residual is in units of it, :math:`\chi_f^2 - \chi_0^2` has the
chi-square distribution with *q* degrees of freedom; so has, for large *N*, twice the logarithm
of the likelihood ratio, :math:`N \ln(\chi_f^2 / \chi_0^2)` (S. S. Wilks, Ann. Math. Stat. 9 (1938) 60).

For the sum :math:`\sum f(r_i)` of a robust cost *F* becomes

.. math::  F = \frac{c_f - c_0}{q\, s}, \qquad
    s = \frac{N}{N - P}\, \frac{\langle f'^2 \rangle}{2 \langle f'' \rangle} ,

which for :math:`f = r^2` is the same (R. M. Schrader and T. P. Hettmansperger,
Biometrika 67 (1980) 93).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

__all__ = [
    "F_TEST",
    "KNOWN_ERRORS",
    "LIKELIHOOD",
    "Levels",
    "f_probability",
    "probabilities",
    "probability_of",
]

F_TEST = "f"
KNOWN_ERRORS = "chi2"
LIKELIHOOD = "lr"


@dataclass(frozen=True)
class Levels:
    """A test of a rise of the cost.

    Attributes
    ----------
    kind : str
        `F_TEST`, `KNOWN_ERRORS` or `LIKELIHOOD`.
    scale : float
        What one degree of freedom adds to the cost: reduced chi-square, or 1 if errors are known.
    nfree : int
        Degrees of freedom of the fit.
    ndata : int
    cost : float
        The least cost.

    Examples
    --------
    >>> levels = Levels(F_TEST, scale=2.0, nfree=10, ndata=12, cost=20.0)
    >>> rise = levels.rise(0.95)
    >>> round(rise, 4), round(levels.probability(rise), 4)
    (9.9292, 0.95)
    """

    kind: str
    scale: float
    nfree: int
    ndata: int
    cost: float

    def probability(self, rise: float, nfix: int = 1) -> float:
        """Return the probability with which a rise is too large to be chance."""
        if not rise > 0.0:
            return 0.0 if rise <= 0.0 else math.nan
        if self.kind == F_TEST:
            return float(special.fdtr(nfix, self.nfree, rise / (nfix * self.scale)))
        if self.kind == LIKELIHOOD:
            return float(special.chdtr(nfix, self.ndata * math.log1p(rise / self.cost)))
        return float(special.chdtr(nfix, rise / self.scale))

    def rise(self, probability: float, nfix: int = 1) -> float:
        """Return the rise that has a probability."""
        if self.kind == F_TEST:
            return float(special.fdtri(nfix, self.nfree, probability)) * nfix * self.scale
        quantile = float(special.chdtri(nfix, 1.0 - probability))
        if self.kind == LIKELIHOOD:
            return self.cost * math.expm1(quantile / self.ndata)
        return quantile * self.scale


def f_probability(ndata: float, nparas: float, new_chi: float, best_chi: float, nfix: float = 1.0) -> float:
    """Return the probability of *F* of the manual's section 4.1.

    Examples
    --------
    >>> round(f_probability(ndata=100, nparas=3, new_chi=1.05, best_chi=1.0), 4)
    0.97
    """
    nfree = ndata - nparas
    return float(special.fdtr(nfix, nfree, (new_chi / best_chi - 1.0) * nfree / nfix))


def probability_of(sigma: float) -> float:
    """Return the probability of a level given as such, or from 1 on as a number of sigma.

    Examples
    --------
    >>> probability_of(0.95), round(probability_of(1), 4)
    (0.95, 0.6827)
    """
    return float(sigma) if sigma < 1.0 else math.erf(sigma / math.sqrt(2.0))


def probabilities(sigmas: Any) -> tuple[float, ...]:
    """Return levels, one or many, as probabilities, each once and in ascending order.

    Raises
    ------
    ValueError
        One of them is no number, or its probability is not between 0 and 1.

    Examples
    --------
    >>> probabilities([0.95, 0.68, 0.95])
    (0.68, 0.95)
    """
    try:
        given = np.atleast_1d(np.asarray(sigmas, dtype=float)).tolist()
        found = sorted({probability_of(sigma) for sigma in given})
    except (TypeError, ValueError):
        found = []
    if not found or not all(0.0 < level < 1.0 for level in found):
        raise ValueError(
            "sigmas must be probabilities between 0 and 1 or, from 1 to 8, numbers of standard errors, "
            f"not {sigmas!r:.80}"
        )
    return tuple(found)
