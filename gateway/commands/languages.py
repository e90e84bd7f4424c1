"""The languages that payloads are read and written in without a gateway: those in code, and mappings.

What it is: an adapter, and what its documents look like in a file. What it is not: the gateway's choice of parts: the
catalogue of dialects is for the composition root alone, which takes seconds to load. The names stand once
(`adapters.names`); a test holds that each has its adapter here, and the catalogue the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.domain_events.adapter import DomainEventsAdapter
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.contract import Adapter
from adapters.names import Dialect
from gateway.commands.dialects import Choice


class Form(StrEnum):
    """What stands inside whatever is around it."""

    INTERCHANGE = "SPG XML"
    ANSWER = "SPG answer"
    """SPGInterchangeResponse: the answer on the same connection; no message."""
    JSON = "JSON"
    FLAT_FILE = "flat file"
    XML = "XML"
    """Of a described language."""
    CSV = "CSV"
    """The same."""


@dataclass(frozen=True, slots=True)
class Language:
    """One of them."""

    adapter: Adapter
    form: Form
    between: re.Pattern[bytes] | None = None
    """What stands between the documents of one file, where that is the language's own."""

    @property
    def name(self) -> str:
        """As agreements write it."""
        return self.adapter.dialect

    @property
    def extension(self) -> str:
        """Of files."""
        return _EXTENSIONS[self.adapter.media_type]


_ADAPTERS: Final[tuple[Adapter, ...]] = (CanonicalAdapter(), CaseflowAdapter(), DomainEventsAdapter(), FlatFileAdapter(), NdeliusAdapter())
ADAPTERS: Final[Mapping[str, Adapter]] = MappingProxyType({adapter.dialect: adapter for adapter in _ADAPTERS})
"""Every dialect in code, by its name."""
_FORMS: Final[Mapping[str, Form]] = {Dialect.NDELIUS: Form.INTERCHANGE, Dialect.FLATFILE: Form.FLAT_FILE}
"""What a dialect is written in, where that is not JSON."""
_EXTENSIONS: Final = {"application/json": "json", "application/xml": "xml", "text/csv": "csv"}


def language(choice: Choice) -> Language:
    """The chosen one. Raises CommandError with every mistake of a mapping."""
    if choice.mapping is not None:
        return described(choice.mapping)
    name = choice.name or Dialect.CANONICAL
    return Language(ADAPTERS[name], _FORMS.get(name, Form.JSON))


def described(mapping: Path) -> Language:
    """The language of a mapping. Raises CommandError with every mistake."""
    # As long again to load as everything else here: only where there is a mapping.
    from gateway.commands.trying import loaded

    adapter = loaded(mapping)
    said = adapter.mapping
    if said.xml is not None:
        return Language(adapter, Form.XML, _between_documents(said.xml.root))
    if said.csv is not None:
        return Language(adapter, Form.CSV, _before_batches(said.csv.header.word, said.csv.delimiter))
    return Language(adapter, Form.JSON)


def _between_documents(root: str) -> re.Pattern[bytes]:
    """Inside one well-formed document a root never begins after a root has ended."""
    name = re.escape(root).encode()
    return re.compile(rb"(?<=</" + name + rb">)\s*(?=(?:<\?xml [^>]*\?>\s*)?<" + name + rb"[\s>/])")


def _before_batches(word: str, delimiter: str) -> re.Pattern[bytes]:
    """The end of a line, where the next is the first of a batch."""
    return re.compile(rb'\n(?="?' + re.escape(word).encode() + rb'"?' + re.escape(delimiter).encode() + rb")")
