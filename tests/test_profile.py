"""The search along one parameter and its refits, on functions whose answers are known in closed form."""

import math

import numpy as np
import pytest

from lmfit import _profile
from lmfit._exchanges import exchanges
from lmfit._intervals import Missing
from lmfit._levels import F_TEST, KNOWN_ERRORS, LIKELIHOOD, Levels, f_probability, probability_of
from lmfit._profile import INTERRUPTED, TOO_FAR, Crossing, Failure, Node, Side, crossings, predicted
from lmfit._refit import Refitter, State, _Linear
from lmfit._region import walked

INF = math.inf


def profile(z, slope, x=None):
    """Return an ``evaluate`` for a profile given by its root and the root's slope."""
    calls = []

    def evaluate(t, start, first):
        calls.append(t)
        root = z(abs(t))
        if math.isnan(root):
            return Failure(Missing.NOT_FINITE)
        point = np.array([t])
        return Node(t, abs(root), abs(slope(abs(t))), root * abs(root), point, np.ones(1))

    return evaluate, calls


def search(z, slope, levels, sign=1, best=0.0, bound=INF, maxiter=200, first=1.0, unit=1.0):
    evaluate, calls = profile(z, slope)
    start = Node(best, 0.0, abs(slope(best)), 0.0, np.array([best]), np.ones(1))
    side = Side(
        evaluate, start, sign, bound=bound, unit=unit, first=first, lowest=-1e-2, fixed=(0,), maxiter=maxiter
    )
    return crossings(side, levels), calls


@pytest.mark.parametrize("sign", [-1, 1])
def test_straight_line_needs_one_refit_for_each_level(sign):
    found, calls = search(lambda t: 2 * t, lambda t: 2.0, [1.0, 2.0, 3.0], sign=sign, first=100.0)
    assert [crossing.value for crossing in found] == pytest.approx([0.5 * sign, sign, 1.5 * sign])
    assert len(calls) <= 4


@pytest.mark.parametrize(
    "z, slope, inverse",
    [
        (math.expm1, math.exp, math.log1p),
        (lambda t: math.asinh(3 * t), lambda t: 3 / math.hypot(1, 3 * t), lambda z: math.sinh(z) / 3),
        (lambda t: t**3 + t, lambda t: 3 * t * t + 1, None),
        (lambda t: t + 0.3 * t**1.5, lambda t: 1.0 + 0.45 * math.sqrt(t), None),
    ],
    ids=["exponential", "slow", "cubic", "half powers"],
)
def test_curved_profiles(z, slope, inverse):
    levels = [0.5, 1.0, 2.0, 3.0]
    found, calls = search(z, slope, levels)
    assert [z(crossing.value) for crossing in found] == pytest.approx(levels, rel=3e-3)
    if inverse is not None:
        assert [crossing.value for crossing in found] == pytest.approx([inverse(v) for v in levels], rel=5e-3)
        assert len(calls) <= 25


def test_a_step_is_found_where_it_is():
    found, _ = search(lambda t: 0.1 * t if t < 2 else 5.0, lambda t: 0.1, [1.0])
    assert found[0].value == pytest.approx(2.0, rel=1e-4)


def test_limit_beyond_the_bound():
    found, calls = search(lambda t: t, lambda t: 1.0, [1.0, 3.0], bound=2.0)
    assert found[0].value == pytest.approx(1.0)
    assert math.isnan(found[1].value)
    assert found[1].missing == Missing.AT_BOUND
    assert max(calls) <= 2.0


def test_best_value_on_the_bound():
    found, calls = search(lambda t: t, lambda t: 1.0, [1.0], bound=0.0)
    assert found[0].missing == Missing.AT_BOUND
    assert not calls


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    "z, slope",
    [
        (lambda t: t / math.hypot(1, t), lambda t: math.hypot(1, t) ** -3),
        (lambda t: 0.0, lambda t: 0.0),
        (math.tanh, lambda t: math.cosh(min(abs(t), 300)) ** -2),
    ],
    ids=["power", "no effect", "exponential"],
)
def test_profile_that_levels_off(z, slope, sign):
    found, _ = search(z, slope, [1.2, 2.0], sign=sign)
    assert found == [Crossing(sign * INF, Missing.FLAT)] * 2


def test_level_just_below_a_limit_is_found():
    found, _ = search(lambda t: t / math.hypot(1, t), lambda t: math.hypot(1, t) ** -3, [0.99])
    assert found[0].value == pytest.approx(0.99 / math.sqrt(1 - 0.99**2), rel=5e-3)


def test_wall_of_points_without_residual():
    found, _ = search(lambda t: t if t < 1.5 else math.nan, lambda t: 1.0, [1.0, 2.0])
    assert found[0].value == pytest.approx(1.0)
    assert found[1].missing == Missing.NOT_FINITE
    assert math.isnan(found[1].value)


def test_no_point_at_all():
    found, calls = search(lambda t: math.nan, lambda t: 1.0, [1.0, 2.0])
    assert {crossing.missing for crossing in found} == {Missing.NOT_FINITE}
    assert len(calls) < 40


def test_lower_minimum_ends_the_search_but_keeps_what_was_found():
    found, _ = search(lambda t: t if t < 1.5 else -1.0, lambda t: 1.0, [1.0, 2.0])
    assert found[0].value == pytest.approx(1.0)
    assert found[1].missing == Missing.BETTER_MINIMUM


