"""The compact range, compiled and interpreted, against the definition of RFC 6962 2.1 with hashlib."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError
from mediation.ledger import kernel as imported

# The inputs of the known-answer test that implementations of RFC 6962 share.
INPUTS = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 2.1, over the leaves' octets."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def leaves_of(count: int, seed: int = 1) -> list[bytes]:
    rng = random.Random(seed)
    return [rng.randbytes(rng.randrange(50)) for _ in range(count)]


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def kernel(request: pytest.FixtureRequest, interpreted_twin: Callable[..., dict[str, ModuleType]]) -> ModuleType:
    if request.param == "interpreted":
        return interpreted_twin("mediation.ledger.kernel")["mediation.ledger.kernel"]
    if not imported.COMPILED:
        pytest.fail("mediation.ledger.kernel is not compiled: run make, which builds it", pytrace=False)
    return imported


def test_both_kinds_of_the_kernel_are_tested(interpreted_twin: Callable[..., dict[str, ModuleType]]) -> None:
    assert imported.COMPILED is True
    assert interpreted_twin("mediation.ledger.kernel")["mediation.ledger.kernel"].COMPILED is False


def test_known_answers(kernel: ModuleType) -> None:
    leaves = [bytes.fromhex(text) for text in INPUTS]
    tree = kernel.CompactRange()
    assert tree.root() == hashlib.sha256(b"").digest() == kernel.EMPTY_ROOT
    for leaf, root in zip(leaves, ROOTS, strict=True):
        tree.append(kernel.leaf_hash(leaf))
        assert tree.root().hex() == root == naive_root(leaves[: tree.size]).hex()


def test_every_small_tree_has_the_root_of_the_definition(kernel: ModuleType) -> None:
    leaves = leaves_of(130)
    tree = kernel.CompactRange()
    for size in range(131):
        assert tree.size == size and tree.root() == naive_root(leaves[:size])
        assert len(tree.peaks()) == size.bit_count()
        if size < 130:
            tree.append(kernel.leaf_hash(leaves[size]))


def test_peaks_are_the_roots_of_the_perfect_subtrees_largest_first(kernel: ModuleType) -> None:
    leaves = leaves_of(100)
    tree = kernel.CompactRange()
    tree.extend(b"".join(kernel.leaf_hash(leaf) for leaf in leaves))
    wanted, first = [], 0
    for bit in (64, 32, 4):
        wanted.append(naive_root(leaves[first : first + bit]))
        first += bit
    assert tree.peaks() == tuple(wanted)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pieces_of_any_size_and_a_stop_anywhere_give_the_same_tree(kernel: ModuleType, data: st.DataObject) -> None:
    hashes = [kernel.leaf_hash(leaf) for leaf in leaves_of(data.draw(st.integers(0, 200)))]
    whole = kernel.CompactRange()
    whole.extend(b"".join(hashes))
    tree, done = kernel.CompactRange(), 0
    while done < len(hashes):
        count = data.draw(st.integers(0, len(hashes) - done))
        tree.extend(b"".join(hashes[done : done + count]))
        done += count
        tree = data.draw(
            st.sampled_from([tree, tree.copy(), kernel.CompactRange(tree.size, tree.peaks())]), label="continued"
        )
        if count == 0:
            tree.append(hashes[done])
            done += 1
    assert (tree.size, tree.peaks(), tree.root()) == (whole.size, whole.peaks(), whole.root())


@pytest.mark.parametrize("before", [0, 1, 2, 3, 7, 1023])
@pytest.mark.parametrize("count", [1, 5, 12, 13, 1023, 1024, 1025, 3000])
def test_many_leaves_at_once_are_as_one_after_the_other(kernel: ModuleType, before: int, count: int) -> None:
    """Compiled, the nodes of a level are hashed side by side, a thousand leaves at a time."""
    rng = random.Random(before + count)
    octets = rng.randbytes(32 * (before + count))
    tree, plain = kernel.CompactRange(), list[bytes]()
    tree.extend(octets[: 32 * before])
    tree.extend(octets[32 * before :])
    for at in range(before + count):
        plain.append(octets[32 * at : 32 * at + 32])
        while at & 1:
            right, left = plain.pop(), plain.pop()
            plain.append(hashlib.sha256(b"\x01" + left + right).digest())
            at >>= 1
    assert (tree.size, tree.peaks()) == (before + count, tuple(plain))


@pytest.mark.parametrize("before", [0, 1, 7, 1023])
def test_a_message_beside_leaves_has_its_digest_and_the_tree_is_the_same(kernel: ModuleType, before: int) -> None:
    """However long the one and however many the others: either may be through first."""
    rng = random.Random(before)
    edges = [0, 1, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 191, 192, 4096, 64 * 1100 + 3, 300_000]
    for count in (0, 1, 2, 3, 5, 6, 12, 33, 1023, 1025, 2500):
        for octets in edges:
            message, leaves = rng.randbytes(octets), rng.randbytes(32 * (before + count))
            plain, tree = kernel.CompactRange(), kernel.CompactRange()
            plain.extend(leaves)
            tree.extend(leaves[: 32 * before])
            assert tree.extend_beside(leaves[32 * before :], message) == hashlib.sha256(message).digest()
            assert (tree.size, tree.peaks()) == (plain.size, plain.peaks()), (count, octets)


@pytest.mark.parametrize("octets", [1, 31, 33, 63])
def test_broken_hashes_beside_a_message_are_refused_and_change_nothing(kernel: ModuleType, octets: int) -> None:
    tree = kernel.CompactRange()
    with pytest.raises(DecodeError) as caught:
        tree.extend_beside(bytes(octets), b"message")
    assert caught.value.code == DecodeError.BAD_LENGTH and tree.size == 0


def test_a_copy_goes_its_own_way(kernel: ModuleType) -> None:
    tree = kernel.CompactRange()
    tree.extend(b"".join(kernel.leaf_hash(leaf) for leaf in leaves_of(5)))
    root = tree.root()
    other = tree.copy()
    other.append(bytes(32))
    assert (tree.size, tree.root()) == (5, root) and other.size == 6 and other.root() != root


def test_a_tree_goes_on_from_its_peaks_however_large(kernel: ModuleType) -> None:
    for size in ((1 << 62) - 2, 1 << 61, (1 << 40) + 5):
        peaks = tuple(hashlib.sha256(b"%d" % number).digest() for number in range(size.bit_count()))
        tree = kernel.CompactRange(size, peaks)
        tree.append(bytes(32))
        wanted = [*peaks, bytes(32)]
        at = size
        while at & 1:
            right, left = wanted.pop(), wanted.pop()
            wanted.append(hashlib.sha256(b"\x01" + left + right).digest())
            at >>= 1
        assert tree.size == size + 1 and tree.peaks() == tuple(wanted)


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_hashes_come_as_any_buffer(kernel: ModuleType, form: Callable[[bytes], bytes]) -> None:
    octets = b"".join(kernel.leaf_hash(leaf) for leaf in leaves_of(7))
    tree = kernel.CompactRange()
    tree.extend(form(octets))
    assert tree.root() == naive_root(leaves_of(7))


@pytest.mark.parametrize("octets", [1, 31, 33, 63])
def test_broken_hashes_are_refused_and_change_nothing(kernel: ModuleType, octets: int) -> None:
    tree = kernel.CompactRange()
    tree.append(bytes(32))
    before = tree.peaks()
    with pytest.raises(DecodeError) as caught:
        tree.extend(bytes(octets))
    assert caught.value.code == DecodeError.BAD_LENGTH
    assert (tree.size, tree.peaks()) == (1, before)
    tree.extend(b"")
    assert tree.size == 1


@pytest.mark.parametrize(
    ("size", "peaks"),
    [
        (-1, ()),
        (1 << 62, (bytes(32),)),
        (0, (bytes(32),)),
        (1, ()),
        (3, (bytes(32),)),
        (1, (bytes(31),)),
        (3, (bytes(32), bytes(33))),
    ],
)
def test_peaks_that_do_not_fit_the_size_are_refused(kernel: ModuleType, size: int, peaks: tuple[bytes, ...]) -> None:
    with pytest.raises(DecodeError) as caught:
        kernel.CompactRange(size, peaks)
    assert caught.value.code == DecodeError.BAD_VALUE


def test_inner_node_passed_off_as_a_leaf_has_another_hash(kernel: ModuleType) -> None:
    """The second-preimage attack that the prefixes 0x00 and 0x01 are for."""
    left, right = kernel.leaf_hash(b"a"), kernel.leaf_hash(b"b")
    assert kernel.leaf_hash(left + right) != kernel.node_hash(left, right)
    forged, honest = kernel.CompactRange(), kernel.CompactRange()
    forged.append(kernel.leaf_hash(left + right))
    honest.extend(left + right)
    assert forged.root() != honest.root()
