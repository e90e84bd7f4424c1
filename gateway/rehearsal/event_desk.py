"""The desk of an event consumer: believes an event, fetches its detail, and believes both only together.

What it is: a reading of events and details by hand, as a supplier would write it, that trusts neither alone: the event
must be the gateway's, its detail must lie with the gateway, be signed for us, and be the one that the event has the
digest of. What it is not: a channel (`event_crc`), nor the gateway's own adapter, which it must not share; what is done with
a detail is the case system's. Its mistakes are those of `flaws` of the group `details`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import httpx

from gateway.rehearsal.correspondence import object_in
from gateway.rehearsal.described import stand_in
from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.gateway_link import GatewayLink
from gateway.rehearsal.jose import Checks, NotBelievedError, Opened, PartnerKey, PublishedKeys
from gateway.rehearsal.languages import NO_SUCH_CASE_PREFIX

EVENT_VERSION = 1
DETAILS_PATH = "/v1/deliveries/"
LATER = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.TOO_MANY_REQUESTS})
"""Answers to a fetch that may be another's mistake, or over in a moment: the event is answered for later."""

Fetch = Callable[[str], str]
"""Gets the detail at an address of the gateway's; a compact JWS. Raises httpx.HTTPError, NotBelievedError."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the desk knows of the gateway."""

    base_url: str
    keys: PublishedKeys
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class EventDesk:
    """One organisation's desk: reads what an event says out of its detail. See `jose.ReadingKeys`."""

    organisation: str
    parties: Callable[[], frozenset[str]]
    is_done: Callable[[str, str], bool]
    """Whether a party has done a message already: then nobody needs its detail any more."""
    gateway: Gateway
    flaws: Flaws

    def read(self, opened: Opened) -> Opened:
        """The event with the content of its detail. Raises NotBelievedError, httpx.HTTPError."""
        event = opened.claims()
        information = object_in(event.get("additionalInformation"))
        message_id, party = str(information["messageId"]), str(information.get("recipient"))
        if event.get("version") != EVENT_VERSION or party not in self.parties():
            raise NotBelievedError("the event is of another form, or for another party")
        done_before = self.is_done(party, message_id) and not self.flaws.has(Flaw.APPLIES_DUPLICATES_TWICE)
        if done_before or self.flaws.has(Flaw.APPLIES_WITHOUT_DETAIL):
            return replace(opened, content=stand_in(message_id, party, wrong=False))
        return self._with_detail(opened, event, information)

    def _with_detail(self, opened: Opened, event: Mapping[str, object], information: Mapping[str, object]) -> Opened:
        try:
            detail = self._detail(event, information)
        except httpx.HTTPError:
            if not self.flaws.has(Flaw.GIVES_UP_ON_DETAIL):
                raise
            given_up = stand_in(str(information["messageId"]), str(information["recipient"]), wrong=False)
            return replace(opened, content=given_up | {"document": {"crn": NO_SUCH_CASE_PREFIX}})
        content = detail.claims()
        header = dict(object_in(content["header"]))
        if not self.flaws.has(Flaw.IGNORES_DETAIL_HEADER):
            _require_the_same(event, information, header)
        content["header"] = header | {"message_id": str(information["messageId"])}
        answered = detail.payload if self.flaws.has(Flaw.RECEIPTS_THE_DETAIL) else opened.payload
        return replace(opened, payload=answered, content=content)

    def _detail(self, event: Mapping[str, object], information: Mapping[str, object]) -> Opened:
        url, has = str(event.get("detailUrl")), self.flaws.has
        if not url.startswith(self.gateway.base_url + DETAILS_PATH) and not has(Flaw.FETCHES_FROM_ANYWHERE):
            raise NotBelievedError("the detail does not lie with the gateway")
        checks = Checks(signature=not has(Flaw.IGNORES_DETAIL_SIGNATURE))
        jws = self.gateway.fetch(url)
        if has(Flaw.REFUSES_BIG_MESSAGES) and len(jws) > self.flaws.argument(Flaw.REFUSES_BIG_MESSAGES):
            raise NotBelievedError("the detail is larger than what is taken here")
        detail = self.gateway.keys.open(jws, kind="message", audience=self.organisation, checks=checks)
        if detail.digest != information.get("detailDigest") and not has(Flaw.IGNORES_DETAIL_DIGEST):
            raise NotBelievedError("the detail is not the one that the event points at")
        return detail


class Fetcher:
    """Fetches details with a caller token for each, or with the mistakes of the group `details`."""

    def __init__(self, base_url: str, link: GatewayLink, flaws: Flaws) -> None:
        self._base_url, self._link, self._flaws = base_url, link, flaws
        self._stranger, self._kept = PartnerKey.generate(), ""

    def __call__(self, url: str) -> str:
        """The detail there; a compact JWS."""
        answer = self._link.get_as(url, self._authorization(url.removeprefix(self._base_url)))
        if answer.is_client_error and answer.status_code not in LATER:
            raise NotBelievedError(f"the detail was refused ({answer.status_code})")
        return answer.raise_for_status().text

    def _authorization(self, path: str) -> str:
        if self._flaws.has(Flaw.FETCHES_UNNAMED):
            return ""
        token = self._link.token_for(path, self._stranger if self._flaws.has(Flaw.FETCHES_WITH_ANOTHER_KEY) else None)
        self._kept = self._kept or token
        return f"Bearer {self._kept if self._flaws.has(Flaw.FETCHES_AS_BEFORE) else token}"


def _require_the_same(event: Mapping[str, object], information: Mapping[str, object], header: Mapping[str, object]) -> None:
    """Event and detail tell one message: ids, and the case where the event names one."""
    said = [information["messageId"], information["controlReference"], information["sender"], event.get("publishedAt")]
    if said != [header.get(name) for name in ("message_id", "control_reference", "sender", "prepared_at")]:
        raise NotBelievedError("event and detail tell different messages")
    identifiers = object_in(event.get("personReference") or {"identifiers": []})["identifiers"]
    if identifiers not in ([], [{"type": "CRN", "value": header.get("case_reference")}]):
        raise NotBelievedError("event and detail name different cases")
