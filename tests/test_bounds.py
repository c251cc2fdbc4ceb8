"""The maps between bounded values and internal variables, over the whole range of floats."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lmfit._bounds import transform

MAGNITUDES = st.floats(1e-150, 1e150)
NUMBERS = st.one_of(st.just(0.0), MAGNITUDES, MAGNITUDES.map(lambda number: -number))
INTERNAL = st.floats(-1e300, 1e300)


@st.composite
def intervals(draw):
    """Lower bound, upper bound and a start value inside or on them; at least one bound is finite."""
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    assume(low < high)
    start = draw(st.sampled_from([low, high, 0.5 * low + 0.5 * high, 0.9 * low + 0.1 * high]))
    start = min(max(start, low), high)
    sides = draw(st.sampled_from(["both", "below", "above"]))
    return start, -math.inf if sides == "above" else low, math.inf if sides == "below" else high


@given(intervals(), INTERNAL)
def test_every_internal_value_is_allowed(interval, u):
    start, low, high = interval
    value = transform(start, low, high).from_internal(u)
    assert low <= value <= high


@given(intervals())
def test_the_start_comes_back(interval):
    start, low, high = interval
    value = transform(start, low, high).from_internal(1.0)
    if low < start < high:
        room = min(start - low, high - start)
        assert value == pytest.approx(start, rel=1e-9, abs=1e-9 * min(room, 1e300))
    else:
        assert low < value < high


@given(intervals(), st.floats(-3, 3), st.floats(-3, 3))
def test_the_map_rises(interval, u, other):
    assume(u < other)
    bounded = transform(*interval)
    assert bounded.from_internal(u) <= bounded.from_internal(other)


@pytest.mark.parametrize("bounds", [(0.0, math.inf), (-math.inf, 5.0), (0.0, 5.0)])
@given(st.floats(0.1, 4.9), st.floats(-2, 4))
def test_inverse_and_derivative(bounds, start, u):
    bounded = transform(start, *bounds)
    value = bounded.from_internal(u)
    assume(1e-6 < value < 5 - 1e-6)
    assert bounded.to_internal(value) == pytest.approx(u, rel=1e-6, abs=1e-6)
    step = 1e-6
    slope = (bounded.from_internal(u + step) - bounded.from_internal(u - step)) / (2 * step)
    assert bounded.derivative(u) == pytest.approx(slope, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("scale", [1e-13, 1.0, 1e13])
def test_a_bounded_value_moves_like_one_of_magnitude_one(scale):
    """At the start du = 1 % moves the value by 1 % of its magnitude, whatever its unit."""
    for low, high in ((0.0, math.inf), (0.0, 10 * scale), (-math.inf, 2 * scale)):
        bounded = transform(scale, low, high)
        moved = bounded.from_internal(1.01) - bounded.from_internal(1.0)
        assert moved == pytest.approx(0.01 * scale, rel=0.02)


def test_distance_to_the_bound_keeps_its_digits():
    bounded = transform(1.0, 0.0, math.inf)
    u = bounded.to_internal(1e-8)
    assert bounded.from_internal(u) == pytest.approx(1e-8, rel=1e-7)


def test_without_bounds_there_is_no_map():
    assert transform(3.0, -math.inf, math.inf) is None


def test_adjacent_floats_as_bounds():
    low, high = 3.0, math.nextafter(3.0, 4.0)
    bounded = transform(low, low, high)
    assert low <= bounded.from_internal(bounded.to_internal(high)) <= high


INF = math.inf


@pytest.mark.parametrize(
    "start, low, high, moved, magnitude",
    [
        # Inside: the smaller of the value and its room.
        (3.0, 1.0, INF, 3.0, 2.0),
        (3.0, -9.0, INF, 3.0, 3.0),
        (-3.0, -INF, -1.0, -3.0, 2.0),
        (-3.0, -INF, 9.0, -3.0, 3.0),
        (3.0, 1.0, 9.0, 3.0, 2.0),
        (3.0, -9.0, 9.0, 3.0, 3.0),
        (-8.0, -9.0, 9.0, -8.0, 1.0),
        (1.0, 0.0, 1e13, 1.0, 1.0),
        # Zero has the size of its room.
        (0.0, -4.0, INF, 0.0, 4.0),
        (0.0, -INF, 4.0, 0.0, 4.0),
        (0.0, -4.0, 5.0, 0.0, 4.0),
        # On a bound: a hundredth of the size of the bound, of half the width or of 1.
        (5.0, 5.0, INF, 5.05, 5.0),
        (-5.0, -INF, -5.0, -5.05, 5.0),
        (0.0, 0.0, INF, 0.01, 1.0),
        (0.0, -INF, 0.0, -0.01, 1.0),
        (5.0, 5.0, 25.0, 5.05, 5.0),
        (25.0, 5.0, 25.0, 24.9, 10.0),
        (0.0, 0.0, 8.0, 0.01, 1.0),
        (0.0, -0.5, 0.0, -0.0025, 0.25),
    ],
)
def test_start_and_magnitude(start, low, high, moved, magnitude):
    bounded = transform(start, low, high)
    assert bounded.from_internal(1.0) == pytest.approx(moved, rel=1e-12)
    assert bounded.derivative(1.0) == pytest.approx(magnitude, rel=1e-12)


@pytest.mark.parametrize("low, high", [(0.0, INF), (0.0, 8.0), (0.0, 2000.0)])
def test_the_curves_are_those_of_the_table(low, high):
    """Of a start at 2, so that the length is 2; by numbers from log1p and exp alone."""
    bounded = transform(2.0, low, high)
    for w in (-30.0, -1.0, 0.0, 0.5, 2.0, 3.0, 4.0, 39.0, 45.0, 400.0):
        u = 1.0 + (w - bounded.w0) / bounded.slope
        beyond = math.log1p(math.exp(w - high / 2.0)) if high < INF else 0.0
        assert bounded.from_internal(u) == pytest.approx(2.0 * (math.log1p(math.exp(w)) - beyond), rel=1e-9)


@pytest.mark.parametrize("start", [-0.25, -0.5, -0.875])
@pytest.mark.parametrize("low", [-1.0, -INF])
def test_mirror_images(start, low):
    """What is below one bound is above the other, with the same digits of the distance."""
    one, other = transform(start, low, 0.0), transform(-start, 0.0, -low)
    for u in (-20.0, -3.0, 0.0, 0.9, 1.0, 1.3, 2.0, 7.0, 30.0):
        assert one.from_internal(2.0 - u) == pytest.approx(-other.from_internal(u), rel=1e-9, abs=0.0)
        assert one.derivative(2.0 - u) == pytest.approx(other.derivative(u), rel=1e-9, abs=0.0)
    for value in (-1e-7, -0.01, -0.5, -0.99):
        assert one.to_internal(value) == pytest.approx(2.0 - other.to_internal(-value), rel=1e-9, abs=0.0)
        assert one.from_internal(one.to_internal(value)) == pytest.approx(value, rel=1e-7, abs=0.0)


@pytest.mark.parametrize(
    "start, low, high", [(2.0, 0.0, INF), (2.0, 0.0, 8.0), (-2.0, -INF, 0.0), (-2.0, -8.0, 0.0)]
)
def test_a_value_on_a_bound_is_taken_as_a_billionth_of_the_length_beside_it(start, low, high):
    bounded = transform(start, low, high)
    side = 1.0 if start > 0 else -1.0
    assert bounded.from_internal(bounded.to_internal(0.0)) == pytest.approx(side * 2e-9, rel=1e-6, abs=0.0)
