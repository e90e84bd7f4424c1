"""Fixtures for every ring of tests; each is made in `tests.support`."""

pytest_plugins = ["tests.support.postgres", "tests.support.rabbitmq"]
