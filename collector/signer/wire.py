"""The form of questions to a signer and of its answers, in one place for both sides.

question    length u32 big endian, then one of
            the body of a checkpoint (C2SP), at most MAX_OCTETS
            `key`                              the public key of the first epoch, in hexadecimal
            `certificate ` and a number        the certificate of that epoch, nothing when there is none
            `manifest` LF form LF manifest     a signature over what stands behind the first LF, in hexadecimal
            `root` LF note                     the own signature under the first certificate, which has the root's
            `next`                             the public key of the next epoch, in hexadecimal
            `epoch` LF note                    the certificate under which it signs from now on
answer      length u32 big endian; `+` and what was asked for, or `-` and a sentence

No word above is an origin, so none of these is the body of a checkpoint; and no form of a manifest, no certificate and
no checkpoint can be taken for one another: each begins with a line of its own.
"""

from __future__ import annotations

import struct
from typing import Final

MAX_OCTETS: Final = 2048
"""A checkpoint with one extension line takes some 200."""
MAX_MANIFEST_OCTETS: Final = 4 << 20
"""A manifest names each file in some 150 octets: room for twenty thousand."""
LENGTH: Final = struct.Struct(">I")
KEY: Final = b"key"
CERTIFICATE: Final = b"certificate "
MANIFEST: Final = b"manifest\n"
ROOT: Final = b"root\n"
NEXT: Final = b"next"
EPOCH: Final = b"epoch\n"
WORDS: Final = frozenset({"key", "certificate", "manifest", "root", "next", "epoch"})
