"""Many fits of Dask arrays: lazily, block by block, on a cluster whose workers may die."""

import asyncio
import multiprocessing
import os
import warnings

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
import zarr
from helpers import ZARR_2

from lmfit.errors import MinimizerException
from lmfit.lineshapes import gaussian
from lmfit.model import Model

X = np.linspace(-4.0, 4.0, 24)
START = {"amplitude": 2.0, "center": 0.0, "sigma": 1.0}
MODEL = Model(gaussian)


def spectra(*shape):
    rng = np.random.default_rng(1)
    ranges = ((1.0, 3.0), (-1.0, 1.0), (0.7, 1.3))
    columns = (rng.uniform(*ends, (*shape, 1)) for ends in ranges)
    return gaussian(X, *columns) + rng.normal(0.0, 0.02, (*shape, X.size))


def assert_equal(lazy, eager):
    """The same to the last bit, once it is computed."""
    assert lazy.lazy
    np.testing.assert_array_equal(lazy.compute(scheduler="sync")._table, eager._table)


@pytest.fixture
def cube():
    """Data of which some are missing."""
    data = spectra(6, 5)
    data[1, 2] = np.nan
    data[3, 0, 4:7] = np.nan
    return data


@pytest.mark.parametrize("chunks", [(6, 5, 24), (2, 3, 24), (4, 2, 7), (1, 1, -1)])
def test_lazy_results_are_the_eager_ones(cube, chunks):
    eager = MODEL.fit_many(cube, x=X, **START)
    lazy = MODEL.fit_many(da.from_array(cube, chunks=chunks), x=X, **START)
    assert isinstance(lazy.values["center"], da.Array)
    assert lazy.values["center"].shape == lazy.shape == (6, 5)
    assert repr(lazy) == "<BatchResult: 30 fits of amplitude, center, sigma; not computed yet>"
    assert_equal(lazy, eager)


def test_nothing_is_fitted_before_it_is_needed(cube):
    blocks = []

    def loaded(block):
        blocks.append(block.shape)
        return block

    data = da.from_array(cube, chunks=(2, 5, 24)).map_blocks(loaded, dtype=float, meta=np.empty((0, 0, 0)))
    lazy = MODEL.fit_many(data, x=X, **START)
    assert blocks == []
    center = lazy.values["center"][:2].compute(scheduler="sync")
    assert blocks == [(2, 5, 24)]
    assert center.shape == (2, 5)


def test_settings_of_each_fit_go_with_their_blocks(cube):
    rng = np.random.default_rng(2)
    settings = {
        "amplitude": 2.0,
        "center": {
            "value": rng.uniform(-0.1, 0.1, (6, 5)),
            "min": rng.uniform(-0.5, -0.2, (6, 1)),
            "max": 0.9,
        },
        "sigma": {"value": rng.uniform(0.8, 1.2, 5), "vary": False},
    }
    x, weights = X + rng.uniform(-0.1, 0.1, (6, 5, 1)), rng.uniform(0.5, 2.0, (6, 5, X.size))
    eager = MODEL.fit_many(cube, settings, weights, x=x)
    chunks = (4, 2, 12)
    for these in (x, da.from_array(x, chunks=(3, 5, 6))):
        for those in (weights, da.from_array(weights, chunks=(6, 1, 24))):
            assert_equal(MODEL.fit_many(da.from_array(cube, chunks=chunks), settings, those, x=these), eager)
    lazy_starts = {**settings, "center": da.from_array(settings["center"]["value"], chunks=2)}
    plain = {**settings, "center": settings["center"]["value"]}
    assert_equal(
        MODEL.fit_many(da.from_array(cube, chunks=chunks), lazy_starts, x=X), MODEL.fit_many(cube, plain, x=X)
    )
    shared = np.linspace(0.5, 2.0, X.size)
    lazy = MODEL.fit_many(da.from_array(cube, chunks=chunks), weights=shared, x=X, **START)
    assert_equal(lazy, MODEL.fit_many(cube, weights=shared, x=X, **START))


def test_axis(cube):
    lazy = MODEL.fit_many(da.from_array(np.moveaxis(cube, -1, 0), chunks=3), x=X, axis=0, **START)
    assert_equal(lazy, MODEL.fit_many(cube, x=X, **START))


def test_dataarrays_stay_lazy_and_keep_their_labels(cube):
    data = xr.DataArray(cube, dims=("y", "x", "e"), coords={"y": np.arange(6) * 0.5, "e": X})
    lazy = MODEL.fit_many(data.chunk({"y": 2, "x": 2, "e": 8}), **START)
    center = lazy.values["center"]
    assert center.chunks is not None
    assert center.dims == ("y", "x")
    eager = MODEL.fit_many(data, **START)
    assert_equal(lazy, eager)
    found = lazy.to_xarray()
    assert found["covar"].chunks is not None
    xr.testing.assert_identical(found.compute(scheduler="sync"), eager.to_xarray())


