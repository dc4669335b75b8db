"""Days on which the disk, the clock or a person gets it wrong: each ends in one defined way, with a sentence, and
nothing that was acknowledged is lost in any of them."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.rows import FORM_NOTICE
from collector.store import frames, lock
from collector.store.files import RealFiles
from collector.store.gauge import StoreError
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.verifier import VerifyReport, Witnessed, verify_store
from collector.store.walk import SegmentFile, segment_paths
from mediation.ledger.witness import cosign, verify_cosigned
from mediation.runtime.process import IntegrityError

Make = Callable[[int, int], list[bytes]]


class Bad(RealFiles):
    """From call number `after` of `call` on, every one of them fails with `number`; how often it was asked."""

    def __init__(self, call: str, number: int, after: int = 0) -> None:
        super().__init__()
        self._call, self._number, self._after = call, number, after
        self.asked = 0

    def _fail(self, call: str) -> None:
        if call != self._call:
            return
        self.asked += 1
        if self.asked > self._after:
            raise OSError(self._number, os.strerror(self._number))

    def create(self, path: Path, octets: int, header: bytes) -> None:
        if self._call == "create" and self.asked >= self._after:
            # As far as a full disk lets it come.
            path.with_suffix(".tmp").write_bytes(header)
        self._fail("create")
        super().create(path, octets, header)

    def open(self, path: Path) -> int:
        self._fail("open")
        return super().open(path)

    def write(self, descriptor: int, octets: bytes | bytearray | memoryview, offset: int) -> int:
        self._fail("write")
        return super().write(descriptor, octets, offset)

    def sync(self, descriptor: int) -> None:
        self._fail("sync")
        super().sync(descriptor)


def kept(bench, directory: Path | None = None) -> list[bytes | None]:
    reader = StoreReader(directory or bench.directory, bench.keys)
    return [record.octets for record in reader.records() if record.form != FORM_NOTICE]


def verified(bench, **more: Any) -> VerifyReport:
    return verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys, bench.pin, **more)


def filled(bench, make_records: Make, batches: int = 3, **changes: Any) -> None:
    store = bench.open(**changes)
    for _ in range(batches):
        bench.put(store, make_records(30, 300))
    store.close()


def goes_on(bench, make_records: Make) -> None:
    """The next start, on a disk that is well again: all that was acknowledged is there, and more is taken."""
    bench.failures.clear()
    store = bench.open()
    bench.put(store, make_records(3, 100))
    store.close()
    assert bench.failures == []
    there = kept(bench)
    assert all(record in there for record in bench.acknowledged)
    assert verified(bench).ok


# The disk


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "Make room"), (errno.EROFS, "Make it writable"), (errno.EIO, "kernel messages")],
)
@pytest.mark.parametrize("call", ["write", "sync"])
def test_a_disk_that_fails_in_mid_commit(bench, make_records: Make, call: str, number: int, remedy: str) -> None:
    store = bench.open(Bad(call, number, after=2))
    for _ in range(3):
        bench.put(store, make_records(20, 200))
    store.close()
    (sentence,) = bench.failures
    assert "Nothing more is acknowledged; what was acknowledged is kept." in sentence and remedy in sentence
    assert len(bench.acknowledged) == 40
    goes_on(bench, make_records)


def test_a_failed_sync_is_never_asked_again(bench, make_records: Make) -> None:
    files = Bad("sync", errno.EIO)
    store = bench.open(files)
    bench.put(store, make_records(5, 100))
    with pytest.raises(StoreError, match="stopped"):
        bench.put(store, make_records(5, 100))
    store.close()
    assert files.asked == 1 and bench.acknowledged == []
    goes_on(bench, make_records)


@pytest.mark.parametrize("after", [0, 1])
def test_a_disk_that_is_full_where_a_segment_begins(bench, make_records: Make, after: int) -> None:
    """The first one, and a later one. What the attempt left under another name is gone after the next start; of a later
    one, which was being made ahead, with the store's end."""
    store = bench.open(Bad("create", errno.ENOSPC, after))
    while not bench.failures:
        bench.put(store, make_records(60, 700))
    store.close()
    assert "No space left" in bench.failures[0] and "Make room" in bench.failures[0]
    assert bool(list(bench.directory.glob("*.tmp"))) == (after == 0)
    goes_on(bench, make_records)
    assert not list(bench.directory.glob("*.tmp"))


