"""Numbers and tables, without parameters or fits."""

import math

import pytest

from lmfit._format import (
    alphanumeric_sort,
    boxed_table,
    column_table,
    decimal_spec,
    gformat,
    gformat_to,
    html_table,
    paired,
    relative_error,
    to_float,
    with_error,
    wrap,
)

NAN, INF = math.nan, math.inf
MAGNITUDES = [sign * mantissa * 10.0**power for power in range(-30, 31) for mantissa in (1, 1.5, 9.87654321)
              for sign in (1, -1)]  # fmt: skip


class Number:
    """Something that can be converted to a float, as a Parameter can."""

    def __float__(self):
        return 2.5


# As lmfit 1.3.4 prints them.
@pytest.mark.parametrize(
    "value,length,text",
    [
        (1, 11, " 1.00000000"),
        (-1, 11, "-1.00000000"),
        (0, 11, " 0.00000000"),
        (1e-3, 11, " 1.0000e-03"),
        (1.5e-3, 11, " 0.00150000"),
        (123456.789, 11, " 123456.789"),
        (99999999.0, 11, " 99999999.0"),
        (1e8, 11, " 1.0000e+08"),
        (1e10, 15, " 10000000000.00"),
        (123456789012345, 15, " 1.23456789e+14"),
        (1e100, 11, " 1.000e+100"),
        (-1.5e300, 11, "-1.500e+300"),
        (1e-4, 15, " 0.000100000000"),
        (NAN, 11, "        nan"),
        (-INF, 7, "   -inf"),
        (None, 11, "       None"),
        ("x", 7, "    'x'"),
        (True, 5, " True"),
    ],
)
def test_gformat_as_1_x_prints_it(value, length, text):
    assert gformat(value, length) == text


@pytest.mark.parametrize("length", range(9, 25))
def test_gformat_has_the_length_and_keeps_the_value(length):
    for value in MAGNITUDES:
        text = gformat(value, length)
        assert len(text) == length
        assert float(text) == pytest.approx(value, rel=10.0 ** (7 - length) * 10)


@pytest.mark.parametrize(
    "value", [9.99999999999, -99.99999999999, 9999999.999999, 0.99999999999, 99999999.9999]
)
def test_gformat_of_a_number_that_is_rounded_up(value):
    assert len(gformat(value)) == 11
    assert float(gformat(value)) == pytest.approx(value, rel=1e-7)


def test_gformat_grows_rather_than_lose_the_exponent():
    assert gformat(-1e-300, 5) == "-1e-300"


def test_gformat_of_what_converts_to_a_number():
    assert gformat(Number()) == " 2.50000000"


@pytest.mark.parametrize(
    "value,error,text",
    [
        (6.02214076e23, 3.1e18, " 6.022141e+23"),
        (0.1, 2e-4, " 0.10000000"),
        (0.1, None, " 0.10000000"),
        (0.1, 0.0, " 0.10000000"),
        (0.1, NAN, " 0.10000000"),
        (NAN, 0.1, "        nan"),
        (INF, 0.1, "        inf"),
        (None, 0.1, "       None"),
    ],
)
def test_gformat_to_shows_the_digits_that_the_error_vouches_for(value, error, text):
    assert gformat_to(value, error) == text


def test_gformat_to_ends_when_the_error_is_below_rounding():
    assert len(gformat_to(1.0, 1e-300)) == 24


def test_to_float():
    assert [to_float(x) for x in (None, "3", b"3", False, [1.0], 1 + 2j, 10**400)] == [None] * 7
    assert to_float(Number()) == 2.5


@pytest.mark.parametrize(
    "value,error,text",
    [
        (0.0998, 1.9e-4, "0.19%"),
        (-0.0998, 1.9e-4, "0.19%"),
        (0.0, 1.9e-4, ""),
        (None, 1.0, ""),
        (1.0, None, ""),
        (1.0, NAN, ""),
        (INF, 1.0, ""),
        (1.0, 0.0, "0.00%"),
        (1.0, 1e-6, "0.0001%"),
        (1e-20, 1.0, "1e+22%"),
        (5e-324, 1.0, ""),
    ],
)
def test_relative_error(value, error, text):
    assert relative_error(value, error) == text


