"""Signed notes: read exactly, signed by exactly that name and key, over exactly that text."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError
from mediation.ledger.checkpoint import (
    MAX_EXTENSIONS,
    MAX_NOTE_OCTETS,
    Checkpoint,
    Signer,
    key_id,
    parse_note,
    verify_note,
)

ORIGIN = "calea-lab/store"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
ROOT = hashlib.sha256(b"root").digest()
CHECKPOINT = Checkpoint(ORIGIN, 42, ROOT, ("chain abc", "time 5"))
NOTE = Signer(ORIGIN, KEY).sign(CHECKPOINT)


def signature_line(name: str, body: str, key: Ed25519PrivateKey = KEY, hint: bytes | None = None) -> str:
    """Written from the C2SP text, not by the module: base64(key id || signature)."""
    public = key.public_key().public_bytes_raw()
    identity = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4] if hint is None else hint
    return f"— {name} {base64.b64encode(identity + key.sign(body.encode())).decode()}\n"


def test_a_note_is_octet_for_octet_what_the_specification_says() -> None:
    body = f"calea-lab/store\n42\n{base64.b64encode(ROOT).decode()}\nchain abc\ntime 5\n"
    # Ed25519 signatures are deterministic, so the whole note is.
    assert f"{body}\n{signature_line(ORIGIN, body)}" == NOTE


def test_key_ids_of_the_specifications_example() -> None:
    """PeterNeumann+c74f20a3+…, the verifier key of the signed-note specification's own example."""
    encoded = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert encoded[:1] == b"\x01"
    assert key_id("PeterNeumann", encoded[1:]).hex() == "c74f20a3"


def test_a_note_reads_back_and_verifies_as_text_and_as_octets() -> None:
    for note in (NOTE, NOTE.encode()):
        signed = parse_note(note)
        assert signed.checkpoint == CHECKPOINT
        assert [(one.name, one.key_id) for one in signed.signatures] == [
            (ORIGIN, key_id(ORIGIN, PUBLIC.public_bytes_raw()))
        ]
        assert verify_note(note, ORIGIN, PUBLIC) == CHECKPOINT


@settings(max_examples=100, deadline=None)
@given(
    origin=st.from_regex(r"[a-z][a-z0-9/.-]{0,40}", fullmatch=True),
    size=st.integers(0, 10**18),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(st.from_regex(r"[ -~]{1,40}", fullmatch=True), max_size=MAX_EXTENSIONS).map(tuple),
)
def test_every_checkpoint_reads_back(origin: str, size: int, root: bytes, extensions: tuple[str, ...]) -> None:
    checkpoint = Checkpoint(origin, size, root, extensions)
    assert verify_note(Signer(origin, KEY).sign(checkpoint), origin, PUBLIC) == checkpoint


def test_a_note_may_carry_witnesses_signatures_of_other_keys() -> None:
    witness = Ed25519PrivateKey.from_private_bytes(bytes(32))
    body = CHECKPOINT.body()
    note = f"{body}\n" + signature_line("witness.invalid", body, witness) + NOTE.partition("\n\n")[2]
    assert verify_note(note, ORIGIN, PUBLIC) == CHECKPOINT
    assert verify_note(note, "witness.invalid", witness.public_key()) == CHECKPOINT
    assert verify_note(note, ORIGIN, witness.public_key()) is None


def test_note_signed_with_another_key_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")
    assert verify_note(Signer(ORIGIN, other).sign(CHECKPOINT), ORIGIN, PUBLIC) is None
    assert verify_note(NOTE, ORIGIN, other.public_key()) is None


def test_note_of_another_key_under_our_key_id_is_refused() -> None:
    """The key id is a hint of four octets that anybody can write."""
    other = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")
    body = CHECKPOINT.body()
    forged = f"{body}\n{signature_line(ORIGIN, body, other, key_id(ORIGIN, PUBLIC.public_bytes_raw()))}"
    assert parse_note(forged).signatures[0].key_id == key_id(ORIGIN, PUBLIC.public_bytes_raw())
    assert verify_note(forged, ORIGIN, PUBLIC) is None


def test_a_bad_signature_before_the_good_one_does_not_hide_it() -> None:
    body = CHECKPOINT.body()
    other = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")
    bad = signature_line(ORIGIN, body, other, key_id(ORIGIN, PUBLIC.public_bytes_raw()))
    assert verify_note(f"{body}\n{bad}{signature_line(ORIGIN, body)}", ORIGIN, PUBLIC) == CHECKPOINT


def test_altered_text_is_refused_whatever_octet_is_changed() -> None:
    octets = NOTE.encode()
    for at in range(len(octets)):
        for bit in range(8):
            changed = octets[:at] + bytes([octets[at] ^ 1 << bit]) + octets[at + 1 :]
            assert verify_note(changed, ORIGIN, PUBLIC) is None


