"""Key files that an operator hands in: a public JWK, or a certificate.

What it is: a file to an entry of a profile. What it is not: a judgement of the key (`partners.onboarding`).
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from gateway.commands.documents import read_bytes
from gateway.commands.output import CommandError, Exit
from gateway.partners.profile import KeyEntry

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"


def key_entry(file: Path, *, use: str, speaks_for: list[str], not_after: datetime | None) -> KeyEntry:
    """Read one public key. Raises CommandError."""
    content = read_bytes(file)
    if b"PRIVATE KEY" in content:
        raise CommandError(Exit.USAGE, "private-key", f"{file} holds a private key; only public keys are pinned.", "treat that key as lost")
    members: dict[str, object] = {"use": use, "speaks_for": speaks_for, "not_after": not_after.replace(tzinfo=UTC) if not_after else None}
    try:
        if _CERTIFICATE in content:
            return KeyEntry.model_validate({**members, "certificate": content.decode("ascii")})
        return KeyEntry.model_validate({**members, "jwk": _strings(json.loads(content))})
    except ValidationError as error:
        details = tuple(f"{'.'.join(map(str, item['loc'])) or 'key'}: {item['msg']}" for item in error.errors(include_input=False))
        raise CommandError(Exit.USAGE, "key-invalid", f"{file} cannot be pinned like this.", details=details) from error
    except ValueError as error:
        raise CommandError(Exit.USAGE, "key-unreadable", f"{file} is neither a JWK nor a certificate in PEM form.") from error


def _strings(jwk: object) -> dict[str, str]:
    """The members that are text; `x5c` and `key_ops` are lists and say nothing that is believed."""
    if not isinstance(jwk, dict):
        raise ValueError("a JWK is an object")
    return {str(name): value for name, value in jwk.items() if isinstance(value, str)}
