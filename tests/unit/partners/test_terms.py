"""The terms of an agreement, as a profile says them and as the store keeps them."""

import json
from dataclasses import fields

import pytest

from adapters.agencies.ndelius.interchange import MAX_MESSAGES
from gateway.partners.agreement import Agreement, Direction
from gateway.partners.profile import AgreementEntry, ProfileError, read_profile
from gateway.store.documents import agreement_document, to_agreement
from schemas.identifiers import PartyCode

PLAIN = {"dialect": "ndelius", "version": "0-9-14", "packaging": "wss"}
OF_MESSAGES = {"partial": True, "message_statuses": True, "reduced_deletes": True, "max_messages": 7}


def agreed(**terms: object) -> Agreement:
    profile = {
        "organisation": {"id": "north", "name": "North, fictional"},
        "parties": [{"code": "N00", "name": "North", "inbound": {**PLAIN, **terms}}],
    }
    (agreement,) = read_profile(profile).agreements()
    return agreement


def test_every_term_can_be_said_in_a_profile() -> None:
    assert {field.name for field in fields(Agreement)} - {"party", "direction"} == set(AgreementEntry.model_fields)


@pytest.mark.parametrize("name", OF_MESSAGES)
def test_what_is_said_of_messages_is_agreed(name: str) -> None:
    assert getattr(agreed(**{name: OF_MESSAGES[name]}), name) == OF_MESSAGES[name]
    assert getattr(agreed(), name) == getattr(Agreement(party=PartyCode("N00"), direction=Direction.INBOUND, **PLAIN), name)


def test_by_default_it_is_the_whole_interchange_or_nothing() -> None:
    assert (agreed().partial, agreed().message_statuses, agreed().reduced_deletes) == (False, False, False)


def test_the_dialects_read_as_many_messages_as_can_be_agreed() -> None:
    assert agreed().max_messages <= MAX_MESSAGES


def test_an_agreement_that_was_stored_before_a_term_existed_has_its_default() -> None:
    known = json.loads(agreement_document(agreed()))
    older = {name: value for name, value in known.items() if name not in OF_MESSAGES}
    assert to_agreement(json.dumps(older)) == agreed()


def test_a_misspelt_term_is_refused() -> None:
    with pytest.raises(ProfileError):
        agreed(partially=True)
