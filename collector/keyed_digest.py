"""The keyed digest of what is withheld, many times under one key: the states behind the two pads are kept.

RFC 2104 section 4. `seal.withheld_digest` is the same once, and what tests hold this against. The library's one-shot
HMAC lets go of the interpreter for each record and then waits for whoever took it. One source for two paths (ADR 0002):
compiled, libcrypto is called without Python in between.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.collector.keyed_state import begin, keyed

COMPILED: Final[bool] = cython.compiled

_BLOCK_OCTETS: Final = 64


class KeyedDigest:
    """HMAC-SHA-256 under `key`, 32 octets."""

    def __init__(self, key: bytes) -> None:
        block = hashlib.sha256(key).digest() if len(key) > _BLOCK_OCTETS else key
        block = block.ljust(_BLOCK_OCTETS, b"\0")
        inner, outer = bytes([octet ^ 0x36 for octet in block]), bytes([octet ^ 0x5C for octet in block])
        if cython.compiled:
            begin(cython.address(self._inner), inner)
            begin(cython.address(self._outer), outer)
        else:
            self._inner, self._outer = hashlib.sha256(inner), hashlib.sha256(outer)

    def __call__(self, octets: bytes | memoryview) -> bytes:
        return self.of(octets if type(octets) is bytes else bytes(octets))

    def of(self, octets: bytes) -> bytes:
        """`__call__` for who has octets as such."""
        if cython.compiled:
            keyed(cython.address(self._inner), cython.address(self._outer), octets, len(octets), self._digest)
            return self._digest[:32]
        inner = self._inner.copy()
        inner.update(octets)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()
