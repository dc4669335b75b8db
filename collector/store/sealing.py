"""Many short extents encrypted at once: AES-256-GCM, a key, a nonce and a binding each (NIST SP 800-38D).

Where a batch has as many orders as records, the call and what it sets up cost more than the octets; here one context of
libcrypto serves all of them, in one call without the interpreter lock. The octets are those that `cryptography` gives
one extent at a time, which is what the interpreted path does. One source for two paths (ADR 0002).
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from asn1.errors import LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    _PLACE = 5
else:
    from cython.cimports.collector.store.gcm import seal_extents

COMPILED: Final[bool] = cython.compiled

KEY_OCTETS: Final = 32
NONCE_OCTETS: Final = 12
TAG_OCTETS: Final = 16
PLACE: Final = 5
"""Integers of a place."""


def seal(
    keys: bytes, nonces: bytes, bindings: bytes, places: array[int], plain: memoryview, area: memoryview
) -> bytearray:
    """The tags of as many extents as there are `keys` of 32 octets; `nonces` have 12 each. `places`: of each, as 64-bit
    integers, where its octets begin in `plain`, how many they are, where in `area` they go, and where in `bindings` its
    own begins and how many octets that has. Raises LocalError for what does not fit, or where libcrypto refuses."""
    count = len(keys) // KEY_OCTETS
    if (len(keys), len(nonces), len(places)) != (KEY_OCTETS * count, NONCE_OCTETS * count, PLACE * count):
        raise LocalError("keys, nonces and places of extents are not equally many")
    tags = bytearray(TAG_OCTETS * count)
    if count and not _seal(keys, nonces, bindings, places, plain, area, tags, count):
        raise LocalError("extents could not be encrypted; this is a defect of the store, or of libcrypto")
    return tags


def _seal(
    keys: bytes,
    nonces: bytes,
    bindings: bytes,
    places: array[int],
    plain: memoryview,
    area: memoryview,
    tags: bytearray,
    count: int,
) -> bool:
    if cython.compiled:
        plain_room, area_room, bindings_room = plain.shape[0], area.shape[0], bindings.shape[0]
    else:
        plain_room, area_room, bindings_room = len(plain), len(area), len(bindings)
    for number in range(count):
        at = _PLACE * number
        if _outside(places[at], places[at + 1], plain_room) or _outside(places[at + 2], places[at + 1], area_room):
            return False
        if _outside(places[at + 3], places[at + 4], bindings_room):
            return False
    if cython.compiled:
        with cython.nogil:
            sealed = seal_extents(
                count,
                cython.address(keys[0]),
                cython.address(nonces[0]),
                cython.address(bindings[0]),
                cython.address(places[0]),
                cython.address(plain[0]),
                cython.address(area[0]),
                cython.address(tags[0]),
            )
    else:
        for number in range(count):
            start, octets, to, binding_at, binding_octets = places[_PLACE * number : _PLACE * (number + 1)]
            cipher = AESGCM(keys[KEY_OCTETS * number : KEY_OCTETS * (number + 1)])
            nonce = nonces[NONCE_OCTETS * number : NONCE_OCTETS * (number + 1)]
            found = cipher.encrypt(
                nonce, plain[start : start + octets], bindings[binding_at : binding_at + binding_octets]
            )
            area[to : to + octets] = found[:octets]
            tags[TAG_OCTETS * number : TAG_OCTETS * (number + 1)] = found[octets:]
        sealed = count
    return sealed == count


def _outside(start: int, octets: int, room: int) -> bool:
    return start < 0 or octets < 0 or octets > room or start > room - octets
