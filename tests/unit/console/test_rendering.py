"""Pages are whole or an error: names must exist, values are escaped, the layout shows what the context says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from jinja2 import UndefinedError

from gateway.config import Environment
from gateway.console import words
from gateway.console.rendering import ENVIRONMENTS, PLACES, environment, render
from gateway.oversight.access import Permission
from gateway.oversight.health import Health
from gateway.oversight.records import AlertState, OrderState
from gateway.oversight.views import ReceiptStanding
from gateway.records import DeliveryState
from tests.support.gallery import PAGES, Person, Place, values

WINTER = datetime(2026, 1, 5, 12, 0, 9, tzinfo=UTC)


def _page(place: Place | None = None, template: str = "gallery.html", **others: object) -> str:
    return bytes(render(place or Place(), template, folders=(PAGES,), **values(**others)).body).decode()


@pytest.mark.parametrize("name", ["at", "chart", "hostile", "events"])
def test_a_page_that_lacks_a_value_is_an_error(name: str) -> None:
    told = {key: value for key, value in values().items() if key != name}
    with pytest.raises(UndefinedError):
        render(Place(), "gallery.html", folders=(PAGES,), **told)


@pytest.mark.parametrize("source", ["{{ nothing }}", "{{ row.nothing }}", "{% if nothing %}{% endif %}", "{{ govukButton({'text': row.nothing}) }}"])
def test_our_templates_are_strict_and_the_design_systems_are_not(source: str) -> None:
    with pytest.raises(UndefinedError):
        environment().from_string(source).render(row={"text": "x"})
    assert "govuk-button" in environment().from_string("{{ govukButton({'text': row.text}) }}").render(row={"text": "x"})


def test_values_are_escaped_by_our_templates_and_by_the_macros() -> None:
    template = environment().from_string(
        "{{ text }}{{ govukButton({'text': text}) }}{{ govukInput({'id': 'a', 'name': 'a', 'value': text, 'label': {'text': text}}) }}"
    )
    assert "<b" not in template.render(text='<b onclick="x">').replace("<button", "")


def test_every_template_of_ours_compiles() -> None:
    names = environment().list_templates()
    assert {"layout.html", "macros/console.html", "macros/moj.html"} <= set(names)
    assert [environment().get_template(name).name for name in names] == names


@pytest.mark.parametrize(("environment_name", "shown"), [("dev", "Development environment"), ("test", "Test environment"), ("live", "Live environment")])
def test_the_environment_is_said_in_words_on_every_page(environment_name: str, shown: str) -> None:
    assert shown in _page(Place(environment=environment_name))
    assert set(ENVIRONMENTS) == {each.value for each in Environment}


def test_navigation_shows_what_the_viewer_may_see() -> None:
    watching = _page(replace(Place(), viewer=Person(permissions=frozenset({"watch"}))))
    assert 'href="/queues"' in watching
    assert 'href="/audit"' not in watching
    assert 'action="/search"' not in watching
    assert {place.permission for place in PLACES} <= {permission.value for permission in Permission}


def test_the_place_where_one_is_is_said() -> None:
    assert _page(Place(path="/partners")).count('aria-current="page"') == 2  # and that of the sub navigation
    assert 'href="/dead-letters" aria-current="true"' in _page(Place(path="/dead-letters/3"))


def test_without_a_viewer_there_is_nothing_to_sign_out_of() -> None:
    page = _page(replace(Place(), viewer=None), "signed_out.html")
    assert "/sign-out" not in page
    assert "/queues" not in page


def test_errors_stand_in_the_title_and_lead_to_their_fields() -> None:
    page = _page(errors=({"text": "Choose a reason", "field": "reason"},))
    assert "<title>Error: Gallery – Interagency Gateway</title>" in page
    assert '<a href="#reason">Choose a reason</a>' in page
    assert "<title>Gallery –" in _page()


def test_forms_that_change_something_carry_the_token() -> None:
    page = _page()
    forms = [form.split("</form>")[0] for form in page.split("<form")[1:]]
    posted = [form for form in forms if 'method="post"' in form and "/retry" not in form]
    assert len(posted) == 4
    assert all('name="csrf" value="a-token-of-a-session"' in form for form in posted)


def test_the_answer_is_html_with_the_status_asked_for() -> None:
    answer = render(Place(), "signed_out.html", status=403, folders=(PAGES,))
    assert (answer.status_code, answer.media_type) == (403, "text/html")


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (WINTER, "5 January 2026 at midday"),
        (WINTER - timedelta(hours=12), "5 January 2026 at midnight"),
        (WINTER + timedelta(minutes=5), "5 January 2026 at 12:05pm"),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "2 July 2026 at 12:30am"),
        (datetime(2026, 7, 1, 8, 0, tzinfo=UTC), "1 July 2026 at 9am"),
    ],
)
def test_times_are_written_as_the_style_guide_asks(at: datetime, shown: str) -> None:
    assert words.uk_moment(at) == shown


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        words.uk_moment(WINTER.replace(tzinfo=None))
    with pytest.raises(ValueError, match="zone"):
        words.iso(WINTER.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 seconds"), (1, "1 second"), (61, "1 minute 1 second"), (3600, "1 hour"), (3605, "1 hour"), (187_500, "2 days 4 hours"), (-5, "0 seconds")],
)
def test_durations_name_their_two_largest_units(seconds: int, shown: str) -> None:
    assert words.duration(seconds) == shown


def test_counts_are_counted() -> None:
    assert [words.counted(1, "message"), words.counted(1234, "message"), words.counted(2, "party", "parties")] == ["1 message", "1,234 messages", "2 parties"]


def test_every_state_has_its_words() -> None:
    assert set(words.STATES) == set(DeliveryState)
    texts = [tag.text for tag in words.STATES.values()]
    assert len(set(texts)) == len(texts)
    assert set(words.HEALTH) == set(Health)
    assert set(AlertState) < set(words.ALERTS)
    assert set(words.ORDERS) == set(OrderState)
    assert set(words.RECEIPTS) == set(ReceiptStanding)
    with pytest.raises(ValueError, match="colour"):
        words.Tag("x", "pink")
