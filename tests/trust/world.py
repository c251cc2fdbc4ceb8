"""Objects of a user, and whether they are as they were."""

import numpy as np

from lmfit import Parameter, create_params, minimize


class World:
    """Parameters, data and an objective that a misuse is tried on."""

    def __init__(self):
        self.x = np.linspace(0.0, 1.0, 20)
        self.y = 3 * np.exp(-self.x / 0.4) + 0.1 * np.sin(50 * self.x)
        self.keywords = {"x": self.x, "y": self.y}
        self.params = create_params(
            a={"value": 2.0, "min": 0, "max": 10}, b={"value": 1.0, "min": 0.01}, c={"expr": "2*a"}
        )
        self.foreign = Parameter("foreign", 3.0)

    @staticmethod
    def residual(params, x, y):
        return params["a"] * np.exp(-x / params["b"]) - y

    def fit(self, function=None, **settings):
        return minimize(function or self.residual, self.params, kws=self.keywords, **settings)

    def fit_returning(self, returned, **settings):
        return minimize(lambda params: returned, self.params, **settings)

    def snapshot(self):
        """All that a user can see of these objects, as plain data."""
        return (
            self.x.tobytes(),
            self.y.tobytes(),
            list(self.keywords),
            [_described(par) for par in self.params.values()],
            _described(self.foreign),
        )


def _described(par):
    names = ("name", "value", "vary", "min", "max", "expr", "brute_step", "stderr", "correl", "init_value")
    return tuple(getattr(par, name) for name in names)
