"""Fixtures for every ring of tests; each is made in `tests.support`."""

import gc

pytest_plugins = ["tests.support.postgres", "tests.support.rabbitmq"]


def pytest_collection_finish() -> None:
    """What was collected stays to the end, and tests make few cycles: looking for them as often as Python does by itself
    takes a fifth of the processor's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
