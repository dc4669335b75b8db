"""Records that come in an encryption container: opened before anything is judged, stored as they came.

Rules. What is judged is what was inside; what is stored are the received octets. A row whose container does not open
stays a row of kind ENCRYPTED, which the gate never lets be read. Why it did not open is counted by code on its link.
A byteCounter that is not the one expected is counted too, and decides nothing: its rule was not read (annex G), and a
resend breaks it. Keys are known by LIID; they are in no log, no message and no `repr`.
"""

from __future__ import annotations

import json
import os
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from asn1.columns import KIND_CC, KIND_ENCRYPTED, KIND_IRI, KIND_TRI, Columns, LiidTable
from asn1.encryption import ByteCounter, Deciphered, Profile, UndecipherableError, decipher
from asn1.errors import DecodeError
from asn1.ps_pdu import decode_ps_pdu, liid_text
from asn1.scan import scan
from collector.store.private_files import write_private
from mediation.runtime.config import NotReadyError
from mediation.runtime.handover_keys import KeyRing

MAX_COUNTERS: Final = 65_536
BYTE_COUNTER: Final = "BYTE_COUNTER"
_COLUMNS: Final = (
    "kind", "payload_tag", "content_tag", "direction", "iri_type", "payloads", "time_us", "qualifier", "status",
)  # fmt: skip
KEYS_NAME: Final = "handover.json"


class Opened(NamedTuple):
    """`octets`: the record as it would be without a container; `plain_form`: with one of encryptionType none."""

    octets: bytes
    plain_form: bytes


class Opener:
    """Of one link."""

    def __init__(self, profile: Profile, ring: KeyRing) -> None:
        self._profile = profile
        self._ring = ring
        self._inner = Columns(1)
        self._counters: OrderedDict[tuple[int, int], ByteCounter] = OrderedDict()

    def open(
        self, view: memoryview, cols: Columns, liids: LiidTable, max_octets: int, errors: Counter[str]
    ) -> dict[int, Opened]:
        """The containers among the scanned rows that open, by row; their columns say from here on what is inside."""
        found: dict[int, Opened] = {}
        kinds = np.frombuffer(cols.kind, np.int8)[: cols.n]
        for row in np.flatnonzero(kinds == KIND_ENCRYPTED).tolist():
            if cols.status[row]:
                continue
            offset = cols.offset[row]
            try:
                pdu = decode_ps_pdu(view[offset : offset + cols.length[row]])
                inside = decipher(pdu, self._profile, self._ring.of(pdu.header.liid))
            except UndecipherableError as error:
                errors[error.why] += 1
                continue
            except DecodeError as error:
                cols.status[row] = 1 + DecodeError.CODES.index(error.code)
                continue
            inner = self._inner
            # The header is the one that was scanned already, so its LIID has its number; what is inside is no larger.
            scan(inside.octets, 0, len(inside.octets), inner, liids, max_octets)
            if inner.n != 1:
                cols.status[row] = 1 + DecodeError.CODES.index(DecodeError.BAD_LENGTH)
                continue
            for name in _COLUMNS:
                getattr(cols, name)[row] = getattr(inner, name)[0]
            cols.content_offset[row], cols.content_length[row] = -1, 0
            if not self._counted(cols.liid[row], _counted_kind(inner, inside), inside):
                errors[BYTE_COUNTER] += 1
            found[row] = Opened(inside.octets, inside.plain_form)
        return found

    def _counted(self, liid: int, kind: int, inside: Deciphered) -> bool:
        """Whether the byteCounter is the expected one. The first of a counter says where it begins."""
        known = self._counters.get((liid, kind))
        if known is None:
            known = self._counters[liid, kind] = ByteCounter(0)
            if len(self._counters) > MAX_COUNTERS:
                self._counters.popitem(last=False)
            known.received(inside.byte_counter, len(inside.plain_form))
            return True
        return known.received(inside.byte_counter, len(inside.plain_form))


def _counted_kind(inner: Columns, inside: Deciphered) -> int:
    """With what a record is counted: IRI or CC, and an integrity check with the records that it speaks of."""
    if inner.kind[0] != KIND_TRI:
        return inner.kind[0]
    try:
        name, value = decode_ps_pdu(inside.octets).payload[1]
    except DecodeError:
        return KIND_TRI
    if name != "integrityCheck":
        return KIND_TRI
    return KIND_IRI if value.get("dataType") == "iRI" else KIND_CC


# Reading what is stored


class AgreedKey(NamedTuple):
    """A key that records were, or are, ciphered with; `liid` None for all."""

    profile: Profile
    liid: str | None
    key: bytes


@dataclass(frozen=True, slots=True)
class AgreedKeys:
    """All keys that any link of this collector has ever had, for reading what is stored."""

    held: tuple[AgreedKey, ...] = field(default=(), repr=False)

    def plain(self, octets: bytes, liid: bytes) -> bytes:
        """The record without its container. Raises DecodeError, also where no key opens it."""
        pdu = decode_ps_pdu(octets)
        if pdu.payload[0] != "encryptionContainer":
            return octets
        text = liid_text(liid)
        for one in self.held:
            if one.liid not in (None, text):
                continue
            try:
                return decipher(pdu, one.profile, one.key).octets
            except UndecipherableError:
                continue
        return decipher(pdu, Profile(), None).octets

    @property
    def any(self) -> bool:
        return bool(self.held)


def read_agreed(directory: Path) -> AgreedKeys:
    """The keys kept in the collector's key directory. Raises NotReadyError."""
    path = directory / KEYS_NAME
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        return AgreedKeys()
    except (OSError, ValueError) as error:
        raise NotReadyError(f"Cannot read the handover keys {path}: {type(error).__name__}.") from error
    return AgreedKeys(
        tuple(
            AgreedKey(Profile(one["algorithm"], one["iv"], one["padding"]), one["liid"], bytes.fromhex(one["key"]))
            for one in values["keys"]
        )
    )


def keep_agreed(directory: Path, rings: list[tuple[Profile, KeyRing]]) -> AgreedKeys:
    """Put the keys of the links beside those kept already: what was stored under a key that has been changed since must
    stay readable. They lie where the collector's other keys lie, readable by their owner alone."""
    known = read_agreed(directory)
    held = list(known.held)
    for profile, ring in rings:
        found = [AgreedKey(profile, liid, key) for liid, key in ring.liids.items()]
        found += [] if ring.default is None else [AgreedKey(profile, None, ring.default)]
        held += [one for one in found if one not in held]
    if len(held) > len(known.held):
        values = [{**one.profile._asdict(), "liid": one.liid, "key": one.key.hex()} for one in held]
        fresh = directory / (KEYS_NAME + ".new")
        fresh.unlink(missing_ok=True)
        write_private(fresh, json.dumps({"keys": values}).encode())
        os.replace(fresh, directory / KEYS_NAME)  # noqa: PTH105  # whole or not at all
    return AgreedKeys(tuple(held))
