"""Random sequences of what can be done with Parameters, against a model of a few lines."""

import copy
import math
import pickle

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lmfit import Parameters
from lmfit.errors import ExpressionError, ParameterError, ParameterNameError

NAMES = st.sampled_from(["a", "b", "c", "amp_1", "Δx"])
VALUES = st.floats(-1e3, 1e3) | st.integers(-5, 5)
LOW = st.none() | st.floats(-100, 0)
HIGH = st.none() | st.floats(1, 100)
NOTHING = object()


class Simple:
    """What a parameter is: the reference."""

    def __init__(self, value, low, high):
        self.low = -math.inf if low is None else low
        self.high = math.inf if high is None else high
        self.tie = None  # (factor, name, summand)
        self.vary = True
        self.value = self.clipped(value)

    def clipped(self, value):
        return min(max(value, self.low), self.high)


class ParametersMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.params = Parameters()
        self.model = {}

    def expected(self, name, seen=()):
        """Value of a parameter, NOTHING where an expression has none."""
        if name not in self.model or name in seen:
            return NOTHING
        entry = self.model[name]
        if entry.tie is None:
            return entry.value
        factor, other, summand = entry.tie
        value = self.expected(other, (*seen, name))
        return NOTHING if value is NOTHING else entry.clipped(float(factor) * value + summand)

    def settled(self, name):
        """The value that stays when the tie goes: where it cannot be known, whatever is there."""
        value = self.expected(name)
        return value if value is not NOTHING else self.params[name]._val

    @rule(name=NAMES, value=VALUES, low=LOW, high=HIGH)
    def add(self, name, value, low, high):
        self.params.add(name, value=value, min=low, max=high)
        self.model[name] = Simple(value, low, high)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), value=VALUES)
    def set_value(self, data, value):
        name = data.draw(st.sampled_from(sorted(self.model)))
        self.params[name].value = value
        entry = self.model[name]
        entry.tie, entry.value = None, entry.clipped(value)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), low=LOW, high=HIGH)
    def set_bounds(self, data, low, high):
        name = data.draw(st.sampled_from(sorted(self.model)))
        entry = self.model[name]
        low, high = -math.inf if low is None else low, math.inf if high is None else high
        self.params[name].set(min=low, max=high)
        entry.low, entry.high = low, high
        if entry.tie is None:
            entry.value = entry.clipped(entry.value)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), vary=st.booleans())
    def set_vary(self, data, vary):
        name = data.draw(st.sampled_from(sorted(self.model)))
        entry = self.model[name]
        if vary and entry.tie is not None:
            entry.value, entry.tie = self.settled(name), None
        self.params[name].vary = vary
        entry.vary = vary

    @precondition(lambda self: self.model)
    @rule(data=st.data(), factor=st.integers(-3, 3), other=NAMES, summand=st.integers(-5, 5))
    def tie(self, data, factor, other, summand):
        name = data.draw(st.sampled_from(sorted(self.model)))
        self.params[name].expr = f"{factor}*{other} + {summand}"
        self.model[name].tie, self.model[name].vary = (factor, other, summand), False

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def untie(self, data):
        name = data.draw(st.sampled_from(sorted(self.model)))
        entry = self.model[name]
        if entry.tie is not None:
            entry.value, entry.tie = self.settled(name), None
        self.params[name].expr = ""

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data):
        name = data.draw(st.sampled_from(sorted(self.model)))
        del self.params[name]
        del self.model[name]

    @rule(way=st.sampled_from([copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))]))
    def replace_by_a_copy(self, way):
        self.params = way(self.params)

    @rule()
    def replace_by_json(self):
        if all(self.expected(name) is not NOTHING for name in self.model):
            self.params = Parameters().loads(self.params.dumps())

    @precondition(lambda self: self.model)
    @rule(data=st.data(), bad=st.sampled_from(["x", math.nan, 1j, [1, 2]]))
    def misuse(self, data, bad):
        name = data.draw(st.sampled_from(sorted(self.model)))
        with pytest.raises(ParameterError):
            self.params[name].set(value=bad, min=-1e6, max=1e6)
        with pytest.raises(ParameterError):
            self.params[name].set(value=1, min=3, max=2)
        with pytest.raises(ParameterNameError):
            self.params.add("not a name", value=1)

    @invariant()
    def order_is_that_of_the_model(self):
        assert list(self.params) == list(self.model)

    @invariant()
    def values_are_those_of_the_model(self):
        for name, entry in self.model.items():
            par = self.params[name]
            assert (par.min, par.max, par.vary) == (entry.low, entry.high, entry.vary)
            expected = self.expected(name)
            if expected is NOTHING:
                with pytest.raises(ExpressionError):
                    _ = par.value
            else:
                assert par.value == pytest.approx(expected, rel=1e-12, abs=1e-12)
                assert par.min <= par.value <= par.max


TestParameters = ParametersMachine.TestCase
TestParameters.settings = settings(max_examples=settings.default.max_examples // 2, stateful_step_count=20)
