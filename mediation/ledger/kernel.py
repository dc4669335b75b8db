"""Merkle hashing in one pass: leaf hashes in, the compact range of an RFC 6962 tree kept up to date.

A compact range holds the roots of the perfect subtrees that a tree of `size` leaves falls into, largest first: one for
each set bit of `size`, so at most 64. It is all that appending and the root need. One source for two paths (ADR 0002):
compiled, the nodes of a level are hashed side by side without the GIL (lanes.pxd); interpreted, hashlib hashes them one
by one, with the same result.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from asn1.errors import DecodeError

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.mediation.ledger.blocks import calea_way
    from cython.cimports.mediation.ledger.nodes import grow, grow_beside

COMPILED: Final[bool] = cython.compiled

HASH_OCTETS: Final = 32
MAX_LEVELS: Final = 64
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 2.1: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_hash(octets: bytes) -> bytes:
    """RFC 6962 2.1: SHA-256(0x00 || octets)."""
    return hashlib.sha256(b"\x00" + octets).digest()


class CompactRange:
    """The state of a tree that only grows. `size` leaves; `peaks()` their subtree roots, largest first."""

    def __init__(self, size: int = 0, peaks: tuple[bytes, ...] = ()) -> None:
        """A tree of `size` leaves with these peaks. Raises DecodeError BAD_VALUE when they do not fit together."""
        if not 0 <= size < 1 << 62:
            raise DecodeError(DecodeError.BAD_VALUE, f"a tree has 0 to 2**62 leaves, not {size}")
        if len(peaks) != size.bit_count() or any(len(peak) != HASH_OCTETS for peak in peaks):
            message = f"a tree of {size} leaves has {size.bit_count()} peaks of 32 octets"
            raise DecodeError(DecodeError.BAD_VALUE, message)
        self.size = size
        self._stack = self._stack_view = bytearray(b"".join(peaks).ljust(HASH_OCTETS * (MAX_LEVELS + 1), b"\0"))

    def copy(self) -> CompactRange:
        return CompactRange(self.size, self.peaks())

    def peaks(self) -> tuple[bytes, ...]:
        return tuple(bytes(self._stack[32 * level : 32 * level + 32]) for level in range(self.size.bit_count()))

    def root(self) -> bytes:
        """The root over all leaves; SHA-256 of nothing for an empty tree (RFC 6962 2.1)."""
        root = b""
        for peak in reversed(self.peaks()):
            root = node_hash(peak, root) if root else peak
        return root or EMPTY_ROOT

    def extend(self, hashes: bytes | bytearray | memoryview) -> None:
        """Append leaf hashes, 32 octets each, back to back. Raises DecodeError BAD_LENGTH for a broken one."""
        view, count = _whole(hashes)
        if count == 0:
            return
        data = view
        if cython.compiled:
            with cython.nogil:
                grow(cython.address(self._stack_view[0]), self.size, cython.address(data[0]), count)
            self.size += count
        else:
            for index in range(count):
                self._append(data[32 * index : 32 * index + 32])

    def extend_beside(self, hashes: bytes | bytearray | memoryview, octets: bytes | memoryview) -> bytes:
        """`extend`, and the SHA-256 of `octets`, which is made beside the nodes where the processor takes two messages
        at a time: together they take less than one after the other."""
        view, count = _whole(hashes)
        if count == 0 or len(octets) == 0:
            self.extend(view)
            return hashlib.sha256(octets).digest()
        data, message = view, octets
        if cython.compiled:
            found = bytearray(HASH_OCTETS)
            digest, length, way = found, len(octets), calea_way(count)
            with cython.nogil:
                grow_beside(
                    cython.address(self._stack_view[0]),
                    self.size,
                    cython.address(data[0]),
                    count,
                    way,
                    cython.address(message[0]),
                    length,
                    cython.address(digest[0]),
                )
            self.size += count
            return bytes(found)
        self.extend(data)
        return hashlib.sha256(message).digest()

    def append(self, leaf: bytes) -> None:
        """One leaf hash."""
        self.extend(leaf)

    def _append(self, leaf: memoryview) -> None:
        """The leaf is a peak, joined with those before it that are of its size."""
        stack, size = self._stack, self.size
        top = HASH_OCTETS * size.bit_count()
        stack[top : top + HASH_OCTETS] = leaf
        while size & 1:
            top -= HASH_OCTETS
            stack[top : top + HASH_OCTETS] = hashlib.sha256(b"\x01" + stack[top : top + 2 * HASH_OCTETS]).digest()
            size >>= 1
        self.size += 1


def _whole(hashes: bytes | bytearray | memoryview) -> tuple[memoryview, int]:
    """Leaf hashes as octets, and how many they are."""
    view = memoryview(hashes).cast("B") if not isinstance(hashes, memoryview) else hashes
    count = len(view) // HASH_OCTETS
    if len(view) != HASH_OCTETS * count:
        raise DecodeError(DecodeError.BAD_LENGTH, f"{len(view)} octets are not whole hashes")
    return view, count
