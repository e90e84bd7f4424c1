"""Each role does all of its work with the keys that it is given, and could not do another's."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from broker.parcel import Parcel
from gateway import bootstrap, keystore
from gateway.config import load_settings
from gateway.control.desk import Desk
from gateway.control.partners import PartnerActions
from gateway.exchange.results import Accepted
from gateway.operations import Operations
from gateway.oversight.records import Operator
from gateway.partners.onboarding import Parts
from gateway.pipeline import Pipeline
from gateway.trust.contract import SignerUnavailable
from gateway.workers.orders import OrderWorker
from gateway.workers.timers import sign_checkpoint
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.world import AUDIENCE, World, contact

As = Callable[[str], Pipeline]


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roles") / "keys"
    keystore.create(folder, issuer=AUDIENCE, now=bootstrap.clock())
    return folder


@pytest.fixture
def keys_folder(made_keys: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made_keys, tmp_path / "keys")


@pytest.fixture
def as_role(world: World, keys_folder: Path) -> As:
    settings = load_settings(data_dir=keys_folder.parent)

    def make(role: str) -> Pipeline:
        means = bootstrap.make_means(settings, keystore.open_keys(keys_folder, need=bootstrap.KEYS_OF[role]))
        return Pipeline(replace(world.pipeline._parts, means=replace(means, issuer=AUDIENCE, new_id=world.means.new_id)))

    return make


def hand_in(world: World, pipeline: Pipeline, number: str, recipients: Sequence[str]) -> None:
    submission = world.submission("alpha", world.signed("alpha", contact(number, recipients=recipients)))
    [result] = pipeline.submit([submission])
    assert isinstance(result, Accepted), result


def test_every_role_has_its_keys() -> None:
    assert tuple(bootstrap.KEYS_OF) == bootstrap.ROLES


@pytest.mark.parametrize("door", ["intake-amqp", "intake-files", "api", "dead-letters"])
def test_doors_take_couriers_carry_and_the_api_serves_the_shelf(world: World, as_role: As, door: str) -> None:
    hand_in(world, as_role(door), "m-1", ["C17", "C20", "N00"])
    courier = as_role("courier")
    for recipient in ("C17", "N00"):
        courier.deliver(PartyCode(recipient), world.parcels(recipient))
    assert (len(world.queue.handed), len(world.push.handed)) == (1, 1)
    assert len(as_role("api").collect(OrganisationId("gamma"), 0, 10)) == 1


def test_a_claim_check_is_carried_too(world: World, as_role: As) -> None:
    hand_in(world, as_role("intake-amqp"), "m-1", ["C17"])
    checks = [replace(parcel, sealed=None) for parcel in world.parcels("C17")]
    as_role("courier").deliver(PartyCode("C17"), checks)
    assert len(world.queue.handed) == 1


def test_timers_sign(world: World, as_role: As) -> None:
    hand_in(world, as_role("intake-amqp"), "m-1", ["C17"])
    assert sign_checkpoint(world.store, as_role("timers")._parts.means, lambda: world.now)


def test_timers_carry_out_what_operators_ask_for(world: World, keys_folder: Path) -> None:
    means = bootstrap.make_means(load_settings(data_dir=keys_folder.parent), keystore.open_keys(keys_folder, need=bootstrap.KEYS_OF["timers"]))
    parts = Parts(dialects=frozenset(), packagings=frozenset())
    operations = Operations(store=world.store, clock=lambda: world.now, parts=parts, means=means)
    asked = PartnerActions(Desk(world.store, lambda: world.now, bootstrap.new_id)).ask_test(PartyCode("C17"), Operator("u-vera", "Vera (fictional)"))
    assert OrderWorker(world.store, lambda: world.now, means, operations, holder="t").look() == 1
    assert [one.state.value for one in world.store.oversight.orders_about([asked.subject])] == ["done"]
    assert [parcel.sealed is not None for parcel in world.parcels("C17")] == [True]


@pytest.mark.parametrize("role", ["relay", "sweeper", "timers", "courier"])
def test_other_roles_cannot_take(world: World, as_role: As, role: str) -> None:
    submission = world.submission("alpha", world.signed("alpha", contact("m-1")))
    with pytest.raises(SignerUnavailable):
        as_role(role).submit([submission])
    assert world.parcels("C17") == []


@pytest.mark.parametrize("role", ["relay", "sweeper", "timers", "intake-amqp"])
def test_other_roles_cannot_carry_to_ndelius(world: World, as_role: As, role: str) -> None:
    hand_in(world, as_role("intake-amqp"), "m-1", ["N00"])
    parcels: list[Parcel] = world.parcels("N00")
    with suppress(SignerUnavailable):  # a document that was opened is put off, as while an HSM is away
        as_role(role).deliver(PartyCode("N00"), parcels)
    assert world.push.handed == []


def test_a_process_opens_only_the_files_of_its_roles(keys_folder: Path) -> None:
    settings = load_settings(data_dir=keys_folder.parent)
    for path in keys_folder.iterdir():
        if path.name in ("wss-1.pem", "lookup.key"):
            path.unlink()
    bootstrap.build(settings, ("timers", "relay", "sweeper")).stop()
    with pytest.raises(keystore.KeystoreError):
        bootstrap.build(settings)