def test_maxiter():
    found, calls = search(lambda t: math.sqrt(abs(t)) / 100, lambda t: 0.0, [1.0], maxiter=3)
    assert found[0].missing == Missing.MAXITER
    assert len(calls) == 3


def test_prediction_is_exact_for_growth_and_for_a_limit():
    def node(t):
        return Node(t, 0, 0, 0, np.array([t, 3 * t + 1, 2 + 1 / t]), np.array([1, 3, -1 / t**2]))

    start = predicted([node(2.0), node(5.0)], 10.0, origin=1.0, unit=1.0)
    np.testing.assert_allclose(start, [10.0, 31.0, 2.1], rtol=1e-10)


def at(t, z=0.0, slope=1.0, rise=0.0, x=0.0, tangent=0.0):
    return Node(t, z, slope, rise, np.atleast_1d(float(x)), np.atleast_1d(float(tangent)))


def side_of(*nodes, best=None, evaluate=None, **settings):
    """A side with these nodes; by default its best point is at 0, with a slope of 1."""
    side = Side(
        evaluate,
        best or at(0.0),
        **{"sign": 1, "bound": INF, "unit": 1.0, "first": 1.0, "lowest": -0.1, **settings},
    )
    for node in nodes:
        side.keep(node)
    return side


@pytest.mark.parametrize("sign", [-1, 1])
def test_nodes_are_kept_by_distance(sign):
    side = side_of(at(sign * 2.0, 2.0), at(sign * 1.0, 1.0), at(sign * 2.0, 3.0), at(0.0, 9.0), sign=sign)
    assert [(side.distance(node), node.z) for node in side.nodes] == [
        (0.0, 0.0),
        (0.0, 9.0),
        (1.0, 1.0),
        (2.0, 3.0),
    ]
    assert side.nodes[0] is side.best


def test_bracket():
    one, two, three = (at(float(z), float(z)) for z in (1, 2, 3))
    side = side_of(one, two, three)
    assert side.bracket(2.0) == (one, two)
    assert side.bracket(2.5) == (two, three)
    assert side.bracket(0.5) == (side.best, one)
    assert side.bracket(3.5) == (three, None)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    "distance, ahead, x, critical",
    [
        (2.0, 0.1, 1.0, 1.5),  # it cannot have come from the best point at this rate
        (2.0, 0.1, 5.0, 6.0),
        (2.0, 0.1, -0.5, 2.25),
        (0.1, 2.0, 1.0, 1.5),  # nor can it go on at it
        (0.1, 2.0, -4.0, 6.0),
        (0.1, 2.0, 0.5, 1.5),
    ],
)
def test_coordinates_with_a_pole(sign, distance, ahead, x, critical):
    """Three times as fast as the larger of the coordinate and of its best value, 1."""
    node = lambda rate: Node(
        sign * distance, 1.0, 1.0, 1.0, np.array([sign * distance, x]), np.array([9e9, rate])
    )
    side = side_of(best=Node(0.0, 0.0, 1.0, 0.0, np.array([0.0, 1.0]), np.ones(2)), sign=sign, fixed=(0,))
    for rate in (critical, -critical):
        assert side.wild(node(0.99 * rate), sign * (distance + ahead)) == []
        assert side.wild(node(1.01 * rate), sign * (distance + ahead)) == [1]


def test_a_coordinate_that_stays_at_zero_has_no_pole():
    assert side_of(best=at(0.0)).wild(at(1.0, 1.0), 2.0) == []


def test_coordinates_with_a_pole_start_where_they_are():
    seen = []

    def evaluate(t, start, first):
        seen.append((t, start.tolist(), first))
        return at(t)

    node = Node(2.0, 1.0, 1.0, 1.0, np.array([2.0, 1.0]), np.array([1.0, 99.0]))
    side = side_of(
        node, best=Node(0.0, 0.0, 1.0, 0.0, np.array([0.0, 1.0]), np.ones(2)), evaluate=evaluate, fixed=(0,)
    )
    side.refit(node, 3.0, np.array([3.0, 100.0]))
    assert seen == [(3.0, [3.0, 1.0], [1])]


def test_too_far_is_tried_again_along_the_tangent_of_the_nearest():
    starts = []

    def evaluate(t, start, first):
        starts.append(start.tolist())
        return Failure(TOO_FAR) if len(starts) == 1 else at(t, 5.0)

    near = at(1.0, 1.0, x=1.0, tangent=0.5)
    side = side_of(near, best=at(0.0, x=1.0, tangent=-2.0), evaluate=evaluate)
    side.growth = 1.25
    assert side.at(2.0).z == 5.0
    assert starts[0] != starts[1] == [1.5]
    assert side.nodes[-1].t == 2.0
    assert side.growth == 2.5
    side.at(3.0)
    assert side.growth == 3.0


def branches(found, gap=1.0, off=2.0, rate=1.0):
    """A side whose second node is off the straight line from the first; a refit finds `found`."""
    calls = []

    def evaluate(t, start, first):
        calls.append((t, start.tolist()))
        return found

    low = at(1.0, 1.0, x=1.0, tangent=rate)
    high = at(1.0 + gap, 2.0, x=1.0 + rate * gap + off, tangent=rate)
    return side_of(low, high, best=at(0.0, x=9.0), evaluate=evaluate), low, high, calls


