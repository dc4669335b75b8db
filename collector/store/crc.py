"""CRC-32 as zlib has it, over long pieces many octets at a time where the processor multiplies polynomials.

The octets are folded: what stands 64 further on takes in what stands here, times the power of x that lies between,
modulo the polynomial. Sixteen octets are left that have the same remainder as all that went into them; zlib does those,
and what did not fill 64. One source for two paths (ADR 0002): interpreted, zlib does everything, with the same result.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.collector.store.fold import crc_fold, crc_folds

COMPILED: Final[bool] = cython.compiled

_ALL: Final = 0xFFFFFFFF
_STEP: Final = 64
_WORTH: Final = 256
"""Shorter pieces are zlib's."""


def crc32(octets: bytes | memoryview, value: int = 0) -> int:
    """`zlib.crc32(octets, value)`: `value` is that of what came before."""
    if cython.compiled:
        view = octets
        count = len(view) // _STEP
        if _STEP * count >= _WORTH and crc_folds():
            left = bytearray(16)
            into = left
            before = value ^ _ALL
            with cython.nogil:
                crc_fold(cython.address(view[0]), count, before, cython.address(into[0]))
            # zlib turns its register over before and after: this value is a register of zero.
            return zlib.crc32(octets[_STEP * count :], zlib.crc32(left, _ALL))
    return zlib.crc32(octets, value)
