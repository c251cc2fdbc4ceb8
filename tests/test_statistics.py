"""Goodness of fit in closed form."""

import math

import pytest

from lmfit._statistics import goodness_of_fit


def test_formulas():
    fit = goodness_of_fit(chisqr=12.5, ndata=50, nvarys=3)
    assert (fit.ndata, fit.nfree, fit.chisqr) == (50, 47, 12.5)
    assert fit.redchi == pytest.approx(12.5 / 47)
    assert fit.aic == pytest.approx(50 * math.log(0.25) + 6)
    assert fit.bic == pytest.approx(50 * math.log(0.25) + 3 * math.log(50))


def test_no_degrees_of_freedom():
    assert goodness_of_fit(2.0, ndata=2, nvarys=3).redchi == 2.0


def test_an_exact_fit_stays_finite():
    fit = goodness_of_fit(0.0, ndata=10, nvarys=2)
    assert math.isfinite(fit.aic)
    assert fit.redchi == 0.0


def test_no_data():
    assert goodness_of_fit(0.0, ndata=0, nvarys=0).aic == 0.0
