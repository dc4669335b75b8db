"""Every way of hashing that a processor may have, against hashlib: no message shows in another's digest.

A way that this processor does not have is skipped, with its reason; `bench.hashing` says which it has.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import LocalError
from mediation.ledger import ways as imported

HEAD = imported.HEAD_OCTETS
BLOCK_EDGES = [*range(270), 300, 319, 320, 511, 512, 513, 1023, 1024, 4095, 4096, 70_001]
"""Octets of a body: around each edge of a block, with the head, the bit of padding and the length in front of and
behind it."""


@pytest.fixture(scope="module")
def interpreted(interpreted_twin: Callable[..., dict[str, ModuleType]]) -> ModuleType:
    return interpreted_twin("mediation.ledger.ways")["mediation.ledger.ways"]


@pytest.fixture(scope="module", params=["interpreted", *imported.NAMES])
def hashing(request: pytest.FixtureRequest, interpreted: ModuleType) -> tuple[ModuleType, str]:
    if request.param == "interpreted":
        assert not interpreted.COMPILED
        return interpreted, imported.ONE
    if not imported.COMPILED:
        pytest.fail("mediation.ledger.ways is not compiled: run make, which builds it", pytrace=False)
    if request.param not in imported.ways():
        pytest.skip(f"this processor has no instructions for hashing in the way {request.param!r}")
    return imported, request.param


def message(rng: random.Random, octets: int) -> tuple[bytes, bytes]:
    return rng.randbytes(HEAD), rng.randbytes(octets)


def check(hashing: tuple[ModuleType, str], messages: list[tuple[bytes, bytes]]) -> None:
    module, way = hashing
    wanted = b"".join(hashlib.sha256(head + body).digest() for head, body in messages)
    assert module.digests(messages, way) == wanted


def test_one_message_of_every_length_around_the_edges_of_blocks(hashing: tuple[ModuleType, str]) -> None:
    rng = random.Random(2)
    for octets in BLOCK_EDGES:
        check(hashing, [message(rng, octets)])


def test_all_those_lengths_beside_each_other(hashing: tuple[ModuleType, str]) -> None:
    """In their order neighbours are nearly equally long; shuffled, one goes on while many others come and go."""
    lengths, rng = list(BLOCK_EDGES), random.Random(3)
    for _ in range(3):
        check(hashing, [message(rng, octets) for octets in lengths])
        rng.shuffle(lengths)


def test_every_small_number_of_messages(hashing: tuple[ModuleType, str]) -> None:
    rng = random.Random(4)
    for octets in (0, 1, 62, 63, 64, 127, 200, 316):
        for count in range(40):
            check(hashing, [message(rng, octets) for _ in range(count)])


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.integers(0, 700), max_size=50), seed=st.integers(0, 1 << 30))
def test_any_lengths_in_any_order(hashing: tuple[ModuleType, str], lengths: list[int], seed: int) -> None:
    rng = random.Random(seed)
    check(hashing, [message(rng, octets) for octets in lengths])


def test_parents_of_every_small_number_of_pairs(hashing: tuple[ModuleType, str]) -> None:
    module, way = hashing
    rng = random.Random(7)
    for count in [*range(70), 1000]:
        pairs = rng.randbytes(64 * count)
        wanted = [hashlib.sha256(b"\1" + pairs[at : at + 64]).digest() for at in range(0, 64 * count, 64)]
        assert module.parents(pairs, way) == b"".join(wanted), count


def test_a_way_that_the_processor_does_not_have_is_refused(hashing: tuple[ModuleType, str]) -> None:
    module, _ = hashing
    for call in (lambda: module.digests([], "seventeen"), lambda: module.parents(b"", "seventeen")):
        with pytest.raises(LocalError, match="does not hash in the way 'seventeen'"):
            call()


@pytest.mark.parametrize("octets", [0, HEAD - 1, HEAD + 1])
def test_a_head_of_another_length_is_refused(hashing: tuple[ModuleType, str], octets: int) -> None:
    module, way = hashing
    with pytest.raises(LocalError, match="65 octets"):
        module.digests([(bytes(HEAD), b""), (bytes(octets), b"")], way)


@pytest.mark.parametrize("octets", [1, 32, 63, 65])
def test_half_a_pair_is_refused(hashing: tuple[ModuleType, str], octets: int) -> None:
    module, way = hashing
    with pytest.raises(LocalError, match="no pairs"):
        module.parents(bytes(octets), way)


def test_what_is_taken_for_so_many_messages_is_a_way_of_this_processor(hashing: tuple[ModuleType, str]) -> None:
    """One message is never put into sixteen lanes; many are, where there are such lanes, and in pairs elsewhere."""
    module, _ = hashing
    found = {messages: module.way_for(messages) for messages in (0, 1, 5, 6, 1000)}
    assert set(found.values()) <= set(module.ways()) and imported.ONE in module.ways()
    best = [name for name in imported.NAMES if name in module.ways()][-1]
    assert found[6] == found[1000] == best and found[1] == found[5] != imported.SIXTEEN


def test_both_kinds_are_tested(interpreted: ModuleType) -> None:
    assert imported.COMPILED is True and interpreted.COMPILED is False
    assert interpreted.ways() == (imported.ONE,)
