"""`gateway broker apply` on a real RabbitMQ: what is missing is made, what is wrong is mended, what is unknown is told."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from broker.admin import RabbitAdmin
from broker.contract import BrokerUnavailable, Confirm, Publication
from broker.differences import Present
from broker.rabbitmq import RabbitBroker
from broker.topology import EVERYTHING, GATEWAY, PARTNERS, Binding, Exchange, Permission, Queue, Topology, User, from_queue, password_hash, to_queue
from gateway.audit.events import AuditCode
from gateway.commands.output import Exit
from gateway.partners.party import Standing
from schemas.identifiers import OrganisationId
from tests.support.brokered import point_at
from tests.support.operators import Installation, Said, installation
from tests.support.rabbitmq import PrivateVhosts

pytestmark = [pytest.mark.rabbitmq, pytest.mark.timeout(120)]


def profile(organisation: str, code: str) -> dict[str, object]:
    spoken = {"dialect": "canonical", "version": "0-9-14", "packaging": "jws"}
    party = {"code": code, "name": f"{code} (fictional)", "inbound": spoken, "outbound": {**spoken, "mode": "queue"}}
    return {"organisation": {"id": organisation, "name": f"{organisation} (fictional)"}, "parties": [party]}


@dataclass
class Place:
    """A desk in front of two vhosts of its own, with two organisations that are served by queue."""

    desk: Installation
    vhosts: PrivateVhosts
    north: str
    south: str

    def apply(self, *options: str, stdin: str | None = None) -> Said:
        return self.desk.run("broker", "apply", "--yes", "--json", *options, stdin=stdin)

    def done(self, *options: str) -> dict[str, object]:
        return self.desk.ask("broker", "apply", "--yes", *options)

    def planned(self, *options: str) -> dict[str, object]:
        return self.desk.ask("broker", "apply", "--plan", *options)

    def present(self) -> Present:
        return self.vhosts.admin.present()

    def audited(self) -> list[dict[str, object]]:
        store = self.desk.store()
        try:
            events = [record.event for record in store.queries.audit(0, 1000)]
        finally:
            store.close()
        return [dict(event.facts) for event in events if event.code is AuditCode.BROKER_APPLIED]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rabbitmq: PrivateVhosts) -> Iterator[Place]:
    monkeypatch.setattr("broker.admin.SETTLE_SECONDS", 0.0)
    mark = secrets.token_hex(3)
    desk = installation(tmp_path / "gateway", monkeypatch)
    point_at(rabbitmq, monkeypatch)
    made = Place(desk, rabbitmq, f"north-{mark}", f"south-{mark}")
    for organisation, code in ((made.north, "C05"), (made.south, "C06")):
        desk.ask("partner", "apply", desk.write(f"{organisation}.json", profile(organisation, code)), "--yes")
    yield made
    for user in (made.north, made.south):
        rabbitmq.admin.remove_user(user)


def listed(said: dict[str, object], name: str = "differences") -> list[dict[str, object]]:
    found = said[name]
    assert isinstance(found, list)
    return found


def short(said: dict[str, object], name: str = "differences") -> list[tuple[object, object, object]]:
    return [(one["do"], one["kind"], one["name"]) for one in listed(said, name)]


def passwords(said: dict[str, object]) -> dict[object, str]:
    return {one["organisation"]: str(one["password"]) for one in listed(said, "users")}


def send(place: Place, organisation: str, password: str) -> list[Confirm]:
    broker = RabbitBroker({PARTNERS: place.vhosts.urls_of(organisation, password)[PARTNERS]})
    try:
        return list(broker.publisher(organisation).publish([Publication(PARTNERS, from_queue(OrganisationId(organisation)), "", b"x", "id")]))
    finally:
        broker.close()


def test_an_empty_broker_gets_everything_and_passwords_are_shown_once(place: Place) -> None:
    plan = place.planned()
    assert plan["applied"] is False
    assert all("password" not in one for one in listed(plan, "users"))
    assert place.present().vhosts == frozenset(), "a plan changes nothing"
    said = place.done()
    assert said["applied"] is True
    assert listed(said, "left") == []
    assert {one["do"] for one in listed(said)} == {"make"}
    words = passwords(said)
    assert set(words) == {place.north, place.south}
    for organisation, password in words.items():
        assert send(place, str(organisation), password) == [Confirm.CONFIRMED]
    ours = place.vhosts.broker()
    assert ours.publisher().publish([Publication(GATEWAY, GATEWAY, "outbound.C05", b"x", "id")]) == [Confirm.CONFIRMED]
    ours.close()
    kept = b"".join(file.read_bytes() for file in place.desk.folder.rglob("*") if file.is_file())
    assert not any(password.encode() in kept for password in words.values())


def _of(place: Place) -> Present:
    """Without the users of other tests on the same node."""
    found = place.present()
    return replace(found, users={name: user for name, user in found.users.items() if name in {place.north, place.south, place.vhosts.user}})


def test_applied_twice_it_changes_nothing_and_says_so(place: Place) -> None:
    place.done()
    before, audited = _of(place), place.audited()
    said = place.done()
    assert (said["applied"], said["changes"], said["differences"], said["users"]) == (False, 0, [], [])
    assert "Nothing to change." in place.desk.run("broker", "apply").out
    assert _of(place) == before
    assert place.audited() == audited
    assert len(audited) == 1
    assert audited[0]["users"] == f"{place.north} {place.south}"
    assert audited[0]["removed"] == 0


def test_a_wiped_broker_is_rebuilt_with_the_same_passwords(place: Place) -> None:
    words = passwords(place.done())
    place.vhosts.admin.remove_vhosts()
    for user in (place.north, place.south, place.vhosts.user):
        place.vhosts.admin.remove_user(user)
    said = place.done()
    assert listed(said, "users") == []
    assert listed(said, "left") == []
    assert send(place, place.north, words[place.north]) == [Confirm.CONFIRMED]
    ours = place.vhosts.broker()
    assert ours.publisher().publish([Publication(GATEWAY, GATEWAY, "outbound.C05", b"x", "id")]) == [Confirm.CONFIRMED]
    ours.close()


def test_wrong_rights_are_mended_and_rights_in_our_vhost_are_withdrawn(place: Place) -> None:
    place.done()
    right = place.present().permissions
    place.vhosts.admin.grant(Permission(place.north, PARTNERS, EVERYTHING, EVERYTHING, EVERYTHING))
    place.vhosts.admin.grant(Permission(place.south, GATEWAY, "^$", EVERYTHING, "^$"))
    said = place.done()
    assert short(said) == [("mend", "permission", place.north), ("mend", "permission", place.south)]
    assert "configure everything" in str(listed(said)[0]["detail"])
    assert place.present().permissions == right


def test_a_missing_queue_binding_and_exchange_are_made_again(place: Place) -> None:
    place.done()
    before, organisation = place.present(), OrganisationId(place.north)
    admin = place.vhosts.admin
    assert admin.remove_empty_queues([Queue(PARTNERS, to_queue(organisation))]) == ()
    admin.remove(Exchange(PARTNERS, from_queue(organisation)))
    said = place.done()
    assert {one["do"] for one in listed(said)} == {"make"}
    assert {(one["kind"], one["name"]) for one in listed(said)} == {
        ("exchange", from_queue(organisation)),
        ("queue", to_queue(organisation)),
        ("binding", f"to to {to_queue(organisation)} by {organisation}"),
        ("binding", f"{from_queue(organisation)} to {from_queue(organisation)}"),
    }
    after = place.present()
    assert (after.queues.keys(), after.exchanges, after.bindings) == (before.queues.keys(), before.exchanges, before.bindings)


def await_figures(place: Place, queue: str) -> None:
    """The broker's own figures lag behind."""
    deadline = time.monotonic() + 20
    while not place.present().queues[PARTNERS, queue].messages:
        assert time.monotonic() < deadline
        time.sleep(0.1)


