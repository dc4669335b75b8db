"""Every proof for trees of 0 to 40 leaves, made and checked, and nothing that is not exactly that proof.

The proofs are held against PATH and PROOF of RFC 6962 2.1.1 and 2.1.2, written here recursively with hashlib alone.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediation.ledger.proofs import (
    consistency_proof,
    inclusion_proof,
    root_of,
    verify_consistency,
    verify_inclusion,
)

SIZES = range(41)
LEAVES = [b"record %d" % number for number in range(41)]
HASHES = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in LEAVES]


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(hashes: list[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node(mth(hashes[:k]), mth(hashes[k:]))


def path(m: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962 2.1.1."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*path(m, hashes[:k]), mth(hashes[k:])]
    return [*path(m - k, hashes[k:]), mth(hashes[:k])]


def subproof(m: int, hashes: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962 2.1.2."""
    if m == len(hashes):
        return [] if whole else [mth(hashes)]
    k = split(len(hashes))
    if m <= k:
        return [*subproof(m, hashes[:k], whole), mth(hashes[k:])]
    return [*subproof(m - k, hashes[k:], False), mth(hashes[:k])]


def subtree(first: int, count: int) -> bytes:
    return mth(HASHES[first : first + count])


ROOTS = [mth(HASHES[:size]) for size in SIZES]


def flips(octets: bytes, rng: random.Random) -> Iterator[bytes]:
    """One flipped bit in each octet."""
    for at in range(len(octets)):
        yield octets[:at] + bytes([octets[at] ^ 1 << rng.randrange(8)]) + octets[at + 1 :]