def test_another_branch_is_looked_for():
    better = at(2.0, 1.5)
    side, low, high, calls = branches(better)
    assert side.recheck(low, high)
    assert calls == [(2.0, [2.0])]
    assert side.nodes[-1] is better
    side, low, high, calls = branches(at(2.0, 1.9981))
    assert side.recheck(low, high) is False  # as good as the same
    assert side.nodes[-1] is high
    assert side.recheck(low, high) is False  # and not tried again until it is much closer
    assert len(calls) == 1
    closer = at(1.75, 1.5, x=1.75, tangent=1.0)
    assert side.recheck(closer, high) is False
    assert len(calls) == 2
    assert branches(Failure("not finite"))[0].recheck(low, high) is False
    side, low, high, _ = branches(at(2.0, 1.998))
    assert side.recheck(low, high)  # lower by a thousandth


def test_another_branch_is_looked_for_along_the_tangent():
    side, low, high, calls = branches(at(5.0, 1.5), gap=4.0, off=20.0, rate=2.0)
    assert side.recheck(low, high)
    assert calls == [(5.0, [9.0])]


@pytest.mark.parametrize("distance, tried", [(7.9, False), (8.0, True)])
def test_a_branch_is_tried_again_at_three_tenths_of_the_gap(distance, tried):
    side, low, high, calls = branches(Failure(TOO_FAR), gap=10.0, off=20.0)
    side.recheck(low, high)
    side.recheck(at(distance, 1.5, x=distance, tangent=1.0), high)
    assert len(calls) == 1 + tried


@pytest.mark.parametrize("off, tried", [(0.9, False), (1.1, True), (-0.9, False), (-1.1, True)])
def test_a_branch_is_suspected_where_coordinates_change_twice_as_much(off, tried):
    side, low, high, calls = branches(at(2.0, 1.5), off=off)
    assert side.recheck(low, high) == tried == bool(calls)
    assert not side.recheck(side.best, high)


@pytest.mark.parametrize(
    "level, low, high, peak",
    [
        (1.5, at(1.0, 1.0, 1.0), at(3.0, 1.0, -1.0), 2.0),  # lines that meet at 2, in the middle
        (1.99, at(1.0, 1.0, 1.0), at(3.0, 1.0, -1.0), 2.0),
        (2.0, at(1.0, 1.0, 1.0), at(3.0, 1.0, -1.0), None),  # a curve below the lines does not reach it
        (1.9, at(1.0, 1.0, 0.5), at(5.0, 1.0, -0.5), 3.0),
        (1.5, at(1.0, 1.0, 2.0), at(3.0, 1.4, 1.0), None),  # they meet behind the nodes
        (1.5, at(1.0, 1.4, -1.0), at(3.0, 1.0, -2.0), None),  # or before them
        (1.5, at(1.0, 1.0, 39.0), at(3.0, 1.0, -1.0), 1.2),  # at 1.1, too close to a node
        (1.5, at(1.0, 1.0, 1.0), at(3.0, 1.0, -39.0), 2.8),
        (1.5, at(1.0, 1.0, 1.0), at(3.0, 1.0, 0.0), None),
        (1.5, at(1.0, 1.0, 0.0), at(3.0, 1.0, -1.0), None),
        (1.0, at(1.0, 0.9, 1.0), at(3.0, 1.0, -1.0), None),  # reached anyway
        (1.5, at(999.0, 1.0, 2.0), at(1000.0, 1.0, -2.0), None),  # too narrow
        (1.5, at(1.0, 1.0, 1e3), at(1.002, 1.0, -1e3), 1.001),
    ],
)
def test_peaks_between_nodes(level, low, high, peak):
    assert side_of(low, high).peak(level) == (None if peak is None else pytest.approx(peak))


@pytest.mark.parametrize("wall, peak", [(1.0, 2.0), (1.6, 1.3), (2.0, 1.5), (2.4, 2.7), (3.0, 2.0)])
def test_a_peak_is_sought_beside_a_wall_between_its_nodes(wall, peak):
    side = side_of(at(1.0, 1.0, 1.0), at(3.0, 1.0, -1.0))
    side.wall = wall, TOO_FAR
    assert side.peak(1.5) == pytest.approx(peak)


def test_a_step_too_far_between_the_nodes_does_not_end_the_search():
    # A hump below the level, of which only the vicinity of a node can be reached; its foot is at 2.
    rate = 0.4 * math.pi

    def evaluate(t, start, first):
        if 0.3 < t < 1.8 and min(abs(node.t - t) for node in side.nodes) > 0.35:
            return Failure(TOO_FAR)
        hump = t < 2.0
        z = 0.8 * math.sin(0.5 * math.pi * t) if hump else rate * (t - 2.0)
        slope = rate * math.cos(0.5 * math.pi * t) if hump else rate
        return Node(t, z, slope, z * z, np.array([t]), np.ones(1))

    best = Node(0.0, 0.0, rate, 0.0, np.zeros(1), np.ones(1))
    side = Side(evaluate, best, 1, bound=INF, unit=1.0, first=0.5, lowest=-1e-2)
    for t in (0.3, 1.8):
        side.keep(evaluate(t, None, []))
    assert 0.65 < side.peak(0.95) < 1.45
    assert crossings(side, [0.95])[0].value == pytest.approx(2.0 + 0.95 / rate)


