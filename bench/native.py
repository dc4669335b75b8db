"""The native stages over the same octets again and again: what `bench.stages --instructions` looks at under valgrind.

    python -m bench.native ROUNDS

Nothing else is imported: what is not looked at would take most of the time.
"""

from __future__ import annotations

import sys
from typing import Final

from bench.kernels import BUFFER_RECORDS, START_US, Stand, load, media_record
from collector.store.pack import pack
from mediation.ledger.kernel import CompactRange

STREAMS: Final = 8
"""As in the profile."""


def work(rounds: int) -> None:
    part = b"".join(media_record(i % STREAMS, i // STREAMS, START_US + i) for i in range(BUFFER_RECORDS))
    stand, tree, sequence = Stand(load(interpreted=False), STREAMS), CompactRange(), 0
    for _ in range(rounds):
        stand.rewind()
        stand.one_pass(part, START_US + BUFFER_RECORDS)
        packed = pack(stand.rows, memoryview(stand.arena), memoryview(b""), bytes(20 * STREAMS), sequence)
        tree.extend(packed.hashes)
        sequence += packed.records


if __name__ == "__main__":
    work(int(sys.argv[1]))
