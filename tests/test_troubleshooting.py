"""The chapter "Troubleshooting by message" has an entry for each message of lmfit, and no others."""

import ast
import functools
import re
from pathlib import Path

import pytest
from messages import BLANK, messages, strings, texts

PAGE = Path(__file__).resolve().parents[1] / "doc" / "troubleshooting.rst"

#: Never seen by a user: each is caught where it is raised, or completed by the only caller.
INTERNAL = {"text", "expressions do not need the objective", "matplotlib", "pandas", "xarray"}
MESSAGES = {text: place for text, place in messages().items() if text not in INTERNAL}
STRINGS = strings()
#: Terms of the glossaries; ``…`` in them stands for any text.
ENTRIES = re.findall(r"^   ``(.+)``$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)


@functools.cache
def pattern(entry):
    return re.compile(".*".join(map(re.escape, entry.split(BLANK))), re.DOTALL)


def covers(entry, text):
    return pattern(entry).fullmatch(text) is not None


def test_there_are_messages():
    assert len(MESSAGES) > 150


def test_each_message_has_an_entry():
    missing = [
        f"{place}: {text}"
        for text, place in MESSAGES.items()
        if not any(covers(entry, text) for entry in ENTRIES)
    ]
    assert not missing, "doc/troubleshooting.rst has no entry for\n" + "\n".join(missing)


def test_each_entry_is_of_a_message():
    stale = [entry for entry in ENTRIES if not any(covers(entry, text) for text in STRINGS)]
    assert not stale, "no message of lmfit is like these entries\n" + "\n".join(stale)


@pytest.mark.parametrize(
    "source, expected",
    [
        ("'plain'", ["plain"]),
        ("f'a {name!r} b{hint or c}'", ["a … b…"]),
        ("'one ' + f'{x}{y} two'", ["one … two"]),
        ("'no' if a else f'yes {b}'", ["no", "yes …"]),
        ('f\'{who}: {"x" if a else "y"}\'', ["…: …"]),
        ("explain(a)", ["…"]),
    ],
)
def test_texts(source, expected):
    assert texts(ast.parse(source, mode="eval").body) == expected


@pytest.mark.parametrize(
    "entry, text, expected",
    [
        ("the limit of … was reached", "the limit of … evaluations was reached", True),
        ("the limit …", "the limit of … evaluations was reached", True),
        ("limit of …", "the limit of … evaluations", False),
        ("… (a|b)?", "x (a|b)?", True),
    ],
)
def test_covers(entry, text, expected):
    assert covers(entry, text) is expected
