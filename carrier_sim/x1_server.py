"""X1 at the network element: `POST /X1/NE`, XML in, XML out, always HTTP 200 when the body could be read at all.

TS 103 221-1 clause 7.2.2.2 (third-party reading): errors of X1 are answered in the body. Whoever asks is held against
its certificate and against the configured identities, message by message; a message whose body alone is unsound is
answered for itself. What is asked then goes to `provisioning`; one row a message says where.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from asn1.errors import DecodeError, EncodeError
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
    ADMF_NOT_ITS_CERTIFICATE,
    GENERIC_ERROR,
    SYNTAX_ERROR,
    UNEXPECTED_ADMF,
    UNEXPECTED_NE,
    UNSUPPORTED_REQUEST,
    UNSUPPORTED_VERSION,
)
from carrier_sim.element import Element, TaskingError
from carrier_sim.provisioning import Provisioning
from mediation.runtime.logs import get_logger
from mediation.runtime.status import peer_names

PATH: Final = "/X1/NE"
READING: Final = frozenset(
    {
        "Ping", "ListAllDetails", "GetTaskDetails", "GetDestinationDetails", "GetNEStatus", "GetAllDetails",
        "GetAllTaskDetails", "GetAllDestinationDetails", "GetAllGenericObjectDetails", "GetObject", "ListObjectsOfType",
    }
)  # fmt: skip
"""What a reader may ask: nothing of it changes anything, and a Keepalive is the ADMF's alone."""
_Answer = Callable[[Provisioning, Any], Mapping[str, Any] | None]

HANDLERS: Final[dict[str, _Answer]] = {
    "ActivateTask": lambda held, asked: held.activate(asked.task),
    "ModifyTask": lambda held, asked: held.modify(asked.task),
    "DeactivateTask": lambda held, asked: held.deactivate(asked.xid),
    "DeactivateAllTasks": lambda held, _: held.deactivate_all(),
    "CreateDestination": lambda held, asked: held.create_destination(asked.destination),
    "ModifyDestination": lambda held, asked: held.modify_destination(asked.destination),
    "RemoveDestination": lambda held, asked: held.remove_destination(asked.did),
    "RemoveAllDestinations": lambda held, _: held.remove_all_destinations(),
    "GetTaskDetails": lambda held, asked: {"task": held.task(asked.xid)},
    "GetDestinationDetails": lambda held, asked: {"destination": held.destination(asked.did)},
    "GetNEStatus": lambda held, _: {"ne_status": held.status()},
    "GetAllDetails": lambda held, _: {
        "ne_status": held.status(),
        "tasks": held.tasks(),
        "destinations": held.destinations(),
        "objects": held.objects(),
    },
    "GetAllTaskDetails": lambda held, _: {"tasks": held.tasks()},
    "GetAllDestinationDetails": lambda held, _: {"destinations": held.destinations()},
    "GetAllGenericObjectDetails": lambda held, asked: {"objects": held.objects(asked.object_type)},
    "ListAllDetails": lambda held, _: {"xids": held.xids(), "dids": held.dids()},
    "Ping": lambda _held, _asked: None,
    "Keepalive": lambda _held, _asked: None,
    "CreateObject": lambda held, asked: held.create_object(asked.object),
    "ModifyObject": lambda held, asked: held.modify_object(asked.object),
    "GetObject": lambda held, asked: {"object": held.object(asked.object_id)},
    "DeleteObject": lambda held, asked: held.delete_object(asked.object_id),
    "ListObjectsOfType": lambda held, asked: {
        "object_ids": tuple(one.object.object_id for one in held.objects(asked.object_type))
    },
    "DeleteAllObjects": lambda held, _: held.delete_all_objects(),
}
"""What each request does, and which fields of the reply it gives. The reports go the other way and are not here."""


class X1Server:
    """Answers X1 for one element. `now_us` gives the run's time for the answers' stamps. `readers` are identities that
    may ask what is provisioned and change nothing: whoever audits the ADMF is not the ADMF. `heard` is told of every
    request of the ADMF itself."""

    def __init__(
        self,
        element: Element,
        ne_id: str,
        admf_id: str,
        now_us: Callable[[], int],
        readers: Iterable[str] = (),
        provisioning: Provisioning | None = None,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        self.provisioning = provisioning or Provisioning(element, now_us)
        self._readers = frozenset(readers)
        self._ne_id = ne_id
        self._admf_id = admf_id
        self._now_us = now_us
        self._heard = heard
        self._log = get_logger("x1")

    def routes(self) -> list[web.RouteDef]:
        async def post(request: web.Request) -> web.Response:
            octets = self.answer(await request.read(), peer_names(request))
            return web.Response(body=octets, content_type="application/xml", charset="utf-8")

        return [web.post(PATH, post)]

    def answer(self, octets: bytes, certified: frozenset[str] | None = None) -> bytes:
        """The response to one request body; never raises for anything a peer sends. `certified` are the identities its
        certificate speaks for, None where there is none."""
        try:
            messages = read_request(octets[: MAX_OCTETS + 1])
        except DecodeError as error:
            self._log.warning("unreadable", code=error.code, path=error.path)
            return build_top_level_error(self._admf_id, self._ne_id, self._now_us())
        replies = [self._reply(message, certified) for message in messages]
        with contextlib.suppress(EncodeError):
            answer = build_response(replies)
            if len(answer) <= MAX_OCTETS:
                return answer
        refusal = X1Error(GENERIC_ERROR, "the answer is too large for one message: ask for one after the other")
        return build_response([replace(reply, error=refusal) for reply in replies])

    def _reply(self, read: X1Message | Unsound, certified: frozenset[str] | None) -> X1Reply:
        message = read.head if isinstance(read, Unsound) else read
        asker = message.admf_id if message.admf_id in self._readers else self._admf_id
        reply = X1Reply(message.kind, asker, self._ne_id, message.transaction_id, self._now_us())
        try:
            self._check(message, certified)
            if isinstance(read, Unsound):
                raise TaskingError(SYNTAX_ERROR, f"{read.why.path}: {read.why.message}")
            return self._do(message, reply)
        except TaskingError as error:
            self._log.warning("refused", kind=message.kind, code=error.code)
            return replace(reply, error=X1Error(error.code, str(error)))

    def _check(self, message: X1Message, certified: frozenset[str] | None) -> None:
        if not message.version.startswith("v1."):
            raise TaskingError(UNSUPPORTED_VERSION, "version 1 is spoken here")
        if certified is not None and message.admf_id not in certified:
            raise TaskingError(ADMF_NOT_ITS_CERTIFICATE, "the certificate is not for this ADMF identifier")
        reading = message.kind in READING and message.admf_id in self._readers
        if message.admf_id != self._admf_id and not reading:
            raise TaskingError(UNEXPECTED_ADMF, "this element takes tasks from another ADMF")
        if message.ne_id != self._ne_id:
            raise TaskingError(UNEXPECTED_NE, "this is another network element")
        if message.admf_id == self._admf_id:
            self._heard()

    def _do(self, message: X1Message, reply: X1Reply) -> X1Reply:
        handler = HANDLERS.get(message.kind)
        if handler is None:
            raise TaskingError(UNSUPPORTED_REQUEST, f"{message.kind.rpartition('}')[2]} is not supported")
        said = handler(self.provisioning, message)
        if message.kind not in READING and message.kind != "Keepalive":
            self._log.info("done", kind=message.kind)
        return replace(reply, **said) if said else reply
