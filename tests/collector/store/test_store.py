"""Store, recovery, eviction and verification, each attack by its name."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import LocalError
from collector.rows import FORM_NOTICE
from collector.store import frames
from collector.store.files import RealFiles
from collector.store.gauge import StoreError
from collector.store.reader import StoreReader
from collector.store.store import Store
from collector.store.verifier import VerifyReport, verify_store
from collector.store.walk import SegmentFile, segment_paths
from mediation.runtime.process import IntegrityError

Make = Callable[[int, int], list[bytes]]


def stored(bench, keys=True) -> list[bytes | None]:
    reader = StoreReader(bench.directory, bench.keys if keys else None)
    return [record.octets for record in reader.records() if record.form != FORM_NOTICE]


def verified(bench, keys=True) -> VerifyReport:
    return verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys if keys else None, bench.pin)


def disk_octets(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir())


def test_what_was_acknowledged_is_read_back_octet_for_octet(bench, make_records: Make) -> None:
    store = bench.open()
    for _ in range(5):
        bench.put(store, make_records(40, 300), b'{"n":1}')
    store.close()
    assert sorted(stored(bench)) == sorted(bench.acknowledged)
    report = verified(bench)
    assert report.ok, report.tampered
    assert (report.records, report.checkpoints) == (200, 5)
    record = StoreReader(bench.directory, bench.keys).read(3)
    assert record is not None and record.sequence == 3 and record.liid in (b"LAB-0", b"LAB-1")


def test_refusals_alone_still_make_a_signed_commit(bench) -> None:
    store = bench.open()
    bench.put(store, [], b'{"refused":3}')
    store.close()
    commits = list(StoreReader(bench.directory).commits())
    assert [commit.records for commit in commits] == [(b'{"refused":3}',)]
    assert verified(bench).checkpoints == 1


def test_no_plain_octet_of_a_record_on_disk(bench) -> None:
    canary = b"SIM-CANARY-AT-REST"
    store = bench.open()
    bench.put(store, [canary * 5])
    store.close()
    assert stored(bench) == [canary * 5]
    assert stored(bench, keys=False) == [None]
    for path in bench.root.rglob("*"):
        assert not path.is_file() or canary not in path.read_bytes()
    report = verified(bench, keys=False)
    assert report.ok and report.unreadable == 1


def test_encryption_off_is_off(bench, make_records: Make) -> None:
    bench.encryption = False
    store = bench.open()
    bench.put(store, [b"in the clear " * 3])
    store.close()
    assert any(b"in the clear" in path.read_bytes() for path in segment_paths(bench.directory))
    assert verified(bench, keys=False).unreadable == 0


def test_restart_goes_on_where_it_stopped(bench, make_records: Make) -> None:
    for _ in range(4):
        store = bench.open()
        bench.put(store, make_records(30, 200))
        store.close()
    assert sorted(stored(bench)) == sorted(bench.acknowledged)
    assert verified(bench).ok
    assert [commit.number for commit in StoreReader(bench.directory).commits(after=1)] == [2, 3]


def test_eviction_takes_exactly_the_oldest_with_notice_and_never_exceeds_capacity(bench, make_records: Make) -> None:
    store = bench.open()
    for turn in range(60):
        bench.put(store, make_records(120, 700), b'{"turn":%d}' % turn)
        assert disk_octets(bench.directory) <= 1 << 20
        assert store.gauge().octets <= store.gauge().capacity_octets
    gauge = store.gauge()
    store.close()
    assert gauge.evicted > 0 and gauge.oldest == gauge.evicted
    assert bench.sequences() == list(range(gauge.oldest, gauge.next))
    report = verified(bench)
    assert report.ok, report.tampered
    assert report.evicted_with_notice == gauge.evicted and report.missing == 0
    evictions = [fields for kind, fields in bench.audited if kind == "eviction"]
    assert sum(fields["count"] for fields in evictions) == gauge.evicted
    assert all(fields["summary"]["records"] > 0 for fields in evictions)
    reopened = bench.open()
    assert reopened.gauge()[3:6] == gauge[3:6]
    reopened.close()


def test_unsafe_eviction_is_said_before_it_happens(bench, make_records: Make) -> None:
    store = bench.open()
    object.__setattr__(store._hooks, "is_unsafe", lambda uid: True)
    for _ in range(40):
        bench.put(store, make_records(120, 700))
    store.close()
    kinds = [kind for kind, _ in bench.audited if kind in ("fifo_unsafe", "eviction")]
    assert kinds[:4] == ["fifo_unsafe", "fifo_unsafe", "fifo_unsafe", "eviction"]


def crashed(bench, make_records: Make, batches: int = 3) -> Path:
    """A store whose writer finished `batches` commits and then died; the newest segment."""
    store = bench.open()
    for _ in range(batches):
        bench.put(store, make_records(20, 200))
    store.close()
    return segment_paths(bench.directory)[-1]


def test_torn_tail_at_any_place_loses_nothing_acknowledged(bench, make_records: Make, tmp_path: Path) -> None:
    """A unit in flight is cut at every 397th octet, as power loss would; what was committed before is all there."""
    path = crashed(bench, make_records)
    durable = sorted(bench.acknowledged)
    before = path.read_bytes()
    store = bench.open()
    bench.put(store, make_records(20, 200))
    store.close()
    after = path.read_bytes()
    start = next(at for at in range(len(before)) if before[at] != after[at])
    end = max(at for at in range(start, len(after)) if after[at] != before[at]) + 1
    bench.pin.unlink()
    for cut in range(start, end - 8, 397):
        path.write_bytes(after[:cut] + before[cut:])
        store = bench.open(pin=None)
        store.close()
        assert sorted(stored(bench)) == durable
        assert verified(bench).ok
        path.write_bytes(before)


def test_torn_middle_with_whole_commit_frame_is_cut_not_believed(bench, make_records: Make) -> None:
    path = crashed(bench, make_records)
    store = bench.open(pin=None)
    end = store._end
    bench.put(store, make_records(20, 200))
    store.close()
    data = bytearray(path.read_bytes())
    data[end + 60 : end + 300] = bytes(240)
    path.write_bytes(data)
    bench.pin.unlink()
    store = bench.open(pin=None)
    assert store.size == 60
    bench.put(store, [b"after the crash"])
    store.close()
    assert verified(bench).ok


def test_damage_before_a_sound_commit_fails_closed(bench, make_records: Make) -> None:
    path = crashed(bench, make_records)
    data = bytearray(path.read_bytes())
    data[frames.BLOCK + 60] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match="damaged at octet 4096"):
        bench.open()
    assert path.read_bytes() == bytes(data)


def test_dropped_newest_unit_is_caught_by_the_pin(bench, make_records: Make) -> None:
    path = crashed(bench, make_records, 2)
    old = path.read_bytes()
    store = bench.open()
    bench.put(store, make_records(5, 90))
    store.close()
    path.write_bytes(old)
    with pytest.raises(IntegrityError, match="rolled back"):
        bench.open()
    assert not verified(bench).ok


def test_restored_backup_is_caught_by_the_pin(bench, make_records: Make, tmp_path: Path) -> None:
    crashed(bench, make_records)
    shutil.copytree(bench.directory, tmp_path / "backup")
    store = bench.open()
    bench.put(store, make_records(5, 90))
    store.close()
    shutil.rmtree(bench.directory)
    shutil.copytree(tmp_path / "backup", bench.directory)
    with pytest.raises(IntegrityError, match="rolled back"):
        bench.open()


def test_resigned_with_another_key_is_caught(bench, make_records: Make) -> None:
    crashed(bench, make_records)
    stranger = Ed25519PrivateKey.generate().public_key()
    report = verify_store(bench.directory, stranger, bench.keys)
    assert not report.ok and "not signed by this store's key" in report.tampered[0]


def full(bench, make_records: Make) -> list[Path]:
    store = bench.open()
    for _ in range(30):
        bench.put(store, make_records(60, 700))
    store.close()
    return segment_paths(bench.directory)


def test_swapped_segments_are_caught(bench, make_records: Make) -> None:
    first, second = full(bench, make_records)[:2]
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)
    header = frames.parse_header(first.read_bytes()[: frames.BLOCK])
    assert header.slot != 0
    # The generations still order them: swapping names alone changes nothing that is proven.
    assert verified(bench).ok
    second.write_bytes(first.read_bytes())
    assert not verified(bench).ok


def test_missing_segment_is_missing_not_evicted(bench, make_records: Make) -> None:
    paths = full(bench, make_records)
    paths[1].unlink()
    report = verified(bench)
    assert not report.ok and report.missing > 0
    with pytest.raises(IntegrityError, match=r"does not continue|no eviction notice"):
        bench.open()


def test_any_flipped_bit_of_what_is_kept_is_detected(bench, make_records: Make) -> None:
    """Seeded sample over header, rows, hashes, octets, notes and records; bits of the padding prove nothing."""
    path = crashed(bench, make_records, 4)
    clean = path.read_bytes()
    sound: list[tuple[int, int]] = []
    assert verified(bench).ok
    with SegmentFile(path) as file:
        header = file.header()
        units = list(file.units(header))
    for unit in units:
        at = unit.offset
        while at < unit.end:
            head = frames.parse_frame_head(clean[at : at + frames.FRAME_HEADER_OCTETS])
            if head is None:
                break
            sound.append((at, at + frames.FRAME_HEADER_OCTETS + head.body_octets))
            at = sound[-1][1]
    rng = random.Random(11)
    places = [rng.randrange(0, 100) for _ in range(40)]
    places += [rng.randrange(*rng.choice(sound)) for _ in range(240)]
    missed = []
    for place in places:
        data = bytearray(clean)
        data[place] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        if verified(bench).ok:
            missed.append(place)
    path.write_bytes(clean)
    assert verified(bench).ok
    assert missed == []


class Faulty(RealFiles):
    """Fails or shortens the n-th write or sync."""

    def __init__(self, fail: str, at: int) -> None:
        super().__init__()
        self.fail, self.left = fail, at

    def _hit(self, kind: str) -> bool:
        if kind != self.fail:
            return False
        self.left -= 1
        return self.left == 0

    def write(self, descriptor: int, octets: bytes | bytearray | memoryview, offset: int) -> int:
        if self._hit("short"):
            self.left = 1
            return super().write(descriptor, octets[: max(1, len(octets) // 3)], offset)
        if self._hit("write"):
            raise OSError(28, os.strerror(28))
        return super().write(descriptor, octets, offset)

    def sync(self, descriptor: int) -> None:
        if self._hit("sync"):
            raise OSError(5, os.strerror(5))
        super().sync(descriptor)


@pytest.mark.parametrize("fail", ["write", "sync"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_failed_write_or_sync_is_never_retried_nor_acknowledged(bench, make_records: Make, fail: str, at: int) -> None:
    store = bench.open(Faulty(fail, at))
    for _ in range(at):
        bench.put(store, make_records(10, 100))
    assert len(bench.failures) == 1 and "Nothing more is acknowledged" in bench.failures[0]
    with pytest.raises(StoreError, match="stopped"):
        bench.put(store, make_records(1, 100))
    store.close()
    kept = stored(bench)
    assert all(record in kept for record in bench.acknowledged)
    reopened = bench.open()
    bench.put(reopened, make_records(3, 100))
    reopened.close()
    assert verified(bench).ok


def test_short_writes_are_continued(bench, make_records: Make) -> None:
    store = bench.open(Faulty("short", 1))
    bench.put(store, make_records(50, 300))
    store.close()
    assert sorted(stored(bench)) == sorted(bench.acknowledged)


def test_two_collectors_on_one_directory(bench) -> None:
    store = bench.open()
    with pytest.raises(StoreError, match="Another collector uses"):
        bench.open()
    store.close()


def test_unusable_directory_and_settings_are_one_sentence(bench, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="room for two segments"):
        bench.open(capacity_octets=300_000)
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match=r"Something else has that name|something else has that name"):
        bench.open()


def test_batch_larger_than_a_segment_is_refused_at_once(bench) -> None:
    store = bench.open()
    with pytest.raises(LocalError, match="does not fit"):
        bench.put(store, [bytes(300_000)])
    store.close()


def test_many_submitters_group_into_few_commits(bench, make_records: Make) -> None:
    store = bench.open()
    waits = [bench.put(store, make_records(5, 100), wait=False) for _ in range(50)]
    assert all(wait.wait(10) for wait in waits)
    store.close()
    assert isinstance(store, Store)
    assert len(bench.acknowledged) == 250
    assert verified(bench).checkpoints <= 50


def test_empty_store_reads_as_empty(bench) -> None:
    bench.open().close()
    assert list(StoreReader(bench.directory).commits()) == []
    assert stored(bench) == []
    report = verified(bench)
    assert report.ok and report.findings == ["The store is empty."]
