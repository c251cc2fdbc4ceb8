"""An engine of one's own: particle swarm
======================================

An engine is one function and one decorator (:doc:`/extending` explains both). This one lets a swarm of points
fly through the box of the bounds, each drawn to the best place that it has seen and to the best that all have
seen (J. Kennedy and R. Eberhart, Proc. IEEE Int. Conf. Neural Networks (1995) 1942). Counting, limits,
callbacks, expressions, standard errors and the report are done for it.
"""

import matplotlib.pyplot as plt
import numpy as np

from lmfit import Parameters, minimize, report_fit
from lmfit.engines import Objective, Outcome, Space, generator, register


@register(
    "swarm",
    space=Space.EXTERNAL,
    objective=Objective.SCALAR,
    title="Particle swarm",
    options=("particles", "rounds", "seed"),
    needs_bounds=True,
    stochastic=True,
)
def swarm(view, options):
    """Fly through the box."""
    rng = generator(options.pop("seed", None))
    shape = options.get("particles", 30), view.start.size
    place = rng.uniform(view.lower, view.upper, shape)
    place[0] = view.start
    own, speed = place.copy(), np.zeros(shape)
    lowest = np.array([view.cost(at) for at in place])
    for _ in range(options.get("rounds", 60)):
        leader = own[np.argmin(lowest)]
        to_own, to_leader = rng.random(shape), rng.random(shape)
        speed = 0.73 * speed + 1.5 * to_own * (own - place) + 1.5 * to_leader * (leader - place)
        place = np.clip(place + speed, view.lower, view.upper)
        cost = np.array([view.cost(at) for at in place])
        better = cost < lowest
        own[better], lowest[better] = place[better], cost[better]
    return Outcome(success=True, message=f"the swarm has flown {len(place)} particles home")


# %%
# A sine of unknown frequency and phase has many minima. The engine is used like any other.

x = np.linspace(0, 10, 60)
data = np.sin(4.3 * x + 1.0) + np.random.default_rng(1).normal(0, 0.3, x.size)


def residual(params, x, data):
    """Return model - data."""
    return np.sin(params["frequency"] * x + params["phase"]) - data


params = Parameters()
params.add("frequency", value=2, min=0.5, max=8)
params.add("phase", value=0, min=-np.pi, max=np.pi)
params.add("period", expr="2*pi / frequency")

way = []
out = minimize(
    residual,
    params,
    args=(x, data),
    method="swarm",
    seed=3,
    iter_cb=lambda params, *_: way.append((params["frequency"].value, params["phase"].value)),
)
report_fit(out)

frequencies, phases = np.linspace(0.5, 8, 200), np.linspace(-np.pi, np.pi, 120)
waves = np.sin(frequencies[:, None] * x + phases[:, None, None])
figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
filled = axes.contourf(frequencies, phases, np.sum((waves - data) ** 2, axis=-1), 20, cmap="Blues_r")
figure.colorbar(filled, label="chi-square")
order = np.arange(len(way))
axes.scatter(*np.transpose(way), c=order, s=8, cmap="autumn", label="from first (red) to last (yellow)")
axes.plot(out.params["frequency"], out.params["phase"], "k*", ms=15, label="solution")
axes.set(xlabel="frequency", ylabel="phase")
axes.legend(loc="lower right", fontsize="small")
figure.savefig("custom_engine.png", dpi=120)
