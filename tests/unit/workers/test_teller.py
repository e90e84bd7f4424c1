"""The teller: each change is told once by each means, until somebody has heard it or a day is over; mutes keep it back."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.channels.https_push import HttpsPushChannel, allow_list, client_context
from gateway.audit.events import AuditCode, AuditEvent
from gateway.config import ConfigurationInvalid, Settings, load_settings
from gateway.oversight.alert_rules import RULES
from gateway.oversight.records import Alert, AlertState, Mute, Operator, Telling
from gateway.oversight.telling import TRIED_FOR, Means, Origin, Said, What, claims, letter, wait_after
from gateway.trust import compact
from gateway.trust.alerts import ALERT_TYPE
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.published import published_keyring
from gateway.trust.signing import jwk_of
from gateway.watching_over import mail_server, ways_of_telling
from gateway.workers.teller import Teller
from schemas.identifiers import OrganisationId
from tests.support.alerts import audited, raised
from tests.support.https_peer import Authority, Peer, https_peer, make_authority
from tests.support.smtp_peer import closed_port, smtp_peer
from tests.support.world import World, make_world

ANNE = Operator("op-anne", "Anne Example")


class Mouth:
    """Keeps what was said, and whether anybody heard it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, What]] = []
        self.answers: list[Said] = []

    def __call__(self, alert: Alert, what: What, now: datetime) -> Said:
        self.said.append((alert.alert_id, what))
        return self.answers.pop(0) if self.answers else Said()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = make_world(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.store.close()


@pytest.fixture
def mouth() -> Mouth:
    return Mouth()


def teller(world: World, mouth: Mouth, means: Means = Means.MAIL, holder: str = "one") -> Teller:
    return Teller(world.store, lambda: world.now, means, mouth, holder=holder)


def rang(world: World, name: str, *, subject: str = "C17", means: tuple[str, ...] = ("mail",)) -> Alert:
    """An alert that was raised, with its tellings."""
    alert = raised(world, f"{name}-before", subject=f"{subject}-{name}")  # other alerts stand around it
    made = replace(alert, alert_id=name, subject=subject, version=0)
    due = [Telling(alert_id=name, means=one, what="raised", due_at=world.now) for one in means]
    assert world.store.oversight.put_alert(made, AuditEvent(AuditCode.ALERT_RAISED, world.now, name), due)
    return replace(made, version=1)


def end(world: World, alert: Alert) -> Alert:
    over = replace(alert, state=AlertState.RESOLVED, resolved_at=world.now)
    due = [Telling(alert_id=alert.alert_id, means="mail", what="resolved", due_at=world.now)]
    assert world.store.oversight.put_alert(over, AuditEvent(AuditCode.ALERT_RESOLVED, world.now, alert.alert_id), due)
    return replace(over, version=alert.version + 1)


def mute(world: World, alert: Alert, **lasting: float) -> None:
    silence = Mute(rule=alert.rule, subject=alert.subject, until=world.now + timedelta(**lasting), reason="known-work", by=ANNE)
    world.store.oversight.put_mute(silence, AuditEvent(AuditCode.ALERT_MUTED, world.now, alert.subject))


def outcomes(world: World) -> list[tuple[object, object, object]]:
    return [(facts["means"], facts["what"], facts["outcome"]) for facts in audited(world, AuditCode.ALERT_TOLD)]


def test_each_change_is_told_once(world: World, mouth: Mouth) -> None:
    alert = rang(world, "a1")
    assert teller(world, mouth).look() == 1
    assert teller(world, mouth).look() == 0
    end(world, alert)
    assert teller(world, mouth).look() == 1
    assert mouth.said == [("a1", What.RAISED), ("a1", What.RESOLVED)]
    assert outcomes(world) == [("mail", "raised", "told"), ("mail", "resolved", "told")]


def test_a_means_tells_what_is_its_own(world: World, mouth: Mouth) -> None:
    rang(world, "a1", means=("mail", "webhook"))
    assert teller(world, mouth, Means.WEBHOOK).look() == 1
    assert outcomes(world) == [("webhook", "raised", "told")]
    assert [telling.means for telling in world.store.oversight.due_tellings(world.now, 9)] == ["mail"]


def test_who_does_not_answer_is_tried_again_with_patience_and_given_up_after_a_day(world: World, mouth: Mouth) -> None:
    rang(world, "a1")
    mouth.answers = [Said("The mail server answered 451.")] * 1000
    began, tries = world.now, list[datetime]()
    while waiting := world.store.oversight.due_tellings(world.now + timedelta(days=9), 9):
        world.pass_time(seconds=(waiting[0].due_at - world.now).total_seconds())
        teller(world, mouth).look()
        tries.append(world.now)
    assert len(tries) == len(mouth.said)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(tries)]
    assert gaps[:4] == [30, 60, 120, 240]
    assert max(gaps) == 3600
    assert timedelta(hours=23) < tries[-1] - began <= TRIED_FOR + timedelta(minutes=1)
    assert outcomes(world) == [("mail", "raised", "given-up")]
    assert audited(world, AuditCode.ALERT_TOLD)[0]["why"] == "The mail server answered 451."