@pytest.mark.parametrize("sign", [-1, 1])
def test_interpolation_is_exact_for_a_cubic(sign):
    """The distance is z^3 + z."""
    low, high = (at(sign * (z**3 + z) + 5.0, z, 1 / (3 * z * z + 1)) for z in (1.0, 2.0))
    side = side_of(low, high, best=at(5.0), sign=sign)
    for level in (1.1, 1.5, 1.8):
        assert _profile._interpolated(side, low, high, level) == pytest.approx(level**3 + level)


@pytest.mark.parametrize(
    "low, high, expected",
    [
        (at(2.0, 1.0, 0.0), at(10.0, 2.0, -1.0), 4.0),  # slopes that say nothing: the straight line
        (at(2.0, 1.0, 1 / 25), at(10.0, 2.0, 1 / 25), 4.0),
        (at(2.0, 1.0, 1 / 24), at(10.0, 2.0, 1 / 8), 4.0 + 0.140625 * 16),
        (at(2.0, 1.0, 1 / 8), at(10.0, 2.0, 1 / 24), 4.0 - 0.046875 * 16),
        (at(2.0, 1.0), at(10.0, INF), 6.0),
        (at(2.0, 1.0), at(10.0, 1.0), 6.0),
    ],
)
def test_interpolation_a_quarter_up(low, high, expected):
    assert _profile._interpolated(side_of(low, high), low, high, 1.25) == pytest.approx(expected)


@pytest.mark.parametrize(
    "slope, level, first, expected",
    [(2.0, 1.0, 9.0, 0.5), (0.5, 1.0, 9.0, 2.0), (2.0, 1.0, 0.3, 0.3), (0.0, 1.0, 0.3, 0.3)],
)
def test_first_step(slope, level, first, expected):
    side = side_of(best=at(0.0, slope=slope), first=first)
    assert _profile._extrapolated(side, side.best, level) == expected
    assert _profile._proposal(side, side.best, None, level, []) == expected


@pytest.mark.parametrize(
    "best_slope, slope, level, expected",
    [
        (1.0, 1.0, 1.5, 1.0 + 1.02 * 0.5),  # straight, and a little too far
        (1.0, 1.0, 9.0, 3.0),  # no more than three times as far
        (1.0, 0.5, 1.2, 1.0 + 1.02 * (0.4 + 0.5 * 0.04)),  # the distance by z has the second derivative 1
        (0.5, 1.0, 1.2, 1.0 + 1.02 * (0.2 - 0.5 * 0.04)),
        (0.5, 1.0, 2.5, 1.0 + 1.02 * 0.75),  # no less than half of the straight line
        (1.0, 0.0, 1.2, 3.0),
        (0.0, 1.0, 1.5, 1.0 + 1.02 * 0.5),
    ],
)
def test_extrapolation(best_slope, slope, level, expected):
    low = at(1.0, 1.0, slope)
    side = side_of(low, best=at(0.0, slope=best_slope))
    assert _profile._extrapolated(side, low, level) == pytest.approx(expected)


def test_extrapolation_bends_as_the_last_two_nodes_do():
    last = at(2.0, 1.5, 0.5)
    side = side_of(at(1.0, 1.0, 1.0), last)
    assert _profile._extrapolated(side, last, 1.7) == pytest.approx(2.0 + 1.02 * (0.4 + 0.5 * 0.04 * 2.0))


def test_proposals_stay_inside_bounds_and_walls():
    low = at(1.0, 1.0)
    side = side_of(low, bound=1.25)
    assert _profile._proposal(side, low, None, 1.5, []) == 1.25
    side = side_of(low)
    side.wall = (3.0, TOO_FAR)
    assert _profile._proposal(side, low, None, 9.0, []) == 2.0  # three times as far has been tried
    side.wall = (1.6, TOO_FAR)
    assert _profile._proposal(side, low, None, 1.5, []) == pytest.approx(1.51)
    assert _profile._proposal(side, low, None, 1.8, []) == pytest.approx(1.3)
    high = at(3.0, 3.0)
    assert _profile._proposal(side_of(low, high), low, high, 2.0, []) == pytest.approx(2.0)
    side.keep(high)
    assert _profile._proposal(side, low, high, 2.0, []) == pytest.approx(1.54)  # a tenth before the wall
    side.wall = (1.0, TOO_FAR)  # not ahead
    assert _profile._proposal(side, low, high, 2.0, []) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "low, high, level, widths, expected",
    [
        (at(1.0, 1.0), at(3.0, 3.0), 1.03, [], 1.2),  # too close to an end
        (at(1.0, 1.0), at(3.0, 3.0), 2.97, [], 2.8),
        (at(1.0, 1.0), at(3.0, 3.0), 1.05, [], 1.05),
        (
            at(1.0, 1.0),
            at(3.0, 3.0),
            1.5,
            [3.0, 3.0],
            2.0,
        ),  # after three brackets hardly narrower: the middle
        (at(1.0, 1.0), at(3.0, 3.0), 1.5, [4.0, 3.0], 1.5),
        (at(1.0, 1.0), at(3.0, 3.0), 1.5, [3.0], 1.5),
        (at(1.0, 1.0), at(9.0, 9.0), 1.5, [9.0, 9.0], 3.0),  # of the logarithms, if that is a wide one
        (at(1.0, 1.0), at(4.0, 4.0), 1.5, [5.0, 5.0], 2.5),
        (at(1.0, 1.0), at(4.41, 4.41), 1.5, [5.0, 5.0], 2.1),
        (at(2.0, 2.0), at(6.0, 6.0), 3.0, [5.0, 5.0], 4.0),
        (at(0.0, 0.0), at(4.0, 4.0), 1.5, [5.0, 5.0], 2.0),  # there is none of the best value
    ],
)
def test_proposals_in_a_bracket(low, high, level, widths, expected):
    assert _profile._proposal(side_of(low, high), low, high, level, widths) == pytest.approx(expected)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("level", [1.0, 1000.0])
