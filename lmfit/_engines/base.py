"""The registry of optimisers and what they exchange with the driver.

An engine is a function of a `View` and of its options that returns an `Outcome`,
and a declaration of what it can do::

    @register("nelder", aliases=("nelder-mead",), space=Space.INTERNAL, objective=Objective.SCALAR)
    def nelder(view, options):
        solution = optimize.minimize(view.cost, view.start, method="Nelder-Mead", **options)
        return Outcome(success=solution.success, message=solution.message)

It does not count, abort, transform or keep the best point: the `Problem` does.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from .._cached import cached_property
from .._covariance import NormalEquations
from .._derivatives import Array
from .._problem import Space, View
from .._rules import check_setting, switch
from ..errors import close_matches
from . import _plugins

__all__ = [
    "Engine",
    "Finds",
    "Objective",
    "Outcome",
    "check_options",
    "find",
    "generator",
    "names",
    "register",
    "usable_options",
]


class Objective(enum.Enum):
    """What an engine minimises.

    Examples
    --------
    >>> find("nelder").objective is Objective.SCALAR
    True
    """

    RESIDUAL = "residual"
    SCALAR = "scalar"


class Finds(enum.Enum):
    """What an engine is after: a minimum, the best of given points, or a distribution.

    Examples
    --------
    >>> find("emcee").finds
    <Finds.DISTRIBUTION: 'distribution'>
    """

    MINIMUM = "minimum"
    POINT = "best point of a grid"
    DISTRIBUTION = "distribution"


@dataclass(frozen=True)
class Outcome:
    """What an engine says when it ends; the best point itself is known to the Problem.

    Attributes
    ----------
    success : bool
        Whether it converged.
    message : str
        What happened, in words.
    jacobian : ndarray or None
        Derivatives of the residual by the variables at the best point, where the engine
        has them to full accuracy; shape (m, n).
    equations : NormalEquations or None
        Those of `jacobian`, where the engine has needed them.
    covariance : ndarray or None
        Covariance of the variables and then of the tied parameters, where the engine estimates it
        better than from derivatives; shape (n + k, n + k).
    aborted : bool
        Whether the search was ended from outside and the engine has come to terms with it.
    extras : mapping
        Further results, which become attributes of the result.

    Examples
    --------
    >>> Outcome(success=False, message="no progress", extras={"restarts": 3}).extras
    {'restarts': 3}
    """

    success: bool
    message: str
    jacobian: Array | None = None
    equations: NormalEquations | None = None
    covariance: Array | None = None
    aborted: bool = False
    extras: Mapping[str, Any] = field(default_factory=dict)


Optimiser: TypeAlias = Callable[[View, dict[str, Any]], Outcome]


@dataclass(frozen=True)
class Engine:
    """An optimiser and its declaration.

    Attributes
    ----------
    name : str
        By which it is chosen; the `method` of results.
    run : callable
        ``run(view, options) -> Outcome``.
    space : Space
        The variables that it wants to see.
    objective : Objective
        Whether it wants a residual or a number.
    title : str
        What it is, in a few words.
    aliases : tuple of str
        Other names.
    options : tuple of str
        The keywords that it knows, other than those for derivatives.
    evaluations : int
        Default limit on the evaluations, per variable plus one.
    finds : Finds
        What it is after.
    needs_bounds : bool
        Whether every variable must have finite bounds.
    needs_linear : bool
        Whether the residual must be linear in some of the variables.
    uses_jacobian, uses_hessian : bool
        Whether it makes use of first and of second derivatives that the user gives.
    stochastic : bool
        Whether it draws random numbers; its options then include ``seed``.

    Examples
    --------
    >>> engine = find("differential_evolution")
    >>> engine.needs_bounds, engine.stochastic, "popsize" in engine.options
    (True, True, True)
    """

    name: str
    run: Optimiser
    space: Space
    objective: Objective
    title: str = ""
    aliases: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    evaluations: int = 2000
    finds: Finds = Finds.MINIMUM
    needs_bounds: bool = False
    needs_linear: bool = False
    uses_jacobian: bool = False
    uses_hessian: bool = False
    stochastic: bool = False

    def __post_init__(self) -> None:
        if self.stochastic and "seed" not in self.options:
            raise ValueError(f"engine {self.name!r} draws random numbers: its options must include 'seed'")

    @cached_property
    def keywords(self) -> tuple[str, ...]:
        """All keywords that it knows."""
        first = ("Dfun", "col_deriv", "jac") if self.uses_jacobian else ()
        return tuple(dict.fromkeys((*self.options, *first, *(("hess",) if self.uses_hessian else ()))))


#: Options that are numbers, or true or false, wherever they are known.
_NUMBERS = {
    "atol", "catol", "epsfcn", "f_scale", "f_tol", "factor", "fatol", "ftol", "glbtol",
    "gtol", "len_tol", "maxiter", "niter", "tol", "vol_tol", "xatol", "xrtol", "xtol",
}  # fmt: skip
_SWITCHES = {"polish", "retry"}
_REGISTRY: dict[str, Engine] = {}
#: What engines need that are not there, because a package is too old for them.
LACKING: dict[str, str] = {}


def register(
    name: str, *, space: Space, objective: Objective, **declared: Any
) -> Callable[[Optimiser], Optimiser]:
    """Enter an optimiser into the registry; see `Engine` for the arguments.

    Parameters
    ----------
    name : str
        By which it is chosen.
    space : Space
        The variables that it wants to see.
    objective : Objective
        Whether it wants a residual or a number.
    **declared
        What else `Engine` has.

    Returns
    -------
    callable
        A decorator, which returns the function as it is.

    Raises
    ------
    ValueError
        The name, or an alias, is that of another engine.

    Examples
    --------
    >>> from lmfit import create_params, minimize
    >>> from lmfit.engines import Space
    >>> @register("wander", space=Space.EXTERNAL, objective=Objective.SCALAR, options=("step",))
    ... def wander(view, options):
    ...     for k in range(100):
    ...         view.cost(view.start + k * options.get("step", 0.01))
    ...     return Outcome(success=True, message="went 100 steps")
    >>> out = minimize(lambda p: [p["a"] - 1.5, 0.1], create_params(a=1), method="wander", step=0.02)
    >>> round(out.params["a"].value, 6)
    1.5
    >>> del _REGISTRY["wander"]
    """

    def decorate(run: Optimiser) -> Optimiser:
        engine = Engine(name, run, space, objective, **declared)
        taken = [known for known in (name, *engine.aliases) if known in _REGISTRY]
        if taken:
            raise ValueError(f"an engine named {taken[0]!r} is already registered")
        _REGISTRY.update(dict.fromkeys((name, *engine.aliases), engine))
        return run

    return decorate


def names() -> list[str]:
    """Return the names of all engines, without aliases; those of other packages too.

    Returns
    -------
    list of str
        In the order of their registration.

    Examples
    --------
    >>> "leastsq" in names(), "no such engine" in names()
    (True, False)
    """
    _plugins.load()
    return sorted({engine.name for engine in _REGISTRY.values()})


def find(name: str) -> Engine:
    """Return the engine of that name or alias.

    Parameters
    ----------
    name : str
        Name or alias.

    Returns
    -------
    Engine
        Its declaration.

    Raises
    ------
    ValueError
        There is none; the message has close ones.

    Examples
    --------
    >>> find("leastsq").objective
    <Objective.RESIDUAL: 'residual'>
    >>> find("leastsqq")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: no engine is named 'leastsqq'; did you mean 'leastsq'...
    """
    known = _known(name)
    if known is None:
        _plugins.load()
        known = _known(name)
    if known is None and name in LACKING:
        raise ValueError(f"the engine {name!r} needs {LACKING[name]}")
    if known is None:
        hint = close_matches(str(name), _REGISTRY)
        raise ValueError(f"no engine is named {name!r}{hint or '.'} The engines are: {', '.join(names())}")
    return known


def _known(name: str) -> Engine | None:
    return _REGISTRY.get(name) or _REGISTRY.get(str(name).lower())


def generator(seed: Any) -> np.random.Generator:
    """Return the generator of random numbers for a `seed`: None, an integer or a Generator.

    Parameters
    ----------
    seed : None, int or numpy.random.Generator
        None gives other numbers each time; a Generator is used as it is.

    Returns
    -------
    numpy.random.Generator
        For all random numbers of one search.

    Examples
    --------
    >>> bool(generator(1).random() == generator(1).random())
    True
    """
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"seed must be None, an integer that is not negative or a numpy.random.Generator, not {seed!r}"
        ) from error


def check_options(engine: Engine, options: Mapping[str, Any]) -> None:
    """Refuse keywords that the engine does not know.

    Parameters
    ----------
    engine : Engine
        The one that is to run.
    options : mapping
        What the user gave for it.

    Raises
    ------
    TypeError
        Names the keyword, the engine and its options.
    """
    unknown = [key for key in options if key not in engine.keywords]
    if unknown:
        raise TypeError(
            f"engine {engine.name!r} does not know the option {unknown[0]!r}"
            f"{close_matches(unknown[0], engine.keywords) or '.'} "
            f"Its options are {', '.join(engine.keywords)}"
        )


def usable_options(engine: Engine, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `options` that the engine knows; one that no engine knows is refused.

    For options that are kept for several fits, by engines of different kinds.

    Parameters
    ----------
    engine : Engine
        The one that is to run.
    options : mapping
        What the user gave for any.

    Returns
    -------
    dict
        Options for this one.

    Raises
    ------
    TypeError
        An option is one of no engine.
    """
    if not options:
        return {}
    unknown = {key: value for key, value in options.items() if key not in engine.keywords}
    if unknown:
        known_to_any = {key for other in _REGISTRY.values() for key in other.keywords}
        check_options(engine, {key: value for key, value in unknown.items() if key not in known_to_any})
    usable = {key: value for key, value in options.items() if key in engine.keywords}
    for key, value in usable.items():
        if key in _SWITCHES:
            switch(key, value)
        elif key in _NUMBERS and value is not None:
            check_setting(key, value, -math.inf, "a number")
    return usable
