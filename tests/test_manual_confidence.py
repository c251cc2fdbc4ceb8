"""Chapter 4 of the manual, to the letter."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from scipy import special

import lmfit
from lmfit import conf_interval, conf_interval2d
from lmfit.printfuncs import report_ci

x = np.linspace(0.3, 10, 100)


@pytest.fixture
def basic():
    np.random.seed(0)  # noqa: NPY002
    y = 1 / (0.1 * x) + 2 + 0.1 * np.random.randn(x.size)  # noqa: NPY002
    p = lmfit.Parameters()
    p.add_many(("a", 0.1), ("b", 1))

    def residual(p):
        a = p["a"].value
        b = p["b"].value
        return 1 / (a * x) + b - y

    mi = lmfit.minimize(residual, p)
    assert mi.leastsq()
    return mi


@pytest.fixture
def advanced():
    np.random.seed(1)  # noqa: NPY002
    y = 3 * np.exp(-x / 2.0) - 5 * np.exp(-x / 10.0) + 0.2 * np.random.randn(x.size)  # noqa: NPY002
    p = lmfit.Parameters()
    p.add_many(("a1", 5), ("a2", -5), ("t1", 2), ("t2", 5))

    def residual(p):
        a1, a2, t1, t2 = [i.value for i in p.values()]
        return a1 * np.exp(-x / t1) + a2 * np.exp(-x / t2) - y

    mi = lmfit.minimize(residual, p)
    assert mi.leastsq()
    return mi


def probability(mi, **fixed):
    """The F formula of 4.1 for parameters fixed at values, by a fit of its own."""
    params = mi.params.copy()
    for name, value in fixed.items():
        params[name].set(value=value, vary=False)
    chisqr = lmfit.minimize(mi.userfcn, params).chisqr
    free = mi.ndata - mi.nvarys
    return special.fdtr(len(fixed), free, max(chisqr / mi.chisqr - 1, 0) * free / len(fixed))


def test_basic_example_prints_the_table_of_the_manual(basic, capsys):
    ci = lmfit.conf_interval(basic)
    lmfit.printfuncs.report_ci(ci)
    head, *rows = capsys.readouterr().out.splitlines()
    assert head == "      99.70%     95.00%     67.40%      0.00%     67.40%     95.00%     99.70%"
    assert [row[0] for row in rows] == ["a", "b"]
    assert all(re.fullmatch(r"[ab]( +\d\.\d{5}){7}", row) for row in rows)
    assert len(ci["a"]) == 7
    assert ci["a"][3] == (0.0, basic.params["a"].value)


def test_basic_example_agrees_with_the_standard_errors(basic):
    for name, pairs in conf_interval(basic).items():
        par = basic.params[name]
        assert pairs[4][1] - par.value == pytest.approx(par.stderr, rel=0.03)
        assert par.value - pairs[2][1] == pytest.approx(par.stderr, rel=0.03)


@pytest.mark.parametrize("example, sigmas", [("basic", None), ("advanced", [0.68, 0.95])])
def test_limits_satisfy_the_formula(example, sigmas, request):
    mi = request.getfixturevalue(example)
    for name, pairs in conf_interval(mi, sigmas=sigmas).items():
        for prob, value in pairs:
            assert probability(mi, **{name: value}) == pytest.approx(prob, abs=1e-3)


def test_advanced_example_with_trace(advanced, capsys):
    ci, trace = lmfit.conf_interval(advanced, sigmas=[0.68, 0.95], trace=True, verbose=0)
    report_ci(ci)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == lines[2].split() == ["95.00%", "68.00%", "0.00%", "68.00%", "95.00%"]
    assert [line.split()[0] for line in lines[1::2]] == ["a1", "a2", "t1", "t2"]
    x, y, prob = trace["a1"]["a1"], trace["a1"]["t2"], trace["a1"]["prob"]
    assert len(x) == len(y) == len(prob) > 5
    assert (np.diff(x) > 0).all()
    assert set(trace["t2"]) == {"a1", "a2", "t1", "t2", "prob"}
    for value, found in list(zip(x, prob))[::3]:
        assert probability(advanced, a1=value) == pytest.approx(found, abs=2e-3)


def test_regular_estimate_is_too_small(advanced):
    ci = conf_interval(advanced, sigmas=[0.6827])
    par = advanced.params["a1"]
    assert ci["a1"][2][1] - par.value > 1.1 * par.stderr


def test_region_can_be_drawn(advanced):
    mpl.use("agg")
    import matplotlib.pyplot as plt

    x, y, grid = lmfit.conf_interval2d(advanced, "a1", "t2", 30, 30)
    assert (x.shape, y.shape, grid.shape) == ((30,), (30,), (30, 30))
    figure = plt.figure()
    drawn = plt.contourf(x, y, grid, np.linspace(0, 1, 11))
    plt.xlabel("a1")
    plt.colorbar()
    plt.ylabel("t2")
    assert len(drawn.levels) == 11
    plt.close(figure)


def test_region_holds_probabilities(advanced):
    x, y, grid = conf_interval2d(advanced, "a1", "t2", 7, 6)
    assert grid.shape == (6, 7)
    for row in range(0, 6, 2):
        for column in range(0, 7, 2):
            if grid[row, column] < 0.9999:
                expected = probability(advanced, a1=x[column], t2=y[row])
                assert grid[row, column] == pytest.approx(expected, abs=2e-3)


def test_order_of_the_arguments_is_that_of_the_manual(basic):
    ci, trace = conf_interval(basic, ["a"], (0.25, 0.5, 0.75, 0.999), True, 200, False, None)
    assert list(ci) == list(trace) == ["a"]
    assert [prob for prob, _ in ci["a"]] == [0.999, 0.75, 0.5, 0.25, 0.0, 0.25, 0.5, 0.75, 0.999]
    limits = ((0.102, 0.098), (2.1, 1.9))
    x, y, _grid = conf_interval2d(basic, "a", "b", 3, 4, limits, None)
    np.testing.assert_allclose(x, [0.098, 0.1, 0.102])
    assert y[[0, -1]].tolist() == [1.9, 2.1]


def test_prob_func_of_the_manual(basic):
    seen = []

    def prob_func(ndata, nparas, new_chi, best_chi, nfix=1.0):
        seen.append((ndata, nparas, best_chi, nfix))
        return lmfit.f_compare(ndata, nparas, new_chi, best_chi, nfix)

    ci, plain = conf_interval(basic, prob_func=prob_func), conf_interval(basic)
    assert {entry[:2] for entry in seen} == {(100, 2)}
    for name in ci:
        np.testing.assert_allclose(ci[name], plain[name], rtol=1e-5)


def test_f_compare_in_the_module_of_the_manual():
    found = lmfit.confidence.f_compare(100, 4, 1.1, 1.0, nfix=2.0)
    assert found == pytest.approx(special.fdtr(2, 96, 0.1 * 96 / 2))