def test_after_a_failure_the_rest_waits_for_the_next_look(world: World, mouth: Mouth) -> None:
    rang(world, "a1")
    world.pass_time(seconds=1)
    rang(world, "a2", subject="C05")
    mouth.answers = [Said("It hangs.")]
    assert teller(world, mouth).look() == 0
    assert mouth.said == [("a1", What.RAISED)]
    assert teller(world, mouth).look() == 1
    assert mouth.said[-1] == ("a2", What.RAISED)


def test_nobody_is_told_of_what_is_muted_until_the_silence_ends(world: World, mouth: Mouth) -> None:
    alert = rang(world, "a1")
    mute(world, alert, hours=3)
    for _ in range(3):
        assert teller(world, mouth).look() == 0
        world.pass_time(minutes=50)
    assert mouth.said == []
    world.pass_time(hours=1)
    assert teller(world, mouth).look() == 1
    assert mouth.said == [("a1", What.RAISED)]


def test_a_silence_that_is_ended_is_over_at_once(world: World, mouth: Mouth) -> None:
    alert = rang(world, "a1")
    mute(world, alert, days=3)
    teller(world, mouth).look()
    world.store.oversight.end_mute(alert.rule, alert.subject, AuditEvent(AuditCode.ALERT_UNMUTED, world.now, alert.subject))
    assert teller(world, mouth).look() == 1


def test_what_came_and_went_in_silence_is_never_told(world: World, mouth: Mouth) -> None:
    alert = rang(world, "a1")
    mute(world, alert, hours=3)
    teller(world, mouth).look()
    end(world, alert)
    assert teller(world, mouth).look() == 2
    world.pass_time(hours=4)
    assert teller(world, mouth).look() == 0
    assert mouth.said == []
    assert {outcome for *_, outcome in outcomes(world)} == {"muted"}


def test_what_was_over_before_it_could_be_told_is_told_once_as_over(world: World, mouth: Mouth) -> None:
    alert = rang(world, "a1")
    mouth.answers = [Said("down")]
    teller(world, mouth).look()
    end(world, alert)
    world.pass_time(minutes=5)
    assert teller(world, mouth).look() == 2
    assert mouth.said == [("a1", What.RAISED), ("a1", What.RESOLVED)]
    assert sorted(outcomes(world)) == [("mail", "raised", "over"), ("mail", "resolved", "told")]


def test_what_is_over_for_a_day_is_no_news(world: World, mouth: Mouth) -> None:
    end(world, rang(world, "a1"))
    world.pass_time(days=1, seconds=1)
    assert teller(world, mouth).look() == 2
    assert mouth.said == []
    assert sorted(outcomes(world)) == [("mail", "raised", "over"), ("mail", "resolved", "given-up")]


def test_who_lost_the_lease_half_way_stops(world: World, mouth: Mouth) -> None:
    rang(world, "a1")
    assert world.store.leases.acquire("tell.mail", "another", world.now, 60)
    assert teller(world, mouth).look() == 0
    assert mouth.said == []


def test_a_recipient_that_was_left_out_is_on_record(world: World, mouth: Mouth) -> None:
    rang(world, "a1")
    mouth.answers = [Said(left_out=2)]
    teller(world, mouth).look()
    assert audited(world, AuditCode.ALERT_TOLD)[0]["left_out"] == 2


