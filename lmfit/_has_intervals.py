"""Confidence intervals as methods of what has a fit: a ModelResult, a GlobalResult."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, overload

from . import printfuncs
from ._intervals import ConfidenceIntervals, Traces
from .minimizer import Minimizer
from .result import ReadsResult

__all__ = ["HasIntervals"]


class HasIntervals(ReadsResult, ABC):
    """A fit whose confidence intervals can be asked for.

    Attributes
    ----------
    result : MinimizerResult or None
        The fit.
    ci_out : ConfidenceIntervals or None
        What `conf_interval` found.
    """

    result: Any
    ci_out: Any

    @property
    @abstractmethod
    def minimizer(self) -> Minimizer:
        """The Minimizer of the fit, which can also do others."""

    @overload
    def conf_interval(self, *, trace: Literal[True], **kwargs: Any) -> tuple[ConfidenceIntervals, Traces]: ...

    @overload
    def conf_interval(self, **kwargs: Any) -> ConfidenceIntervals: ...

    def conf_interval(self, **kwargs: Any) -> Any:
        """Return confidence intervals of the variables, from profiles of chi-square.

        Parameters
        ----------
        **kwargs
            As of `lmfit.conf_interval`, such as ``p_names`` and ``sigmas``.

        Returns
        -------
        ConfidenceIntervals
            Also kept as `ci_out`.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9, 7.2], x=[0, 1, 2, 3], slope=1, intercept=0)
        >>> (_, low), best, (_, high) = result.conf_interval(p_names="slope", sigmas=0.95)["slope"]
        >>> round(low, 2), round(high, 2)
        (1.76, 2.32)
        """
        from .confidence import conf_interval

        found = conf_interval(self.minimizer, self.result, **kwargs)
        self.ci_out = found[0] if kwargs.get("trace") else found
        return found

    def ci_report(self, with_offset: bool = True, ndigits: int = 5, **kwargs: Any) -> str:
        """Return a table of confidence intervals, which are calculated if they have not been.

        Parameters
        ----------
        with_offset : bool, optional
            Whether to show the limits relative to the best value.
        ndigits : int, optional
            Decimals of the values.
        **kwargs
            As of `conf_interval`; they make it be called again.

        Returns
        -------
        str
            As of `lmfit.ci_report`.

        Examples
        --------
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit([1.0, 3.1, 4.9, 7.2], x=[0, 1, 2, 3], slope=1, intercept=0)
        >>> print(result.ci_report(sigmas=[0.68, 0.95], ndigits=3))
                    95.00%  68.00%  _BEST_  68.00%  95.00%
         slope    :  -0.279  -0.085   2.040  +0.085  +0.279
         intercept:  -0.522  -0.159   0.990  +0.159  +0.522
        """
        if self.ci_out is None or kwargs:
            self.conf_interval(**kwargs)
        return printfuncs.ci_report(self.ci_out, with_offset=with_offset, ndigits=ndigits)
