"""Pictures keep their colours when they get a palette: every filter that a PNG may have is taken off."""

import struct
import zlib

import pytest

from docs.png import shrunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RED, BLUE, WHITE = (200, 0, 10), (0, 20, 210), (255, 255, 255)
PICTURE = [[RED, RED, BLUE], [BLUE, WHITE, RED], [WHITE, WHITE, BLUE]]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _filtered(method: int, row: bytes, above: bytes) -> bytes:
    """By the words of the standard; three bytes to a pixel."""
    found = bytearray()
    for place, value in enumerate(row):
        left, up, corner = (row[place - 3] if place >= 3 else 0), above[place], (above[place - 3] if place >= 3 else 0)
        guess = left + up - corner
        nearest = min(((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner)))[2]
        found.append((value - (0, left, up, (left + up) // 2, nearest)[method]) & 0xFF)
    return bytes([method]) + bytes(found)


def _png(method: int, kind: int = 2) -> bytes:
    rows = [bytes(value for pixel in row for value in pixel) for row in PICTURE]
    data = b"".join(_filtered(method, row, above) for row, above in zip(rows, [bytes(9), *rows[:-1]], strict=True))
    head = struct.pack(">IIBBBBB", 3, 3, 8, kind, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(data)) + _chunk(b"IEND", b"")


def _part(picture: bytes, kind: bytes) -> bytes:
    place = picture.index(kind)
    (size,) = struct.unpack(">I", picture[place - 4 : place])
    return picture[place + 4 : place + 4 + size]


@pytest.mark.parametrize("method", range(5))
def test_every_pixel_keeps_its_colour(method: int) -> None:
    small = shrunk(_png(method))
    colours = _part(small, b"PLTE")
    lines = zlib.decompress(_part(small, b"IDAT"))
    found = [[tuple(colours[3 * place : 3 * place + 3]) for place in lines[4 * row + 1 : 4 * row + 4]] for row in range(3)]
    assert found == PICTURE


@pytest.mark.parametrize("picture", [b"GIF89a", _png(0, kind=3)])
def test_what_chromium_does_not_write_is_not_read(picture: bytes) -> None:
    with pytest.raises(ValueError, match=r"PNG|picture"):
        shrunk(picture)
