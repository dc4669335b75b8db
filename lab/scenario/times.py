"""Times in a scenario: names, and what is so long before or after them.

    T0    T0+48h    END-1us    T0+60d    2026-03-01T14:00:00Z+1s

`d` is a calendar day where the court sits, as orders count them; every other unit is exact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mediation.law.court_days import add_court_days
from mediation.law.fields import time_us
from mediation.runtime.config import ConfigError

_UNITS_US: Final = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}
_STEP: Final = re.compile(r"([+-])\s*(\d+(?:\.\d+)?)\s*(us|ms|s|m|h|d)")
_EXPRESSION: Final = re.compile(
    r"\s*(?P<base>[A-Z][A-Z0-9_]*|\d{4}-\d\d-\d\dT[0-9:.]+Z)(?P<steps>(?:\s*[+-]\s*[\d.]+\s*[a-z]+)*)\s*"
)
MARK: Final = "="
"""What a text begins with that is such a time, where it stands among other values."""


def at_us(text: str, names: Mapping[str, int]) -> int:
    """Raises ConfigError for what is no time."""
    found = _EXPRESSION.fullmatch(text)
    if found is None:
        raise ConfigError(f"{text!r} is no time: write a name of `times` or ISO 8601 with Z, then +1h, -1us, +60d.")
    base = found["base"]
    if base[0].isdigit():
        now_us = time_us(base, "time")
    elif base in names:
        now_us = names[base]
    else:
        raise ConfigError(f"{text!r}: no time is named {base}; there are {', '.join(names) or 'none'}.")
    rest = _STEP.sub("", found["steps"]).strip()
    if rest:
        raise ConfigError(f"{text!r}: {rest!r} is no length of time: us, ms, s, m, h, d.")
    for sign, amount, unit in _STEP.findall(found["steps"]):
        if unit == "d":
            if "." in amount:
                raise ConfigError(f"{text!r}: days are whole.")
            now_us = add_court_days(now_us, int(sign + amount))
        else:
            now_us += int(sign + "1") * round(float(amount) * _UNITS_US[unit])
    return now_us


def span_us(text: str) -> int:
    """A length of time: `90s`, `17m`."""
    found = _STEP.fullmatch(f"+{text}")
    if found is None or found[3] == "d":
        raise ConfigError(f"{text!r} is no length of time such as 90s, 17m, 2h.")
    return round(float(found[2]) * _UNITS_US[found[3]])


def resolved(value: Any, names: Mapping[str, int]) -> Any:  # noqa: ANN401  whatever YAML may hold
    """The same value with every text that begins with `=` replaced by its microseconds."""
    if isinstance(value, str) and value.startswith(MARK):
        return at_us(value[1:], names)
    if isinstance(value, Mapping):
        return {key: resolved(one, names) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(one, names) for one in value]
    return value
