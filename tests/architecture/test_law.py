"""The import law holds, covers what it must cover, and bites: each contract is broken once on purpose."""

from copy import deepcopy
from functools import cache

import grimp
import pytest
from importlinter import configuration
from importlinter.application.use_cases import read_user_options
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import Contract

from tests.support.tree import PACKAGES, ROOT, module_of, sources

KINDS: dict[str, type[Contract]] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}
configuration.configure()
OPTIONS = read_user_options(str(ROOT / "pyproject.toml"))
CONTRACTS = OPTIONS.contracts_options
BY_ID = {contract["id"]: contract for contract in CONTRACTS}

VIOLATIONS = [
    ("folders", "schemas.envelope", "gateway.records"),
    ("folders", "adapters.contract", "gateway.trust.keyring"),
    ("broker-knows-identifiers", "broker.parcel", "schemas.envelope"),
    ("gateway-floors", "gateway.records", "gateway.exchange.delivery"),
    ("gateway-floors", "gateway.trust.contract", "gateway.partners.party"),
    ("adapter-floors", "adapters.contract", "adapters.agencies.ndelius.adapter"),
    ("dialects-apart", "adapters.agencies.ndelius.adapter", "adapters.agencies.caseflow.adapter"),
    ("no-cycles", "schemas.identifiers", "schemas.envelope"),
    ("pure-rules", "gateway.exchange.delivery", "sqlalchemy"),
    ("pure-rules", "schemas.identifiers", "structlog"),
    ("cryptography-in-trust", "gateway.exchange.accept", "cryptography"),
    ("cryptography-in-trust", "adapters.agencies.ndelius.adapter", "xmlsec"),
    ("pika-in-broker", "gateway.workers.relay", "pika"),
    ("watching-in-telemetry", "gateway.workers.relay", "prometheus_client"),
    ("watching-in-telemetry", "gateway.steps.deliver", "opentelemetry"),
    ("watching-in-telemetry", "gateway.bootstrap", "structlog"),
    ("pure-rules", "gateway.exchange.settle", "opentelemetry"),
    ("pipeline-holds-no-tools", "gateway.pipeline", "sqlalchemy"),
    ("catalogues", "gateway.pipeline", "adapters.catalogue"),
    ("catalogues", "gateway.exchange.accept", "gateway.trust.catalogue"),
    ("api-reaches-nothing-outward", "gateway.api.app", "broker.rabbitmq"),
    ("api-reaches-nothing-outward", "gateway.api.app", "httpx"),
    ("api-reaches-nothing-outward", "gateway.api.app", "sqlalchemy"),
    ("console-reaches-nothing-outward", "gateway.console.rendering", "broker.rabbitmq"),
    ("console-reaches-nothing-outward", "gateway.console.rendering", "gateway.store.watch"),
    ("console-reaches-nothing-outward", "gateway.console.rendering", "gateway.keystore"),
    ("console-reaches-nothing-outward", "gateway.console.rendering", "httpx"),
]


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def _kept(contract: dict[str, object], graph: grimp.ImportGraph) -> bool:
    kind = KINDS[str(contract["type"])]
    return kind(name=str(contract["name"]), session_options=OPTIONS.session_options, contract_options=contract).check(graph, verbose=False).kept


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["id"])
def test_contract_is_kept(contract: dict[str, object]) -> None:
    assert _kept(contract, deepcopy(_graph()))


@pytest.mark.parametrize(("contract", "importer", "imported"), VIOLATIONS, ids=lambda value: value)
def test_contract_bites(contract: str, importer: str, imported: str) -> None:
    graph = deepcopy(_graph())
    for module in (importer, imported):
        if module not in graph.modules:
            assert module.split(".")[0] not in PACKAGES, f"{module} has moved: name its successor here"
            graph.add_module(module, is_squashed=True)
    graph.add_import(importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}")
    assert not _kept(BY_ID[contract], graph)


def test_every_point_of_the_law_has_its_contract() -> None:
    assert {contract["name"].split(".")[0] for contract in CONTRACTS} == set("123456789")


def test_pure_contract_names_every_package_of_rules() -> None:
    """A floor of rules that is built later is bound by the same contract."""
    rules = {
        "schemas",
        "adapters.agencies",
        "adapters.contract",
        "adapters.json_form",
        "adapters.xml_form",
        "broker.contract",
        "broker.parcel",
        "broker.topology",
    }
    rules |= {f"gateway.{floor}" for floor in ("trust", "partners", "exchange", "oversight", "transfers", "audit", "records", "changes", "contract")}
    exist = {module_of(path) for path in sources()}
    assert rules & exist == set(BY_ID["pure-rules"]["source_modules"])


def test_every_catalogue_is_protected() -> None:
    exist = {module_of(path) for path in sources() if path.stem == "catalogue"} - {"schemas.catalogue"}
    assert exist == set(BY_ID["catalogues"]["protected_modules"])
