"""One clock for all processes: a line through an anchor, the same in each that was given the same numbers."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from asn1.errors import LocalError
from mediation.runtime.clock import ClockHand, ClockSpec, LineClock, ManualClock, SharedClock
from mediation.runtime.config import ClockConfig

REAL_US = 1_750_000_000_000_000


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The machine's clock in microseconds, set by the test."""
    now = [REAL_US]
    monkeypatch.setattr(time, "time_ns", lambda: now[0] * 1000)
    return now


def test_without_configuration_it_is_real_time(real: list[int]) -> None:
    clock = LineClock(ClockConfig().spec())
    assert clock.now_us() == REAL_US
    real[0] += 1
    assert clock.now_us() == REAL_US + 1


@pytest.mark.parametrize("factor", [0.25, 1.0, 60.0, 10_000.0])
def test_time_runs_by_the_factor_from_the_anchor(real: list[int], factor: float) -> None:
    clock = LineClock(ClockSpec(anchor_us=REAL_US, base_us=5_000_000, factor=factor))
    assert clock.now_us() == 5_000_000
    real[0] += 4_000_000
    assert clock.now_us() == 5_000_000 + int(4_000_000 * factor)


def test_two_processes_with_the_same_numbers_have_the_same_time(real: list[int]) -> None:
    spec = ClockConfig(anchor_us=REAL_US - 123_456, base_us=7, factor=3.7).spec()
    one, other = LineClock(spec), LineClock(spec)
    for step in range(100):
        real[0] += step * 999_983
        assert one.now_us() == other.now_us()


def test_time_never_goes_back_and_is_exact_at_factor_one_for_years(real: list[int]) -> None:
    clock = LineClock(ClockSpec(anchor_us=0, base_us=-5, factor=1.0))
    for year in range(60):
        real[0] = REAL_US + year * 31_557_600_000_000
        assert clock.now_us() == real[0] - 5
    stretched = LineClock(ClockSpec(anchor_us=REAL_US, base_us=0, factor=1.7))
    before = stretched.now_us()
    for _ in range(1000):
        real[0] += 1
        assert stretched.now_us() >= before
        before = stretched.now_us()


def test_waiting_is_told_in_real_seconds_and_never_negative(real: list[int]) -> None:
    clock = LineClock(ClockSpec(anchor_us=REAL_US, base_us=0, factor=10.0))
    assert clock.real_delay_s(20_000_000) == pytest.approx(2.0)
    assert clock.real_delay_s(0) == clock.real_delay_s(-5) == 0.0


def test_the_tests_clock_moves_only_when_told() -> None:
    clock = ManualClock(10)
    assert clock.now_us() == clock.now_us() == 10
    clock.advance(5)
    assert clock.now_us() == 15 and clock.real_delay_s(10**9) == 0.0


class TestSharedClock:
    def test_all_readers_see_a_jump_and_a_standstill(self, tmp_path: Path) -> None:
        hand = ClockHand(tmp_path / "clock", ClockSpec(0, 0, 0.0))
        first, second = SharedClock(tmp_path / "clock"), SharedClock(tmp_path / "clock")
        hand.jump(1_000_000)
        assert first.now_us() == second.now_us() == 1_000_000
        assert first.real_delay_s(1_000_000) == 0.0
        assert 0 < first.real_delay_s(1_000_001) <= 0.02

    def test_it_goes_on_at_another_pace_from_where_it_is(self, tmp_path: Path) -> None:
        hand = ClockHand(tmp_path / "clock", ClockSpec(0, 0, 0.0))
        hand.jump(5_000_000)
        hand.go(3600.0)
        first = hand.clock.now_us()
        assert first >= 5_000_000
        hand.go(0.0)
        stands = hand.clock.now_us()
        assert stands >= first
        assert hand.clock.now_us() == stands

    def test_never_back(self, tmp_path: Path) -> None:
        hand = ClockHand(tmp_path / "clock", ClockSpec(0, 7_000_000, 0.0))
        with pytest.raises(LocalError, match="forward"):
            hand.jump(6_999_999)
        hand.jump(7_000_000)

    def test_a_second_hand_goes_on_where_the_first_left_it(self, tmp_path: Path) -> None:
        ClockHand(tmp_path / "clock", ClockSpec(0, 0, 0.0)).jump(9)
        assert ClockHand(tmp_path / "clock", ClockSpec(0, 1, 1.0)).clock.now_us() == 9

    @pytest.mark.parametrize("octets", [b"", b"\x00" * 40, b"calealab"])
    def test_what_is_no_clock_is_refused(self, tmp_path: Path, octets: bytes) -> None:
        (tmp_path / "clock").write_bytes(octets)
        with pytest.raises(LocalError, match="clock"):
            SharedClock(tmp_path / "clock")
