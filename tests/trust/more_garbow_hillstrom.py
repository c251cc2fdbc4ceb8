"""The test problems of Moré, Garbow and Hillstrom, with their published minima.

J. J. Moré, B. S. Garbow and K. E. Hillstrom, "Testing unconstrained optimization software",
ACM Trans. Math. Softw. 7 (1981) 17, section 3. Numbers and names are those of the paper; all of its problems
are sums of squares. The formula of problem 11 is that of the paper's program: the printed one has a misprint.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Reference:
    """A problem: residual, standard start and the published minima of the sum of squares.

    `minima` holds the global minimum first and then the local ones that the paper gives.
    """

    number: int
    name: str
    residual: Callable
    start: tuple
    minima: tuple

    def __str__(self):
        return f"{self.number}-{self.name.replace(' ', '-')}-{len(self.start)}"


def rosenbrock(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def freudenstein_roth(x):
    return np.array(
        [
            -13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1],
            -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1],
        ]
    )


def powell_badly_scaled(x):
    return np.array([1e4 * x[0] * x[1] - 1, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001])


def brown_badly_scaled(x):
    return np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


def beale(x):
    power = np.arange(1, 4)
    return np.array([1.5, 2.25, 2.625]) - x[0] * (1 - x[1] ** power)


def jennrich_sampson(x):
    i = np.arange(1, 11)
    return 2 + 2 * i - (np.exp(i * x[0]) + np.exp(i * x[1]))


def helical_valley(x):
    turn = np.arctan2(x[1], x[0]) / (2 * np.pi)
    turn += 0.0 if turn >= -0.25 else 1.0  # the paper's branch: arctan(x2/x1) + 1/2 for x1 < 0
    return np.array([10 * (x[2] - 10 * turn), 10 * (np.hypot(x[0], x[1]) - 1), x[2]])


BARD = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])


def bard(x):
    u = np.arange(1.0, 16)
    v = 16 - u
    return BARD - (x[0] + u / (v * x[1] + np.minimum(u, v) * x[2]))


GAUSSIAN = np.array([0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989])


def gaussian(x):
    t = (8 - np.arange(1, 16)) / 2
    return x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2) - np.append(GAUSSIAN, GAUSSIAN[-2::-1])


MEYER = np.array(
    [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872.0]
)


def meyer(x):
    return x[0] * np.exp(x[1] / (45 + 5 * np.arange(1, 17) + x[2])) - MEYER


def gulf(x):
    t = np.arange(1, 100) / 100
    y = 25 + (-50 * np.log(t)) ** (2 / 3)
    return np.exp(-(np.abs(y - x[1]) ** x[2]) / x[0]) - t


def box(x):
    t = np.arange(1, 11) / 10
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))


def powell_singular(x):
    a, b, c, d = np.reshape(x, (-1, 4)).T
    return np.concatenate([a + 10 * b, 5**0.5 * (c - d), (b - 2 * c) ** 2, 10**0.5 * (a - d) ** 2])


def wood(x):
    a, b, c, d = x
    return np.array(
        [
            10 * (b - a**2),
            1 - a,
            90**0.5 * (d - c**2),
            1 - c,
            10**0.5 * (b + d - 2),
            (b - d) / 10**0.5,
        ]
    )


KOWALIK = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])


def kowalik_osborne(x):
    u = np.array([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])
    return KOWALIK - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


def brown_dennis(x):
    t = np.arange(1, 21) / 5
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


OSBORNE_1 = np.fromstring(
    """0.844 0.908 0.932 0.936 0.925 0.908 0.881 0.850 0.818 0.784 0.751 0.718 0.685 0.658 0.628 0.603
    0.580 0.558 0.538 0.522 0.506 0.490 0.478 0.467 0.457 0.448 0.438 0.431 0.424 0.420 0.414 0.411 0.406""",
    sep=" ",
)


def osborne_1(x):
    t = 10.0 * np.arange(33)
    return OSBORNE_1 - (x[0] + x[1] * np.exp(-t * x[3]) + x[2] * np.exp(-t * x[4]))


def biggs(x):
    t = np.arange(1, 14) / 10
    y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    return x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4]) - y


OSBORNE_2 = np.fromstring(
    """1.366 1.191 1.112 1.013 0.991 0.885 0.831 0.847 0.786 0.725 0.746 0.679 0.608 0.655 0.616 0.606 0.602
    0.626 0.651 0.724 0.649 0.649 0.694 0.644 0.624 0.661 0.612 0.558 0.533 0.495 0.500 0.423 0.395 0.375
    0.372 0.391 0.396 0.405 0.428 0.429 0.523 0.562 0.607 0.653 0.672 0.708 0.633 0.668 0.645 0.632 0.591
    0.559 0.597 0.625 0.739 0.710 0.729 0.720 0.636 0.581 0.428 0.292 0.162 0.098 0.054""",
    sep=" ",
)


def osborne_2(x):
    t = np.arange(65) / 10
    peaks = [x[k] * np.exp(-((t - x[k + 7]) ** 2) * x[k + 4]) for k in (1, 2, 3)]
    return OSBORNE_2 - (x[0] * np.exp(-t * x[4]) + sum(peaks))


def watson(x):
    t = np.arange(1, 30)[:, np.newaxis] / 29
    j = np.arange(len(x))
    slope = t ** np.maximum(j - 1, 0) @ (j * x)
    return np.concatenate([slope - (t**j @ x) ** 2 - 1, [x[0], x[1] - x[0] ** 2 - 1]])


def extended_rosenbrock(x):
    return np.concatenate([10 * (x[1::2] - x[::2] ** 2), 1 - x[::2]])


def penalty_1(x):
    return np.append(1e-5**0.5 * (x - 1), x @ x - 0.25)


def penalty_2(x):
    n, grown = len(x), np.exp(x / 10)
    i = np.arange(2, n + 1)
    pairs = grown[1:] + grown[:-1] - (np.exp(i / 10) + np.exp((i - 1) / 10))
    singles = grown[1:] - np.exp(-0.1)
    last = np.arange(n, 0, -1) @ x**2 - 1
    return np.concatenate([[x[0] - 0.2], 1e-5**0.5 * pairs, 1e-5**0.5 * singles, [last]])


def variably_dimensioned(x):
    total = np.arange(1, len(x) + 1) @ (x - 1)
    return np.append(x - 1, [total, total**2])


def trigonometric(x):
    i = np.arange(1, len(x) + 1)
    return len(x) - np.cos(x).sum() + i * (1 - np.cos(x)) - np.sin(x)


def brown_almost_linear(x):
    return np.append((x + x.sum() - (len(x) + 1))[:-1], np.prod(x) - 1)


def discrete_boundary_value(x):
    n = len(x)
    t = np.arange(1, n + 1) / (n + 1)
    around = np.concatenate([[0], x, [0]])
    return 2 * x - around[:-2] - around[2:] + (x + t + 1) ** 3 / (2 * (n + 1) ** 2)


def discrete_integral_equation(x):
    n = len(x)
    t = np.arange(1, n + 1) / (n + 1)
    cubes = (x + t + 1) ** 3
    below = np.cumsum(t * cubes)
    above = np.sum((1 - t) * cubes) - np.cumsum((1 - t) * cubes)
    return x + ((1 - t) * below + t * above) / (2 * (n + 1))


def broyden_tridiagonal(x):
    around = np.concatenate([[0], x, [0]])
    return (3 - 2 * x) * x - around[:-2] - 2 * around[2:] + 1


def broyden_banded(x):
    near = np.tri(len(x), k=1) - np.tri(len(x), k=-6) - np.eye(len(x))
    return x * (2 + 5 * x**2) + 1 - near @ (x * (1 + x))


def linear_full_rank(x):
    return np.concatenate([x, np.zeros(10)]) - 2 * x.sum() / (len(x) + 10) - 1


def linear_rank_1(x):
    return np.arange(1, 21) * (np.arange(1, len(x) + 1) @ x) - 1


def linear_rank_1_with_zeros(x):
    inner = np.arange(2, len(x)) @ x[1:-1]
    return np.concatenate([[-1], np.arange(1, 19) * inner - 1, [-1]])


def chebyquad(x):
    n = len(x)
    powers = np.polynomial.chebyshev.chebvander(2 * np.asarray(x) - 1, n)[:, 1:]
    i = np.arange(1, n + 1)
    integrals = np.where(i % 2 == 0, -1.0 / np.maximum(i**2 - 1, 1), 0.0)
    return powers.mean(axis=0) - integrals


def _points(n):
    return np.arange(1, n + 1) / (n + 1)


_CURVED = tuple(_points(10) * (_points(10) - 1))


PROBLEMS = [
    Reference(1, "Rosenbrock", rosenbrock, (-1.2, 1), (0,)),
    Reference(2, "Freudenstein and Roth", freudenstein_roth, (0.5, -2), (0, 48.9842)),
    Reference(3, "Powell badly scaled", powell_badly_scaled, (0, 1), (0,)),
    Reference(4, "Brown badly scaled", brown_badly_scaled, (1, 1), (0,)),
    Reference(5, "Beale", beale, (1, 1), (0,)),
    Reference(6, "Jennrich and Sampson", jennrich_sampson, (0.3, 0.4), (124.362,)),
    Reference(7, "helical valley", helical_valley, (-1, 0, 0), (0,)),
    Reference(8, "Bard", bard, (1, 1, 1), (8.21487e-3, 17.4286)),
    Reference(9, "Gaussian", gaussian, (0.4, 1, 0), (1.12793e-8,)),
    Reference(10, "Meyer", meyer, (0.02, 4000, 250), (87.9458,)),
    Reference(11, "Gulf research and development", gulf, (5, 2.5, 0.15), (0,)),
    Reference(12, "Box three-dimensional", box, (0, 10, 20), (0,)),
    Reference(13, "Powell singular", powell_singular, (3, -1, 0, 1), (0,)),
    Reference(14, "Wood", wood, (-3, -1, -3, -1), (0,)),
    Reference(
        15, "Kowalik and Osborne", kowalik_osborne, (0.25, 0.39, 0.415, 0.39), (3.07505e-4, 1.02734e-3)
    ),
    Reference(16, "Brown and Dennis", brown_dennis, (25, 5, -5, -1), (85822.2,)),
    Reference(17, "Osborne 1", osborne_1, (0.5, 1.5, -1, 0.01, 0.02), (5.46489e-5,)),
    Reference(18, "Biggs EXP6", biggs, (1, 2, 1, 1, 1, 1), (0, 5.65565e-3)),
    Reference(19, "Osborne 2", osborne_2, (1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5), (4.01377e-2,)),
    Reference(20, "Watson", watson, (0,) * 6, (2.28767e-3,)),
    Reference(20, "Watson", watson, (0,) * 9, (1.39976e-6,)),
    Reference(20, "Watson", watson, (0,) * 12, (4.72238e-10,)),
    Reference(21, "extended Rosenbrock", extended_rosenbrock, (-1.2, 1) * 5, (0,)),
    Reference(22, "extended Powell singular", powell_singular, (3, -1, 0, 1) * 3, (0,)),
    Reference(23, "penalty 1", penalty_1, tuple(range(1, 5)), (2.24997e-5,)),
    Reference(23, "penalty 1", penalty_1, tuple(range(1, 11)), (7.08765e-5,)),
    Reference(24, "penalty 2", penalty_2, (0.5,) * 4, (9.37629e-6,)),
    Reference(24, "penalty 2", penalty_2, (0.5,) * 10, (2.93660e-4,)),
    Reference(25, "variably dimensioned", variably_dimensioned, tuple(1 - np.arange(1, 11) / 10), (0,)),
    Reference(26, "trigonometric", trigonometric, (0.1,) * 10, (0, 2.79506e-5)),
    Reference(27, "Brown almost-linear", brown_almost_linear, (0.5,) * 10, (0, 1)),
    Reference(28, "discrete boundary value", discrete_boundary_value, _CURVED, (0,)),
    Reference(
        29,
        "discrete integral equation",
        discrete_integral_equation,
        tuple(_points(10) * (_points(10) - 1)),
        (0,),
    ),
    Reference(30, "Broyden tridiagonal", broyden_tridiagonal, (-1,) * 10, (0,)),
    Reference(31, "Broyden banded", broyden_banded, (-1,) * 10, (0,)),
    Reference(32, "linear full rank", linear_full_rank, (1,) * 5, (10,)),
    Reference(33, "linear rank 1", linear_rank_1, (1,) * 5, (20 * 19 / (2 * 41),)),
    Reference(34, "linear rank 1 with zeros", linear_rank_1_with_zeros, (1,) * 5, (454 / 74,)),
    Reference(35, "Chebyquad", chebyquad, tuple(_points(8)), (3.51687e-3,)),
    Reference(35, "Chebyquad", chebyquad, tuple(_points(9)), (0,)),
    Reference(35, "Chebyquad", chebyquad, tuple(_points(10)), (6.50395e-3, 4.77271e-3)),
]
