"""The plain vectors of the SPG language, readdressed: from nDelius to C17, the two that tests of the console know."""

import re
from pathlib import Path

VECTORS = Path(__file__).parents[1] / "vectors" / "spg" / "plain"


def names() -> list[str]:
    """Of every vector."""
    return sorted(file.stem for file in VECTORS.glob("*.xml"))


def to_c17(name: str) -> bytes:
    """One of them."""
    text = (VECTORS / f"{name}.xml").read_text(encoding="utf-8")
    return re.sub(r"(<ReceiverIdentity>)[^<]+", r"\1C17", re.sub(r"(<SenderIdentity>)[^<]+", r"\1N00", text)).encode()