def test_cut_or_lengthened_note_is_refused() -> None:
    octets = NOTE.encode()
    assert all(verify_note(octets[:end], ORIGIN, PUBLIC) is None for end in range(len(octets)))
    for more in (b"x", b"\n", b" ", b"\0"):
        assert verify_note(octets + more, ORIGIN, PUBLIC) is None
        assert verify_note(more + octets, ORIGIN, PUBLIC) is None


def test_rollback_by_signature_of_an_older_checkpoint_is_refused() -> None:
    """The older note itself verifies, as it must; its signature under the newer text does not, nor the other way."""
    older = Signer(ORIGIN, KEY).sign(CHECKPOINT._replace(size=41))
    assert verify_note(older, ORIGIN, PUBLIC) == CHECKPOINT._replace(size=41)
    for body, tail in ((NOTE, older), (older, NOTE)):
        assert verify_note(body.partition("\n\n")[0] + "\n\n" + tail.partition("\n\n")[2], ORIGIN, PUBLIC) is None


def test_extension_added_dropped_or_reordered_is_refused() -> None:
    tail = NOTE.partition("\n\n")[2]
    for extensions in ((), ("chain abc",), ("time 5", "chain abc"), ("chain abc", "time 5", "more")):
        body = CHECKPOINT._replace(extensions=extensions).body()
        assert verify_note(f"{body}\n{tail}", ORIGIN, PUBLIC) is None


def test_wrong_name_is_refused() -> None:
    assert verify_note(NOTE, "calea-lab/audit", PUBLIC) is None
    assert verify_note(NOTE, "", PUBLIC) is None


def test_note_of_another_log_of_the_same_key_shows_its_own_origin() -> None:
    """A signature covers the body alone, so its line can be relabelled: who verifies must look at the origin too."""
    body = CHECKPOINT._replace(origin="calea-lab/audit").body()
    relabelled = f"{body}\n{signature_line(ORIGIN, body)}"
    found = verify_note(relabelled, ORIGIN, PUBLIC)
    assert found is not None and found.origin == "calea-lab/audit"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n42\n", "\n042\n"),
        ("\n42\n", "\n-42\n"),
        ("\n42\n", "\n+42\n"),
        ("\n42\n", "\n4_2\n"),
        ("\n42\n", "\n4²\n"),
        ("\n42\n", "\n٤٢\n"),
        ("\n42\n", "\n 42\n"),
        ("\n42\n", "\n" + "1" * 20 + "\n"),
        ("\n42\n", "\n\n"),
        (base64.b64encode(ROOT).decode(), base64.b64encode(ROOT[:31]).decode()),
        (base64.b64encode(ROOT).decode(), base64.b64encode(ROOT + b"\0").decode()),
        (base64.b64encode(ROOT).decode(), base64.b64encode(ROOT).decode().rstrip("=")),
        (base64.b64encode(ROOT).decode(), "é" * 44),
        ("\n\n— ", "\n— "),
        ("\n\n— ", "\n\n- "),
        ("\n\n— ", "\n\n—"),
        ("\n\n— calea-lab/store ", "\n\n—  "),
        ("\nchain abc", "\nx" * (MAX_EXTENSIONS + 1)),
    ],
)
def test_a_note_with_one_wrong_part_is_no_note(old: str, new: str) -> None:
    assert old in NOTE
    with pytest.raises(DecodeError):
        parse_note(NOTE.replace(old, new))
    assert verify_note(NOTE.replace(old, new), ORIGIN, PUBLIC) is None


def test_base64_with_other_unused_bits_is_refused() -> None:
    """One value has one text, or a note could be changed without its meaning changing."""
    root = base64.b64encode(ROOT).decode()
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".index(root[-2])
    other = root[:-2] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last ^ 1] + "="
    assert base64.b64decode(other) == ROOT and other != root
    with pytest.raises(DecodeError):
        parse_note(NOTE.replace(root, other))


def test_oversized_note_is_refused() -> None:
    line = NOTE.partition("\n\n")[2]
    with pytest.raises(DecodeError) as caught:
        parse_note(NOTE + line * (MAX_NOTE_OCTETS // len(line.encode()) + 1))
    assert caught.value.code == DecodeError.OVERSIZED


def test_text_that_is_no_unicode_is_refused_in_octets_and_in_json_text() -> None:
    """A lone surrogate is what JSON lets into a text and no encoder lets out."""
    for note in (NOTE.encode().replace(b"chain", b"ch\xff\xfe"), NOTE.replace("chain", "\ud800")):
        with pytest.raises(DecodeError):
            parse_note(note)
        assert verify_note(note, ORIGIN, PUBLIC) is None


@settings(max_examples=150, deadline=None)
@given(note=st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_anything_else_raises_decode_error_only(note: str | bytes) -> None:
    assert verify_note(note, ORIGIN, PUBLIC) is None
    with pytest.raises(DecodeError):
        parse_note(note)
