"""Hours and days as the rules count them (rules list, section 0).

Hours are exact hours of UTC; days are calendar days where the court sits, so that thirty days from nine in the morning
end at nine in the morning, also across a clock change. Pure: no clock is read.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

COURT_ZONE: Final = ZoneInfo("America/New_York")
HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US


def add_court_days(start_us: int, days: int) -> int:
    """`start_us` plus calendar days at the same wall-clock time in New York, in microseconds UTC."""
    micros = start_us % 1_000_000
    start = datetime.fromtimestamp(start_us // 1_000_000, UTC).astimezone(COURT_ZONE)
    end = (start.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=COURT_ZONE)
    return int(end.astimezone(UTC).timestamp()) * 1_000_000 + micros
