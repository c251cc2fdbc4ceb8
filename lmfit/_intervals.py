"""Confidence intervals as data: the limits, and the reason for each one that is missing.

`ConfidenceIntervals` is the dictionary of the manual, for each name a list of
``(probability, value)`` pairs from the lowest limit to the highest with the best value,
at probability 0, in the middle.  What else is known of the limits stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from . import printfuncs
from ._derivatives import Array
from .errors import ParameterNameError, close_matches

__all__ = ["ConfidenceIntervals", "Interval", "Limit", "Missing", "Traces", "chosen"]

#: For each parameter the values of all, and the probabilities, that the search for its limits has found.
Traces: TypeAlias = dict[str, dict[str, Array]]


class Missing:
    """Why a limit is missing, in a word; `Limit.reason` says more."""

    AT_BOUND = "at bound"
    FLAT = "flat"
    NOT_CONVERGED = "not converged"
    BETTER_MINIMUM = "better minimum"
    MAXITER = "maxiter"
    NOT_FINITE = "not finite"
    TOO_FEW = "too few samples"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Limit:
    """One end of a confidence interval.

    Attributes
    ----------
    probability : float
        Probability that lies between the limits of this level; between 0 and 1.
    side : {-1, 1}
        -1 for a lower limit, 1 for an upper one.
    value : float
        The limit.  Where it is missing, nan, or -inf or inf if all values up to there are within
        the level.
    missing : str
        Why it is missing, in a word (one of `Missing`); empty where it was found.
    reason : str
        The same in a sentence.

    Examples
    --------
    >>> Limit(0.95, 1, 2.5).found
    True
    """

    probability: float
    side: int
    value: float
    missing: str = ""
    reason: str = ""

    @property
    def found(self) -> bool:
        """Whether there is such a limit."""
        return not self.missing


@dataclass(frozen=True)
class Interval:
    """The limits of one parameter at all levels, in any order.

    Attributes
    ----------
    best : float
        The best value.
    limits : tuple of Limit
    """

    best: float
    limits: tuple[Limit, ...]

    @property
    def ordered(self) -> tuple[Limit, ...]:
        """The limits from the lowest to the highest."""
        return tuple(sorted(self.limits, key=lambda limit: limit.side * limit.probability))

    @property
    def pairs(self) -> list[tuple[float, float]]:
        """The limits in the manual's form, with the best value in the middle.

        Examples
        --------
        >>> Interval(2.0, (Limit(0.68, -1, 1.5), Limit(0.68, 1, 2.25))).pairs
        [(0.68, 1.5), (0.0, 2.0), (0.68, 2.25)]
        """
        lower = [(limit.probability, limit.value) for limit in self.ordered if limit.side < 0]
        upper = [(limit.probability, limit.value) for limit in self.ordered if limit.side > 0]
        return [*lower, (0.0, self.best), *upper]

    @property
    def status(self) -> list[str]:
        """For each of `pairs` the reason why it is missing; empty where it is not."""
        lower = [limit.reason for limit in self.ordered if limit.side < 0]
        upper = [limit.reason for limit in self.ordered if limit.side > 0]
        return [*lower, "", *upper]


class ConfidenceIntervals(dict[str, list[tuple[float, float]]]):
    """Confidence limits by name of the parameter, as lists of ``(probability, value)`` pairs.

    Parameters
    ----------
    intervals : mapping of str to Interval
        The limits by name.
    nfev : int, optional
        Number of evaluations of the objective that they took.
    better : mapping, optional
        Values of the variables at a point with a smaller chi-square than that of the fit, if the
        search came across one.

    Attributes
    ----------
    intervals : dict of str to Interval
    nfev : int
    better : dict or None

    Examples
    --------
    >>> flat = Limit(0.68, 1, math.inf, Missing.FLAT, "chi-square stays below the level")
    >>> ci = ConfidenceIntervals({"a": Interval(2.0, (Limit(0.68, -1, 1.5), flat))})
    >>> ci
    {'a': [(0.68, 1.5), (0.0, 2.0), (0.68, inf)]}
    >>> ci.status
    {'a': ['', '', 'chi-square stays below the level']}
    >>> ci.complete
    False
    """

    def __init__(
        self,
        intervals: Mapping[str, Interval] | None = None,
        nfev: int = 0,
        better: Mapping[str, float] | None = None,
    ) -> None:
        self.intervals = dict(intervals or {})
        self.nfev = nfev
        self.better = None if better is None else dict(better)
        super().__init__({name: interval.pairs for name, interval in self.intervals.items()})

    @property
    def status(self) -> dict[str, list[str]]:
        """For each pair of each name the reason why the limit is missing; empty where it is not."""
        return {name: interval.status for name, interval in self.intervals.items()}

    @property
    def missing(self) -> dict[str, tuple[Limit, ...]]:
        """The limits that were not found, by name; without the names for which all were."""
        lost = {
            name: tuple(limit for limit in interval.ordered if not limit.found)
            for name, interval in self.intervals.items()
        }
        return {name: limits for name, limits in lost.items() if limits}

    @property
    def complete(self) -> bool:
        """Whether every limit was found."""
        return not self.missing

    def limit(self, name: str, probability: float, side: int) -> Limit:
        """Return the limit of a parameter at one level.

        Parameters
        ----------
        name : str
            Name of the parameter.
        probability : float
            One of the levels, as a probability.
        side : {-1, 1}
            -1 for the lower limit, 1 for the upper one.

        Returns
        -------
        Limit
            Its value, or why it is missing.

        Raises
        ------
        KeyError
            There is none of that name or level.

        Examples
        --------
        >>> ci = ConfidenceIntervals({"a": Interval(2.0, (Limit(0.68, -1, 1.5), Limit(0.68, 1, 2.6)))})
        >>> ci.limit("a", 0.68, side=1).value
        2.6
        """
        for limit in self.intervals[name].limits:
            if limit.side == side and math.isclose(limit.probability, probability, rel_tol=1e-9):
                return limit
        levels = sorted({limit.probability for limit in self.intervals[name].limits})
        raise KeyError(f"no limit of {name!r} at probability {probability}; its levels are {levels}")

    def copy(self) -> ConfidenceIntervals:
        """Return an independent copy.

        Returns
        -------
        ConfidenceIntervals
            Of the same class.

        Examples
        --------
        >>> ci = ConfidenceIntervals({"a": Interval(2.0, (Limit(0.68, -1, 1.5), Limit(0.68, 1, 2.6)))})
        >>> ci.copy() == ci
        True
        """
        new = ConfidenceIntervals(self.intervals, self.nfev, self.better)
        new.clear()
        new.update({name: list(pairs) for name, pairs in self.items()})
        return new

    __copy__ = copy

    def asdict(self) -> dict[str, Any]:
        """Return all that is known as plain dictionaries, lists and numbers.

        Returns
        -------
        dict
            For JSON, say.

        Examples
        --------
        >>> ci = ConfidenceIntervals({"a": Interval(2.0, (Limit(0.68, -1, 1.5),))}, nfev=30)
        >>> ci.asdict()["nfev"]
        30
        """
        intervals = {name: asdict(interval) for name, interval in self.intervals.items()}
        for interval in intervals.values():
            interval["limits"] = list(interval["limits"])
        return {"intervals": intervals, "nfev": self.nfev, "better": self.better}

    def _repr_html_(self) -> str:
        return printfuncs.ci_html_table(self)


def chosen(p_names: Any, params: Mapping[str, Any]) -> list[str]:
    """Return the names of the parameters that intervals are wanted for, by default of all variables.

    Parameters
    ----------
    p_names : str, sequence of str or None
        What the user asked for.
    params : Parameters
        Those of the fit.

    Returns
    -------
    list of str
        In the order that was asked for.

    Raises
    ------
    ParameterNameError
        There is no parameter of such a name.
    ValueError
        A parameter is fixed, or nothing is wanted.
    """
    if p_names is None:
        names = [name for name, par in params.items() if par.vary]
    else:
        names = [p_names] if isinstance(p_names, str) or not hasattr(p_names, "__iter__") else list(p_names)
    for name in names:
        if name not in params:
            hint = close_matches(str(name), params) or f"; there are {', '.join(map(repr, params))}"
            raise ParameterNameError(f"no parameter is named {name!r}{hint}")
        if not params[name].vary and not params[name].expr:
            raise ValueError(
                f"parameter {name!r} is fixed and has no confidence interval; set vary=True and fit again"
            )
    if not names:
        raise ValueError(
            "there is no parameter to find an interval of; give p_names, or vary one and fit again"
        )
    return names
