"""SHA-256 of messages in a way that is told: what measures the ways of this processor, and tests them, asks here.

The ledger itself asks for none: its kernels (`kernel`, and the collector's `pack`) use the C of `lanes.pxd`, and take
the quickest way that the processor has. One source for two paths (ADR 0002): interpreted, hashlib is the only way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from asn1.errors import LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.mediation.ledger.blocks import calea_can, calea_way
    from cython.cimports.mediation.ledger.lanes import calea_lanes, join_pairs, lanes_as, lanes_drain, lanes_put

COMPILED: Final[bool] = cython.compiled

ONE: Final = "one"
"""libcrypto, one message after the other."""
PAIR: Final = "pair"
"""The SHA instructions, two messages interleaved."""
SIXTEEN: Final = "sixteen"
"""AVX-512, sixteen messages side by side."""
NAMES: Final = (ONE, PAIR, SIXTEEN)
"""In the order of `blocks.pxd`."""

HEAD_OCTETS: Final = 65
PAIR_OCTETS: Final = 64
DIGEST_OCTETS: Final = 32


def ways() -> tuple[str, ...]:
    """The ways that this processor has."""
    if cython.compiled:
        return tuple([name for way, name in enumerate(NAMES) if calea_can(way)])
    return (ONE,)


def way_for(messages: int) -> str:
    """The one that is taken for so many messages."""
    if cython.compiled:
        return NAMES[calea_way(messages)]
    return ONE


def digests(messages: Sequence[tuple[bytes, bytes]], way: str) -> bytearray:
    """The digests of messages of a head of HEAD_OCTETS and a body each, one behind the other. Raises LocalError for a
    head of another length, or a way that this processor does not have."""
    number = _number(way)
    if any(len(head) != HEAD_OCTETS for head, _ in messages):
        raise LocalError(f"the head of a message has {HEAD_OCTETS} octets")
    found = bytearray(DIGEST_OCTETS * len(messages))
    if messages:
        _digests(messages, number, found)
    return found


def parents(pairs: bytes, way: str) -> bytearray:
    """RFC 6962 2.1: the parents of pairs of hashes that lie one behind the other. Raises LocalError where they are not
    whole pairs, or for a way that this processor does not have."""
    number, count = _number(way), len(pairs) // PAIR_OCTETS
    if len(pairs) != PAIR_OCTETS * count:
        raise LocalError(f"{len(pairs)} octets are no pairs of hashes")
    found = bytearray(DIGEST_OCTETS * count)
    if count:
        _parents(pairs, number, count, found)
    return found


def _number(way: str) -> int:
    if way not in ways():
        raise LocalError(f"this processor does not hash in the way {way!r}; it has {', '.join(ways())}")
    return NAMES.index(way)


def _digests(messages: Sequence[tuple[bytes, bytes]], way: int, found: bytearray) -> None:
    if cython.compiled:
        lanes = cython.declare(calea_lanes)
        lanes_as(cython.address(lanes), way)
    for at in range(len(messages)):
        one = messages[at]
        first, rest = one
        if cython.compiled:
            # Both stay where they are: whoever calls holds the messages.
            head, body = first, rest
            lanes_put(cython.address(lanes), head, body, len(rest), cython.address(found[32 * at]))
        else:
            found[32 * at : 32 * at + 32] = hashlib.sha256(first + rest).digest()
    if cython.compiled:
        lanes_drain(cython.address(lanes))


def _parents(pairs: bytes, way: int, count: int, found: bytearray) -> None:
    if cython.compiled:
        join_pairs(way, cython.address(pairs[0]), count, cython.address(found[0]))
    else:
        for at in range(count):
            pair = pairs[64 * at : 64 * at + 64]
            found[32 * at : 32 * at + 32] = hashlib.sha256(b"\x01" + pair).digest()
