"""Documents that operators hand in: YAML or JSON, from a file or standard input.

What it is: bytes to plain data, bounded and safe. What it is not: a check of what they say.
"""

import sys
from pathlib import Path

import yaml

from gateway.commands.output import CommandError, Exit

MAX_BYTES = 4 * 1024 * 1024


def read_bytes(file: Path, limit: int = MAX_BYTES) -> bytes:
    """A file, or standard input for `-`."""
    try:
        content = sys.stdin.buffer.read(limit + 1) if str(file) == "-" else _read_file(file, limit)
    except FileNotFoundError:
        raise CommandError(Exit.NOT_FOUND, "file-missing", f"There is no file {file}.") from None
    except OSError as error:
        raise CommandError(Exit.FAILURE, "file-unreadable", f"{file} cannot be read ({error.strerror}).") from error
    if len(content) > limit:
        raise CommandError(Exit.USAGE, "file-too-large", f"{file} is larger than {limit} bytes.")
    return content


def read_document(file: Path) -> object:
    """A YAML or JSON document (JSON is YAML). Names no content in its errors."""
    try:
        # Only plain data: the safe loader makes no objects. Anchors could blow up, so the size is bounded above.
        return yaml.safe_load(read_bytes(file))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark is not None else ""
        raise CommandError(Exit.USAGE, "document-unreadable", f"{file} is neither YAML nor JSON{place}.") from error


def _read_file(file: Path, limit: int) -> bytes:
    with file.open("rb") as stream:
        return stream.read(limit + 1)