@pytest.mark.parametrize(
    "values,center,ndigits,spec",
    [
        ([0.09916, 0.10069], 0.09992, 5, ".5f"),
        ([1.0, 1.0], 1.0, 5, ".5f"),
        ([], NAN, 5, ".5f"),
        ([NAN, INF, -INF], 1.0, 5, ".5f"),
        ([0.0], 0.0, 5, ".5f"),
        ([1e-13], 3e-13, 5, ".4e"),
        ([2e8, 4e8], 3e8, 3, ".2e"),
        ([1.0 + 1.5e-7], 1.0, 5, ".8e"),
        ([1.0 + 1e-15, 1.2], 1.0, 5, ".5f"),
        ([1.96, 2.04], 2.0, 2, ".2f"),
        ([5e-324], 1.0, 5, ".5f"),
    ],
)
def test_decimal_spec(values, center, ndigits, spec):
    assert decimal_spec(values, center, ndigits) == spec


@pytest.mark.parametrize(
    "value,error,texts",
    [
        (0.09992, 0.00019, (" 0.09992", "0.00019")),
        (-4.51293, 0.39919, ("-4.51293", "0.39919")),
        (0.0998164, 1.7e-6, (" 0.0998164", "0.0000017")),
        (0.0, 0.0, (" 0.00000", "0.00000")),
        (1.0, 4e12, (" 1.00e+00", "4.0e+12")),
        (6.02214076e23, 3.1e18, (" 6.022141e+23", "3.1e+18")),
        (1e-13, None, (" 1.00000e-13", "unknown")),
        (NAN, NAN, (" nan", "nan")),
        (-INF, None, ("-inf", "unknown")),
        (None, 0.1, (" None", "0.10000")),
    ],
)
def test_paired(value, error, texts):
    assert paired(value, error) == texts


@pytest.mark.parametrize(
    "value,error,text",
    [
        (0.09992, 0.000193, "0.09992 +/- 0.00019"),
        (0.0, 0.0193, "0.000 +/- 0.019"),
        (-2.0, 4000.0, "0 +/- 4000"),
        (1.0, 0.0996, "1.00 +/- 0.10"),
        (1e300, 1e290, "(1.00000000000 +/- 0.00000000010)e+300"),
        (3e-320, 1e-321, "(3.00 +/- 0.10)e-320"),
        (1.0, 0.0, "1 +/- 0"),
        (1.0, INF, "1 +/- inf"),
        (NAN, 1.0, "nan +/- 1"),
        (None, 1.0, "None"),
        (1.5, None, "1.5"),
    ],
)
def test_with_error(value, error, text):
    assert with_error(value, error) == text


def test_alphanumeric_sort():
    names = ["p10", "p2", "P1", "a", "p2_b10", "p2_b9", "_x"]
    assert sorted(names, key=alphanumeric_sort) == ["_x", "a", "P1", "p2", "p2_b9", "p2_b10", "p10"]


def test_wrap_keeps_long_words_and_the_margin():
    lines = wrap("name:  " + "word " * 40 + "x" * 100, hanging=" " * 7)
    assert max(map(len, lines[:-1])) <= 80
    assert all(line.startswith(" " * 11 + "word") for line in lines[1:-1])
    assert lines[-1] == " " * 11 + "x" * 100


def test_boxed_table_lines_have_one_width():
    table = boxed_table([["Variable", "a_long_name"], ["a_long_name", ""]])
    assert len(set(map(len, table.splitlines()))) == 1


def test_column_table_lets_a_long_cell_stick_out():
    lines = column_table([["n", "x"], ["a", "1"], ["b", "y" * 40]], width=3, limit=5).splitlines()
    assert lines == ["n      x", "a      1", "b  " + "y" * 40]


def test_column_table_without_rows():
    assert column_table([]) == ""


def test_column_table_of_nothing_but_long_texts():
    lines = column_table(
        [["n", "x", "y"], ["a", "b*" * 60 + "b", "None"], ["c", "1", "d+" * 60 + "d"]]
    ).splitlines()
    assert [line for line in lines if not line.startswith("   ")] == [
        "n  x", "a  " + "b*" * 38, "c  1", "n  y", "c  " + "d+" * 38
    ]  # fmt: skip
    assert max(map(len, lines)) <= 80


def test_html_table_escapes_everything():
    table = html_table("<c>", ["<h>"], [["<&>", "<d>"]], text_columns=0)
    assert "<c>" not in table
    assert "<h>" not in table
    assert '<td style="text-align:right">&lt;&amp;&gt;</td>' in table
