"""PNG pictures with a palette: a picture of a page in a third of its bytes, without a library.

What it is: a reader of what Chromium writes (8 bits, RGB or RGBA, not interlaced), and a writer of the same with its 256
most frequent colours. What it is not: for photographs. Called by `docs.pictures`. W3C PNG, second edition.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}
_MOST = 256
_Colour = tuple[int, int, int]


def shrunk(picture: bytes) -> bytes:
    """The same picture with a palette. Raises ValueError for a kind of PNG that Chromium does not write."""
    width, height, rows = _read(picture)
    pixels = [list(zip(row[0::channels], row[1::channels], row[2::channels], strict=True)) for row, channels in rows]
    counted = Counter(pixel for row in pixels for pixel in row)
    palette = [colour for colour, _ in counted.most_common(_MOST)]
    places = {colour: place for place, colour in enumerate(palette)}
    for colour in counted:
        places.setdefault(colour, _nearest(colour, palette))
    lines = b"".join(b"\0" + bytes(map(places.__getitem__, row)) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = bytes(value for colour in palette for value in colour)
    chunks = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _nearest(colour: _Colour, palette: Sequence[_Colour]) -> int:
    red, green, blue = colour
    return min(range(len(palette)), key=lambda place: abs(palette[place][0] - red) + abs(palette[place][1] - green) + abs(palette[place][2] - blue))


def _read(picture: bytes) -> tuple[int, int, Iterator[tuple[bytes, int]]]:
    """Width, height, and each row with its number of channels."""
    chunks = list(_chunks(picture))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or kind not in _CHANNELS or interlaced:
        raise ValueError("not a picture as Chromium makes them")
    data = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    return width, height, _rows(data, width * _CHANNELS[kind], _CHANNELS[kind])


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not picture.startswith(_SIGNATURE):
        raise ValueError("not a PNG")
    place = len(_SIGNATURE)
    while place < len(picture):
        (size,) = struct.unpack_from(">I", picture, place)
        yield picture[place + 4 : place + 8], picture[place + 8 : place + 8 + size]
        place += 12 + size


def _rows(data: bytes, width: int, channels: int) -> Iterator[tuple[bytes, int]]:
    above = bytes(width)
    for place in range(0, len(data), width + 1):
        row = bytearray(data[place + 1 : place + 1 + width])
        _undo(data[place], row, above, channels)
        above = bytes(row)
        yield above, channels


def _undo(method: int, row: bytearray, above: bytes, channels: int) -> None:
    """Take the filter off a row: none, left, above, average or Paeth."""
    for place in range(len(row)) if method else ():
        left = row[place - channels] if place >= channels else 0
        corner = above[place - channels] if place >= channels else 0
        up = above[place]
        row[place] = (row[place] + (left, up, (left + up) // 2, _paeth(left, up, corner))[method - 1]) & 0xFF


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    far = (abs(guess - left), abs(guess - up), abs(guess - corner))
    return (left, up, corner)[far.index(min(far))]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