def test_a_disk_that_is_full_when_the_store_is_opened(bench, make_records: Make) -> None:
    """The unfinished unit of a crash is to be blanked, and cannot be."""
    filled(bench, make_records)
    path = segment_paths(bench.directory)[-1]
    data = bytearray(path.read_bytes())
    with SegmentFile(path) as file:
        end = list(file.units(file.header()))[-1].end
    data[end : end + 100] = b"torn" * 25
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"No space left.*Nothing was changed; make room"):
        bench.open(Bad("write", errno.ENOSPC))
    goes_on(bench, make_records)


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EROFS, "make it writable (look for a mount gone read-only)"),
        (errno.EACCES, "make it writable (look for a mount gone read-only)"),
        (errno.ENOSPC, "make room on its file system"),
    ],
)
def test_a_directory_that_may_not_be_written_to_or_has_no_room(
    bench, make_records: Make, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    filled(bench, make_records)

    def refused(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(lock.os, "open", refused)
        with pytest.raises(StoreError) as refusal:
            bench.open()
        expected = f"{os.strerror(number)}. Nothing was changed; {remedy} and start again."
        assert str(refusal.value) == f"Cannot open the store in {bench.directory}: {expected}"
    goes_on(bench, make_records)


class TornHeader(RealFiles):
    """Power goes when half the header block of a file that is used again has reached the disk."""

    def write(self, descriptor: int, octets: bytes | bytearray | memoryview, offset: int) -> int:
        if offset:
            return super().write(descriptor, octets, offset)
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        with path.open("r+b") as file:
            file.write(bytes(octets[:2048]))
        raise OSError(errno.EIO, "power went")


def test_a_file_whose_reuse_was_cut_off_leaves_a_gap_and_nothing_is_written_over(bench, make_records: Make) -> None:
    """Recovery takes the torn file away. Its number is the one that is free then, not the count of those left."""
    store = bench.open(TornHeader())
    while not bench.failures:
        bench.put(store, make_records(60, 700))
    store.close()
    names = {path.name for path in segment_paths(bench.directory)}
    assert len(names) == 4
    bench.failures.clear()
    store = bench.open()
    assert {path.name for path in segment_paths(bench.directory)} == names - {"seg-000000.seg"}
    evicted = store.gauge().evicted
    while len(segment_paths(bench.directory)) < 4:
        bench.put(store, make_records(60, 700))
    store.close()
    assert {path.name for path in segment_paths(bench.directory)} == names and store.gauge().evicted == evicted > 0
    there = set(kept(bench))
    assert bench.failures == [] and all(record in there for record in bench.acknowledged[evicted:])
    assert verified(bench).ok


def test_attack_a_segment_is_never_made_over_one_that_is_there(bench, make_records: Make) -> None:
    filled(bench, make_records)
    (path,) = segment_paths(bench.directory)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="is there already and is not written over"):
        RealFiles().create(path, 256 * 1024, bytes(4096))
    assert path.read_bytes() == before and not list(bench.directory.glob("*.tmp"))


def test_a_directory_that_vanishes_while_it_is_written_to(bench, make_records: Make, tmp_path: Path) -> None:
    """The open file would take what is written all the same, and nobody would ever find it."""
    store = bench.open()
    bench.put(store, make_records(20, 200))
    bench.directory.rename(tmp_path / "elsewhere")
    bench.put(store, make_records(20, 200))
    store.close()
    assert len(bench.acknowledged) == 20
    assert "Bring the directory back" in bench.failures[0]
    (tmp_path / "elsewhere").rename(bench.directory)
    goes_on(bench, make_records)


def test_a_segment_that_is_removed_or_replaced_while_it_is_written_to(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(20, 200))
    path = segment_paths(bench.directory)[0]
    copy = path.read_bytes()
    path.unlink()
    path.write_bytes(copy)
    bench.put(store, make_records(20, 200))
    store.close()
    assert len(bench.acknowledged) == 20 and "was replaced by another file" in bench.failures[0]
    goes_on(bench, make_records)


# The clock


def test_a_clock_that_was_set_back_is_on_record_and_in_the_verifiers_words(bench, make_records: Make) -> None:
    filled(bench, make_records)
    before_us = bench.now_us
    bench.now_us -= 3_600_000_000
    goes_on(bench, make_records)
    (fields,) = [fields for kind, fields in bench.audited if kind == "clock_set_back"]
    assert fields["now_us"] < before_us and fields["last_commit_us"] <= before_us
    report = verified(bench)
    assert report.ok and any("set back 1 times, first at commit 3" in one for one in report.findings)


def test_a_clock_that_wavers_is_no_news(bench, make_records: Make) -> None:
    filled(bench, make_records)
    bench.now_us -= 500_000
    goes_on(bench, make_records)
    assert not [kind for kind, _ in bench.audited if kind == "clock_set_back"]
    assert not any("set back" in one for one in verified(bench).findings)


# A person


def test_an_octet_of_an_old_record_edited_by_hand(bench, make_records: Make) -> None:
    """A start reads no old octets: the record is withheld when it is read, and the verifier names it."""
    filled(bench, make_records)
    path = segment_paths(bench.directory)[0]
    with SegmentFile(path) as file:
        unit = next(file.units(file.header()))
    data = bytearray(path.read_bytes())
    data[unit.data[0].area_at] ^= 0x20
    path.write_bytes(data)
    store = bench.open()
    bench.put(store, make_records(3, 100))
    store.close()
    record = StoreReader(bench.directory, bench.keys).read(0)
    assert record is not None and record.octets is None and record.fault == "its octets are not the signed ones"
    report = verified(bench)
    assert not report.ok and "records 0 to" in report.tampered[0]


@pytest.mark.parametrize("edit", ["an octet put in", "cut in the middle", "an octet of a row"])
def test_a_segment_edited_by_hand_is_refused_with_its_place(bench, make_records: Make, edit: str) -> None:
    filled(bench, make_records)
    path = segment_paths(bench.directory)[0]
    data = path.read_bytes()
    at = frames.BLOCK + 400
    changed = {
        "an octet put in": data[:at] + b"\n" + data[at:],
        "cut in the middle": data[:at],
        "an octet of a row": data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :],
    }[edit]
    path.write_bytes(changed)
    with pytest.raises(IntegrityError, match=f"{path.name}|rolled back"):
        bench.open()
    assert path.read_bytes() == changed
    path.write_bytes(data)
    goes_on(bench, make_records)


