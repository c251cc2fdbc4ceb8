"""Numbers, text tables and HTML tables.

A report is read by eye, so numbers that belong together share their layout: a value
shows the digits that its error can vouch for, a column has one width, and a number
falls back to an exponent only where fixed-point digits would hide it.  Nothing here
knows of parameters or fits; the functions take numbers and strings and return strings.
"""

from __future__ import annotations

import math
import re
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "alphanumeric_sort",
    "blocks",
    "boxed_table",
    "column_table",
    "decimal_spec",
    "escape",
    "fold",
    "folded",
    "gformat",
    "gformat_to",
    "html_table",
    "paired",
    "percent",
    "relative_error",
    "to_float",
    "with_error",
    "wrap",
]

LINE_WIDTH = 80
_DIGITS = re.compile("([0-9]+)")
#: What an expression may be broken after: an operator or a comma, but no sign, of an exponent either.
_PIECES = re.compile(r".+?(?:\*\*|//|[*/,]|(?<![\d.][eE])(?<!\()[-+]|$) *")


def to_float(val: Any) -> float | None:
    """Return ``val`` as a float, or None where it is no number.

    >>> to_float(3), to_float(None), to_float(True), to_float("3")
    (3.0, None, None, None)
    """
    if val is None or isinstance(val, (bool, str, bytes)):
        return None
    try:
        return float(val)
    except (TypeError, ValueError, OverflowError):
        return None


def gformat(val: Any, length: int = 11) -> str:
    """Write a number into a field of ``length`` characters, as precisely as these allow.

    Fixed point where the number suits the field, otherwise with an exponent.  The place in front of the
    first digit is kept for the sign and blank without one, and zeros at the end stay, so that numbers
    below each other line up.

    Parameters
    ----------
    val : float
        What to write; of anything that is not a number, the `repr`.
    length : int, optional
        Size of the field.  Numbers with an exponent may exceed one of fewer than 9 characters.

    Returns
    -------
    str
        Aligned to the right.

    Examples
    --------
    >>> [gformat(x) for x in (1.5, -0.25, 1.5e-9, 123456.789)]
    [' 1.50000000', '-0.25000000', ' 1.5000e-09', ' 123456.789']
    >>> gformat(float("nan")), gformat(None, length=6)
    ('        nan', '  None')
    """
    number = to_float(val)
    if number is None:
        return repr(val).rjust(length)
    if not math.isfinite(number):
        return str(number).rjust(length)
    return _fill(number, length).rjust(length)


def _fill(number: float, length: int) -> str:
    """Write a finite number with the highest precision that fits into ``length``."""
    smallest = 10.0 ** -max(length - 8, 1)
    if number and not smallest < abs(number) < 10.0 ** (length - 3):
        for digits in range(length - 7, 0, -1):
            text = f"{number: .{digits}e}"
            if len(text) <= length:
                return text
        return f"{number: .0e}"
    decimals = length - 2 - len(str(int(abs(number))))
    text = f"{number: .{max(decimals, 0)}f}"
    # 9.9999999999 gains a digit when it is rounded.
    return text if len(text) <= length else f"{number: .{max(decimals - 1, 0)}f}"


def gformat_to(val: Any, error: Any) -> str:
    """Format like `gformat`, longer where the last digit would be coarser than the error.

    >>> gformat_to(2.0, 0.1), gformat_to(6.02214076e23, 3.1e18), gformat_to(2.0, 1e-10)
    (' 2.00000000', ' 6.022141e+23', ' 2.00000000000')
    """
    number, spread = to_float(val), to_float(error)
    text = gformat(val)
    if number is None or not math.isfinite(number) or spread is None or not spread > 0:
        return text
    for length in range(12, 25):
        if _last_digit(text) <= spread / 5:
            break
        text = gformat(number, length)
    return text


def _last_digit(text: str) -> float:
    """Return the size of one unit in the last digit of a written number."""
    mantissa, _e, exponent = text.partition("e")
    return float(f"1e{int(exponent or 0) - len(mantissa.partition('.')[2])}")


def percent(fraction: float) -> str:
    """Format a fraction as a percentage: two decimals, or two digits where these hide it.

    >>> percent(0.0019), percent(12.5), percent(3e9), percent(2.5e-7)
    ('0.19%', '1250.00%', '3e+11%', '2.5e-05%')
    """
    ordinary = fraction == 0 or 5e-5 <= abs(fraction) < 1e4
    return f"{fraction:.2%}" if ordinary else f"{100 * fraction:.2g}%"


