"""A collector that ran, and what it keeps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collector.export.filled import SECRET, Filled


@pytest.fixture
async def filled(lab: Any, records: Any, connect: Any) -> Filled:
    """A warrant and a second one on the same LIID with another target, and a pen register."""
    lab.court.issue("O-1", "LAB-0001")
    lab.court.issue("O-3", "LAB-0001", targets=["e164:16465550133"])
    lab.court.issue("O-2", "LAB-0002", kind="PRTT", services=[])
    running = await lab.start()
    client = await connect(running.ports["hi2"])
    other = records.sip("LAB-0001", 9, caller="16465550133", callee="16465550134", body=b"o=OTHER-ORDER")
    texts = [records.sms("LAB-0001", 2, SECRET), records.sms("LAB-0002", 6, "WITHHELD-WORDS")]
    await client.send(*records.call("LAB-0001", 1, 12), other, *texts)
    await client.barrier(records)
    await client.close()
    await running.end()
    return Filled(lab)
