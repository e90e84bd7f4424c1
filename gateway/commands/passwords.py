"""Passwords from outside, read from files that nobody else can read.

What it is: `ORGANISATION=FILE` to a password. What it is not: a keeper: nothing is stored, logged or told of one, not
even in an error. Called by `gateway broker apply`.
"""

import os
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.commands.output import CommandError, Exit

STANDARD_INPUT = "-"
SHORTEST, LONGEST = 16, 256


@dataclass(frozen=True, slots=True)
class Password:
    """One password that must not be printed by accident."""

    text: str = field(repr=False)


def given_passwords(said: Sequence[str]) -> Mapping[str, Password]:
    """By organisation. Raises CommandError for whatever cannot be a password or could be read by others."""
    pairs = [_pair(one) for one in said]
    organisations = [organisation for organisation, _ in pairs]
    if len(set(organisations)) < len(pairs):
        raise CommandError(Exit.USAGE, "usage", "One organisation has one password.")
    if [file for _, file in pairs].count(STANDARD_INPUT) > 1:
        raise CommandError(Exit.USAGE, "usage", "Standard input can be read once: name - once.")
    return {organisation: _checked(organisation, _read(organisation, file)) for organisation, file in pairs}


def _pair(said: str) -> tuple[str, str]:
    organisation, equals, file = said.partition("=")
    if not (organisation and equals and file):
        raise CommandError(Exit.USAGE, "usage", "--password-file takes ORGANISATION=FILE.")
    return organisation, file


def _read(organisation: str, file: str) -> bytes:
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read(LONGEST + 3)
    try:
        # One descriptor for both, so that what was looked at is what is read.
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise CommandError(Exit.NOT_FOUND, "file-missing", f"The password file of {organisation} cannot be read ({type(error).__name__}).") from error
    with os.fdopen(handle, "rb") as opened:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode) or stat.S_IMODE(mode) & 0o077:
            raise CommandError(Exit.USAGE, "password-file-open", f"The password file of {organisation} must be a file of mode 0600.", "chmod 600 FILE")
        return opened.read(LONGEST + 3)


def _checked(organisation: str, content: bytes) -> Password:
    line = content.removesuffix(b"\n").removesuffix(b"\r")
    text = line.decode("ascii", errors="replace")
    if not SHORTEST <= len(line) <= LONGEST or not text.isascii() or not text.isprintable():
        said = f"The password of {organisation} must be one line of {SHORTEST} to {LONGEST} printable ASCII characters."
        raise CommandError(Exit.USAGE, "password-invalid", said)
    return Password(text)