@pytest.mark.parametrize(
    "node, best_slope, value",
    [
        (at(1.0, 1.0), 1.0, 1.0),
        (at(1.011, 1.011), 1.0, 1.0),  # 1.2 % along a straight line
        (at(0.989, 0.989), 1.0, 1.0),
        (at(1.013, 1.013), 1.0, None),
        (at(1.0, 0.99, 0.99), 0.99, 1.0 + 0.01 / 0.99),
        (at(1.0, 0.99, 0.45), 0.45, None),  # where it flattens, a tenth of that
        (at(1.0, 0.999, 0.4), 0.4, 1.0025),
        (at(1.0, 0.99, 0.495), 0.495, 1.0 + 0.01 / 0.495),
        (at(2.0, 0.99, 0.3), 0.3, 2.0 + 0.01 / 0.3),
        (at(1.0, 0.99, 0.9), 1.0, 1.0 + 0.01 / 0.9 + 0.5e-4 * (1 / 0.9 - 1.0) / 0.99),
        (at(1.0, 0.99, -1.0), 1.0, None),
        (at(1.0, 0.9995, 0.0), 1.0, None),
        (at(1.0, 0.99, 0.9), 0.04, None),  # where it bends too much
        (at(1.0, 0.99, 0.9), 0.05, 1.0 + 0.01 / 0.9 + 0.5e-4 * (1 / 0.9 - 1 / 0.05) / 0.99),
        (at(0.1, 0.999, 0.3), 0.3, None),  # or is more than a few per cent away
        (at(0.1, 0.999, 0.5), 0.5, 0.102),
        (at(0.1, 0.99, 0.55 / 0.1), 9.0, 0.1 + 0.01 / 5.5 + 0.5e-4 * (1 / 5.5 - 1 / 9.0) / 0.99),
        (at(0.1, 0.99, 0.52), 1.0, None),
    ],
)
def test_close_to_a_level(sign, level, node, best_slope, value):
    """The nodes are those for a level of 1."""
    node = at(sign * node.t, level * node.z, level * node.slope)
    side = side_of(node, best=at(0.0, slope=level * best_slope), sign=sign)
    found = _profile._finished(side, node, None, level)
    assert found == (None if value is None else pytest.approx(sign * value, rel=1e-9))
    assert _profile._finished(side, side.best, None, level) is None


def test_a_node_as_far_from_a_level_as_it_may_be():
    node = at(1.0, 988.0, 500.0)  # 1.2 % of z, 2.4 % of the distance
    side = side_of(node, best=at(0.0, slope=500.0))
    assert _profile._finished(side, node, None, 1000.0) == pytest.approx(1.024)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_narrow_bracket_is_a_point(sign):
    for gap, found in ((1.9e-5, sign * (2.0 + 0.95e-5)), (2.1e-5, None)):
        low, high = at(sign * 2.0, 0.5, 0.0), at(sign * (2.0 + gap), 1.5, 0.0)
        value = _profile._finished(side_of(low, high, sign=sign), low, high, 1.0)
        assert value == (None if found is None else pytest.approx(found, rel=1e-9))


@pytest.mark.parametrize("scale", [-10.0, -1.0, 1.0, 10.0])
@pytest.mark.parametrize("level", [1.0, 5.0])
@pytest.mark.parametrize(
    "slope, off, found",
    [
        (1.0, 0.15, True),
        (1.0, 0.2, True),
        (1.0, 0.25, False),
        (0.999, 0.15, True),
        (0.99, 0.15, False),
        (0.0, 0.15, False),
        (-1.0, 0.15, False),
    ],
)
def test_two_ways_to_interpolate_that_agree(scale, level, slope, off, found):
    """Of the line z / level = t / scale; the nearer of two nodes has a slope of its own."""
    rate = level / abs(scale)
    low, high = at(scale * (1.0 - off), level * (1.0 - off), rate * slope), at(scale * 1.5, level * 1.5, rate)
    side = side_of(low, high, best=at(0.0, slope=rate), sign=math.copysign(1, scale))
    value = _profile._finished(side, low, high, level)
    assert value == (pytest.approx(scale, rel=3e-4) if found else None)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    "distance, settings, wall, expected",
    [
        (1.0, {"bound": 1.0}, None, (math.nan, Missing.AT_BOUND)),
        (1.0, {"bound": 1.01}, None, None),
        (1.0, {}, (1.009, Missing.NOT_FINITE), (math.nan, Missing.NOT_FINITE)),
        (1.0, {}, (1.0, Missing.NOT_FINITE), (math.nan, Missing.NOT_FINITE)),
        (1.0, {}, (1.009, TOO_FAR), (math.nan, Missing.NOT_CONVERGED)),
        (1.0, {}, (1.011, TOO_FAR), None),
        (1e-4, {}, (1.09e-4, TOO_FAR), (math.nan, Missing.NOT_CONVERGED)),
        (1e-4, {}, (1.2e-4, TOO_FAR), None),
        (1e-4, {"unit": 100.0}, (9e-4, TOO_FAR), (math.nan, Missing.NOT_CONVERGED)),
        (1e-4, {"unit": 100.0}, (1.2e-3, TOO_FAR), None),
        (1e9, {}, None, None),
        (1.1e9, {}, None, (INF, Missing.FLAT)),
        (1.1e9, {"unit": 2.0}, None, None),
    ],
)
def test_ends_of_a_search(sign, distance, settings, wall, expected):
    low = at(sign * distance, 0.5)
    side = side_of(low, sign=sign, **settings)
    side.wall = wall
    ended = _profile._ended(side, low, 1.0)
    if expected is None:
        assert ended is None
    else:
        assert ended.missing == expected[1]
        assert ended.value == sign * INF or math.isnan(expected[0])


