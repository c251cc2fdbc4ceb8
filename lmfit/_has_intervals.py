"""Confidence intervals as methods of what has a fit: a ModelResult, a GlobalResult."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from . import printfuncs
from .minimizer import Minimizer

__all__ = ["HasIntervals"]


class HasIntervals(ABC):
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
        """
        if self.ci_out is None or kwargs:
            self.conf_interval(**kwargs)
        return printfuncs.ci_report(self.ci_out, with_offset=with_offset, ndigits=ndigits)
