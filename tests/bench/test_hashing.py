"""The ways of hashing measured: each that the processor has, beside the others."""

from __future__ import annotations

import pytest

from bench import hashing
from mediation.ledger.ways import ways


@pytest.mark.parametrize(("octets", "blocks"), [(0, 1), (55, 1), (56, 2), (65, 2), (119, 2), (120, 3), (381, 7)])
def test_blocks_of_a_message(octets: int, blocks: int) -> None:
    assert hashing.blocks(octets) == blocks


def test_every_way_is_measured_at_everything_that_is_hashed() -> None:
    found = hashing.measure(rounds=1)
    assert set(found) == {*hashing.RECORDS, hashing.NODE}
    for by_way in found.values():
        assert tuple(by_way) == ways()
        assert all(one["message_ns"] >= one["block_ns"] > 0 for one in by_way.values())