@pytest.mark.parametrize(
    "rises, level2, flat",
    [
        ((1.0, 1.5, 1.75), 2.05, True),  # a geometric series with the limit 2
        ((1.0, 1.5, 1.75), 2.03, False),  # too close to it
        ((1.0, 1.5, 1.89), 9.0, True),  # a slow one
        ((1.0, 1.5, 1.91), 9.0, False),
        ((1.0, 1.5, 1.5 + 8e-5), 9.0, True),
        ((1.0, 1.0, 1.0 + 8e-5), 9.0, True),
        ((0.0, 0.0, 1e-5 * 9.0), 9.0, True),
        ((1.0, 1.0, 1.0 + 1e-4), 9.0, False),
        ((1.0, 1.5, 1.4), 9.0, False),
    ],
)
def test_profiles_that_level_off(rises, level2, flat):
    nodes = [at(t, math.sqrt(rise), rise=rise) for t, rise in zip((10.0, 20.0, 30.0), rises)]
    assert _profile._levels_off(side_of(*nodes), math.sqrt(level2)) is flat
    assert _profile._levels_off(side_of(*nodes, unit=1.01), math.sqrt(level2)) is False
    assert _profile._levels_off(side_of(*nodes[1:], best=at(25.0)), math.sqrt(level2)) is False
    ended = _profile._ended(side_of(*nodes), nodes[-1], math.sqrt(level2))
    assert (ended == Crossing(INF, Missing.FLAT)) == flat
    assert _profile._ended(side_of(*nodes, bound=99.0), nodes[-1], math.sqrt(level2)) is None


def test_interrupted_search_keeps_what_was_found():
    evaluate, _ = profile(lambda t: t, lambda t: 1.0)

    def interrupted(t, start, first):
        if t > 1.5:
            raise KeyboardInterrupt
        return evaluate(t, start, first)

    side = side_of(evaluate=interrupted)
    found = crossings(side, [1.0, 2.0, 3.0])
    assert found[0].value == pytest.approx(1.0)
    assert found[1] is found[2] is INTERRUPTED
    assert INTERRUPTED.missing == Missing.INTERRUPTED


def test_nothing_is_evaluated_after_an_interrupt():
    calls = []

    def evaluate(t, start, first):
        calls.append(t)
        raise KeyboardInterrupt

    side = side_of(at(1.0, 1.0), at(9.0, 9.0, 2.0), evaluate=evaluate)
    assert crossings(side, [2.0, 3.0]) == [INTERRUPTED] * 2
    assert len(calls) == 1


def test_nothing_is_evaluated_for_a_level_above_one_that_is_not_reached():
    wall = lambda t: t if t < 1.5 else math.nan
    once, calls = search(wall, lambda t: 1.0, [2.0])
    twice, more = search(wall, lambda t: 1.0, [2.0, 3.0])
    assert [crossing.missing for crossing in (*once, *twice)] == [Missing.NOT_FINITE] * 3
    assert more == calls


def test_a_level_is_found_above_one_that_is_lost_between_nodes():
    side = side_of(at(1.0, 1.0), at(3.0, 3.0), evaluate=lambda *args: Failure(Missing.NOT_FINITE))
    lost, found = crossings(side, [2.0, 3.0])
    assert lost.missing == Missing.NOT_FINITE
    assert found == Crossing(3.0)


def test_failures_are_counted_from_the_last_success():
    calls = []

    def evaluate(t, start, first):
        calls.append(t)
        return at(t, 1.5) if len(calls) == 1 else Failure(Missing.NOT_FINITE)

    side = side_of(at(1.0, 1.0), at(3.0, 3.0), evaluate=evaluate)
    assert crossings(side, [2.0])[0].missing == Missing.NOT_FINITE
    assert len(calls) == 1 + 13


def test_points_without_residual_between_two_nodes():
    calls = []

    def evaluate(t, start, first):
        calls.append(t)
        return Failure(Missing.NOT_FINITE)

    assert (
        crossings(side_of(at(1.0, 1.0), at(3.0, 3.0), evaluate=evaluate), [2.0])[0].missing
        == Missing.NOT_FINITE
    )
    assert len(calls) == 13
    assert calls == sorted(calls, reverse=True)
    assert 1.0 < calls[-1] < calls[0] < 3.0


