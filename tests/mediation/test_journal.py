"""The delivery window: numbers survive, nothing is lost or renumbered, everything is bounded and unreadable at rest."""

from pathlib import Path

import pytest

from mediation.journal import HI2, HI3, Entry, Journal
from mediation.runtime.config import NotReadyError
from mediation.sequence import Counters


def open_journal(root: Path, capacity: int = 1 << 20, file_octets: int = 4096) -> Journal:
    return Journal(root / "journal", root / "keys" / "journal.key", capacity, file_octets, False)


def entries(count: int, stream: int = HI2, first: int = 0, octets: int = 50) -> list[Entry]:
    return [
        Entry(stream, "LAB-1", b"%08d" % (first + n) + bytes(octets), ("xid", 7, {"cin": 3, "next_iri": first + n + 1}))
        for n in range(count)
    ]


def window(journal: Journal, stream: int = HI2) -> list[tuple[int, bytes]]:
    return [(held.journal_id, held.octets) for held in journal.held(stream)]


def test_a_killed_process_comes_back_with_the_same_records_and_numbers(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.start(Counters().snapshot())
    journal.append(entries(5))
    journal.append(entries(3, HI3, 5))
    journal.acknowledge(HI2, 1)
    before = window(journal), window(journal, HI3), journal.next_id
    # No close: what write() took is what a kill leaves.
    again = open_journal(tmp_path)
    assert (window(again), window(again, HI3), again.next_id) == before
    assert again.notes[-1] == ("xid", 7, {"cin": 3, "next_iri": 8})


def test_restarts_after_rotation_keep_counters_and_window(tmp_path: Path) -> None:
    counters = Counters()
    communication = counters.communication("xid", 7)
    journal = open_journal(tmp_path, file_octets=600)
    journal.start(counters.snapshot())
    for number in range(40):
        communication.next_iri = number + 1
        note = ("xid", 7, {"cin": communication.cin, "next_iri": number + 1})
        journal.append(
            [Entry(HI2, "LAB-1", b"%08d" % number, note)], counters.snapshot() if journal.full_file else None
        )
    journal.acknowledge(HI2, 29)
    files = len(list((tmp_path / "journal").iterdir()))
    assert files < 20
    again = open_journal(tmp_path)
    restored = Counters()
    assert again.state is not None
    restored.restore(again.state)
    for xid, correlation, state in again.notes:
        restored.note(xid, correlation, state)
    assert restored.communication("xid", 7).next_iri == 40
    assert restored.communication("other", 1).cin == communication.cin + 1
    assert [journal_id for journal_id, _ in window(again)] == list(range(30, 40))


def test_cut_off_last_frame_was_never_sent(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.start({"next_cin": 1, "held": []})
    journal.append(entries(2))
    path = next((tmp_path / "journal").iterdir())
    whole = path.read_bytes()
    journal.append(entries(2, first=2))
    longer = path.read_bytes()
    for cut in range(len(whole), len(longer)):
        path.write_bytes(longer[:cut])
        assert len(window(open_journal(tmp_path))) == 2
    path.write_bytes(longer)
    assert len(window(open_journal(tmp_path))) == 4


def test_changed_journal_is_refused_in_a_sentence(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.start({"next_cin": 1, "held": []})
    journal.append(entries(2))
    path = next((tmp_path / "journal").iterdir())
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    with pytest.raises(NotReadyError, match="was changed"):
        open_journal(tmp_path)


def test_full_backlog_drops_the_oldest_and_says_so(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, capacity=1000)
    journal.start({"next_cin": 1, "held": []})
    for first in range(0, 60, 10):
        journal.append(entries(10, first=first))
        assert journal.held_octets <= 1000
    assert journal.dropped == {"LAB-1": 60 - len(journal.held(HI2))}
    assert window(journal)[-1][0] == 59
    again = open_journal(tmp_path, capacity=1000)
    assert window(again) == window(journal)
    assert again.dropped == journal.dropped


def test_no_octet_of_a_record_is_readable_at_rest(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.start({"next_cin": 1, "held": []})
    journal.append([Entry(HI3, "LAB-1", b"SIM-CANARY-JOURNAL", ("xid", 1, {"cin": 1}))])
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"SIM-CANARY" not in path.read_bytes()


def test_acknowledging_twice_or_backwards_changes_nothing(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.start({"next_cin": 1, "held": []})
    journal.append(entries(5))
    assert journal.acknowledge(HI2, 3) == 4
    assert journal.acknowledge(HI2, 3) == 0
    assert journal.acknowledge(HI2, 1) == 0
    assert [journal_id for journal_id, _ in window(journal)] == [4]


def test_unusable_directory_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file")
    with pytest.raises(NotReadyError, match="Cannot use the journal"):
        open_journal(tmp_path)
