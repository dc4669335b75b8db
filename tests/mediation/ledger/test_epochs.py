"""Epochs under an offline root: what a key may sign, and everything somebody without the root might try."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import DecodeError
from mediation.ledger.checkpoint import Checkpoint, Signer, verify_note
from mediation.ledger.epochs import KeyHistory, LedgerState, certify, read_certificate

NAME, AUDIT = "calea-lab/collector", "calea-lab/audit"
ROOT, FIRST, SECOND, THIRD, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 6))
HASH = bytes(range(32))


def at(store: int, audit: int = 0) -> dict[str, LedgerState]:
    return {NAME: LedgerState(store, HASH), AUDIT: LedgerState(audit, HASH)}


def chain(root: Ed25519PrivateKey = ROOT) -> list[str]:
    one = certify(FIRST, root, None, at(0))
    two = certify(SECOND, root, read_certificate(one), at(100, 7))
    three = certify(THIRD, root, read_certificate(two), at(100, 9))
    return [one, two, three]


HISTORY = KeyHistory.of(chain(), FIRST.public_key())


def signed(key: Ed25519PrivateKey, size: int, name: str = NAME) -> str:
    return Signer(name, key).sign(Checkpoint(name, size, HASH))


@pytest.mark.parametrize(
    ("size", "keys"),
    [(0, [FIRST]), (99, [FIRST]), (100, [FIRST, SECOND, THIRD]), (101, [THIRD]), (1 << 40, [THIRD])],
)
def test_a_key_signs_from_the_size_its_epoch_began_at_to_the_next_one_s(size: int, keys: list[object]) -> None:
    believed = [key for key in (FIRST, SECOND, THIRD) if verify_note(signed(key, size), NAME, HISTORY) is not None]
    assert believed == keys


def test_each_ledger_has_its_own_places() -> None:
    believed = [
        [key for key in (FIRST, SECOND, THIRD) if verify_note(signed(key, size, AUDIT), AUDIT, HISTORY) is not None]
        for size in (6, 8, 10)
    ]
    assert believed == [[FIRST], [SECOND], [THIRD]]


def test_attack_an_old_key_that_was_stolen_signs_nothing_new() -> None:
    assert verify_note(signed(FIRST, 101), NAME, HISTORY) is None
    assert verify_note(signed(SECOND, 99), NAME, HISTORY) is None


def test_attack_a_stranger_s_root_with_the_known_first_key() -> None:
    """Who has the disk can name the first key's public half in a certificate of his own, and cannot sign with it."""
    forged = certify(FIRST, STRANGER, None, at(0))
    body, _, tail = forged.partition("\n\n")
    without = "\n".join(line for line in tail.splitlines() if "calea-lab/root" in line) + "\n"
    with pytest.raises(DecodeError, match="not signed by calea-lab/epochs"):
        read_certificate(f"{body}\n\n{without}")
    with pytest.raises(DecodeError, match="does not follow"):
        KeyHistory.of([chain()[0], *chain(STRANGER)[1:]], FIRST.public_key())


@pytest.mark.parametrize("kept", [(0, 2), (1, 2), (0, 0), (0, 1, 1), (1, 0), ()])
def test_attack_certificates_are_left_out_repeated_or_exchanged(kept: tuple[int, ...]) -> None:
    with pytest.raises(DecodeError):
        KeyHistory.of([chain()[n] for n in kept], FIRST.public_key())


def test_attack_an_epoch_that_begins_before_the_one_before_it() -> None:
    one = certify(FIRST, ROOT, None, at(50))
    two = certify(SECOND, ROOT, read_certificate(one), at(49))
    with pytest.raises(DecodeError, match="begins before"):
        KeyHistory.of([one, two], FIRST.public_key())
    lost = certify(SECOND, ROOT, read_certificate(one), {NAME: LedgerState(60, HASH)})
    with pytest.raises(DecodeError, match="begins before"):
        KeyHistory.of([one, lost], FIRST.public_key())


def test_attack_the_history_of_another_collector() -> None:
    with pytest.raises(DecodeError, match="another key"):
        KeyHistory.of(chain(), SECOND.public_key())


@given(st.integers(0, 400), st.integers(1, 255))
def test_attack_any_character_of_a_certificate_is_changed(place: int, by: int) -> None:
    note = chain()[1]
    place %= len(note)
    changed = note[:place] + chr(ord(note[place]) ^ by) + note[place + 1 :]
    try:
        found = read_certificate(changed)
    except DecodeError:
        return
    # Only the hint of a signature line that nobody needs may differ without harm; the words never do.
    assert found == read_certificate(note)


@given(st.text(max_size=300))
def test_whatever_a_file_holds_is_refused_with_a_decode_error(text: str) -> None:
    with pytest.raises(DecodeError):
        read_certificate(text)


def test_a_flood_in_a_certificate_file_is_bounded() -> None:
    with pytest.raises(DecodeError, match="at most"):
        read_certificate(chain()[0] * 100)
