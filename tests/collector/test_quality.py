"""Latency and skew at their limits, and what a report says."""

from __future__ import annotations

import pytest

from collector.quality import BUCKETS_US, Limits, LinkQuality, bucket

NOW = 1_780_000_000_000_000
S = 1_000_000


def sampled(within: int, late: int, late_us: int = 9 * S) -> LinkQuality:
    quality = LinkQuality()
    for _ in range(within):
        quality.signalling(NOW - S, NOW)
    for _ in range(late):
        quality.signalling(NOW - late_us, NOW)
    return quality


@pytest.mark.rule("R-097", "R-097.1")
def test_95_of_100_pass_and_94_fail() -> None:
    passing, failing = sampled(95, 5), sampled(94, 6)
    assert passing.reports("hi2") == [] and (passing.samples, passing.failed) == (1, 0)
    (report,) = failing.reports("hi2")
    assert (failing.samples, failing.failed) == (1, 1)
    assert (
        report["code"] == "CII_LATE" and report["link"] == "hi2" and (report["records"], report["within"]) == (100, 94)
    )
    assert report["histogram"] == {"1": 94, "16": 6} and report["rules"] == ["R-097"]
    assert failing.reports("hi2") == []


@pytest.mark.rule("R-097")
def test_a_report_prints_its_thresholds_and_that_nobody_has_read_them() -> None:
    (report,) = sampled(94, 6).reports("hi2")
    assert report["thresholds"] == {
        "within_us": 8 * S, "share_percent": 95, "sample": 100, "skew_us": 200_000, "verified": False,
    }  # fmt: skip


@pytest.mark.rule("R-097", "R-097.2")
@pytest.mark.parametrize(("latency_us", "late"), [(8_000_000, 0), (8_001_000, 1), (8_000_001, 1)])
def test_8_seconds_pass_and_a_millisecond_more_is_late(latency_us: int, late: int) -> None:
    quality = LinkQuality()
    quality.signalling(NOW - latency_us, NOW)
    assert quality.late == late
    assert sampled(94, 6, late_us=latency_us).failed == late


@pytest.mark.rule("R-097")
def test_the_numbers_are_configuration() -> None:
    quality = LinkQuality(Limits(within_us=S, share_percent=50, sample=2))
    quality.signalling(NOW - S, NOW)
    quality.signalling(NOW - S - 1, NOW)
    assert quality.failed == 0
    quality.signalling(NOW - S - 1, NOW)
    quality.signalling(NOW - S - 1, NOW)
    assert (quality.samples, quality.failed) == (2, 1)


@pytest.mark.rule("R-098")
def test_stamps_ahead_of_the_clock_are_reported_beyond_the_skew() -> None:
    quality = LinkQuality()
    quality.signalling(NOW + 150_000, NOW)
    quality.signalling(NOW + 200_000, NOW)
    assert quality.reports("hi2") == [] and quality.ahead == 0
    quality.signalling(NOW + 250_000, NOW)
    quality.signalling(NOW + 6 * S, NOW)
    (report,) = quality.reports("hi2")
    assert (report["code"], report["records"], report["max_ahead_us"]) == ("CLOCK_SKEW", 2, 6 * S)
    assert report["thresholds"]["verified"] is False and quality.reports("hi2") == []


def test_a_sample_begins_anew_and_the_histogram_goes_on() -> None:
    quality = sampled(94, 6)
    for _ in range(100):
        quality.signalling(NOW, NOW)
    assert (quality.samples, quality.failed, quality.measured) == (2, 1, 200)
    state = quality.state()
    assert state["histogram"] == {"0.1": 100, "1": 94, "16": 6} and state["late"] == 6


def test_buckets_have_inclusive_edges() -> None:
    assert bucket(BUCKETS_US[0]) == "0.1" and bucket(BUCKETS_US[0] + 1) == "0.5" and bucket(-S) == "0.1"
    assert bucket(BUCKETS_US[-1]) == "600" and bucket(BUCKETS_US[-1] + 1) == "more"
