"""Programs that tests of the store run as processes of their own: `python -m tests.support.store_process NAME URL …`."""

import sys
from contextlib import closing

from gateway.audit.events import AuditCode
from gateway.contract import Store, StoreUnavailable
from gateway.records import DeliveryState
from gateway.store.opening import open_store
from schemas.identifiers import DeliveryId
from tests.support.store import accepted, progressed


def count_up(store: Store, who: str, times: int) -> None:
    """Read a delivery, then write it with one attempt more, as often as it takes."""
    written = stale = 0
    while written < times:
        read = store.queries.deliveries([DeliveryId("d-shared")])[DeliveryId("d-shared")]
        change = progressed(read, DeliveryState.RETRYING, AuditCode.DELIVERY_DELAYED, attempts=read.attempts + 1)
        if store.unit_of_work.commit([accepted(f"{who}-{written}-{stale}"), change]).stale:
            stale += 1
        else:
            written += 1
    sys.stdout.write(f"{written} {stale}\n")


def write_for_ever(store: Store, who: str, size: int) -> None:
    """Commit one batch after another, and say so after each."""
    number = 0
    while True:
        store.unit_of_work.commit([accepted(f"{who}-{number}-{item}", size=2000) for item in range(size)])
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1


def main() -> None:
    """Run one program."""
    program, url, who, amount = sys.argv[1:]
    with closing(open_store(url)) as store:
        try:
            {"count-up": count_up, "write-for-ever": write_for_ever}[program](store, who, int(amount))
        except StoreUnavailable as gone:
            sys.exit(f"unavailable: {gone}")


if __name__ == "__main__":
    main()
