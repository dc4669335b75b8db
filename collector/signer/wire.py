"""The form of questions to a signer and of its answers, in one place for both sides.

question    length u32 big endian, at most MAX_OCTETS; the body of a checkpoint (C2SP), or `key`
answer      length u32 big endian; `+` and the signed note (or the public key in hex), or `-` and a sentence
"""

from __future__ import annotations

import struct
from typing import Final

MAX_OCTETS: Final = 2048
"""A checkpoint with one extension line takes some 200."""
LENGTH: Final = struct.Struct(">I")
KEY: Final = b"key"
