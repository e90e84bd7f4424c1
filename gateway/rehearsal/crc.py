"""What every simulated CRC is, whatever its channel: an identity, keys, a journal, a case system and its letters.

What it is: the part that `json_crc`, `queue_crc`, `shelf_crc` and `file_crc` share: one organisation, with a case system and
a journal for each of its parties. What it is not: a channel. Its memory comes back from its journals, so `restart` is what a
real restart would be.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.rehearsal.case_system import BrokenError, CaseSystem, CrcIdentity, Taken
from gateway.rehearsal.correspondence import Correspondence
from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.jose import KeySet, NotBelievedError, Opened, PartnerKey, PublishedKeys, ReadingKeys, unbase64url
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.languages import Answering, Language

UNREADABLE = (NotBelievedError, BrokenError, ValueError, KeyError, TypeError)
"""What a message can do to whoever reads it."""
PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class CrcKeys:
    """A CRC's own keys: one that signs, one that opens doors."""

    sign: PartnerKey
    auth: PartnerKey


class Crc:
    """One CRC without its channel."""

    def __init__(self, identity: CrcIdentity, keys: CrcKeys, language: Language, answering: Answering, journal_path: Path, flaws: Flaws | None = None) -> None:
        self.identity, self.keys, self.language = identity, keys, language
        self.flaws = flaws or Flaws()
        self.journal = Journal(journal_path)
        self._answering = answering
        self._case_system = CaseSystem(identity, keys.sign, language, answering, self.journal, self.flaws)
        self._case_systems = {identity.party: self._case_system}
        self._journals = {identity.party: self.journal}
        self._letters = Correspondence(self._case_system, self.journal, self.flaws, language.form)
        self._published: PublishedKeys | None = None
        self._own_failures: list[str] = []

    @property
    def failures(self) -> list[str]:
        """What its own programs stumbled over."""
        return self._own_failures

    def serve(self, party: str, journal_path: Path) -> None:
        """Another party of the same organisation stands behind the same endpoint, queue, shelf or folder."""
        self._journals[party] = self.journal.beside(journal_path)
        identity, answering = replace(self.identity, party=party), replace(self._answering, provider=party)
        self._case_systems[party] = CaseSystem(identity, self.keys.sign, self.language, answering, self._journals[party], self.flaws)

    @property
    def journals(self) -> Mapping[str, Journal]:
        """What each of its parties did, by code. What it sent and was told stands in the first one's."""
        return self._journals

    def trust(self, keys: PublishedKeys) -> None:
        """Believe what the gateway signs under these."""
        self._published = self._reading(keys)
        self._letters.trust(keys)

    def recall(self) -> None:
        """What its case systems know after a restart."""
        for case_system in self._case_systems.values():
            case_system.recall()

    def judge(self, jws: str) -> Taken:
        """Do what a message says, once. Raises one of `UNREADABLE`."""
        if self._published is None:
            raise NotBelievedError("the gateway's keys are not known yet")
        if len(self._case_systems) == 1:
            return self._case_system.take(jws, self._published)
        return self._system_of(self._named_in(unbase64url(jws.split(".")[1]))).take(jws, self._published)

    def _reading(self, keys: PublishedKeys) -> PublishedKeys:
        """How it opens messages: by these keys, in its own language."""
        form = self.language.form
        if form is None:
            return keys

        def read(opened: Opened) -> Opened:
            return replace(opened, content=form.read(opened.payload))

        return ReadingKeys(keys, read)

    def _named_in(self, payload: bytes) -> str:
        """The party that a message says it is for; nothing of it is believed yet."""
        form = self.language.form
        header = (json.loads(payload) if form is None else form.read(payload))["header"]
        named = header.get("recipients", ()) if isinstance(header, dict) else ()
        return next((party for party in self._case_systems if party in named), "")

    def _system_of(self, party: str) -> CaseSystem:
        if party not in self._case_systems:
            raise NotBelievedError("the message is for another party")
        return self._case_systems[party]

    def dawdle(self) -> None:
        """Think, where it is slow: for partners that collect."""
        time.sleep(self.flaws.argument(Flaw.SLOW))

    def require_not_big(self, jws: str) -> None:
        """Raises NotBelievedError where it takes nothing of this size: for partners that collect."""
        if self.flaws.has(Flaw.REFUSES_BIG_MESSAGES) and len(jws) > self.flaws.argument(Flaw.REFUSES_BIG_MESSAGES):
            raise NotBelievedError("the message is larger than what is taken here")

    def distrust(self, error: Exception) -> None:
        """Note that something could not be believed or read."""
        self.journal.write(Noted.DISTRUSTED, reason=f"{type(error).__name__}: {error}")

    def following(self, fetch: Callable[[], KeySet]) -> Callable[[], KeySet]:
        """How it asks for the gateway's keys: as it should, or with a flaw of its own."""
        first: list[KeySet] = []

        def asked() -> KeySet:
            if self.flaws.has(Flaw.DOES_NOT_FOLLOW_KEY_ROLLOVER) and first:
                return first[0]
            found = fetch()
            if self.flaws.has(Flaw.KEEPS_WITHDRAWN_KEYS) and first:
                found = _together(first[-1], found)
            first.append(found)
            return found

        return asked


class Loop:
    """A thread that works until it is told to stop: what a partner that collects has instead of an endpoint."""

    def __init__(self, name: str, work: Callable[["Loop"], None]) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=work, args=(self,), name=name, daemon=True)
        self._thread.start()

    @property
    def stopping(self) -> bool:
        """True when it is to end."""
        return self._stopping.is_set()

    def pause(self, seconds: float = PAUSE_SECONDS) -> None:
        """Wait a little, or until it is to end."""
        self._stopping.wait(seconds)

    def stop(self) -> None:
        """End, and wait for the end."""
        self._stopping.set()
        self._thread.join()


class LoopedCrc(Crc):
    """A partner that looks for itself, in one thread."""

    _loop: Loop | None = None

    def start(self) -> None:
        """Begin to look."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop looking. What lies there stays."""
        if self._loop is None:
            return
        self._loop.stop()
        self._loop = None
        self.journal.write(Noted.DOWN)

    def restart(self) -> None:
        """Off, and on again: what it knows afterwards is what its journal says."""
        self.stop()
        self.recall()
        self.start()


def _together(before: KeySet, now: KeySet) -> KeySet:
    keys = [key for found in (before, now) for key in _listed(found)]
    return KeySet({"keys": keys}, now.max_age_seconds)


def _listed(found: KeySet) -> list[object]:
    keys = found.jwks["keys"]
    return keys if isinstance(keys, list) else []