def test_known_answers_of_the_shared_vectors() -> None:
    """Paths that implementations of RFC 6962 test with, over the eight shared inputs."""
    inputs = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
    hashes = [hashlib.sha256(b"\x00" + bytes.fromhex(text)).digest() for text in inputs]

    def source(first: int, count: int) -> bytes:
        return root_of(hashes[first : first + count])

    assert [one.hex() for one in inclusion_proof(source, 0, 8)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [one.hex() for one in consistency_proof(source, 6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert root_of(hashes).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_root_of_is_the_definition() -> None:
    assert [root_of(HASHES[:size]) for size in SIZES] == ROOTS


def test_every_inclusion_proof_is_the_path_of_the_definition_and_verifies() -> None:
    for size in SIZES:
        for index in range(size):
            proof = inclusion_proof(subtree, index, size)
            assert proof == path(index, HASHES[:size])
            assert verify_inclusion(HASHES[index], index, size, proof, ROOTS[size])


def test_every_consistency_proof_is_the_proof_of_the_definition_and_verifies() -> None:
    for new in SIZES:
        for old in range(new + 1):
            proof = consistency_proof(subtree, old, new)
            assert proof == (subproof(old, HASHES[:new], True) if 0 < old < new else [])
            assert verify_consistency(old, ROOTS[old], new, ROOTS[new], proof)


def test_proofs_ask_only_for_aligned_subtrees_or_the_ragged_edge() -> None:
    """What a node source promises to have at hand."""
    for size in SIZES:

        def source(first: int, count: int, size: int = size) -> bytes:
            perfect = count & (count - 1) == 0 and first % count == 0
            assert perfect or first + count == size
            return subtree(first, count)

        for at in range(size):
            inclusion_proof(source, at, size)
            consistency_proof(source, at, size)


def test_record_proved_at_another_place_or_under_another_tree_fails() -> None:
    for size in range(1, 41):
        for index in range(size):
            proof = path(index, HASHES[:size])
            wrong = [at for at in range(-1, size + 2) if at != index]
            assert not any(verify_inclusion(HASHES[index], at, size, proof, ROOTS[size]) for at in wrong)
            assert not verify_inclusion(HASHES[(index + 1) % 41], index, size, proof, ROOTS[size])
            assert not verify_inclusion(HASHES[index], index, size, proof, ROOTS[size - 1])


def test_flipped_bit_anywhere_in_an_inclusion_proof_fails() -> None:
    rng = random.Random(6962)
    for size in range(1, 41):
        index = rng.randrange(size)
        proof, root, leaf = path(index, HASHES[:size]), ROOTS[size], HASHES[index]
        assert not any(verify_inclusion(bad, index, size, proof, root) for bad in flips(leaf, rng))
        assert not any(verify_inclusion(leaf, index, size, proof, bad) for bad in flips(root, rng))
        for at, one in enumerate(proof):
            for bad in flips(one, rng):
                assert not verify_inclusion(leaf, index, size, [*proof[:at], bad, *proof[at + 1 :]], root)


def test_flipped_bit_anywhere_in_a_consistency_proof_fails() -> None:
    rng = random.Random(6962)
    for new in range(2, 41):
        old = rng.randrange(1, new)
        proof = subproof(old, HASHES[:new], True)
        assert not any(verify_consistency(old, bad, new, ROOTS[new], proof) for bad in flips(ROOTS[old], rng))
        assert not any(verify_consistency(old, ROOTS[old], new, bad, proof) for bad in flips(ROOTS[new], rng))
        for at, one in enumerate(proof):
            for bad in flips(one, rng):
                changed = [*proof[:at], bad, *proof[at + 1 :]]
                assert not verify_consistency(old, ROOTS[old], new, ROOTS[new], changed)


def test_shortened_lengthened_or_reordered_proof_fails() -> None:
    for size in range(1, 41):
        for index in range(size):
            proof = path(index, HASHES[:size])
            bad = [proof[:-1], proof[1:], [*proof, bytes(32)], [bytes(32), *proof], proof[::-1]]
            for one in bad:
                if one != proof:
                    assert not verify_inclusion(HASHES[index], index, size, one, ROOTS[size])
    for new in range(2, 41):
        for old in range(1, new):
            proof = subproof(old, HASHES[:new], True)
            for one in (proof[:-1], proof[1:], [*proof, bytes(32)], [bytes(32), *proof], proof[::-1]):
                if one != proof:
                    assert not verify_consistency(old, ROOTS[old], new, ROOTS[new], one)


def test_history_rewritten_behind_a_grown_tree_has_no_consistency_proof() -> None:
    """A record of the old tree exchanged: the honest proof of either history does not join the two."""
    for old in range(1, 40):
        rewritten = [*HASHES[: old - 1], hashlib.sha256(b"forged").digest(), *HASHES[old:]]
        for hashes in (HASHES, rewritten):
            assert not verify_consistency(old, ROOTS[old], 40, mth(rewritten[:40]), subproof(old, hashes[:40], True))


def test_tree_passed_off_as_an_older_or_newer_size_fails() -> None:
    for new in range(2, 41):
        for old in range(1, new):
            proof = subproof(old, HASHES[:new], True)
            assert not verify_consistency(new, ROOTS[new], old, ROOTS[old], proof)
            assert not verify_consistency(new, ROOTS[old], new, ROOTS[new], [])
            assert not verify_consistency(old, ROOTS[old], new, ROOTS[new], [])


def test_proof_for_another_size_fails_where_the_trees_differ_in_shape() -> None:
    """Sizes of one shape on the way to a leaf cannot be told apart by a path alone; the root can."""
    for size in range(1, 41):
        for other in range(1, 41):
            for index in range(min(size, other)):
                if other != size:
                    assert not verify_inclusion(HASHES[index], index, other, path(index, HASHES[:other]), ROOTS[size])


def test_empty_tree_is_a_prefix_of_every_tree_and_contains_nothing() -> None:
    for size in SIZES:
        assert verify_consistency(0, ROOTS[0], size, ROOTS[size], [])
        assert not verify_consistency(0, ROOTS[0], size, ROOTS[size], [bytes(32)])
    assert not verify_inclusion(ROOTS[0], 0, 0, [], ROOTS[0])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 5), (5, 5), (9, 5)])
def test_there_is_no_inclusion_proof_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(subtree, index, size)
    assert not verify_inclusion(HASHES[0], index, size, [], ROOTS[size])


@pytest.mark.parametrize(("old", "new"), [(5, 4), (-1, 4)])
def test_there_is_no_consistency_proof_to_a_smaller_tree(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no prefix"):
        consistency_proof(subtree, old, new)
    assert not verify_consistency(old, ROOTS[5], new, ROOTS[4], [])


@settings(max_examples=100, deadline=None)
@given(
    proof=st.lists(st.binary(min_size=32, max_size=32), max_size=8),
    index=st.integers(-3, 1 << 64),
    size=st.integers(-3, 1 << 64),
)
def test_forged_proof_of_chance_never_verifies(proof: list[bytes], index: int, size: int) -> None:
    assert not verify_inclusion(HASHES[0], index, size, proof, ROOTS[40])
    assert not verify_consistency(index, ROOTS[7], size, ROOTS[40], proof) or (index == 0 and not proof)
