"""Who is linked with whom: targets in the middle, the others around them, a line for each two; and the table of lines.

The places follow from the order of the nodes alone, so the same chart is the same picture.
"""

from __future__ import annotations

import math
from typing import Final

from markupsafe import Markup

from collector.console.draw.svg import Table, drawing, element, line, text
from collector.console.model.prtt import LinkChart

SIDE: Final = 720
RADIUS: Final = 270
INNER: Final = 90
NODE: Final = 8
WIDEST: Final = 8.0


def svg(chart: LinkChart) -> Markup:
    places = _places(chart)
    most = max((one.communications for one in chart.edges), default=1)
    inside = []
    for edge in chart.edges:
        (x, y), (to_x, to_y) = places[edge.first], places[edge.second]
        names = f"{chart.nodes[edge.first].name} and {chart.nodes[edge.second].name}: {edge.communications}"
        width = 1 + (WIDEST - 1) * edge.communications / most
        inside.append(
            element(
                "g", element("title", names), line(x, y, to_x, to_y, "edge", stroke_width=width, stroke_opacity="0.5")
            )
        )
    for node, (x, y) in zip(chart.nodes, places, strict=True):
        class_ = "node node-target" if node.is_target else "node"
        # A square is a target: colour is never the only sign.
        mark = (
            element("rect", x=x - NODE, y=y - NODE, width=2 * NODE, height=2 * NODE, class_=class_, fill="currentColor")
            if node.is_target
            else element("circle", cx=x, cy=y, r=NODE, class_=class_, fill="currentColor")
        )
        anchor = "start" if x >= SIDE / 2 else "end"
        side = 14 if anchor == "start" else -14
        tip = element("title", f"{node.name}: {node.communications} communications")
        inside.append(element("g", tip, mark, text(x + side, y + 4, node.name, "label", anchor)))
    targets = sum(one.is_target for one in chart.nodes)
    said = f"{len(chart.nodes)} parties, {targets} of them targets (squares), and {len(chart.edges)} links."
    return drawing(SIDE + 320, SIDE, "Link chart", said, [element("g", *inside, transform="translate(160 0)")], "links")


def rows(chart: LinkChart) -> Table:
    found = sorted(chart.edges, key=lambda one: -one.communications)
    cut = f"; {chart.cut} parties are not shown" if chart.cut else ""
    told = tuple((_name(chart, one.first), _name(chart, one.second), str(one.communications)) for one in found)
    return Table(f"Links between parties{cut}", ("Party", "Party", "Communications"), told)


def _name(chart: LinkChart, at: int) -> str:
    node = chart.nodes[at]
    return f"{node.name} (target)" if node.is_target else node.name


def _places(chart: LinkChart) -> list[tuple[float, float]]:
    targets = [one.is_target for one in chart.nodes]
    found: list[tuple[float, float]] = []
    seen = {True: 0, False: 0}
    for is_target in targets:
        among = targets.count(is_target)
        turn = 2 * math.pi * seen[is_target] / max(among, 1) - math.pi / 2
        radius = (INNER if among > 1 else 0) if is_target else RADIUS
        seen[is_target] += 1
        found.append((SIDE / 2 + radius * math.cos(turn), SIDE / 2 + radius * math.sin(turn)))
    return found
