"""What happened when: a lane a kind, a bar a communication; and the table of the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from markupsafe import Markup

from collector.console.draw.svg import Table, drawing, element, line, text
from collector.console.model.lists import EventRow
from collector.export.service import time_text

WIDTH: Final = 960
LEFT: Final = 150
ROW: Final = 30
TOP: Final = 12
BOTTOM: Final = 34
MAX_MARKS: Final = 1_000
TICKS: Final = 3


class Mark(NamedTuple):
    """`withheld`: nothing of it is shown but that it was then."""

    start_us: int
    end_us: int
    label: str
    withheld: bool


class Lane(NamedTuple):
    name: str
    marks: tuple[Mark, ...]


class Timeline(NamedTuple):
    """`cut` marks are not in it."""

    lanes: tuple[Lane, ...]
    start_us: int
    end_us: int
    cut: int


def timeline(rows: Iterable[EventRow]) -> Timeline:
    """By kind, in the order of the times; what has no time, and what is held, is left out and counted."""
    lanes: dict[str, list[Mark]] = {}
    cut = count = 0
    for row in sorted(rows, key=lambda one: (one.begin_us or 0, one.liid, one.cin)):
        if row.begin_us is None or count >= MAX_MARKS:
            cut += 1
            continue
        count += 1
        names = " to ".join(one for one in (row.caller, row.called) if one) or "nobody named"
        mark = Mark(row.begin_us, row.end_us or row.begin_us, f"{row.label}: {names}", bool(row.withheld))
        lanes.setdefault(row.label, []).append(mark)
    marks = [mark for held in lanes.values() for mark in held]
    start_us = min((mark.start_us for mark in marks), default=0)
    end_us = max((mark.end_us for mark in marks), default=start_us)
    return Timeline(tuple(Lane(name, tuple(held)) for name, held in lanes.items()), start_us, end_us, cut)


def svg(made: Timeline, title: str = "Timeline", of: str = "communications") -> Markup:
    """`of`: what its marks are, in words."""
    span = max(made.end_us - made.start_us, 1)
    room, height = WIDTH - LEFT - 12, TOP + ROW * max(len(made.lanes), 1) + BOTTOM
    inside = []
    for at in range(TICKS + 1):
        x = LEFT + room * at / TICKS
        anchor = "end" if at == TICKS else "start" if at == 0 else "middle"
        inside += [
            line(x, TOP, x, height - BOTTOM, "grid", stroke_opacity="0.25"),
            text(x, height - 14, _minute(made.start_us + span * at // TICKS), "label", anchor),
        ]
    for at, lane in enumerate(made.lanes):
        y = TOP + ROW * at
        inside.append(text(LEFT - 10, y + ROW / 2 + 4, lane.name, "lane-name", "end"))
        for mark in lane.marks:
            x = LEFT + room * (mark.start_us - made.start_us) / span
            width = max(room * (mark.end_us - mark.start_us) / span, 2.0)
            class_ = "span span-withheld" if mark.withheld else "span"
            tip = element("title", f"{time_text(mark.start_us)} {mark.label}")
            inside.append(
                element(
                    "rect",
                    tip,
                    x=x,
                    y=y + 6,
                    width=width,
                    height=ROW - 12,
                    class_=class_,
                    fill="currentColor",
                    fill_opacity="0.3" if mark.withheld else "0.8",
                )
            )
    said = f"{sum(len(lane.marks) for lane in made.lanes)} {of}. Times in UTC."
    return drawing(WIDTH, height, title, said, inside, "timeline")


def _minute(time_us: int) -> str:
    shown = time_text(time_us)
    return f"{shown[:10]} {shown[11:16]}Z" if shown else ""


def rows(made: Timeline) -> Table:
    found = sorted(
        (mark.start_us, mark.end_us, lane.name, mark.label, mark.withheld) for lane in made.lanes for mark in lane.marks
    )
    told = tuple(
        (time_text(start), time_text(end), kind, label, "withheld" if withheld else "")
        for start, end, kind, label, withheld in found
    )
    cut = f"; {made.cut} more are not shown" if made.cut else ""
    return Table(f"Communications by time{cut}", ("Begin", "End", "Kind", "What", "Withheld"), told)
