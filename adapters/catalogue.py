"""Every dialect that exists. Read by the composition root only."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.contract import Adapter

_ADAPTERS: Final[tuple[Adapter, ...]] = (CanonicalAdapter(), CaseflowAdapter(), FlatFileAdapter(), NdeliusAdapter())
DIALECTS: Final[Mapping[str, Adapter]] = MappingProxyType({adapter.dialect: adapter for adapter in _ADAPTERS})
"""Name of a dialect in agreements to its adapter."""
