"""Looking for words that must not be there: in every file, in every form a message may take on its way.

A text of the simulated network travels as UTF-8, as UTF-16 (UCS-2 messages), or packed seven bits a character (GSM
messages), and might be written down as hexadecimal or Base64 by a careless log. All of them are searched.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path

_CHUNK_OCTETS = 1 << 20


def forms(text: str) -> tuple[bytes, ...]:
    """Octet strings, one of which appears wherever `text` (ASCII) appears in one of the forms."""
    plain = text.encode("ascii")
    septets = [_packed(plain, shift) for shift in range(8)]
    raw = (plain, text.encode("utf-16-be"), *septets)
    written = [form for octets in raw for form in (octets.hex().encode(), octets.hex().upper().encode())]
    coded = [_base64_core(octets, lead) for octets in raw for lead in range(3)]
    return tuple(dict.fromkeys((*raw, *written, *coded)))


def _packed(septets: bytes, shift: int) -> bytes:
    """GSM 7-bit packing (TS 23.038 clause 6.1.2.1), the text beginning `shift` bits into an octet; whole octets."""
    bits = sum(septet << (7 * index) for index, septet in enumerate(septets)) << shift
    octets = bits.to_bytes((7 * len(septets) + shift + 7) // 8, "little")
    return octets[1:-1]


def _base64_core(octets: bytes, lead: int) -> bytes:
    """The characters of Base64 that depend on `octets` alone when it begins `lead` octets into a group of three."""
    usable = octets[(3 - lead) % 3 :]
    return base64.b64encode(usable[: len(usable) // 3 * 3])


def find(directory: Path, needles: Iterable[bytes], leave_out: Iterable[Path] = ()) -> Iterator[Path]:
    """Files under `directory` that hold one of the needles."""
    wanted = tuple(needles)
    overlap = max(len(needle) for needle in wanted) - 1
    left_out = {path.resolve() for path in leave_out}
    for path in sorted(directory.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.resolve() in left_out:
            continue
        tail = b""
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_OCTETS):
                window = tail + chunk
                if any(needle in window for needle in wanted):
                    yield path
                    break
                tail = window[-overlap:]
