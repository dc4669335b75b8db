"""First in, first out and nothing else: what goes, in which order, what is said before it, and what never goes."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.rows import FORM_NOTICE
from collector.store import frames
from collector.store.audit_log import AuditLog, read_audit, verify_audit
from collector.store.eviction import MAX_RANGES, unsafe_entries
from collector.store.gauge import StoreError
from collector.store.reader import StoreReader
from collector.store.recovery import SegmentState
from collector.store.store import Store
from collector.store.verifier import verify_store
from collector.store.walk import SegmentFile, segment_paths
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason, reason_mask

Make = Callable[[int, int], list[bytes]]
UIDS = [order_uid(OrderId(f"O-{number}")) for number in range(3)]


def hook(store: Store, name: str, value: object) -> None:
    object.__setattr__(store._hooks, name, value)


def test_with_room_nothing_goes(bench, make_records: Make) -> None:
    store = bench.open()
    for _ in range(5):
        bench.put(store, make_records(100, 700))
    assert store.gauge().evicted == 0 and bench.sequences() == list(range(500))
    store.close()


@pytest.mark.rule("R-141", "R-141.1")
def test_a_full_store_and_a_new_row_let_exactly_the_oldest_go_in_order(bench, make_records: Make) -> None:
    store = bench.open()
    gone: list[int] = []
    for _ in range(60):
        before = bench.sequences() if store.size else []
        bench.put(store, make_records(120, 700))
        after = set(bench.sequences())
        lost = [one for one in before if one not in after]
        assert lost == before[: len(lost)], "what goes is the oldest there was"
        gone += lost
    assert gone == list(range(len(gone))) and len(gone) == store.gauge().evicted > 1000
    store.close()
    evictions = [fields for kind, fields in bench.audited if kind == "eviction"]
    assert [one["first_sequence"] for one in evictions] == [0, *(one["next_sequence"] for one in evictions[:-1])]


@pytest.mark.rule("R-141", "R-141.2")
@pytest.mark.rule("R-091", "R-091.1")
def test_attack_no_call_of_the_store_names_a_record_to_change_or_remove_it() -> None:
    """The whole public face of the writer and of the reader, so that a new method has to pass by here."""
    store = {name for name, _ in inspect.getmembers(Store) if not name.startswith("_")}
    assert store == {
        "close", "find", "gauge", "idle", "last_note", "open", "pending_octets", "segments", "size", "stand",
        "standings", "submit", "void", "voids",
    }  # fmt: skip
    reader = {name for name, _ in inspect.getmembers(StoreReader) if not name.startswith("_")}
    assert reader == {
        "commits", "key_ids", "leaf_hashes", "read", "records", "segments", "standings", "survey", "voids",
    }  # fmt: skip
    for taking in (Store.submit, Store.stand):
        assert not {"sequence", "uid", "order"} & set(inspect.signature(taking).parameters)


@pytest.mark.rule("R-091", "R-091.2")
def test_octets_that_were_written_never_change_until_their_segment_goes(bench, make_records: Make) -> None:
    store = bench.open()
    written: dict[tuple[str, int, int], bytes] = {}
    for _ in range(30):
        bench.put(store, make_records(60, 700))
        for path in segment_paths(bench.directory):
            with SegmentFile(path) as file:
                header = file.header()
                for unit in file.units(header):
                    octets = file.read(unit.offset, unit.end - unit.offset)
                    assert written.setdefault((path.name, header.generation, unit.offset), octets) == octets
    store.close()
    assert len(written) > 30


@pytest.mark.rule("R-142", "R-142.1")
def test_filling_the_store_ten_times_only_makes_the_audit_log_grow(bench, make_records: Make) -> None:
    audit = AuditLog(bench.root / "audit", bench.keys)
    store = bench.open()

    def append(kind: str, fields: dict) -> None:
        audit.append(kind, fields, bench.tick())
        audit.flush()

    hook(store, "audit", append)
    hook(store, "is_unsafe", lambda uid: uid == UIDS[1])
    entries, lines = 0, b""
    while store.size < 10 * 2400:
        bench.put(store, make_records(120, 700))
        now = (bench.root / "audit" / "audit.jsonl").read_bytes()
        assert audit.entries >= entries and now.startswith(lines)
        entries, lines = audit.entries, now
    assert store.gauge().octets <= store.gauge().capacity_octets and store.gauge().evicted > 9 * 2400
    store.close()
    audit.close()
    assert verify_audit(bench.root / "audit", bench.keys.signing.public_key()).ok
    kinds = [one["kind"] for one in read_audit(bench.root / "audit")]
    assert kinds.count("eviction") == kinds.count("fifo_unsafe") > 20
    assert verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys, bench.pin).ok


@pytest.mark.rule("R-143", "R-143.1")
def test_the_alarm_names_the_rows_and_is_older_than_their_deletion(bench, make_records: Make) -> None:
    store = bench.open()
    alarms: list[tuple[int, str, dict]] = []
    hook(store, "audit", lambda kind, fields: alarms.append((bench.tick(), kind, fields)))
    hook(store, "is_unsafe", lambda uid: uid != UIDS[2])
    held: dict[int, bytes] = {}
    for _ in range(40):
        bench.put(store, make_records(120, 700))
        held |= {record.sequence: record.uid for record in StoreReader(bench.directory).records() if record.kind >= 0}
    store.close()
    left = set(bench.sequences())
    named = {
        (one, fields["order"])
        for _, kind, fields in alarms
        if kind == "fifo_unsafe"
        for first, after in fields["ranges"]
        for one in range(first, after)
    }
    gone = {(one, uid.hex()) for one, uid in held.items() if one not in left and uid != UIDS[2]}
    assert named == gone and len(gone) > 1000
    deleted_us = {}
    for path in segment_paths(bench.directory):
        header = frames.parse_header(path.read_bytes()[: frames.BLOCK])
        deleted_us[path.name] = header.created_us
    last = {fields["segment"]: at_us for at_us, kind, fields in alarms if kind == "fifo_unsafe"}
    assert last and all(at_us <= deleted_us[name] for name, at_us in last.items())
    order = [kind for _, kind, _ in alarms]
    assert order[:3] == ["fifo_unsafe", "fifo_unsafe", "eviction"]


def test_many_ranges_are_named_in_more_entries_than_one() -> None:
    header = frames.SegmentHeader(0, 5, 0, 0, 1 << 20, 0, bytes(32), bytes(16), "o", (), "")
    segment = SegmentState(Path("seg-000000.seg"), header, 0, 0, 0)
    ranges = [[4 * at, 4 * at + 2] for at in range(2 * MAX_RANGES + 1)]
    found = unsafe_entries(segment, UIDS[0], ranges, True)
    assert [len(one["ranges"]) for one in found] == [MAX_RANGES, MAX_RANGES, 1]
    assert sum(one["records"] for one in found) == 2 * len(ranges)
    assert {(one["segment"], one["generation"], one["order"], one["blocked"]) for one in found} == {
        ("seg-000000.seg", 5, UIDS[0].hex(), True)
    }


class Blocked:
    """A store that fills with what must not be lost, and waits."""

    def __init__(self, bench, make_records: Make) -> None:
        self.bench = bench
        self.unsafe = {UIDS[1]}
        self.waits, self.goes_on = threading.Event(), threading.Event()
        self.store = bench.open(block_unsafe_evict=True)
        hook(self.store, "is_unsafe", self.is_unsafe)
        self.asked_again = threading.Event()
        hook(self.store, "on_blocked", lambda sentence: (self.waits if sentence else self.goes_on).set())
        self.pending = []
        for _ in range(60):
            self.pending.append((self.store.size, bench.put(self.store, make_records(120, 700), wait=False)))
        assert self.waits.wait(10)

    def is_unsafe(self, uid: bytes) -> bool:
        """`asked_again`: by a store that has been waiting for a while."""
        if self.waits.is_set() and uid in self.unsafe:
            self.asked_again.set()
        return uid in self.unsafe

    def alarms(self) -> list[dict]:
        return [fields for kind, fields in self.bench.audited if kind == "fifo_unsafe"]


@pytest.mark.rule("R-143")
@pytest.mark.parametrize("cause", ["handed off", "option lifted"])
def test_a_blocked_store_acknowledges_nothing_loses_nothing_and_goes_on(bench, make_records: Make, cause: str) -> None:
    blocked = Blocked(bench, make_records)
    store = blocked.store
    assert store.blocked is not None and "nothing more is acknowledged" in store.blocked
    assert store.gauge().evicted == 0 and store.gauge().octets <= store.gauge().capacity_octets
    waiting = [done for _, done in blocked.pending if not done.is_set()]
    assert blocked.asked_again.wait(10) and waiting and not any(done.is_set() for done in waiting)
    acknowledged = len(bench.acknowledged)
    assert len([one for one in StoreReader(bench.directory).records() if one.form != FORM_NOTICE]) == acknowledged
    assert len(blocked.alarms()) == 1 and blocked.alarms()[0]["blocked"] is True
    if cause == "handed off":
        blocked.unsafe.clear()
    else:
        store.block_unsafe_evict = False
    assert blocked.goes_on.wait(10) and all(done.wait(10) for _, done in blocked.pending)
    assert store.blocked is None and len(bench.acknowledged) == 60 * 120
    store.close()
    assert bench.failures == []
    later = [one for one in blocked.alarms() if not one["blocked"]]
    assert bool(later) == (cause == "option lifted"), "what is lost after all is named again"
    assert verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys, bench.pin).ok


def test_a_blocked_store_closes_and_what_waited_was_never_acknowledged(bench, make_records: Make) -> None:
    blocked = Blocked(bench, make_records)
    kept = len(bench.acknowledged)
    blocked.store.close()
    assert bench.failures == [] and len(bench.acknowledged) == kept
    with pytest.raises(StoreError, match="closed"):
        bench.put(blocked.store, make_records(1, 10))
    again = bench.open()
    assert again.size == kept and again.gauge().evicted == 0
    bench.put(again, make_records(10, 50))
    again.close()
    assert verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys, bench.pin).ok


@pytest.mark.rule("R-161", "R-161.1")
def test_filling_this_store_never_makes_it_a_full_device(bench, make_records: Make) -> None:
    """A covert recorder stops when it is full; this one goes on, and the two must not be mixed up."""
    store = bench.open()
    for _ in range(60):
        bench.put(store, make_records(120, 700))
        assert store.failed is None and store.blocked is None
    store.close()
    full = reason_mask((Reason.DEVICE_FULL,))
    assert not any(record.reasons & full for record in StoreReader(bench.directory).records())
    assert {kind for kind, _ in bench.audited} == {"eviction"} and len(bench.acknowledged) == 60 * 120
