"""From claims to roles: one table, and nothing that it does not name."""

import pytest

from gateway.config import ConfigurationInvalid, load_settings
from gateway.console.claims import ClaimTable, claim_table
from gateway.oversight.access import Role
from gateway.oversight.records import Operator

TABLE = claim_table({"GATEWAY_VIEWER": "viewer", "ROLE_GW_ADMIN": "admin"}, ("roles", "authorities", "realm.access", "https://x.example/roles"), "sub")


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"roles": ["GATEWAY_VIEWER"]}, (Role.VIEWER,)),
        ({"authorities": ["ROLE_GW_ADMIN", "ROLE_OTHER"]}, (Role.ADMIN,)),
        ({"roles": ["ROLE_GW_ADMIN"], "authorities": ["GATEWAY_VIEWER"]}, (Role.VIEWER, Role.ADMIN)),
        ({"roles": "GATEWAY_VIEWER"}, (Role.VIEWER,)),
        ({"realm": {"access": ["GATEWAY_VIEWER"]}}, (Role.VIEWER,)),
        ({"https://x.example/roles": ["GATEWAY_VIEWER"]}, (Role.VIEWER,)),
        ({}, ()),
        ({"roles": []}, ()),
        ({"roles": ["viewer", "gateway_viewer", "GATEWAY_VIEWER "]}, ()),
        ({"roles": "GATEWAY_VIEWER ROLE_GW_ADMIN"}, ()),
        ({"roles": {"GATEWAY_VIEWER": True}}, ()),
        ({"roles": [["GATEWAY_VIEWER"], 1, None]}, ()),
        ({"realm": "access"}, ()),
        ({"groups": ["GATEWAY_VIEWER"]}, ()),
    ],
)
def test_roles(claims: dict[str, object], roles: tuple[Role, ...]) -> None:
    assert TABLE.roles_of(claims) == roles


@pytest.mark.parametrize(
    ("claims", "operator"),
    [
        ({"sub": "u1", "name": "Ada"}, Operator("u1", "Ada")),
        ({"sub": "u1", "preferred_username": "ada"}, Operator("u1", "ada")),
        ({"sub": "u1", "user_name": "ADA_GEN"}, Operator("u1", "ADA_GEN")),
        ({"sub": "u1"}, Operator("u1", "u1")),
        ({"sub": "u1", "name": " "}, Operator("u1", "u1")),
        ({"sub": "u1", "name": "A\nB" + "x" * 200}, Operator("u1", "AB" + "x" * 98)),
        ({"name": "Ada"}, None),
        ({"sub": ""}, None),
        ({"sub": 7}, None),
        ({"sub": "a\nb"}, None),
        ({"sub": "x" * 200}, None),
        ({"sub": "bootstrap"}, None),
    ],
)
def test_operators(claims: dict[str, object], operator: Operator | None) -> None:
    assert TABLE.operator_of(claims) == operator


def test_another_claim_may_name_the_person() -> None:
    assert ClaimTable({}, (), "oid").operator_of({"sub": "pairwise", "oid": "object"}) == Operator("object", "object")


def test_a_role_that_does_not_exist_is_told() -> None:
    with pytest.raises(ConfigurationInvalid, match="supervisor"):
        claim_table({"X": "supervisor"}, (), "sub")


LIVE = {
    "environment": "live",
    "public_url": "https://gateway.example",
    "tls_ends_at_proxy": True,
    "broker": "rabbitmq",
    "broker_url": "amqp://mq/gateway",
    "broker_partners_url": "amqp://mq/partners",
    "console_url": "https://console.example",
    "console_tls_ends_at_proxy": True,
    "console_issuer": "https://login.example",
    "console_client_id": "c",
    "console_role_claims": {"GATEWAY_VIEWER": "viewer"},
}


def test_a_safe_console_is_served_in_live() -> None:
    load_settings(**LIVE).check_console()


@pytest.mark.parametrize(
    ("unsafe", "complaint"),
    [
        ({"console_url": "http://127.0.0.1:8081"}, "console_url must be https"),
        ({"console_tls_ends_at_proxy": False}, "console_tls_certificate"),
        ({"console_issuer": None, "console_client_id": None}, "needs console_issuer"),
        ({"console_role_claims": {}}, "console_role_claims"),
        ({"console_issuer": "http://login.example"}, "must be https"),
        ({"console_discovery_url": "http://login.example/x"}, "must be https"),
    ],
)
def test_an_unsafe_one_is_not(unsafe: dict[str, object], complaint: str) -> None:
    settings = load_settings(**{**LIVE, **unsafe})
    with pytest.raises(ConfigurationInvalid, match=complaint):
        settings.check_console()


def test_an_installation_without_a_console_needs_none_of_it() -> None:
    load_settings(**{name: value for name, value in LIVE.items() if not name.startswith("console_")})


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"console_tls_certificate": "c.pem"}, "go together"),
        ({"console_tls_certificate": "c.pem", "console_tls_private_key": "k.pem", "console_tls_ends_at_proxy": True}, "contradicts"),
        ({"console_issuer": "https://login.example"}, "console_client_id"),
        ({"environment": "live", "console_bootstrap": True}, "console_bootstrap"),
        ({"console_session_seconds": 100_000}, "console_session_seconds"),
    ],
)
def test_contradictions_are_named(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=complaint):
        load_settings(**given)
