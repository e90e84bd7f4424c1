"""`gateway doctor`: is everything there that this installation needs?

What it is: the list of checks printed, each with a remedy. What it is not: the checks (`checks`).
"""

from gateway.commands.options import AsJson
from gateway.commands.output import Answer, CommandError, Exit, Table, answer


def doctor(*, as_json: AsJson = False) -> None:
    """Check settings, keys, store, broker, relay, clock, disk, certificates, drop folders and dead letters; say what to do about each."""
    from gateway.commands.checks import State, examine

    found = examine()
    rows = tuple((one.name, one.state.value, one.found, one.remedy) for one in found)
    bad = [one for one in found if one.state is State.BAD]
    members = {
        "healthy": not bad,
        "checks": [{"name": one.name, "state": one.state.value, "found": one.found, "remedy": one.remedy} for one in found],
    }
    answer(Answer("doctor/1", members, (Table(("check", "state", "found", "remedy"), rows),)), as_json=as_json)
    if bad:
        raise CommandError(Exit.CHECKS_FAILED, "not-healthy", f"{len(bad)} of {len(found)} checks failed.")
