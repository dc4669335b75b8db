"""Times as scenarios write them: names, ISO 8601, and what is so long before or after."""

from __future__ import annotations

import pytest

from lab.scenario.times import at_us, resolved, span_us
from mediation.runtime.config import ConfigError

NAMES = {"T0": 1_772_373_600_000_000}  # 2026-03-01T14:00:00Z
HOUR_US = 3_600_000_000


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("T0", NAMES["T0"]),
        ("2026-03-01T14:00:00Z", NAMES["T0"]),
        ("T0+48h", NAMES["T0"] + 48 * HOUR_US),
        ("T0 - 1us", NAMES["T0"] - 1),
        ("T0+1h-30m", NAMES["T0"] + HOUR_US // 2),
        ("T0+0.5s", NAMES["T0"] + 500_000),
        ("2026-03-01T14:00:00Z+250ms", NAMES["T0"] + 250_000),
        # Sixty days of the court's calendar: the clock changes on 8 March, and an hour is lost.
        ("T0+60d", NAMES["T0"] + 60 * 24 * HOUR_US - HOUR_US),
    ],
)
def test_a_time(text: str, us: int) -> None:
    assert at_us(text, NAMES) == us


@pytest.mark.parametrize("text", ["", "T1", "T0+", "T0+5", "T0+5w", "T0+1.5d", "14:00", "T0+1h foo", "=T0", "t0"])
def test_what_is_no_time_is_refused_in_words(text: str) -> None:
    with pytest.raises(ConfigError, match=r"time|days"):
        at_us(text, NAMES)


def test_spans() -> None:
    assert span_us("17m") == 17 * 60_000_000
    for wrong in ("17", "2d", "-3s", "m"):
        with pytest.raises(ConfigError):
            span_us(wrong)


def test_marked_texts_become_times_wherever_they_stand() -> None:
    value = {"a": "=T0+1us", "b": ["=T0", "T0", 3], "c": {"d": True}}
    assert resolved(value, NAMES) == {"a": NAMES["T0"] + 1, "b": [NAMES["T0"], "T0", 3], "c": {"d": True}}