def test_a_failure_makes_steps_shorter():
    side = side_of(at(1.0, 1.0), evaluate=lambda *args: Failure(Missing.NOT_FINITE), maxiter=1)
    assert crossings(side, [9.0]) == [Crossing(pytest.approx(math.nan, nan_ok=True), Missing.MAXITER)]
    assert side.wall == (3.0, Missing.NOT_FINITE)
    assert side.growth == pytest.approx(1.6)


@pytest.mark.parametrize(
    "origin, unit, places, t", [(1.0, 1.0, (2.0, 5.0), 3.0), (1.0, 0.5, (0.5, -0.5), -0.3)]
)
def test_prediction_between_nodes_is_exact_for_another_power(origin, unit, places, t):
    distance = lambda t: 1.0 + abs(t - origin) / unit
    value = lambda t: np.array([2.0 + 3.0 * distance(t) - 5.0 / distance(t) + 7.0 / distance(t) ** 2])

    def node(t):
        rate = math.copysign(1.0 / unit, t - origin)
        return at(t, x=value(t)[0], tangent=rate * (3.0 + 5.0 / distance(t) ** 2 - 14.0 / distance(t) ** 3))

    found = predicted([node(place) for place in places], t, origin, unit)
    assert found == pytest.approx(value(t), rel=1e-9)


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_prediction_outside_takes_two_nodes_but_one_tangent(scale):
    near, other = at(5.0 * scale, x=5.2, tangent=0.96 / scale), at(2.0 * scale, x=2.5, tangent=99.0)
    assert predicted([other, near], 10.0 * scale, origin=scale, unit=scale) == pytest.approx(10.1)


def test_prediction_takes_no_node_that_is_too_close():
    near, other = at(2.0, x=1.0, tangent=2.0), at(1.52, x=9.0, tangent=99.0)
    assert predicted([other, near], 4.0, origin=0.0, unit=1.0) == pytest.approx(1.0 + 2.0 * 2.0)
    value, rate = lambda t: 1 / (1 + t), lambda t: -1 / (1 + t) ** 2
    near, other = (at(t, x=value(t), tangent=rate(t)) for t in (2.0, 1.5))  # a quarter of the step
    assert predicted([other, near], 4.0, origin=0.0, unit=1.0) == pytest.approx(value(4.0))


def linear(n=20, k=3):
    rng = np.random.default_rng(5)
    A, b = rng.normal(size=(n, k)) * [1.0, 1e3, 1e-4], rng.normal(size=n)
    best = np.linalg.lstsq(A, b, rcond=None)[0]
    return A, b, best


def refitter(function, best, lower=None, upper=None, **kws):
    n = len(best)
    limits = np.full(n, -INF) if lower is None else lower, np.full(n, INF) if upper is None else upper
    return Refitter(function, *limits, best, function(best.tolist()), **{"rise": 0.1, **kws})


@pytest.mark.parametrize("fixed", [[0], [1], [2], [0, 2]])
def test_refits_of_a_linear_problem_are_exact(fixed):
    A, b, best = linear()
    calls = []

    def residual(v):
        calls.append(v)
        return A @ v - b

    fits = refitter(residual, best)
    before = len(calls)
    start = best.copy()
    start[fixed] *= 1.5
    found = fits.refit(start, fixed)
    free = [j for j in range(3) if j not in fixed]
    rest = b - A[:, fixed] @ start[fixed]
    x, (cost,) = np.linalg.lstsq(A[:, free], rest, rcond=None)[:2]
    assert found.state is State.CONVERGED
    assert found.cost == pytest.approx(cost)
    np.testing.assert_allclose(found.x[free], x, rtol=1e-6)
    np.testing.assert_allclose(found.gradient, 2 * A[:, fixed].T @ (A @ found.x - b), rtol=1e-5)
    tangent = -np.linalg.lstsq(A[:, free], A[:, fixed], rcond=None)[0]
    np.testing.assert_allclose(found.tangent[free], tangent, rtol=1e-5)
    assert len(calls) - before <= 2


@pytest.mark.parametrize("room", [0.0, 1e3])
def test_refit_within_bounds(room):
    A, b, best = linear()
    upper = np.array([INF, INF, best[2] + room])
    fits = refitter(lambda v: A @ v - b, best, upper=upper)
    rng = np.random.default_rng(1)
    for shift in rng.normal(size=4):
        start = best + np.array([shift, 0, 0])
        found = fits.refit(start, [0])
        unbounded = np.linalg.lstsq(A[:, 1:], b - A[:, 0] * start[0], rcond=None)[0]
        with_bound = [1] if unbounded[1] > upper[2] else [1, 2]
        held = np.where(np.isin(range(3), with_bound), 0.0, [start[0], 0.0, upper[2]])
        rest = np.linalg.lstsq(A[:, with_bound], b - A @ held, rcond=None)[1][0]
        assert found.x[2] <= upper[2]
        assert found.cost == pytest.approx(rest)


def test_refit_of_a_curved_problem_with_two_ways_to_get_derivatives():
    t = np.linspace(0, 4, 60)
    data = 3 * np.exp(-t / 1.5) + 0.05 * np.cos(50 * t)

    def residual(v):
        return v[0] * np.exp(-t / v[1]) - data

    def derivative(v):
        decay = np.exp(-t / v[1])
        return np.column_stack([decay, v[0] * t / v[1] ** 2 * decay])

    best = np.array([3.0, 1.5])
    for tau in (1.2, 1.9):
        decay = np.exp(-t / tau)
        amp = decay @ data / (decay @ decay)
        cost = np.sum((amp * decay - data) ** 2)
        for known in (None, derivative):
            found = refitter(residual, best, rise=1e-3, derivative=known).refit(np.array([3.0, tau]), [1])
            assert found.cost == pytest.approx(cost, rel=1e-3)
            assert found.x[0] == pytest.approx(amp, rel=1e-3)


