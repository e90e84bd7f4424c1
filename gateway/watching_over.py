"""Watching over: whoever asks the rules of alerting, checks the audit chain and tells people, as the settings want it.

What it is: settings in, wired workers out. What it is not: a rule, nor what is told. Called by `bootstrap`.
"""

import ssl
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from urllib.parse import SplitResult, unquote, urlsplit

from adapters.channels.https_push import allow_list
from adapters.channels.mail import Envelope, MailChannel, MailServer, Security
from adapters.contract import Address, Channel, HandedOver, WireMessage
from gateway.config import ConfigurationInvalid, Settings
from gateway.contract import Clock, Store
from gateway.exchange.means import Means
from gateway.oversight.records import Alert
from gateway.oversight.telling import Means as ToldBy
from gateway.oversight.telling import Origin, Said, What, claims, letter, told_as
from gateway.partners.directory import Directory
from gateway.trust.alerts import sign_alert
from gateway.trust.checkpoints import checkpoint_reader
from gateway.trust.published import published_keyring
from gateway.workers.chain_checker import ChainChecker
from gateway.workers.loop import Worker
from gateway.workers.teller import Say, Teller
from gateway.workers.watcher import Watcher
from schemas.identifiers import OrganisationId, PartyCode

_WEBHOOK_SECONDS = 15.0
_TELL_SECONDS = 5.0
"""How often a teller looks for what it is to say, at the longest."""
_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_ALERTS = OrganisationId("alerts")
"""In the place of a partner, where the push channel keeps its threads apart by organisation."""


def watching(
    settings: Settings,
    store: Store,
    directory: Callable[[], Directory],
    clock: Clock,
    means: Means,
    channels: Iterable[Channel],
    own_keys: Mapping[str, object],
    holder: str,
) -> list[Worker]:
    """The watcher, the checker of the chain, and a teller for each means that is set. Raises ConfigurationInvalid."""
    says = ways_of_telling(settings, means, channels)
    interval = settings.alerts_interval_seconds
    watcher = Watcher(
        store,
        clock,
        directory,
        means=tuple(says),
        new_id=means.new_id,
        holder=holder,
        interval_seconds=interval,
        relay_late_seconds=settings.relay_late_seconds,
    )
    checker = ChainChecker(
        store,
        clock,
        checkpoint_reader(published_keyring(own_keys)),
        holder=holder,
        interval_seconds=interval,
        whole_every_seconds=settings.audit_check_hours * 3600,
    )
    tellers = (Teller(store, clock, one, say, holder=holder, interval_seconds=min(interval, _TELL_SECONDS)) for one, say in says.items())
    return [watcher, checker, *tellers]


def ways_of_telling(settings: Settings, means: Means, channels: Iterable[Channel]) -> dict[ToldBy, Say]:
    """How people are told, by means. A place that may not be called is found out now, and not at the first alert."""
    origin = Origin(issuer=means.issuer, console_url=settings.console_url, environment=settings.environment.value)
    found: dict[ToldBy, Say] = {}
    if settings.smtp_url is not None:
        found[ToldBy.MAIL] = _by_mail(settings, origin)
    if settings.alerts_webhook_url is not None:
        found[ToldBy.WEBHOOK] = _by_webhook(settings, means, origin, next(one for one in channels if one.name == "push"))
    return found


def _by_webhook(settings: Settings, means: Means, origin: Origin, channel: Channel) -> Say:
    url = settings.alerts_webhook_url or ""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or not allow_list(settings.egress_allow)(parts.hostname, parts.port or 443):
        raise ConfigurationInvalid("alerts_webhook_url must be https, and egress_allow must name its host")

    def say(alert: Alert, what: What, now: datetime) -> Said:
        body = sign_alert(claims(alert, what, origin, now), means.message_signer)
        address = Address(organisation=_ALERTS, recipient=PartyCode(_ALERTS), url=url, timeout_seconds=_WEBHOOK_SECONDS, message_id=told_as(alert, what))
        (outcome,) = channel.hand_over([(WireMessage(body, "application/jose"), address)])
        return Said() if isinstance(outcome, HandedOver) else Said(outcome.fault.detail)

    return say


def _by_mail(settings: Settings, origin: Origin) -> Say:
    server = mail_server(settings)
    may_call = allow_list(settings.egress_allow)
    if not may_call(server.host, server.port):
        raise ConfigurationInvalid("egress_allow must name the host and port of smtp_url")
    context = ssl.create_default_context(cafile=str(settings.egress_ca) if settings.egress_ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    channel, sender = MailChannel(server, context, may_call), settings.alerts_mail_from or ""

    def say(alert: Alert, what: What, now: datetime) -> Said:
        words = letter(alert, what, origin)
        sent = channel.send(
            Envelope(sender=sender, recipients=settings.alerts_mail_to, subject=words.subject, text=words.text, name=told_as(alert, what), at=now)
        )
        return Said(sent.why, sent.refused)

    return say


def mail_server(settings: Settings) -> MailServer:
    """The server that `smtp_url` names. Raises ConfigurationInvalid, which holds nothing of it."""
    try:
        parts = urlsplit(settings.smtp_url.get_secret_value() if settings.smtp_url else "")
        security = Security(parts.scheme)
        return _server(parts, security, parts.port or _PORTS[security])
    except ValueError:
        raise ConfigurationInvalid("smtp_url must be smtp://, smtps:// or smtp+plain://, with a host") from None


def _server(parts: SplitResult, security: Security, port: int) -> MailServer:
    if not parts.hostname:
        raise ValueError("no host")
    if security is Security.NONE and parts.hostname not in _LOOPBACK:
        raise ConfigurationInvalid("smtp+plain:// is for a mail server on this machine alone")
    return MailServer(parts.hostname, port, security, unquote(parts.username or ""), unquote(parts.password or ""))
