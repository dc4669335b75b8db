"""How many communications by hour or by day, as bars; and the table of the same numbers."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from collector.console.draw.svg import Table, drawing, element, line, text
from collector.console.model.prtt import FrequencyPicture

WIDTH: Final = 960
HEIGHT: Final = 240
LEFT: Final = 48
BOTTOM: Final = 40
TOP: Final = 16
MAX_LABELS: Final = 24


def svg(picture: FrequencyPicture) -> Markup:
    most = max((one.communications for one in picture.bins), default=0)
    room, tall = WIDTH - LEFT - 8, HEIGHT - TOP - BOTTOM
    step = room / max(len(picture.bins), 1)
    inside = [line(LEFT, HEIGHT - BOTTOM, WIDTH - 8, HEIGHT - BOTTOM, "axis")]
    for share in (0.5, 1.0):
        y = HEIGHT - BOTTOM - tall * share
        inside += [
            line(LEFT, y, WIDTH - 8, y, "grid", stroke_opacity="0.25"),
            text(LEFT - 6, y + 4, f"{most * share:g}", "label", "end"),
        ]
    every = -(-len(picture.bins) // MAX_LABELS) or 1
    for at, one in enumerate(picture.bins):
        x, high = LEFT + step * at, tall * one.communications / most if most else 0.0
        tip = element("title", f"{one.label}: {one.communications}")
        bar = element(
            "rect", tip, x=x + step * 0.1, y=HEIGHT - BOTTOM - high, width=step * 0.8, height=high, class_="bar",
            fill="currentColor",
        )  # fmt: skip
        inside.append(bar)
        if at % every == 0:
            inside.append(text(x + step / 2, HEIGHT - BOTTOM + 18, one.label, "label", "middle"))
    said = f"The most in one is {most}. Times in {picture.zone}."
    return drawing(WIDTH, HEIGHT, f"{picture.title} ({picture.zone})", said, inside, "frequency")


def rows(picture: FrequencyPicture) -> Table:
    head = (f"When ({picture.zone})", "Communications")
    return Table(picture.title, head, tuple((one.label, str(one.communications)) for one in picture.bins))
