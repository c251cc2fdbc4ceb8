"""Misuses give an error of the library that helps, and leave the user's objects as they were."""

from pathlib import Path

import pytest
from misuses import CATALOGUE
from world import World

import lmfit

PACKAGE = Path(lmfit.__file__).parent


@pytest.mark.parametrize("call, error, words", CATALOGUE.values(), ids=CATALOGUE)
def test_misuse(call, error, words):
    world = World()
    before = world.snapshot()
    with pytest.raises(error) as raised:
        call(world)
    message = str(raised.value)
    assert [word for word in words if word not in message] == []
    assert len(message) < 1000
    assert PACKAGE in Path(raised.traceback[-1].path).parents, "not an error of the library's own"
    assert world.snapshot() == before


def test_there_are_many():
    assert len(CATALOGUE) >= 150
