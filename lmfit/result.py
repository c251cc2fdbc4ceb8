"""What a fit found: plain attributes, computed before the object is made."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import printfuncs
from ._cached import cached_property
from ._derivatives import Array
from ._format import folded
from .errors import close_matches
from .parameter import Parameters

__all__ = ["Candidate", "MinimizerResult"]


class Candidate(NamedTuple):
    """One of several points that a search found, and its cost.

    Examples
    --------
    >>> from lmfit import create_params, minimize
    >>> params = create_params(a={"value": 1, "min": 0, "max": 4, "brute_step": 1})
    >>> best = minimize(lambda p: [p["a"] - 2.2, 0.1], params, method="brute").candidates[0]
    >>> best.params["a"].value, round(best.score, 3)
    (2.0, 0.05)
    """

    params: Parameters
    score: float


@dataclass(eq=False, repr=False)
class MinimizerResult(metaclass=ABCMeta):
    r"""The result of a fit; true if it succeeded.

    Attributes
    ----------
    params : Parameters
        Best values, standard errors and correlations; a copy of its own.
    success : bool
        Whether the fit converged.
    message : str
        What happened, and which parameters have no standard error, and why.
    method : str
        Name of the engine.
    nfev : int
        Number of evaluations of the objective.
    aborted : bool
        Whether the search was ended before it converged; the best point found is reported.
    errorbars : bool
        Whether all variables have a standard error.
    undetermined : dict
        Names of the variables without a standard error, and the reason for each.
    var_names : list of str
        Names of the variables.
    init_values : dict
        Values of the variables at the start of this fit.
    residual : ndarray, shape (ndata,)
        Residual at the best point.
    covar : ndarray, shape (nvarys, nvarys), or None
        Covariance of the variables, scaled by `redchi` if `scale_covar`; NaN for those without
        standard error; None if it was not calculated.
    nvarys, ndata, nfree : int
        Number of variables, of data, and their difference, the degrees of freedom.
    chisqr, redchi, aic, bic : float
        Goodness of fit, see `lmfit._statistics`.
    scale_covar : bool
        Whether errors were scaled such that reduced chi-square is 1.
    call_kws : dict
        Options of the engine.
    extras : dict
        Further results of the engine (`ier`, `lmdif_message`, ...), readable as attributes too.

    Examples
    --------
    >>> import numpy as np
    >>> from lmfit import create_params, minimize
    >>> x = np.arange(4.0)
    >>> fit = minimize(lambda p: p["a"] * x - 2 * x, create_params(a=1)).result
    >>> bool(fit), fit.nvarys, fit.ndata, round(fit.params["a"].value, 6)
    (True, 1, 4, 2.0)
    """

    params: Parameters
    success: bool
    message: str
    method: str
    nfev: int
    aborted: bool
    errorbars: bool
    undetermined: dict[str, str]
    var_names: list[str]
    init_values: dict[str, float]
    residual: Array
    covar: Array | None
    nvarys: int
    ndata: int
    nfree: int
    chisqr: float
    redchi: float
    aic: float
    bic: float
    scale_covar: bool = True
    call_kws: Mapping[str, Any] = field(default_factory=dict)
    extras: Mapping[str, Any] = field(default_factory=dict)

    @property
    def init_vals(self) -> list[float]:
        """Values of the variables at the start of this fit, as a list."""
        return list(self.init_values.values())

    @cached_property
    def uvars(self) -> dict[str, Any]:
        """The parameters as correlated numbers of the package ``uncertainties``."""
        return self.params.create_uvars(self.covar)

    def __getstate__(self) -> dict[str, Any]:
        # The numbers with uncertainties are correlated among each other only within one process.
        return {key: value for key, value in self.__dict__.items() if key != "uvars"}

    def __getattr__(self, name: str) -> Any:
        # Only called for what is no attribute.  Copying asks before `extras` exists.
        extras = self.__dict__.get("extras", {})
        if name in extras:
            return extras[name]
        known = [key for key in (*self.__dict__, *extras) if not key.startswith("_")]
        raise AttributeError(f"a {type(self).__name__} has no attribute {name!r}{close_matches(name, known)}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.extras})

    def __bool__(self) -> bool:
        return bool(self.success)

    def __repr__(self) -> str:
        return folded(f"<{type(self).__name__}: {self._state()}>")

    def _state(self) -> str:
        """Say in short how the fit ended."""
        end = "succeeded" if self.success else "aborted" if self.aborted else "failed"
        return (
            f"{self.method} {end} after {self.nfev} evaluations, "
            f"{self.nvarys} variables, {self.ndata} data, chi-square {self.chisqr:.6g}"
        )

    def show_candidates(self, candidate_nmb: int | str = "all") -> None:
        """Print the points that a search such as ``brute`` or ``multistart`` found, the best first.

        Parameters
        ----------
        candidate_nmb : int or 'all', optional
            Number of the candidate to print, from 1; all of them by default.

        Raises
        ------
        ValueError
            There is no candidate of that number.

        Examples
        --------
        >>> from lmfit import create_params, minimize
        >>> params = create_params(a={"value": 1, "min": 0, "max": 4, "brute_step": 1})
        >>> minimize(lambda p: [p["a"] - 2.2, 0.1], params, method="brute").show_candidates(1)
        Candidate #1, chisqr = 0.05
        Name     Value      Min      Max   Stderr     Vary     Expr Brute_Step
        a            2        0        4     None     True     None          1
        """
        candidates = self.extras.get("candidates", [])
        numbers = range(1, len(candidates) + 1)
        if candidate_nmb != "all" and candidate_nmb not in numbers:
            raise ValueError(
                f"there is no candidate {candidate_nmb!r} among the {len(candidates)} of this result"
            )
        for number in numbers if candidate_nmb == "all" else [int(candidate_nmb)]:
            print(f"Candidate #{number}, chisqr = {candidates[number - 1].score:.6g}")
            candidates[number - 1].params.pretty_print()

    def _repr_html_(self, show_correl: bool = True, min_correl: float = 0.1) -> str:
        return printfuncs.fitreport_html_table(self, show_correl=show_correl, min_correl=min_correl)


class ReadsResult:
    """What can be read on an object that has a `MinimizerResult`, for type checkers and editors.

    There are no such attributes: ``__getattr__`` of the object takes them from its result.
    """

    success: bool
    message: str
    method: str
    nfev: int
    aborted: bool
    errorbars: bool
    undetermined: dict[str, str]
    var_names: list[str]
    init_values: dict[str, float]
    residual: Array
    covar: Array | None
    nvarys: int
    ndata: int
    nfree: int
    chisqr: float
    redchi: float
    aic: float
    bic: float
