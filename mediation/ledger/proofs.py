"""Inclusion and consistency proofs over stored leaf hashes, and their verification (RFC 6962 2.1.1, 2.1.2).

Making a proof needs the leaf hashes, or the roots of aligned perfect subtrees, through a `NodeSource`; checking one
needs nothing but the proof. Verification follows the iterative form of RFC 9162 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mediation.ledger.kernel import CompactRange, node_hash

SubtreeRoot = Callable[[int, int], bytes]
"""`(first, count)` -> root of the leaves `[first, first + count)`; count is a power of two and divides first, or the
range is the ragged right edge of the tree."""


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    tree = CompactRange()
    tree.extend(b"".join(hashes))
    return tree.root()


def _split(count: int) -> int:
    """The largest power of two below `count` (count >= 2)."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_proof(subtree: SubtreeRoot, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, leaf end first."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    first, count = 0, size
    while count > 1:
        left = _split(count)
        if index < first + left:
            path.append(subtree(first + left, count - left))
            count = left
        else:
            path.append(subtree(first, left))
            first, count = first + left, count - left
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that the leaf hash stands at `index` under `root` of `size` leaves."""
    if not 0 <= index < size:
        return False
    node, last, here = leaf, size - 1, index
    for sibling in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            node = node_hash(sibling, node)
            while not here & 1 and here:
                here >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        here >>= 1
        last >>= 1
    return last == 0 and node == root


def consistency_proof(subtree: SubtreeRoot, old_size: int, new_size: int) -> list[bytes]:
    """The proof that the tree of `old_size` is a prefix of the tree of `new_size`. Empty when equal or old is 0."""
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a tree of {new_size} has no prefix of {old_size}")
    if old_size in (0, new_size):
        return []
    path: list[bytes] = []
    first, count, whole = 0, new_size, True
    while old_size - first != count:
        left = _split(count)
        if old_size - first <= left:
            path.append(subtree(first + left, count - left))
            count = left
        else:
            path.append(subtree(first, left))
            first, count, whole = first + left, count - left, False
    if not whole:
        path.append(subtree(first, count))
    return path[::-1]


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that the old tree is a prefix of the new one."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size == 0:
        return not path
    if old_size == new_size:
        return not path and old_root == new_root
    nodes = list(path)
    if old_size & (old_size - 1) == 0:
        nodes.insert(0, old_root)
    if not nodes:
        return False
    here, last = old_size - 1, new_size - 1
    while here & 1:
        here >>= 1
        last >>= 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not here & 1 and here:
                here >>= 1
                last >>= 1
        else:
            new = node_hash(new, node)
        here >>= 1
        last >>= 1
    return last == 0 and old == old_root and new == new_root
