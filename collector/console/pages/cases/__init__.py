"""The case view: one list of everything that was collected, and a page for each kind of it.

`listing` the list and its live rows, `call` a call with its sound, `listening` what is heard while it goes on and the
commands given meanwhile, `notes` what people write, `messages`, `sessions`, `prtt` the other kinds.
"""

from __future__ import annotations

from collector.console.context import Context
from collector.console.pages.cases import call, listening, listing, messages, notes, prtt, sessions
from collector.console.route import Route


def routes(context: Context) -> list[Route]:
    return [
        *listing.routes(),
        *call.routes(),
        *listening.routes(),
        *notes.routes(),
        *messages.routes(),
        *sessions.routes(),
        *prtt.routes(),
    ]
