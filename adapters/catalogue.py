"""Every dialect that exists. Read by the composition root only."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.declarative.adapter import DescribedAdapter
from adapters.agencies.domain_events.adapter import DomainEventsAdapter
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.contract import Adapter
from adapters.json_form import MEDIA_TYPE

_ADAPTERS: Final[tuple[Adapter, ...]] = (CanonicalAdapter(), CaseflowAdapter(), DomainEventsAdapter(), FlatFileAdapter(), NdeliusAdapter())
DIALECTS: Final[Mapping[str, Adapter]] = MappingProxyType({adapter.dialect: adapter for adapter in _ADAPTERS})
"""Name of a dialect in agreements to its adapter."""
POINTING: Final = frozenset({DomainEventsAdapter().dialect})
"""Those whose documents only point at a message, which the recipient fetches; nothing is read in them."""


def details_among(adapters: Mapping[str, Adapter]) -> frozenset[str]:
    """Those that a message may be fetched in: it travels as the payload of a JWS, which is JSON."""
    return frozenset(name for name, adapter in adapters.items() if adapter.media_type == MEDIA_TYPE and name not in POINTING)


def own_ids_among(adapters: Mapping[str, Adapter]) -> frozenset[str]:
    """The described ones whose mapping has a place for a partner's own id of a record."""
    return frozenset(name for name, adapter in adapters.items() if isinstance(adapter, DescribedAdapter) and adapter.tables.own_ids)
