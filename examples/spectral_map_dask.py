"""A map larger than memory: blocks of a Zarr store, fitted by Dask
================================================================

A map of a million spectra does not fit into memory, nor need it. The spectra lie on the disk in blocks, each
block is read and fitted when its turn comes, and its results go to the disk again. The script is the same for
a map of any size; this one is small, so that it takes a second or two.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import dask
import dask.array as da
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from lmfit.lineshapes import gaussian
from lmfit.models import ConstantModel, GaussianModel

folder = TemporaryDirectory()
store, results = Path(folder.name, "spectra.zarr"), Path(folder.name, "results.zarr")

# %%
# The instrument writes a block at a time: photoluminescence of a wafer, whose emission shifts from its middle
# to its edge, with two cracks.

energy = np.linspace(1.3, 1.5, 48)


def block_of(rows):
    """Return the spectra of some rows of the map."""
    y, x = np.meshgrid(np.linspace(-1, 1, 96)[rows], np.linspace(-1, 1, 96), indexing="ij")
    radius = np.hypot(x, y)
    light = (radius < 0.95) * (1.0 - 0.9 * np.exp(-(((x - 0.4 * y) % 0.8 - 0.5) ** 2) / 3e-4))
    center, sigma = 1.39 + 0.03 * radius**2, 0.012 + 0.004 * radius
    rates = gaussian(energy, 8.0 * light[..., None], center[..., None], sigma[..., None]) + 5.0
    return np.random.default_rng(rows.start).poisson(rates).astype(float)


def written():
    """Return the map as it is built up, lazily, in blocks of 16 rows."""
    read = dask.delayed(block_of)
    blocks = [da.from_delayed(read(slice(i, i + 16)), (16, 96, 48), float) for i in range(0, 96, 16)]
    return xr.DataArray(
        da.concatenate(blocks), dims=("y", "x", "energy"), coords={"energy": energy}, name="counts"
    )


spectra = written()
spectra.to_dataset().to_zarr(store, consolidated=False)
print(f"{spectra.nbytes / 1e6:.0f} MB in {spectra.data.npartitions} blocks")

# %%
# To fit it, open the store. Nothing has been read yet, and `fit_many` reads nothing either.

counts = xr.open_zarr(store, consolidated=False)["counts"]
model = GaussianModel() + ConstantModel()
start = model.make_params(
    amplitude={"value": 5.0, "min": 0.0},
    center={"value": 1.4, "min": 1.35, "max": 1.45},
    sigma={"value": 0.015, "min": 0.005, "max": 0.04},
    c=5.0,
)
lazy = model.fit_many(counts, start, axis="energy")
print(lazy)

# %%
# Writing the results is what makes Dask work: it reads, fits and writes block after block, here in this
# process. With a ``dask.distributed.Client`` the workers of a cluster do it.

maps = lazy.to_xarray(units={"center": "eV", "sigma": "eV"})
with dask.config.set(scheduler="synchronous"):
    maps[["amplitude", "center", "center_stderr"]].to_zarr(results, consolidated=False)

found = xr.open_zarr(results, consolidated=False).load()
seen = found["amplitude"] > 1.0
shift = found["center"].where(seen & (found["center_stderr"] < 0.003))
print(f"{int(shift.notnull().sum())} of {shift.size} spectra have a line whose position is known")

figure, axes = plt.subplots(1, 2, figsize=(9.0, 3.8), layout="constrained")
found["amplitude"].plot(ax=axes[0], vmin=0.0, cbar_kwargs={"label": "light (counts eV)"})
shift.plot(ax=axes[1], cmap="coolwarm", cbar_kwargs={"label": "position of the line (eV)"})
for axis in axes:
    axis.set_aspect("equal")
plt.savefig("spectral_map_dask.png", dpi=120)
folder.cleanup()
