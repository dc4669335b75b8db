"""What a camera of the lab takes: a small grey picture of nothing, another one each time. PNG (ISO/IEC 15948)."""

from __future__ import annotations

import struct
import zlib
from typing import Final

SIDE: Final = 64


def picture(number: int) -> bytes:
    """A PNG of 64 by 64 grey pixels; the same for the same number."""
    rows = b"".join(b"\0" + bytes((x * (number + 3) + y * 5) & 0xFF for x in range(SIDE)) for y in range(SIDE))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(held)) + name + held + struct.pack(">I", zlib.crc32(name + held)) for name, held in chunks
    )
