"""Every packaging that exists. Imported by `bootstrap` alone."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.trust.contract import Packaging
from gateway.trust.detached import DetachedPackaging
from gateway.trust.jws import JwsPackaging
from gateway.trust.wss import WssPackaging

_ALL: tuple[Packaging, ...] = (JwsPackaging(), DetachedPackaging(), WssPackaging())
PACKAGINGS: Mapping[str, Packaging] = MappingProxyType({packaging.name: packaging for packaging in _ALL})
