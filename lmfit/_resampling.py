r"""Simulated data sets, and limits from what fits to them find.

The bootstrap (B. Efron and R. J. Tibshirani, *An Introduction to the Bootstrap*, 1993; A. C. Davison
and D. V. Hinkley, *Bootstrap Methods and their Application*, 1997) repeats an experiment in the
computer: data sets are drawn from what the fit has found, each is fitted like the data, and the scatter
of the results shows how far a result may be from the truth.

*Data sets.*  A fit knows its data only through the residual :math:`r(p)`, with best values
:math:`\hat p` and :math:`\hat r = r(\hat p)`.  For :math:`r_i = (f_i(p) - y_i)/\sigma_i`, data with other
errors, :math:`y^*_i = f_i(\hat p) - \sigma_i e^*_i`, have the residual

.. math::  r^*_i(p) = \frac{f_i(p) - f_i(\hat p)}{\sigma_i} + e^*_i = r_i(p) - \hat r_i + e^*_i ,

and the same follows for residuals of the other sign.  No more than the residual is needed to fit them.

``residual``
    The :math:`e^*_i` are drawn with replacement from the residuals.  These are smaller than the errors,
    as the fit has followed the data: with the leverages :math:`h_i`, the diagonal of
    :math:`J (J^T J)^{-1} J^T`, their variance is :math:`\sigma^2 (1 - h_i)`.  So
    :math:`\hat r_i / \sqrt{1 - h_i}`, less their mean, are drawn from (Davison and Hinkley, eq. 6.9 and
    algorithm 6.1).  The model must be right and the errors of one size once divided by
    :math:`\sigma_i`; they need not be normal.
``case``
    Data points are drawn with replacement: :math:`r^*(p)` consists of elements of :math:`r(p)`, some
    of them several times.  For a sum of squares this is the same as the factors
    :math:`\sqrt{w_i}` with multinomial counts :math:`w_i` (algorithm 6.2).  It is the most robust:
    neither a model that is not quite right nor errors of different sizes mislead it.  It needs many
    data, none of them indispensable.
``parametric``
    The :math:`e^*_i` are normal, with the reduced chi-square as their variance, or 1 where the
    residual has been divided by known errors.

*Limits.*  With *B* results in ascending order the quantile of :math:`\alpha` is number
:math:`(B + 1)\alpha`; between two of them it is interpolated, and beyond the first and the last there
is none.  ``percentile`` takes the quantiles of :math:`(1 \mp P)/2`.  ``bca`` (Efron and Tibshirani,
section 14.3) shifts these by a correction for bias, :math:`z_0 = \Phi^{-1}(\#\{\theta^* < \hat\theta\}/B)`,
and for an error that depends on the parameter, with the acceleration *a*:

.. math::  \alpha' = \Phi\left(z_0 + \frac{z_0 + z_\alpha}{1 - a (z_0 + z_\alpha)}\right) .

*a* is a sixth of the skewness of the parameter in linear approximation (Davison and Hinkley, section
5.3.2), in which errors *e* move it by :math:`L e` with :math:`L = -(J^T J)^{-1} J^T`:

.. math::  a = \frac{\sum_i (L_i \hat r_i)^3}{6 (\sum_i (L_i \hat r_i)^2)^{3/2}}
           \quad\text{for cases}, \qquad
           a = \frac{\sum_i L_i^3}{6 (\sum_i L_i^2)^{3/2}}
               \frac{\overline{e^3}}{(\overline{e^2})^{3/2}} \quad\text{for residuals},

and zero for normal errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._covariance import NormalEquations
from ._derivatives import Array

__all__ = [
    "KINDS",
    "Draw",
    "Sampler",
    "bca_levels",
    "linear_map",
    "percentile_levels",
    "quantile",
    "shortest",
]

#: The kinds of data sets.
KINDS = ("residual", "case", "parametric")
#: A point with a leverage closer to 1 is passed through whatever its error is.
_INDISPENSABLE = 1e-8


@dataclass(frozen=True)
class Draw:
    """How the residual of a simulated data set follows from that of the data.

    Attributes
    ----------
    shift : ndarray, shape (m,), or None
        What is added to the residual.
    rows : ndarray of int or None
        Which of its elements are taken.

    Examples
    --------
    >>> Draw(rows=np.array([2, 0, 0]))(np.array([1.0, 2.0, 3.0]))
    array([3., 1., 1.])
    """

    shift: Array | None = None
    rows: NDArray[np.intp] | None = None

    def __call__(self, residual: Array) -> Array:
        """Return the residual of the simulated data set."""
        taken = residual if self.rows is None else residual[self.rows]
        return taken if self.shift is None else taken + self.shift


@dataclass(frozen=True)
class Sampler:
    """Draws data sets of one kind.

    Attributes
    ----------
    kind : {'residual', 'case', 'parametric'}
    best : ndarray, shape (m,)
        Residual at the best values; nan for missing data.
    errors : ndarray, shape (k,)
        For 'residual' what errors are drawn from.
    sigma : float
        For 'parametric' the size of the errors.
    """

    kind: str
    best: Array
    errors: Array
    sigma: float

    @classmethod
    def of(cls, kind: str, best: Array, jacobian: Array, sigma: float) -> Sampler:
        """Return the sampler for a fit.

        Parameters
        ----------
        kind, best, sigma
            As of the class.
        jacobian : ndarray, shape (m, n)
            Derivatives of the residual by what is fitted.
        """
        present = np.isfinite(best)
        errors = best[present]
        if kind == "residual":
            rest = 1.0 - _leverages(jacobian[present])
            errors = errors / np.sqrt(np.where(rest > _INDISPENSABLE, rest, np.inf))
            errors = errors - errors.mean()
        return cls(kind, best, errors, sigma)

    def draw(self, random: np.random.Generator) -> Draw:
        """Return the next data set."""
        present = np.flatnonzero(np.isfinite(self.best))
        if self.kind == "case":
            return Draw(rows=random.choice(present, len(present)))
        normal = self.kind == "parametric"
        size = len(present)
        drawn = self.sigma * random.standard_normal(size) if normal else random.choice(self.errors, size)
        shift = np.zeros(len(self.best))
        shift[present] = drawn - self.best[present]
        return Draw(shift=shift)

    def acceleration(self, slopes: Array) -> float:
        """Return the acceleration of a parameter.

        Parameters
        ----------
        slopes : ndarray, shape (m,)
            Its derivatives by the errors, a row of `linear_map`.
        """
        slopes = slopes[np.isfinite(self.best)]
        if self.kind == "parametric":
            return 0.0
        if self.kind == "case":
            return _skewness(slopes * self.errors) / 6.0
        return _skewness(slopes) * _skewness(self.errors) * math.sqrt(len(self.errors)) / 6.0


def linear_map(jacobian: Array) -> Array:
    """Return how fitted values follow errors of the residual, ``-inv(J.T @ J) @ J.T``, shape (n, m).

    Values without effect, whose column of `jacobian` is zero, stay where they are.

    Examples
    --------
    >>> linear_map(np.array([[1.0], [1.0], [2.0]])).round(3)
    array([[-0.167, -0.167, -0.333]])
    """
    used = np.flatnonzero((jacobian != 0.0).any(axis=0))
    found = np.zeros(jacobian.shape[::-1])
    if len(used):
        found[used] = -NormalEquations(jacobian[:, used]).inverse @ jacobian[:, used].T
    return found


def percentile_levels(probability: float) -> tuple[float, float]:
    """Return the levels of the quantiles that have a probability between them.

    >>> percentile_levels(0.5)
    (0.25, 0.75)
    """
    return (1.0 - probability) / 2.0, (1.0 + probability) / 2.0


def bca_levels(sample: Array, best: float, acceleration: float, probability: float) -> tuple[float, float]:
    """Return the same with the corrections for bias and acceleration; nan where they know no bounds.

    Parameters
    ----------
    sample : ndarray, shape (B,)
    best : float
        The value found from the data.
    acceleration : float
    probability : float

    Examples
    --------
    >>> low, high = bca_levels(np.linspace(-1, 3, 101), 0.0, 0.0, 0.5)
    >>> round(low, 3), round(high, 3)
    (0.022, 0.255)
    """
    # Not at the top: scipy.special takes long to load, and few fits need it.
    from scipy.special import ndtr, ndtri

    below = float(np.mean((sample < best) + 0.5 * (sample == best)))
    bias = float(ndtri(below))
    levels = []
    for level in percentile_levels(probability):
        moved = bias + float(ndtri(level))
        shrink = 1.0 - acceleration * moved
        good = math.isfinite(bias) and shrink > 0.0
        levels.append(float(ndtr(bias + moved / shrink)) if good else math.nan)
    return levels[0], levels[1]


def quantile(ordered: Array, level: float) -> float:
    """Return a quantile of a sample in ascending order; nan where it is outside the sample.

    Examples
    --------
    >>> quantile(np.array([1.0, 2.0, 4.0]), 0.5), quantile(np.array([1.0, 2.0, 4.0]), 0.2)
    (2.0, nan)
    """
    place = (len(ordered) + 1) * level - 1.0
    # Levels such as (1 - 0.9)/2 are not exact.
    if not -1e-9 <= place <= len(ordered) - 1 + 1e-9:
        return math.nan
    return float(np.interp(place, np.arange(len(ordered)), ordered))


def shortest(ordered: Array, probability: float) -> tuple[float, float]:
    """Return the shortest interval that holds a fraction of a sample in ascending order.

    For a distribution with one peak that is the region of highest density (M.-H. Chen and Q.-M. Shao,
    J. Comput. Graph. Stat. 8 (1999) 69).

    Examples
    --------
    >>> shortest(np.array([0.0, 5.0, 6.0, 7.0, 20.0]), 0.5)
    (5.0, 7.0)
    """
    inside = math.ceil(probability * len(ordered) - 1e-9)
    widths = ordered[inside - 1 :] - ordered[: len(ordered) - inside + 1]
    first = int(np.argmin(widths))
    return float(ordered[first]), float(ordered[first + inside - 1])


def _leverages(jacobian: Array) -> Array:
    """How much each element of the fitted residual follows its own error, shape (m,)."""
    return np.asarray(-np.einsum("ij,ji->i", jacobian, linear_map(jacobian)))


def _skewness(terms: Array) -> float:
    """Skewness of a sum of independent errors, of which `terms` are samples; zero without any spread."""
    squares = float((terms**2).sum())
    return float((terms**3).sum()) / squares**1.5 if squares > 0.0 else 0.0