def relative_error(value: Any, error: Any) -> str:
    """Return the size of ``error`` in percent of ``value``, or '' where it has none.

    >>> relative_error(-2.0, 0.01), relative_error(0.0, 0.01), relative_error(1.0, None)
    ('0.50%', '', '')
    """
    number, spread = to_float(value), to_float(error)
    if not number or spread is None or not (math.isfinite(number) and math.isfinite(spread)):
        return ""
    fraction = abs(spread / number) if abs(number) > 1e-300 else math.inf
    return percent(fraction) if math.isfinite(fraction) else ""


def decimal_spec(values: Iterable[float], center: float, ndigits: int = 5) -> str:
    """Choose the format of limits around a best value.

    Fixed point with ``ndigits`` decimals, unless that hides the smallest distance from
    the center, or the numbers are too long to read.

    Parameters
    ----------
    values : iterable of float
        The limits; those that are not finite do not count.
    center : float
        The best value.
    ndigits : int, optional
        Decimals in fixed point, significant digits with an exponent.

    Returns
    -------
    str
        Format specification.

    Examples
    --------
    >>> decimal_spec([1.99, 2.01], 2.0), decimal_spec([1e-13, 3e-13], 2e-13)
    ('.5f', '.4e')
    """
    finite = [value for value in values if math.isfinite(value)]
    scale = max(map(abs, [*finite, center if math.isfinite(center) else 0.0]))
    # A limit that equals the best value up to rounding has no distance to show.
    distances = [abs(v - center) for v in finite if abs(v - center) > 1e-12 * scale]
    finest = min(distances, default=scale)
    # Two digits of it are worth seeing; who asks for few decimals gets by with one.
    visible = 10.0 ** -(ndigits - 1 if ndigits > 4 else ndigits)
    if scale == 0 or (finest >= visible and scale < 1e7):
        return f".{ndigits}f"
    digits = math.ceil(math.log10(scale) - math.log10(finest)) + 1
    return f".{min(max(digits, ndigits - 1, 0), 16)}e"


def paired(value: Any, error: Any, decimals: int = 5) -> tuple[str, str]:
    """Format a value and its error in the manual's columns.

    Both have ``decimals`` decimals, or more where the error needs them to show two
    digits.  The value starts with a blank or a minus sign.

    Examples
    --------
    >>> paired(0.0999163, 0.000193)
    (' 0.09992', '0.00019')
    >>> paired(-4.5e-13, 2e-15)
    ('-4.500e-13', '2.0e-15')
    >>> paired(3.0, None), paired(None, None)
    ((' 3.00000', 'unknown'), (' None', 'unknown'))
    """
    number, spread = to_float(value), to_float(error)
    if number is None:
        return f" {value}", "unknown" if spread is None else f"{spread:.{decimals}f}"
    scale = spread if spread and math.isfinite(spread) else None
    needed = decimals if scale is None else max(decimals, 1 - _exponent(scale))
    if _readable(number, needed, scale) and (scale is None or scale < 1e7):
        return f"{number: .{needed}f}", "unknown" if spread is None else f"{spread:.{needed}f}"
    digits = decimals if scale is None else min(max(_exponent(number) - _exponent(scale) + 1, 2), 16)
    return f"{number: .{digits}e}", "unknown" if spread is None else f"{spread:.1e}"


def _readable(number: float, decimals: int, scale: float | None) -> bool:
    """Tell whether fixed point shows the number without a flood of digits."""
    if not math.isfinite(number):
        return True
    small = scale is None and number != 0 and abs(number) < 1e-3
    return abs(number) < 1e7 and decimals <= 9 and not small


def _exponent(number: float) -> int:
    """Return the decimal exponent of a finite number rounded to two digits."""
    return int(f"{number:.1e}".partition("e")[2])


def with_error(value: Any, error: Any, digits: int = 2) -> str:
    """Write a value and its error, both to the digits that the error justifies.

    Parameters
    ----------
    value, error : float or None
        The number and its standard error in the same unit.
    digits : int, optional
        Significant digits of the error.

    Returns
    -------
    str
        Text such as ``'0.09992 +/- 0.00019'``.

    Examples
    --------
    >>> with_error(0.0999163, 0.000193), with_error(1234.5, 210.0)
    ('0.09992 +/- 0.00019', '1230 +/- 210')
    >>> with_error(6.62607e-34, 1.2e-38)
    '(6.62607 +/- 0.00012)e-34'
    >>> with_error(2.0, None)
    '2'
    """
    number, spread = to_float(value), to_float(error)
    if number is None:
        return str(value)
    if spread is None:
        return f"{number:.7g}"
    if spread <= 0 or not (math.isfinite(number) and math.isfinite(spread)):
        return f"{number:.7g} +/- {spread:.{digits}g}"
    low = int(f"{spread:.{digits - 1}e}".partition("e")[2])
    high = max(low, _exponent(number)) if number else low
    if low >= -5 and high < 7:
        return _rounded(number, spread, digits - 1 - low)
    mantissas = _rounded(_shift(number, high), _shift(spread, high), high - low + digits - 1)
    return f"({mantissas})e{high:+03d}"


