"""Sabotage: one delivery vanishes behind the gateway's back, so that a test can see the demo notice.

What it is: a hole in the store, made as a thief or a bug would make it. What it is not: a function of the gateway.
Called by the demo's hidden option alone.
"""

from sqlalchemy import create_engine, text

_FIRST = "SELECT delivery_id FROM deliveries WHERE recipient = :recipient AND kind = 'message' AND state IN ('waiting', 'retrying') ORDER BY sequence LIMIT 1"


def drop_delivery(database_url: str, recipient: str) -> None:
    """Take the first delivery that waits for a party out of the store."""
    engine = create_engine(database_url)
    try:
        with engine.begin() as connection:
            found = connection.execute(text(_FIRST), {"recipient": recipient}).scalar_one()
            connection.execute(text("DELETE FROM deliveries WHERE delivery_id = :delivery"), {"delivery": found})
    finally:
        engine.dispose()
