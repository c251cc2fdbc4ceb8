"""The peak functions of release 0.5: height, half width at half maximum, area."""

import numpy as np
import pytest
from scipy.integrate import quad

from lmfit import utilfuncs

PEAKS = {"gauss": (), "loren": (), "pvoigt": (0.3,), "pearson7": (1.7,)}


@pytest.mark.parametrize("name, shape", PEAKS.items())
def test_height_and_half_width(name, shape):
    x = np.array([-1.0, 0.5, 2.0])
    assert getattr(utilfuncs, name)(x, 4.0, 0.5, 1.5, *shape) == pytest.approx([2.0, 4.0, 2.0])


@pytest.mark.parametrize("name, shape", PEAKS.items())
def test_area(name, shape):
    peak = getattr(utilfuncs, f"{name}_area")
    area = quad(lambda x: peak(x, 4.0, 0.5, 1.5, *shape), -np.inf, np.inf)[0]
    assert area == pytest.approx(4.0, rel=1e-7)


@pytest.mark.parametrize("suffix", ["", "_area"])
def test_limits_of_the_shapes(suffix):
    x = np.linspace(-4, 4, 9)
    gauss, loren, pvoigt, pearson7 = (
        getattr(utilfuncs, name + suffix) for name in ("gauss", "loren", "pvoigt", "pearson7")
    )
    assert pvoigt(x, 2, 0, 1, 1.0) == pytest.approx(gauss(x, 2, 0, 1))
    assert pvoigt(x, 2, 0, 1, 0.0) == pytest.approx(loren(x, 2, 0, 1))
    assert pearson7(x, 2, 0, 1, 1.0) == pytest.approx(loren(x, 2, 0, 1))
    assert pearson7(x, 2, 0, 1, 1e9) == pytest.approx(gauss(x, 2, 0, 1), rel=1e-5)
