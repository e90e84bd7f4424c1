"""The faults of a simulator: named, with arguments, and changed while it runs."""

import os
from pathlib import Path

import pytest

from gateway.rehearsal.flaws import FLAWS, Flaw, Flaws, FlawUnknownError


def test_without_any_nothing_is_wrong() -> None:
    assert Flaws().names() == ()
    assert not any(Flaws().has(flaw) for flaw in Flaw)


def test_an_argument_is_its_own_or_the_usual() -> None:
    flaws = Flaws(["slow=0.25", "wrong-clock"])
    assert flaws.argument(Flaw.SLOW) == 0.25
    assert flaws.argument(Flaw.WRONG_CLOCK) == FLAWS[Flaw.WRONG_CLOCK].argument
    assert flaws.argument(Flaw.HANGS) == 0.0


@pytest.mark.parametrize("text", ["sloow", "slow=soon", "slow=1=2", ""])
def test_what_is_no_fault_is_said(text: str) -> None:
    with pytest.raises(FlawUnknownError):
        Flaws([text])


def test_the_control_file_is_read_when_it_changes(tmp_path: Path) -> None:
    control = tmp_path / "faults.txt"
    flaws = Flaws((), control)
    assert flaws.names() == ()
    control.write_text("slow=2\n\nreceipt-never\n")
    assert flaws.names() == ("receipt-never", "slow")
    control.write_text("")
    os.utime(control, ns=(1, 1))
    assert flaws.names() == ()