UNKNOWN = Topology(
    exchanges=(Exchange(PARTNERS, "old", "fanout"),),
    queues=(Queue(PARTNERS, "old.full", {"x-queue-type": "quorum"}), Queue(PARTNERS, "old.empty", {"x-queue-type": "quorum"}), Queue(PARTNERS, "old.plain")),
    bindings=(Binding(PARTNERS, "to", "old.full", "old"), Binding(PARTNERS, "old", "old.empty")),
)


def test_what_is_unknown_is_told_and_removed_only_when_asked_and_never_with_messages(place: Place) -> None:
    place.done()
    place.vhosts.apply(UNKNOWN)
    name = f"{place.north}-stranger"
    place.vhosts.apply(Topology(users=(User(name, password_hash("not-a-secret-word", b"salt"), (Permission(name, PARTNERS, "^$", "^$", ".*"),)),)))
    ours = place.vhosts.broker()
    assert ours.publisher().publish([Publication(PARTNERS, "to", "old", b"kept", "id")]) == [Confirm.CONFIRMED]
    ours.close()
    await_figures(place, "old.full")
    try:
        told = place.done()
        assert (told["applied"], told["changes"]) == (False, 0)
        assert {one["do"] for one in listed(told)} == {"tell"}
        assert [one["messages"] for one in listed(told) if one["name"] == "old.full"] == [1]
        assert {"old.full", "old.empty", "old.plain"} <= {queue for _, queue in place.present().queues}
        said = place.apply("--remove-unknown")
        assert (said.code, said.error["code"]) == (Exit.PARTLY_DONE, "broker-partly-applied")
        after = place.present()
        assert {queue for _, queue in after.queues if queue.startswith("old.")} == {"old.full"}
        assert Binding(PARTNERS, "to", "old.full", "old") in after.bindings
        assert (PARTNERS, "old") not in after.exchanges
        assert name not in {one.user for one in after.permissions}
        assert {(one["kind"], one["name"]) for one in listed(said.json, "left")} == {("queue", "old.full"), ("binding", "to to old.full by old")}
        [counted] = [facts for facts in place.audited() if facts["removed"]]
        assert counted["removed"] == 5
    finally:
        place.vhosts.admin.remove_user(name)
    ours = place.vhosts.broker()
    [item] = ours.consumer(PARTNERS, "old.full").receive(1, 5.0)
    assert item.body == b"kept"
    ours.close()


