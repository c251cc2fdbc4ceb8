r"""Costs other than the sum of squares, and the covariance of what minimises them.

A cost is a sum over the residual, :math:`F = \sum_i f(r_i)`.  Robust losses grow more
slowly than the square, so that outliers pull less.  With :math:`z = (r/c)^2` and
a scale *c* (`f_scale`), :math:`f = \tfrac12 c^2 \rho(z)` and

===========  ==================================================
soft_l1      :math:`\rho = 2 (\sqrt{1 + z} - 1)`
huber        :math:`\rho = z` for :math:`z \le 1`, else :math:`2 \sqrt z - 1`
cauchy       :math:`\rho = \ln(1 + z)`
arctan       :math:`\rho = \arctan z`
===========  ==================================================

(B. Triggs et al., *Bundle Adjustment -- A Modern Synthesis*, 1999, section 4.3).
Two costs are known by the names that `reduce_fcn` accepts: ``neglogcauchy`` is minus
the logarithm of a Cauchy likelihood, :math:`f = \ln(\pi (1 + r^2))`, and ``negentropy`` is
:math:`f = \varphi \ln \varphi` with the normal density :math:`\varphi(r)`.

The minimum of *F* is an M-estimate.  With :math:`\psi = f'` and the Jacobian *J* of the
residual its covariance is the *sandwich*

.. math::  C = \frac{N}{N - k} A^{-1} B A^{-1}, \qquad A = J^T \mathrm{diag}(\psi'_i) J,
    \qquad B = J^T \mathrm{diag}(\psi_i^2) J

(P. J. Huber, *The behavior of maximum likelihood estimates under nonstandard
conditions*, Proc. 5th Berkeley Symp. (1967) 221; H. White, Econometrica 48 (1980) 817,
for the least squares; the factor for *k* variables: J. G. MacKinnon and H. White,
J. Econometrics 29 (1985) 305).  It takes the errors of the data from the residuals
themselves and needs no further scaling.

A cost that is known only as a function of the residual has the same covariance, with its derivatives by
differences; whether it is the sum itself or grows with it, as its mean or root does, cancels.  The steps are
a good part of the residual's spread, *s*: where the cost has a kink, as :math:`\sum_i |r_i|`, a second
difference over :math:`\pm h` counts the residuals within *h*, an estimate of their density, whose best
window is about :math:`h = s N^{-1/5}` (B. W. Silverman, *Density Estimation*, 1986, section 3.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ._covariance import RANK_TOLERANCE, Bound, Covariance, column_norms, covariance
from ._derivatives import Array
from .errors import close_matches

__all__ = ["LOSSES", "REDUCERS", "Cost", "Reduction", "loss", "recognised", "reducer", "sandwich"]

#: Residuals by which a cost is differentiated that is known only as a function: for errors, and to see
#: whether it is the sum of squares; the step is then this fraction of the usual one.
_MANY, _FEW, _SMALL = 4000, 100, 1e-4
#: The largest difference, as a fraction, between derivatives that are the same.
_ALIKE = 1e-3


@dataclass(frozen=True)
class Cost:
    """A sum over the residual that is minimised, with its derivatives.

    Attributes
    ----------
    name : str
    each : callable
        ``each(residual) -> (f, f', f'')``, arrays of the shape of the residual.
    """

    name: str
    each: Callable[[Array], tuple[Array, Array, Array]]

    def __call__(self, residual: Array) -> float:
        """Return the cost of a residual."""
        return float(np.sum(self.each(residual)[0]))

    def slopes(self, residual: Array) -> tuple[Array, Array]:
        """Return the first and second derivative of the cost by each residual."""
        _, first, second = self.each(residual)
        return first, second

    def pull(self, residual: Array) -> Array:
        """Return the first derivatives of the cost by each residual, shape (m,)."""
        return self.slopes(residual)[0]

    def curvature(self, residual: Array, directions: Array) -> Array:
        """Return the second derivatives of the cost along directions, shape (m, k), of the residual."""
        return np.asarray(directions.T @ (self.slopes(residual)[1][:, np.newaxis] * directions))


@dataclass(frozen=True)
class Reduction:
    """A cost that is known only as a function of the residual, with derivatives by differences.

    Attributes
    ----------
    function : callable
        ``function(residual) -> float``.
    """

    function: Callable[[Array], float]

    def pull(self, residual: Array) -> Array:
        """Return the first derivatives of the cost by each residual, shape (m,).

        Of very many residuals for a sample, which stands for all.
        """
        sample = _sample(residual, _MANY)
        found = np.zeros(len(residual))
        found[sample] = self.differences(residual, sample, _window(residual))
        return np.asarray(found * np.sqrt(len(residual) / len(sample)))

    def differences(self, residual: Array, sample: NDArray[np.intp], step: float) -> Array:
        """Return the derivatives by the residuals with these indices, by central differences."""
        moved, found = residual.copy(), np.empty(len(sample))
        for place, i in enumerate(sample.tolist()):
            moved[i] = residual[i] + step
            ahead = self.function(moved)
            moved[i] = residual[i] - step
            found[place] = (ahead - self.function(moved)) / (2.0 * step)
            moved[i] = residual[i]
        return found

    def curvature(self, residual: Array, directions: Array) -> Array:
        """Return the second derivatives of the cost along directions, shape (m, k), of the residual."""
        step = _window(residual) * np.sqrt(len(residual))
        moves = [step * direction for direction in directions.T]
        found = np.empty((len(moves), len(moves)))
        for j, one in enumerate(moves):
            for k, other in enumerate(moves[: j + 1]):
                up = self.function(residual + one + other) + self.function(residual - one - other)
                down = self.function(residual + one - other) + self.function(residual - one + other)
                found[j, k] = found[k, j] = (up - down) / (4.0 * step**2)
        return found


def _square(r: Array) -> tuple[Array, Array, Array]:
    return r * r, 2.0 * r, np.full(len(r), 2.0)


def _cauchy(r: Array) -> tuple[Array, Array, Array]:
    z = r * r
    return 0.5 * np.log1p(z), r / (1.0 + z), (1.0 - z) / (1.0 + z) ** 2


def _soft_l1(r: Array) -> tuple[Array, Array, Array]:
    root = np.sqrt(1.0 + r * r)
    return root - 1.0, r / root, root**-3


def _huber(r: Array) -> tuple[Array, Array, Array]:
    size = np.abs(r)
    inside = size <= 1.0
    return np.where(inside, 0.5 * r * r, size - 0.5), np.clip(r, -1.0, 1.0), inside.astype(float)


def _arctan(r: Array) -> tuple[Array, Array, Array]:
    z = r * r
    below = 1.0 / (1.0 + z * z)
    return 0.5 * np.arctan(z), r * below, below - 4.0 * z * z * below**2


def _log_cauchy(r: Array) -> tuple[Array, Array, Array]:
    half, first, second = _cauchy(r)
    return 2.0 * half + np.log(np.pi), 2.0 * first, 2.0 * second


def _negative_entropy(r: Array) -> tuple[Array, Array, Array]:
    z = r * r
    log = -0.5 * (z + np.log(2.0 * np.pi))
    density = np.exp(log)
    return density * log, -r * density * (1.0 + log), density * ((z - 1.0) * (1.0 + log) + z)


#: Robust losses of unit scale, by the names of `scipy.optimize.least_squares`.
LOSSES = {
    cost.name: cost
    for cost in (
        Cost("soft_l1", _soft_l1),
        Cost("huber", _huber),
        Cost("cauchy", _cauchy),
        Cost("arctan", _arctan),
    )
}
SUM_OF_SQUARES = Cost("sum of squares", _square)
#: The costs that `reduce_fcn` knows by name.
REDUCERS = {
    "chi2": SUM_OF_SQUARES,
    "negentropy": Cost("negentropy", _negative_entropy),
    "neglogcauchy": Cost("neglogcauchy", _log_cauchy),
    **LOSSES,
}


def reducer(given: str | Callable[[Array], float] | None) -> Callable[[Array], float] | None:
    """Return the function for a value of `reduce_fcn`: a name, a function, or None for the sum of squares.

    Examples
    --------
    >>> round(reducer("neglogcauchy")(np.array([0.0, 3.0])), 6)
    4.592045
    """
    if given is None or given == "chi2":
        return None
    if isinstance(given, str):
        if given not in REDUCERS:
            raise ValueError(
                f"reduce_fcn={given!r} is not known{close_matches(given, REDUCERS) or '.'} It must be "
                f"{', '.join(map(repr, REDUCERS))} or a function of the residual"
            )
        return REDUCERS[given]
    if not callable(given):
        raise TypeError(f"reduce_fcn must be a function of the residual, a name or None, not {given!r}")
    return given


def recognised(function: Callable[[Array], float], residual: Array) -> Cost | Reduction:
    """Return the sum of squares for a function that is it or grows with it, else the function as a cost.

    Examples
    --------
    >>> recognised(lambda r: np.sqrt(np.mean(r**2)), np.array([1.0, -2.0, 0.5])).name
    'sum of squares'
    >>> recognised(lambda r: np.abs(r).sum(), np.array([1.0, -2.0, 0.5]))  # doctest: +ELLIPSIS
    Reduction(...)
    """
    cost, sample = Reduction(function), _sample(residual, _FEW)
    some = residual[sample]
    pull = cost.differences(residual, sample, _SMALL * _window(residual))
    square = float(some @ some)
    ratio = float(pull @ some) / square if square else 0.0
    is_square = np.abs(pull - ratio * some).max() <= _ALIKE * ratio * np.abs(some).max()
    return SUM_OF_SQUARES if is_square else cost


def loss(given: str | Callable[[Array], Array], scale: float) -> Cost:
    """Return the cost for `loss` and `f_scale` of `scipy.optimize.least_squares`.

    Examples
    --------
    >>> loss("huber", 2.0)(np.array([1.0, 10.0]))
    18.5
    """
    unit = LOSSES[given] if isinstance(given, str) else Cost("loss", _from_rho(given))

    def each(r: Array) -> tuple[Array, Array, Array]:
        value, first, second = unit.each(r / scale)
        return scale**2 * value, scale * first, second

    return Cost(unit.name, each)


def _from_rho(rho: Callable[[Array], Array]) -> Callable[[Array], tuple[Array, Array, Array]]:
    """The cost of a function that gives rho(z) and its two derivatives, as SciPy wants it."""

    def each(r: Array) -> tuple[Array, Array, Array]:
        z = r * r
        value, first, second = rho(z)
        return 0.5 * value, r * first, first + 2.0 * z * second

    return each


def sandwich(
    cost: _Derivatives, residual: Array, jacobian: Array, names: list[str], bound: Bound
) -> Covariance:
    """Return the covariance of the variables that minimise `cost`.

    Parameters
    ----------
    cost : Cost or Reduction
    residual : ndarray, shape (m,)
        At the minimum.
    jacobian : ndarray, shape (m, n)
        Its derivatives by the variables.
    names : list of str
        Names of the n variables, for the reasons.
    bound : Bound
        The variables held at a bound.

    Examples
    --------
    For the mean of a sample it is the variance of the mean (with n in the place of n - 1 squared):

    >>> r = np.array([-1.0, 0.0, 1.0, 2.0, -2.0])
    >>> J = np.ones((5, 1))
    >>> float(sandwich(SUM_OF_SQUARES, r, J, ["mean"], Bound(np.zeros(1))).matrix[0, 0])
    0.5
    """
    plain = covariance(jacobian, names, bound)
    determined = np.isfinite(column_norms(jacobian)) & (column_norms(jacobian) > 0) & (bound.side == 0)
    matrix = np.full((len(names), len(names)), np.nan)
    free = np.flatnonzero(determined)
    if len(free):
        matrix[np.ix_(free, free)] = _sandwich_of(cost, residual, jacobian[:, free])
    lost = sorted(plain.reasons)
    matrix[lost, :] = matrix[:, lost] = np.nan
    return replace(plain, matrix=matrix)


def _sandwich_of(cost: _Derivatives, residual: Array, jacobian: Array) -> Array:
    """Covariance by the singular value decomposition: the bread is made where it is well conditioned."""
    norms = column_norms(jacobian)
    left, singular, right = np.linalg.svd(jacobian / norms, full_matrices=False)
    steep = singular > RANK_TOLERANCE * singular[0]
    left, to_variables = left[:, steep], right[steep].T / singular[steep] / norms[:, np.newaxis]
    psi, bread = cost.pull(residual), cost.curvature(residual, left)
    if np.linalg.eigvalsh(bread)[0] <= 0.0:
        # Outliers can make it indefinite: the weights of iteratively reweighted least squares cannot.
        weight = np.divide(psi, residual, out=np.zeros(len(psi)), where=residual != 0.0)
        bread = left.T @ (np.abs(weight)[:, np.newaxis] * left)
    half = np.linalg.solve(bread, (left * psi[:, np.newaxis]).T)
    spread = to_variables @ half
    size = len(residual)
    return np.asarray(spread @ spread.T * (size / max(1, size - len(singular))))


class _Derivatives(Protocol):
    """What a sandwich needs of a cost."""

    def pull(self, residual: Array) -> Array: ...
    def curvature(self, residual: Array, directions: Array) -> Array: ...


def _sample(residual: Array, largest: int) -> NDArray[np.intp]:
    """Indices of residuals, evenly spread; of all where they are not more than `largest`."""
    return np.unique(np.linspace(0, len(residual) - 1, min(largest, len(residual))).astype(np.intp))


def _window(residual: Array) -> float:
    """The step of differences of a cost by residuals: see the module's docstring."""
    spread = float(np.median(np.abs(residual))) / 0.6745
    spread = spread or float(np.abs(residual).max()) or 1.0
    return float(spread * len(residual) ** -0.2)
