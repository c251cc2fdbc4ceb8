r"""Goodness of fit: chi-square and the information criteria.

With *N* data, *k* variables and residual *r*,

.. math::

    \chi^2 = \sum_i r_i^2, \qquad \chi^2_\nu = \frac{\chi^2}{N - k}, \qquad
    \mathrm{AIC} = N \ln\frac{\chi^2}{N} + 2k, \qquad
    \mathrm{BIC} = N \ln\frac{\chi^2}{N} + k \ln N .

AIC is Akaike's (1974), BIC is Schwarz's (1978), both for Gaussian errors of
unknown, common size and without their constant terms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["GoodnessOfFit", "goodness_of_fit"]

#: Keeps the logarithm finite where a fit is exact.
_TINY_CHISQR = 1e-250


@dataclass(frozen=True)
class GoodnessOfFit:
    """The statistics of one fit; `redchi` divides by one where `nfree` is not positive."""

    ndata: int
    nfree: int
    chisqr: float
    redchi: float
    aic: float
    bic: float


def goodness_of_fit(chisqr: float, ndata: int, nvarys: int) -> GoodnessOfFit:
    """Return the statistics of a fit of `nvarys` variables to `ndata` points.

    Examples
    --------
    >>> fit = goodness_of_fit(chisqr=8.0, ndata=10, nvarys=2)
    >>> fit.redchi, round(fit.aic, 4), round(fit.bic, 4)
    (1.0, 1.7686, 2.3737)
    """
    nfree = ndata - nvarys
    per_point = max(chisqr, _TINY_CHISQR * ndata) / max(1, ndata)
    deviance = ndata * math.log(per_point) if ndata else 0.0
    return GoodnessOfFit(
        ndata=ndata,
        nfree=nfree,
        chisqr=chisqr,
        redchi=chisqr / max(1, nfree),
        aic=deviance + 2.0 * nvarys,
        bic=deviance + math.log(max(1, ndata)) * nvarys,
    )
