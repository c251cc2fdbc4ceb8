"""The local minimisers of `scipy.optimize.minimize`.

They differ by their name, by what they know (bounds, first and second derivatives)
and by their options; one function runs all of them.

*Units.*  Their tolerances and first steps are absolute numbers that suit variables
and costs of about 1.  They therefore get variables in units of their start values and,
where that is a sum over the residual, the cost in units of its value at the start.
When a search has lowered the cost by more than a hundred times, its tolerances were
those of a much larger cost: it is continued from its end in new units.

*End.*  Those that use second derivatives end where a step of Newton's would lower the cost
by next to nothing (the "estimated distance to minimum" of MINUIT), also while they
still follow a variable towards its bound.

*Doubt.*  What does without derivatives is asked for them at its end: Powell's directions may have
become the same, and a simplex may have collapsed.  If the cost still falls it starts afresh from there.
Where the derivatives do not tell all variables apart the cost may be flat without a minimum, and a
least-squares search from the start has to end no lower before success is claimed.

*Axes.*  COBYLA knows the cost by linear approximations, with which it crawls along any valley.  It gets
the principal axes of the cost as variables, each in units in which the cost changes by its own size.

*Polish.*  What uses derivatives gets its last digits, and lands exactly on bounds, as
`leastsq` does, by Gauss-Newton steps (``polish=False`` leaves them out).

*Derivatives.*  Gradient and Hessian come from derivatives of the residual (see
`View.gradient`), which are better than differences of the cost and cost no more.
Giving one of the keywords of SciPy's own differences (``eps``,
``finite_diff_rel_step``, ``jac='2-point'``) brings those back.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy
from scipy import optimize
from scipy.linalg.blas import ddot
from scipy.linalg.lapack import dpotrf, dpotrs

from .._derivatives import Array
from .._problem import Space, View
from .._robust import SUM_OF_SQUARES
from .base import LACKING, Objective, Outcome, register
from .descent import confirmed

__all__ = ["minimize"]

_DIFFERENCES = ("eps", "finite_diff_rel_step")
_LINE_SEARCH = ("c1", "c2")
_TRUST_REGION = ("initial_trust_radius", "max_trust_radius", "eta", "gtol")
#: A search that has lowered the cost by this factor is continued in new units.
_LOWERED = 1e2
_MAX_SEARCHES = 20
#: Evaluations, per variable plus one, after which a search by linear approximations gets new axes.
_BEFORE_NEW_AXES = 40
#: Smallest curvature along an axis, in units of the largest, and the largest change of a variable per axis,
#: in its own units.
_FLATTEST, _LONGEST = 1e-8, 10.0
#: Step for the change of the residual with a variable, in units of its size.
_SECANT = 1e-2
#: In units of the cost at the start, one below which only rounding is left.
_ROUNDING = 1e-26
_UNLIMITED = 10**8
_minimize: Any = optimize.minimize
_EPS = float(np.finfo(float).eps)
#: Fraction of the cost by which it may still fall at what is called a minimum.
_NEGLIGIBLE = 1e-10
#: The same for ending a search.
_CONVERGED = 1e-10
#: Length of the edges of the first simplex, as a fraction of the start values.
_EDGE = 0.05
#: Steps without visible effect after which a search ends.
_PATIENCE = 10
#: Smallest curvature, in units of the largest, of a Hessian that must be positive.
_LEAST_CURVATURE = 1e-10

#: The names that `scipy.optimize.fmin_l_bfgs_b` has for options of L-BFGS-B.
_OLD_NAMES = {"m": "maxcor", "pgtol": "gtol", "epsilon": "eps"}


@dataclass(frozen=True)
class Method:
    """A method of `scipy.optimize.minimize` and what it can do.

    Attributes
    ----------
    name : str
        SciPy's.
    title : str
        In a few words.
    options : tuple of str
        Keywords that it knows, other than ``maxiter`` and ``disp``.
    aliases : tuple of str
        Other names of the engine.
    bounds, gradient, hessian : bool
        Whether it knows bounds, and whether it uses derivatives.
    convex : bool
        Whether the Hessian must be positive definite.
    limits : tuple of str
        Its own limits, which are lifted: the Problem has them.
    unit : float
        What it should measure the cost in, as a fraction of that at the start.
    settings : dict
        Defaults that are not SciPy's.
    can_collapse : bool
        Whether it may get stuck where it meets a bound.
    linear : bool
        Whether it knows the cost by linear approximations, so that it crawls along a valley.
    prepare : callable or None
        ``prepare(view, start, settings) -> settings`` for a search from `start`.
    """

    name: str
    title: str
    options: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    bounds: bool = False
    gradient: bool = False
    hessian: bool = False
    convex: bool = False
    limits: tuple[str, ...] = ("maxiter",)
    unit: float = 1.0
    settings: dict[str, Any] = field(default_factory=dict)
    can_collapse: bool = False
    linear: bool = False
    prepare: Callable[[View, Array, dict[str, Any]], dict[str, Any]] | None = None

    @property
    def keywords(self) -> tuple[str, ...]:
        """All keywords of the engine."""
        own = (*self.options, "maxiter", "disp", "return_all", "tol", "polish")
        return (*own, "jac") if set(_DIFFERENCES) & set(self.options) else own


def _simplex(view: View, start: Array, settings: dict[str, Any]) -> dict[str, Any]:
    """Add the first simplex: SciPy's has no volume where it would leave the bounds.

    One that the user gives is in values of the parameters.
    """
    given = settings.get("initial_simplex")
    if given is not None:
        return {**settings, "initial_simplex": np.array([view.to_space(point) for point in given])}
    edge = np.minimum(_EDGE * np.maximum(np.abs(start), 1.0), 0.5 * (view.upper - view.lower))
    edge = np.where(start + edge > view.upper, -edge, edge)
    return {**settings, "initial_simplex": np.vstack([start, start + np.diag(edge)])}


METHODS = {
    "nelder": Method(
        "Nelder-Mead", "Nelder-Mead simplex", ("initial_simplex", "xatol", "fatol", "adaptive"),
        limits=("maxiter", "maxfev"),
        aliases=("nelder-mead", "neldermead", "simplex"), bounds=True,
        settings={"xatol": 1e-7, "fatol": 1e-10}, can_collapse=True, prepare=_simplex,
    ),
    "powell": Method(
        "Powell", "Powell's conjugate directions", ("xtol", "ftol", "direc"), limits=("maxiter", "maxfev"),
        settings={"xtol": 1e-7, "ftol": 1e-10},
    ),
    "cg": Method(
        "CG", "Conjugate gradients (Polak-Ribière)", ("gtol", "norm", *_DIFFERENCES, *_LINE_SEARCH),
        gradient=True, settings={"gtol": 1e-7},
    ),
    "bfgs": Method(
        "BFGS", "Quasi-Newton (BFGS)",
        ("gtol", "norm", "xrtol", "hess_inv0", *_DIFFERENCES, *_LINE_SEARCH),
        gradient=True, settings={"gtol": 1e-7},
    ),
    "newton": Method(
        "Newton-CG", "Newton's, by conjugate gradients", ("xtol", "eps", *_LINE_SEARCH),
        aliases=("newton-cg",), gradient=True, hessian=True,
        # It takes a curvature along a step of less than 7e-16 for none at all.
        unit=1e-8, settings={"xtol": 1e-8},
    ),
    "lbfgsb": Method(
        "L-BFGS-B", "Quasi-Newton with bounds and limited memory (L-BFGS-B)",
        ("maxcor", "ftol", "gtol", "maxls", "iprint", "factr", *_OLD_NAMES, *_DIFFERENCES),
        aliases=("l-bfgs-b", "lbfgs", "l-bfgs", "fmin_l_bfgs_b"), bounds=True, gradient=True,
        limits=("maxiter", "maxfun"), settings={"ftol": 1e-14, "gtol": 1e-7},
    ),
    "tnc": Method(
        "TNC", "Truncated Newton with bounds",
        ("scale", "offset", "mesg_num", "maxCGit", "eta", "stepmx", "accuracy", "minfev", "ftol", "xtol",
         "gtol", "rescale", *_DIFFERENCES),
        bounds=True, gradient=True, limits=("maxfun",), settings={"ftol": 1e-14, "gtol": 1e-7, "xtol": 1e-10},
    ),
    "cobyla": Method(
        "COBYLA", "Linear approximations (COBYLA)", ("rhobeg", "tol", "catol"),
        bounds=True, linear=True, settings={"rhobeg": 0.3, "tol": 1e-7},
    ),
    "cobyqa": Method(
        "COBYQA", "Quadratic approximations with bounds (COBYQA)",
        ("f_target", "feasibility_tol", "initial_tr_radius", "final_tr_radius", "scale"),
        bounds=True, limits=("maxiter", "maxfev"),
        settings={"initial_tr_radius": 0.1, "final_tr_radius": 1e-7},
    ),
    "slsqp": Method(
        "SLSQP", "Sequential quadratic programming", ("ftol", "iprint", *_DIFFERENCES),
        bounds=True, gradient=True, settings={"ftol": 1e-14},
    ),
    "trust-ncg": Method(
        "trust-ncg", "Trust region, Newton by conjugate gradients", _TRUST_REGION,
        aliases=("trust_ncg",), gradient=True, hessian=True, settings={"gtol": 1e-7},
    ),
    "trust-exact": Method(
        "trust-exact", "Trust region, nearly exact steps", _TRUST_REGION,
        aliases=("trust_exact",), gradient=True, hessian=True, settings={"gtol": 1e-7},
    ),
    "trust-krylov": Method(
        "trust-krylov", "Trust region, steps in Krylov subspaces", (*_TRUST_REGION, "inexact"),
        aliases=("trust_krylov",), gradient=True, hessian=True, settings={"gtol": 1e-7},
    ),
    "dogleg": Method(
        "dogleg", "Trust region, dogleg steps", _TRUST_REGION,
        gradient=True, hessian=True, convex=True, settings={"gtol": 1e-7},
    ),
    "trust-constr": Method(
        "trust-constr", "Trust region with bounds (interior point)",
        ("xtol", "gtol", "barrier_tol", "initial_tr_radius", "initial_barrier_parameter",
         "initial_barrier_tolerance", "initial_constr_penalty", "factorization_method", "verbose",
         "sparse_jacobian", *_DIFFERENCES),
        aliases=("trust_constr",), bounds=True, gradient=True, hessian=True,
        settings={"gtol": 1e-7, "xtol": 1e-10},
    ),
}  # fmt: skip
"""The engines, by name."""

#: The release of SciPy with which a method came, where that is not older than the oldest supported.
_SINCE = {"cobyqa": (1, 14)}


def minimize(method: Method, view: View, options: dict[str, Any]) -> Outcome:
    """Run a method of `scipy.optimize.minimize`, in sensible units."""
    polish = options.pop("polish", method.gradient)
    settings = _settings(method, options)
    keywords: dict[str, Any] = {key: settings.pop(key) for key in ("jac", "tol") if key in settings}
    own = "jac" not in keywords and not any(key in settings for key in _DIFFERENCES)
    function = _Function(method, view, own)
    for _ in range(_MAX_SEARCHES):
        before = view.problem.lowest
        found = function.search(keywords, settings)
        if not function.goes_on(before):
            break
    message = str(found.message).strip(". ")
    extras = {"ier": int(found.status), "lmdif_message": message}
    success = bool(found.success)
    outcome = Outcome(success, message, extras=extras)
    if (polish or function.doubtful) and view.problem.summed_cost is SUM_OF_SQUARES:
        return confirmed(view.problem, outcome, smooth=polish)
    if not success and (method.gradient or method.linear) and _is_minimum(view):
        return Outcome(True, f"the cost cannot be lowered visibly ({message})", extras=extras)
    return outcome


_RELEASE = tuple(int(part) for part in scipy.__version__.split(".")[:2])

for _name, _method in METHODS.items():
    _since = _SINCE.get(_name, (0, 0))
    if _since > _RELEASE:
        LACKING[_name] = f"SciPy {_since[0]}.{_since[1]} or newer, not {scipy.__version__}"
    else:
        register(
            _name,
            aliases=_method.aliases,
            space=Space.SCALED if _method.bounds else Space.INTERNAL,
            objective=Objective.SCALAR,
            title=_method.title,
            options=_method.keywords,
            uses_jacobian=_method.gradient,
            uses_hessian=_method.hessian,
        )(partial(minimize, _method))


def _settings(method: Method, options: dict[str, Any]) -> dict[str, Any]:
    """All options for SciPy: under its names, with our defaults, and without limits of its own."""
    given = {_OLD_NAMES.get(key, key): value for key, value in options.items()}
    if "factr" in given:
        given["ftol"] = given.pop("factr") * _EPS
    # SciPy's `tol` stands for all tolerances, but not for those that are given.
    defaults = {} if "tol" in given else method.settings
    return {**dict.fromkeys(method.limits, _UNLIMITED), **defaults, **given}


class _EndError(Exception):
    """Ends a search, which has succeeded or not, for a reason; not seen outside this module."""


class _Function:
    """The cost, as SciPy calls it, with its derivatives.

    Attributes
    ----------
    start : ndarray
        Where the next search starts.
    unit : float
        What the cost is measured in.
    doubtful : bool
        Whether derivatives say that the cost falls, or does not change along a variable, where a search
        has ended that does without them.
    """

    def __init__(self, method: Method, view: View, own_derivatives: bool) -> None:
        self.method, self.view, self.problem = method, view, view.problem
        self.derivatives = own_derivatives and method.gradient
        self.start = view.start
        self.first = self.problem.lowest
        # A cost of which nothing is known is minimised as it is.
        self.in_units = self.problem.summed_cost is SUM_OF_SQUARES
        self.unit = self._unit()
        self.known: tuple[list[float], Array] | None = None
        self.trail: deque[float] = deque(maxlen=_PATIENCE + 1)
        self.slope: Array = np.full(len(self.start), np.inf)
        self.doubtful = False

    def search(self, keywords: dict[str, Any], settings: dict[str, Any]) -> Any:
        """One search, from `start`."""
        if self.method.prepare is not None:
            settings = self.method.prepare(self.view, self.start, settings)
        known: dict[str, Any] = {"jac": self.gradient} if self.derivatives else {}
        if known and self.method.hessian:
            known["hess"] = self.hessian
        if self.method.bounds and self.problem.domain.bounded:
            known["bounds"] = self.view.bounds
        if self.method.linear and self.problem.summed_cost is not None:
            return self._search_along_axes({**known, **keywords}, settings)
        return self._search(self.cost, self.start, {**known, **keywords}, settings)

    def _search_along_axes(self, known: dict[str, Any], settings: dict[str, Any]) -> Any:
        """A search in variables w, ``u = start + axes @ w``, in which the cost is about round."""
        start, axes = self.start, _axes(self.view, self.start)
        if known.pop("bounds", None) is not None:
            limits = self.view.lower - start, self.view.upper - start
            known["constraints"] = optimize.LinearConstraint(axes, *limits)
        limit = min(settings["maxiter"], _BEFORE_NEW_AXES * (len(start) + 1))

        def cost(w: Array) -> float:
            return self.cost(start + axes @ w)

        return self._search(cost, np.zeros(len(start)), known, {**settings, "maxiter": limit})

    def _search(
        self, cost: Callable[[Array], float], start: Array, known: dict[str, Any], settings: dict[str, Any]
    ) -> Any:
        with warnings.catch_warnings():
            # What SciPy has to say is in its message.
            warnings.filterwarnings("ignore", module=r"scipy\.optimize")
            warnings.filterwarnings("ignore", category=optimize.OptimizeWarning)
            try:
                return _minimize(cost, start, method=self.method.name, options=settings, **known)
            except _EndError as end:
                success, reason = end.args
                return SimpleNamespace(success=success, status=0, message=reason)

    def goes_on(self, before: float) -> bool:
        """Whether a search that began with the cost `before` is to be continued; makes it ready."""
        best = self.problem.best
        if best is None:
            return False
        again = self._fell_far(before) or self._may_have_collapsed(before, best.values)
        if not (again or self._ended_early(before)):
            return False
        self.start, self.unit, self.known = self.view.to_space(best.values), self._unit(), None
        self.trail.clear()
        return True

    def _fell_far(self, before: float) -> bool:
        """Whether the cost, which was `before`, has fallen so far that its unit was too large."""
        return self.in_units and _ROUNDING * self.first < self.problem.lowest < before / _LOWERED

    def _may_have_collapsed(self, before: float, values: list[float]) -> bool:
        """Whether a simplex may have lost its volume on a bound, in which it can move no more."""
        if not self.method.can_collapse or before - self.problem.lowest <= _CONVERGED * abs(before):
            return False
        domain = self.problem.domain
        return bool(((values <= domain.lower) | (values >= domain.upper)).any())

    def _ended_early(self, before: float) -> bool:
        """Whether a search without derivatives, which lowered the cost, ended where it still falls."""
        if self.method.gradient:
            return False
        drop, regular = _prospects(self.view)
        falls = drop > _NEGLIGIBLE
        self.doubtful = falls or not regular
        return falls and before - self.problem.lowest > _CONVERGED * abs(before)

    def cost(self, u: Array) -> float:
        """Return the cost, in its unit."""
        point = u.tolist()
        residual = self.view.evaluate(point)
        if self.problem.rejected:
            self.problem.rejected = False
            self.known = None
            return self.view.wall_cost / self.unit
        if self.derivatives:
            self.known = point, residual.copy()
        return self.problem.last_cost / self.unit

    def gradient(self, u: Array) -> Array:
        """Return the first derivatives of `cost`."""
        self.slope = self.view.gradient(u, self._residual(u)) / self.unit
        return self.slope

    def hessian(self, u: Array) -> Array:
        """Return the second derivatives of `cost`."""
        found = self.view.hessian(u, self._residual(u)) / self.unit
        lowest = self.problem.lowest / self.unit
        self.trail.append(lowest)
        negligible = _CONVERGED * abs(lowest)
        factor = _cholesky(found)
        drop = _expected_drop(self.slope, found, factor)
        if drop == np.inf and not np.isfinite(found).all():
            raise _EndError(False, "the second derivatives of the cost are not finite")
        if drop <= negligible:
            raise _EndError(True, f"the cost is expected to fall by less than {_CONVERGED:g} of itself")
        if len(self.trail) == self.trail.maxlen and self.trail[0] - lowest <= negligible:
            raise _EndError(
                True, f"the cost has fallen by less than {_CONVERGED:g} of itself in {_PATIENCE} steps"
            )
        return _positive(found) if self.method.convex and factor is None else found

    def _residual(self, u: Array) -> Array | None:
        if self.known is not None and self.known[0] == u.tolist():
            return self.known[1]
        return None

    def _unit(self) -> float:
        lowest = self.problem.lowest
        return self.method.unit * lowest if self.in_units and 0.0 < lowest < np.inf else 1.0


def _axes(view: View, u: Array) -> Array:
    """The principal axes of the cost at `u`, each as long as changes it by about its own size; columns."""
    cost = view.problem.summed_cost
    assert cost is not None
    at_u = view.residual(u).copy()
    jacobian = np.column_stack([_secant(view, u, at_u, j) for j in range(len(u))])
    curvature = jacobian.T @ (np.abs(cost.slopes(at_u)[1])[:, np.newaxis] * jacobian)
    length = np.sqrt(np.diag(curvature))
    length = np.where(length > 0.0, length, 1.0)
    values, vectors = np.linalg.eigh(curvature / np.outer(length, length))
    values = np.maximum(values, _FLATTEST * max(float(values.max()), 1e-300))
    axes = np.sqrt(2.0 * abs(view.problem.lowest)) * vectors / np.sqrt(values) / length[:, np.newaxis]
    longest = np.abs(axes / np.maximum(np.abs(u), 1.0)[:, np.newaxis]).max(axis=0)
    return np.asarray(axes / np.maximum(longest / _LONGEST, 1.0))


def _secant(view: View, u: Array, at_u: Array, j: int) -> Array:
    """The change of the residual with a variable, over a step that noise and rounding do not hide."""
    point, step = u.copy(), _SECANT * max(abs(float(u[j])), 1.0)
    point[j] += step if u[j] + step <= view.upper[j] else -step
    moved = view.evaluate(point.tolist())
    rejected, view.problem.rejected = view.problem.rejected, False
    return np.zeros(len(at_u)) if rejected else np.asarray((moved - at_u) / (point[j] - u[j]))


def _positive(matrix: Array) -> Array:
    """The matrix with its eigenvalues made positive."""
    values, vectors = np.linalg.eigh(matrix)
    floor = _LEAST_CURVATURE * max(float(np.abs(values).max()), 1e-300)
    return np.asarray((vectors * np.maximum(np.abs(values), floor)) @ vectors.T)


def _cholesky(matrix: Array) -> Array | None:
    """The Cholesky factor of a symmetric matrix; None where it is not clearly positive definite."""
    if not matrix.size:
        return None
    factor, failed = dpotrf(matrix, lower=1)
    diagonals = zip(factor.diagonal().tolist(), matrix.diagonal().tolist())
    if failed or not all(left * left > _LEAST_CURVATURE * whole for left, whole in diagonals):
        return None
    return np.asarray(factor)


def _is_minimum(view: View) -> bool:
    """Whether a step of Newton's from the best point would lower the cost by next to nothing."""
    return view.problem.best is not None and _prospects(view)[0] <= _NEGLIGIBLE


