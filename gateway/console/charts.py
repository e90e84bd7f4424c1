"""Charts as SVG, made on the server: no script, the same on paper, in forced colours and without JavaScript.

What it is: pure functions from numbers to a drawing, its words, and the rows of the table that says the same. What
it is not: a place for colours: those are classes in `console.css`. Called by pages; shown by the macro
`chart_figure`. At most four lines, each named at its end and not by colour alone; a missing value is a gap, not a zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10

from markupsafe import Markup

MOST_LINES = 4
_WIDTH, _HEIGHT = 760, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 150, 12, 34
_PLOT_WIDTH, _PLOT_HEIGHT = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
_LABEL_GAP = 18
_TICKS = 4
_SPARK_WIDTH, _SPARK_HEIGHT = 120, 28


@dataclass(frozen=True, slots=True)
class Line:
    """One series; None where nothing is known."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing and the same in a table."""

    title: str
    svg: Markup
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def line_chart(key: str, title: str, description: str, labels: Sequence[str], lines: Sequence[Line], *, first: str = "Time") -> Chart:
    """Up to four lines over the same labels. `key` makes the ids of this drawing its own on the page."""
    _check(labels, lines)
    top = _top_of(value for line in lines for value in line.values if value is not None)
    ends = _spread([_y(_last(line), top) for line in lines])
    parts = [
        _grid(top),
        _under(labels, [_x(place, len(labels)) for place in range(len(labels))]),
        *(_drawn(number, line, top, end) for number, (line, end) in enumerate(zip(lines, ends, strict=True), 1)),
    ]
    return Chart(title, _svg(key, title, description, parts), *_table(first, labels, lines))


def bar_chart(key: str, title: str, description: str, labels: Sequence[str], values: Sequence[float], *, first: str = "Time", name: str = "Count") -> Chart:
    """One bar for each label."""
    line = Line(name, values)
    _check(labels, (line,))
    top, wide = _top_of(values), _PLOT_WIDTH / max(1, len(values))
    bars = Markup("").join(
        Markup('<rect class="chart-bar" x="{}" y="{}" width="{}" height="{}"/>').format(
            _n(_LEFT + place * wide + wide * 0.1), _n(_y(value, top)), _n(wide * 0.8), _n(_TOP + _PLOT_HEIGHT - _y(value, top))
        )
        for place, value in enumerate(values)
        if value
    )
    middles = [_LEFT + (place + 0.5) * wide for place in range(len(labels))]
    return Chart(title, _svg(key, title, description, [_grid(top), _under(labels, middles), bars]), *_table(first, labels, (line,)))


def spark(label: str, values: Sequence[float | None]) -> Markup:
    """A line as small as a word; `label` says in words what it shows."""
    top = _top_of(value for value in values if value is not None)
    points = [
        None if value is None else (_spark_x(place, len(values)), _SPARK_HEIGHT - 3 - value / top * (_SPARK_HEIGHT - 6)) for place, value in enumerate(values)
    ]
    return Markup('<svg class="chart-spark" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}" focusable="false">{}</svg>').format(
        label, _SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_WIDTH, _SPARK_HEIGHT, _paths(points, "chart-line chart-line--1")
    )


def _check(labels: Sequence[str], lines: Sequence[Line]) -> None:
    if not 1 <= len(lines) <= MOST_LINES:
        raise ValueError(f"a chart has one to {MOST_LINES} lines")
    if any(len(line.values) != len(labels) for line in lines):
        raise ValueError("every line has one value for each label")
    if any(value is not None and value < 0 for line in lines for value in line.values):
        raise ValueError("a chart starts at zero")


def _top_of(values: Iterable[float]) -> float:
    """The end of the scale: the next of 1, 2, 4, 5, 8, 10 … above the largest value, so that four steps are round."""
    largest = max(values, default=0.0)
    if largest <= _TICKS:
        return float(_TICKS)
    magnitude = 10 ** floor(log10(largest))
    return float(next(step * magnitude for step in (1, 2, 4, 6, 8, 10, 20) if step * magnitude >= largest))


