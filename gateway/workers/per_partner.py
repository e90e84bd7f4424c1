"""One worker for each partner that the directory names, as the directory changes.

What it is: a supervisor thread: partners added while running get their courier or intake within seconds,
those gone lose it. What it is not: a pool of anonymous workers: order needs one thread per partner.
"""

import threading
from collections.abc import Callable, Collection

from gateway.workers.loop import Crew, Worker

_LOOK_SECONDS = 1.0


class PerPartner:
    """Supervises the workers of one kind."""

    def __init__(self, name: str, wanted: Callable[[], Collection[str]], make: Callable[[str], Worker], report: Callable[[str, str], None]) -> None:
        self._name, self._wanted, self._make, self._report = name, wanted, make, report

    @property
    def name(self) -> str:
        """Thread name."""
        return self._name

    def run(self, stop: threading.Event) -> None:
        """Supervise until told to stop."""
        crews: dict[str, Crew] = {}
        try:
            while not stop.is_set():
                wanted = set(self._wanted())
                for gone in crews.keys() - wanted:
                    crews.pop(gone).stop()
                for new in wanted - crews.keys():
                    crew = Crew(self._report)
                    crew.start([self._make(new)])
                    crews[new] = crew
                stop.wait(_LOOK_SECONDS)
        finally:
            stop_all(list(crews.values()))


def stop_all(crews: list[Crew]) -> None:
    """Ask every crew first, so that they stop side by side."""
    for crew in crews:
        crew.ask_to_stop()
    for crew in crews:
        crew.stop()
