"""What a witness signs and what it refuses: pure, each attack by its name."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import DecodeError
from mediation.ledger.checkpoint import Checkpoint, Signer, parse_note, verify_note
from mediation.ledger.epochs import LedgerState
from mediation.ledger.kernel import CompactRange, leaf_hash
from mediation.ledger.proofs import consistency_proof, root_of
from mediation.ledger.witness import (
    NOTHING,
    Submission,
    cosign,
    format_submission,
    judge,
    parse_submission,
    verify_cosigned,
)

ORIGIN, NAME = "calea-lab/collector", "calea-lab/witness"
KEY, OWN, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
LEAVES = [leaf_hash(b"%d" % n) for n in range(40)]


def state(size: int, leaves: list[bytes] = LEAVES) -> LedgerState:
    return LedgerState(size, root_of(leaves[:size]) if size else CompactRange().root())


def note(size: int, leaves: list[bytes] = LEAVES, key: Ed25519PrivateKey = KEY) -> str:
    return Signer(ORIGIN, key).sign(Checkpoint(ORIGIN, size, state(size, leaves).root, ("commits 00",)))


def proof(old: int, new: int, leaves: list[bytes] = LEAVES) -> tuple[bytes, ...]:
    return tuple(consistency_proof(lambda first, count: root_of(leaves[first : first + count]), old, new))


@given(st.integers(0, 40), st.integers(0, 40))
def test_what_grew_out_of_the_last_one_is_signed_and_nothing_else(old: int, new: int) -> None:
    submission = Submission(old, proof(old, new) if old <= new else (), note(new))
    found = judge(state(old), submission, ORIGIN, KEY.public_key())
    assert found.status == (200 if old <= new else 422)
    assert found.state == (state(new) if old <= new else state(old))


def test_one_that_starts_from_another_size_is_told_the_right_one() -> None:
    found = judge(state(9), Submission(8, proof(8, 12), note(12)), ORIGIN, KEY.public_key())
    assert (found.status, found.state.size) == (409, 9)


def test_attack_a_history_rewritten_behind_the_witnessed_size() -> None:
    other = [leaf_hash(b"other"), *LEAVES[1:]]
    for nodes in (proof(9, 12, other), proof(9, 12), ()):
        assert judge(state(9), Submission(9, nodes, note(12, other)), ORIGIN, KEY.public_key()).status == 422
    same_size = Submission(9, (), note(9, other))
    assert judge(state(9), same_size, ORIGIN, KEY.public_key()).status == 422


def test_attack_a_ledger_that_was_shortened() -> None:
    assert judge(state(9), Submission(9, (), note(8)), ORIGIN, KEY.public_key()).status == 422


def test_attack_a_stranger_s_checkpoint_or_another_ledger_s() -> None:
    assert judge(NOTHING, Submission(0, (), note(9, key=STRANGER)), ORIGIN, KEY.public_key()).status == 403
    audit = Signer("calea-lab/audit", KEY).sign(Checkpoint("calea-lab/audit", 9, state(9).root))
    assert judge(NOTHING, Submission(0, (), audit), ORIGIN, KEY.public_key()).status == 403


def test_a_cosigned_note_says_what_and_when_and_the_ledger_s_own_signature_still_holds() -> None:
    line = cosign(NAME, OWN, note(9), 1_780_000_000)
    both = note(9) + line
    assert verify_note(both, ORIGIN, KEY.public_key()) == parse_note(note(9)).checkpoint
    found = verify_cosigned(both, NAME, OWN.public_key())
    assert found is not None and (found.checkpoint.size, found.time_s) == (9, 1_780_000_000)
    assert verify_cosigned(note(9), NAME, OWN.public_key()) is None
    assert verify_cosigned(both, NAME, STRANGER.public_key()) is None


@given(st.integers(0, 500), st.integers(1, 127))
def test_attack_any_character_of_a_cosigned_note_is_changed(place: int, by: int) -> None:
    both = note(9) + cosign(NAME, OWN, note(9), 1_780_000_000)
    place %= len(both)
    changed = both[:place] + chr(ord(both[place]) ^ by) + both[place + 1 :]
    found = verify_cosigned(changed, NAME, OWN.public_key())
    assert found is None or found == verify_cosigned(both, NAME, OWN.public_key())


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_submission_is_read_as_it_was_written(old: int, new: int) -> None:
    if old <= new:
        submission = Submission(old, proof(old, new), note(new))
        assert parse_submission(format_submission(*submission)) == submission


@given(st.binary(max_size=400))
def test_whatever_is_sent_is_refused_with_a_decode_error(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_submission(octets)


@pytest.mark.parametrize(
    "octets",
    [b"old 1\n" + b"A" * 44 + b"\n" + b"A" * 20_000, b"old 1\n" + b"QUFB\n" * 70 + b"\nnote", b"old 1\nQUFB\n\nnote",
     b"old 01x\n\nnote", b"old " + b"9" * 20 + b"\n\nnote"],
)  # fmt: skip
def test_attack_submissions_out_of_bounds(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_submission(octets)
