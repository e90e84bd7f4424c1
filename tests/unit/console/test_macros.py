"""The design system's macros give what the design system's makers say; ours are what they should be, and escape everything."""

from collections import Counter
from html.parser import HTMLParser

import pytest
from markupsafe import Markup

from gateway.console.rendering import environment, govuk_environment, markup
from tests.support.fixtures_govuk import Fixture, fixtures, normalised
from tests.support.gallery import AT, HOSTILE, PAGES, Place, values

FIXTURES = fixtures()


def _macro(component: str) -> str:
    return "govuk" + "".join(word.capitalize() for word in component.split("-"))


def _rendered(fixture: Fixture) -> str:
    template = govuk_environment().get_template(f"govuk_frontend_jinja/components/{fixture.component}/macro.html")
    return str(getattr(template.module, _macro(fixture.component))(fixture.options))


@pytest.mark.parametrize("component", sorted({fixture.component for fixture in FIXTURES}))
def test_every_fixture_of_the_design_system_matches(component: str) -> None:
    assert not [fixture.name for fixture in FIXTURES if fixture.component == component and not fixture.matches(_rendered(fixture))]


def test_all_fixtures_of_this_release_are_kept() -> None:
    assert len(FIXTURES) == 657
    assert len(Counter(fixture.component for fixture in FIXTURES)) == 37


@pytest.mark.parametrize(
    ("one", "other"),
    [('<a b="1" c="2">x</a>', '<a b="1" c="3">x</a>'), ("<p>a b</p>", "<p>ab</p>"), ("<p>a</p>", "<p>a"), ("<b>a</b>c", "<b>ac</b>")],
)
def test_differences_are_seen(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_a_mark_is_kept_as_a_digest_only() -> None:
    marked = [fixture for fixture in FIXTURES if fixture.component == "footer"]
    assert marked
    assert all(len(fixture.expected) == 64 for fixture in marked)


def _said(source: str, **told: object) -> str:
    console = "confirm, csrf, hidden_value, live_cell, moment, moment_or, more_link, pages, sort_header, state_tag, health_tag, tile, reveal_form"
    moj = "moj_alert, moj_filter, moj_timeline, moj_select"
    head = "".join(f'{{% from "macros/{file}.html" import {names} %}}' for file, names in (("console", console), ("moj", moj)))
    return environment().from_string(head + source).render(**told).strip()


def test_a_time_is_shown_in_uk_time_and_told_in_utc() -> None:
    assert _said("{{ moment(at) }}", at=AT) == '<time datetime="2026-07-06T17:34:05Z">6 July 2026 at 6:34pm</time>'
    assert "18:34:05" in _said("{{ moment(at, 'exact') }}", at=AT)
    assert _said("{{ moment_or(none, 'Never') }}") == "Never"


def test_tags_say_their_state_in_words_and_know_their_colours() -> None:
    assert _said("{{ state_tag('not-applied') }}") == '<strong class="govuk-tag govuk-tag--orange">Not applied</strong>'
    live = _said("{{ health_tag('down', 'C05.health') }}")
    assert 'data-live="C05.health"' in live
    assert "Working=green;" in live
    assert ">Down</strong>" in live
    assert ">Brand new</strong>" in _said("{{ state_tag('brand-new') }}")


def test_a_tile_is_a_link_to_the_list_behind_it() -> None:
    said = _said("{{ tile('Dead letters', 3, '/dead-letters', 'dead') }}")
    assert '<a class="console-tile__link" href="/dead-letters">' in said
    assert 'data-live="dead">3<' in said


def test_a_sorted_column_says_so() -> None:
    said = _said("{{ sort_header('Oldest', '?sort=a&dir=b', 'descending') }}")
    assert 'aria-sort="descending"' in said
    assert 'href="?sort=a&amp;dir=b"' in said


def test_pages_show_only_what_there_is() -> None:
    assert _said("{{ pages() }}") == ""
    first = _said("{{ pages(older='/x?after=1') }}")
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first


def test_confirm_names_the_count_and_sends_it() -> None:
    said = _said("{% call confirm('Retry', '/retry', 'token', 'Retry', count=1234, once='key') %}<input name='why'>{% endcall %}")
    for part in ("<strong>1,234 messages</strong>", 'name="expected" value="1234"', 'name="csrf" value="token"', 'name="once" value="key"'):
        assert part in said
    assert 'data-prevent-double-click="true"' in said
    assert "<input name='why'>" in said


def test_a_hidden_value_is_not_there_and_asks_for_permission() -> None:
    assert "Reveal" not in _said("{{ hidden_value('surname', '/reveal', false) }}")
    assert "href" in _said("{{ hidden_value('surname', '/reveal', true) }}")


def test_a_filter_by_post_carries_the_token() -> None:
    assert 'value="token"' in _said("{% call moj_filter('/messages', method='post', token='token') %}{% endcall %}")
    assert "token" not in _said("{% call moj_filter('/messages', token='token') %}{% endcall %}")


class _Reader(HTMLParser):
    """What a browser would make of a page: its elements, its handlers, its inline styles, its ids."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.handlers: list[str] = []
        self.ids: list[str] = []
        self.unnamed_scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        told = dict(attrs)
        self.handlers += [f"{tag} {name}" for name in told if name.startswith("on") or name == "style" or (told[name] or "").startswith("javascript:")]
        self.ids += [str(told["id"])] if "id" in told else []
        if tag == "script" and not told.get("nonce"):
            self.unnamed_scripts.append(str(attrs))


def _read(**others: object) -> _Reader:
    reader = _Reader()
    reader.feed(markup(environment(PAGES).get_template("gallery.html"), Place(), **values(**others)))
    return reader


def test_nothing_hostile_becomes_markup() -> None:
    """The same elements whether the words are hostile or plain; no handler and no inline style at all."""
    hostile, plain = _read(), _read(hostile="A name", events=[{"title": "x", "at": AT, "text": "y"} for _ in range(3)])
    assert hostile.tags["img"] == 0
    assert hostile.tags - plain.tags == Counter({"p": 2})  # the two bylines
    assert not hostile.handlers
    assert not hostile.unnamed_scripts


def test_hostile_words_of_errors_and_notices_are_words() -> None:
    reader = _read(
        errors=({"text": HOSTILE, "field": HOSTILE},), notices=({"text": HOSTILE, "href": "/x", "link": HOSTILE},), crumbs=({"text": HOSTILE, "href": "/"},)
    )
    assert reader.tags["img"] == 0
    assert not reader.handlers
    assert not reader.unnamed_scripts


def test_ids_are_unique() -> None:
    assert not [each for each, often in Counter(_read().ids).items() if often > 1]


def test_only_markup_passes_unescaped() -> None:
    assert "<i>" not in _said("{% call moj_filter('/x') %}{{ text }}{% endcall %}", text="<i>")
    assert "<i>" in _said("{% call moj_filter('/x') %}{{ text }}{% endcall %}", text=Markup("<i>"))
