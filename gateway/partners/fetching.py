"""Fetching: what an organisation needs that is sent events and fetches their details.

What it is: one question about the directory, for whoever lets an organisation go live. What it is not: a rule about one
agreement (`onboarding`). Called by `onboarding`.
"""

from datetime import datetime

from gateway.partners.directory import Directory
from gateway.trust.keyring import KeyUse
from schemas.identifiers import OrganisationId


def lacking(directory: Directory, organisation: OrganisationId, now: datetime) -> list[str]:
    """What it still needs, one sentence each: a key to call with, and terms for the receipts that it owes."""
    calling = any(key.valid_at(now) for key in directory.keyring.of_organisation(organisation, KeyUse.AUTH))
    fetch = [code for code in directory.parties_of(organisation) if (found := directory.outbound(code)) is not None and found.detail_dialect is not None]
    keyless = [f"{code} fetches details but has no valid key to call with (use auth)." for code in fetch if not calling]
    silent = [f"{code} owes receipts for its events, but nothing is agreed for what it sends (inbound)." for code in fetch if not directory.inbound(code)]
    return keyless + silent