def test_what_the_figures_do_not_show_yet_is_asked_for(place: Place) -> None:
    place.done()
    place.vhosts.apply(UNKNOWN)
    ours = place.vhosts.broker()
    assert ours.publisher().publish([Publication(PARTNERS, "to", "old", b"kept", "id")]) == [Confirm.CONFIRMED]
    ours.close()
    kept = place.vhosts.admin.remove_empty_queues([Queue(PARTNERS, "old.full"), Queue(PARTNERS, "old.plain")])
    assert [queue.name for queue in kept] == ["old.full"]


def test_a_queue_somebody_reads_from_is_left(place: Place) -> None:
    place.done()
    place.vhosts.apply(UNKNOWN)
    broker = place.vhosts.broker()
    consumer = broker.consumer(PARTNERS, "old.empty")
    consumer.receive(1, 0.2)
    deadline = time.monotonic() + 30
    while not place.present().queues[PARTNERS, "old.empty"].consumers:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    kept = place.vhosts.admin.remove_empty_queues([Queue(PARTNERS, "old.empty"), Queue(PARTNERS, "old.plain")])
    assert [queue.name for queue in kept] == ["old.empty"]
    broker.close()


def test_a_queue_of_other_arguments_is_for_a_person_and_the_rest_is_made(place: Place) -> None:
    name = from_queue(OrganisationId(place.north))
    place.vhosts.apply(Topology(vhosts=(PARTNERS,), queues=(Queue(PARTNERS, name, {"x-queue-type": "quorum"}),)))
    said = place.apply()
    assert (said.code, said.error["code"]) == (Exit.PARTLY_DONE, "broker-partly-applied")
    [left] = listed(said.json, "left")
    assert (left["do"], left["kind"], left["name"]) == ("by hand", "queue", name)
    assert "x-delivery-limit is not set, wanted 100" in str(left["detail"])
    assert send(place, place.south, passwords(said.json)[place.south]) == [Confirm.CONFIRMED]
    again = place.apply()
    assert (again.code, again.json["changes"]) == (Exit.PARTLY_DONE, 0)


