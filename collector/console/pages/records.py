"""One record: decoded tree beside the octets, why it was judged so, and its proof, made on the spot (R-090).

Nothing is decided here about what is shown: the read model withholds and says why. The proof goes through a segment,
so it is a part of its own that the badge asks for.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from aiohttp import web

from collector.console.context import Context
from collector.console.model.records import NO_PLACE, Node, RecordView, integrity, record_view
from collector.console.page import Page
from collector.console.route import Route
from collector.console.scoping import prefix, reading, scope_for

PATH: Final = "/cases/{case_id}/records/{sequence}"
MAX_NODES: Final = 4_000
"""Lines of a tree on one page; a record has some hundred."""


def routes(context: Context) -> list[Route]:
    about = ("record", "sequence")
    return [
        *reading(PATH, show, "Record", object=about),
        # Asked for by a key, not by the page: whether somebody made sure of a record is on record.
        *reading(f"{PATH}/proof", proof, "Proof", object=("proof", "sequence")),
    ]


async def show(page: Page) -> web.Response:
    scope = await scope_for(page)
    library, registry = page.context.library, page.context.desk.registry
    view = await page.work(record_view, library, scope, page.record(), registry)
    return page.render(
        "records/show.html",
        view=view,
        nodes=view.nodes[:MAX_NODES],
        cut_nodes=max(len(view.nodes) - MAX_NODES, 0),
        marks=marks(view),
        base=f"{prefix(page)}/cases/{quote(page.case_id, safe='')}",
        here=page.request.path,
        no_place=NO_PLACE,
        has_case_page=page.has_route("/cases/{case_id}"),
    )


async def proof(page: Page) -> web.Response:
    scope = await scope_for(page)
    found = await page.work(integrity, page.context.library, scope, page.record())
    return page.render("records/proof.html", found=found)


def marks(view: RecordView) -> dict[int, int]:
    """Which node an octet belongs to: of those that cover it, the innermost. By octet of the record."""
    found: dict[int, int] = {}
    for node in sorted(view.nodes[:MAX_NODES], key=_outermost_first):
        if node.offset != NO_PLACE:
            found.update(dict.fromkeys(range(node.offset, node.offset + node.length), node.number))
    return found


def _outermost_first(node: Node) -> tuple[int, int]:
    return node.depth, node.number