def _prospects(view: View) -> tuple[float, bool]:
    """The fraction by which a step of Newton's from the best point would lower the cost.

    And whether the second derivatives there tell all variables apart.
    """
    best = view.problem.best
    assert best is not None
    u = view.to_space(best.values)
    slope, curvature = view.gradient(u), view.hessian(u)
    free = ~((u <= view.lower) & (slope > 0.0) | (u >= view.upper) & (slope < 0.0))
    slope, curvature = slope[free], curvature[np.ix_(free, free)]
    factor = _cholesky(curvature)
    drop = _expected_drop(slope, curvature, factor)
    fraction = 0.0 if drop <= 0.0 else drop / max(abs(best.cost), 1e-300)
    return fraction, not free.any() or factor is not None


def _expected_drop(slope: Array, curvature: Array, factor: Array | None) -> float:
    """By how much a step of Newton's would lower the cost; infinite where it would go uphill.

    `factor` is that of the curvature by Cholesky, where there is one.
    """
    if factor is not None:
        return float(0.5 * ddot(slope, dpotrs(factor, slope, lower=1)[0]))
    if not (np.isfinite(slope).all() and np.isfinite(curvature).all()):
        return np.inf
    length = np.sqrt(np.abs(np.diag(curvature)))
    length = np.where(length > 0.0, length, 1.0)
    step = np.linalg.lstsq(curvature / np.outer(length, length), slope / length, rcond=None)[0]
    drop = 0.5 * float(slope / length @ step)
    return drop if drop >= 0.0 else np.inf
