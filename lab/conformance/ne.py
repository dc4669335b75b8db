"""Cases of a network element: we task it over X1 as its ADMF (TS 103 221-1) and take X2 and X3 as its MDF (221-2).

The cases stand in the order they are played: each leaves the element as the next one needs it. What the element hands
over is looked at once there was traffic of the target (`Ne.traffic`), which at a foreign element somebody has to make.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import aiohttp

from asn1 import x1
from asn1.errors import DecodeError
from asn1.x1_codes import (
    ADMF_NOT_ITS_CERTIFICATE,
    DELIVERY_MISMATCH,
    REMOVE_ALL_OFF,
    UNEXPECTED_ADMF,
    UNEXPECTED_NE,
    UNSUPPORTED_VERSION,
)
from asn1.x2x3 import NO_XID, PayloadFormat, PduType, X2X3Pdu, decode_pdu
from lab.conformance.model import Case, Evidence, Finding, Verdict, does_not_apply, failed, passed, unclear
from lab.conformance.observer import Observer
from lab.conformance.seen import Seen
from lab.conformance.tape import Tape
from mediation.runtime.exchange import XML, Endpoint, new_session

X1_TEXT: Final = "TS 103 221-1"
X2_TEXT: Final = "TS 103 221-2"
IDENTITY_CODES: Final = frozenset({ADMF_NOT_ITS_CERTIFICATE, UNEXPECTED_ADMF, 1050, UNEXPECTED_NE})
"""1030 to 1060: which of them fits depends on what was looked at first."""
LINK: Final = "x2x3"
WITHHELD: Final = "withheld"
_X2_ONLY: Final = frozenset({PayloadFormat.SIP, PayloadFormat.DHCP, PayloadFormat.RADIUS, PayloadFormat.EPS_IRI})
_X3_ONLY: Final = frozenset({
    PayloadFormat.ETHERNET, PayloadFormat.RTP, PayloadFormat.GTP_U, PayloadFormat.MSRP, PayloadFormat.UNSTRUCTURED,
})  # fmt: skip
_DIRECTIONS: Final = range(1, 6)
HOSTILE_XML: Final = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c SYSTEM "file:///etc/hostname">]><x>&b;&c;</x>'
)


@dataclass(slots=True)
class Ne:
    """The element. `traffic`: lets the target do something that is intercepted; `address`: where X2 and X3 shall go."""

    endpoint: Endpoint
    admf_id: str
    ne_id: str
    target: tuple[str, str]
    address: tuple[str, int]
    tape: Tape
    observer: Observer
    traffic: Callable[[str], Awaitable[None]]
    nobody: Endpoint | None = None
    """The same element, asked without a certificate; None where X1 goes without TLS."""
    answer_s: float = 5.0
    quiet_s: float = 1.0
    most_s: float = 60.0
    keepalive_s: float = 60.0
    """TIME_P1 of X2 and X3, and how long we wait for it."""
    timeout_s: float = 180.0
    """TIME_P2."""
    skew_s: float = 5.0
    did: uuid.UUID = field(default_factory=uuid.uuid4)
    xid: uuid.UUID = field(default_factory=uuid.uuid4)

    async def post(self, octets: bytes, to: Endpoint | None = None) -> tuple[int, bytes]:
        """HTTP status and body. Raises aiohttp.ClientError, TimeoutError."""
        endpoint = to or self.endpoint
        connection = next(self.tape.connections)
        self.tape.put(connection, True, octets[:65_536], text=True)
        async with (
            new_session(self.answer_s) as session,
            session.post(
                endpoint.url, data=octets, headers={"Content-Type": XML}, ssl=endpoint.tls or True,
                server_hostname=endpoint.name if endpoint.tls is not None else None, allow_redirects=False,
            ) as answer,
        ):  # fmt: skip
            body = await answer.content.read(x1.MAX_OCTETS + 1)
            self.tape.put(connection, False, body[:65_536], text=True)
            return answer.status, body

    def message(self, kind: str, **body: Any) -> x1.X1Message:  # noqa: ANN401  the body of the kind
        head: dict[str, Any] = {"admf_id": self.admf_id, "ne_id": self.ne_id, **body}
        return x1.X1Message(kind, transaction_id=uuid.uuid4(), time_us=time.time_ns() // 1000, **head)

    async def ask(self, *messages: x1.X1Message) -> list[x1.X1Reply]:
        """Raises DecodeError for an answer that is none."""
        status, body = await self.post(x1.build_request(list(messages)))
        if status != 200:
            raise DecodeError(DecodeError.BAD_VALUE, f"HTTP status {status}")
        return x1.parse_response(body)

    def task(self, **more: Any) -> x1.TaskDetails:  # noqa: ANN401  fields of TaskDetails
        details: dict[str, Any] = {"xid": self.xid, "dids": (self.did,), "delivery_type": "X2andX3", **more}
        return x1.TaskDetails(targets=(self.target,), **details)

    def destination(self) -> x1.DestinationDetails:
        return x1.ip_destination(self.did, "X2andX3", *self.address, friendly_name="conformance")

    def pdus(self, phase: str = "normal") -> list[tuple[Seen, X2X3Pdu]]:
        found = []
        for one in self.observer.of(phase):
            try:
                found.append((one, decode_pdu(one.octets)))
            except DecodeError:
                continue
        return found

    def data(self) -> list[tuple[Seen, X2X3Pdu]]:
        return [(one, pdu) for one, pdu in self.pdus() if pdu.pdu_type in (PduType.X2, PduType.X3)]


Check = Callable[[Ne], Awaitable[Finding]]


def _guarded(check: Check) -> Check:
    """An element that does not answer X1 fails the case, in words."""

    async def guarded(ne: Ne) -> Finding:
        try:
            return await check(ne)
        except aiohttp.ClientError as error:
            return failed(f"X1 was not answered: {type(error).__name__}")
        except DecodeError as error:
            return failed(f"the answer is none of X1: {error}")

    return guarded


def _wants(codes: frozenset[int], *make: Callable[[Ne], x1.X1Message]) -> Check:
    """Each is answered: with one of these error codes, or with OK where there are none."""

    async def check(ne: Ne) -> Finding:
        replies = await ne.ask(*(one(ne) for one in make))
        if len(replies) != len(make):
            return failed(f"{len(make)} requests, {len(replies)} answers")
        for reply in replies:
            if reply.error is None and codes:
                return failed(f"{reply.kind} was done; {' or '.join(map(str, sorted(codes)))} was due")
            if reply.error is not None and reply.error.code not in codes:
                due = " or ".join(map(str, sorted(codes))) or "OK"
                return failed(f"{reply.kind}: {reply.error.code} {reply.error.description!r}; {due} was due")
        errors = {reply.error.code for reply in replies if reply.error is not None}
        return passed(", ".join(map(str, sorted(errors))) or replies[0].ok)

    return check


def _ok(*make: Callable[[Ne], x1.X1Message]) -> Check:
    return _wants(frozenset(), *make)


async def _header(ne: Ne) -> Finding:
    asked = ne.message("Ping")
    (reply,) = await ne.ask(asked)
    wrong = [
        name for name, said, meant in (
            ("transaction id", reply.transaction_id, asked.transaction_id), ("kind", reply.kind, "Ping"),
            ("ADMF identifier", reply.admf_id, asked.admf_id), ("NE identifier", reply.ne_id, asked.ne_id),
        ) if said != meant
    ]  # fmt: skip
    return failed(f"not the request's: {', '.join(wrong)}") if wrong else passed(f"version {reply.version}")


async def _unreadable(ne: Ne) -> Finding:
    status, body = await ne.post(b"<X1Request>this is not X1</X1Request>")
    if status != 200:
        return failed(f"HTTP status {status}; an error of X1 is answered with 200")
    if b"X1TopLevelErrorResponse" not in body:
        return failed("no X1TopLevelErrorResponse came")
    return passed("X1TopLevelErrorResponse, HTTP status 200")


async def _hostile(ne: Ne) -> Finding:
    status, body = await ne.post(HOSTILE_XML)
    if b"aaaaaaaaaa" in body:
        return failed("entities were put in")
    return await _still_there(ne, f"a document with entities was answered with {status}")


async def _huge(ne: Ne) -> Finding:
    try:
        status = str((await ne.post(b"<x>" + b"a" * (x1.MAX_OCTETS + 65_536) + b"</x>"))[0])
    except (aiohttp.ClientError, TimeoutError) as error:
        status = type(error).__name__
    return await _still_there(ne, f"more than {x1.MAX_OCTETS} octets were answered with {status}")


async def _still_there(ne: Ne, before: str) -> Finding:
    (reply,) = await ne.ask(ne.message("Ping"))
    return passed(f"{before}; a Ping afterwards with {reply.ok}")


async def _keepalive(ne: Ne) -> Finding:
    (reply,) = await ne.ask(ne.message("Keepalive"))
    if reply.error is None:
        return passed(reply.ok)
    return does_not_apply("keepalives are not supported") if reply.error.code == 1070 else failed(str(reply.error))


async def _task_details(ne: Ne) -> Finding:
    (reply,) = await ne.ask(ne.message("GetTaskDetails", xid=ne.xid))
    if reply.task is None:
        return failed(f"no details: {reply.error}")
    found = reply.task.details
    if (found.xid, found.targets, set(found.dids)) != (ne.xid, (ne.target,), {ne.did}):
        return failed("the details are not those that it was given")
    return passed(f"the task as it was given; {reply.task.status.provisioning}")


async def _listed(ne: Ne) -> Finding:
    (reply,) = await ne.ask(ne.message("ListAllDetails"))
    if ne.xid not in reply.xids or ne.did not in reply.dids:
        return failed("the task or the destination is not listed")
    return passed(f"{len(reply.xids)} tasks, {len(reply.dids)} destinations")


async def _anonymous(ne: Ne) -> Finding:
    if ne.nobody is None:
        return does_not_apply("X1 goes without TLS here")
    try:
        status, body = await ne.post(x1.build_request([ne.message("Ping")]), ne.nobody)
    except (aiohttp.ClientError, OSError) as error:
        return passed(f"refused ({type(error).__name__})")
    return failed(f"it answers who shows no certificate ({status}, {len(body)} octets)")


# ---- X2 and X3


async def _delivers(ne: Ne) -> Finding:
    ne.observer.phase = "normal"
    await ne.traffic("normal")
    await ne.observer.until(lambda: bool(ne.data()), ne.most_s)
    count = -1
    while count != len(ne.data()):
        count = len(ne.data())
        await asyncio.sleep(ne.quiet_s)
    if not count:
        return failed(f"no PDU of X2 or X3 came within {ne.most_s:g} s")
    kinds = {kind: sum(pdu.pdu_type is kind for _, pdu in ne.data()) for kind in (PduType.X2, PduType.X3)}
    return passed(f"{kinds[PduType.X2]} PDUs of X2, {kinds[PduType.X3]} of X3")


Judge = Callable[[Ne], Finding]


def _on_data(judge: Callable[[Ne, list[tuple[Seen, X2X3Pdu]]], list[str]]) -> Check:
    async def check(ne: Ne) -> Finding:
        data = ne.data()
        if not data:
            return unclear("there was no PDU of X2 or X3")
        wrong = judge(ne, data)
        if wrong:
            return failed("; ".join(wrong[:3]) + (f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""))
        return passed(f"{len(data)} PDUs")

    return check


def _framed(ne: Ne, data: list[tuple[Seen, X2X3Pdu]]) -> list[str]:
    known = {id(seen) for seen, _ in ne.pdus()}
    return [f"{len(one.octets)} octets that are no PDU" for one in ne.observer.of("normal") if id(one) not in known]


def _xids(ne: Ne, data: list[tuple[Seen, X2X3Pdu]]) -> list[str]:
    return [f"XID {pdu.xid_text} is of no task of ours" for _, pdu in data if pdu.xid != ne.xid.bytes]


def _formats(ne: Ne, data: list[tuple[Seen, X2X3Pdu]]) -> list[str]:
    wrong = []
    for _, pdu in data:
        other = _X3_ONLY if pdu.pdu_type is PduType.X2 else _X2_ONLY
        if pdu.payload_format in other or not 1 <= pdu.payload_format <= PayloadFormat.PS_PDU_PAYLOAD:
            wrong.append(f"payload format {pdu.payload_format} on {pdu.pdu_type.name}")
    return wrong


def _directions(ne: Ne, data: list[tuple[Seen, X2X3Pdu]]) -> list[str]:
    return [f"payload direction {pdu.payload_direction}" for _, pdu in data if pdu.payload_direction not in _DIRECTIONS]


def _numbers(ne: Ne, data: list[tuple[Seen, X2X3Pdu]]) -> list[str]:
    wrong = []
    due: dict[tuple[Any, ...], int] = {}
    for _, pdu in data:
        context = (pdu.pdu_type, pdu.xid, pdu.nfid, pdu.ipid, pdu.correlation_id)
        if pdu.sequence_number is None:
            wrong.append("a PDU without a number")
        elif pdu.sequence_number != due.get(context, 0):
            wrong.append(f"number {pdu.sequence_number}, {due.get(context, 0)} was due")
        due[context] = ((pdu.sequence_number or 0) + 1) & 0xFFFF_FFFF
    return wrong


def _times(ne: Ne, data: list[tuple[Seen, X2X3Pdu]]) -> list[str]:
    wrong = []
    for seen, pdu in data:
        if pdu.time_us is None:
            wrong.append("a PDU without a time")
        elif (
            abs(seen.time_us - pdu.time_us) > (ne.skew_s + ne.most_s) * 1e6
            or pdu.time_us > seen.time_us + ne.skew_s * 1e6
        ):
            wrong.append(f"stamped {(pdu.time_us - seen.time_us) / 1e6:+.1f} s from when it came")
    return wrong


def _attributes(ne: Ne, data: list[tuple[Seen, X2X3Pdu]]) -> list[str]:
    wrong = []
    for _, pdu in data:
        lacks = [name for name, held in (("NFID", pdu.nfid), ("IPID", pdu.ipid)) if held is None]
        if pdu.pdu_type is PduType.X2 and not pdu.matched_targets:
            lacks.append("matched target identifier")
        if lacks:
            wrong.append(f"{pdu.pdu_type.name} without {', '.join(lacks)}")
    return wrong


def _matched(ne: Ne, data: list[tuple[Seen, X2X3Pdu]]) -> list[str]:
    digits = ne.target[1].lstrip("+")
    return [f"matched {', '.join(pdu.matched_targets)}" for _, pdu in data
            if pdu.matched_targets and not any(digits in one for one in pdu.matched_targets)]  # fmt: skip


def _correlated(ne: Ne, data: list[tuple[Seen, X2X3Pdu]]) -> list[str]:
    told = {pdu.correlation_id for _, pdu in data if pdu.pdu_type is PduType.X2}
    return [f"content of session {pdu.correlation_id}, which X2 did not name" for _, pdu in data
            if pdu.pdu_type is PduType.X3 and pdu.correlation_id and pdu.correlation_id not in told]  # fmt: skip


async def _keeps_alive(ne: Ne) -> Finding:
    def found() -> list[X2X3Pdu]:
        return [pdu for _, pdu in ne.pdus() if pdu.pdu_type is PduType.KEEPALIVE]

    if not await ne.observer.until(lambda: bool(found()), 2 * ne.keepalive_s):
        return failed(f"no keepalive within {2 * ne.keepalive_s:g} s")
    wrong = [one for one in found() if one.xid != NO_XID or one.payload or one.correlation_id
             or one.sequence_number is None or one.payload_format or one.payload_direction]  # fmt: skip
    return failed("more than version, type and number is set") if wrong else passed(f"{len(found())} keepalives")


async def _reconnects(ne: Ne) -> Finding:
    """Nothing is acknowledged any more."""
    ne.observer.answering, ne.observer.phase = False, WITHHELD
    try:
        before = len(ne.observer.joined)
        again = await ne.observer.until(lambda: len(ne.observer.joined) > before, 2 * ne.timeout_s)
    finally:
        ne.observer.answering = True
    return (
        passed("it made the connection anew")
        if again
        else failed(f"without acknowledgements it kept the connection for {2 * ne.timeout_s:g} s")
    )


async def _stops(ne: Ne) -> Finding:
    done = await _ok(lambda one: one.message("DeactivateTask", xid=one.xid))(ne)
    if done.verdict is not Verdict.PASS:
        return done
    ne.observer.phase = "deactivated"
    await ne.traffic("deactivated")
    await asyncio.sleep(2 * ne.quiet_s)
    late = [pdu for _, pdu in ne.pdus("deactivated") if pdu.pdu_type in (PduType.X2, PduType.X3)]
    return failed(f"{len(late)} PDUs came behind it") if late else passed("done, and nothing came any more")


def _case(
    name: str, title: str, clause: str, evidence: Evidence, check: Check, of: Literal["X1", "X2"] = "X1"
) -> Case[Ne]:
    text = X1_TEXT if of == "X1" else X2_TEXT
    return Case(f"NE-{name}", title, f"{text} {clause}", evidence, _guarded(check))


def _new() -> uuid.UUID:
    return uuid.uuid4()


CASES: Final[tuple[Case[Ne], ...]] = (
    _case("X1-1", "Answers a Ping", "schema, Ping", "S", _ok(lambda ne: ne.message("Ping"))),
    _case("X1-2", "Answers with the request's identifiers", "schema, header", "P", _header),
    _case("X1-3", "Answers a Keepalive", "6.6.2", "P", _keepalive),
    _case("X1-4", "Answers several requests in one message, in order", "schema, X1Request", "S",
          _ok(lambda ne: ne.message("Ping"), lambda ne: ne.message("ListAllDetails"), lambda ne: ne.message("Ping"))),
    _case("X1-5", "Answers what it cannot read with a top-level error", "7.2.2.2", "P", _unreadable),
    _case("X1-6", "Refuses another major version", "table 6.7-3", "I", _wants(
        frozenset({UNSUPPORTED_VERSION}), lambda ne: ne.message("Ping", version="v9.1.1"))),
    _case("X1-7", "Refuses an ADMF that is not its own", "table 6.7-3", "I", _wants(
        IDENTITY_CODES, lambda ne: ne.message("Ping", admf_id="somebody-else"))),
    _case("X1-8", "Refuses what is for another element", "table 6.7-3", "I", _wants(
        IDENTITY_CODES, lambda ne: ne.message("Ping", ne_id="another-element"))),
    _case("X1-9", "Refuses who shows no certificate", "transport", "P", _anonymous),
    _case("X1-10", "Survives a hostile document", "7.2.2.2", "A", _hostile),
    _case("X1-11", "Survives a document without end", "7.2.2.2", "A", _huge),
    _case("DST-1", "Creates a destination", "schema, CreateDestination", "S",
          _ok(lambda ne: ne.message("CreateDestination", destination=ne.destination()))),
    _case("DST-2", "Refuses the same destination again", "table 6.7-3", "P", _wants(
        frozenset({x1.DID_EXISTS}), lambda ne: ne.message("CreateDestination", destination=ne.destination()))),
    _case("TSK-1", "Refuses a task for a destination that is not there", "table 6.7-3", "I", _wants(
        frozenset({x1.NO_DID, DELIVERY_MISMATCH}),
        lambda ne: ne.message("ActivateTask", task=ne.task(xid=_new(), dids=(_new(),))))),
    _case("TSK-2", "Activates a task", "schema, ActivateTask", "S",
          _ok(lambda ne: ne.message("ActivateTask", task=ne.task()))),
    _case("TSK-3", "Refuses the same task again", "table 6.7-3", "I", _wants(
        frozenset({x1.XID_EXISTS}), lambda ne: ne.message("ActivateTask", task=ne.task()))),
    _case("TSK-4", "Modifies a task", "schema, ModifyTask", "S",
          _ok(lambda ne: ne.message("ModifyTask", task=ne.task()))),
    _case("TSK-5", "Refuses to modify a task that is not there", "table 6.7-3", "I", _wants(
        frozenset({x1.NO_XID}), lambda ne: ne.message("ModifyTask", task=ne.task(xid=_new())))),
    _case("TSK-6", "Gives a task's details back", "schema, GetTaskDetails", "S", _task_details),
    _case("TSK-7", "Lists tasks and destinations", "schema, ListAllDetails", "S", _listed),
    _case("DST-3", "Keeps a destination that is in use", "table 6.7-3", "P", _wants(
        frozenset({x1.DID_IN_USE}), lambda ne: ne.message("RemoveDestination", did=ne.did))),
    _case("X2-1", "Delivers on X2 and X3", "6.2.3", "I", _delivers, "X2"),
    _case("X2-2", "Every PDU has the header and the attributes' form", "5.1, 5.3", "P", _on_data(_framed), "X2"),
    _case("X2-3", "The XID is the task's", "5.2.7", "P", _on_data(_xids), "X2"),
    _case("X2-4", "Payload formats fit their interface", "5.4, table 5.4.1-1", "P", _on_data(_formats), "X2"),
    _case("X2-5", "Payload directions are known ones", "header", "P", _on_data(_directions), "X2"),
    _case("X2-6", "Numbers begin at 0 and go on by one in each context", "5.3.9", "P", _on_data(_numbers), "X2"),
    _case("X2-7", "Every PDU has the time of its event", "5.3.10", "P", _on_data(_times), "X2"),
    _case("X2-8", "Names function, point and target", "5.3, TS 33.128 table 5.3.1-2", "P", _on_data(_attributes), "X2"),
    _case("X2-9", "The matched target is the task's", "5.3.18", "P", _on_data(_matched), "X2"),
    _case("X2-10", "X2 and X3 of a session have one correlation", "header", "P", _on_data(_correlated), "X2"),
    _case("X2-11", "Sends keepalives", "6.2.4", "P", _keeps_alive, "X2"),
    _case("X2-12", "Connects anew when nothing is acknowledged", "6.2.4", "P", _reconnects, "X2"),
    _case("TSK-8", "Deactivates a task, and then hands nothing over", "table 6.2.3-2", "S", _stops),
    _case("TSK-9", "Refuses to deactivate a task that is not there", "table 6.2.3-2", "P", _wants(
        frozenset({x1.NO_XID}), lambda ne: ne.message("DeactivateTask", xid=_new()))),
    _case("DST-4", "Removes a destination", "schema, RemoveDestination", "S",
          _ok(lambda ne: ne.message("RemoveDestination", did=ne.did))),
    _case("DST-5", "Says that it does not remove all at once, unless told", "6.3.4", "P", _wants(
        frozenset({REMOVE_ALL_OFF}), lambda ne: ne.message("RemoveAllDestinations"))),
)  # fmt: skip
