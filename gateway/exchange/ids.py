"""Our ids: UUIDv7 (RFC 9562 §5.7), so that ids sort by time and indexes stay dense.

What it is: bits put together. What it is not: a source of time or randomness: both are handed in.
"""


def uuid7(milliseconds: int, random: bytes) -> str:
    """From milliseconds since the epoch and ten unpredictable bytes; text form."""
    if len(random) != 10:
        raise ValueError("a UUIDv7 takes ten random bytes")
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(random)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
