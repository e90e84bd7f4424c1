"""Charts: well-formed, escaped, named in words, nothing inline; the table says what the drawing says."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.console.charts import Chart, Line, bar_chart, line_chart, spark

HOSTILE = "</title><script>x</script>\"'&"
SVG = "{http://www.w3.org/2000/svg}"
HOURS = [f"{hour}:00" for hour in range(6)]


def _tree(svg: str) -> etree._Element:
    return etree.fromstring(str(svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def _line(*values: float | None, name: str = "Delivered") -> Chart:
    return line_chart("key", "Title", "Words", HOURS[: len(values)], [Line(name, values)])


def _path(chart: Chart, number: int = 1) -> list[str]:
    return [path.get("d") for path in _tree(chart.svg).iter(f"{SVG}path") if path.get("class") == f"chart-line chart-line--{number}"]


def test_a_drawing_has_a_name_and_a_description() -> None:
    tree = _tree(_line(1, 2, 3).svg)
    assert tree.get("role") == "img"
    named = [tree.find(f".//*[@id='{name}']").text for name in tree.get("aria-labelledby").split()]
    assert named == ["Title", "Words"]


def test_nothing_is_inline_and_nothing_hostile_is_markup() -> None:
    chart = line_chart("key", HOSTILE, HOSTILE, [HOSTILE, "b"], [Line(HOSTILE, [1, 2])])
    tree = _tree(chart.svg)
    assert {etree.QName(each).localname for each in tree.iter()} <= {"svg", "title", "desc", "path", "text", "circle"}
    assert not [name for each in tree.iter() for name in each.attrib if name == "style" or name.startswith("on")]
    assert tree.find(f"{SVG}title").text == HOSTILE
    assert HOSTILE not in spark(HOSTILE, [1, 2])


def test_the_table_says_what_the_drawing_says() -> None:
    chart = line_chart("key", "t", "d", ["a", "b"], [Line("Delivered", [1234, None]), Line("Failed", [0, 2.5])], first="Hour")
    assert chart.head == ("Hour", "Delivered", "Failed")
    assert chart.rows == (("a", "1,234", "0"), ("b", "Not known", "2.5"))


def test_a_missing_value_is_a_gap_and_a_lonely_one_a_dot() -> None:
    chart = _line(1, 2, None, 3, None, None)
    assert len(_path(chart)) == 1
    assert len(list(_tree(chart.svg).iter(f"{SVG}circle"))) == 1
    assert len(_path(_line(1, 2, None, 3, 4, 5))) == 2
    assert not _path(_line(None, None))


def test_larger_is_higher_and_the_scale_starts_at_zero() -> None:
    (path,) = _path(_line(0, 50, 100))
    heights = [float(point.split()[1]) for point in re.split("[ML]", path) if point]
    assert heights[0] > heights[1] > heights[2]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.2)
    ticks = [each.text for each in _tree(_line(0, 50, 97).svg).iter(f"{SVG}text") if each.get("class") == "chart-tick chart-tick--y"]
    assert ticks == ["0", "25", "50", "75", "100"]


def test_the_second_line_differs_by_more_than_colour() -> None:
    chart = line_chart("key", "t", "d", HOURS, [Line("a", range(6)), Line("b", range(6))])
    assert (len(_path(chart, 1)), len(_path(chart, 2))) == (1, 1)


@given(values=st.lists(st.lists(st.one_of(st.none(), st.floats(0, 1e9)), min_size=3, max_size=3), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_names_never_overlap_and_everything_stays_inside(values: list[list[float | None]]) -> None:
    tree = _tree(line_chart("key", "t", "d", HOURS[:3], [Line(f"n{place}", row) for place, row in enumerate(values)]).svg)
    names = sorted(float(each.get("y")) for each in tree.iter(f"{SVG}text") if each.get("class", "").startswith("chart-name"))
    assert all(later - earlier >= 17.9 for earlier, later in pairwise(names))
    points = [float(number) for path in tree.iter(f"{SVG}path") for number in re.findall(r"[\d.]+", path.get("d"))]
    assert all(0 <= number <= 760 for number in [*points, *names])


def test_bars_stand_for_counts_and_none_for_nothing() -> None:
    chart = bar_chart("key", "t", "d", HOURS, [0, 1, 2, 3, 4, 5], name="Attempts")
    heights = [float(each.get("height")) for each in _tree(chart.svg).iter(f"{SVG}rect")]
    assert len(heights) == 5
    assert heights == sorted(heights)
    assert chart.head == ("Time", "Attempts")


@pytest.mark.parametrize("lines", [[], [Line("a", [1])], [Line("a", [1, -2])], [Line(str(n), [1, 2]) for n in range(5)]])
def test_what_cannot_be_drawn_honestly_is_refused(lines: list[Line]) -> None:
    with pytest.raises(ValueError, match=r"line|zero"):
        line_chart("key", "t", "d", ["a", "b"], lines)


def test_nothing_at_all_can_be_drawn() -> None:
    assert line_chart("key", "t", "d", [], [Line("a", [])]).rows == ()
    assert bar_chart("key", "t", "d", [], []).rows == ()
    assert "<path" not in spark("nothing", [])
    assert "circle" in spark("one", [3])
