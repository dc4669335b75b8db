"""A number that comes again: the same record, or another one under its name (R-093).

Rules. A repeat is compared by keyed digest with what is kept of the first: in the batches that are not durable yet,
else in the store. The same octets are a duplicate. Other octets mean that one of the two was changed: both are set
apart, the new one sealed, the first by a standing. Of a first that was refused or evicted nothing is left to compare;
then the repeat is counted as one. Where the first cannot be read any more (its order is held), nothing can be told
and nothing is thrown away.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import Final, NamedTuple, Protocol

from collector.assembly import Assembly
from collector.rows import FORM_MASKED, FORM_QUARANTINED, FORM_RECEIVED
from collector.seal import kept_digest, withheld_digest
from collector.store.originals import Original

MAX_TOLD: Final = 4096
"""Conflicts remembered so that each first record is held once; beyond, it may be held again, which changes nothing."""


class Repeat(Enum):
    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"


class RecordName(NamedTuple):
    """What makes a record the same one: its place in its stream."""

    liid: bytes
    cin: int
    kind: int
    epoch: int
    number: int


class Finder(Protocol):
    """The store's part of it."""

    def find(self, liid: bytes, cin: int, kind: int, epoch: int, number: int) -> Original | None: ...


class Conflicts:
    """`hmac_key` is the store's. `fresh` collects the names of first records that are to be held."""

    def __init__(self, originals: Finder, hmac_key: bytes) -> None:
        self._originals = originals
        self._hmac_key = hmac_key
        self._told: set[RecordName] = set()
        self.fresh: list[RecordName] = []

    def compare(
        self, batch: Assembly, liid_id: int, name: RecordName, digest: bytes, absent: Repeat = Repeat.SAME
    ) -> Repeat:
        """Whether the record of this digest is the one that came first under its name; `absent` where that one is
        nowhere to be found."""
        pending = batch.find(liid_id, name.cin, name.kind, name.epoch, name.number)
        if pending is not None:
            first = digest_of(self._hmac_key, *pending)
        else:
            original = self._originals.find(*name)
            if original is None:
                return absent
            first = original.digest
        if first is None:
            return Repeat.UNKNOWN
        return Repeat.SAME if first == digest else Repeat.OTHER

    def hold(self, name: RecordName) -> None:
        """Both of this name are in question."""
        if name in self._told:
            return
        if len(self._told) >= MAX_TOLD:
            self._told.clear()
        self._told.add(name)
        self.fresh.append(name)


def digest_of(hmac_key: bytes, form: int, octets: bytes) -> bytes | None:
    """The keyed digest of the octets received, of a row as it is kept; None where that does not say it."""
    if form == FORM_RECEIVED:
        return withheld_digest(hmac_key, octets)
    if form == FORM_MASKED:
        return bytes.fromhex(json.loads(octets)["original_hmac"])
    return kept_digest(octets) if form == FORM_QUARANTINED else None