def _x(place: int, count: int) -> float:
    return _LEFT + (place / (count - 1) if count > 1 else 0.5) * _PLOT_WIDTH


def _spark_x(place: int, count: int) -> float:
    return 2 + (place / (count - 1) if count > 1 else 0.5) * (_SPARK_WIDTH - 4)


def _y(value: float, top: float) -> float:
    return _TOP + _PLOT_HEIGHT * (1 - value / top)


def _last(line: Line) -> float:
    return next((value for value in reversed(line.values) if value is not None), 0.0)


def _spread(wanted: Sequence[float]) -> list[float]:
    """Places for the names at the ends of lines: as near as wanted, none over another, all inside."""
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    lowest = _TOP + _PLOT_HEIGHT - (len(order) - 1) * _LABEL_GAP
    placed, least = [0.0] * len(wanted), float(_TOP)
    for rank, place in enumerate(order):
        placed[place] = min(max(wanted[place], least), lowest + rank * _LABEL_GAP)
        least = placed[place] + _LABEL_GAP
    return placed


def _drawn(number: int, line: Line, top: float, end: float) -> Markup:
    points = [None if value is None else (_x(place, len(line.values)), _y(value, top)) for place, value in enumerate(line.values)]
    name = Markup('<text class="chart-name chart-name--{}" x="{}" y="{}">{}</text>').format(number, _LEFT + _PLOT_WIDTH + 8, _n(end + 5), line.name)
    return _paths(points, f"chart-line chart-line--{number}") + name


def _paths(points: Sequence[tuple[float, float] | None], style: str) -> Markup:
    """One path for each unbroken stretch; a value that stands alone is a dot."""
    drawn = Markup("")
    for known, stretch in groupby(points, key=lambda point: point is not None):
        if not known:
            continue
        there = [point for point in stretch if point is not None]
        if len(there) == 1:
            drawn += Markup('<circle class="chart-dot {}" cx="{}" cy="{}" r="2.5"/>').format(style, _n(there[0][0]), _n(there[0][1]))
        else:
            drawn += Markup('<path class="{}" d="M{}"/>').format(style, "L".join(f"{_n(x)} {_n(y)}" for x, y in there))
    return drawn


def _grid(top: float) -> Markup:
    lines = Markup("")
    for step in range(_TICKS + 1):
        value = top * step / _TICKS
        y = _y(value, top)
        lines += Markup('<path class="chart-grid" d="M{} {}H{}"/><text class="chart-tick chart-tick--y" x="{}" y="{}">{}</text>').format(
            _LEFT, _n(y), _LEFT + _PLOT_WIDTH, _LEFT - 8, _n(y + 5), _figure(value)
        )
    return lines


def _under(labels: Sequence[str], places: Sequence[float]) -> Markup:
    """At most seven labels, evenly taken."""
    every = max(1, ceil(len(labels) / 7))
    return Markup("").join(
        Markup('<text class="chart-tick chart-tick--x" x="{}" y="{}">{}</text>').format(_n(x), _HEIGHT - 10, label)
        for place, (label, x) in enumerate(zip(labels, places, strict=True))
        if place % every == 0
    )


def _svg(key: str, title: str, description: str, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" role="img" aria-labelledby="{0}-title {0}-desc" viewBox="0 0 {1} {2}" focusable="false">'
        '<title id="{0}-title">{3}</title><desc id="{0}-desc">{4}</desc>{5}</svg>'
    ).format(key, _WIDTH, _HEIGHT, title, description, Markup("").join(parts))


def _table(first: str, labels: Sequence[str], lines: Sequence[Line]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    columns = [["Not known" if value is None else _figure(value) for value in line.values] for line in lines]
    return (first, *(line.name for line in lines)), tuple(zip(labels, *columns, strict=True))


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _n(value: float) -> str:
    """A coordinate, as short as it can be."""
    return f"{value:.1f}".removesuffix(".0")
