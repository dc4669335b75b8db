"""The collector's store and audit under watch: beside a live writer, over evictions, and when somebody bends them."""

import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from asn1.errors import LocalError
from collector.accounts import OTHER
from collector.reconcile import ledgers
from collector.reconcile.ledgers import AuditWatch, Mark, StoreWatch, Streams
from collector.store import frames
from collector.store.private_files import read_public_key
from collector.store.walk import SegmentFile, segment_paths

ORIGIN = "calea-lab/collector"
SMALL = {
    "links": [{"name": "hi2", "max_record_octets": 4096}],
    "store": {"capacity_octets": 1 << 20, "segment_octets": 256 << 10},
}


def store_watch(lab: Any, seen: Mark | None = None) -> StoreWatch:
    return StoreWatch(lab.data / "store", read_public_key(lab.data / "keys" / "signing.pub"), ORIGIN, seen)


def audit_watch(lab: Any, octets: int = 1 << 20) -> AuditWatch:
    return AuditWatch(lab.data / "audit", read_public_key(lab.data / "keys" / "signing.pub"), octets)


async def deliver(lab: Any, connect: Any, records: Any, *batches: list[bytes], **changes: Any) -> None:
    """One run of the collector; each batch durable before the next is sent."""
    running = await lab.start(**changes)
    client = await connect(running.ports["hi2"])
    for batch in batches:
        await client.send(*batch)
        await client.barrier(records)
    await client.close()
    await running.end()


def resealed(path: Path, old: bytes, new: bytes) -> int:
    """Replace octets in what frames say of themselves, with checksums that hold again; how many frames changed."""
    assert len(old) == len(new)
    with SegmentFile(path) as file:
        header = file.header()
        spans = [(unit.offset, unit.end) for unit in file.units(header)]
    data = bytearray(path.read_bytes())
    changed = 0
    for offset, end in spans:
        while offset < end and (head := frames.parse_frame_head(bytes(data[offset : offset + 64]))) is not None:
            at = offset + frames.FRAME_HEADER_OCTETS
            meta = bytes(data[at : at + head.meta_octets])
            if old in meta:
                changed += 1
                meta = meta.replace(old, new)
                data[at : at + head.meta_octets] = meta
                data[offset + 40 : offset + 44] = bytes(4)
                zeroed = bytes(data[offset:at])
                crc = zlib.crc32(meta, zlib.crc32(zeroed, header.seed))
                data[offset + 40 : offset + 44] = crc.to_bytes(4, "little")
            offset = at + head.body_octets
    path.write_bytes(data)
    return changed


async def test_streams_are_what_was_delivered(lab: Any, connect: Any, records: Any) -> None:
    lab.court.issue("O-1", "LAB-1")
    call = records.call("LAB-1", 1, 10)
    late = records.rtp("LAB-1", 1, time_us=1_500_000_000_000_000)
    await deliver(lab, connect, records, call, [late, *records.call("GHOST-01", 1, 3)])
    watch = store_watch(lab)
    look = watch.look(None)
    assert look.holds and not look.faults and look.newest is not None and look.newest.size == 12
    ghost, known = watch.streams.facts()
    assert (ghost.liid, ghost.delivered, ghost.stored, ghost.first_event_us) == ("GHOST-01", 5, 0, None)
    assert ghost.outside_us == ghost.seen_us
    assert (known.liid, known.delivered, known.stored) == ("LAB-1", 13, 12)
    assert known.outside_us is not None and known.first_event_us is not None and known.last_event_us is not None
    assert 1_600_000_000_000_000 < known.first_event_us <= known.last_event_us <= known.seen_us


async def test_more_liids_than_can_be_told_apart_are_summed(
    lab: Any, connect: Any, records: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgers, "MAX_STREAMS", 2)
    await deliver(lab, connect, records, *([records.sip(f"GHOST-{n}", 1)] for n in range(4)))
    watch = store_watch(lab)
    watch.look(None)
    assert {one.liid: one.delivered for one in watch.streams.facts()} == {"GHOST-0": 1, "GHOST-1": 1, OTHER: 2}


async def test_a_store_under_a_live_writer_shows_no_fault(lab: Any, connect: Any, records: Any) -> None:
    lab.court.issue("O-1", "LAB-1")
    running = await lab.start(**SMALL)
    client = await connect(running.ports["hi2"])
    store, audit, seen = store_watch(lab), audit_watch(lab), None
    sizes = []
    for cin in range(30):
        await client.send(*records.call("LAB-1", cin, 400))
        for _ in range(2):
            look = store.look(seen)
            assert look.holds and not look.faults
            seen = look.newest or seen
            heard = audit.look(None)
            assert not heard.faults
        await client.barrier(records)
        sizes.append(0 if seen is None else seen.size)
    await client.close()
    await running.end()
    assert sizes == sorted(sizes) and sizes[-1] > 10_000
    final = store.look(seen)
    assert final.holds and final.newest is not None and final.newest.size >= 30 * 402
    assert sum(one.delivered for one in store.streams.facts()) == 30 * 402


