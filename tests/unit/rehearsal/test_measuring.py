"""What the bench says about time and memory is what the kernel says."""

import os
import resource
import time

import pytest

from gateway.rehearsal.measuring import cpu_seconds, peak_memory_mib, quantile


def test_cpu_time_is_that_of_the_process() -> None:
    before = cpu_seconds(os.getpid())
    began = time.process_time()
    while time.process_time() - began < 0.2:
        pass
    assert cpu_seconds(os.getpid()) - before == pytest.approx(0.2, abs=0.1)


def test_peak_memory_is_that_of_the_process() -> None:
    assert peak_memory_mib(os.getpid()) == pytest.approx(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, rel=0.1)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 51), (0.95, 96), (0.99, 100), (1.0, 100)])
def test_quantiles_are_values_that_occurred(share: float, expected: float) -> None:
    assert quantile(list(range(1, 101)), share) == expected
