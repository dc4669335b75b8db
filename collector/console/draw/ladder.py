"""The ladder of a call: a lane for each end, an arrow for each message, in the order of the times; and its table."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from collector.console.draw.svg import Table, drawing, element, line, text
from collector.console.model.calls import Arrow, Ladder
from collector.export.service import time_text

LANE: Final = 180
ROW: Final = 34
TOP: Final = 48
LEFT: Final = 130
HEAD: Final = 7
MAX_LANES: Final = 12
"""Lanes drawn; what goes between others stands in the table alone."""


def svg(ladder: Ladder) -> Markup:
    lanes = ladder.lanes[:MAX_LANES]
    drawn = [one for one in ladder.arrows if _drawn(one, lanes)]
    width = LEFT + LANE * max(len(lanes), 1)
    height = TOP + ROW * max(len(drawn), 1) + 20
    places = {name: LEFT + LANE * at + LANE / 2 for at, name in enumerate(lanes)}
    inside = [_lane(name, x, height) for name, x in places.items()]
    inside += [_arrow(one, TOP + ROW * at + ROW / 2, places, width) for at, one in enumerate(drawn)]
    said = f"{len(drawn)} messages between {', '.join(lanes) or 'nobody that is named'}."
    return drawing(width, height, "Ladder of the signalling", said, inside, "ladder")


def rows(ladder: Ladder) -> Table:
    head = ("Time", "From", "To", "Message", "Detail", "Withheld")
    found = tuple(
        (time_text(one.time_us), one.source, one.destination, one.label, one.detail, one.withheld)
        for one in ladder.arrows
    )
    cut = f"; {ladder.cut} more are not shown" if ladder.cut else ""
    return Table(f"Signalling in the order of its times{cut}", head, found)


def _drawn(arrow: Arrow, lanes: tuple[str, ...]) -> bool:
    return not (arrow.source or arrow.destination) or (arrow.source in lanes and arrow.destination in lanes)


def _lane(name: str, x: float, height: float) -> Markup:
    return element("g", line(x, TOP - 8, x, height - 10, "lane"), text(x, 20, name, "lane-name", "middle"))


def _arrow(arrow: Arrow, y: float, places: dict[str, float], width: float) -> Markup:
    moment = text(8, y + 4, f"{time_text(arrow.time_us)[11:23]}Z", "time")
    tip = element("title", f"{arrow.label} {arrow.detail}")
    class_ = "arrow arrow-withheld" if arrow.withheld else f"arrow arrow-{arrow.kind.replace(' ', '-')}"
    if not arrow.source and not arrow.destination:
        return element("g", tip, moment, line(LEFT, y, width - 8, y, class_, stroke_dasharray="4 4"),
                       text(LEFT + 8, y - 4, arrow.label), class_=class_)  # fmt: skip
    begin, end = places[arrow.source], places[arrow.destination]
    if begin == end:
        end = begin + LANE / 2
    back = HEAD if end > begin else -HEAD
    head = element(
        "polygon", points=f"{end:g},{y:g} {end - back:g},{y - 4:g} {end - back:g},{y + 4:g}", class_="arrow-head",
        fill="currentColor",
    )  # fmt: skip
    label = text((begin + end) / 2, y - 5, arrow.label, "label", "middle")
    return element("g", tip, moment, line(begin, y, end - back, y, class_), head, label, class_=class_)
