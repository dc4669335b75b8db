"""The keys of a call as a table: when, which way, which key, how long, and how that is known.

In the media as events of RFC 4733, in the signalling as INFO, or in a record of digits by itself. Keys of a masked
record are there only where the order names dialled digits (R-111). Pure.
"""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from collector.export.audio import Key
from collector.export.communications import FROM_TARGET, TO_TARGET, Communication

_SIDES = {FROM_TARGET: "from the target", TO_TARGET: "to the target"}


class Press(NamedTuple):
    time_us: int
    side: str
    keys: str
    duration_ms: int | None
    source: str


def presses(communication: Communication, heard: list[Key]) -> list[Press]:
    """Every key that is known, in the order of the times."""
    found = [Press(key.time_us, _SIDES.get(key.direction, ""), key.digit, key.duration_ms, "media") for key in heard]
    for signal in communication.signals:
        held = dict(signal.facts.dialled) if signal.facts is not None else signal.fields
        said = held.get("digits")
        digits = " ".join(str(one) for one in said) if isinstance(said, list | tuple) else said
        if isinstance(digits, str) and digits and not signal.withheld:
            sends = signal.facts.target_sends if signal.facts is not None else None
            side = "" if sends is None else _SIDES[FROM_TARGET if sends else TO_TARGET]
            found.append(Press(signal.event_us, side, digits, None, "signalling"))
    return sorted(found, key=lambda press: press.time_us)


def table(found: list[Press], time_text: dict[int, str]) -> str:
    """CSV; `time_text` has the text of every time."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["simulation", "time", "direction", "keys", "duration_ms", "source"])
    for press in found:
        duration = "" if press.duration_ms is None else str(press.duration_ms)
        # A key may be a sign that spreadsheets take for the beginning of something else.
        rows.writerow(["SIMULATION", time_text[press.time_us], press.side, f"'{press.keys}", duration, press.source])
    return out.getvalue()