def test_a_password_from_a_file_or_from_standard_input_is_used_and_never_said(place: Place) -> None:
    word, other = "from-outside-0123456789", "another-word-0123456789"
    file = place.desk.folder / "north.password"
    file.touch(mode=0o600)
    file.write_text(word + "\n")
    options = ("--password-file", f"{place.north}={file}", "--password-file", f"{place.south}=-")
    said = place.apply(*options, stdin=other)
    assert said.code == 0, said.err
    assert word not in said.out + said.err
    assert other not in said.out + said.err
    assert all(one["generated"] is False for one in listed(said.json, "users"))
    assert send(place, place.north, word) == send(place, place.south, other) == [Confirm.CONFIRMED]
    assert place.done("--password-file", f"{place.north}={file}")["changes"] == 0
    file.write_text("a-new-word-0123456789")
    renewed = place.done("--password-file", f"{place.north}={file}")
    assert short(renewed) == [("mend", "user", place.north)]
    assert send(place, place.north, "a-new-word-0123456789") == [Confirm.CONFIRMED]
    with pytest.raises(BrokerUnavailable):
        send(place, place.north, word)


def test_who_has_left_loses_the_user_and_keeps_the_queues(place: Place) -> None:
    words = passwords(place.done())
    place.desk.ask("partner", "standing", place.north, Standing.LEFT.value, "--yes")
    told = place.planned()
    assert ("tell", "permission", place.north) in short(told)
    place.apply("--remove-unknown")
    with pytest.raises(BrokerUnavailable):
        send(place, place.north, words[place.north])
    assert (PARTNERS, from_queue(OrganisationId(place.north))) in place.present().queues


def test_the_gateways_own_user_is_nobodys(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_BROKER_PARTNERS_URL", place.vhosts.urls_of(place.north, "a-word")[PARTNERS])
    said = place.apply()
    assert (said.code, said.error["code"]) == (Exit.CONFLICT, "broker-user-taken")
    assert place.audited() == []


def test_without_a_yes_nothing_is_changed(place: Place) -> None:
    said = place.desk.run("broker", "apply", "--json")
    assert (said.code, said.error["code"]) == (Exit.USAGE, "confirmation-needed")
    assert place.present().vhosts == frozenset()


def test_a_broker_that_is_not_there_is_told_without_its_password(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_BROKER_MANAGEMENT_URL", "http://admin:hidden-word@127.0.0.1:1")
    said = place.apply()
    assert (said.code, said.error["code"]) == (9, "broker-unavailable")
    assert "hidden-word" not in said.out + said.err


def doctor(place: Place) -> tuple[object, str]:
    listed_checks = place.desk.run("doctor", "--json").json["checks"]
    assert isinstance(listed_checks, list)
    [check] = [one for one in listed_checks if one["name"] == "broker"]
    return check["state"], check["found"]


def test_the_doctor_sees_what_the_plan_would_mend(place: Place) -> None:
    state, said = doctor(place)
    assert state == "FAILED"
    assert said.startswith("vhost gateway missing, vhost partners missing, ")
    assert " more" in said
    place.done()
    assert doctor(place) == ("ok", "reachable and as the directory says, 0 things unknown")
    place.vhosts.admin.grant(Permission(place.north, PARTNERS, EVERYTHING, EVERYTHING, EVERYTHING))
    place.vhosts.apply(UNKNOWN)
    assert doctor(place) == ("FAILED", f"permission {place.north} different")
    place.done()
    assert doctor(place) == ("ok", "reachable and as the directory says, 6 things unknown")


def test_what_fails_half_way_still_shows_the_passwords_and_is_finished_by_running_it_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    make = RabbitAdmin.apply

    def fails_at_users(admin: RabbitAdmin, topology: Topology) -> None:
        if topology.users:
            raise BrokerUnavailable("management API: made up")
        make(admin, topology)

    with monkeypatch.context() as patch:
        patch.setattr(RabbitAdmin, "apply", fails_at_users)
        said = place.apply()
    assert (said.code, said.error["code"], said.error["details"]) == (Exit.PARTLY_DONE, "broker-partly-applied", ["management API: made up"])
    assert said.json["applied"] is False
    words = passwords(said.json)
    again = place.done()
    assert (listed(again, "users"), listed(again, "left")) == ([], [])
    assert send(place, place.north, words[place.north]) == [Confirm.CONFIRMED]
