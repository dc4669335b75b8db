"""A repeat is compared with what is kept of the first, wherever that lies and in whatever form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from collector.conflicts import Conflicts, RecordName, Repeat
from collector.rows import FORM_MASKED, FORM_QUARANTINED, FORM_RECEIVED, FORM_SYNTHETIC
from collector.seal import seal_kept, withheld_digest
from collector.store.originals import Original
from mediation.law.orders import OrderUid

KEY = bytes(32)
NAME = RecordName(b"LAB-1", 1, 1, 0, 7)
FIRST, OTHER = b"the first octets", b"other octets"


class Kept:
    """A batch, and a store, that hold one record or none."""

    def __init__(self, pending: tuple[int, bytes] | None = None, original: Original | None = None) -> None:
        self.pending, self.original = pending, original

    def find(self, *name: Any) -> Any:
        return self.pending if name[0] == 0 else self.original


def compare(pending: tuple[int, bytes] | None, original: Original | None, octets: bytes) -> Repeat:
    kept = Kept(pending, original)
    batch: Any = kept
    return Conflicts(kept, KEY).compare(batch, 0, NAME, withheld_digest(KEY, octets))


def form(which: int) -> bytes:
    if which == FORM_MASKED:
        return json.dumps({"original_hmac": withheld_digest(KEY, FIRST).hex()}).encode()
    if which == FORM_QUARANTINED:
        return seal_kept(X25519PrivateKey.generate().public_key(), FIRST, withheld_digest(KEY, FIRST))
    return FIRST


@pytest.mark.rule("R-093")
@pytest.mark.parametrize("which", [FORM_RECEIVED, FORM_MASKED, FORM_QUARANTINED])
def test_what_is_not_durable_yet_is_compared_in_every_form(which: int) -> None:
    assert compare((which, form(which)), None, FIRST) is Repeat.SAME
    assert compare((which, form(which)), None, OTHER) is Repeat.OTHER


@pytest.mark.rule("R-093")
def test_what_is_stored_is_compared_and_what_cannot_be_read_is_not_thrown_away() -> None:
    stored = Original(3, OrderUid(bytes(16)), withheld_digest(KEY, FIRST), FORM_RECEIVED)
    assert compare(None, stored, FIRST) is Repeat.SAME and compare(None, stored, OTHER) is Repeat.OTHER
    assert compare(None, stored._replace(digest=None), FIRST) is Repeat.UNKNOWN
    assert compare((FORM_SYNTHETIC, b""), None, FIRST) is Repeat.UNKNOWN


def test_of_a_first_that_left_nothing_the_repeat_is_a_repeat() -> None:
    assert compare(None, None, OTHER) is Repeat.SAME


def test_a_first_record_is_held_once() -> None:
    conflicts = Conflicts(Kept(), KEY)
    conflicts.hold(NAME)
    conflicts.hold(NAME)
    conflicts.hold(NAME._replace(number=8))
    assert conflicts.fresh == [NAME, NAME._replace(number=8)]