def test_what_needs_numbers_computes_them(cube):
    with dask.config.set(scheduler="sync"):
        lazy = MODEL.fit_many(da.from_array(cube, chunks=3), x=X, **START)
        eager = MODEL.fit_many(cube, x=X, **START)
        assert lazy.summary() == eager.summary()
        assert lazy.to_dataframe().equals(eager.to_dataframe())
        assert (lazy.message == eager.message).all()
        assert lazy.undetermined("center").shape == (6, 5)
        assert lazy[3, 0].chisqr == pytest.approx(eager.chisqr[3, 0])
        assert lazy.ndata[3, 0].compute() == X.size - 3


def test_failures_can_be_errors(cube):
    lazy = MODEL.fit_many(da.from_array(cube, chunks=3), x=X, errors="raise", **START)
    with pytest.raises(MinimizerException, match="failed: no data"):
        lazy.compute(scheduler="sync")


def stored_as_zarr(path, data, chunks):
    """Write an array into a Zarr store, in a way that both versions 2 and 3 of zarr know, and return it."""
    stored = zarr.open_array(str(path), mode="w", shape=data.shape, chunks=chunks, dtype=data.dtype)
    stored[...] = data
    return stored


def test_stored_arrays_are_fitted_block_by_block(cube, tmp_path):
    stored = stored_as_zarr(tmp_path / "cube.zarr", cube, (2, 5, 24))
    lazy = MODEL.fit_many(stored, x=X, **START)
    assert lazy.values["center"].numblocks == (3, 1)
    assert_equal(lazy, MODEL.fit_many(cube, x=X, **START))


def test_from_store_to_store(cube, tmp_path):
    """What a cube that is larger than memory needs: one block at a time."""
    data = xr.Dataset({"counts": (("y", "x", "e"), cube)}, coords={"e": X, "y": np.arange(6.0)})
    data.to_zarr(tmp_path / "cube.zarr", **ZARR_2, encoding={"counts": {"chunks": (2, 5, 24)}})
    with dask.config.set(scheduler="sync"):
        counts = xr.open_zarr(tmp_path / "cube.zarr")["counts"]
        result = MODEL.fit_many(counts, **START).to_xarray(units={"center": "eV"})
        result.to_zarr(tmp_path / "result.zarr", **ZARR_2)
    again = xr.open_zarr(tmp_path / "result.zarr")
    eager = MODEL.fit_many(data["counts"], **START)
    np.testing.assert_array_equal(again["center"], eager.values["center"])
    np.testing.assert_array_equal(again["center_stderr"], eager.stderr["center"])
    assert again["center"].attrs["units"] == "eV"


@pytest.fixture(scope="module")
def event_loop():
    """The loop of this thread: old releases of distributed would make one, and leave it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture(scope="module")
def client(event_loop):
    """Two workers, each a process of its own."""
    # Its scheduler and nannies run in this process, and warn of what they do at the end of their lives.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from distributed import Client, LocalCluster

        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
            ) as cluster,
            Client(cluster) as client,
        ):
            client.wait_for_workers(2)
            yield client


def fragile(x, amplitude, center, sigma, flag=""):
    """Once, in the middle of the work, the worker dies; `flag` is the file that tells it was alive."""
    if (
        flag
        and multiprocessing.parent_process() is not None
        and np.any(amplitude > 2.6)
        and os.path.exists(flag)
    ):
        os.remove(flag)
        os._exit(1)
    return gaussian(x, amplitude, center, sigma)


def test_a_cluster_that_loses_a_worker(client, tmp_path):
    """A cube from a Zarr store; the blocks of the worker that dies are fitted again by another one."""
    data = spectra(24, 20)
    stored_as_zarr(tmp_path / "cube.zarr", data, (3, 20, 24))
    flag = tmp_path / "alive"
    flag.write_text("")
    before = set(client.scheduler_info()["workers"])
    model = Model(fragile, independent_vars=["x", "flag"])
    lazy = model.fit_many(da.from_zarr(str(tmp_path / "cube.zarr")), x=X, flag=str(flag), **START)
    assert lazy.values["center"].numblocks == (8, 1)
    result = lazy.compute(scheduler=client)
    assert not flag.exists()
    assert before - set(client.scheduler_info()["workers"])
    assert result.success.all()
    np.testing.assert_array_equal(result._table, model.fit_many(data, x=X, **START)._table)


def test_a_cluster_as_executor(client):
    data = spectra(10, 30)
    result = MODEL.fit_many(data, x=X, executor=client.get_executor(), chunk=40, **START)
    np.testing.assert_array_equal(result._table, MODEL.fit_many(data, x=X, **START)._table)


def test_arrays_in_chunks_need_dask(cube, monkeypatch, tmp_path):
    stored = stored_as_zarr(tmp_path / "cube.zarr", cube, (2, 5, 24))
    monkeypatch.setitem(__import__("sys").modules, "dask.array", None)
    with pytest.raises(ImportError, match=r"lmfit\[distributed\]"):
        MODEL.fit_many(stored, x=X, **START)
