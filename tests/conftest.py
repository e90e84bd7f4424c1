"""Fixtures for every ring of tests; each is made in `tests.support`."""

import gc

pytest_plugins = ["tests.support.postgres", "tests.support.rabbitmq"]


def pytest_collection_finish() -> None:
    """What was collected stays to the end: looking through it for garbage again and again costs a tenth of the run."""
    gc.collect()
    gc.freeze()