def _rounded(number: float, spread: float, decimals: int) -> str:
    """Write both numbers rounded to ``decimals``, which may be negative."""
    shown = min(max(decimals, 0), 15)
    # Adding zero turns the -0.0 of a rounded small negative number into 0.0.
    low, high = round(number, decimals) + 0.0, round(spread, decimals)
    return f"{low:.{shown}f} +/- {high:.{shown}f}"


def _shift(number: float, exponent: int) -> float:
    """Divide by a power of ten in two steps: one step would overflow near 1e-320."""
    half = exponent // 2
    return number / 10.0**half / 10.0 ** (exponent - half)


def alphanumeric_sort(s: str, _nsre: re.Pattern[str] = _DIGITS) -> list[str | int]:
    """Split a name into what it is to be sorted by: text without regard to case, and whole numbers.

    Parameters
    ----------
    s : str
        The name.
    _nsre : pattern, optional
        What takes numbers out of a text.

    Returns
    -------
    list of str and int
        To be compared with others.

    Examples
    --------
    >>> sorted(["p10", "p2", "P1", "a"], key=alphanumeric_sort)
    ['a', 'P1', 'p2', 'p10']
    """
    return [int(part) if part.isdecimal() else part.lower() for part in _nsre.split(s)]


def wrap(text: str, indent: str = "    ", hanging: str = "") -> list[str]:
    """Break a text into lines of at most 80 columns; long words stay whole.

    >>> wrap("short enough")
    ['    short enough']
    """
    return textwrap.wrap(
        text,
        LINE_WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def fold(text: str, indent: str) -> list[str]:
    """Break an expression into lines of at most 80 columns, after operators and commas.

    >>> fold("== '" + "+".join(["a_long_name"] * 8) + "'", "    ")
    ["    == 'a_long_name+a_long_name+a_long_name+a_long_name+a_long_name+a_long_name+",
     "       a_long_name+a_long_name'"]
    """
    lines = [indent]
    for piece in _PIECES.findall(text):
        if len(lines[-1]) + len(piece.rstrip()) > LINE_WIDTH and lines[-1].strip():
            lines.append(indent + "   ")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def folded(text: str, indent: str = "") -> str:
    """Break the `repr` of an object into lines of at most 80 columns: at spaces, or inside expressions.

    >>> print(folded(f"<Minimizer of {'f' * 30}: leastsq succeeded after 81 evaluations, 5 variables>"))
    <Minimizer of ffffffffffffffffffffffffffffff: leastsq succeeded after 81
        evaluations, 5 variables>
    """
    lines = []
    for line in wrap(text, indent, "    "):
        words = line.lstrip()
        lines += [line] if len(line) <= LINE_WIDTH else fold(words, line[: -len(words)])
    return "\n".join(lines)


def blocks(widths: Sequence[int], room: int) -> list[range]:
    """Split columns into as few blocks as fit side by side, all of about as many columns.

    Parameters
    ----------
    widths : sequence of int
        Of each column, with the space before it.
    room : int
        Width of a block.  A column that is wider has a block of its own.

    Returns
    -------
    list of range
        Places of the columns in each block; one empty range if there are no columns.

    Examples
    --------
    >>> blocks([10] * 7, 50)
    [range(0, 4), range(4, 7)]
    """
    fewest = len(_filled(widths, room, len(widths)))
    return _filled(widths, room, -(-len(widths) // fewest))


def _filled(widths: Sequence[int], room: int, most: int) -> list[range]:
    """Put columns into blocks until one is full, or has `most` of them."""
    found = [range(0)]
    for place in range(len(widths)):
        last = found[-1]
        if last and (len(last) == most or sum(widths[last.start : place + 1]) > room):
            found.append(range(place, place))
        found[-1] = range(found[-1].start, place + 1)
    return found


def boxed_table(rows: Sequence[Sequence[str]], width: int = 8) -> str:
    """Draw a table with a frame; the first row is the header.

    >>> print(boxed_table([["x", "y"], ["1", "2"]], width=3))
    +-----+-----+
    | x   | y   |
    +-----+-----+
    | 1   | 2   |
    +-----+-----+
    """
    cell = max([width, *(len(text) for row in rows for text in row)])
    columns = max((len(row) for row in rows), default=0)
    rule = "+" + ("-" * (cell + 2) + "+") * columns
    lines = ["| " + " | ".join(text.ljust(cell) for text in row) + " |" for row in rows]
    return "\n".join([rule, *lines[:1], rule, *lines[1:], rule])


def column_table(rows: Sequence[Sequence[str]], width: int = 8, limit: int = 24) -> str:
    """Lay out rows in columns: the first to the left, the others to the right.

    A column is as wide as its longest cell, at least ``width`` and at most ``limit``;
    a cell longer than that pushes only its own row to the right.  A table that leaves the
    page this way is split: blocks of columns stand below each other, then each column with
    long cells, which are folded.

    >>> print(column_table([["Name", "Value"], ["amplitude", "1"]], width=6))
    Name        Value
    amplitude       1
    """
    lines = _side_by_side(rows, width, limit)
    if max(map(len, lines), default=0) > LINE_WIDTH:
        lines = _split(rows, width, limit)
    return "\n".join(lines)


def _split(rows: Sequence[Sequence[str]], width: int, limit: int) -> list[str]:
    """Lay out blocks of columns that fit the page, then each column with long cells."""
    columns = range(1, len(rows[0]))
    widths = {place: max(width, *(len(row[place]) for row in rows)) for place in columns}
    narrow = [place for place in columns if widths[place] <= limit]
    room = LINE_WIDTH - _longest(rows) - 1
    lines: list[str] = []
    for block in blocks([widths[place] + 1 for place in narrow], room) if narrow else []:
        places = [0, *(narrow[number] for number in block)]
        lines += _side_by_side([[row[place] for place in places] for row in rows], width, limit)
    for place in columns:
        if widths[place] > limit:
            lines += _one_column([(row[0], row[place]) for row in rows])
    return lines


def _longest(rows: Sequence[Sequence[str]]) -> int:
    return max((len(row[0]) for row in rows), default=0)


def _side_by_side(rows: Sequence[Sequence[str]], width: int, limit: int) -> list[str]:
    first = _longest(rows)
    others = list(zip(*(row[1:] for row in rows), strict=True))
    widths = [max(width, min(limit, max(map(len, column)))) for column in others]
    lines = []
    for row in rows:
        cells = (text.rjust(n) for text, n in zip(row[1:], widths, strict=True))
        lines.append(row[0].ljust(first) + "  " + " ".join(cells))
    return lines


def _one_column(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Lay out names and long texts, which start below the names where these take half of the page."""
    rows = [(name, text) for name, text in rows if text not in ("", "None")]
    first = _longest(rows) + 2
    if first > LINE_WIDTH // 2:
        return [line for name, text in rows for line in (name, *fold(text, "    "))]
    lines = []
    for name, text in rows:
        start, *others = fold(text, " " * first)
        lines += [name + start[len(name) :], *others]
    return lines


def escape(text: Any) -> str:
    """Make a text safe inside HTML.

    >>> escape("a<b & 'c'")
    'a&lt;b &amp; &#x27;c&#x27;'
    """
    # html loads the table of all named entities, which no fit needs at import time.
    from html import escape as html_escape

    return html_escape(str(text))


def html_table(
    caption: str, header: Sequence[Any], rows: Iterable[Sequence[Any]], text_columns: int = 1
) -> str:
    """Return an HTML table; every text in it is escaped.

    Parameters
    ----------
    caption : str
        Title of the table.
    header : sequence
        Titles of the columns; empty for a table of labels and values.
    rows : iterable of sequences
        The cells.
    text_columns : int, optional
        How many columns, from the first, are aligned to the left; numbers go to the right.

    Returns
    -------
    str
        One ``<table>`` element.

    Examples
    --------
    >>> print(html_table("T", [], [["a", 1]]))
    <table class="jp-toc-ignore"><caption>T</caption>
    <tbody>
    <tr><td style="text-align:left">a</td><td style="text-align:right">1</td></tr>
    </tbody>
    </table>
    """
    # JupyterLab keeps a table of this class out of the notebook's table of contents.
    lines = [f'<table class="jp-toc-ignore"><caption>{escape(caption)}</caption>']
    if header:
        lines += ["<thead>", _html_row(header, "th", text_columns), "</thead>"]
    lines += ["<tbody>", *(_html_row(row, "td", text_columns) for row in rows), "</tbody>", "</table>"]
    return "\n".join(lines)


def _html_row(cells: Sequence[Any], tag: str, text_columns: int) -> str:
    row = []
    for place, text in enumerate(cells):
        side = "left" if place < text_columns else "right"
        row.append(f'<{tag} style="text-align:{side}">{escape(text)}</{tag}>')
    return f"<tr>{''.join(row)}</tr>"
