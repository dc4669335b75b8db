"""What withheld octets leave behind: a digest nobody can guess at, and a box the collector cannot open."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError
from collector import keyed_digest, seal
from collector.seal import (
    BOX_OVERHEAD_OCTETS,
    kept_digest,
    open_box,
    open_kept,
    seal_box,
    seal_kept,
    withheld_digest,
)

KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def test_the_digest_is_hmac_sha_256() -> None:
    """RFC 4231, test cases 1 and 2."""
    first = withheld_digest(b"\x0b" * 20, b"Hi There")
    assert first.hex() == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    second = withheld_digest(b"Jefe", memoryview(b"what do ya want for nothing?"))
    assert second.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_attack_a_short_message_cannot_be_guessed_from_its_digest_without_the_key() -> None:
    digest = withheld_digest(b"k" * 32, b"yes")
    assert digest != hashlib.sha256(b"yes").digest() and digest != withheld_digest(b"l" * 32, b"yes")


@settings(max_examples=40, deadline=None)
@given(octets=st.binary(max_size=300))
def test_a_box_opens_for_its_key_and_is_longer_by_a_known_amount(octets: bytes) -> None:
    box = seal_box(KEY.public_key(), memoryview(octets))
    assert open_box(KEY, box) == octets and len(box) == len(octets) + BOX_OVERHEAD_OCTETS


def test_a_box_of_the_first_version_still_opens() -> None:
    """Boxes are evidence and outlive the code: written once with an ephemeral key of octets 64 to 95."""
    box = bytes.fromhex(
        "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a15bab6cb34875a873e9cbc7ad824cc8ab1c3e60705"
    )
    assert open_box(KEY, box) == b"words"


def test_the_same_octets_make_another_box_each_time() -> None:
    one, other = (seal_box(KEY.public_key(), b"words") for _ in range(2))
    assert one[:32] != other[:32] and one[32:] != other[32:] and b"words" not in one


def test_attack_a_box_opens_for_no_other_key() -> None:
    with pytest.raises(DecodeError, match="another key"):
        open_box(OTHER, seal_box(KEY.public_key(), b"words"))


def test_attack_a_box_with_any_octet_changed_does_not_open() -> None:
    """The ephemeral key, the ciphertext and the tag alike."""
    box = seal_box(KEY.public_key(), b"words")
    for at in range(len(box)):
        changed = bytearray(box)
        changed[at] ^= 0x40
        with pytest.raises(DecodeError) as caught:
            open_box(KEY, bytes(changed))
        assert caught.value.code == DecodeError.BAD_VALUE


def test_attack_halves_of_two_boxes_do_not_make_a_third() -> None:
    one, other = (seal_box(KEY.public_key(), words) for words in (b"words", b"wards"))
    with pytest.raises(DecodeError):
        open_box(KEY, one[:32] + other[32:])


def test_attack_an_ephemeral_key_of_zeros_is_refused() -> None:
    """A point of small order would make the shared secret known to everybody."""
    with pytest.raises(DecodeError):
        open_box(KEY, bytes(32) + seal_box(KEY.public_key(), b"words")[32:])


@pytest.mark.parametrize("octets", [0, 1, 32, BOX_OVERHEAD_OCTETS - 1])
def test_what_is_too_short_to_be_a_box_is_told_as_cut_off(octets: int) -> None:
    with pytest.raises(DecodeError) as caught:
        open_box(KEY, bytes(octets))
    assert (caught.value.code, caught.value.offset) == (DecodeError.TRUNCATED, octets)


def test_a_box_longer_than_it_was_does_not_open() -> None:
    with pytest.raises(DecodeError):
        open_box(KEY, seal_box(KEY.public_key(), b"words") + b"\0")


def test_attack_the_collector_holds_nothing_that_opens_its_own_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ephemeral private key is made anew for every box and handed to nobody."""
    made: list[X25519PrivateKey] = []

    class Source:
        @staticmethod
        def generate() -> X25519PrivateKey:
            made.append(X25519PrivateKey.generate())
            return made[-1]

    monkeypatch.setattr(seal, "X25519PrivateKey", Source)
    boxes = [seal_box(KEY.public_key(), b"words") for _ in range(2)]
    assert len(made) == 2
    assert [box[:32] for box in boxes] == [one.public_key().public_bytes_raw() for one in made]
    for one in made:
        with pytest.raises(DecodeError):
            open_box(one, boxes[0])


# What is stored of a quarantined record


def test_a_kept_record_opens_for_the_court_and_shows_its_digest_to_the_collector() -> None:
    digest = withheld_digest(b"k" * 32, b"words")
    stored = seal_kept(KEY.public_key(), memoryview(b"words"), digest)
    assert open_kept(KEY, stored) == b"words" and kept_digest(stored) == digest and b"words" not in stored


def test_a_kept_record_of_the_first_version_opens_and_has_no_digest() -> None:
    stored = seal_box(KEY.public_key(), b"words")
    assert kept_digest(stored) is None and open_kept(KEY, stored) == b"words"
    assert kept_digest(b"CLQBOX2\0" + bytes(40)) is None


def test_attack_a_kept_record_is_cut_or_changed() -> None:
    stored = seal_kept(KEY.public_key(), b"words", bytes(32))
    for changed in (stored[:-1], stored[:50], stored[:45] + b"\xff" + stored[46:]):
        with pytest.raises(DecodeError):
            open_kept(KEY, changed)


@pytest.mark.parametrize("octets", [0, 1, 63, 64, 65, 700, 2047, 2048, 70_000])
@pytest.mark.parametrize("key", [b"", b"k" * 32, b"k" * 64, b"k" * 65])
@pytest.mark.parametrize("path", ["compiled", "interpreted"])
def test_a_keyed_digest_is_the_hmac_whatever_is_digested(
    key: bytes, octets: int, path: str, interpreted_twin: Any
) -> None:
    module = keyed_digest
    if path == "interpreted":
        module = interpreted_twin("collector.keyed_digest")["collector.keyed_digest"]
    assert module.COMPILED is (path == "compiled"), "run make, which builds it"
    keyed, record = module.KeyedDigest(key), bytes(at * 7 & 0xFF for at in range(octets))
    for _ in range(2):
        assert keyed(record) == keyed(memoryview(record)) == keyed.of(record) == withheld_digest(key, record)
