"""Everything that watches and tells, wired as the settings want it: from what waits too long to a letter and a call."""

import json
import threading
from pathlib import Path

from adapters.channels.https_push import HttpsPushChannel, allow_list, client_context
from gateway.audit.events import AuditCode
from gateway.config import load_settings
from gateway.trust import compact
from gateway.trust.signing import jwk_of
from gateway.watching_over import watching
from gateway.workers.loop import Crew
from tests.support.alerts import audited, quiet
from tests.support.console_world import light
from tests.support.https_peer import https_peer, make_authority
from tests.support.smtp_peer import smtp_peer

ALWAYS = ["watcher", "chain checker"]


def test_what_waits_too_long_comes_by_mail_and_by_webhook_once(tmp_path: Path) -> None:
    authority, lit = make_authority(tmp_path, "alerts-ca"), light(f"sqlite:///{tmp_path / 'gateway.db'}")
    quiet(lit.world, "C17")
    lit.send("m-1")
    lit.pass_time(minutes=6)
    leaf = authority.issue("localhost")
    with https_peer(leaf, authority.file) as peer, smtp_peer(leaf) as box:
        settings = load_settings(
            environment="test",
            egress_ca=authority.file,
            egress_allow=(f"localhost:{peer.port}", f"localhost:{box.port}"),
            alerts_webhook_url=peer.url("/ok"),
            smtp_url=f"smtp://localhost:{box.port}",
            alerts_mail_from="gateway@example.test",
            alerts_mail_to=("ops@example.test",),
            alerts_interval_seconds=0.05,
            relay_late_seconds=1e9,
        )
        channel = HttpsPushChannel(client_context(authority.file, leaf), allow_list(settings.egress_allow))
        keys = {"keys": [jwk_of(lit.world.means.message_signer)]}
        reports: list[tuple[str, str]] = []
        workers = watching(settings, lit.world.store, lit.world.store.partners.directory, lambda: lit.world.now, lit.world.means, [channel], keys, "one")
        assert [worker.name for worker in workers] == [*ALWAYS, "teller mail", "teller webhook"]
        crew, pause = Crew(lambda *told: reports.append(told)), threading.Event()
        crew.start(workers)
        for _ in range(1000):
            if len(audited(lit.world, AuditCode.ALERT_TOLD)) == 2:
                break
            pause.wait(0.02)
        pause.wait(0.3)
        assert crew.stop(20)
        channel.close()
    assert reports == []
    assert [json.loads(compact.split(seen.body).unverified_payload)["rule"] for seen in peer.seen] == ["oldest-waiting"]
    assert [letter["Subject"] for _, _, letter in box.letters] == ["[test] Warning: A message has waited too long: C17"]
    assert {facts["outcome"] for facts in audited(lit.world, AuditCode.ALERT_TOLD)} == {"told"}
    lit.world.store.close()


def test_without_settings_it_is_watched_and_nobody_is_told(tmp_path: Path) -> None:
    lit = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    settings = load_settings(environment="test")
    workers = watching(settings, lit.world.store, lit.world.store.partners.directory, lambda: lit.world.now, lit.world.means, [], {"keys": []}, "one")
    assert [worker.name for worker in workers] == ALWAYS
    lit.world.store.close()