def test_waits_grow_to_an_hour_and_end_with_a_day() -> None:
    waits = [wait_after(number) for number in range(1, 60)]
    assert waits[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert None in waits
    last = waits.index(None)
    assert all(one is None for one in waits[last:])
    assert max(one for one in waits if one) == timedelta(hours=1)


# what is said

ORIGIN = Origin(issuer="interagency-gateway.test", console_url="https://console.example", environment="test")


@pytest.mark.parametrize("rule", [*RULES, "gone-rule"])
def test_the_words_of_every_rule_are_whole_and_on_one_line(world: World, rule: str) -> None:
    alert = replace(raised(world, "a1"), rule=rule)
    words = letter(alert, What.RAISED, ORIGIN)
    assert "\n" not in words.subject
    assert words.subject.startswith("[test] ")
    assert "https://console.example/alerts/a1" in words.text
    assert f"https://console.example/runbooks/{rule}" in words.text
    over = letter(replace(alert, state=AlertState.RESOLVED, resolved_at=world.now), What.RESOLVED, ORIGIN)
    assert over.subject.startswith("[test] Resolved: ")
    assert "Over: 2026-11-23 12:00 UTC" in over.text


def test_claims_hold_what_a_program_needs_and_nobody_s_name(world: World) -> None:
    alert = replace(raised(world, "a1"), acknowledged_by=ANNE, acknowledged_at=world.now)
    said = json.loads(claims(alert, What.RAISED, ORIGIN, world.now))
    assert said == {
        "iss": ORIGIN.issuer,
        "iat": int(world.now.timestamp()),
        "jti": "a1.raised",
        "environment": "test",
        "what": "raised",
        "alert_id": "a1",
        "rule": "depth",
        "title": RULES["depth"].title,
        "subject": "C17",
        "severity": "warning",
        "value": "43 messages",
        "threshold": "20 messages",
        "raised_at": "2026-11-23T11:55:00+00:00",
        "alert_url": "https://console.example/alerts/a1",
        "page_url": "https://console.example/queues/C17",
        "runbook_url": "https://console.example/runbooks/depth",
    }


# over real sockets, as the settings want it


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"), "alerts-ca")


@pytest.fixture
def peer(authority: Authority) -> Iterator[Peer]:
    with https_peer(authority.issue("localhost"), authority.file) as found:
        yield found


def set_up(authority: Authority, **given: object) -> Settings:
    return load_settings(environment="test", egress_ca=authority.file, console_url="https://console.example", **given)


def webhook(world: World, authority: Authority, url: str, port: int) -> int:
    """One look of a teller that calls this address."""
    settings = set_up(authority, alerts_webhook_url=url, egress_allow=(f"localhost:{port}",))
    channel = HttpsPushChannel(client_context(authority.file, authority.issue("gateway")), allow_list(settings.egress_allow))
    says = ways_of_telling(settings, world.means, [channel])
    assert list(says) == [Means.WEBHOOK]
    try:
        return Teller(world.store, lambda: world.now, Means.WEBHOOK, says[Means.WEBHOOK], holder="one").look()
    finally:
        channel.close()


def test_a_webhook_gets_a_jws_that_our_key_set_verifies(world: World, authority: Authority, peer: Peer) -> None:
    rang(world, "a1", means=("webhook",))
    assert webhook(world, authority, peer.url("/ok"), peer.port) == 1
    (seen,) = peer.seen
    assert (seen.headers["content-type"], seen.headers["message-id"]) == ("application/jose", "a1.raised")
    token = compact.split(seen.body)
    jwk = jwk_of(world.means.message_signer)
    assert (token.claimed_header["typ"], token.claimed_header["kid"]) == (ALERT_TYPE, jwk["kid"])
    key = published_keyring({"keys": [jwk]}).find(str(jwk["kid"]))
    assert isinstance(key, KeyRecord)
    assert (key.use, key.organisation) == (KeyUse.SIGN, OrganisationId("gateway"))
    assert compact.signature_holds(token, key)
    assert json.loads(token.unverified_payload)["rule"] == "depth"


def test_a_webhook_that_fails_is_called_again_and_again_with_the_same_name(world: World, authority: Authority, peer: Peer) -> None:
    rang(world, "a1", means=("webhook",))
    for _ in range(3):
        assert webhook(world, authority, peer.url("/status/500"), peer.port) == 0
        world.pass_time(minutes=10)
    assert [seen.headers["message-id"] for seen in peer.seen] == ["a1.raised"] * 3
    assert [telling.attempts for telling in world.store.oversight.due_tellings(world.now, 9)] == [3]
    assert webhook(world, authority, peer.url("/status/404"), peer.port) == 0
    assert webhook(world, authority, peer.url("/ok"), peer.port) == 0
    world.pass_time(hours=1)
    assert webhook(world, authority, peer.url("/ok"), peer.port) == 1


def test_a_webhook_that_is_slow_is_waited_for_and_one_that_is_away_is_not(world: World, authority: Authority, peer: Peer) -> None:
    rang(world, "a1", means=("webhook",))
    gone = closed_port()
    assert webhook(world, authority, f"https://localhost:{gone}/", gone) == 0
    world.pass_time(minutes=1)
    assert webhook(world, authority, peer.url("/nap/0.3"), peer.port) == 1


def test_a_letter_reaches_a_mail_server(world: World, authority: Authority) -> None:
    rang(world, "a1")
    with smtp_peer(authority.issue("localhost")) as box:
        settings = set_up(
            authority,
            smtp_url=f"smtp://localhost:{box.port}",
            alerts_mail_from="gateway@example.test",
            alerts_mail_to=("ops@example.test",),
            egress_allow=(f"localhost:{box.port}",),
        )
        says = ways_of_telling(settings, world.means, [])
        one = Teller(world.store, lambda: world.now, Means.MAIL, says[Means.MAIL], holder="one")
        box.mood = "busy"
        assert one.look() == 0
        world.pass_time(minutes=1)
        box.mood = "ok"
        assert one.look() == 1
        ((_, recipients, message),) = box.letters
    assert recipients == ["ops@example.test"]
    assert message["Subject"] == "[test] Warning: Too many messages wait: C17"
    assert message["Message-ID"] == "<a1.raised@example.test>"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"alerts_webhook_url": "http://localhost/hook", "egress_allow": ("localhost:*",)}, "alerts_webhook_url must be https"),
        ({"alerts_webhook_url": "https://localhost/hook"}, "egress_allow must name its host"),
        ({"smtp_url": "smtp://mail.example"}, "egress_allow must name the host and port of smtp_url"),
        ({"smtp_url": "smtp+plain://mail.example", "egress_allow": ("mail.example:*",)}, "on this machine alone"),
        ({"smtp_url": "https://mail.example"}, "smtp_url must be"),
        ({"smtp_url": "smtp://"}, "smtp_url must be"),
        ({"smtp_url": "smtp://mail.example:port"}, "smtp_url must be"),
    ],
)
def test_a_place_that_may_not_be_called_is_found_out_at_the_start(world: World, authority: Authority, given: dict[str, object], words: str) -> None:
    if "smtp_url" in given:
        given = {**given, "alerts_mail_from": "gateway@example.test", "alerts_mail_to": ("ops@example.test",)}
    channel = HttpsPushChannel(client_context(authority.file), allow_list(()))
    with pytest.raises(ConfigurationInvalid, match=words) as failed:
        ways_of_telling(set_up(authority, **given), world.means, [channel])
    assert "mail.example" not in str(failed.value)


def test_the_password_of_the_mail_server_is_read_and_never_shown(authority: Authority) -> None:
    given = {"alerts_mail_from": "gateway@example.test", "alerts_mail_to": ("ops@example.test",)}
    settings = set_up(authority, smtp_url="smtps://gateway:p%40ss@mail.example", **given)
    server = mail_server(settings)
    assert (server.host, server.port, server.user, server.password) == ("mail.example", 465, "gateway", "p@ss")
    assert "p%40ss" not in repr(settings)
    with pytest.raises(ConfigurationInvalid, match="go together"):
        set_up(authority, smtp_url="smtp://mail.example")


def test_without_settings_nobody_is_told(world: World, authority: Authority) -> None:
    assert ways_of_telling(set_up(authority), world.means, []) == {}