def test_a_restored_backup_is_told_by_the_pin_and_by_the_witness(bench, make_records: Make, tmp_path: Path) -> None:
    filled(bench, make_records)
    shutil.copytree(bench.directory, tmp_path / "backup")
    filled(bench, make_records)
    newest, key = bench.pin.read_text("utf-8"), Ed25519PrivateKey.generate()
    note = newest + cosign("calea-lab/witness", key, newest, 1_700_000_000)
    assert verify_cosigned(note.encode(), "calea-lab/witness", key.public_key()) is not None
    bench.directory.rename(tmp_path / "newest")
    shutil.copytree(tmp_path / "backup", bench.directory)
    with pytest.raises(IntegrityError, match=r"rolled back or restored from an old copy. Restore the newest state"):
        bench.open()
    witnessed = Witnessed(note.encode(), "calea-lab/witness", key.public_key())
    bench.pin.rename(tmp_path / "pin-gone")
    report = verified(bench, witnessed=witnessed)
    assert not report.ok and report.missing == 90 and "saw 180 records" in report.tampered[0]
    shutil.rmtree(bench.directory)
    (tmp_path / "newest").rename(bench.directory)
    (tmp_path / "pin-gone").rename(bench.pin)
    goes_on(bench, make_records)


def test_two_collectors_on_one_directory_and_the_first_goes_on(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(5, 100))
    with pytest.raises(StoreError, match=r"Another collector uses .* Stop it first"):
        bench.open()
    bench.put(store, make_records(5, 100))
    store.close()
    assert len(bench.acknowledged) == 10
    goes_on(bench, make_records)


def other(bench) -> Any:
    """A second collector with a copy of the keys and a directory of its own; the pin is where the keys say."""
    root = bench.root / "second"
    shutil.copytree(bench.root / "keys", root / "keys")
    made = type(bench).__new__(type(bench))
    made.__dict__.update(bench.__dict__)
    made.root, made.keys = root, Keys(root / "keys")
    made.acknowledged, made.failures = [], []
    return made


def test_attack_a_second_store_under_the_same_keys_is_refused_by_the_pin(bench, make_records: Make) -> None:
    filled(bench, make_records)
    second = other(bench)
    with pytest.raises(IntegrityError, match="rolled back"):
        second.open(pin=bench.pin)
    goes_on(bench, make_records)


def test_attack_two_processes_with_the_same_keys_at_once(bench, make_records: Make) -> None:
    """Both were opened before anything was pinned: the first that comes to pin after the other stops, in words."""
    store = bench.open()
    second = other(bench)
    twin = second.open(pin=bench.pin)
    bench.put(store, make_records(5, 100))
    store.close()
    second.put(twin, make_records(5, 100))
    twin.close()
    assert "uses the same keys for a ledger of its own" in second.failures[0] and bench.failures == []
    goes_on(bench, make_records)
