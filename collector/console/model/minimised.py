"""When a communication was minimised, by the collector's audit log: what was not stored leaves no record to tell of it.

The log is read on where the last look stopped, and only its `minimise` entries are kept.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from collector.console.model.sound import Gap

BOTH_WAYS: Final = -1
_ENTRY: Final = b'"kind":"minimise"'
WHY: Final = "minimised (R-118)"


class MinimiseLog:
    """`directory` of an audit log; None: there is none to read."""

    def __init__(self, directory: Path | None) -> None:
        self._path = None if directory is None else directory / "audit.jsonl"
        self._read_octets = 0
        self._entries: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def entries(self) -> tuple[dict[str, Any], ...]:
        with self._lock:
            if self._path is not None and self._path.exists():
                with self._path.open("rb") as file:
                    file.seek(self._read_octets)
                    for line in file:
                        if not line.endswith(b"\n"):
                            break
                        self._read_octets += len(line)
                        if _ENTRY in line:
                            self._entries.append(json.loads(line)["fields"])
            return tuple(self._entries)


def gaps(entries: Iterable[dict[str, Any]], liid: str, cin: int, first_us: int, last_us: int) -> Iterator[Gap]:
    """The stretches within `[first_us, last_us]` in which the communication was minimised. What was heard in a spot
    check all the same is stored, and takes its place in the sound."""
    for since_us, until_us in _turns(entries, liid, cin):
        yield from _within(since_us, last_us if until_us is None else until_us, first_us, last_us)


def open_since(entries: Iterable[dict[str, Any]], liid: str, cin: int) -> int | None:
    """Since when the communication is minimised now; None when it is not."""
    turns = tuple(_turns(entries, liid, cin))
    return turns[-1][0] if turns and turns[-1][1] is None else None


def _turns(entries: Iterable[dict[str, Any]], liid: str, cin: int) -> Iterator[tuple[int, int | None]]:
    """From when to when it was minimised, in turn; the last until None while it goes on."""
    since: int | None = None
    for fields in entries:
        if (
            fields.get("afterwards")
            or fields.get("spot_check")
            or fields["liid"] != liid
            or fields["cin"] not in (None, cin)
        ):
            continue
        at_us = int(fields["at_us"])
        if fields["on"]:
            since = at_us if since is None else since
        elif since is not None:
            yield since, at_us
            since = None
    if since is not None:
        yield since, None


def _within(since_us: int, until_us: int, first_us: int, last_us: int) -> Iterator[Gap]:
    begin_us, end_us = max(since_us, first_us), min(until_us, last_us)
    if begin_us < end_us:
        yield Gap(begin_us, end_us, BOTH_WAYS, WHY)
