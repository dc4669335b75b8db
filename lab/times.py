"""Times as people write and read them; inside, microseconds UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from mediation.runtime.config import ConfigError

_RELATIVE = re.compile(r"\+(\d+(?:\.\d+)?)(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(time_us: int) -> str:
    """ISO 8601 UTC with microseconds, to the last one exact."""
    return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def when_us(text: str, now_us: int, option: str) -> int:
    """`now`, `+90s`, `+15m`, `+2h`, `+30d` from now, or ISO 8601 with a zone. Raises `ConfigError`."""
    if text == "now":
        return now_us
    relative = _RELATIVE.fullmatch(text)
    if relative is not None:
        return now_us + round(float(relative.group(1)) * _SECONDS[relative.group(2)] * 1_000_000)
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise ConfigError(
            f"{option} {text!r} is no time: write now, +90s, +15m, +2h, +30d or ISO 8601 with a zone, "
            "such as 2026-03-01T14:00:00Z."
        )
    return (when - _EPOCH) // timedelta(microseconds=1)
