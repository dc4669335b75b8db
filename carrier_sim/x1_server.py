"""X1 at the network element: `POST /X1/NE`, XML in, XML out, always HTTP 200 when the body could be read at all.

TS 103 221-1 clause 7.2.2.2 (third-party reading): errors of X1 are answered in the body. Identities are checked on
every message against the configured ones. Nothing is decided here beyond that: the element accepts or refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import ip_address
from typing import Final
from uuid import UUID

from aiohttp import web

from asn1.errors import DecodeError
from asn1.x1 import (
    MAX_OCTETS,
    UNSUPPORTED_REQUEST,
    DestinationDetails,
    TaskDetails,
    X1Message,
    X1Reply,
    build_response,
    build_top_level_error,
    parse_request,
)
from carrier_sim.element import ADDRESS_UNSUPPORTED, Element, TaskingError
from carrier_sim.poi import Delivers, Task
from carrier_sim.subscribers import Identity
from mediation.runtime.logs import get_logger

PATH: Final = "/X1/NE"
UNEXPECTED_ADMF: Final = 1040
UNEXPECTED_NE: Final = 1060
READING: Final = frozenset({"Ping", "ListAllDetails", "GetTaskDetails"})


class X1Server:
    """Answers X1 for one element. `now_us` gives the run's time for the answers' stamps. `readers` are identities that
    may ask what is provisioned and change nothing: whoever audits the ADMF is not the ADMF."""

    def __init__(
        self, element: Element, ne_id: str, admf_id: str, now_us: Callable[[], int], readers: Iterable[str] = ()
    ) -> None:
        self._element = element
        self._readers = frozenset(readers)
        self._ne_id = ne_id
        self._admf_id = admf_id
        self._now_us = now_us
        self._log = get_logger("x1")

    def routes(self) -> list[web.RouteDef]:
        async def post(request: web.Request) -> web.Response:
            octets = await request.read()
            return web.Response(body=self.answer(octets), content_type="application/xml", charset="utf-8")

        return [web.post(PATH, post)]

    def answer(self, octets: bytes) -> bytes:
        """The response to one request body; never raises for anything a peer sends."""
        try:
            messages = parse_request(octets[: MAX_OCTETS + 1])
        except DecodeError as error:
            self._log.warning("unreadable", code=error.code, path=error.path)
            return build_top_level_error(self._admf_id, self._ne_id, self._now_us())
        return build_response([self._reply(message) for message in messages])

    def _reply(self, message: X1Message) -> X1Reply:
        asker = message.admf_id if message.admf_id in self._readers else self._admf_id
        reply = X1Reply(message.kind, asker, self._ne_id, message.transaction_id, self._now_us())
        try:
            reading = message.kind in READING and message.admf_id in self._readers
            if message.admf_id != self._admf_id and not reading:
                raise TaskingError(UNEXPECTED_ADMF, "this element takes tasks from another ADMF")
            if message.ne_id != self._ne_id:
                raise TaskingError(UNEXPECTED_NE, "this is another network element")
            return self._do(message, reply)
        except TaskingError as error:
            self._log.warning("refused", kind=message.kind, code=error.code)
            return replace(reply, error=(error.code, str(error)))

    def _do(self, message: X1Message, reply: X1Reply) -> X1Reply:
        element = self._element
        if message.kind == "Ping":
            return reply
        if message.kind == "ListAllDetails":
            return replace(
                reply,
                xids=tuple(UUID(xid) for xid in element.tasks),
                dids=tuple(UUID(did) for did in element.dids),
            )
        if message.kind == "GetTaskDetails" and message.xid is not None:
            return replace(reply, task=_details(element.task(str(message.xid))))
        if message.kind == "ActivateTask" and message.task is not None:
            element.activate(_task(message.task))
        elif message.kind == "ModifyTask" and message.task is not None:
            element.modify(_task(message.task))
        elif message.kind == "DeactivateTask" and message.xid is not None:
            element.deactivate(str(message.xid))
        elif message.kind == "CreateDestination" and message.destination is not None:
            _create(element, message.destination)
        elif message.kind == "RemoveDestination" and message.did is not None:
            element.remove_destination(str(message.did))
        else:
            raise TaskingError(UNSUPPORTED_REQUEST, f"{message.kind} is not supported")
        self._log.info("done", kind=message.kind)
        return reply


def _task(details: TaskDetails) -> Task:
    return Task(
        str(details.xid),
        tuple(Identity(*target) for target in details.targets),
        Delivers(details.delivery_type),
        tuple(str(did) for did in details.dids),
    )


def _details(task: Task) -> TaskDetails:
    dids = tuple(UUID(did) for did in task.dids)
    return TaskDetails(UUID(task.xid), tuple((one.kind, one.value) for one in task.targets), task.delivers.value, dids)


def _create(element: Element, details: DestinationDetails) -> None:
    try:
        host = str(ip_address(details.address))
    except ValueError as error:
        raise TaskingError(ADDRESS_UNSUPPORTED, "the delivery address must be an IPv4 or IPv6 address") from error
    element.create_destination(str(details.did), host, details.port, Delivers(details.delivery_type))