def test_a_step_is_not_bent_by_what_cannot_be_seen():
    fits = refitter(lambda v: np.array([v[0], v[1] ** 2 if v[1] < 1.01 else np.nan]), np.array([0.0, 1.0]))
    linear, step = _Linear(fits.jacobian[:, [1]], fits.here.residual), np.array([0.5])
    assert fits._bent(linear, step, [1], 0.0) is step
    bent = fits._bent(linear, -step, [1], 0.0)
    assert bent[0] == pytest.approx(-0.5 - 0.5 * 0.5**2, rel=1e-4)


def test_derivatives_that_are_not_finite_end_a_refit():
    def derivative(v):
        return np.array([[1.0, 0.0], [0.0, 1.0 if v[0] == 1.0 else np.nan]])

    fits = refitter(lambda v: np.array([v[0], v[1] * v[0] - 2]), np.array([1.0, 2.0]), derivative=derivative)
    found = fits.refit(np.array([5.0, 2.0]), [0])
    assert found.state is State.STUCK


def test_a_column_that_cannot_be_measured_stays_as_it_was():
    def residual(v):
        return np.array([v[0], 2.0 * v[1] if v[1] == 3.0 else np.nan])

    known = np.array([[1.0, 0.0], [0.0, 2.0]])
    fits = refitter(residual, np.array([0.0, 3.0]), jacobian=known)
    fits._difference(1)
    np.testing.assert_array_equal(fits.jacobian, known)


def test_start_that_is_too_far_or_not_finite():
    fits = refitter(lambda v: np.array([v[0], np.log(v[1]) if v[1] > 0 else np.nan]), np.array([0.0, 1.0]))
    assert fits.refit(np.array([100.0, 1.0]), [0], ceiling=10.0).state is State.TOO_FAR
    assert fits.refit(np.array([0.0, -1.0]), [1]).state is State.NOT_FINITE


def test_grid_of_a_quadratic_form():
    A, b, best = linear()
    fits = refitter(lambda v: A @ v - b, best, slopes=False)
    xs, ys = best[0] + np.linspace(-1, 1, 7), best[1] + np.linspace(-1e-3, 2e-3, 6)
    grid = walked(
        lambda values, start, **_: _held(fits, values, start), fits.at_best([0, 1]), best[:2], xs, ys
    )
    expected = [[np.linalg.lstsq(A[:, 2:], b - A[:, :2] @ [x, y], rcond=None)[1][0] for x in xs] for y in ys]
    np.testing.assert_allclose(grid.cost, expected, rtol=1e-6)


def _held(fits, values, start):
    start = start.copy()
    start[:2] = values
    return fits.refit(start, [0, 1])


@pytest.mark.parametrize(
    "terms, moving, expected",
    [
        ([(0, 2), (1, 3)], [0], [[1, 0, 3, 2]]),  # a, a', t, t'
        ([(0, 1), (2, 3)], [3], [[2, 3, 0, 1]]),  # a, t, a', t'
        ([(1, 2), (3, 4)], [0], []),  # the one that moves belongs to no term
        ([(0, 3), (1, 4), (2, 5)], [1], [[1, 0, 2, 4, 3, 5], [0, 2, 1, 3, 5, 4]]),
    ],
)
def test_exchanges_of_equal_terms(terms, moving, expected):
    x = np.array([2.0, -5.0, 3.5, 1.1, 7.3, 0.4])[: 1 + max(map(max, terms))]

    def cost(v):
        own = [np.sin(v[one]) * v[two] ** 2 for one, two in terms]
        return sum(own) + 3.0 * v[0] * (not any(0 in term for term in terms))

    assert [p.tolist() for p in exchanges(cost, x, moving)] == expected
    assert exchanges(cost, x, moving, most=0) == []


@pytest.mark.parametrize("kind", [F_TEST, KNOWN_ERRORS, LIKELIHOOD])
@pytest.mark.parametrize("nfix", [1, 2])
def test_levels_and_back(kind, nfix):
    levels = Levels(kind, scale=0.5, nfree=17, ndata=20, cost=8.5)
    for prob in (0.1, 0.6827, 0.9973):
        assert levels.probability(levels.rise(prob, nfix), nfix) == pytest.approx(prob)
    assert levels.probability(0.0, nfix) == levels.probability(-1.0, nfix) == 0.0
    assert math.isnan(levels.probability(math.nan, nfix))


def test_f_formula_of_the_manual():
    levels = Levels(F_TEST, scale=8.5 / 17, nfree=17, ndata=20, cost=8.5)
    assert levels.probability(1.5) == pytest.approx(f_probability(20, 3, 10.0, 8.5))


def test_known_errors_are_standard_normal():
    assert Levels(KNOWN_ERRORS, 1.0, 17, 20, 8.5).rise(probability_of(2)) == pytest.approx(4.0)


def test_numbers_of_sigma_begin_at_one():
    assert probability_of(0.95) == 0.95
    assert probability_of(2) == pytest.approx(0.9545, abs=1e-4)
