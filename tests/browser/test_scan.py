"""No page holds anything of a person before it was revealed: every GET route over made-up people, for people and for programs.

The routes are the application's own, so that a page that somebody adds is looked at without anybody thinking of it; what
is looked for is what the letters say, by the names that nDelius has for it, not by what the gateway thinks of it.
"""

from collections.abc import Iterator
from datetime import date

import pytest

from gateway.oversight.access import Role
from tests.support.console_stage import Stage, staged
from tests.support.console_world import SECRETS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
NOBODY = "X000099"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("scan")) as made:
        yield made


def _secrets(stage: Stage) -> set[str]:
    """As they were sent, and as a page would write a date."""
    found = {*SECRETS, *stage.personal, *(f"X00000{number}" for number in range(1, 8))}
    return found | {written for text in found for written in _dates(text)}


def _dates(text: str) -> Iterator[str]:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return
    yield f"{day.day} {day:%B %Y}"
    yield f"{day:%d/%m/%Y}"


def _held(text: str, stage: Stage) -> list[str]:
    return sorted(secret for secret in _secrets(stage) if secret in text)


def test_what_is_looked_for_is_worth_it(stage: Stage) -> None:
    assert {"Larkspur Terrace", "ZZ99 3CZ", "Thackery,Ione", "26 July 2018", "K189120", SECRETS[1]} <= _secrets(stage)
    assert _held(f"<td>{SECRETS[1]}</td>", stage) == [SECRETS[1]]


def test_no_page_says_anything_of_a_person(stage: Stage) -> None:
    browser, found = stage.house.signed_in(*Role), {}
    addresses = stage.addresses()
    for address in addresses:
        answer = browser.get(address)
        assert answer.status_code in (200, 303, 409), (address, answer.status_code)
        # The day of the world itself stands on pages as the time of what happened then.
        held = [secret for secret in _held(answer.text + str(answer.headers), stage) if secret not in ("2026-11-20", "20 November 2026", "20/11/2026")]
        if held:
            found[address] = held
    assert found == {}
    assert len(addresses) > 60


def test_no_answer_to_a_program_says_anything_of_a_person(stage: Stage) -> None:
    browser, headers, found, asked = stage.house.browser(), stage.house.command_line(*Role), {}, 0
    for address in stage.addresses(api=True):
        answer = browser.get(address, headers=headers)
        asked += answer.status_code == 200
        assert answer.status_code in (200, 400, 404, 409, 422), (address, answer.text)
        if held := _held(answer.text, stage):
            found[address] = held
    assert found == {}
    assert asked > 8
