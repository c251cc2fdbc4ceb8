"""Saving and loading when something goes wrong: the old file stays, and what is broken is said to be."""

import errno
import io
import json
import os
import pickle
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from lmfit import BatchResult, MinimizerException, Parameters, create_params
from lmfit._files import replacing
from lmfit.errors import ModelError, ParameterError
from lmfit.model import load_model, load_modelresult, save_model, save_modelresult
from lmfit.models import GaussianModel

try:
    import resource  # POSIX
except ImportError:
    resource = None

X = np.linspace(-3.0, 3.0, 30)
Y = 3 * np.exp(-(X**2) / 2) + 0.01 * np.cos(40 * X)
MODEL = GaussianModel()


def result():
    return MODEL.fit(Y, x=X, amplitude=5, center=0, sigma=1.2)


def batch():
    return MODEL.fit_many(np.array([Y, 2 * Y]), x=X, amplitude=5, center=0, sigma=1.2)


SAVE = {
    "model": lambda path: save_model(MODEL, path),
    "result": lambda path: save_modelresult(result(), path),
    "batch": lambda path: batch().save(path),
}
LOAD = {"model": load_model, "result": load_modelresult, "batch": BatchResult.load}


@pytest.mark.parametrize("kind", SAVE)
def test_saved_files_can_be_loaded_and_nothing_else_is_left(kind, tmp_path):
    path = tmp_path / "saved"
    for _ in range(2):
        SAVE[kind](path)
        LOAD[kind](path)
    assert os.listdir(tmp_path) == ["saved"]


ROOM = 300


class SmallFile(io.FileIO):
    """A file on a disk that is full after some hundred bytes."""

    def write(self, content):
        if self.tell() + len(content) > ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(content)


@contextmanager
def full_disk():
    def small(path, mode):
        return io.BufferedWriter(SmallFile(path, mode))

    with mock.patch.object(Path, "open", small):
        yield


@contextmanager
def limited_files():
    """The operating system itself refuses, in the middle of a write; the output of pytest, too."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


SMALL_DISKS = {full_disk: errno.ENOSPC, **({limited_files: errno.EFBIG} if resource else {})}


@pytest.mark.parametrize("small_disk, error", SMALL_DISKS.items())
@pytest.mark.parametrize("kind", SAVE)
def test_full_disk_leaves_the_old_file(kind, tmp_path, small_disk, error):
    path = tmp_path / "saved"
    path.write_bytes(b"the old file")
    with pytest.raises(OSError, match=os.strerror(error)), small_disk():
        SAVE[kind](path)
    assert path.read_bytes() == b"the old file"
    assert os.listdir(tmp_path) == ["saved"]


def test_error_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "saved"
    path.write_bytes(b"the old file")
    for error in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(error):
            _write_and_raise(path, error)
        assert path.read_bytes() == b"the old file"
        assert os.listdir(tmp_path) == ["saved"]


def _write_and_raise(path, error):
    with replacing(path) as file:
        file.write(b"half of the ")
        raise error


@pytest.mark.parametrize("kind", SAVE)
def test_folder_that_does_not_exist(kind, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such folder.*missing"):
        SAVE[kind](tmp_path / "missing" / "saved")
    assert not (tmp_path / "missing").exists()


def test_links_permissions_and_devices(tmp_path):
    path, link = tmp_path / "saved", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    mode = path.stat().st_mode
    link.symlink_to(path)
    with replacing(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode == mode
    with replacing(os.devnull) as file:
        file.write(b"gone")


@pytest.mark.parametrize("kind", SAVE)
def test_truncated_and_damaged_files(kind, tmp_path):
    """Any beginning of a file, and any file with a wrong byte, is loaded or said to be unreadable."""
    path = tmp_path / "saved"
    SAVE[kind](path)
    whole, rng = path.read_bytes(), random.Random(1)
    cut = [whole[: rng.randrange(len(whole))] for _ in range(60)]
    changed = [_with_another_byte(whole, rng) for _ in range(100)]
    refused = 0
    for content in (b"", b"\x00", b"\xff\xfe", b"null", b"[]", b"{}", b"1e999", *cut, *changed):
        path.write_bytes(content)
        try:
            LOAD[kind](path)
        except MinimizerException:
            refused += 1
    assert refused >= len(cut)


def _with_another_byte(whole, rng):
    place = rng.randrange(len(whole))
    return whole[:place] + bytes([rng.randrange(256)]) + whole[place + 1 :]


@pytest.mark.parametrize("kind", LOAD)
def test_missing_files_and_folders(kind, tmp_path):
    with pytest.raises(FileNotFoundError):
        LOAD[kind](tmp_path / "missing")
    with pytest.raises((IsADirectoryError, PermissionError)):  # the latter on Windows
        LOAD[kind](tmp_path)


def test_one_kind_for_another(tmp_path):
    for kind, save in SAVE.items():
        save(tmp_path / kind)
        for other, load in LOAD.items():
            if other != kind:
                with pytest.raises(ModelError):
                    load(tmp_path / kind)
        with (
            pytest.raises((ParameterError, UnicodeDecodeError)),
            open(tmp_path / kind, encoding="utf-8") as fp,
        ):
            Parameters().load(fp)


def test_round_trips_keep_every_bit(tmp_path):
    for kind, first in (("result", result()), ("batch", batch())):
        save_modelresult(first, tmp_path / kind) if kind == "result" else first.save(tmp_path / kind)
        again = LOAD[kind](tmp_path / kind)
        for other in (again, pickle.loads(pickle.dumps(first))):
            np.testing.assert_array_equal(other.covar, first.covar)
            np.testing.assert_array_equal(other.chisqr, first.chisqr)
            assert repr(other.params if kind == "result" else other.values) == repr(
                first.params if kind == "result" else first.values
            )


def test_parameters_that_cannot_be_stored_leave_the_open_file_empty(tmp_path):
    params = create_params(a={"value": 1, "user_data": object()})
    with open(tmp_path / "saved", "w", encoding="utf-8") as fp, pytest.raises(ParameterError, match="'a'"):
        params.dump(fp)
    assert (tmp_path / "saved").read_text() == ""


KILLED = """
import sys
from contextlib import contextmanager
from lmfit import _files
from lmfit.model import save_model
from lmfit.models import GaussianModel
import os
os.fsync = lambda number: os.kill(os.getpid(), 9)
save_model(GaussianModel(), sys.argv[1])
"""


def test_a_process_that_is_killed_while_it_saves(tmp_path):
    path = tmp_path / "saved"
    path.write_text("the old file")
    killed = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert abs(killed.returncode) == 9
    assert path.read_text() == "the old file"


def test_json_is_strict_and_has_no_code(tmp_path):
    for kind in ("model", "result"):
        SAVE[kind](tmp_path / kind)
        text = (tmp_path / kind).read_text(encoding="utf-8")
        json.loads(text, parse_constant=pytest.fail)
        assert "pickle" not in text
