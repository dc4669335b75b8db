"""The ledger of a run: it balances, or it says in a sentence what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.bench.ledger import VERDICTS, Counted, Ledger

WHOLE = Ledger(110, 110, Counted(110, 90, 4, 3, 2, 8, 3), 99, 99)


def test_a_whole_run_balances() -> None:
    assert WHOLE.faults() == []
    assert WHOLE.lost == 0
    assert WHOLE.as_dict()["balanced"] is True


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (replace(WHOLE, sent=111), "sent: 111, received: 110"),
        (replace(WHOLE, acknowledged=109), "sent: 110, acknowledged: 109"),
        (replace(WHOLE, stored=98), "stored: 98"),
        (replace(WHOLE, signed=98), "signed: 98"),
        (replace(WHOLE, counted=replace(WHOLE.counted, rejected=7)), "verdicts: 109"),
    ],
)
def test_a_lost_record_is_named(changed: Ledger, words: str) -> None:
    assert any(words in fault for fault in changed.faults())
    assert changed.as_dict()["balanced"] is False


def test_counts_are_those_of_the_collectors_sums() -> None:
    zero = dict.fromkeys(VERDICTS, 0)
    found = Counted.of_sums({**zero, "delivered": 7, "accepted": 4, "rejected": 3, "reasons": {"UNKNOWN_LIID": 2}})
    assert (found.received, found.accepted, found.rejected, found.judged, found.kept) == (7, 4, 3, 7, 4)
    assert found.since(Counted(3, accepted=3)) == Counted(4, accepted=1, rejected=3)
