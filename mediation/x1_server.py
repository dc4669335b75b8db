"""X1 at the ADMF: `POST /X1/ADMF`, where the element reports what is wrong and what is right again.

TS 103 221-1 clauses 6.5 and 7.2.2.2 (third-party readings). Whoever reports is held against its certificate and the
configured identities, message by message. Issues stay open until their all-clear, are shown in the status, and are
alarms in the log. An element that says it lost its tasks (10000) is asked at once what it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from aiohttp import web

from asn1.errors import DecodeError
from asn1.x1 import (
    MAX_OCTETS,
    Unsound,
    X1Error,
    X1Message,
    X1Reply,
    build_response,
    build_top_level_error,
    read_request,
)
from asn1.x1_codes import (
    DATABASE_CLEARED,
    NE_NOT_ITS_CERTIFICATE,
    SYNTAX_ERROR,
    UNEXPECTED_ADMF,
    UNEXPECTED_NE,
    UNSUPPORTED_REQUEST,
    UNSUPPORTED_VERSION,
)
from mediation.runtime.logs import get_logger
from mediation.runtime.status import peer_names

PATH: Final = "/X1/ADMF"
MAX_OPEN: Final = 4096
"""Issues that are shown as open; beyond, the oldest is no longer."""
_CLEAR: Final = frozenset({"AllClear", "FaultCleared", "FullyActionedAndSuccessful"})


class Issue(NamedTuple):
    kind: str
    code: int | None
    says: str
    time_us: int


class X1Reports:
    """`lost` is called when the element says that its tasks are gone."""

    def __init__(self, admf_id: str, ne_id: str, now_us: Callable[[], int], lost: Callable[[], None]) -> None:
        self._admf_id = admf_id
        self._ne_id = ne_id
        self._now_us = now_us
        self._lost = lost
        self._log = get_logger("mediation.x1.reports")
        self.received = 0
        self.open: dict[str, Issue] = {}
        """By `task XID`, `destination DID` or `element`."""

    def routes(self) -> list[web.RouteDef]:
        async def post(request: web.Request) -> web.Response:
            octets = self.answer(await request.read(), peer_names(request))
            return web.Response(body=octets, content_type="application/xml", charset="utf-8")

        return [web.post(PATH, post)]

    def status(self) -> dict[str, Any]:
        return {"x1_reports": self.received, "x1_issues": {about: one._asdict() for about, one in self.open.items()}}

    def answer(self, octets: bytes, certified: frozenset[str] | None = None) -> bytes:
        """The response to one request body; never raises for anything a peer sends."""
        try:
            messages = read_request(octets[: MAX_OCTETS + 1])
        except DecodeError as error:
            self._log.warning("unreadable", code=error.code, path=error.path)
            return build_top_level_error(self._admf_id, self._ne_id, self._now_us())
        return build_response([self._reply(message, certified) for message in messages])

    def _reply(self, read: X1Message | Unsound, certified: frozenset[str] | None) -> X1Reply:
        message = read.head if isinstance(read, Unsound) else read
        reply = X1Reply(message.kind, self._admf_id, self._ne_id, message.transaction_id, self._now_us())
        error = self._wrong(message, certified)
        if error is None and isinstance(read, Unsound):
            error = X1Error(SYNTAX_ERROR, f"{read.why.path}: {read.why.message}")
        if error is None and message.kind not in (*_ABOUT, "Ping"):
            error = X1Error(UNSUPPORTED_REQUEST, f"{message.kind.rpartition('}')[2]} is no report")
        if error is not None:
            self._log.warning("refused", kind=message.kind, code=error.code)
            return replace(reply, error=error)
        if message.kind in _ABOUT:
            self._take(message)
        return reply

    def _wrong(self, message: X1Message, certified: frozenset[str] | None) -> X1Error | None:
        if not message.version.startswith("v1."):
            return X1Error(UNSUPPORTED_VERSION, "version 1 is spoken here")
        if certified is not None and message.ne_id not in certified:
            return X1Error(NE_NOT_ITS_CERTIFICATE, "the certificate is not for this NE identifier")
        if message.ne_id != self._ne_id:
            return X1Error(UNEXPECTED_NE, "this ADMF has another network element")
        if message.admf_id != self._admf_id:
            return X1Error(UNEXPECTED_ADMF, "this is another ADMF")
        return None

    def _take(self, message: X1Message) -> None:
        self.received += 1
        about, kind = _ABOUT[message.kind](message), str(message.report_type)
        self._log.warning("element_reports", about=about, says=kind, code=message.issue_code)
        self.open.pop(about, None)
        if kind not in _CLEAR:
            self.open[about] = Issue(kind, message.issue_code, message.issue_details or "", message.time_us)
            if len(self.open) > MAX_OPEN:
                del self.open[next(iter(self.open))]
        if message.issue_code == DATABASE_CLEARED:
            self._lost()


_ABOUT: Final[dict[str, Callable[[X1Message], str]]] = {
    "ReportTaskIssue": lambda message: f"task {message.xid}",
    "ReportDestinationIssue": lambda message: f"destination {message.did}",
    "ReportNEIssue": lambda message: "element",
}