async def test_evicted_checkpoint_is_no_rollback(lab: Any, connect: Any, records: Any) -> None:
    lab.court.issue("O-1", "LAB-1")
    await deliver(lab, connect, records, records.call("LAB-1", 1, 10), **SMALL)
    seen = store_watch(lab).look(None).newest
    assert seen is not None
    records.counters.clear()
    await deliver(lab, connect, records, *(records.call("LAB-1", 2 + cin, 400) for cin in range(20)), **SMALL)
    watch = store_watch(lab, seen)
    look = watch.look(seen)
    assert look.holds and not look.faults and look.newest is not None and look.newest.size > seen.size
    with SegmentFile(segment_paths(lab.data / "store")[0]) as file:
        assert file.header().first_commit > seen.number


@pytest.mark.parametrize("where", ["rows", "account"])
async def test_stream_hidden_by_editing_the_store_is_found(lab: Any, connect: Any, records: Any, where: str) -> None:
    lab.court.issue("O-1", "LAB-0001")
    lab.court.issue("O-2", "LAB-0002")
    await deliver(lab, connect, records, records.call("LAB-0001", 1, 5), records.call("GHOST-01", 1, 5))
    watch = store_watch(lab)
    seen = watch.look(None).newest
    old = b"GHOST-01" if where == "account" else b"LAB-0001"
    (path,) = [path for path in segment_paths(lab.data / "store") if resealed(path, old, b"LAB-0002")]
    look = store_watch(lab, seen).look(seen)
    assert len(look.faults) == 1 and "not the one that the collector's key signed" in look.faults[0]
    assert path.exists()


async def test_edit_behind_the_place_of_the_last_look_is_found(lab: Any, connect: Any, records: Any) -> None:
    await deliver(lab, connect, records, records.call("LAB-0009", 1, 5))
    watch = store_watch(lab)
    seen = watch.look(None).newest
    await deliver(lab, connect, records, records.call("GHOST-01", 1, 5))
    for path in segment_paths(lab.data / "store"):
        resealed(path, b"GHOST-01", b"LAB-0009")
    assert watch.look(seen).faults


async def test_blanked_newest_commit_is_a_rollback(lab: Any, connect: Any, records: Any) -> None:
    lab.court.issue("O-1", "LAB-1")
    await deliver(lab, connect, records, records.call("LAB-1", 1, 5), records.call("LAB-1", 2, 5))
    watch = store_watch(lab)
    seen = watch.look(None).newest
    for path in segment_paths(lab.data / "store"):
        with SegmentFile(path) as file:
            last = list(file.units(file.header()))[-1]
        data = bytearray(path.read_bytes())
        data[last.offset : last.end] = bytes(last.end - last.offset)
        path.write_bytes(data)
    look = watch.look(seen)
    assert not look.holds and seen is not None and (look.newest is None or look.newest.size < seen.size)


async def test_removed_segment_in_the_middle_is_found(lab: Any, connect: Any, records: Any) -> None:
    lab.court.issue("O-1", "LAB-1")
    await deliver(lab, connect, records, *(records.call("LAB-1", cin, 400) for cin in range(6)), **SMALL)
    paths = []
    for path in segment_paths(lab.data / "store"):
        with SegmentFile(path) as file:
            paths.append((file.header().generation, path))
    assert len(paths) > 2
    sorted(paths)[1][1].unlink()
    assert "missing" in store_watch(lab).look(None).faults[0]


async def test_store_that_never_stands_still_is_not_judged(
    lab: Any, connect: Any, records: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.court.issue("O-1", "LAB-1")
    await deliver(lab, connect, records, records.call("LAB-1", 1, 5))
    watch = store_watch(lab)
    monkeypatch.setattr(SegmentFile, "still", lambda file, header: False)
    with pytest.raises(LocalError, match="faster"):
        watch.look(None)
    monkeypatch.undo()
    assert watch.look(None).newest is not None


async def test_audit_tells_its_signs_of_life_and_its_stop(lab: Any) -> None:
    running = await lab.start()
    running.service._audit.flush()
    watch = audit_watch(lab)
    alive = watch.look(None)
    assert alive.holds and not alive.faults and alive.beat_us is not None and not alive.stopped
    await running.end()
    ended = watch.look(alive.newest)
    assert ended.stopped and ended.beat_us == alive.beat_us and ended.holds


async def test_heartbeat_appended_without_signature_does_not_count(lab: Any) -> None:
    await (await lab.start()).end()
    path = lab.data / "audit" / "audit.jsonl"
    watch = audit_watch(lab)
    before = watch.look(None)
    last = path.read_bytes().splitlines()[-1]
    entry = {
        "seq": json.loads(last)["seq"] + 1, "utc_us": 1 << 60, "kind": "heartbeat", "fields": {},
        "previous": hashlib.sha256(last).hexdigest(),
    }  # fmt: skip
    with path.open("ab") as file:
        file.write(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    assert watch.look(before.newest).beat_us == before.beat_us


async def test_audit_beyond_its_bound_is_not_read(lab: Any) -> None:
    await (await lab.start()).end()
    with pytest.raises(LocalError, match="at most"):
        audit_watch(lab, 100).look(None)


def test_what_is_no_verdict_record_counts_for_nothing() -> None:
    commit = frames.CommitBody(0, 5, b"", "", (b"{", b"[]", b'{"notice": {}}'))
    streams = Streams()
    streams.add(ledgers.Unit(0, 0, (), commit, 0), fresh=True)
    assert streams.facts() == ()
