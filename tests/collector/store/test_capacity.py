"""Capacity in octets or as a share of a file system, what is refused, and how long until something goes."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from collector.config import StoreConfigModel
from collector.store import capacity
from collector.store.capacity import Rate, check_fits, read_percent, share_octets
from collector.store.gauge import StoreError
from collector.store.settings import StoreConfig

Make = Callable[[int, int], list[bytes]]
MIB = 1 << 20


def of_size(monkeypatch: pytest.MonkeyPatch, whole: int, free: int) -> None:
    system = SimpleNamespace(f_frsize=4096, f_blocks=whole // 4096, f_bavail=free // 4096)
    monkeypatch.setattr(capacity.os, "statvfs", lambda path: system)


@pytest.mark.parametrize("text", ["", "10", "%", "ten%", "0%", "-5%", "100%", "96%", "nan%", "inf%", "10%%", "10% x"])
def test_what_is_no_share_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValidationError, match=r'is no share of a file system: write a percentage.*as "10%"'):
        StoreConfigModel(capacity_share=text)


def test_a_share_is_read() -> None:
    assert (read_percent("10%"), read_percent(" 2.5% "), read_percent("95%")) == (10.0, 2.5, 95.0)


def test_octets_and_a_share_together_are_refused() -> None:
    with pytest.raises(ValidationError, match="both said: leave one of them out"):
        StoreConfigModel(capacity_share="10%", capacity_octets=1 << 30)
    with pytest.raises(ValidationError, match="must hold two segments"):
        StoreConfigModel(capacity_octets=64 * MIB, segment_octets=64 * MIB)


def test_a_share_is_whole_segments_of_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_size(monkeypatch, 1000 * MIB, 900 * MIB)
    model = StoreConfigModel(capacity_share="10%", segment_octets=16 * MIB)
    assert model.octets(tmp_path / "store") == 96 * MIB
    assert StoreConfigModel().octets(tmp_path) == 1 << 30


def test_a_share_that_cannot_be_had_is_refused_with_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_size(monkeypatch, 1000 * MIB, 50 * MIB)
    with pytest.raises(StoreError, match=r"only .* are free.*Make room"):
        share_octets(tmp_path, 10.0, 16 * MIB)
    with pytest.raises(StoreError, match="fewer than two segments"):
        share_octets(tmp_path, 1.0, 16 * MIB)


def test_what_the_store_takes_already_counts_as_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seg-000000.seg").write_bytes(bytes(4 * MIB))
    of_size(monkeypatch, 40 * MIB, 1 * MIB)
    assert share_octets(tmp_path, 10.0, MIB) == 4 * MIB
    with pytest.raises(StoreError, match="are free"):
        share_octets(tmp_path, 20.0, MIB)


def test_a_real_file_system_answers(tmp_path: Path) -> None:
    whole = os.statvfs(tmp_path).f_blocks * os.statvfs(tmp_path).f_frsize
    assert 0 < share_octets(tmp_path, 0.1, 4096) <= whole // 1000


def test_a_capacity_below_what_is_there_removes_nothing(bench, make_records: Make) -> None:
    store = bench.open()
    while store.gauge().segments < 4:
        bench.put(store, make_records(60, 700))
    gauge = store.gauge()
    store.close()
    with pytest.raises(StoreError, match="takes 1048576 octets, the capacity is 524288: nothing is removed"):
        bench.open(capacity_octets=512 * 1024)
    again = bench.open()
    assert again.gauge()[:4] == gauge[:4]
    again.close()
    larger = bench.open(capacity_octets=2 * MIB)
    while larger.gauge().segments < 5:
        bench.put(larger, make_records(60, 700))
    assert larger.gauge().evicted == 0
    larger.close()


def test_a_capacity_that_just_holds_what_is_there(tmp_path: Path) -> None:
    check_fits(tmp_path, StoreConfig(10, 5), [5, 5])
    with pytest.raises(StoreError, match="Set the capacity to 15 octets or more"):
        check_fits(tmp_path, StoreConfig(10, 5), [5, 5, 5])


@pytest.mark.parametrize("segment_octets", [MIB // 2, MIB // 4 + 4096])
def test_segments_of_another_size_are_refused_and_nothing_is_changed(
    bench, make_records: Make, segment_octets: int
) -> None:
    """Larger ones would be written behind the end of the files; smaller ones take more than they say."""
    store = bench.open()
    while store.gauge().segments < 3:
        bench.put(store, make_records(60, 700))
    gauge = store.gauge()
    store.close()
    before = {path.name: path.read_bytes() for path in bench.directory.glob("seg-*")}
    with pytest.raises(StoreError, match=r"segments of 262144 octets, configured are .* Set store.segment_octets to"):
        bench.open(segment_octets=segment_octets, capacity_octets=4 * MIB)
    assert before == {path.name: path.read_bytes() for path in bench.directory.glob("seg-*")}
    again = bench.open(capacity_octets=4 * MIB)
    assert again.gauge()[:2] == gauge[:2]
    bench.put(again, make_records(3, 100))
    again.close()
    assert bench.failures == []


def test_the_rate_is_of_the_last_minute_and_forgets_a_clock_that_went_back() -> None:
    rate = Rate()
    assert rate.per_s(0) == 0.0
    for second in range(200):
        rate.note(second * 1_000_000, 1000 if second < 100 else 500)
    assert 490 <= rate.per_s(199_000_000) <= 510
    assert rate.per_s(600_000_000) == 0.0
    rate.note(5_000_000, 700)
    assert rate.per_s(5_000_000) == 0.0


def test_the_gauge_says_how_long_until_something_goes(bench, make_records: Make) -> None:
    store = bench.open()
    assert store.gauge().eviction_s is None
    for _ in range(3):
        bench.put(store, make_records(60, 700))
        bench.now_us += 1_000_000
    gauge = store.gauge()
    room = gauge.capacity_octets - gauge.used_octets
    assert gauge.octets_per_s > 0 and gauge.eviction_s == pytest.approx(room / gauge.octets_per_s)
    store.close()
